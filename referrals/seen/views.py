"""One history of a child; saying whether two contacts tell of the same child; searching."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.requests import posted
from referrals.domain.matching import Match, Verdict, match
from referrals.intake.summary import Row
from referrals.models import Child, Referral, SameChild
from referrals.reading import record_part_read, record_reading
from referrals.seen import actions, searching
from referrals.seen.chronology import history, household
from referrals.seen.keys import people_of
from referrals.triage.moves import Refused
from referrals.triage.page import child_rows
from referrals.triage.record_forms import SameChildForm, SearchForm, TakeBackForm
from referrals.triage.rows import line
from referrals.triage.views import Signed, the_referral

ASKS = require_http_methods(["GET", "HEAD", "POST"])


@gate(Permission.REFERRAL_READ)
@require_safe
def referral_history(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Every contact, decision and agency in one order of time, and what may belong to it."""
    row, now = the_referral(request, referral_id), timezone.now()
    record_reading(referral=row, by=request.user, at=now)
    found = history(row, request.actor, at=now)
    known = [each.referral.pk for each in (*found.contacts, *found.possible, *found.apart)]
    return render(
        request,
        "referrals/seen/history.html",
        {
            "referral": row,
            "history": found,
            "household": household(row, request.actor, but=[row.pk, *known]),
            "works_here": works_on(request, row),
        },
    )


def works_on(request: Signed, referral: Referral) -> bool:
    from referrals.triage.next_steps import works_in

    return works_in(request.actor, referral.team) and request.actor.can(Permission.REFERRAL_CLAIM)


def pair_of(request: Signed, referral: Referral, child_id: uuid.UUID, other_id: uuid.UUID) -> tuple[Child, Child]:
    """A child of this referral and one of another that this person may be shown; else not found."""
    child = Child.objects.filter(referral=referral, pk=child_id).first()
    shown = Referral.objects.told_of_to(request.actor)
    other = (
        Child.objects.filter(partnership=request.partnership, pk=other_id, referral__in=shown)
        .exclude(referral=referral)
        .select_related("referral__partnership", "referral__team", "referral__agency")
        .first()
    )
    if child is None or other is None:
        raise Http404
    return child, other


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_same_child(
    request: Signed, referral_id: uuid.UUID, child_id: uuid.UUID, other_child_id: uuid.UUID
) -> HttpResponse:
    """Two rows side by side, and a person's word on whether they are one child."""
    row, now = the_referral(request, referral_id, "claim"), timezone.now()
    child, other = pair_of(request, row, child_id, other_child_id)
    form = SameChildForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.say_whether_same(
                referral=row,
                child=child,
                other=other,
                same=form.cleaned_data["same"] == "yes",
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=now,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "What you said is on record. It can be taken back.")
            return redirect("referral_history", partnership=request.partnership.slug, referral_id=row.pk)
    record_reading(referral=other.referral, by=request.user, at=now)
    today = timezone.localdate(now)
    ours, theirs = (dict(told(each, today)) for each in (child, other))
    names = list(dict.fromkeys([*ours, *theirs]))
    return render(
        request,
        "referrals/seen/same_child.html",
        {
            "referral": row,
            "other": other.referral,
            "form": form,
            "rows": [(name, ours.get(name, "Not known"), theirs.get(name, "Not known")) for name in names],
            "reasons": closest(child, other).reasons,
        },
    )


def closest(child: Child, other: Child) -> Match:
    """How two children compare, each as it was sent or as it was corrected, whichever are the closest."""
    found = [match(one, another) for one in people_of(child) for another in people_of(other)]
    return max(found, key=lambda each: (each.verdict is not Verdict.DIFFERENT, each.score))


def told(child: Child, today: Any) -> list[tuple[str, Any]]:
    rows: list[Row] = [Row("Name", child.name, typed=True), *child_rows(child, on=today)]
    return [(row.key, row.value) for row in rows]


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_take_back_link(request: Signed, referral_id: uuid.UUID, link_id: int) -> HttpResponse:
    """Undo what somebody said of two contacts, for whoever may be shown both."""
    row, now = the_referral(request, referral_id, "claim"), timezone.now()
    touches = Q(one__referral=row) | Q(other__referral=row)
    link = SameChild.objects.standing_for(request.actor).filter(touches, pk=link_id).select_related("by").first()
    if link is None:
        raise Http404
    form = TakeBackForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.take_back(referral=row, link=link, reason=form.cleaned_data["reason"], by=request.user, at=now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "It is taken back. What was said stays on record.")
            return redirect("referral_history", partnership=request.partnership.slug, referral_id=row.pk)
    record_part_read(referral=row, part="take_back", by=request.user, at=now)
    return render(
        request,
        "referrals/triage/beside.html",
        {
            "referral": row,
            "title": "Take back what was said of the two",
            "form": form,
            "button": "Take it back",
            "note": f"{link.by.name} said that it is {'the same' if link.same else 'another'} child: {link.reason}",
        },
    )


@gate(Permission.RECORD_SEARCH)
@ASKS
def search(request: Signed) -> HttpResponse:
    """Sent and answered by POST: what somebody looks for stands in no address. Each search is in the trail."""
    form, now, found = SearchForm(posted(request)), timezone.now(), None
    if request.method == "POST" and form.is_valid():
        found = searching.search(request.actor, form.terms)
        searching.record_search(
            partnership=request.partnership, terms=form.terms, results=found, by=request.user, at=now
        )
    return render(
        request,
        "referrals/seen/search.html",
        {
            "form": form,
            "found": found,
            "lines": [line(row, at=now) for row in found.referrals] if found else [],
        },
    )
