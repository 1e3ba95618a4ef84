"""Is this the same child? And the numbers that say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.domain.identifiers import UPN_LETTERS, nhs_number_is_valid, upn_is_temporary, upn_is_valid
from referrals.domain.lookup import candidate_keys, stored_keys
from referrals.domain.matching import Person, Verdict, match

NHS = "999 000 0018"
OTHER_NHS = "9990000026"
CHILD = Person("Zoë", "Ann-Smith", date(2015, 3, 4), "F", "ME4 4TR")


def upn(body: str) -> str:
    """A UPN with its check letter, by the published sum."""
    values = [UPN_LETTERS.index(each) if each.isalpha() else int(each) for each in body]
    return UPN_LETTERS[sum((place + 2) * value for place, value in enumerate(values)) % 23] + body


UPN, OTHER_UPN, TEMPORARY = upn("887123415001"), upn("887123415002"), upn("88712341500A")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Verdict.SAME),
        ({"first_name": "ZOE", "last_name": "ann smith"}, Verdict.SAME),
        ({"postcode": "me44tr", "sex": "U"}, Verdict.SAME),
        ({"postcode": "SE1 1AA", "sex": ""}, Verdict.DIFFERENT),
        ({"postcode": "SE1 1AA"}, Verdict.POSSIBLE),
        ({"postcode": ""}, Verdict.SAME),
        ({"first_name": "Ann Smith", "last_name": "Zoe"}, Verdict.POSSIBLE),
        ({"last_name": "Ansmith"}, Verdict.POSSIBLE),
        ({"date_of_birth": date(2015, 4, 3)}, Verdict.POSSIBLE),
        ({"date_of_birth": date(2015, 3, 14)}, Verdict.POSSIBLE),
        ({"date_of_birth": date(2011, 9, 30)}, Verdict.POSSIBLE),
        ({"date_of_birth": None}, Verdict.POSSIBLE),
        ({"first_name": "Maya"}, Verdict.DIFFERENT),
        ({"first_name": "Maya", "last_name": "Cole"}, Verdict.POSSIBLE),
        ({"last_name": "Cole", "postcode": "", "other_names": "Zoe Ann-Smith"}, Verdict.POSSIBLE),
        ({"last_name": "Cole", "postcode": ""}, Verdict.DIFFERENT),
        ({"first_name": "Maya", "sex": "M"}, Verdict.DIFFERENT),
        ({"first_name": "Maya", "postcode": "ZZ99 3VZ"}, Verdict.DIFFERENT),
        ({"first_name": "", "last_name": ""}, Verdict.POSSIBLE),
    ],
)
def test_three_of_four(changes: dict[str, Any], expected: Verdict) -> None:
    found = match(CHILD, replace(CHILD, **changes))
    assert found.verdict is expected
    assert found.reasons


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ({"nhs_number": NHS}, {"nhs_number": "9990000018", "last_name": "Other", "sex": "M"}, Verdict.SAME),
        ({"upn": UPN}, {"upn": UPN.lower(), "first_name": "Other", "postcode": ""}, Verdict.SAME),
        ({"nhs_number": NHS}, {"nhs_number": OTHER_NHS}, Verdict.DIFFERENT),
        ({"upn": UPN}, {"upn": OTHER_UPN}, Verdict.DIFFERENT),
        ({"upn": UPN}, {"upn": TEMPORARY}, Verdict.SAME),
        ({"nhs_number": NHS}, {"nhs_number": "9990000019"}, Verdict.SAME),
        ({"nhs_number": NHS, "upn": UPN}, {"nhs_number": NHS, "upn": OTHER_UPN}, Verdict.POSSIBLE),
    ],
)
def test_numbers(mine: dict[str, Any], theirs: dict[str, Any], expected: Verdict) -> None:
    assert match(replace(CHILD, **mine), replace(CHILD, **theirs)).verdict is expected


def test_twins_are_never_the_same_child() -> None:
    assert match(CHILD, replace(CHILD, first_name="Zara")).verdict is not Verdict.SAME
    twin = match(CHILD, replace(CHILD, first_name="Maya"))
    assert twin.verdict is Verdict.DIFFERENT and "perhaps a twin" in twin.reasons[-1]


texts = st.text(max_size=8) | st.sampled_from(["Zoe", "Zoë", "Smith", "ME4 4TR", NHS, OTHER_NHS, UPN, OTHER_UPN])
people = st.builds(
    Person, texts, texts, st.none() | st.dates(), st.sampled_from(["M", "F", "U", ""]), texts, texts, texts, texts
)


@given(people, people)
def test_any_two_compare_alike_in_either_order(a: Person, b: Person) -> None:
    found = match(a, b)
    assert found == match(b, a)
    assert 0 <= found.score <= 100


@given(people)
def test_keys_are_made_of_anybody_and_find_them_again(a: Person) -> None:
    assert all(0 < len(key) <= 64 for key in stored_keys(a) | candidate_keys(a))
    assert candidate_keys(a) & stored_keys(a) == {key for key in stored_keys(a) if not key.startswith("word:")}, (
        "whoever is told of again is found"
    )


@given(people, people)
def test_numbers_that_conflict_are_never_the_same_child(a: Person, b: Person) -> None:
    found = match(replace(a, nhs_number=NHS), replace(b, nhs_number=OTHER_NHS))
    assert found.verdict is not Verdict.SAME


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("943 476 5919", True),
        ("943-476-5919", True),
        (NHS, True),
        ("9434765918", False),
        ("943476591", False),
        ("0000000000", False),
        ("٩٤٣٤٧٦٥٩١٩", False),
        ("", False),
    ],
)
def test_nhs_numbers(number: str, valid: bool) -> None:
    assert nhs_number_is_valid(number) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [(UPN, True), (TEMPORARY, True), (UPN[:-1] + "3", False), ("I" + UPN[1:], False), (UPN[:-1], False), ("", False)],
)
def test_upns(number: str, valid: bool) -> None:
    assert upn_is_valid(number) is valid


def test_a_temporary_upn_ends_in_a_letter() -> None:
    assert upn_is_temporary(TEMPORARY)
    assert not upn_is_temporary(UPN)
