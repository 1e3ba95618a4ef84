"""Reading untrusted data: every mistake noted with its place, and a stand-in value so that the reading goes on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from thresholds.domain.scheme import Frozen, Scheme

AnyEnum = TypeVar("AnyEnum", bound=StrEnum)

UNREAD = -1
"""Stands for a number that could not be read: checks between parts pass over it. For text it is the empty string."""

UNREAD_DAY = date.min
MOST = 10_000
MAX_DEPTH = 12
MAX_ENTRIES = 5_000
SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LINE_ENDS = re.compile(r"\r\n?")
MOST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong. `path` is such as `indicators[3].level`; `line` counts from 1, None where it is not known.

    `place` is where it stands in a spreadsheet, "sheet Levels, row 3, column Route": it then stands for the path.
    """

    path: str
    found: str
    expected: str
    line: int | None = None
    place: str = ""

    @property
    def where(self) -> str:
        """Where it is, for people: a place in a spreadsheet, or a line with its path."""
        line = "" if self.line is None else f"line {self.line}: "
        return self.place or f"{line}{self.path or 'the file'}"

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}"


class SchemeErrors(ValueError):  # noqa: N818 - it is a list of them
    """Every mistake in a scheme at once, in the order of the file where its lines are known.

    `scheme` is what could be read, with stand-ins for what could not; None where nothing could.
    """

    def __init__(self, mistakes: tuple[Mistake, ...], scheme: Scheme | None = None) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
        self.scheme = scheme


class Notes:
    """Collects mistakes. `positions` maps a path to its line; a path not there takes the line of what it stands in."""

    def __init__(self, positions: Mapping[str, int] | None = None) -> None:
        self._positions = positions or {}
        self.mistakes: list[Mistake] = []
        self._paths: set[str] = set()

    def note(self, path: str, found: str, expected: str) -> None:
        """Note a mistake: what was found there, and what was expected."""
        self.mistakes.append(Mistake(path, found, expected, self._line(path)))
        self._paths.add(path)

    def has(self, path: str) -> bool:
        """Whether a mistake is noted at that very path."""
        return path in self._paths

    def raise_any(self, scheme: Scheme | None = None) -> None:
        """Raise `SchemeErrors` if anything was noted."""
        if self.mistakes:
            ordered = sorted(self.mistakes, key=lambda mistake: mistake.line or 0)
            raise SchemeErrors(tuple(ordered), scheme)

    def _line(self, path: str) -> int | None:
        while path and path not in self._positions:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._positions.get(path)


