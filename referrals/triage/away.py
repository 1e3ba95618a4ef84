"""Whether whoever has a referral is there to go on with it."""

from __future__ import annotations

import datetime as dt

from referrals.clocks.sweep import team_members
from referrals.models import Absence, Referral


def away(row: Referral, at: dt.datetime) -> bool:
    """Whether whoever has it is away, or works in its queue no more: sent back to them it would lie there."""
    if row.owner is None:
        return True
    absent = Absence.objects.holding(at).filter(partnership=row.partnership, user=row.owner).exists()
    return absent or row.owner_id not in {user.pk for user in team_members(row)}
