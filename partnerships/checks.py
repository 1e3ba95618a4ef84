"""What `manage.py check --deploy` says beside Django's own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  Django's own name
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from partnerships import row_security


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


SERVE_AS_ORDINARY = (
    "Give DATABASE_OWNER_URL the role that owns the tables, DATABASE_URL an ordinary one, and run "
    "`manage.py migrate --database owner` (docs/operations.md)."
)


@register(Tags.security, deploy=True)
def the_second_wall_stands(**_: Any) -> list[CheckMessage]:
    """On PostgreSQL the database itself keeps partnerships apart, for a role that its policies hold."""
    if settings.DEMO or connection.vendor != "postgresql":
        return []
    try:
        missing, owned = row_security.faults(connection), row_security.owned(connection)
        told_to_all = row_security.statements_told(connection)
    except DatabaseError as error:
        told = str(error).strip().partition("\n")[0]
        return [Warning(f"The second wall could not be looked at: {told}", id="front_door.W003")]
    found: list[CheckMessage] = [
        Error(f"The second wall does not stand: {what}.", hint=SERVE_AS_ORDINARY, id="front_door.E002")
        for what in missing
    ]
    if owned and not missing:
        what = f"The role that serves owns {len(owned)} tables, and could take the second wall down."
        found.append(Warning(what, hint=SERVE_AS_ORDINARY, id="front_door.W002"))
    if told_to_all:
        what = (
            "Each session of the role that serves can read in pg_stat_activity what all its others ask, names and all."
        )
        hint = "As a superuser: ALTER ROLE … SET track_activities = off (docs/operations.md)."
        found.append(Warning(what, hint=hint, id="front_door.W004"))
    return found


def refuse_without_the_second_wall() -> None:
    """Called before the portal serves: with real children's records, not as a role that sees past every policy.

    A database that is away for now is no reason: its pages say so until it is back.
    """
    if errors := [each.msg for each in the_second_wall_stands() if isinstance(each, Error)]:
        raise ImproperlyConfigured(f"{errors[0]} {SERVE_AS_ORDINARY}")
