"""How a referral is screened by what its referrer told, without what others told of the child before.

A threshold may let earlier contacts raise a level: they then have a hand in where the referral goes and in what its
screeners read. A referrer who read that too would learn whether somebody else has told of the child.
"""

from __future__ import annotations

from dataclasses import dataclass

from partnerships.models import Team
from referrals.intake.situation import Situation
from referrals.models import Child, Referral
from thresholds.domain.scheme import Scheme


@dataclass(frozen=True, slots=True)
class AsTold:
    """The level, the route and the flags of a referral as its referrer reads them."""

    indicated_level: int | None
    route: str
    flags: frozenset[str]


def as_told(referral: Referral, situation: Situation) -> AsTold:
    """What is stored, unless the threshold lets earlier contacts raise: then what the referrer's own words come to."""
    if not by_their_words_alone(situation):
        return AsTold(referral.indicated_level, referral.route, frozenset(referral.flags))
    told = situation.together
    return AsTold(told.indicated_level, told.route.value, frozenset(flag.value for flag in told.flags))


def way_of(child: Child, situation: Situation) -> tuple[int | None, str]:
    """The level and the route of one child, in the same way."""
    if not by_their_words_alone(situation):
        return child.indicated_level, child.route
    alone = situation.screening_of(child.order)
    return alone.indicated_level, alone.route.value


def by_their_words_alone(situation: Situation) -> bool:
    return situation.scheme.raised_by_contacts and bool(situation.screened)


def queue_told(scheme: Scheme, team: Team) -> str:
    """What a referrer reads of where it is: the team's queue, or where that would tell of others, the front door."""
    if scheme.raised_by_contacts:
        return f"It has reached {team.partnership.the_front_door}."
    return f"It is in the queue of {team.the_team}."


def reader_told(scheme: Scheme, team: Team) -> str:
    """Who reads it, in the same way."""
    return team.partnership.the_front_door if scheme.raised_by_contacts else team.the_team
