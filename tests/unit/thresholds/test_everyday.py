"""Everyday words find what a document says in its own."""

from pathlib import Path

import pytest

from referrals.intake.indicator_search import Search, also_under, examples
from thresholds.domain.everyday import EVERYDAY, Look, reached, split, stem
from thresholds.domain.scheme import Scheme
from thresholds.files import read_file

SLUGS = ("medway-2024", "northamptonshire-2018", "sandwell-2021", "thurrock-2023")
SAID = "bruise bruising bruises injury injuries hungry dirty smell hit pregnant unborn school alcohol drunk"
FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.fixture(params=SLUGS)
def scheme(request: pytest.FixtureRequest) -> Scheme:
    return read_file(FIXTURES / f"{request.param}.yaml")


@pytest.mark.parametrize("word", SAID.split())
def test_what_a_worried_person_types_finds_something_in_every_scheme(scheme: Scheme, word: str) -> None:
    found = Search(scheme, word)
    assert 0 < found.count <= len(found.found) < 30


def test_the_examples_of_the_hint_find_something_and_are_three(scheme: Scheme) -> None:
    assert examples(scheme) == ["bruise", "school", "alcohol"]


def test_forms_of_a_word_are_one_and_a_part_of_another_is_none() -> None:
    for forms in ("bruise bruises bruising bruised", "injury injuries injured", "hit hits hitting", "smell smelly"):
        assert len(set(map(stem, forms.split()))) == 1, forms
    assert reached("Self-harm that hasn’t stopped", Look("self harm hasn't"))
    assert reached("Alcohol", Look("alco")) and not reached("Architecture", Look("hit"))
    assert not reached("Alcohol", Look("alcohol school")), "every word must fit"


def test_where_nothing_fits_all_are_shown_and_none_counted(scheme: Scheme) -> None:
    found = Search(scheme, "xylophone")
    assert found.count == 0 and found.shown == {each.key for each in scheme.indicators}


def test_every_everyday_word_leads_to_words_that_stand_in_a_label() -> None:
    stems = set()
    for slug in SLUGS:
        scheme = read_file(FIXTURES / f"{slug}.yaml")
        stems |= {stem(word) for each in scheme.indicators for word in split(f"{each.label} {each.domain}")}
    assert {said: set(to) - stems for said, to in EVERYDAY.items() if set(to) - stems} == {}


def test_the_same_words_under_two_headings_count_once_and_say_so() -> None:
    scheme = read_file(FIXTURES / "northamptonshire-2018.yaml")
    found = Search(scheme, "domestic")
    assert (found.count, len(found.found)) == (4, 5)
    twice = [each for each in also_under(scheme) if each in found.found]
    assert len(twice) == 2
    assert all(also_under(scheme)[key].endswith("One is enough.") for key in twice)
