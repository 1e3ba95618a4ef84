"""Where somebody opened a restricted referral in need and took it, it is theirs for as long as they may see it.

When their hour is over it waits in its queue again, and the named, the managers and they themselves hear of it: nothing
lies in the hands of somebody who can't open it.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from partnerships.each import for_each
from partnerships.models import Partnership
from partnerships.staffing import managers
from referrals.clocks.sweep import team_hears
from referrals.domain.lifecycle import State
from referrals.models import RestrictedAccess
from referrals.triage.moves import held, out_of_hands, tell_team
from referrals.triage.restricted_notices import tell_by_reference
from referrals.triage.unseen import NOBODY

THEIRS = (State.IN_HAND.value, State.SENT_ON.value)
"""In which states it is its owner's turn. What is proposed waits for a signature, and not for them."""


def give_back(*, at: dt.datetime, only: int | None = None) -> int:
    """Put back what is in the hands of somebody whose hour is over: how many. only: of this partnership, by its key."""

    def of_one(partnership: Partnership) -> int:
        over = RestrictedAccess.objects.filter(
            kind=RestrictedAccess.Kind.BREAK_GLASS,
            until__lte=at,
            ended_at__isnull=True,
            referral__restricted=True,
            referral__owner=F("user"),
            referral__state__in=THEIRS,
        ).order_by("pk")
        return sum(give_back_one(each, at=at) for each in over.select_related("referral", "user"))

    return sum(for_each(of_one, only=only))


@transaction.atomic
def give_back_one(access: RestrictedAccess, *, at: dt.datetime) -> bool:
    """False where they may see it still, or have it no more."""
    row, person = held(access.referral), access.user
    if row.owner_id != person.pk or not row.restricted or row.state not in THEIRS:
        return False
    if RestrictedAccess.objects.holding(at).filter(referral=row, user=person).exists():
        return False
    out_of_hands(row, f"The hour is over for which {person.name} opened it in need", by=None, at=at)
    tell_team(row, of=f"-need-{access.pk}", by=NOBODY, at=at)
    told = f"{person.name} opened restricted referral {row.reference} in need and took it. The hour is over, and "
    theirs = f"The hour for which you opened restricted referral {row.reference} is over, and it is in your hands no "
    said = {
        each.pk: (each, f"{told}nobody has it now. Where {person.name} should go on with it, name them.")
        for each in managers(row.partnership)
    }
    for each in team_hears(row):
        said.pop(each.pk, None)
    said[person.pk] = (
        person,
        f"{theirs}more. Those who are named on it are told. If you know something of it that can’t wait, tell a "
        "manager, or open it in need again.",
    )
    for to, words in said.values():
        tell_by_reference(row, to, "an hour in need is over", words, of=f"need-{access.pk}", at=at)
    return True
