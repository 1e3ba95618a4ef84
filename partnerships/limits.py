"""How much one account may ask for: far more than a person reads or writes, and less than a script takes away.

Counted by account and by nothing else: an office behind one address is never slowed, nor is whoever is not signed in.
What sends a referral is not counted: none is ever refused for hygiene. Where the cache is away, nobody is held up.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from partnerships import account_events
from partnerships.hours import LONDON
from partnerships.permissions import Permission
from partnerships.places import counted
from partnerships.trail import LIMITED, REACHED

SEARCHES = {Permission.RECORD_SEARCH, Permission.AUDIT_READ, Permission.REPORT_READ}
"""A page behind one of these looks through many records at once."""
NEVER = frozenset({"refer_send", "refer_called", "tell_send", "tell_leave", "account_logout", "session_status"})
"""Sending, leaving, and what a page asks by itself."""
KILOBYTE = 1024


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that this request went over: of what, how many, and in how many seconds counting begins anew."""

    kind: str
    most: int
    wait: int


def reached(request: HttpRequest, view: Any, at: dt.datetime) -> Reached | None:
    """Count this request. The limit that it is beyond, None while it is within all."""
    match = request.resolver_match
    if not request.user.is_authenticated or match is None or match.view_name in NEVER:
        return None
    over: Reached | None = None
    for kind, amount in asked(request, view):
        most, within = settings.REQUEST_LIMITS.get(kind, (0, 0))
        if not most:
            continue
        unit = KILOBYTE if kind == "megabytes" else 1
        so_far = counted(f"asked-{kind}", str(request.user.pk), at, within=within, by=amount)
        if so_far <= most * unit:
            continue
        over = Reached(kind, most, within - int(at.timestamp()) % within)
        if so_far - amount <= most * unit:
            note(request, over, within, at)
    return over


def asked(request: HttpRequest, view: Any) -> list[tuple[str, int]]:
    """What this request counts as, and for how much; documents in kilobytes."""
    writes = request.method == "POST"
    if SEARCHES & set(getattr(view, "gate", ())):
        return [("search", 1)]
    if not writes:
        return [("read", 1)]
    told = [("write", 1)]
    if request.content_type == "multipart/form-data":
        length = request.META.get("CONTENT_LENGTH") or "0"
        told.append(("megabytes", int(length) // KILOBYTE if length.isdecimal() and len(length) < 15 else 0))
    return told


def note(request: HttpRequest, over: Reached, within: int, at: dt.datetime) -> None:
    """Into the trail, so that it stands among what is worth a manager's question; and to the account's owner."""
    user: Any = request.user
    account_events.note(
        user,
        REACHED,
        detail={**account_events.place(request), "kind": over.kind, "most": over.most, "seconds": within},
        told=(
            "Your account asked for more than a person can",
            f"On {account_events.moment(at)} your account had asked for more than {over.most:,} {LIMITED[over.kind]} "
            "in a short time, and was held up for a while.",
        ),
        once=f"{over.kind}:{at.astimezone(LONDON).date().isoformat()}",
        by=user,
        at=at,
    )
