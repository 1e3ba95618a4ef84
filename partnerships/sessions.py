"""How long a sign-in lasts: the session's own row says who, since when, from where, and when it was last used.

Two limits end it: so long untouched, and so long in any case, by the strictest of the roles that the person holds
(`Role.session_limits`). They are worked out once, at sign-in, and kept with the session. The row is the truth: delete
it, and the next request of that browser is signed out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest

from partnerships.models import Session, User
from partnerships.permissions import Role
from partnerships.places import came_from

LIMITS = "limits"
NOTED_EVERY = dt.timedelta(minutes=1)
"""A session in use is noted at most so often: reading a page need not write."""
WARNED_BEFORE = dt.timedelta(minutes=3)
"""How long before the end the page warns; long enough to come back from the door."""


class SessionStore(DatabaseStore):
    """Django's session in the database, with our columns beside its data."""

    row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:  # type: ignore[override]
        return Session

    def _get_session_from_db(self) -> Any:
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row to save: what was there before, and who is signed in now."""
        made: Any = super().create_model_instance(data)
        limits = data.get(LIMITS) or {}
        user = data.get(SESSION_KEY)
        if self.row is not None and str(self.row.user_id or "") == str(user or ""):
            made.seen_at = self.row.seen_at
            if self.row.session_key == made.session_key:  # a new key is a new row, beside the old one for a moment
                made.handle = self.row.handle
        made.user_id = user
        made.started_at = instant(limits.get("started"))
        made.seen_at = made.seen_at or made.started_at
        made.address, made.browser = limits.get("address", ""), limits.get("browser", "")
        self.row = made
        return made


def instant(told: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(told) if told else None


def limits_of(user: User) -> tuple[int, int]:
    """The strictest limits among the roles that somebody holds now: seconds untouched, seconds in any case."""
    held = user.memberships.filter(ended_at__isnull=True).values_list("role", flat=True)
    limits = [role.session_limits for role in Role if role.value in set(held)]
    return min((idle for idle, _ in limits), default=3600), min((longest for _, longest in limits), default=12 * 3600)


def begin(request: HttpRequest, user: User, at: dt.datetime) -> None:
    """Somebody signed in: from here the limits count."""
    idle, longest = limits_of(user)
    request.session[LIMITS] = {
        "started": at.isoformat(),
        "ends": (at + dt.timedelta(seconds=longest)).isoformat(),
        "idle": idle,
        "address": came_from(request),
        "browser": request.META.get("HTTP_USER_AGENT", "")[:300],
    }


def tighten(request: HttpRequest, user: User) -> None:
    """Somebody took a role on while signed in: its limits hold from here, and every other sign-in of theirs ends."""
    limits, (idle, longest) = request.session[LIMITS], limits_of(user)
    ends = dt.datetime.fromisoformat(limits["started"]) + dt.timedelta(seconds=longest)
    request.session[LIMITS] = {
        **limits,
        "idle": min(limits["idle"], idle),
        "ends": min(limits["ends"], ends.isoformat()),
    }
    end_all(user, but=request.session.session_key)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a session. `extendable`: using it puts the end off."""

    seconds: int
    extendable: bool


def remaining(request: HttpRequest, at: dt.datetime) -> Remaining:
    """How long this session goes on when nobody touches it."""
    limits = request.session.get(LIMITS)
    row: Session | None = getattr(request.session, "row", None)
    if not limits:
        return Remaining(0, False)
    seen = (row.seen_at if row else None) or instant(limits["started"]) or at
    untouched = seen + dt.timedelta(seconds=limits["idle"]) - at
    ends = (instant(limits["ends"]) or at) - at
    return Remaining(int(min(untouched, ends).total_seconds()), ends > untouched)


def handle(request: HttpRequest) -> str:
    """What stands for this sign-in on its pages, so that a page can ask whether it is still the same; "" for none."""
    row: Session | None = getattr(request.session, "row", None)
    return str(row.handle) if row else ""


def gone(request: HttpRequest) -> bool:
    """Whether this browser comes with a sign-in that was ended from elsewhere, or has been tidied away."""
    signed_in = request.user.is_authenticated  # which looks the session up
    return not signed_in and bool(request.COOKIES.get(settings.SESSION_COOKIE_NAME)) and request.session.is_empty()


def touch(request: HttpRequest, at: dt.datetime, *, always: bool = False) -> None:
    """The session was used now."""
    row: Session | None = getattr(request.session, "row", None)
    if row is None or (not always and row.seen_at and at - row.seen_at < NOTED_EVERY):
        return
    Session.rows.filter(pk=row.pk).update(seen_at=at)
    row.seen_at = at


def end(sessions: Iterable[Session] | Any) -> int:
    """End these sessions now: the next request of each is signed out. Gives how many there were."""
    return sum(Session.rows.filter(pk=each.pk).delete()[0] for each in list(sessions))


def end_all(user: User, *, but: str | None = None) -> int:
    """End every session of somebody, but perhaps the one with this key."""
    rows = Session.rows.filter(user=user)
    return (rows.exclude(pk=but) if but else rows).delete()[0]
