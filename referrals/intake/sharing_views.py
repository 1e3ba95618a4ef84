"""Sharing a draft with the safeguarding lead, and the lead's taking it over."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import gate
from partnerships.permissions import Permission
from referrals.intake import addresses, sharing, shown, summary
from referrals.intake.actions import AlreadySent, Refused, record
from referrals.intake.views import choosing, situation_of, the_draft, to_sent
from referrals.models import Draft, Referral

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


@gate(Permission.REFERRAL_SEND)
@require_POST
def draft_share(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """Share, or stop sharing (`stop` in what is posted)."""
    draft = the_draft(request, draft_id)
    shared = "stop" not in request.POST
    form = choosing(request, draft, posted=True) if shared else None
    if form is not None and not form.is_valid():
        messages.error(request, "Choose with the safeguarding lead of which agency you share it.")
        return redirect(addresses.of_tasks(draft))
    chosen = form.chosen if form else None
    try:
        row = sharing.share(draft=draft, shared=shared, agency=chosen, by=request.user, at=timezone.now())
        lead = f"the safeguarding lead of {row.agency.name}" if row.agency else "the safeguarding lead"
        messages.success(
            request,
            f"It is shared: {lead} can read it and take it over. It is not sent yet."
            if shared
            else "It is shared no more. Only you can see it.",
        )
    except AlreadySent:
        return to_sent(draft)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(addresses.of_tasks(draft))


@gate(Permission.AGENCY_TRACK, Permission.CONTACT_KEY)
@require_http_methods(["GET", "HEAD", "POST"])
def draft_take(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """Read a draft that a colleague has shared, or began to key before they left; take it over, after asking."""
    rows = Draft.objects.to_take_over(request.actor).select_related("partnership", "agency", "started_by")
    draft, now = rows.filter(pk=draft_id).first(), timezone.now()
    if draft is None or sharing.is_kept_back(draft, at=now):
        raise Http404
    keyed = draft.channel == Referral.Channel.KEYED.value
    if request.method == "POST":
        try:
            sharing.take_over(draft=draft, by=request.user, at=now)
        except (AlreadySent, Refused) as error:
            raise Http404 from error
        began = draft.started_by
        told = f" {began.name} began it, and is told that you go on with it." if began and not keyed else ""
        messages.success(request, f"This draft is yours now, to finish and to send.{told}")
        return redirect(addresses.of_tasks(draft))
    record(draft, "draft.read_by_colleague" if keyed else "draft.read_by_lead", by=request.user, at=now)
    sections = summary.by_section(summary.cards(situation_of(draft, now)))
    context = {"draft": draft, "line": shown.draft_line(draft), "sections": sections, "keyed": keyed}
    return render(request, "referrals/intake/take_over.html", context)
