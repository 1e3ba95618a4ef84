"""As which audience somebody who works on referrals reads them."""

from __future__ import annotations

from partnerships.access import Actor
from partnerships.models import Team
from partnerships.permissions import Permission, Role
from referrals.domain.audiences import Audience


def working(actor: Actor) -> Audience:
    """A manager, the MASH’s screeners and seniors, or early help, from which the MASH’s own is walled off."""
    if actor.can(Permission.REFERRAL_READ_ALL):
        return Audience.MANAGER
    of_mash = any(each.team is not None and each.team.kind == Team.Kind.MASH for each in actor.memberships)
    return Audience.MASH if of_mash or Role.SCREENER.value in actor.roles else Audience.EARLY_HELP
