"""Who answers checks, and for which agencies."""

from __future__ import annotations

from django.db.models import QuerySet

from partnerships.models import Agency, Membership, Partnership, User
from partnerships.permissions import Role


def checkers(agency: Agency) -> list[User]:
    """Who answers checks for an agency."""
    return [each.user for each in answering().filter(agency=agency).select_related("user")]


def answering_agencies(partnership: Partnership) -> set[int]:
    """The keys of the agencies with somebody who answers checks."""
    return {pk for pk in answering().filter(partnership=partnership).values_list("agency_id", flat=True) if pk}


def answering() -> QuerySet[Membership]:
    return Membership.objects.filter(role=Role.CHECKER.value, ended_at__isnull=True, user__is_active=True)
