"""Early help's pages: what a team has, one child's plan, and the steps on it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.requests import posted
from referrals.additions.corrected import as_corrected, corrected_of
from referrals.audiences import render_for, seen_by
from referrals.domain.audiences import Audience
from referrals.models import FamilyMember, PlanReview, Referral, Support
from referrals.support import actions
from referrals.support.forms import FORMS, ReviewForm
from referrals.triage.moves import Refused
from referrals.triage.page import child_rows, family_row
from referrals.triage.views import Signed

MOST = 300
BUTTONS = {
    "accept": ("Accept", "Accept, with a lead practitioner and a plan"),
    "review": ("Keep the review", "Review the plan"),
    "close": ("Close early help", "Close early help"),
    "step-up": ("Step up to the MASH", "Step up to the MASH"),
}
WHEN = {
    "accept": (Support.State.OFFERED,),
    "review": (Support.State.ACTIVE,),
    "close": (Support.State.OFFERED, Support.State.ACTIVE),
    "step-up": (Support.State.OFFERED, Support.State.ACTIVE),
}
"""The steps, and the states in which each can be taken."""


@gate(Permission.SUPPORT_KEEP, Permission.REFERRAL_READ_ALL)
@require_safe
def supports(request: Signed) -> HttpResponse:
    """What waits to be accepted, then what is reviewed next."""
    rows = (
        Support.objects.visible_to(request.actor)
        .open()
        .select_related("child", "team", "referral")
        .order_by("state", F("next_review_at").asc(nulls_first=True), "offered_at")[:MOST]
    )
    listed, now = list(rows), timezone.now()
    return render_for(
        Audience.HELPER,
        request,
        "referrals/support/supports.html",
        {
            "offered": [each for each in listed if each.state == Support.State.OFFERED],
            "active": [each for each in listed if each.state == Support.State.ACTIVE],
            "late": {each.pk for each in listed if each.next_review_at and each.next_review_at < now},
            "now": now,
        },
    )


def the_support(request: Signed, support_id: uuid.UUID) -> Support:
    found = (
        Support.objects.visible_to(request.actor)
        .select_related(
            "child", "team", "referral__partnership", "referral__team", "decision__by", "accepted_by", "closed_by"
        )
        .filter(pk=support_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


@gate(Permission.SUPPORT_KEEP, Permission.REFERRAL_READ_ALL)
@require_safe
def support(request: Signed, support_id: uuid.UUID) -> HttpResponse:
    """One child's early help. Each reading is in the trail."""
    row, now = the_support(request, support_id), timezone.now()
    actions.record_support_reading(support=row, by=request.user, at=now)
    family = FamilyMember.objects.filter(referral=row.referral)
    may_open = Referral.objects.visible_to(request.actor).filter(pk=row.referral_id).exists()
    if row.closed_at and row.child.corrected and not may_open:  # where the child lives since is not this team's to know
        known = as_corrected(row.referral, until=row.closed_at)
        row.child.corrected = corrected_of(row.child, row.referral, known)
    row = seen_by(Audience.HELPER, row)
    return render_for(
        Audience.HELPER,
        request,
        "referrals/support/support.html",
        {
            "support": row,
            "child": child_rows(row.child, on=timezone.localdate(now)),
            "family": [family_row(seen_by(Audience.HELPER, person)) for person in family],
            "reviews": list(row.reviews.select_related("by")),
            "steps": [(name, BUTTONS[name][1]) for name in steps_of(request, row)],
            "may_open": may_open,
            "now": now,
        },
    )


def steps_of(request: Signed, row: Support) -> list[str]:
    """What this person may do with it now: who works in its team."""
    if row.team_id not in request.actor.teams_for(Permission.SUPPORT_KEEP):
        return []
    return [name for name, states in WHEN.items() if row.state in states]


@gate(Permission.SUPPORT_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def support_step(request: Signed, support_id: uuid.UUID, name: str) -> HttpResponse:
    """Accept, review, close, step up: each asks something first."""
    row = the_support(request, support_id)
    if name not in FORMS:
        raise Http404
    back = redirect("support", partnership=request.partnership.slug, support_id=row.pk)
    if request.method != "POST" and name not in steps_of(request, row):
        messages.info(request, "That can’t be done now. This is how it stands.")
        return back
    initial = {"number": row.reviews.count() + 1} if name == "review" else {}
    form, newer = FORMS[name](posted(request), initial=initial), []
    if request.method == "POST" and form.is_valid():
        try:
            done = take(request, row, name, form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
            if name == "review":
                newer = reviewed_since(request, row, form)
        else:
            messages.success(request, done)
            return back
    actions.record_support_reading(support=row, by=request.user, at=timezone.now())
    button, title = BUTTONS[name]
    context = {"support": row, "form": form, "button": button, "title": title, "newer": newer}
    return render_for(Audience.HELPER, request, "referrals/support/step.html", context)


def reviewed_since(request: Signed, row: Support, form: ReviewForm) -> list[PlanReview]:
    """What was reviewed since the form was shown, to be read first. Sent again, the form is the review after those."""
    seen, there = form.cleaned_data["number"] or 0, list(row.reviews.select_related("by"))
    form.data = {**request.POST.dict(), "number": str(len(there) + 1)}
    return [each for each in there if each.number >= seen]


def take(request: Signed, row: Support, name: str, said: dict[str, Any]) -> str:
    """Take the step; gives what the page says of it."""
    now = timezone.now()
    if name == "accept":
        actions.accept(support=row, **said, by=request.user, at=now)
        return "Early help has begun. The plan is reviewed by the date below."
    if name == "review":
        number = said["number"] if said["number"] is not None else 0
        actions.review(
            support=row, number=number, progress=said["progress"], words=said["words"], by=request.user, at=now
        )
        return "The review is kept, and the next one is dated."
    if name == "close":
        actions.close(support=row, ending=said["ending"], words=said["words"], by=request.user, at=now)
        return "Early help is closed."
    actions.step_up_support(support=row, reason=said["reason"], by=request.user, at=now)
    return "The referral is with the MASH now, with its history."
