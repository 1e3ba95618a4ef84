"""As which audience somebody who works on referrals reads them."""

from __future__ import annotations

from partnerships.access import Actor
from partnerships.permissions import Permission
from referrals.domain.audiences import Audience


def working(actor: Actor) -> Audience:
    """A manager, the MASH’s screeners and seniors, or early help, from which the MASH’s own is walled off."""
    if actor.can(Permission.REFERRAL_READ_ALL):
        return Audience.MANAGER
    return Audience.MASH if actor.reads_for_the_mash else Audience.EARLY_HELP
