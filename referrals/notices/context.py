"""How many notices somebody has not read, for the head of every page: asked only where a page shows it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from referrals.models import Notice
from referrals.notices.actions import LEFT


def counts(request: HttpRequest) -> dict[str, Any]:
    partnership, user = getattr(request, "partnership", None), getattr(request, "user", None)
    if partnership is None or user is None or not user.is_authenticated:
        return {}

    def unread() -> dict[str, int]:
        known: dict[int, int] = getattr(user, LEFT, {})
        if partnership.pk in known:
            return {"notices": known[partnership.pk]}
        return {"notices": Notice.objects.in_portal(user).filter(partnership=partnership, read_at__isnull=True).count()}

    return {"link_counts": SimpleLazyObject(unread)}
