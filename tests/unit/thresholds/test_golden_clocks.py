"""The table of due instants, worked out by hand, against the clock with England's own bank holidays."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from partnerships.hours import bank_holidays
from thresholds.domain.clock import Calendar, due
from thresholds.domain.scheme import Limit, Starts, Unit

LONDON = ZoneInfo("Europe/London")
TABLE = Path(__file__).parents[2] / "golden" / "clocks.csv"
ROWS = list(csv.DictReader(TABLE.open(encoding="utf-8")))


def instant(text: str) -> dt.datetime:
    """`2026-10-25 01:30 second` in London as an instant in UTC; *second* is the hour after the clocks went back."""
    stamp = text.removesuffix(" first").removesuffix(" second")
    return dt.datetime.fromisoformat(stamp).replace(tzinfo=LONDON, fold=text.endswith("second")).astimezone(dt.UTC)


def test_the_table_is_long_enough_and_names_each_case_once() -> None:
    assert len(ROWS) >= 80
    assert len({row["case"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row["case"] for row in ROWS])
def test_row(row: dict[str, str]) -> None:
    limit = Limit(
        slug="limit",
        name="Limit",
        amount=int(row["amount"]),
        unit=Unit(row["unit"]),
        starts=Starts.RECEIVED,
        source="clocks.csv",
    )
    calendar = Calendar(
        bank_holidays=bank_holidays(),
        closure_days=frozenset(dt.date.fromisoformat(day) for day in row["closed"].split()),
    )
    answer = due(limit, instant(row["received"]), calendar)
    assert answer == instant(row["due"]), f"{row['because']}; the clock says {answer.astimezone(LONDON)}"


def test_the_bundled_bank_holidays_reach_a_year_ahead() -> None:
    assert max(bank_holidays()) > dt.datetime.now(dt.UTC).date() + dt.timedelta(days=365), (
        "The bundled bank holidays end within a year: take a newer govuk-bank-holidays"
    )
