"""Early help for a restricted referral: who of the team that gives it is named, and so sees that early help alone.

A team of which nobody is named finds it nowhere. So it is offered to none such, and a team that gives it keeps somebody
who is named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from partnerships.models import Membership, Team, User
from partnerships.permissions import Role
from referrals.clocks.sweep import unless_kept_out
from referrals.models import Referral, Support
from referrals.triage.moves import Refused


def helpers(teams: Collection[Team]) -> dict[Any, tuple[User, Team]]:
    """Who works in these early help teams, whoever is active, by key, each with a team."""
    held = Membership.objects.filter(
        team__in=teams, role=Role.EARLY_HELP.value, ended_at__isnull=True, user__is_active=True
    )
    return {each.user_id: (each.user, each.team) for each in held.select_related("user", "team") if each.team}


def teams_that_help(row: Referral) -> list[Team]:
    """The teams to which early help for this referral was offered, or that give it."""
    return list(Team.objects.filter(supports__in=Support.objects.filter(referral=row).open()).distinct())


def teams_that_may_help(row: Referral) -> list[Team]:
    """Those, and every early help team of what the MASH decides, or of what is helped and so may be given on."""
    found = {each.pk: each for each in teams_that_help(row)}
    if row.team.is_mash or found:
        current = Team.objects.current().filter(partnership=row.partnership, kind=Team.Kind.EARLY_HELP)
        found |= {each.pk: each for each in current}
    return list(found.values())


def those_told(row: Referral, team: Team) -> list[User]:
    """Who of a team hears of early help for a referral; of a restricted one, who is named on it."""
    return unless_kept_out(row, [person for person, _ in helpers([team]).values()])


def left_out(row: Referral, named: Iterable[User]) -> list[Team]:
    """The teams that give early help for it, of which none of these people is."""
    keys = {each.pk for each in named}
    return [team for team in teams_that_help(row) if not keys & set(helpers([team]))]


def refuse_retired(team: Team) -> None:
    """Raise `Refused` where a child is to go to a team that was taken out of use since it was chosen: it takes on
    nobody new."""
    if team.retired_at is not None:
        raise Refused(
            f"{team.name} was taken out of use since it was chosen, and takes on nobody new. Choose another team; "
            "where this waits for your signature, send it back and say so."
        )


def refuse_unseen_help(row: Referral, team: Team) -> None:
    """Raise `Refused` where a restricted referral would be offered to a team of which nobody could see it."""
    if row.restricted and not those_told(row, team):
        raise Refused(
            f"Referral {row.reference} is restricted, and nobody of {team.name} is named on it: nobody there could "
            "take the child on. Name one of them first, who then sees the early help alone. Or lift the restriction."
        )
