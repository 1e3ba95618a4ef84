"""What a pause does to a clock. Pure: the pauses, the calendar and every instant are arguments.

What was left when the clock stopped is what is left when it runs again: elapsed hours as elapsed hours, working hours
as working hours, working days as working days. A pause that begins after the limit ran out mends nothing.

    >>> from datetime import UTC, datetime
    >>> from thresholds.domain.clock import Limit, Starts, Unit
    >>> within = Limit("decide", "Decide", 24, Unit.CLOCK_HOURS, Starts.RECEIVED, "p. 16")
    >>> pause = Pause(datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 24, 15, tzinfo=UTC))
    >>> due_after_pauses(within, datetime(2026, 11, 24, 9, tzinfo=UTC), [pause], Calendar()).isoformat()
    '2026-11-25T12:00:00+00:00'
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from thresholds.domain.clock import LAST_SECOND, LONDON, Calendar, Limit, Unit, after_working_time, due, since_midnight

__all__ = ["Pause", "due_after_pauses", "working_days_between", "working_time_between"]


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a clock stood still. Both instants are aware."""

    began: datetime
    ended: datetime


def due_after_pauses(limit: Limit, start: datetime, pauses: Iterable[Pause], calendar: Calendar) -> datetime:
    """When a limit that began at `start` ends, its pauses taken out, in UTC. Raises as `due` does.

    A working day that was left when the clock stopped is left when it runs again, on whatever day: a clock that is
    paused on its last day and runs again on a Saturday ends with the next working day.
    """
    ends = due(limit, start, calendar)
    for pause in sorted(pauses, key=lambda each: each.began):
        if pause.began > ends or pause.ended <= pause.began:
            continue
        ends = resumed(limit.unit, ends, pause, calendar)
    return ends


def resumed(unit: Unit, ends: datetime, pause: Pause, calendar: Calendar) -> datetime:
    """When a clock ends that was to end at `ends` and stood still for one pause before it."""
    if unit is Unit.CLOCK_HOURS:
        return ends + (pause.ended - pause.began)
    again = pause.ended.astimezone(LONDON)
    if unit is Unit.WORKING_DAYS:
        days = working_days_between(pause.began.astimezone(LONDON).date(), ends.astimezone(LONDON).date(), calendar)
        last = calendar.working_day_after(again.date(), days)
        if not days and not calendar.is_working_day(last):
            last = calendar.working_day_after(last, 1)
        return max(ends, datetime.combine(last, LAST_SECOND, LONDON).astimezone(UTC))
    left = working_time_between(pause.began, ends, calendar)
    return max(ends, after_working_time(left, again, calendar))


def working_days_between(day: date, until: date, calendar: Calendar) -> int:
    """How many working days come after `day`, up to and with `until`."""
    count, step = 0, timedelta(days=1)
    while day < until:
        day += step
        count += calendar.is_working_day(day)
    return count


def working_time_between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How long the office is open between two instants."""
    opens, closes = since_midnight(calendar.opens), since_midnight(calendar.closes, ends_day=True)

    def gone(instant: datetime) -> timedelta:
        local = instant.astimezone(LONDON)
        if not calendar.is_working_day(local.date()):
            return timedelta(0)
        return min(max(since_midnight(local.time()), opens), closes) - opens

    first, last = start.astimezone(LONDON).date(), end.astimezone(LONDON).date()
    days = working_days_between(first, last, calendar)
    # Whole days from the first day's opening to the last day's; the first day counts where it is a working day.
    whole = days - calendar.is_working_day(last) + calendar.is_working_day(first)
    if first == last:
        whole = 0
    return calendar.hours_a_day * whole + gone(end) - gone(start)
