"""What comes nearest in another area's words; held to pairs that a practitioner would look for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import schemes
from thresholds.domain.nearest import nearest, stems
from thresholds.domain.scheme import Scheme
from thresholds.files import read_file

FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.fixture(scope="module")
def others() -> dict[str, Scheme]:
    return {slug: read_file(FIXTURES / f"{slug}.yaml") for slug in ("northamptonshire-2018", "sandwell-2021")}


@pytest.mark.parametrize(
    ("wording", "word"),
    [
        ("Parent misuses alcohol or drugs so that care of the child suffers", "alcohol"),
        ("Goes missing from home often", "missing"),
        ("Domestic abuse between the adults at home", "domestic"),
        ("Female genital mutilation is feared", "genital"),
    ],
)
def test_a_wording_leads_to_its_like_elsewhere(others: dict[str, Scheme], wording: str, word: str) -> None:
    for slug, scheme in others.items():
        found = nearest(scheme, wording)
        assert any(word in each.label.lower() for each in found), (slug, [each.label for each in found])


def test_the_very_same_words_come_first_and_strange_ones_find_nothing() -> None:
    scheme = schemes.scheme()
    for each in scheme.indicators:
        assert nearest(scheme, each.label, 50)[0].label.split()[0] == each.label.split()[0]
    assert nearest(scheme, "Xylophone") == ()
    assert stems("of the a") == frozenset()
