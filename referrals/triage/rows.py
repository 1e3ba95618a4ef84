"""A referral in one line: what a screener needs to see before opening it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.utils import timezone

from partnerships.templatetags.page_parts import day
from referrals.models import Child, Referral
from referrals.standing import earlier, listed, why
from thresholds.domain.scheme import Flag, Scheme
from thresholds.loading import load

TOLD_ELSEWHERE = frozenset({Flag.IMMEDIATE_DANGER.value, Flag.SEEN_BEFORE.value})
"""Flags that have a place of their own in the line."""

__all__ = ["Line", "age", "earlier", "level_words", "line", "listed", "names", "why"]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a queue."""

    referral: Referral
    who: str
    age: str
    level: str
    colour: str
    why: str
    flags: tuple[str, ...]
    seen_before: int
    consent: str


def line(referral: Referral, *, at: dt.datetime) -> Line:
    """Asks no query where children and scheme version came with the referral."""
    scheme = load(referral.scheme_version)
    children = list(referral.children.all())
    level = scheme.level(referral.indicated_level)
    return Line(
        referral=referral,
        who=names(children),
        age=age(children[0], timezone.localdate(at)) if children else "",
        level=level_words(scheme, referral.indicated_level),
        colour=level.colour.value if level else "grey",
        why=referral.why,
        flags=tuple(flag for flag in referral.flags if flag not in TOLD_ELSEWHERE),
        seen_before=referral.told_before,
        consent=referral.consent_said,
    )


def level_words(scheme: Scheme, rank: int | None) -> str:
    """Level 3: Targeted; in the partnership's own words."""
    level = scheme.level(rank)
    if level is None:
        return f"No {scheme.step_word} indicated"
    return f"{scheme.step_word.value.capitalize()} {level.rank}: {level.name}"


def decided_words(scheme: Scheme, rank: int | None) -> str:
    """The level that somebody decided on; None is a decision too: no level."""
    return f"No {scheme.step_word}" if rank is None else level_words(scheme, rank)


def names(children: list[Child]) -> str:
    """The first child's name, and how many more there are."""
    if not children:
        return "Name not known"
    more = len(children) - 1
    return children[0].name + (f" and {more} more" if more else "")


def age(child: Child, on: dt.date) -> str:
    """How old a child is on a day: 7 years; under two, in months; unborn with the day expected."""
    if child.date_of_birth:
        born = child.date_of_birth
        months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
        if months < 0:
            return "Date of birth lies ahead"
        count, word = (months, "month") if months < 24 else (months // 12, "year")
        return f"{count} {word}{'' if count == 1 else 's'}"
    if child.expected_on:
        return f"Unborn, expected {day(child.expected_on)}"
    told = re.sub(r"^about\b\s*", "", child.estimated_age.strip(), flags=re.IGNORECASE)
    return f"About {told}" if told else "Age not known"
