"""What every page is given: the partnership, the actor, and whether its front door is open now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

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
    }
