"""Giving a document to who asked for it: made in the worker, waited for, written into the trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from partnerships import audit
from referrals.audiences import seen_by
from referrals.documents import making
from referrals.domain.audiences import Audience
from referrals.models import Event, Referral

Signed = Any


def serve(
    request: Signed, audience: Audience, referral: Referral, what: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    """The document where it is made, or a page that waits for it. That it was taken away is in the trail.

    audience: who reads it; the template reaches nothing that is not theirs.
    """
    now = timezone.now()
    told = {"partnership": referral.partnership, "referral": referral, "as_of": as_of(referral), **context}
    row = making.ask(partnership=referral.partnership, template=template, context=seen_by(audience, told), at=now)
    try:
        made = making.wait_for(row, at=now)
    except making.Failed:
        return render(request, "referrals/documents/failed.html", {"referral": referral}, status=503)
    if made is None:
        response = render(request, "referrals/documents/waiting.html", {"referral": referral}, status=202)
        response["Refresh"] = "2"
        return response
    audit.record(
        partnership=referral.partnership,
        verb=f"referral.{what}_downloaded",
        noun="referral",
        object_id=referral.pk,
        of=referral.pk,
        detail={"document": row.digest},
        by=request.user,
        at=now,
    )
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{what.replace("_", "-")}-{referral.reference}.pdf"'
    return response


def as_of(referral: Referral) -> dt.datetime:
    """When something last happened to the referral: a document says that, so that the same content is the same file."""
    last = Event.objects.filter(referral=referral).order_by("-at").values_list("at", flat=True).first()
    return last or referral.received_at
