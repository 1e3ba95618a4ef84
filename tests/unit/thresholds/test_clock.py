"""Clocks: the published vectors, the awkward hours, and a slow counter written apart."""

from __future__ import annotations

import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from thresholds.domain.clock import Calendar, Limit, Stage, Starts, Unit, due, stage, time_left

LONDON = ZoneInfo("Europe/London")
HOLIDAYS = frozenset(
    [
        *(date(2026, *day) for day in ((1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28))),
        *(date(2027, *day) for day in ((1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28))),
    ]
)
ENGLAND = Calendar(bank_holidays=HOLIDAYS)


def limit(amount: int, unit: Unit) -> Limit:
    return Limit("any", "Any", amount, unit, Starts.RECEIVED, "")


def london(text: str, fold: int = 0) -> datetime:
    """A London wall-clock time; with fold 1 the second of an hour that happens twice."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold)


def shown(instant: datetime) -> str:
    assert instant.tzinfo is UTC
    return f"{instant.astimezone(LONDON):%a %Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-12-24T10:00", 1, "Tue 2026-12-29"),
        ("2026-12-25T10:00", 1, "Tue 2026-12-29"),
        ("2026-12-26T10:00", 1, "Tue 2026-12-29"),
        ("2027-03-25T10:00", 1, "Tue 2027-03-30"),
        ("2026-11-20T10:00", 10, "Fri 2026-12-04"),
        ("2026-11-20T10:00", 15, "Fri 2026-12-11"),
        ("2026-11-20T10:00", 45, "Wed 2027-01-27"),
        ("2026-11-20T16:59", 5, "Fri 2026-11-27"),
        ("2026-12-24T23:30", 1, "Tue 2026-12-29"),
        ("2026-12-24T23:30", 5, "Tue 2027-01-05"),
    ],
)
def test_working_days_run_to_the_end_of_the_last_one(received: str, days: int, expected: str) -> None:
    assert shown(due(limit(days, Unit.WORKING_DAYS), london(received), ENGLAND)) == f"{expected} 23:59:59"


@pytest.mark.parametrize(("fold", "utc"), [(0, "2026-10-25T00:30"), (1, "2026-10-25T01:30")])
def test_the_october_hour_that_happens_twice(fold: int, utc: str) -> None:
    start = london("2026-10-25T01:30", fold)
    assert start.astimezone(UTC) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert shown(due(limit(5, Unit.WORKING_DAYS), start, ENGLAND)) == "Fri 2026-10-30 23:59:59"
    assert due(limit(24, Unit.CLOCK_HOURS), start, ENGLAND) == start.astimezone(UTC) + timedelta(hours=24)
    assert shown(due(limit(2, Unit.WORKING_HOURS), start, ENGLAND)) == "Mon 2026-10-26 11:00:00"


def test_a_day_begins_in_london_not_in_utc() -> None:
    late = datetime(2026, 7, 9, 23, 30, tzinfo=UTC)
    assert shown(due(limit(1, Unit.WORKING_DAYS), late, ENGLAND)) == "Mon 2026-07-13 23:59:59"


def test_clock_hours_run_through_nights_and_clock_changes() -> None:
    assert shown(due(limit(24, Unit.CLOCK_HOURS), london("2026-10-24T12:00"), ENGLAND)) == "Sun 2026-10-25 11:00:00"
    assert shown(due(limit(24, Unit.CLOCK_HOURS), london("2027-03-27T12:00"), ENGLAND)) == "Sun 2027-03-28 13:00:00"
    assert shown(due(limit(24, Unit.CLOCK_HOURS), london("2026-11-20T16:59"), ENGLAND)) == "Sat 2026-11-21 16:59:00"


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-20T16:59", 1, "Mon 2026-11-23 09:59:00"),
        ("2026-11-20T09:00", 8, "Fri 2026-11-20 17:00:00"),
        ("2026-11-20T17:00", 8, "Mon 2026-11-23 17:00:00"),
        ("2026-11-20T07:00", 1, "Fri 2026-11-20 10:00:00"),
        ("2026-12-24T23:30", 1, "Tue 2026-12-29 10:00:00"),
        ("2026-11-21T12:00", 16, "Tue 2026-11-24 17:00:00"),
    ],
)
def test_working_hours_wait_for_the_next_opening(start: str, hours: int, expected: str) -> None:
    assert shown(due(limit(hours, Unit.WORKING_HOURS), london(start), ENGLAND)) == expected


def test_closure_days_are_days_off() -> None:
    closed = Calendar(bank_holidays=HOLIDAYS, closure_days=frozenset({date(2026, 11, 23), date(2026, 11, 28)}))
    assert shown(due(limit(1, Unit.WORKING_DAYS), london("2026-11-20T10:00"), closed)) == "Tue 2026-11-24 23:59:59"
    assert not closed.is_working_day(date(2026, 11, 23))


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due(limit(1, Unit.WORKING_DAYS), datetime(2026, 11, 20, 10), ENGLAND)  # noqa: DTZ001


def test_what_can_not_be_counted_is_refused() -> None:
    start = london("2026-11-20T10:00")
    with pytest.raises(ValueError, match="negative"):
        due(limit(-1, Unit.CLOCK_HOURS), start, ENGLAND)
    for unit in Unit:
        with pytest.raises(ValueError, match="beyond the calendar"):
            due(limit(10**9, unit), start, ENGLAND)
    with pytest.raises(ValueError, match="can't close"):
        Calendar(opens=time(17), closes=time(9))


def test_long_limits_are_cheap() -> None:
    start = london("2026-11-20T10:00")
    began = stopwatch.process_time()
    for _ in range(1_000):
        for unit in Unit:
            due(limit(10_000, unit), start, ENGLAND)
    assert stopwatch.process_time() - began < 1


instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
offs = st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=40)
hours_open = st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda pair: pair[0] < pair[1])


def slow_working_days(start: datetime, days: int, calendar: Calendar) -> datetime:
    """Day by day, in the words of the rule."""
    day = start.astimezone(LONDON).date()
    counted = 0
    while counted < days:
        day += timedelta(days=1)
        off = day.isoweekday() > 5 or day in calendar.bank_holidays or day in calendar.closure_days
        counted += not off
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=LONDON)


def slow_working_hours(start: datetime, hours: int, calendar: Calendar) -> datetime:
    """Minute by minute of real time."""
    instant, left = start, hours * 60
    closes = calendar.closes.hour or 24
    while left:
        here = instant.astimezone(LONDON)
        off = here.isoweekday() > 5 or here.date() in calendar.bank_holidays or here.date() in calendar.closure_days
        if off or not calendar.opens.hour <= here.hour < closes:
            instant += timedelta(minutes=60 - here.minute)
        else:
            instant += timedelta(minutes=1)
            left -= 1
    return instant


@settings(max_examples=200, deadline=None)
@given(instants, st.integers(0, 60), offs, offs)
def test_working_days_agree_with_the_slow_counter(
    start: datetime, days: int, holidays: frozenset[date], closures: frozenset[date]
) -> None:
    calendar = Calendar(bank_holidays=holidays, closure_days=closures)
    assert due(limit(days, Unit.WORKING_DAYS), start, calendar) == slow_working_days(start, days, calendar)


@settings(max_examples=150, deadline=None)
@given(instants, st.integers(1, 30), offs, hours_open)
def test_working_hours_agree_with_the_slow_counter(
    start: datetime, hours: int, closures: frozenset[date], open_hours: tuple[int, int]
) -> None:
    opens, closes = open_hours
    assume(closes - opens > 3)
    calendar = Calendar(HOLIDAYS, closures, time(opens), time(closes % 24))
    start = start.replace(second=0, microsecond=0)
    assert due(limit(hours, Unit.WORKING_HOURS), start, calendar) == slow_working_hours(start, hours, calendar)


@settings(max_examples=200, deadline=None)
@given(instants, st.integers(0, 300), st.sampled_from(Unit), st.integers(-14, 14))
def test_due_is_utc_never_early_grows_and_asks_the_instant_only(
    start: datetime, amount: int, unit: Unit, offset: int
) -> None:
    end = due(limit(amount, unit), start, ENGLAND)
    assert end.tzinfo is UTC
    assert end >= start.replace(microsecond=0)
    assert due(limit(amount + 1, unit), start, ENGLAND) > end
    assert due(limit(amount, unit), start.astimezone(timezone(timedelta(hours=offset))), ENGLAND) == end


DUE = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "met_at", "expected"),
    [
        (DUE - 3 * HOUR, None, Stage.RUNNING),
        (DUE - 2 * HOUR, None, Stage.DUE_SOON),
        (DUE, None, Stage.DUE_SOON),
        (DUE + timedelta(seconds=1), None, Stage.OVERDUE),
        (DUE + HOUR, DUE + HOUR, Stage.MET),
        (DUE - 3 * HOUR, DUE - 4 * HOUR, Stage.MET),
        (DUE - 3 * HOUR, DUE, Stage.RUNNING),
    ],
)
def test_stage(at: datetime, met_at: datetime | None, expected: Stage) -> None:
    assert stage(DUE, met_at, at, 2 * HOUR) is expected


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2, hours=3, minutes=5), "2 days 3 hours left"),
        (timedelta(days=1), "1 day left"),
        (timedelta(hours=1, minutes=1), "1 hour 1 minute left"),
        (timedelta(minutes=45), "45 minutes left"),
        (timedelta(seconds=30), "due now"),
        (timedelta(seconds=-30), "due now"),
        (timedelta(hours=-3), "3 hours overdue"),
        (timedelta(days=-1, hours=-1), "1 day 1 hour overdue"),
    ],
)
def test_time_left(left: timedelta, words: str) -> None:
    assert time_left(DUE, DUE - left) == words
