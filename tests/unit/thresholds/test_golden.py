"""Every golden table, replayed: what a practitioner expects of a scheme, row by row, against the engine."""

from __future__ import annotations

import csv
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import pytest

from thresholds.domain.scheme import Scheme
from thresholds.domain.screening import Facts, read_facts_strictly, screen
from thresholds.files import read_file

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = ["case", "story", "indicators", "children", "judged", "danger", "informed", "given", "reason", "previous"]
COLUMNS += ["in_need", "on", "level", "route", "flags", "because", "concerns"]
ANSWERS = {"yes": True, "no": False, "": None}
Row = dict[str, str]


@cache
def scheme_of(slug: str) -> Scheme:
    return read_file(ROOT / "fixtures" / f"{slug}.yaml")


def rows_of(table: Path) -> list[Row]:
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def facts_of(row: Row) -> Facts:
    """One row's facts, read strictly: a cell that can't be read fails its row."""
    previous = row["previous"].split()
    return read_facts_strictly(
        {
            "indicators": row["indicators"].split(),
            "children": [child_of(cell.strip()) for cell in row["children"].split(";") if cell.strip()],
            "judged_level": row["judged"] or None,
            "immediate_danger": ANSWERS[row["danger"]],
            "consent": {
                "informed": ANSWERS[row["informed"]],
                "given": ANSWERS[row["given"]],
                "reason": row["reason"] or None,
            },
            "previous_contacts": int(previous[0]) if len(previous) == 1 and previous[0].isdecimal() else previous,
            "child_in_need": ANSWERS[row["in_need"]],
            "on": row["on"] or None,
            "concerns": row["concerns"].split(),
        }
    )


def child_of(cell: str) -> dict[str, str]:
    expected = cell.removeprefix("expected").strip()
    return {"date_of_birth": cell} if expected == cell else {"expected_on": expected}


def looks_misspelt(key: str, scheme: Scheme) -> bool:
    """A key close to one of the scheme's is a slip of the table; one that is far from all is there on purpose."""
    return bool(get_close_matches(key, [indicator.key for indicator in scheme.indicators], n=1, cutoff=0.8))


TABLES = [
    table
    for table in sorted((ROOT / "tests" / "golden").glob("*.csv"))
    if (ROOT / "fixtures" / f"{table.stem}.yaml").exists()
]
CASES = [
    pytest.param(table.stem, row, id=f"{table.stem}:{row.get('case')}") for table in TABLES for row in rows_of(table)
]


@pytest.mark.parametrize(("slug", "row"), CASES)
def test_row(slug: str, row: Row) -> None:
    screening = screen(scheme_of(slug), facts_of(row))
    expected = (row["level"], row["route"], " ".join(sorted(row["flags"].split())))
    found = (str(screening.indicated_level or ""), screening.route.value, " ".join(screening.flags))
    reasons = "\n".join(f"  - {reason.because}" for reason in screening.reasons)
    told = f"{slug}: {row['case']}\n{row['story']}"
    assert found == expected, f"{told}\nexpected {expected} because {row['because']}\nfound {found}:\n{reasons}"
    misspelt = [key for key in screening.unknown_indicators if looks_misspelt(key, scheme_of(slug))]
    assert not misspelt, f"{told}\nnames indicators that the scheme lacks: {misspelt}"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_table_is_whole(table: Path) -> None:
    """At least thirty cases, each named once, with the agreed columns."""
    with table.open(encoding="utf-8", newline="") as lines:
        assert next(csv.reader(lines)) == COLUMNS
    names = [row["case"] for row in rows_of(table)]
    assert len(names) >= 30
    assert len(set(names)) == len(names)
