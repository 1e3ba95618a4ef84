"""Dates, times and text as people type them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.typed import Unreadable, clean_line, clean_text, read_date, read_time

ANYTHING = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        (("5", "3", "2021"), (2021, 3, 5)),
        (("05", "03", "2021"), (2021, 3, 5)),
        (("5th", "March", "2021"), (2021, 3, 5)),
        (("5", "mar", "2021"), (2021, 3, 5)),
        (("5", "Sept.", "2021"), (2021, 9, 5)),
        ((" 5 /", "/ 3", "2021 "), (2021, 3, 5)),
        (("5 / 3 / 2021", "", ""), (2021, 3, 5)),
        (("", "5.3.2021", ""), (2021, 3, 5)),
        (("5th of March 2021", "", ""), (2021, 3, 5)),
        (("", "", "2021-03-05"), (2021, 3, 5)),
        (("29", "2", "2024"), (2024, 2, 29)),
    ],
)
def test_dates_are_read_as_people_write_them(typed, date):
    assert read_date(*typed) == dt.date(*date)


@pytest.mark.parametrize(
    ("typed", "says", "parts"),
    [
        (("5", "3", "21"), "must have all four digits of the year, such as 2019", ("year",)),
        (("5/3/21", "", ""), "must have all four digits of the year, such as 2019", ("year",)),
        (("5", "3", "20025"), "must have a year of four digits; check the year", ("year",)),
        (("5", "3", "1821"), "must be in 1900 or later; check the year", ("year",)),
        (("31", "2", "2021"), "must be a real date: February 2021 has 28 days", ("day",)),
        (("31", "april", "2021"), "must be a real date: April 2021 has 30 days", ("day",)),
        (("0", "3", "2021"), "must have a day between 1 and 31", ("day",)),
        (("32", "3", "2021"), "must have a day between 1 and 31", ("day",)),
        (("5", "13", "2021"), "must have a month between 1 and 12", ("month",)),
        (("5", "ma", "2021"), "must have a month as a number or a name, such as 3 or March", ("month",)),
        (("five", "3", "2021"), "must have a day in numbers", ("day",)),
        (("5", "3", "last"), "must have a year in numbers", ("year",)),
        (("5", "", "2021"), "must include a month", ("month",)),
        (("", "", "2021"), "must include a day and a month", ("day", "month")),
        (("5" * 5000, "3", "2021"), "must be a real date", ("day", "month", "year")),
    ],
)
def test_each_mistake_in_a_date_says_what_to_put_right(typed, says, parts):
    with pytest.raises(Unreadable) as told:
        read_date(*typed)
    assert (told.value.says, told.value.parts) == (says, parts)


def test_empty_boxes_are_no_date():
    assert read_date("", " ", "\t") is None


@pytest.mark.parametrize(
    ("typed", "time"),
    [
        ("4:30pm", (16, 30)),
        ("4.30 p.m.", (16, 30)),
        ("16:30", (16, 30)),
        ("1630", (16, 30)),
        ("0905", (9, 5)),
        ("4pm", (16, 0)),
        ("12am", (0, 0)),
        ("12:15am", (0, 15)),
        ("12pm", (12, 0)),
        ("Midday", (12, 0)),
        ("midnight", (0, 0)),
    ],
)
def test_times_are_read_as_people_write_them(typed, time):
    assert read_time(typed) == dt.time(*time)


@pytest.mark.parametrize("typed", ["half past 4", "4", "25:00", "4:75pm", "13am", "0pm", "soon", "9" * 5000])
def test_what_is_no_time_is_told(typed):
    with pytest.raises(Unreadable, match="such as 4:30pm"):
        read_time(typed)


def test_text_loses_only_what_nothing_can_hold():
    word = "“Mum’s boyfriend” – he said… naïve 👩‍👧 ‮"
    typed = f"  {word}\x00\x07\ud800\ufffe\U0001ffff\ufdd0\r\nthen\rhe left\tat once\n "
    assert clean_text(typed) == f"{word}\nthen\nhe left\tat once"
    assert clean_line("  two\r\n words\x00 ") == "two words"


@given(ANYTHING)
def test_clean_text_is_clean_and_stays_so(text):
    clean = clean_text(text)
    clean.encode()
    assert "\x00" not in clean
    assert "\r" not in clean
    assert clean_text(clean) == clean


@given(ANYTHING, ANYTHING, ANYTHING)
def test_no_date_boxes_break_the_reading(day, month, year):
    try:
        read = read_date(day, month, year)
    except Unreadable as told:
        assert told.parts
    else:
        assert read is None or read.year >= 1900


@given(st.dates(dt.date(1900, 1, 1), dt.date(9999, 12, 31)))
def test_every_date_is_read_back_from_numbers_and_from_names(date):
    assert read_date(str(date.day), str(date.month), str(date.year)) == date
    assert read_date(f"{date.day} {date:%B} {date.year:04}", "", "") == date
    assert read_date(date.isoformat(), "", "") == date


@given(ANYTHING)
def test_no_time_breaks_the_reading(typed):
    try:
        assert read_time(typed) is None or clean_line(typed)
    except Unreadable as told:
        assert told.says


@given(st.times())
def test_every_time_is_read_back(time):
    assert read_time(f"{time:%H:%M}") == time.replace(second=0, microsecond=0)
    assert read_time(f"{time.hour % 12 or 12}:{time:%M}{'pm' if time.hour > 11 else 'am'}") == dt.time(
        time.hour, time.minute
    )
