"""What people type, made fit to keep: text without what no database or page can hold, dates and times as people write.

    >>> clean_text("He said \\x00“no”.\\r\\nThen he left.")
    'He said “no”.\\nThen he left.'
    >>> read_date("5th", "mar", "2021")
    datetime.date(2021, 3, 5)
    >>> read_time("half past 4")
    Traceback (most recent call last):
    partnerships.typed.Unreadable: must be a time in figures, such as 4:30pm

Nothing of what somebody meant to say is dropped: only control characters and halves of broken characters are.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata

MONTHS = tuple(name.lower() for name in calendar.month_name)
DATE_PARTS = ("day", "month", "year")
LONGEST_PART = 60
EARLIEST_YEAR = 1900

LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
WHOLE_DATE = re.compile(
    r"(\d{1,5})\s*(?:st|nd|rd|th)?[\s/.,\-]+(?:of\s+)?(\d{1,2}|[a-z]{3,9})\.?[\s/.,\-]+(\d{1,6})", re.I
)
TIME = re.compile(
    r"(\d{1,2})(?:\s*[:.h]\s*|(?=\d\d\b)|(?=\d\d\s*[ap]))?(\d\d)?\s*(?:hrs?|hours)?\s*([ap]\.?\s*m\.?)?", re.I
)
WORDS_FOR_TIMES = {"midday": dt.time(12), "noon": dt.time(12), "midnight": dt.time(0)}


class Unreadable(ValueError):
    """Typed, but not to be understood. `says` completes "The date …"; `parts` are the boxes to mend."""

    def __init__(self, says: str, parts: tuple[str, ...] = ()) -> None:
        super().__init__(says)
        self.says = says
        self.parts = parts


def clean_text(text: str) -> str:
    """Several lines of text: line ends made one, what is no character taken out, ends trimmed."""
    text = LINE_ENDS.sub("\n", text)
    if text.isascii() and text.replace("\n", "").isprintable():
        return text.strip()
    kept = (each for each in text if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs"))
    return "".join(each for each in kept if not is_no_character(each)).strip()


def is_no_character(each: str) -> bool:
    """What Unicode keeps for no character, ever: nobody types it, and one of it makes a file of XML unreadable.

    >>> is_no_character("\ufffe"), is_no_character("\ufdd0"), is_no_character("é")
    (True, True, False)
    """
    return ord(each) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(each) <= 0xFDEF


def clean_line(text: str) -> str:
    """One line of text: as `clean_text`, with every run of white space made one space."""
    return " ".join(clean_text(text).split())


def read_date(day: str, month: str, year: str) -> dt.date | None:
    """The date in three boxes, or whole in one of them; None where all are empty.

    Months are numbers or names; a year has four digits. Raises `Unreadable` with what to put right.
    """
    boxes = [clean_line(part).strip(" /.,-") for part in (day, month, year)]
    filled = [part for part in boxes if part]
    if not filled:
        return None
    if any(len(part) > LONGEST_PART for part in boxes):
        raise Unreadable("must be a real date", DATE_PARTS)
    if len(filled) == 1 and (whole := WHOLE_DATE.fullmatch(filled[0])):
        boxes = list(whole.groups())
        if len(boxes[0]) == 4:
            boxes.reverse()
    missing = tuple(name for name, part in zip(DATE_PARTS, boxes, strict=True) if not part)
    if missing:
        raise Unreadable("must include " + " and ".join(f"a {name}" for name in missing), missing)
    return assembled(_number(re.sub(r"(?<=\d)(st|nd|rd|th)$", "", boxes[0], flags=re.I), "day"), *boxes[1:])


def assembled(day: int, month_typed: str, year_typed: str) -> dt.date:
    """A real date from a day, a month by number or name, and a year in full."""
    month = _month(month_typed)
    year = _number(year_typed, "year")
    digits = len(year_typed)
    if digits < 4:
        raise Unreadable("must have all four digits of the year, such as 2019", ("year",))
    if digits > 4:
        raise Unreadable("must have a year of four digits; check the year", ("year",))
    if year < EARLIEST_YEAR:
        raise Unreadable(f"must be in {EARLIEST_YEAR} or later; check the year", ("year",))
    if not 1 <= day <= 31:
        raise Unreadable("must have a day between 1 and 31", ("day",))
    days = calendar.monthrange(year, month)[1]
    if day > days:
        raise Unreadable(f"must be a real date: {MONTHS[month].title()} {year} has {days} days", ("day",))
    return dt.date(year, month, day)


def _month(typed: str) -> int:
    if re.fullmatch(r"\d+", typed):
        month = int(typed)
        if not 1 <= month <= 12:
            raise Unreadable("must have a month between 1 and 12", ("month",))
        return month
    name = typed.lower().rstrip(".")
    if len(name) >= 3:
        for number, full in enumerate(MONTHS):
            if full and (full.startswith(name) or (name == "sept" and number == 9)):
                return number
    raise Unreadable("must have a month as a number or a name, such as 3 or March", ("month",))


def _number(typed: str, part: str) -> int:
    if not re.fullmatch(r"\d+", typed):
        raise Unreadable(f"must have a {part} in numbers", (part,))
    return int(typed)


A_WORD = re.compile(r"[^\W\d_]{3,}")


def says_in_words(typed: str) -> bool:
    """Whether a time is said in words, not in figures that went wrong.

    >>> says_in_words("about half past 3"), says_in_words("lunchtime"), says_in_words("25:00"), says_in_words("13 am")
    (True, True, False, False)
    """
    return bool(A_WORD.search(typed))


def clock_words(time: dt.time) -> str:
    """A time of day as it is shown: 4:30pm; on the hour 4pm; midday and midnight by name."""
    if time.minute == 0 and time.hour in (0, 12):
        return "midday" if time.hour else "midnight"
    minutes = f":{time.minute:02}" if time.minute else ""
    return f"{time.hour % 12 or 12}{minutes}{'pm' if time.hour >= 12 else 'am'}"


def read_time(typed: str) -> dt.time | None:
    """A time of day as people write it: 4:30pm, 4.30 pm, 16:30, 1630, 4pm, midday; None where it is empty."""
    text = clean_line(typed).lower()
    if not text:
        return None
    if text in WORDS_FOR_TIMES:
        return WORDS_FOR_TIMES[text]
    found = TIME.fullmatch(text) if len(text) <= LONGEST_PART else None
    if not found or not (found[2] or found[3]):
        raise Unreadable("must be a time in figures, such as 4:30pm")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "")[:1]
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= (12 if half == "a" else 23)):
        raise Unreadable("must be a real time, such as 4:30pm")
    if half == "p" and hour < 12:
        hour += 12
    if half == "a" and hour == 12:
        hour = 0
    return dt.time(hour, minute)
