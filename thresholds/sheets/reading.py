"""Reading a spreadsheet that a policy officer edited: every mistake with its sheet, row and column, nothing trusted.

The file is opened only after its size, its parts and their sizes unpacked were looked at; macros, formulas and document
types in its XML are refused; sheets are read row by row, and no further than a threshold can be long.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.utils.text import slugify
from openpyxl import load_workbook

from thresholds.domain.mistakes import Mistake, SchemeErrors, shown
from thresholds.domain.reading import read_scheme
from thresholds.domain.scheme import Scheme
from thresholds.sheets.layout import (
    MOST_ROWS,
    OTHER,
    OTHER_PARTS,
    PAIRS,
    SHEETS,
    Column,
    Kind,
    Sheet,
    fixed,
    titles,
    words,
)

MOST_UNPACKED = 20_000_000
MOST_PARTS = 200
MOST_COLUMNS = 40
MOST_MISTAKES = 500
MACROS = re.compile(r"vbaProject|macrosheets|\.bin$|activeX", re.I)


class NotASpreadsheet(ValueError):
    """The file can't be opened as a spreadsheet, or must not be; the message says why and what to do."""


class Place:
    """Where a value stands: sheet, row and column."""

    def __init__(self, sheet: str, row: int = 0, column: str = "") -> None:
        self.sheet, self.row, self.column = sheet, row, column

    def __str__(self) -> str:
        parts = [f"sheet {self.sheet}"]
        if self.row:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)


class Found:
    """What was read so far: the mapping, where each path of it stands, and the mistakes of the cells themselves."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        self.places: dict[str, Place] = {}
        self.mistakes: list[Mistake] = []
        self.noted: set[str] = set()

    def note(self, path: str, place: Place, found: str, expected: str) -> None:
        if len(self.mistakes) < MOST_MISTAKES:
            self.mistakes.append(Mistake(path, found, expected, place=str(place)))
        self.noted.add(path)

    def place_of(self, path: str) -> str:
        """The place of a path, else of the nearest thing around it."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return str(self.places[path]) if path else "the spreadsheet"