class Part:
    """One mapping of the data, read key by key. `done` then names the keys that nobody asked for.

    What is no mapping is noted once; its keys then read as absent, and are not noted again.
    """

    def __init__(self, value: Any, path: str, notes: Notes) -> None:
        self.path = path
        self.notes = notes if isinstance(value, Mapping) else Notes()
        self._asked: set[str] = set()
        self._told: Mapping[Any, Any] = {}
        if isinstance(value, Mapping):
            self._told = value
        else:
            notes.note(path, shown(value), "a mapping")

    def at(self, key: str) -> str:
        """The path of one of its keys."""
        return f"{self.path}.{key}" if self.path else key

    def keys(self) -> tuple[Any, ...]:
        """Its keys, as they stand."""
        return tuple(self._told)

    def take(self, key: str) -> Any:
        """The value as it is, None where it is absent."""
        self._asked.add(key)
        return self._told.get(key)

    def text(self, key: str) -> str:
        """Text with something in it."""
        value = self.take(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            self.notes.note(self.at(key), "nothing", "text")
            return ""
        return self._text(key, value)

    def text_or_none(self, key: str) -> str | None:
        """Text, or None where there is none."""
        value = self.take(key)
        return None if value is None else self._text(key, value) or None

    def slug(self, key: str) -> str:
        """A short name in small letters, digits, hyphens and underscores."""
        value = self.take(key)
        if isinstance(value, str) and SLUG.fullmatch(value):
            return value
        self._wrong(key, value, "a name of small letters, digits, hyphens and underscores")
        return ""

    def whole(self, key: str, least: int = 0) -> int:
        """A whole number, from `least` up to 10,000."""
        value = self.take(key)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST:
            return value
        self._wrong(key, value, f"a whole number from {least} to {MOST:,}")
        return UNREAD

    def whole_or_none(self, key: str, least: int = 0) -> int | None:
        """The same, or None where there is none."""
        return None if self.take(key) is None else self.whole(key, least)

    def truth(self, key: str, absent: bool | None = None) -> bool:
        """True or false; `absent`, where given, stands for a key left out."""
        value = self.take(key)
        if isinstance(value, bool):
            return value
        if value is None and absent is not None:
            return absent
        self._wrong(key, value, "true or false")
        return False

    def day(self, key: str) -> date:
        """A date, or an ISO string of one."""
        value = self.take(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        self._wrong(key, value, "a date such as 2024-12-01")
        return UNREAD_DAY

    def day_or_none(self, key: str) -> date | None:
        """The same, or None where there is none."""
        return None if self.take(key) is None else self.day(key)

    def one_of(self, key: str, kind: type[AnyEnum]) -> AnyEnum | None:
        """A member of an enum by its value, None where it can't be read."""
        return self._member(self.at(key), self.take(key), kind, absent=key not in self._told)

    def some_of(self, key: str, kind: type[AnyEnum]) -> tuple[AnyEnum, ...]:
        """A list of different members; empty where absent."""
        members = [self._member(path, value, kind) for path, value in self._each(key)]
        return self._different(key, [member for member in members if member is not None])

    def wholes(self, key: str) -> tuple[int, ...]:
        """A list of different whole numbers; empty where absent."""
        found = []
        for path, value in self._each(key):
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
                found.append(value)
            else:
                self.notes.note(path, shown(value), f"a whole number from 0 to {MOST:,}")
        return self._different(key, found)

    def words(self, key: str) -> tuple[str, ...]:
        """A list of different texts; empty where absent."""
        found = []
        for path, value in self._each(key):
            if isinstance(value, str) and value.strip() and not UNFIT.search(value):
                found.append(value.strip())
            else:
                self.notes.note(path, shown(value), "text")
        return self._different(key, found)

    def parts(self, key: str) -> Iterator[Part]:
        """The mappings of a list, one for each entry; none where absent."""
        return (Part(value, path, self.notes) for path, value in self._each(key))

    def part(self, key: str) -> Part:
        """A mapping inside; an empty one where absent."""
        value = self.take(key)
        return Part({} if value is None else value, self.at(key), self.notes)

    def frozen(self, key: str) -> Frozen | None:
        """A free-form value kept whole, None where absent or empty."""
        value = self.take(key)
        return None if value is None or value in ("", [], {}) else _frozen(value, self.at(key), self.notes, MAX_DEPTH)

    def done(self) -> None:
        """Note each key that was never asked for."""
        for key in self._told:
            if not isinstance(key, str) or key not in self._asked:
                path = self.at(key) if isinstance(key, str) and len(key) <= 80 else self.path
                self.notes.note(path, f"unknown key {shown(key)}", f"any of {', '.join(sorted(self._asked))}")

    def _each(self, key: str) -> Iterator[tuple[str, Any]]:
        value = self.take(key)
        if isinstance(value, list | tuple):
            path = self.at(key)
            if len(value) > MAX_ENTRIES:
                self._wrong(key, value, f"at most {MAX_ENTRIES:,} entries")
            return iter([(f"{path}[{place}]", entry) for place, entry in enumerate(value[:MAX_ENTRIES])])
        if value is not None:
            self._wrong(key, value, "a list")
        return iter(())

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            self._wrong(key, value, "text (in quotes, if it looks like a number or a date)")
        elif UNFIT.search(value):
            self._wrong(key, value, "text without control characters")
        elif len(value) > MOST_TEXT:
            self._wrong(key, value, f"at most {MOST_TEXT:,} characters; there are {len(value):,}")
        else:
            return LINE_ENDS.sub("\n", value).strip()
        return ""

    def _member(self, path: str, value: Any, kind: type[AnyEnum], *, absent: bool = False) -> AnyEnum | None:
        if isinstance(value, str):
            for member in kind:
                if member.value == value:
                    return member
        found = "nothing" if absent else shown(value)
        self.notes.note(path, found, f"one of {', '.join(member.value for member in kind)}")
        return None

    def _different(self, key: str, found: list[Any]) -> tuple[Any, ...]:
        once = tuple(dict.fromkeys(found))
        if len(once) < len(found):
            twice = Counter(found).most_common(1)[0][0]
            self.notes.note(self.at(key), f"{shown(twice)} twice", "each entry once")
        return once

    def _wrong(self, key: str, value: Any, expected: str) -> None:
        self.notes.note(self.at(key), shown(value) if key in self._told else "nothing", expected)


def _frozen(value: Any, path: str, notes: Notes, depth: int) -> Frozen:
    if depth == 0:
        notes.note(path, "nesting without end", f"at most {MAX_DEPTH} levels")
        return Frozen(None)
    if isinstance(value, Mapping):
        pairs = []
        for key, inner in value.items():
            if isinstance(key, str) and not UNFIT.search(key):
                pairs.append((key, _frozen(inner, f"{path}.{key[:80]}", notes, depth - 1)))
            else:
                notes.note(path, f"the key {shown(key)}", "text as key")
        return Frozen(tuple(pairs), mapping=True)
    if isinstance(value, list | tuple):
        return Frozen(tuple(_frozen(each, f"{path}[{place}]", notes, depth - 1) for place, each in enumerate(value)))
    if isinstance(value, date):
        return Frozen(value.isoformat())
    if isinstance(value, str) and UNFIT.search(value):
        notes.note(path, shown(value), "text without control characters")
    elif isinstance(value, float) and value - value != 0:
        notes.note(path, shown(value), "a finite number")
    elif isinstance(value, int) and not -(10**15) < value < 10**15:
        notes.note(path, shown(value), "a number under a thousand million million")
    elif value is not None and not isinstance(value, str | int | float):
        notes.note(path, shown(value), "text, number, true, false, null, list or mapping")
    else:
        return Frozen(value)
    return Frozen(None)


def shown(value: Any) -> str:
    """A value inside a message: short, never raising, never nested."""
    if isinstance(value, str):
        return repr(str(value) if len(value) <= 60 else f"{value[:60]}…").encode("utf-8", "replace").decode()
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if -(10**18) < value < 10**18 else "a very large number"
    if isinstance(value, float | date):
        return str(value)
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a value of type {type(value).__name__}"
