"""A referral in one line: what a screener needs to see before opening it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from partnerships.templatetags.page_parts import day
from referrals.intake.answers import Answers, mapping
from referrals.models import Child, Referral
from thresholds.domain.scheme import Flag, Scheme
from thresholds.loading import load

TOLD_ELSEWHERE = frozenset({Flag.IMMEDIATE_DANGER.value, Flag.SEEN_BEFORE.value})
"""Flags that have a place of their own in the line."""

LONGEST = 90
LEVEL_KINDS = ("highest", "cluster", "age")


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
        why=why(referral.screening, scheme),
        flags=tuple(flag for flag in referral.flags if flag not in TOLD_ELSEWHERE),
        seen_before=earlier(referral),
        consent=consent_words(referral),
    )


def level_words(scheme: Scheme, rank: int | None) -> str:
    """Level 3: Targeted; in the partnership's own words."""
    level = scheme.level(rank)
    if level is None:
        return f"No {scheme.step_word} indicated"
    return f"{scheme.step_word.value.capitalize()} {level.rank}: {level.name}"


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


def why(screening: Any, scheme: Scheme) -> str:
    """Why the level is indicated, in a few words: the first indicator that decided it, and how many more did."""
    for reason in reversed(listed(screening, "reasons")):
        keys = reason.get("indicators") or []
        if reason.get("kind") in LEVEL_KINDS and keys:
            indicator = scheme.indicator(keys[0])
            label = indicator.label if indicator else keys[0]
            short = label if len(label) <= LONGEST else label[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
            return short + (f", and {len(keys) - 1} more" if len(keys) > 1 else "")
    return "No indicator chosen"


def listed(screening: Any, name: str) -> list[dict[str, Any]]:
    """A list of the stored screening, whatever is stored."""
    found = mapping(screening).get(name)
    return [dict(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def earlier(referral: Referral) -> int:
    """How many earlier contacts told of one of its children when it was sent."""
    screening = mapping(referral.screening)
    told = screening.get("previous_contacts", mapping(screening.get("facts")).get("previous_contacts"))
    if isinstance(told, int):
        return told
    if isinstance(told, list):
        return len(told)
    return int(Flag.SEEN_BEFORE.value in referral.flags)


def consent_words(referral: Referral) -> str:
    """What was said of consent, in a few words."""
    if Flag.CONSENT_TO_SETTLE.value in referral.flags:
        return "To be settled"
    consent = Answers(referral.answers).consent
    if consent.given is True:
        return "Given"
    if consent.given is False:
        return "Not given, with a reason" if consent.reason else "Not given"
    return "Not known"