def read_xlsx(content: bytes) -> Scheme:
    """A spreadsheet as a `Scheme`. Raises `NotASpreadsheet`, or `SchemeErrors` with every mistake and its place."""
    check_file(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # whatever a broken file makes the library raise
        raise NotASpreadsheet("The file can't be read as a spreadsheet. It may be damaged: save it anew.") from error
    found = Found()
    try:
        by_title = {sheet.title.strip().lower(): sheet for sheet in book.worksheets}
        for title in titles():
            if title.lower() not in by_title:
                found.note(title, Place(title), "no such sheet", f"a sheet named {title}")
        for title, section, columns in PAIRS:
            if title.lower() in by_title:
                read_pairs(found, title, section, columns, by_title[title.lower()])
        for sheet in SHEETS:
            if sheet.title.lower() in by_title:
                read_sheet(found, sheet, by_title[sheet.title.lower()])
        if OTHER.lower() in by_title:
            read_other(found, by_title[OTHER.lower()])
    except (SchemeErrors, NotASpreadsheet):
        raise
    except Exception as error:
        raise NotASpreadsheet("A sheet of the file can't be read. It may be damaged: save it anew.") from error
    finally:
        book.close()
    complete(found.told)
    return checked(found)


def check_file(content: bytes) -> None:
    """Look at the parts of the file before any is unpacked into memory."""
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise NotASpreadsheet(
            "This is an old Excel file (.xls) or has a password. Save it as .xlsx without a password."
        )
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise NotASpreadsheet("The file unpacks to more than any threshold holds, so it was not opened.")
            names = {part.filename for part in parts}
            if any(MACROS.search(name) for name in names):
                raise NotASpreadsheet("The file holds macros. Save it as a plain spreadsheet (.xlsx) without macros.")
            if "xl/workbook.xml" not in names:
                raise NotASpreadsheet("This is no spreadsheet (.xlsx). Save it as one and bring that in.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    check_xml(archive.read(part))
    except (BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, NotASpreadsheet):
            raise
        raise NotASpreadsheet("The file is damaged or cut off. Save it anew and bring that in.") from error
    except Exception as error:  # zlib's own error has no name in its module's interface
        raise NotASpreadsheet("The file is damaged or cut off. Save it anew and bring that in.") from error


def check_xml(text: bytes) -> None:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text or text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise NotASpreadsheet("The file's parts hold what no spreadsheet program writes, so it was not opened.")


Cells = Sequence[Any]


def rows_of(found: Found, title: str, sheet: Any) -> Iterator[tuple[int, Cells]]:
    """The rows of a sheet that hold anything, numbered as the spreadsheet numbers them, as far as they may go."""
    for number, cells in enumerate(sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS), start=1):
        if number > MOST_ROWS + 1:
            if any(cell.value is not None for cell in cells):
                found.note(title, Place(title, number), "a row", f"at most {MOST_ROWS:,} rows")
            return
        if any(cell.value is not None and str(cell.value).strip() for cell in cells):
            yield number, cells


def read_pairs(found: Found, title: str, section: str, columns: tuple[Column, ...], sheet: Any) -> None:
    """A sheet of names and values."""
    held = found.told.setdefault(section, {}) if section else found.told
    by_heading = {fixed(column.heading): column for column in columns}
    seen: set[str] = set()
    found.places[section or "title"] = Place(title)
    for number, cells in rows_of(found, title, sheet):
        if number == 1:
            continue
        name = str(cells[0].value or "").strip()
        column = by_heading.get(fixed(name))
        place = Place(title, number, "Value")
        if column is None:
            listed = ", ".join(each.heading for each in columns)
            found.note(f"{title}[{number}]", Place(title, number, "Name"), shown(name), f"one of {listed}")
            continue
        path = f"{section}.{column.name}" if section else column.name
        if column.name in seen:
            found.note(path, place, f"{column.heading} a second time", "each name once")
            continue
        seen.add(column.name)
        found.places[path] = place
        held[column.name] = value_of(found, path, place, column, cells[1] if len(cells) > 1 else None)
    for column in columns:
        found.places.setdefault(f"{section}.{column.name}" if section else column.name, Place(title, 0, column.heading))


def read_sheet(found: Found, sheet: Sheet, held: Any) -> None:
    """A sheet with a row for each entry of a list."""
    outer, _, inner = sheet.section.partition(".")
    entries: list[dict[str, Any]] = []
    (found.told.setdefault(outer, {}) if inner else found.told)[inner or outer] = entries
    found.places[sheet.section] = Place(sheet.title)
    columns: dict[int, Column] = {}
    for number, cells in rows_of(found, sheet.title, held):
        if not columns:
            columns = headings(found, sheet, number, cells)
            if not columns:
                return
            continue
        path = f"{sheet.section}[{len(entries)}]"
        found.places[path] = Place(sheet.title, number)
        entry: dict[str, Any] = {}
        for at, column in columns.items():
            name = f"{path}.{column.inside}.{column.name}" if column.inside else f"{path}.{column.name}"
            place = found.places[name] = Place(sheet.title, number, column.heading)
            value = value_of(found, name, place, column, cells[at] if at < len(cells) else None)
            if column.inside:
                if value is not None:
                    entry.setdefault(column.inside, {})[column.name] = value
            elif value is not None or column.name != "same_as":
                entry[column.name] = value
        entries.append(entry)
    if not columns:
        found.note(sheet.section, Place(sheet.title), "an empty sheet", "its headings in row 1")


def headings(found: Found, sheet: Sheet, number: int, cells: Cells) -> dict[int, Column]:
    """Which column stands where, by row 1; what is missing, twice or unknown is noted."""
    known = {fixed(column.heading): column for column in sheet.columns}
    placed: dict[int, Column] = {}
    for at, cell in enumerate(cells):
        name = str(cell.value or "").strip()
        if not name:
            continue
        column = known.get(fixed(name))
        place = Place(sheet.title, number, name[:40])
        if column is None:
            listed = ", ".join(each.heading for each in sheet.columns)
            found.note(f"{sheet.section}#{at}", place, f"an unknown heading {shown(name)}", f"any of {listed}")
        elif column in placed.values():
            found.note(f"{sheet.section}#{at}", place, "the heading a second time", "each once")
        else:
            placed[at] = column
    missing = [each.heading for each in sheet.columns if each not in placed.values() and not each.may_lack]
    if missing:
        found.note(
            sheet.section, Place(sheet.title, number), f"no heading {', '.join(missing)}", "every heading in row 1"
        )
        return {}
    return placed


def value_of(found: Found, path: str, place: Place, column: Column, cell: Any) -> Any:
    """What a cell says, as the file has it; None for an empty one. What can't be read is noted, and None."""
    value = None if cell is None else cell.value
    if value is None or (isinstance(value, str) and not value.strip()):
        return empty(column)
    if getattr(cell, "data_type", "") == "f":
        found.note(path, place, f"a formula {shown(str(value))}", "its value: copy it and paste values only")
        return None
    if getattr(cell, "data_type", "") == "e":
        found.note(path, place, f"an error of the spreadsheet {shown(str(value))}", column.kind.value)
        return None
    read = READ[column.kind](value, column)
    if read is None:
        found.note(
            path,
            place,
            shown(value) if not isinstance(value, dt.datetime) else f"the date {value:%Y-%m-%d}",
            expected(column),
        )
    return read


def empty(column: Column) -> Any:
    return [] if column.kind in (Kind.CHOICES, Kind.WHOLES) and not column.inside else None


def expected(column: Column) -> str:
    if column.kind is Kind.TEXT:
        return "text (format the cell as text, then type it again)"
    return f"one of {', '.join(map(words, column.choices))}" if column.choices else column.kind.value


def whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e9 else None
    text = str(value).strip()
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def as_text(value: Any, column: Column) -> str | None:
    """Text; a number that a spreadsheet made of it is taken back as its figures."""
    if isinstance(value, str):
        return value
    number = whole(value)
    return None if number is None else str(number)


def as_truth(value: Any, column: Column) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"yes": True, "no": False, "true": True, "false": False}.get(str(value).strip().lower())


