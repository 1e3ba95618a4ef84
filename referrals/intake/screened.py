"""A draft's answers through the engine, a child at a time: for the level so far, and for the sending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from referrals.intake.answers import Answers
from referrals.intake.concerns import BY_FLAG, CONCERNS
from thresholds.domain.scheme import Duty, Flag, FlagParameters, Scheme
from thresholds.domain.screening import Facts, Screening, screen
from thresholds.domain.together import Together, together

OTHERS = (Flag.PRE_BIRTH, Flag.STRATEGY_DISCUSSION, Flag.SECTION_47)
"""The flags whose sentence for the referrer stands on one page together; each special concern has a page of its own."""

SPECIAL = (*(concern.flag for concern in CONCERNS), *OTHERS)
"""The flags that ask something more of the referrer, in the order of the form."""


@dataclass(frozen=True, slots=True)
class Screened:
    """One child through the engine: what it was told of this child alone, and what it says."""

    number: int
    facts: Facts
    screening: Screening


def screen_children(
    answers: Answers, scheme: Scheme, *, on: dt.date, previous: Mapping[int, tuple[dt.date, ...]] | None = None
) -> list[Screened]:
    """Each child of whom something is told, screened by itself.

    previous: the days of earlier contacts, by the child's number.
    """
    found = []
    for child, _ in answers.told_of:
        earlier = (previous or {}).get(child.number, ())
        facts = answers.facts_of(child.number, on=on, previous_contacts=earlier)
        found.append(Screened(child.number, facts, screen(scheme, facts)))
    return found


def all_together(screened: list[Screened]) -> Together:
    """What the children's screenings come to for the one referral."""
    return together([each.screening for each in screened])


def special_flags(raised: set[Flag], scheme: Scheme) -> tuple[Flag, ...]:
    """The flags raised that are a special concern, or for which the scheme tells the referrer what else to do."""
    return tuple(flag for flag in SPECIAL if flag in raised and (flag in BY_FLAG or scheme.flag_rule(flag)))


def referrer_duty(scheme: Scheme, flag: Flag) -> Duty:
    """What the scheme tells the referrer to do where this flag is raised; without words where it says nothing."""
    rule = scheme.flag_rule(flag)
    return rule.parameters.duty if rule and isinstance(rule.parameters, FlagParameters) else Duty("")
