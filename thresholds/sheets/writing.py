"""A scheme as a spreadsheet. What is written is read back unchanged, whatever its texts begin with."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from thresholds.domain.reading import write_scheme
from thresholds.domain.scheme import Scheme
from thresholds.sheets.layout import (
    MOST_CELL,
    MOST_ROWS,
    OTHER,
    OTHER_PARTS,
    PAIRS,
    READ_ME,
    SHEETS,
    Column,
    Kind,
    words,
)

HEAD = PatternFill("solid", fgColor="DDE7F0")
TOP = Alignment(vertical="top", wrap_text=True)
ADVICE = (
    "Each sheet is a part of the threshold. Change what stands in the cells, add rows, take rows out, sort them.",
    "Keep the headings of row 1, and the names of the sheets.",
    "Bring the file in again under Threshold content. If anything is wrong, every mistake is listed with its sheet, "
    "row and column, and nothing is stored.",
    "What is brought in is a draft. Nothing changes for referrals until somebody else approves it and it is published.",
)


def to_xlsx(scheme: Scheme) -> bytes:
    """The whole scheme as an xlsx file."""
    told = write_scheme(scheme)
    book = Workbook()
    first: Any = book.active
    first.title = READ_ME
    first.column_dimensions["A"].width = 110
    for row, text in enumerate((scheme.title, *ADVICE, *(f"{s.title}: {s.about}" for s in SHEETS)), start=1):
        put(first, row, 1, text)
    first["A1"].font = Font(bold=True, size=14)
    for title, section, columns in PAIRS:
        sheet = made(book, title, [Column("Name", ""), Column("Value", "", width=110)])
        held = told[section] if section else told
        for row, column in enumerate(columns, start=2):
            put(sheet, row, 1, column.heading).font = Font(bold=True)
            put(sheet, row, 2, cell_value(column, held[column.name]))
            if column.choices:
                offer(sheet, column, f"B{row}")
    for each in SHEETS:
        sheet = made(book, each.title, each.columns)
        outer, _, inner = each.section.partition(".")
        rows = told[outer][inner] if inner else told[outer]
        for place, entry in enumerate(rows, start=2):
            for at, column in enumerate(each.columns, start=1):
                held = entry[column.inside] if column.inside else entry
                put(sheet, place, at, cell_value(column, held.get(column.name)))
        for at, column in enumerate(each.columns, start=1):
            if column.kind in (Kind.CHOICE, Kind.TRUTH):
                letter = get_column_letter(at)
                offer(sheet, column, f"{letter}2:{letter}{MOST_ROWS}")
    _other(book, told)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _other(book: Workbook, told: dict[str, Any]) -> None:
    """What has no sheet of its own, as JSON."""
    sheet = made(book, OTHER, [Column("Part", "", width=16), Column("Content", "", width=110)])
    row = 2
    for name in OTHER_PARTS:
        if name in told:
            content = json.dumps(told[name], ensure_ascii=True)
            for start in range(0, len(content), MOST_CELL):
                put(sheet, row, 1, name)
                put(sheet, row, 2, content[start : start + MOST_CELL])
                row += 1


def made(book: Workbook, title: str, columns: Any) -> Worksheet:
    sheet: Worksheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for at, column in enumerate(columns, start=1):
        cell = put(sheet, 1, at, column.heading)
        cell.font, cell.fill = Font(bold=True), HEAD
        dimension = sheet.column_dimensions[get_column_letter(at)]
        dimension.width = column.width
        if column.kind not in (Kind.WHOLE, Kind.DAY):
            dimension.number_format = "@"  # what is typed there stays text: "3, 4" is no number, "1-2" no date
    return sheet


def put(sheet: Worksheet, row: int, column: int, value: Any) -> Cell:
    """Write a cell. Text is text, never a formula, a number or a date, whatever it looks like."""
    cell: Any = sheet.cell(row, column)
    cell.alignment = TOP
    if isinstance(value, str):
        cell.value = ""
        cell._value, cell.data_type = value, "s"
        cell.number_format = "@"
        cell.quotePrefix = value[:1] in "=+-@'"
    elif value is not None:
        cell.value = value
    return cell


def cell_value(column: Column, value: Any) -> Any:
    """What a cell shows of a value of the file."""
    if value is None or value in ("", []):
        return None
    match column.kind:
        case Kind.TRUTH:
            return "yes" if value else "no"
        case Kind.CHOICE:
            return words(value)
        case Kind.CHOICES:
            return ", ".join(map(words, value))
        case Kind.WHOLES:
            return ", ".join(map(str, value))
        case Kind.LINES:
            return "\n".join(value)
    return value


def offer(sheet: Worksheet, column: Column, cells: str) -> None:
    """Let the cells offer what may stand in them."""
    choices = ("yes", "no") if column.kind is Kind.TRUTH else tuple(map(words, column.choices))
    listed = f'"{",".join(choices)}"'
    if len(listed) > 255:  # the most that such a list may hold
        return
    rule = DataValidation(type="list", formula1=listed, allow_blank=True)
    rule.error, rule.errorTitle = "Choose from the list", column.heading[:30]
    sheet.add_data_validation(rule)
    rule.add(cells)
