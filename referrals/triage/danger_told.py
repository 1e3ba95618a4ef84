"""Who told that a child is in danger now, when and in what words: what whoever signs over it reads first.

Danger that was told is never untold: what was done about it is decided, and stands beside it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from partnerships.access import Actor
from referrals.domain.danger import Later
from referrals.intake.answers import Answers
from referrals.models import Addendum, Arrival, Ask, Child, Event, Referral
from thresholds.domain.terms import Flag

DANGER = Flag.IMMEDIATE_DANGER.value


def said_in_danger(referral: Referral, child: Child | None) -> bool:
    """Whether it was told of this child, at any time and by anybody, that it is in danger now.

    Where it stands on no child, it was told of the whole referral, and counts for each of them.
    """
    if not referral.immediate_danger or child is None or DANGER in child.flags:
        return referral.immediate_danger
    return not any(DANGER in each.flags for each in referral.children.all())


@dataclass(frozen=True, slots=True)
class DangerTold:
    """One telling of danger: when, who told what of whom in one sentence, and their own words."""

    at: dt.datetime
    sentence: str
    words: tuple[str, ...]


def danger_told(referral: Referral, actor: Actor) -> list[DangerTold]:
    """Each telling, the earliest first, with the words as far as this person may read them."""
    if not referral.immediate_danger:
        return []
    return [*when_sent(referral), *since_sent(referral, actor)] or [where_it_came_from(referral)]


def when_sent(referral: Referral) -> list[DangerTold]:
    answers = Answers(referral.answers)
    in_danger = {worry.number: worry for worry in answers.worries if worry.in_danger}
    if not in_danger:
        return []
    named = [each.name for each in referral.children.all() if each.order in in_danger]
    who = str(referral.referrer_details.get("name") or "") or "Who told of it"
    impacts = [worry.impact for worry in in_danger.values()]
    said = f"{who} said when it was sent: {' and '.join(named) or 'a child'} {Later.NOW.words}."
    return [DangerTold(referral.received_at, said, tuple(filter(None, (answers.said("worry", "happened"), *impacts))))]


def since_sent(referral: Referral, actor: Actor) -> list[DangerTold]:
    """What was told later, with the words of the addition or the answer in which it was."""
    events = list(Event.objects.readable_by(actor).filter(referral=referral, kind=Later.NOW.kind))
    added = Addendum.objects.filter(referral=referral)
    answers = Ask.objects.readable_by(actor).filter(referral=referral, answered_at__isnull=False)
    words = {(each.at, each.by_id): each.text or each.reason for each in added}
    words |= {(each.answered_at, each.answered_by_id): each.answer for each in answers if each.answered_at}
    found = [
        DangerTold(each.at, each.sentence, tuple(filter(None, [each.note or words.get((each.at, each.by_id), "")])))
        for each in events
    ]
    heard = {(each.at, each.by_id) for each in events}
    came_along = [each for each in added.select_related("by") if each.in_danger and (each.at, each.by_id) not in heard]
    found += [DangerTold(each.at, f"{each.by.name} added it where it came from.", (each.text,)) for each in came_along]
    return sorted(found, key=lambda each: each.at)


def where_it_came_from(referral: Referral) -> DangerTold:
    """Neither here nor in what its referrer told: it was said at the partnership that sent it on."""
    arrival = Arrival.objects.filter(referral=referral).select_related("from_partnership").first()
    if arrival is None:
        return DangerTold(referral.received_at, "It was screened as telling that a child is in danger now.", ())
    said = f"{arrival.from_partnership.name} sent it on as one that tells of a child in danger now."
    return DangerTold(arrival.sent_at, said, (arrival.because,) if arrival.because else ())
