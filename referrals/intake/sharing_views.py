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
from referrals.intake import addresses, sharing, shown
from referrals.intake.actions import AlreadySent, Refused
from referrals.intake.views import the_draft, to_sent
from referrals.models import Draft

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


@gate(Permission.REFERRAL_SEND)
@require_POST
def draft_share(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """Share, or stop sharing (`stop` in what is posted)."""
    draft = the_draft(request, draft_id)
    try:
        sharing.share(draft=draft, shared="stop" not in request.POST, by=request.user, at=timezone.now())
    except AlreadySent:
        return to_sent(draft)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(addresses.of_tasks(draft))


@gate(Permission.AGENCY_TRACK)
@require_http_methods(["GET", "HEAD", "POST"])
def draft_take(request: Signed, draft_id: uuid.UUID) -> HttpResponse:
    """Take over a draft that a colleague has shared, after asking."""
    rows = Draft.objects.shared_with(request.actor).select_related("partnership", "agency", "started_by")
    draft = rows.filter(pk=draft_id).first()
    if draft is None:
        raise Http404
    if request.method == "POST":
        try:
            sharing.take_over(draft=draft, by=request.user, at=timezone.now())
        except (AlreadySent, Refused) as error:
            raise Http404 from error
        return redirect(addresses.of_tasks(draft))
    sharing.record(draft, "draft.read_by_lead", by=request.user, at=timezone.now())
    return render(request, "referrals/intake/take_over.html", {"draft": draft, "line": shown.draft_line(draft)})
