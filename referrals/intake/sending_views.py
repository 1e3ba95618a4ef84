"""Checking a draft and sending it: that 999 was called, every answer once more, the sending, and what comes after."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import WRITES
from partnerships.templatetags.form_parts import problems
from referrals.attachments import taking as documents
from referrals.audiences import render_for, seen_by
from referrals.domain.audiences import Audience
from referrals.intake import actions, addresses, afterwards, shown
from referrals.intake.pages import Step
from referrals.intake.views import choosing, not_saved, situation_of, the_draft, the_page, to_sent
from referrals.models import Draft, Referral

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


@gate(*WRITES)
@require_POST
def refer_called(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """999 was called: said on the task list or on Check, to which it leads back."""
    draft = the_draft(request, draft_id)
    try:
        actions.tell_called_999(draft=draft, by=request.user, at=timezone.now())
    except actions.AlreadySent:
        return to_sent(draft)
    except actions.Refused as error:
        return not_saved(request, str(error))
    return redirect(addresses.of_check(draft) if request.POST.get("from") == "check" else addresses.of_tasks(draft))


@gate(*WRITES)
@require_safe
def refer_check(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    draft = the_draft(request, draft_id)
    return to_sent(draft) if draft.sent_at else checked(request, draft)


def checked(request: Signed, draft: Draft, problem: str = "", status: int = 200, form: Any = None) -> HttpResponse:
    """Every answer with a way to change it, the six questions, and the button that sends."""
    situation = situation_of(draft, timezone.now())
    errors = (
        [{"text": problem, "href": f"{addresses.of_page(draft, Step(the_page('worry')))}?from=check"}]
        if problem
        else problems(form)
    )
    context = {
        "draft": draft,
        "situation": situation,
        "sections": shown.checked_sections(draft, situation),
        "quality": shown.questions(draft, situation, request.user),
        "untraceable": shown.untraceable(draft, situation),
        "errors": errors,
        "choosing": form or choosing(request, draft),
        "documents": documents.of_draft(draft),
    }
    return render(request, "referrals/intake/check.html", context, status=status)


@gate(*WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def refer_send(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """Send it. Opened as a page, after signing in again or by a reload, it leads to where the button is."""
    draft = the_draft(request, draft_id)
    if request.method != "POST":
        if draft.sent_at is None:
            messages.warning(request, "This referral is not sent yet. Check your answers, then send it.")
        return redirect(addresses.of_check(draft))
    form = choosing(request, draft, posted=True) if draft.sent_at is None else None
    if form is not None and not form.is_valid():
        return checked(request, draft, status=422, form=form)
    try:
        actions.submit(draft=draft, by=request.user, at=timezone.now(), agency=form.chosen if form else None)
    except actions.Refused as refused:
        return checked(request, draft, problem=str(refused), status=422)
    return to_sent(draft)


@gate(*WRITES)
@require_safe
def refer_sent(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """The reference, what happens next and by when, and what the referrer must do as well."""
    referral = Referral.objects.sent_by(request.actor).filter(token=draft_id).first()
    if referral is None:
        raise Http404
    told = afterwards.sent_context(seen_by(Audience.REFERRER, referral), now=timezone.now())
    return render_for(Audience.REFERRER, request, "referrals/intake/sent.html", told)