def as_day(value: Any, column: Column) -> str | None:
    if isinstance(value, dt.datetime | dt.date):
        return value.strftime("%Y-%m-%d")
    text = str(value).strip()
    return text if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None


def as_choice(value: Any, column: Column) -> str | None:
    text = fixed(value) if isinstance(value, str) else ""
    return text if text in column.choices else None


def as_choices(value: Any, column: Column) -> list[str] | None:
    if not isinstance(value, str):
        return None
    read = [fixed(part) for part in re.split(r"[,;\n]", value) if part.strip()]
    return read if all(each in column.choices for each in read) else None


def as_wholes(value: Any, column: Column) -> list[int] | None:
    if isinstance(value, str):
        read = [whole(part) for part in re.split(r"[,;\s]+", value.strip()) if part]
        return None if None in read else [each for each in read if each is not None]
    number = whole(value)
    return None if number is None else [number]


def as_lines(value: Any, column: Column) -> list[str] | None:
    if not isinstance(value, str):
        return None
    return [part.strip() for part in re.split(r"[,;\n]", value) if part.strip()]


READ: dict[Kind, Any] = {
    Kind.TEXT: as_text,
    Kind.WHOLE: lambda value, column: whole(value),
    Kind.TRUTH: as_truth,
    Kind.DAY: as_day,
    Kind.CHOICE: as_choice,
    Kind.CHOICES: as_choices,
    Kind.WHOLES: as_wholes,
    Kind.LINES: as_lines,
}


def read_other(found: Found, sheet: Any) -> None:
    """The parts that have no sheet of their own, as JSON in one or more cells."""
    pieces: dict[str, list[str]] = {}
    for number, cells in rows_of(found, OTHER, sheet):
        if number == 1:
            continue
        name = str(cells[0].value or "").strip()
        if name not in OTHER_PARTS:
            place = Place(OTHER, number, "Part")
            found.note(f"{OTHER}[{number}]", place, shown(name), f"one of {', '.join(OTHER_PARTS)}")
            continue
        found.places.setdefault(name, Place(OTHER, number, "Content"))
        pieces.setdefault(name, []).append(str(cells[1].value or "") if len(cells) > 1 else "")
    for name, parts in pieces.items():
        try:
            found.told[name] = json.loads("".join(parts))
        except (ValueError, RecursionError):
            found.note(name, found.places[name], "what is no JSON", "the content as it was exported")


def complete(told: dict[str, Any]) -> None:
    """What the sheets leave to be worked out: places in lists, keys of new indicators, parameters of plain rules."""
    counted: dict[tuple[Any, Any], int] = {}
    entries = told.get("indicators") or []
    used = {entry.get("key") for entry in entries}
    for entry in entries:
        at = entry.get("level"), entry.get("domain")
        entry["item"] = counted[at] = counted.get(at, 0) + 1
        if not entry.get("key"):
            domain = slugify(str(entry.get("domain") or ""))[:60].strip("-") or "indicator"
            stem = f"{domain}-{entry.get('level')}-new"
            names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(entries) + 2))
            entry["key"] = next(name for name in names if name not in used)
            used.add(entry["key"])
    for rule in told.get("rules") or []:
        given = rule.setdefault("parameters", {})
        if rule.get("kind") == "consent":
            given.setdefault("settled_by_flags", [])
        if rule.get("kind") == "seen_before":
            given.setdefault("raises_to", None)


def checked(found: Found) -> Scheme:
    """The scheme, or every mistake: those of the cells, and those of what they say together."""
    try:
        scheme = read_scheme(found.told)
    except SchemeErrors as errors:
        for mistake in errors.mistakes:
            around = mistake.path
            if not any(around == noted or around.startswith(f"{noted}.") for noted in found.noted):
                found.mistakes.append(replace(mistake, place=found.place_of(around)))
        raise SchemeErrors(tuple(found.mistakes[:MOST_MISTAKES]), errors.scheme) from None
    if found.mistakes:
        raise SchemeErrors(tuple(found.mistakes))
    return scheme
