"""The schedule: how long a draft is kept, and how long a referral, by what was decided of it.

There is no national period for a contact with no further action; these are ours, to be settled by each partnership
with its information governance before anything real is held. They stand here and in `docs/retention.md`, which
`manage.py purge --schedule` prints.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from referrals.domain.lifecycle import Outcome

DRAFT_KEPT = dt.timedelta(days=28)
"""An unsent draft, from when it was last saved."""

DRAFT_REMINDED = dt.timedelta(days=21)
"""When its writer is reminded of it."""

DISCARDED_KEPT = dt.timedelta(days=7)
"""A draft that its writer put away: long enough to notice a mistake and ask."""

SENT_KEPT = dt.timedelta(days=28)
"""What a draft still holds after it was sent: the referral holds all of it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """For so many years after closing, and, where `until_age` is given, until the youngest child is so old."""

    years: int
    until_age: int = 0

    @property
    def words(self) -> str:
        if self.until_age:
            return f"until the youngest child is {self.until_age}, and {self.years} years after closing at least"
        return f"{self.years} years after closing"


BY_OUTCOME: dict[Outcome, Kept] = {
    Outcome.NO_FURTHER_ACTION: Kept(3),
    Outcome.ADVICE: Kept(3),
    Outcome.TRANSFER: Kept(3),
    Outcome.EARLY_HELP: Kept(6),
    Outcome.ALREADY_OPEN: Kept(6, until_age=25),
    Outcome.ASSESSMENT_SECTION_17: Kept(6, until_age=25),
    Outcome.STRATEGY_DISCUSSION: Kept(6, until_age=25),
    Outcome.LADO: Kept(10, until_age=25),
}
WITHDRAWN = Kept(3)
LONGEST = Kept(10, until_age=25)
"""What is not in the table is kept as long as anything."""


def kept_for(outcomes: Iterable[str], *, withdrawn: bool) -> list[Kept]:
    """The rules that hold for a closed referral: one for each child's outcome; the longest decides."""
    known = {outcome.value: kept for outcome, kept in BY_OUTCOME.items()}
    found = [known.get(outcome, LONGEST) for outcome in outcomes]
    return found or ([WITHDRAWN] if withdrawn else [LONGEST])


def ends_on(rules: Iterable[Kept], closed_on: dt.date, births: Iterable[dt.date]) -> dt.date:
    """The first day on which nothing keeps it any longer. births: of its children, or the day expected."""
    births = list(births)
    days = []
    for rule in rules:
        days.append(years_later(closed_on, rule.years))
        if rule.until_age:
            youngest = max(births, default=closed_on)  # of whom nothing is known might be newly born
            days.append(years_later(youngest, rule.until_age))
    return max(days)


def years_later(day: dt.date, years: int) -> dt.date:
    """The same day so many years on; of 29 February, 1 March; of a year that was mistyped, the last day there is.

    >>> years_later(dt.date(2024, 2, 29), 1)
    datetime.date(2025, 3, 1)
    >>> years_later(dt.date(9999, 1, 1), 25)
    datetime.date(9999, 12, 31)
    """
    if day.year + years > dt.MAXYEAR:
        return dt.date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def draft_ends_at(saved_at: dt.datetime) -> dt.datetime:
    return saved_at + DRAFT_KEPT


def as_page() -> str:
    """The schedule as `docs/retention.md`."""
    rows = [f"| {outcome.label} | {kept.words} |" for outcome, kept in BY_OUTCOME.items()]
    rows += [
        f"| Withdrawn, or sent back to where it came from | {WITHDRAWN.words} |",
        f"| Anything else | {LONGEST.words} |",
    ]
    listed = "\n".join(rows)
    return f"""# How long things are kept

Printed by `manage.py purge --schedule`. Nothing is deleted but by this schedule: `manage.py purge`, and beat once a
day. `manage.py purge --dry-run` says what would go, and touches nothing. A referral under legal hold
(`manage.py hold REFERENCE --partnership SLUG --reason WHY`, lifted by `--lift`) is kept whatever its age. The audit
trail is kept: it names no child, and says that a referral was deleted, when and by which rule.

**These periods are ours.** No national one exists for a contact with no further action: each partnership settles its
own with its information governance, in `referrals/retention/schedule.py`, before anything real is held.

## Drafts

| what | kept |
|---|---|
| A draft that was not sent | {DRAFT_KEPT.days} days from the last save; a reminder after {DRAFT_REMINDED.days} |
| A draft that was discarded | {DISCARDED_KEPT.days} days |
| What a sent draft still holds | {SENT_KEPT.days} days; the referral holds all of it |

## Referrals, by what was decided

Of several children the longest rule holds for the whole referral.

| decided | kept |
|---|---|
{listed}
"""
