"""A second reading of every list of the five documents, held against the content: a lost indicator is a lost child.

`tests/golden/counts.csv` was counted in the documents themselves, list by list and over page breaks, apart from the
content files. Northamptonshire's appendix 2 prints 20 lines, of which the first holds two circumstances that appendix
1 has as two: 21.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from partnerships.files import import_partnership, read_file
from tests.factories import LONG_AGO
from thresholds import actions, files
from thresholds.domain.scheme import Flag, Scheme
from thresholds.loading import load

ROOT = Path(__file__).resolve().parents[3]
COUNTED: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
with (ROOT / "tests/golden/counts.csv").open(encoding="utf-8", newline="") as lines:
    for line in csv.DictReader(lines):
        COUNTED[line["slug"]][line["domain"], line["level"]] = int(line["count"])
TOTALS = {
    "medway-2024": 97,
    "medway-2015": 196,
    "northamptonshire-2018": 220,
    "thurrock-2023": 162,
    "sandwell-2021": 264,
}


@pytest.fixture(params=sorted(COUNTED))
def scheme(request: pytest.FixtureRequest, db: None) -> Scheme:
    """The content as the engine reads it out of the database, published: file, rows and back."""
    content = files.read_file(ROOT / "fixtures" / f"{request.param}.yaml")
    import_partnership(told=read_file(ROOT / "fixtures/partnerships" / f"{content.partnership}.yaml"), at=LONG_AGO)
    version = actions.import_draft(content=content, by=None, at=LONG_AGO)
    return load(actions.publish(version=version, holds_from=LONG_AGO, by=None, at=LONG_AGO))


def place(domain: str, ranks: tuple[int, ...]) -> tuple[str, str]:
    return domain, " and ".join(str(rank) for rank in ranks)


def test_every_list_holds_what_the_document_lists(scheme: Scheme) -> None:
    held = Counter(place(each.domain, (each.level, *each.shared_with)) for each in scheme.indicators)
    assert dict(held) == COUNTED[scheme.slug]
    assert sum(held.values()) == TOTALS[scheme.slug]


def test_items_count_from_one_without_a_gap(scheme: Scheme) -> None:
    lists: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in scheme.indicators:
        lists[place(each.domain, (each.level, *each.shared_with))].append(each.item)
    for where, items in lists.items():
        assert items == list(range(1, len(items) + 1)), where


def test_no_criterion_stands_twice_in_a_list(scheme: Scheme) -> None:
    said = Counter((each.domain, each.level, each.label.casefold()) for each in scheme.indicators)
    assert [each for each, times in said.items() if times > 1] == []


def test_every_fixture_is_counted() -> None:
    assert {path.stem for path in (ROOT / "fixtures").glob("*-20??.yaml")} == set(COUNTED) == set(TOTALS)


STARRED = {"Health Needs": 2, "Emotional Health and Behaviour Needs": 6, "Family and Parenting Needs": 10}


def test_northamptonshires_stars_are_all_there() -> None:
    """Counted in appendix 1, level 4: each star is a section 47 strategy discussion."""
    scheme = files.read_file(ROOT / "fixtures/northamptonshire-2018.yaml")
    starred = Counter(
        each.domain
        for each in scheme.indicators
        if Flag.STRATEGY_DISCUSSION in each.flags and each.domain in scheme_of_appendix_1(scheme)
    )
    assert dict(starred) == STARRED


def scheme_of_appendix_1(scheme: Scheme) -> set[str]:
    return {domain.name for domain in scheme.domains} - {"Section 47 and the duty to investigate"}
