"""What a pause does to a clock, held to a slow counter written apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresholds.domain.clock import Calendar, Limit, Starts, Unit, due
from thresholds.domain.pausing import Pause, due_after_pauses

LONDON = ZoneInfo("Europe/London")
ENGLAND = Calendar(bank_holidays=frozenset([date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)]))


def limit(amount: int, unit: Unit) -> Limit:
    return Limit("any", "Any", amount, unit, Starts.RECEIVED, "")


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("amount", "unit", "start", "began", "ended", "expected"),
    [
        # 24 elapsed hours, three of them standing still.
        (24, Unit.CLOCK_HOURS, "2026-11-24T09:00", "2026-11-24T12:00", "2026-11-24T15:00", "2026-11-25T12:00:00"),
        # Two of three days are left on Tuesday; it runs again on Friday: Monday and Tuesday.
        (3, Unit.WORKING_DAYS, "2026-11-23T09:00", "2026-11-24T12:00", "2026-11-27T15:00", "2026-12-01T23:59:59"),
        # Paused on its last day, run again on Saturday: the next working day.
        (1, Unit.WORKING_DAYS, "2026-11-24T09:00", "2026-11-25T12:00", "2026-11-28T15:00", "2026-11-30T23:59:59"),
        # Paused and let run on within one day: nothing is lost, nothing won.
        (5, Unit.WORKING_DAYS, "2026-11-23T09:00", "2026-11-24T10:00", "2026-11-24T15:00", "2026-11-30T23:59:59"),
        # Over Christmas: one day was left on the 24th, run again on Boxing Day, a Saturday.
        (2, Unit.WORKING_DAYS, "2026-12-23T09:00", "2026-12-24T10:00", "2026-12-26T15:00", "2026-12-29T23:59:59"),
        # Two of eight working hours are gone at eleven; six are left from the next morning at ten.
        (8, Unit.WORKING_HOURS, "2026-11-24T09:00", "2026-11-24T11:00", "2026-11-25T10:00", "2026-11-25T16:00:00"),
        # A pause after the end mends nothing.
        (24, Unit.CLOCK_HOURS, "2026-11-24T09:00", "2026-11-25T10:00", "2026-11-26T10:00", "2026-11-25T09:00:00"),
    ],
)
def test_what_was_left_is_left(amount: int, unit: Unit, start: str, began: str, ended: str, expected: str) -> None:
    pause = Pause(london(began), london(ended))
    ends = due_after_pauses(limit(amount, unit), london(start), [pause], ENGLAND)
    assert f"{ends.astimezone(LONDON):%Y-%m-%dT%H:%M:%S}" == expected
    assert ends.tzinfo is UTC


def slowly(amount: int, unit: Unit, start: datetime, pause: Pause, calendar: Calendar) -> datetime:
    """Counted minute by minute, or day by day, with the pause left out."""
    if unit is Unit.WORKING_DAYS:
        day, left = start.astimezone(LONDON).date(), amount
        began, ended = (each.astimezone(LONDON).date() for each in (pause.began, pause.ended))
        still_running = due(limit(amount, unit), start, calendar) >= pause.began
        while left:
            day += timedelta(days=1)
            if calendar.is_working_day(day) and not (still_running and began < day <= ended):
                left -= 1
        if still_running and day < ended:  # the last day was gone into when it stopped: it is given again
            day = ended
            while not calendar.is_working_day(day):
                day += timedelta(days=1)
        return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=LONDON).astimezone(UTC)
    at, left = start, amount * 60
    if due(limit(amount, unit), start, calendar) < pause.began:
        return due(limit(amount, unit), start, calendar)
    while left:
        local = at.astimezone(LONDON)
        open_now = calendar.is_working_day(local.date()) and calendar.opens <= local.time() < calendar.closes
        counts = unit is Unit.CLOCK_HOURS or open_now
        if counts and not pause.began <= at < pause.ended:
            left -= 1
        at += timedelta(minutes=1)
    return at


minutes = st.integers(0, 12 * 24 * 60)


@settings(max_examples=60, deadline=None)
@given(
    amount=st.integers(1, 9),
    unit=st.sampled_from(Unit),
    start=minutes,
    after=st.integers(0, 6 * 24 * 60),
    length=st.integers(0, 5 * 24 * 60),
)
def test_a_pause_agrees_with_the_slow_counter(amount: int, unit: Unit, start: int, after: int, length: int) -> None:
    began = datetime(2026, 12, 18, tzinfo=UTC) + timedelta(minutes=start)
    stopped = began + timedelta(minutes=after)
    pause = Pause(stopped, stopped + timedelta(minutes=length))
    ends = due_after_pauses(limit(amount, unit), began, [pause], ENGLAND)
    if length:
        slow = slowly(amount, unit, began, pause, ENGLAND)
        if unit is Unit.WORKING_HOURS and due(limit(amount, unit), began, ENGLAND) == pause.began:
            assert ends >= slow  # it ran out in the very minute in which it was stopped
        else:
            assert ends == slow
    assert ends >= due(limit(amount, unit), began, ENGLAND), "a pause never brings an end nearer"
