"""When something is due. Pure: the calendar and every instant are arguments.

    >>> from datetime import UTC, date, datetime
    >>> holidays = Calendar(bank_holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
    >>> within = Limit("acknowledge", "Acknowledge", 1, Unit.WORKING_DAYS, Starts.RECEIVED, "p. 16")
    >>> due(within, datetime(2026, 12, 24, 23, 30, tzinfo=UTC), holidays).isoformat()
    '2026-12-29T23:59:59+00:00'

Day zero is the London day of receipt and the next working day is day 1 (STANDARDS: Clocks). Working days are Monday
to Friday less bank holidays and closure days.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from thresholds.domain.scheme import Limit, Starts, Unit

__all__ = ["LONDON", "Calendar", "Limit", "Stage", "Starts", "Unit", "due", "stage", "time_left"]

LONDON = ZoneInfo("Europe/London")
LAST_SECOND = time(23, 59, 59)
ONE_DAY = timedelta(days=1)


class Stage(StrEnum):
    """How far a clock has run."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days and hours on which a partnership works, in Europe/London.

    `bank_holidays` and `closure_days` are dates off; `opens` and `closes` are London wall-clock times, the same every
    working day (00:00 as `closes` is the midnight that ends the day). Raises ValueError where it closes before it
    opens.
    """

    bank_holidays: frozenset[date] = frozenset()
    closure_days: frozenset[date] = frozenset()
    opens: time = time(9)
    closes: time = time(17)
    weekdays_off: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())
    """Ordinals of the days off that fall on Monday to Friday, in order."""

    def __post_init__(self) -> None:
        if self.hours_a_day <= timedelta(0):
            raise ValueError(f"a working day that opens at {self.opens} can't close at {self.closes}")
        off = {day.toordinal() for day in self.bank_holidays | self.closure_days if day.weekday() < 5}
        object.__setattr__(self, "weekdays_off", tuple(sorted(off)))

    @property
    def hours_a_day(self) -> timedelta:
        """How long the office is open on a working day. The clocks change on Sundays only, so it never varies."""
        return since_midnight(self.closes, ends_day=True) - since_midnight(self.opens)

    def is_working_day(self, day: date) -> bool:
        """Whether a London date is a working day."""
        return day.weekday() < 5 and day not in self.bank_holidays and day not in self.closure_days

    def working_day_after(self, day: date, count: int) -> date:
        """The `count`th working day after `day`, or `day` itself for 0. Steps are few however large the count."""
        at = day.toordinal()
        target = self._working_days_to(at) + count
        while (short := target - self._working_days_to(at)) > 0:
            at += short
        return date.fromordinal(at)

    def _working_days_to(self, ordinal: int) -> int:
        """Working days from the first Monday of the calendar up to and with this day."""
        weeks, weekday = divmod(ordinal - 1, 7)
        return weeks * 5 + min(weekday + 1, 5) - bisect_right(self.weekdays_off, ordinal)


def due(limit: Limit, start: datetime, calendar: Calendar) -> datetime:
    """The instant, in UTC, at which a limit that began at `start` ends.

    - clock hours: so many elapsed hours, through nights and clock changes;
    - working hours: so many hours while the office is open; outside them the count waits for the next opening;
    - working days: 23:59:59 in London on the last of them; the London day of `start` is day zero.

    Raises ValueError for a `start` without a time zone, a negative amount, or an end beyond the year 9999.
    """
    if start.tzinfo is None or start.utcoffset() is None:
        raise ValueError("a clock needs a start with a time zone")
    if limit.amount < 0:
        raise ValueError(f"a limit can't be negative: {limit.amount}")
    try:
        if limit.unit is Unit.CLOCK_HOURS:
            return start.astimezone(UTC) + timedelta(hours=limit.amount)
        local = start.astimezone(LONDON)
        if limit.unit is Unit.WORKING_DAYS:
            last = calendar.working_day_after(local.date(), limit.amount)
            return datetime.combine(last, LAST_SECOND, LONDON).astimezone(UTC)
        return after_working_time(timedelta(hours=limit.amount), local, calendar)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"a limit of {limit.amount} {limit.unit} ends beyond the calendar") from error


def after_working_time(left: timedelta, local: datetime, calendar: Calendar) -> datetime:
    """The instant, in UTC, at which so much working time has gone since a London instant."""
    opens = since_midnight(calendar.opens)
    closes = since_midnight(calendar.closes, ends_day=True)
    day, elapsed = local.date(), since_midnight(local.time())
    if not calendar.is_working_day(day) or elapsed >= closes:
        day, elapsed = calendar.working_day_after(day, 1), opens
    at = max(elapsed, opens) + left
    if at > closes:
        # What is left after this day, in whole days and a rest. A count that ends with the day ends at its closing.
        days, rest = divmod(at - closes, calendar.hours_a_day)
        if not rest:
            days, rest = days - 1, calendar.hours_a_day
        day, at = calendar.working_day_after(day, days + 1), opens + rest
    return (datetime.combine(day, time(), LONDON) + at).astimezone(UTC)


def since_midnight(clock: time, *, ends_day: bool = False) -> timedelta:
    """A wall-clock time as what the clock shows since midnight; 00:00 that `ends_day` is 24 hours."""
    shown = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    return ONE_DAY if ends_day and not shown else shown


def stage(due_at: datetime, met_at: datetime | None, at: datetime, warn_before: timedelta) -> Stage:
    """How far a clock has run at the instant `at`. All instants are aware.

    Met from `met_at` on, early or late; overdue once `due_at` has passed; due soon from `warn_before` ahead of it.
    """
    if met_at is not None and met_at <= at:
        return Stage.MET
    if at > due_at:
        return Stage.OVERDUE
    if at >= due_at - warn_before:
        return Stage.DUE_SOON
    return Stage.RUNNING


def time_left(due_at: datetime, at: datetime) -> str:
    """What is left in words: "2 days 3 hours left", "45 minutes left", "1 hour overdue", "due now".

    Elapsed time, rounded down to the minute; beyond a day, to the hour.
    """
    left = due_at.astimezone(UTC) - at.astimezone(UTC)
    minutes = int(abs(left).total_seconds()) // 60
    if minutes == 0:
        return "due now"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    amounts = ((days, "day"), (hours, "hour"), (0 if days else minutes, "minute"))
    words = " ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in amounts if count)
    return f"{words} {'overdue' if left < timedelta(0) else 'left'}"
