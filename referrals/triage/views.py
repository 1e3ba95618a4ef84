"""The queue, the referral on one page, and the buttons below it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from partnerships.access import gate
from partnerships.models import Team
from partnerships.permissions import Permission
from referrals.documents.serving import serve
from referrals.domain.lifecycle import NotAllowed
from referrals.intake import summary
from referrals.models import Referral
from referrals.reading import record_reading
from referrals.triage import actions, page, queries
from referrals.triage.forms import QueueFilter
from referrals.triage.moves import JOINED, Refused
from referrals.triage.next_steps import BY_NAME, works_in
from referrals.triage.queries import Queue, Show
from referrals.triage.rows import line

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


def the_referral(request: Signed, referral_id: uuid.UUID, step: str = "") -> Referral:
    """One that this person may open and, where a step is named, might ever take it on; any other is not found."""
    rows = Referral.objects.visible_to(request.actor).select_related(*JOINED, "agency").prefetch_related("children")
    referral = rows.filter(pk=referral_id).first()
    if referral is None or (step and not BY_NAME[step].may(referral, request.actor)):
        raise Http404
    return referral


def back_to(referral: Referral) -> HttpResponse:
    return redirect("referral", partnership=referral.partnership.slug, referral_id=referral.pk)


@gate(Permission.QUEUE_READ)
@require_safe
def queue(request: Signed) -> HttpResponse:
    """The first queue of this person."""
    queues = queries.queues_for(request.actor, at=timezone.now())
    if queues:
        return redirect("queue_team", partnership=request.partnership.slug, team=queues[0].team.slug)
    return render(request, "referrals/triage/no_queue.html")


@gate(Permission.QUEUE_READ)
@require_safe
def queue_team(request: Signed, team: str) -> HttpResponse:
    """One team's open referrals, the most urgent first."""
    now = timezone.now()
    queues = queries.queues_for(request.actor, at=now)
    here = next((each for each in queues if each.team.slug == team), None)
    if here is None:
        raise Http404
    show, number = QueueFilter.read(request.GET)
    found = queries.queue(request.actor, here.team, show, page=number, at=now)
    return render(
        request,
        "referrals/triage/queue.html",
        {
            "queues": queues,
            "queue": here,
            "choices": choices(here, show),
            "show": show,
            "total": here.counts[show],
            "lines": [line(referral, at=now) for referral in found.referrals],
            "page": found,
            "previous_page": f"?show={show}&page={number - 1}" if number > 1 else "",
            "next_page": f"?show={show}&page={number + 1}" if found.more else "",
            "works_here": works_in(request.actor, here.team) and request.actor.can(Permission.REFERRAL_CLAIM),
            "sweep": queries.sweep_seen(at=now),
            "now": now,
        },
    )


def choices(queue: Queue, chosen: Show) -> list[dict[str, Any]]:
    """The parts of the queue to choose from, each with its count."""
    return [
        {"label": show.label, "count": queue.counts[show], "href": f"?show={show}", "current": show is chosen}
        for show in Show
    ]


@gate(Permission.REFERRAL_CLAIM)
@require_POST
def queue_next(request: Signed, team: str) -> HttpResponse:
    """Take the most urgent referral that nobody has."""
    row = Team.objects.filter(partnership=request.partnership, slug=team).first()
    if row is None or not works_in(request.actor, row):
        raise Http404
    try:
        referral = actions.claim_next(team=row, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        referral = None
    else:
        if referral is None:
            messages.info(request, "Nothing waits here: somebody has each of these referrals.")
    if referral is None:
        return redirect("queue_team", partnership=request.partnership.slug, team=team)
    messages.success(request, f"Referral {referral.reference} is yours.")
    return back_to(referral)


@gate(Permission.REFERRAL_READ)
@require_safe
def referral(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Everything that was told and done, on one page. Each reading is in the trail."""
    row, now = the_referral(request, referral_id), timezone.now()
    record_reading(referral=row, by=request.user, at=now)
    return render(request, "referrals/triage/referral.html", page.context(row, request.actor, at=now))


@gate(Permission.SUMMARY_DOWNLOAD)
@require_safe
def referral_summary(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The same as a PDF. Neither its name nor its address tells of the child."""
    row, now = the_referral(request, referral_id), timezone.now()
    context = {
        **page.context(row, request.actor, at=now),
        "title": f"Summary of referral {row.reference}",
        "sections": summary.by_section(summary.cards(summary.situation_of(row))),
    }
    return serve(request, row, "summary", "referrals/documents/summary.html", context)


@gate(Permission.REFERRAL_CLAIM)
@require_POST
def referral_claim(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    row = the_referral(request, referral_id, "claim")
    try:
        actions.claim(referral=row, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Referral {row.reference} is yours.")
    return back_to(row)


@gate(Permission.REFERRAL_CLAIM)
@require_POST
def referral_release(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    row = the_referral(request, referral_id, "release")
    try:
        actions.release(referral=row, by=request.user, at=timezone.now())
    except (Refused, NotAllowed) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Referral {row.reference} is back in the queue.")
    return back_to(row)
