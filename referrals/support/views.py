"""Early help's pages: what a team has, one child's plan, and the steps on it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from partnerships.access import gate
from partnerships.models import Team
from partnerships.permissions import Permission
from partnerships.requests import posted
from partnerships.staffing import unstaffed
from referrals.additions.corrected import as_corrected, corrected_of
from referrals.audiences import render_for, seen_by
from referrals.domain.audiences import Audience
from referrals.models import FamilyMember, PlanReview, Referral, Support, SupportGivenOn
from referrals.models.support import SupportQuerySet
from referrals.support import actions, giving_on
from referrals.support.forms import FORMS, GiveOnForm, ReviewForm
from referrals.support.standing import accept_by
from referrals.triage.moves import Refused
from referrals.triage.page import child_rows, family_row
from referrals.triage.views import Signed

MOST = 300
BUTTONS = {
    "accept": ("Accept", "Accept, with a lead practitioner and a plan"),
    "review": ("Keep the review", "Review the plan"),
    "lead": ("Save", "Say who leads now"),
    "close": ("Close early help", "Close early help"),
    "step-up": ("Step up to the MASH", "Step up to the MASH"),
}
WHEN = {
    "accept": (Support.State.OFFERED,),
    "review": (Support.State.ACTIVE,),
    "lead": (Support.State.ACTIVE,),
    "close": (Support.State.OFFERED, Support.State.ACTIVE),
    "step-up": (Support.State.OFFERED, Support.State.ACTIVE),
}
"""The steps, and the states in which each can be taken."""
GIVE_ON = "Give it to another team"


@gate(Permission.SUPPORT_KEEP, Permission.REFERRAL_READ_ALL)
@require_safe
def supports(request: Signed) -> HttpResponse:
    """What waits to be accepted, the first due first, then what is reviewed next.

    `team` narrows it to one team, for who sees several.
    """
    mine = Support.objects.visible_to(request.actor).open()
    teams = teams_with_any(mine)
    here = next((each for each in teams if each["team"].slug == request.GET.get("team")), None)
    rows = mine.filter(team=here["team"]) if here else mine
    ordered = rows.select_related("child", "team", "referral").order_by(
        "state", F("next_review_at").asc(nulls_first=True), "offered_at"
    )
    listed, now = list(ordered[:MOST]), timezone.now()
    due = accept_by(listed)
    offered = [(each, due.get(each.pk)) for each in listed if each.state == Support.State.OFFERED]
    answers_for_all = request.actor.can(Permission.REFERRAL_READ_ALL)
    return render_for(
        Audience.HELPER,
        request,
        "referrals/support/supports.html",
        {
            "offered": sorted(offered, key=lambda each: each[1] or each[0].offered_at),
            "active": [each for each in listed if each.state == Support.State.ACTIVE],
            "late": {each.pk for each in listed if each.next_review_at and each.next_review_at < now},
            "teams": teams if len(teams) > 1 else [],
            "here": here["team"] if here else None,
            "nobody_in": unstaffed([each["team"] for each in teams]) if answers_for_all else [],
            "more": max(rows.count() - len(listed), 0),
            "now": now,
        },
    )


def teams_with_any(rows: SupportQuerySet) -> list[dict[str, Any]]:
    """The teams that have some of these, by name, each with how many."""
    counted = dict(rows.order_by().values_list("team").annotate(Count("pk")))
    return [{"team": team, "count": counted[team.pk]} for team in Team.objects.filter(pk__in=counted).order_by("name")]


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
    due = accept_by([row]).get(row.pk)
    row = seen_by(Audience.HELPER, row)
    return render_for(
        Audience.HELPER,
        request,
        "referrals/support/support.html",
        {
            "support": row,
            "accept_by": due,
            "child": child_rows(row.child, on=timezone.localdate(now)),
            "family": [family_row(seen_by(Audience.HELPER, person)) for person in family],
            "reviews": list(row.reviews.select_related("by")),
            "given_on": list(row.given_on.select_related("by", "from_team", "to_team")),
            "steps": links_of(request, row),
            "may_open": may_open,
            "now": now,
        },
    )


def steps_of(request: Signed, row: Support) -> list[str]:
    """What this person may do with it now: who works in its team."""
    if row.team_id not in request.actor.teams_for(Permission.SUPPORT_KEEP):
        return []
    return [name for name, states in WHEN.items() if row.state in states]


def links_of(request: Signed, row: Support) -> list[tuple[str, str]]:
    """The pages of the steps that this person may take now, each with its words."""
    where = {"partnership": request.partnership.slug, "support_id": row.pk}
    found = [
        (reverse("support_step", kwargs={**where, "name": name}), BUTTONS[name][1]) for name in steps_of(request, row)
    ]
    if row.state != Support.State.CLOSED and giving_on.may_give_on(row, request.actor):
        found.append((reverse("support_give_on", kwargs=where), GIVE_ON))
    return found


@gate(Permission.HELP_GIVE_ON)
@require_http_methods(["GET", "HEAD", "POST"])
def support_give_on(request: Signed, support_id: uuid.UUID) -> HttpResponse:
    """Give it to another team: by who works in the one that has it, or a manager."""
    if request.method == "POST" and given_a_moment_ago(request, support_id):
        return after_giving(request, support_id)
    row = the_support(request, support_id)
    if not giving_on.may_give_on(row, request.actor):
        raise Http404
    back = redirect("support", partnership=request.partnership.slug, support_id=row.pk)
    if request.method != "POST" and row.state == Support.State.CLOSED:
        messages.info(request, "That can’t be done now. This is how it stands.")
        return back
    teams = giving_on.takers(row)
    form = GiveOnForm(posted(request), support=row, teams=teams)
    if request.method == "POST" and form.is_valid():
        try:
            giving_on.give_on(
                support=row,
                team=form.chosen_team,
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["revision"],
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
            form.data = {**request.POST.dict(), "revision": str(the_support(request, support_id).revision)}
        else:
            messages.success(request, given(form.chosen_team))
            return after_giving(request, row.pk)
    actions.record_support_reading(support=row, by=request.user, at=timezone.now())
    context = {"support": row, "form": form, "button": "Give it to that team", "title": GIVE_ON, "teams": teams}
    return render_for(Audience.HELPER, request, "referrals/support/give_on.html", context)


def after_giving(request: Signed, support_id: uuid.UUID) -> HttpResponse:
    """Back to it, or to the list for who does not see it any more."""
    if Support.objects.visible_to(request.actor).filter(pk=support_id).exists():
        return redirect("support", partnership=request.partnership.slug, support_id=support_id)
    return redirect("supports", partnership=request.partnership.slug)


def given(team: Team) -> str:
    return f"{team.name} has the early help now, and its people are told. Its clocks run on."


def given_a_moment_ago(request: Signed, support_id: uuid.UUID) -> bool:
    """Whether this is the same press again, perhaps by who can’t see the early help any more since the first one."""
    mine = SupportGivenOn.objects.filter(support=support_id, partnership=request.partnership).select_related("to_team")
    last = mine.last()
    said = (request.user.pk, request.POST.get("team"), " ".join(request.POST.get("reason", "").split()))
    if last is None or (last.by_id, last.to_team.slug, " ".join(last.reason.split())) != said:
        return False
    messages.success(request, given(last.to_team))
    return True


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
    initial: dict[str, Any] = {"number": row.reviews.count() + 1} if name == "review" else {}
    if name == "lead":
        initial = {each: getattr(row, each) for each in ("lead", "lead_agency", "lead_telephone")}
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
    not_begun = name == "close" and row.accepted_at is None
    context = {"support": row, "form": form, "button": button, "title": title, "newer": newer, "not_begun": not_begun}
    return render_for(Audience.HELPER, request, "referrals/support/step.html", context)


def reviewed_since(request: Signed, row: Support, form: ReviewForm) -> list[PlanReview]:
    """What was reviewed since the form was shown, to be read first. Sent again, the form is the review after those."""
    seen, there = form.cleaned_data["number"], list(row.reviews.select_related("by"))
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
    if name == "lead":
        actions.say_lead(support=row, **said, by=request.user, at=now)
        return f"{said['lead']} leads now."
    if name == "close":
        closed = actions.close(support=row, ending=said["ending"], words=said["words"], by=request.user, at=now)
        if closed.accepted_at is None:
            return "Early help is closed before it began. Whoever decided it, the managers and the referrer are told."
        return "Early help is closed."
    actions.step_up_support(support=row, reason=said["reason"], by=request.user, at=now)
    return "The referral is with the MASH now, with its history."
