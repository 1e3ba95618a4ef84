"""The referral on one page, and the buttons below it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from referrals.audiences import render_for
from referrals.documents.serving import serve
from referrals.domain.lifecycle import NotAllowed
from referrals.intake import summary
from referrals.models import Referral
from referrals.reading import record_reading
from referrals.triage import actions, page
from referrals.triage.in_list import in_list
from referrals.triage.moves import JOINED, Refused
from referrals.triage.next_steps import BY_NAME
from referrals.triage.readers import working

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


def the_referral(request: Signed, referral_id: uuid.UUID, step: str = "") -> Referral:
    """One that this person may open and, where a step is named, might ever take it on; any other is not found."""
    rows = Referral.objects.visible_to(request.actor).select_related(*JOINED, "agency").prefetch_related("children")
    referral = rows.with_asides().filter(pk=referral_id).first()
    if referral is None or (step and not BY_NAME[step].may(referral, request.actor)):
        raise Http404
    return referral


def back_to(referral: Referral, request: Signed = None) -> HttpResponse:
    """To the referral's page; where the request came from a list, within that list still."""
    here = reverse("referral", kwargs={"partnership": referral.partnership.slug, "referral_id": referral.pk})
    query = request.GET.urlencode() if request is not None and "list" in request.GET else ""
    return redirect(f"{here}?{query}" if query else here)


@gate(Permission.REFERRAL_READ)
@require_safe
def referral(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Everything that was told and done, on one page. Each reading is in the trail."""
    row, now = the_referral(request, referral_id), timezone.now()
    record_reading(referral=row, by=request.user, at=now)
    context = page.context(row, request.actor, at=now)
    return render_for(
        working(request.actor),
        request,
        "referrals/triage/referral.html",
        {**context, "in_list": in_list(request, row, at=now), "beside": page.beside_it(row, request.actor)},
    )


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
    return serve(request, working(request.actor), row, "summary", "referrals/documents/summary.html", context)


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
    return back_to(row, request)


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
    return back_to(row, request)
