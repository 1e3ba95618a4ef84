"""Deciding: the form, the letter as it will read, and what to do where a colleague was faster."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships.access import gate
from partnerships.permissions import Permission
from referrals.domain.lifecycle import NotAllowed
from referrals.letters import writing
from referrals.models import Referral
from referrals.triage import actions
from referrals.triage.decisions import last_decision
from referrals.triage.forms import DecideForm
from referrals.triage.moves import Refused, Stale, fresh, moves_since
from referrals.triage.next_steps import BY_NAME
from referrals.triage.rows import level_words, why
from referrals.triage.views import Signed, back_to, the_referral
from thresholds.domain.scheme import Scheme
from thresholds.loading import load


@gate(Permission.REFERRAL_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def referral_decide(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """GET: the form. POST: the letter to check (`preview`), the form again (`change`), or the decision."""
    row = the_referral(request, referral_id, "decide")
    scheme = load(row.scheme_version)
    if request.method != "POST":
        if not BY_NAME["decide"].shows(row, request.actor):
            messages.info(request, not_now(row))
            return back_to(row)
        return show(request, row, scheme, DecideForm(scheme=scheme, referral=row))
    form = DecideForm(request.POST, scheme=scheme, referral=row)
    if not form.is_valid() or "change" in request.POST:
        return show(request, row, scheme, form)
    try:
        if "preview" in request.POST:
            return preview(request, row, scheme, form)
        actions.decide(referral=row, **form.decision, by=request.user, at=timezone.now())
    except Stale as stale:
        return moved_on(request, stale.referral, scheme, form)
    except (Refused, NotAllowed) as refused:
        form.add_error(None, str(refused))
        return show(request, fresh(row), scheme, form)
    messages.success(request, f"Referral {row.reference} is decided, and the letter has been sent.")
    return back_to(row)


def not_now(referral: Referral) -> str:
    if referral.is_open and referral.owner_id:
        return f"{referral.owner.name if referral.owner else 'Somebody'} has this referral and decides it."
    if referral.is_open:
        return "Take this referral first, then decide."
    return "This referral is decided already. Open it again to decide anew."


def show(
    request: Signed, referral: Referral, scheme: Scheme, form: DecideForm, more: dict[str, Any] | None = None
) -> HttpResponse:
    return render(
        request,
        "referrals/triage/decide.html",
        {
            "referral": referral,
            "form": form,
            "level": level_words(scheme, referral.indicated_level),
            "why": why(referral.screening, scheme),
            "judged": level_words(scheme, referral.judged_level) if referral.judged_level is not None else "",
            **(more or {}),
        },
    )


def preview(request: Signed, referral: Referral, scheme: Scheme, form: DecideForm) -> HttpResponse:
    """The letter as it will read. A form that is stale by now is told at once."""
    told = form.decision
    if told["revision"] != referral.revision:
        raise Stale(referral)
    letter = writing.outcome(
        referral,
        decided_level=told["decided_level"],
        outcome=told["outcome"],
        told_referrer=told["told_referrer"],
        by=request.user,
    )
    return render(
        request,
        "referrals/triage/decide_preview.html",
        {
            "referral": referral,
            "form": form,
            "letter": letter,
            "outcome": told["outcome"],
            "reason": told["reason"],
            "decided": level_words(scheme, told["decided_level"]) if told["decided_level"] else "None",
            "indicated": level_words(scheme, referral.indicated_level),
            "differs": told["decided_level"] != referral.indicated_level,
        },
    )


def moved_on(request: Signed, referral: Referral, scheme: Scheme, form: DecideForm) -> HttpResponse:
    """The form again with everything that was typed, and what happened meanwhile; a colleague's decision in full."""
    seen = form.cleaned_data["revision"]
    typed = {**request.POST.dict(), "revision": str(referral.revision)}
    made = last_decision(referral)
    return show(
        request,
        referral,
        scheme,
        DecideForm(typed, scheme=scheme, referral=referral),
        {
            "moved": moves_since(referral, seen),
            "theirs": made if made and referral.decided_at == made.at else None,
            "theirs_level": level_words(scheme, made.decided_level) if made else "",
        },
    )
