"""A threshold as a spreadsheet: out and in unchanged, edited as a policy officer would, and whatever else comes in."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests import schemes
from thresholds.domain.reading import SchemeErrors, read_scheme, write_scheme
from thresholds.files import read_file
from thresholds.sheets.reading import MOST_UNPACKED, NotASpreadsheet, read_xlsx
from thresholds.sheets.writing import to_xlsx

FIXTURES = sorted(Path("fixtures").glob("*.yaml"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_threshold_goes_out_and_comes_in_unchanged(path: Path) -> None:
    scheme = read_file(path)
    assert read_xlsx(to_xlsx(scheme)) == scheme


AWKWARD = st.one_of(
    st.sampled_from(
        [
            "=1+1",
            "=HYPERLINK(1)",
            "+44",
            "-5",
            "@x",
            "'quoted",
            "2024-12-01",
            "1/2",
            "007",
            "1e5",
            "TRUE",
            "yes",
            "#REF!",
            "a\nb",
            "a\r\nb",
            "_x000D_",
            "_x0041_",
            "<b>&amp;</b>",
            "a, b; c",
            "🙂",
            "null",
            "  spaced  out ",
        ]
    ),
    st.text(min_size=1, max_size=30),
).filter(lambda text: bool(text.strip()))


@settings(max_examples=60, deadline=None)
@given(st.lists(AWKWARD, min_size=9, max_size=9), st.one_of(st.none(), st.dictionaries(AWKWARD, AWKWARD, max_size=2)))
def test_text_is_text_whatever_it_looks_like(texts: list[str], notes: Any) -> None:
    told = schemes.content()
    told["title"], told["levels"][0]["name"], told["levels"][0]["description"] = texts[:3]
    told["indicators"][0]["label"], told["indicators"][1]["source"], told["rules"][0]["explanation"] = texts[3:6]
    told["guidance"]["after"], told["consent_reasons"][0]["label"], told["evidence"][0]["when"] = texts[6:]
    told["flag_notes"] = notes
    try:
        scheme = read_scheme(told)
    except SchemeErrors:
        return
    assert read_xlsx(to_xlsx(scheme)) == scheme


def edited(edit: Callable[[Any], Any], told: dict[str, Any] | None = None) -> bytes:
    """The small scheme's spreadsheet after somebody worked on it."""
    book = load_workbook(io.BytesIO(to_xlsx(read_scheme(told or schemes.content()))))
    edit(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_edited_in_a_spreadsheet() -> None:
    """New words, a new row without a key, one taken out, one moved; numbers typed as text and text as numbers."""

    def edit(book: Any) -> None:
        sheet = book["Indicators"]
        sheet["E11"] = "Hungry at school"  # health-2-01
        sheet.delete_rows(13)  # health-2-03
        sheet.append([None, "2", None, "Health", "Bruised often", "Neglect tool, LADO", 12])
        book["Levels"]["A2"], book["Levels"]["F3"] = "1", "Yes"
        book["Document"]["B8"] = dt.date(2028, 1, 2)
        book["Document"]["B4"] = 2026
        book["Consent reasons"]["C3"] = 3
        book["Clocks"]["D3"] = "Working Hours"
        book["Rules"]["N19"], book["Rules"]["O19"], book["Rules"]["P19"] = "Call, due date", "plan", "yes"

    scheme = read_xlsx(edited(edit))
    labels = {each.key: each.label for each in scheme.indicators}
    assert labels["health-2-01"] == "Hungry at school"
    assert "health-2-03" not in labels
    new = scheme.indicators[-1]
    assert (new.key, new.item, new.label, new.source) == ("health-2-new", 3, "Bruised often", "12")
    assert [flag.value for flag in new.flags] == ["neglect_tool", "lado"]
    assert scheme.review_on == dt.date(2028, 1, 2)
    assert scheme.title == "2026"
    assert scheme.consent_reasons[1].accepted_at == (3,)
    assert scheme.limits[1].unit.value == "working_hours"
    told = write_scheme(scheme)["rules"][17]["parameters"]
    assert (told["done_by"], told["documents"], told["asks_more"]) == (["call", "due_date"], ["plan"], True)


def test_every_mistake_is_listed_with_its_place_and_what_was_expected() -> None:
    def edit(book: Any) -> None:
        book["Levels"]["A3"] = "two"
        book["Levels"]["F4"] = "perhaps"
        book["Levels"]["H5"] = "=1+1"
        book["Indicators"]["D2"] = "Nowhere"
        book["Indicators"]["F3"] = "no such flag"
        book["Indicators"]["E4"] = None
        book["Rules"]["B6"] = "lottery"
        book["Rules"]["G7"] = 1
        book["Clocks"]["C2"] = 0
        book["Document"]["B6"] = "next spring"
        book["Indicators"]["E5"] = dt.date(2026, 1, 1)

    with pytest.raises(SchemeErrors) as caught:
        read_xlsx(edited(edit))
    listed = [str(mistake) for mistake in caught.value.mistakes]
    for expected in (
        "sheet Document, row 6, column Value: found 'next spring', expected a date such as 2024-12-01",
        "sheet Levels, row 3, column Rank: found 'two', expected a whole number",
        "sheet Levels, row 4, column Consent needed: found 'perhaps', expected yes or no",
        "sheet Levels, row 5, column Expected response: found a formula '=1+1', expected its value: copy it and paste "
        "values only",
        "sheet Indicators, row 2, column Domain: found 'Nowhere', expected the name of a domain of this file",
        "sheet Indicators, row 4, column Indicator: found nothing, expected text",
        "sheet Indicators, row 5, column Indicator: found the date 2026-01-01, expected text (format the cell as text, "
        "then type it again)",
        "sheet Rules, row 7, column Count: found 1, expected a whole number from 2 to 10,000",
        "sheet Clocks, row 2, column Amount: found 0, expected a whole number from 1 to 10,000",
    ):
        assert expected in listed, listed
    assert sum(each.startswith("sheet Indicators, row 3, column Flags: found 'no such flag'") for each in listed) == 1
    assert sum(each.startswith("sheet Rules, row 6, column Kind: found 'lottery'") for each in listed) == 1
    assert len(listed) < 25, "a mistake that others follow from is not told many times over"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda book: book.remove(book["Levels"]), "sheet Levels: found no such sheet"),
        (lambda book: book["Levels"].delete_cols(3), "sheet Levels, row 1: found no heading Description"),
        (lambda book: book["Levels"].insert_cols(3), "no heading"),
        (lambda book: setattr(book["Levels"]["C1"], "value", "Name"), "the heading a second time"),
        (lambda book: setattr(book["Levels"]["K1"], "value", "Weather"), "an unknown heading 'Weather'"),
        (lambda book: setattr(book["Document"]["A3"], "value", "Slug"), "Slug a second time"),
        (lambda book: setattr(book["Indicators"]["A3"], "value", "health-1-01"), "'health-1-01' again"),
        (lambda book: setattr(book["Rules"]["J2"], "value", "lado"), "unknown key 'flag'"),
        (lambda book: book["Levels"].delete_rows(1, 20), "sheet Levels: found an empty sheet"),
        (lambda book: setattr(book["Other"]["A2"], "value", "weather"), "sheet Other, row 2, column Part"),
        (
            lambda book: [setattr(book["Other"][cell], "value", v) for cell, v in (("A2", "flag_notes"), ("B2", "{"))],
            "sheet Other, row 2, column Content: found what is no JSON",
        ),
        (lambda book: setattr(book["Levels"]["B5001"], "value", "far down"), "sheet Levels, row 5001, column Rank"),
        (lambda book: setattr(book["Levels"]["B90000"], "value", "x"), ""),
        (lambda book: book["Rules"].delete_cols(14, 3), ""),
    ],
)
def test_what_is_odd_about_the_sheets_is_said(edit: Any, said: str) -> None:
    def odd(book: Any) -> None:
        edit(book)
        if said == "no heading":
            book["Levels"]["B1"] = None

    if not said:
        assert read_xlsx(edited(odd)) == schemes.scheme()
        return
    with pytest.raises(SchemeErrors) as caught:
        read_xlsx(edited(odd))
    assert said in str(caught.value)


