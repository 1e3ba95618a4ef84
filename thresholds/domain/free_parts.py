"""The parts of a file that are kept as they are, read as far as they can be: the plot sheet, the notes on flags.

    >>> flag_notes({"health-2-01": "Local reading."})
    (FlagNote(flag='', indicators=('health-2-01',), note='Local reading.'),)

Notes come in two shapes: one sentence an indicator, or a list in which a note stands for several indicators and a flag.
What fits neither is left out here, and stays in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thresholds.domain.scheme import Frozen


@dataclass(frozen=True, slots=True)
class PlotColumn:
    """One column of the plot sheet: a step as the sheet calls it, the levels that it stands for, a grade within it."""

    name: str
    grade: str
    levels: tuple[int, ...]

    @property
    def title(self) -> str:
        return f"{self.name}, {self.grade}"


@dataclass(frozen=True, slots=True)
class PlotRow:
    """One row of the plot sheet: its name, and the domain that it plots."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class FlagNote:
    """Why an indicator carries a flag that its words do not say, or none though they might."""

    flag: str
    indicators: tuple[str, ...]
    note: str


def listed(told: Any, name: str) -> list[dict[str, Any]]:
    """The mappings of a list inside a part."""
    held = told.get(name) if isinstance(told, Mapping) else None
    return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []


def freeze(value: Any) -> Frozen:
    """Lists and mappings as a scheme holds them."""
    if isinstance(value, Mapping):
        return Frozen(tuple((key, freeze(part)) for key, part in value.items()), mapping=True)
    return Frozen(tuple(freeze(part) for part in value)) if isinstance(value, list) else Frozen(value)


def plot_columns(told: Any) -> tuple[PlotColumn, ...]:
    return tuple(
        PlotColumn(
            str(each.get("name") or ""),
            str(each.get("grade") or ""),
            tuple(rank for rank in ranks if isinstance(rank, int))
            if isinstance(ranks := each.get("levels"), list)
            else (),
        )
        for each in listed(told, "columns")
    )


def plot_rows(told: Any) -> tuple[PlotRow, ...]:
    return tuple(PlotRow(str(each.get("name") or ""), str(each.get("domain") or "")) for each in listed(told, "rows"))


def flag_notes(told: Any) -> tuple[FlagNote, ...]:
    """In the order of the keys where the file has a mapping, else in the file's own."""
    if isinstance(told, Mapping):
        return tuple(FlagNote("", (key,), note) for key, note in sorted(told.items()) if isinstance(note, str))
    if not isinstance(told, list):
        return ()
    found = []
    for each in told:
        if isinstance(each, Mapping):
            keys = each.get("indicators")
            chosen = tuple(str(key) for key in keys) if isinstance(keys, list) else ()
            found.append(FlagNote(str(each.get("flag") or ""), chosen, str(each.get("note") or "")))
    return tuple(found)


def as_told(notes: list[FlagNote], like: Any) -> Any:
    """Notes as the file has them: in the shape that it had, where they fit into it, else as a list."""
    keys = [note.indicators[0] for note in notes if not note.flag and len(note.indicators) == 1]
    if not isinstance(like, list) and len(set(keys)) == len(notes):
        return {note.indicators[0]: note.note for note in notes}
    return [
        {**({"flag": note.flag} if note.flag else {}), "indicators": list(note.indicators), "note": note.note}
        for note in notes
    ]
