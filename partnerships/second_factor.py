"""Who must prove twice who they are, and whether this session did.

A session of somebody whose role needs a second factor, opened by a password alone, holds no role at all: it reaches
the pages on which the factor is set up, and no child's. Outside demonstration mode this can't be switched off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from partnerships.models import Membership
from partnerships.permissions import Role


def needed(memberships: Iterable[Membership]) -> bool:
    """Whether any of these roles, in whatever partnership, needs a second factor."""
    return settings.SECOND_FACTOR and any(
        Role.of(held.role).needs_second_factor or bool(held.agency and held.agency.second_factor_required)
        for held in memberships
    )


VOUCHED = "second_factor_vouched_for"
"""In the session: the person of whom an organisation said, as it signed them in, that it asked for a second factor."""


def passed(request: HttpRequest) -> bool:
    """Whether this session was opened with a second factor: one of ours, or one that an organisation vouched for."""
    return any(proves(request, each) for each in get_authentication_records(request, request.user))  # type: ignore[arg-type]


def proves(request: HttpRequest, record: dict[str, Any]) -> bool:
    if record.get("method") == "mfa":
        return True
    vouched = request.session.get(VOUCHED) == str(request.user.pk)
    return (
        vouched
        and record.get("method") == "socialaccount"
        and record.get("provider") in settings.OIDC_WITH_SECOND_FACTOR
    )


VOUCHED_AT = "second_factor_vouched_for_at"
"""In the session: when that organisation asked the person, by its word; it may have been long before they came here."""
ADDED = "added"
"""Of a record: the factor was only added then. It opens the role that waited for it, and is no proof asked for anew."""


def proved_at(request: HttpRequest, record: dict[str, Any]) -> float:
    """When what this record tells was proved, on the clock's seconds."""
    at = float(record.get("at", 0))
    if record.get("method") != "socialaccount":
        return at
    return min(at, float(request.session.get(VOUCHED_AT, at)))


FRESH = dt.timedelta(minutes=10)
"""How long a proof counts for what takes much away at once."""


def fresh(request: HttpRequest, at: dt.datetime) -> bool:
    """Whether it was proved within the last minutes who sits here: by a second factor where one is asked for at all.

    Where none is (the demonstration), by whatever the person signs in with.
    """
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    return any(
        at.timestamp() - proved_at(request, each) < FRESH.total_seconds()
        for each in records
        if not each.get(ADDED) and (proves(request, each) or not settings.SECOND_FACTOR)
    )