def rezipped(change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None) -> bytes:
    """The spreadsheet with its parts changed one by one."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(to_xlsx(schemes.scheme()))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            content = change(part.filename, old.read(part))
            if content is not None:
                new.writestr(part.filename, content)
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def bomb() -> bytes:
    return rezipped(lambda name, content: content, {"xl/media/image1.png": b"\0" * (MOST_UNPACKED + 1)})


def entity() -> bytes:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return rezipped(lambda name, content: laughs + content if name == "xl/workbook.xml" else content)


def small_book() -> bytes:
    file = io.BytesIO()
    Workbook().save(file)
    return file.getvalue()


WHOLE = to_xlsx(schemes.scheme())
BAD: dict[str, tuple[Any, str]] = {
    "cut off": (WHOLE[: len(WHOLE) // 2], "damaged or cut off"),
    "its first bytes": (WHOLE[:10], "damaged or cut off"),
    "an old file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel file"),
    "macros": (rezipped(lambda n, c: c, {"xl/vbaProject.bin": b"x"}), "holds macros"),
    "a bomb": (bomb, "unpacks to more than any threshold holds"),
    "a thousand parts": (rezipped(lambda n, c: c, {f"xl/x{n}.xml": b"x" for n in range(300)}), "unpacks to more"),
    "another zip": (rezipped(lambda n, c: None if n == "xl/workbook.xml" else c), "no spreadsheet"),
    "laughter": (entity, "no spreadsheet program writes"),
    "no xml": (rezipped(lambda n, c: b"nonsense" if n == "xl/workbook.xml" else c), "can't be read"),
    "a broken sheet": (rezipped(lambda n, c: c[:300] if "sheet4" in n else c), "can't be read"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_has_its_message(case: str) -> None:
    content, said = BAD[case]
    with pytest.raises(NotASpreadsheet) as caught:
        read_xlsx(content() if callable(content) else content)
    assert said in str(caught.value)


def test_another_spreadsheet_names_every_sheet_that_it_lacks() -> None:
    with pytest.raises(SchemeErrors) as caught:
        read_xlsx(small_book())
    lacking = [each for each in caught.value.mistakes if "a sheet named" in each.expected]
    assert len(lacking) == 12


def test_a_million_rows_are_not_read() -> None:
    """The sheet's XML repeats one row a million times; reading stops where a threshold can't go on."""
    row = '<row r="{}"><c r="B{}" t="inlineStr"><is><t>x</t></is></c></row>'

    def many(name: str, content: bytes) -> bytes:
        if "sheet4" not in name:
            return content
        start, end = content.split(b"</sheetData>")
        return start + "".join(row.format(n, n) for n in range(6, 200_000)).encode() + b"</sheetData>" + end

    with pytest.raises((SchemeErrors, NotASpreadsheet)) as caught:
        read_xlsx(rezipped(many))
    assert "at most 5,000 rows" in str(caught.value) or "unpacks to more" in str(caught.value)


def test_a_changed_scheme_stays_changed() -> None:
    told = deepcopy(schemes.content())
    told["plot_sheet"] = {"columns": [{"name": "Tier 1", "levels": [1]}], "wide": "x" * 40_000}
    scheme = read_scheme(told)
    assert read_xlsx(to_xlsx(scheme)) == scheme
