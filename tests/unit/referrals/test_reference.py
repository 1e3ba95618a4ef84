"""References: made, read back however they are typed, and slips found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referrals.domain.reference import ALPHABET, make_reference, read_reference

prefixes = st.from_regex(r"[A-Z]{2,6}", fullmatch=True)
randoms = st.binary(min_size=8, max_size=16)
references = st.builds(make_reference, prefixes, randoms)


@given(prefixes, randoms)
def test_round_trip(prefix: str, random_bytes: bytes) -> None:
    reference = make_reference(prefix, random_bytes)
    reading = read_reference(reference)
    assert (reading.reference, reading.prefix, reading.valid) == (reference, prefix, True)
    assert make_reference(prefix.lower(), random_bytes) == reference


@given(references, st.sampled_from(["", " ", "-", " - ", "\u2013", "."]), st.booleans())
def test_case_spaces_and_hyphens_make_no_difference(reference: str, between: str, small: bool) -> None:
    typed = f" {between.join(reference.replace('-', ''))} "
    assert read_reference(typed.lower() if small else typed).reference == reference


@settings(max_examples=200)
@given(references, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(reference: str, place: int, character: str) -> None:
    prefix, code = reference[: reference.index("-")], reference[reference.index("-") :].replace("-", "")
    slip = code[:place] + character + code[place + 1 :]
    assert read_reference(prefix + slip).valid is (slip == code)


@settings(max_examples=200)
@given(references, st.integers(0, 7), st.integers(0, 7))
def test_two_exchanged_characters_are_found(reference: str, one: int, other: int) -> None:
    prefix, code = reference[: reference.index("-")], list(reference[reference.index("-") :].replace("-", ""))
    slip = code.copy()
    slip[one], slip[other] = slip[other], slip[one]
    assert read_reference(prefix + "".join(slip)).valid is (slip == code)


@given(st.text(max_size=30))
def test_any_text_can_be_read(text: str) -> None:
    reading = read_reference(text)
    assert reading.valid is (make_again(reading.reference) == reading.reference)


def make_again(reference: str) -> str | None:
    reading = read_reference(reference)
    return reading.reference if reading.valid else None


def test_no_look_alikes_and_no_vowels() -> None:
    assert not set(ALPHABET) & set("0O1IL5S2Z8BUVAEQY")
    assert len(ALPHABET) == len(set(ALPHABET)) == 19


@pytest.mark.parametrize("prefix", ["", "M", "MEDWAYS", "M3D", "ÄÖ"])
def test_a_prefix_that_is_none(prefix: str) -> None:
    with pytest.raises(ValueError, match="2 to 6 letters"):
        make_reference(prefix, bytes(8))


def test_too_little_chance() -> None:
    with pytest.raises(ValueError, match="8 random bytes"):
        make_reference("MED", bytes(7))
