"""A shift as a person reads it: matrices, groups, the load of each queue week by week, and what has a hand in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any
from urllib.parse import urlencode

from thresholds.domain.agreement import suppressed
from thresholds.domain.causes import cause_words
from thresholds.domain.replay import AGE_BANDS, DOWN, UP, Shift
from thresholds.domain.scheme import Flag, Scheme
from thresholds.domain.terms import Route

SEXES = {"F": "Girls", "M": "Boys", "U": "Not known or unborn"}
GROUPS = (("agency", "By agency"), ("age", "By age"), ("sex", "By sex"))


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a matrix; `query` opens the cases behind it where they change."""

    count: int
    query: str = ""
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows: as the version before says. Columns: as the draft says."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One agency, age band or sex. None: too few to be told."""

    name: str
    total: int | None
    up: int | None
    down: int | None
    route: int | None


@dataclass(frozen=True, slots=True)
class Chart:
    """One queue's load. Points of the two lines in a picture of WIDTH by HEIGHT; the same as rows of a table."""

    queue: str
    weeks: tuple[tuple[dt.date, int, int], ...]
    before: str
    after: str
    most: int
    mean_before: float
    mean_after: float
    most_before: int
    most_after: int


WIDTH, HEIGHT = 640, 160


def matrix(counts: Mapping[tuple[Any, Any], int], keys: Iterable[Any], name: Callable[[Any], str], part: str) -> Matrix:
    """The shift matrix over these keys, in their order."""
    ordered = tuple(keys)
    rows = []
    for before in ordered:
        cells = tuple(
            Cell(
                count := counts.get((before, after), 0),
                urlencode({f"before_{part}": before, f"after_{part}": after}) if count and before != after else "",
                before == after,
            )
            for after in ordered
        )
        rows.append((name(before), cells))
    return Matrix(tuple(name(key) for key in ordered), tuple(rows))


def levels(shift: Shift, before: Scheme, after: Scheme) -> Matrix:
    """Every level that either version has, the lowest first; 0, none, where any case has it."""
    used = {rank for pair in shift.levels for rank in pair}
    ranks = {level.rank for scheme in (before, after) for level in scheme.levels} | used
    word = after.step_word.value

    def name(rank: int) -> str:
        return f"{word.capitalize()} {rank}" if rank else f"No {word}"

    return matrix(shift.levels, sorted(ranks), name, "level")


def routes(shift: Shift) -> Matrix:
    def name(value: str) -> str:
        return Route(value).words.removeprefix("the ").capitalize() if value != "mash" else "MASH"

    return matrix(shift.routes, [route.value for route in Route], name, "route")


def groups(shift: Shift, *, exact: bool) -> list[tuple[str, list[Group]]]:
    """By agency, age and sex. `exact` shows every number; else small ones are hidden, by subtraction too."""
    found = []
    for kind, title in GROUPS:
        names = sorted({name for each, name, _ in shift.groups if each == kind}, key=lambda name: order(kind, name))
        counts = {(name, way): shift.groups[kind, name, way] for name in names for way in ("all", UP, DOWN, "route")}
        grid = [[counts[n, UP], counts[n, DOWN], counts[n, "all"] - counts[n, UP] - counts[n, DOWN]] for n in names]
        ways = [[counts[n, "route"], counts[n, "all"] - counts[n, "route"]] for n in names]
        shown: list[list[Any]] = suppressed(grid) if not exact else [[*row, sum(row)] for row in grid]
        moved: list[list[Any]] = suppressed(ways) if not exact else list(ways)
        rows = [
            Group(called(kind, name), shown[n][3], shown[n][0], shown[n][1], moved[n][0])
            for n, name in enumerate(names)
        ]
        found.append((title, rows))
    return found


def order(kind: str, name: str) -> Any:
    return AGE_BANDS.index(name) if kind == "age" and name in AGE_BANDS else name


def called(kind: str, name: str) -> str:
    return SEXES.get(name, name) if kind == "sex" else name


def flags(shift: Shift) -> list[tuple[str, int, int]]:
    """Each flag that some gain or lose: its words, how many gain it, how many lose it."""
    names = sorted({name for name, _ in shift.flags})
    return [(Flag(name).words.capitalize(), shift.flags[name, "gained"], shift.flags[name, "lost"]) for name in names]


def causes(shift: Shift, before: Scheme, after: Scheme) -> list[tuple[str, int, int, int]]:
    """What has a hand in it: the sentence, how many go up, down, another way; what moves most first."""
    names = sorted({name for name, _ in shift.causes})
    count = shift.causes
    rows = [(cause_words(n, before, after), count[n, UP], count[n, DOWN], count[n, "route"]) for n in names]
    return sorted(rows, key=lambda row: (-sum(row[1:]), row[0]))


def charts(shift: Shift) -> list[Chart]:
    """Each queue's load week by week, from the first week of any referral to the last."""
    mondays = sorted({dt.date.fromisoformat(week) for week, _, _ in shift.load})
    if not mondays:
        return []
    count = (mondays[-1] - mondays[0]).days // 7 + 1
    every = [mondays[0] + dt.timedelta(weeks=n) for n in range(count)]
    most = max(shift.load.values())
    made = []
    for queue in sorted({queue for _, queue, _ in shift.load}):
        loads = {
            when: [shift.load[monday.isoformat(), queue, when] for monday in every] for when in ("before", "after")
        }
        one, two = loads["before"], loads["after"]
        made.append(
            Chart(
                queue,
                tuple(zip(every, one, two, strict=True)),
                points(one, most),
                points(two, most),
                most,
                fmean(one),
                fmean(two),
                max(one),
                max(two),
            )
        )
    return made


def points(loads: list[int], most: int) -> str:
    """A line's points; a single week is drawn across the whole width."""
    values = loads * 2 if len(loads) == 1 else loads
    step = WIDTH / (len(values) - 1)
    return " ".join(f"{n * step:.1f},{HEIGHT - HEIGHT * value / most:.1f}" for n, value in enumerate(values))
