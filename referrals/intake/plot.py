"""A document's plot sheet, filled in for one child: each domain's worry at its place from universal to highest.

Which step a domain stands at follows from the indicators chosen in it; within a step that the sheet grades (low,
medium, high) the referrer says where. A domain in which nothing was chosen stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referrals.intake.told import ChildWorry, mapping
from thresholds.domain.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Group:
    """Columns of the sheet that stand for the same steps: their name, their ranks, and their grades, low to high."""

    name: str
    levels: tuple[int, ...]
    grades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One domain of the sheet. group: the place in the sheet's groups, None where nothing was chosen."""

    name: str
    group: int | None
    grade: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row as it is shown: what stands in it, and over how many columns."""

    text: str
    span: int = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet of one child."""

    groups: tuple[Group, ...]
    rows: tuple[Row, ...]

    @property
    def to_grade(self) -> list[Row]:
        """The domains that stand in a step with grades."""
        return [row for row in self.rows if row.group is not None and len(self.groups[row.group].grades) > 1]

    @property
    def is_plotted(self) -> bool:
        return any(row.group is not None for row in self.rows)

    def words(self, row: Row) -> str:
        """Where a domain stands, in words; empty where nothing was chosen."""
        if row.group is None:
            return ""
        group = self.groups[row.group]
        if len(group.grades) == 1:
            return f"{group.name}, {group.grades[0]}"
        return f"{group.name}, {row.grade or 'not graded'}"

    @property
    def plotted(self) -> list[tuple[str, str]]:
        """The domains in which something was chosen, and where each stands."""
        return [(row.name, self.words(row)) for row in self.rows if row.group is not None]

    def cells(self, row: Row) -> list[Cell]:
        """The row across all columns; one not graded spans its step."""
        found = []
        for place, group in enumerate(self.groups):
            if place != row.group:
                found += [Cell("")] * len(group.grades)
            elif len(group.grades) > 1 and not row.grade:
                found.append(Cell("not graded", len(group.grades)))
            else:
                grade = row.grade or group.grades[0]
                found += [Cell(each if each == grade else "") for each in group.grades]
        return found

    @property
    def lines(self) -> list[tuple[str, list[Cell]]]:
        """Each domain's name with its cells."""
        return [(row.name, self.cells(row)) for row in self.rows]


def sheet(scheme: Scheme, worry: ChildWorry) -> Sheet | None:
    """The sheet filled in for a child; None where the document has none, or its sheet can't be read."""
    told = mapping(scheme.plot_sheet.plain()) if scheme.plot_sheet else {}
    columns, listed = ([mapping(each) for each in listing(told.get(name))] for name in ("columns", "rows"))
    if not columns or not listed:
        return None
    groups = groups_of(columns)
    domains = {str(row.get("domain")): str(row.get("name")) for row in listed}
    highest = highest_by_row(scheme, worry, set(domains))
    return Sheet(groups, tuple(row_of(name, highest.get(domain), groups, worry) for domain, name in domains.items()))


def listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def groups_of(columns: list[Mapping[str, Any]]) -> tuple[Group, ...]:
    found: list[Group] = []
    for column in columns:
        levels = tuple(rank for rank in listing(column.get("levels")) if isinstance(rank, int))
        name, grade = str(column.get("name")), str(column.get("grade"))
        if found and found[-1].levels == levels:
            found[-1] = Group(name, levels, (*found[-1].grades, grade))
        else:
            found.append(Group(name, levels, (grade,)))
    return tuple(found)


def highest_by_row(scheme: Scheme, worry: ChildWorry, domains: set[str]) -> dict[str, int]:
    """For each domain of the sheet, the highest rank among the indicators chosen in it or below it."""
    above = {domain.name: domain.same_as or domain.parent for domain in scheme.domains}
    highest: dict[str, int] = {}
    for key in worry.indicators:
        indicator = scheme.indicator(key)
        if indicator is None:
            continue
        at: str | None = indicator.domain
        for _ in range(len(above) + 1):
            if at is None or at in domains:
                break
            at = above.get(at)
        if at in domains:
            highest[at] = max(highest.get(at, 0), indicator.level)
    return highest


def row_of(name: str, rank: int | None, groups: tuple[Group, ...], worry: ChildWorry) -> Row:
    group = next((place for place, each in enumerate(groups) if rank in each.levels), None)
    grade = worry.grades.get(name, "")
    return Row(name, group, grade if group is not None and grade in groups[group].grades else "")
