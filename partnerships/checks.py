"""What `manage.py check --deploy` says beside Django's own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def demonstration_mode_is_off(**_: Any) -> list[CheckMessage]:
    """Known sign-ins and plain http are for made-up families alone."""
    if not settings.DEMO:
        return []
    return [
        Error(
            "Demonstration mode is on: everybody knows its sign-ins, and pages go over plain http.",
            hint="Set FRONT_DOOR_DEMO=0 before a real family is told of.",
            id="front_door.E001",
        )
    ]
