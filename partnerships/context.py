"""What every page is given: the partnership, the actor, and whether its front door is open now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from partnerships import kept, second_factor, sessions
from partnerships.hours import is_open


def page(request: HttpRequest) -> dict[str, Any]:
    partnership = getattr(request, "partnership", None)
    return {
        "partnership": partnership,
        "actor": getattr(request, "actor", None),
        "front_door_open": is_open(partnership, timezone.now(), closed=getattr(partnership, "closed_today", None))
        if partnership
        else True,
        "demo": settings.DEMO,
        **sign_in(request),
    }


def sign_in(request: HttpRequest) -> dict[str, Any]:
    """What the sign-in pages and the warning before the end of a session show."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"organisations": settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]}
    left = sessions.remaining(request, timezone.now())
    held = user.memberships.filter(ended_at__isnull=True).select_related("agency")
    return {
        "words_kept": SimpleLazyObject(lambda: kept.beside(request)),
        "session_left": max(left.seconds, 0),
        "session_handle": sessions.handle(request),
        "session_warned_before": int(sessions.WARNED_BEFORE.total_seconds()),
        "proved_twice": second_factor.passed(request),
        "needs_second_factor": SimpleLazyObject(lambda: second_factor.needed(held)),
    }
