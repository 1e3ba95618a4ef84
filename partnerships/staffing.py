"""Who works in a team's queue; the teams in which nobody does, where what comes would be read by nobody; the managers,
who hear of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from partnerships.models import Membership, Partnership, Team, User
from partnerships.permissions import Role


def at_work(partnership_id: Any) -> QuerySet[Membership]:
    """The roles of a partnership in which somebody works in a queue, whoever is active."""
    return Membership.objects.filter(
        partnership=partnership_id,
        role__in=[Role.SCREENER.value, Role.EARLY_HELP.value],
        ended_at__isnull=True,
        user__is_active=True,
    )


def workers(team: Team, *, but: Membership | None = None) -> list[User]:
    """Who works in a team's queue. A screener works in the MASH's whether or not a team is named.

    but: a role that does not count, since it ends.
    """
    held = at_work(team.partnership_id)
    held = held.filter(role=Role.SCREENER.value) if team.is_mash else held.filter(role=Role.EARLY_HELP.value, team=team)
    return [each.user for each in held.select_related("user") if each != but]


def unstaffed(teams: Iterable[Team]) -> list[Team]:
    """Those of one partnership's teams in which nobody works. One query."""
    asked = list(teams)
    if not asked:
        return []
    held = set(at_work(asked[0].partnership_id).values_list("role", "team"))
    screened = any(role == Role.SCREENER.value for role, _ in held)
    return [team for team in asked if not (screened if team.is_mash else (Role.EARLY_HELP.value, team.pk) in held)]


def managers(partnership: Partnership) -> list[User]:
    """Who answers for the partnership's front door, whoever is active."""
    held = Membership.objects.filter(
        partnership=partnership, role=Role.MANAGER.value, ended_at__isnull=True, user__is_active=True
    )
    return [membership.user for membership in held.select_related("user")]
