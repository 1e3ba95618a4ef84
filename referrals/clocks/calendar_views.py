"""One's own due dates in one's own calendar, by a private address. It holds references and links, nothing else."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from icalendar import Calendar, Event

from partnerships import account_events, audit
from partnerships.access import Actor, actor_for, gate, open_to_all
from partnerships.permissions import Permission
from referrals.clocks.reading import own_due
from referrals.models import CalendarAddress

Signed = Any
SHOWN_FOR = timedelta(minutes=15)
MOST = 500


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@gate(Permission.REFERRAL_CLAIM)
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: Signed) -> HttpResponse:
    """Make the address, or a new one in place of it. It is shown once: here only its hash is kept."""
    address, mine = "", CalendarAddress.objects.filter(partnership=request.partnership, user=request.user)
    if request.method == "POST":
        token, now = secrets.token_urlsafe(32), timezone.now()
        CalendarAddress.objects.update_or_create(
            partnership=request.partnership,
            user=request.user,
            defaults={"digest": digest(token), "made_at": now, "last_read_at": None},
        )
        account_events.note(
            request.user,
            "calendar.address_made",
            told=(
                "A calendar’s address was made",
                f"On {account_events.moment(now)} an address was made by which a "
                "calendar reads what is due on what you have in hand. A new password ends it.",
            ),
            by=request.user,
            at=now,
        )
        where = {"partnership": request.partnership.slug, "token": token}
        address = settings.SITE_URL + reverse("calendar_file", kwargs=where)
    return render(request, "referrals/clocks/calendar.html", {"address": address, "mine": mine.first()})


@gate(Permission.REFERRAL_CLAIM)
@require_POST
def calendar_end(request: Signed) -> HttpResponse:
    """End the address: a calendar that still reads it finds nothing."""
    CalendarAddress.objects.filter(partnership=request.partnership, user=request.user).delete()
    _record(request, "calendar.address_ended")
    messages.success(request, "The address has ended: no calendar can read it any more.")
    return redirect("calendar", partnership=request.partnership.slug)


@open_to_all("A calendar program has no sign-in: the address itself is the secret, and shows only references and links")
@require_safe
def calendar_file(request: Signed, token: str) -> HttpResponse:
    """The due dates of whoever's address it is, as far as they may see them now."""
    rows = CalendarAddress.objects.filter(partnership=request.partnership, digest=digest(token))
    row = rows.select_related("user").first()
    if row is None or not row.user.is_active:
        raise Http404
    actor = actor_for(row.user, request.partnership)
    if not actor.can(Permission.REFERRAL_CLAIM):
        raise Http404
    rows.update(last_read_at=timezone.now())
    response = HttpResponse(due_dates(actor), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="due.ics"'
    return response


def due_dates(actor: Actor) -> bytes:
    """What falls due on what this person has in hand: the reference, the instant, the link. No name, no worry."""
    found = Calendar()
    found.add("prodid", "-//Front Door//Due dates//EN")
    found.add("version", "2.0")
    slug = actor.partnership.slug if actor.partnership else ""
    for clock in own_due(actor)[:MOST]:
        link = settings.SITE_URL + reverse("referral", kwargs={"partnership": slug, "referral_id": clock.referral_id})
        event = Event()
        event.add("uid", f"{clock.pk}@front-door")
        event.add("dtstamp", clock.started_at)
        event.add("dtstart", clock.due_at)
        event.add("dtend", clock.due_at)
        event.add("summary", f"Due: {clock.referral.reference}")
        event.add("url", link)
        event.add("description", f"Sign in to read what is due: {link}")
        event.add("class", "PRIVATE")
        found.add_component(event)
    return bytes(found.to_ical())


def _record(request: Signed, verb: str) -> None:
    where = request.partnership
    audit.record(partnership=where, verb=verb, noun="calendar", of=None, by=request.user, at=timezone.now())
