"""Who must prove twice who they are, and whether this session did.

A session of somebody whose role needs a second factor, opened by a password alone, holds no role at all: it reaches
the pages on which the factor is set up, and no child's. Outside demonstration mode this can't be switched off.
"""

from __future__ import annotations

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


def passed(request: HttpRequest) -> bool:
    """Whether this session was opened with a second factor, or by an organisation whose own sign-in asks for one."""
    return any(proves(record) for record in get_authentication_records(request, request.user))  # type: ignore[arg-type]


def proves(record: dict[str, Any]) -> bool:
    if record.get("method") == "mfa":
        return True
    return record.get("method") == "socialaccount" and record.get("provider") in settings.OIDC_WITH_SECOND_FACTOR
