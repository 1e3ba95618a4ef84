"""As which audience somebody who works on referrals reads them."""

from __future__ import annotations

from partnerships.access import Actor
from partnerships.permissions import Permission, Role
from referrals.domain.audiences import Audience


def working(actor: Actor) -> Audience:
    """A manager, the MASH’s screeners and seniors, or early help, from which the MASH’s own is walled off."""
    if actor.can(Permission.REFERRAL_READ_ALL):
        return Audience.MANAGER
    teams = (each.team for each in actor.memberships if each.team_id in actor.team_ids)
    of_mash = any(team is not None and team.is_mash for team in teams)
    return Audience.MASH if of_mash or Role.SCREENER.value in actor.roles else Audience.EARLY_HELP
