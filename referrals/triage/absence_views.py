"""Who is away and who covers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import gate
from partnerships.hours import LONDON
from partnerships.permissions import Permission
from partnerships.requests import posted
from referrals.models import Absence
from referrals.triage import assigning
from referrals.triage.moves import Refused
from referrals.triage.queue_forms import AbsenceForm

Signed = Any


@gate(Permission.ABSENCE_MARK)
@require_http_methods(["GET", "HEAD", "POST"])
def absences(request: Signed) -> HttpResponse:
    """Who of one's queues is away; and saying that somebody is."""
    now = timezone.now()
    people = assigning.colleagues_of(request.partnership, request.user)
    away = assigning.away_now(people, request.partnership, at=now)
    form = AbsenceForm(posted(request), people=people, away=away, me=request.user, at=now)
    if request.method == "POST" and form.is_valid():
        try:
            _, handed = assigning.mark_absent(
                partnership=request.partnership,
                user=form.person,
                until=dt.datetime.combine(form.until, dt.time(), LONDON),
                cover=form.covering,
                by=request.user,
                at=now,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            went = f"{handed.to_cover} went to the cover, {handed.to_queue} to the queue"
            said = f"{form.person.name} is away: {went}."
            if handed.again and not (handed.to_cover or handed.to_queue):
                said = f"{form.person.name} is away: you said so a moment ago, and nothing more was in their hands."
            if form.person != request.user:
                said += " They and the managers are told."
            messages.success(request, said)
            return redirect("absences", partnership=request.partnership.slug)
    return render(request, "referrals/triage/absences.html", {"form": form, "away": list(away.values())})


@gate(Permission.ABSENCE_MARK)
@require_POST
def absence_end(request: Signed, absence_id: int) -> HttpResponse:
    """They are back."""
    now = timezone.now()
    found = Absence.objects.filter(partnership=request.partnership, pk=absence_id).select_related("user").first()
    if found is None:
        raise Http404
    try:
        assigning.end_absence(partnership=request.partnership, absence=found, by=request.user, at=now)
    except Refused as refused:
        raise Http404 from refused
    messages.success(request, f"{found.user.name} is back.")
    return redirect("absences", partnership=request.partnership.slug)
