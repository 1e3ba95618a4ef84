"""A letter's text: its places, and what is wrong with one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.domain.letter import KINDS, fill, mistakes
from referrals.letters.writing import standard

OUTCOME = KINDS["outcome"]
GOOD = "{{ reference }}\n\n{{ decided }}\n\n{{ disagreement }}\n\n{{ if_in_danger }}\n\n{{ signature }}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_that_comes_with_front_door_can_be_used(kind: str) -> None:
    assert mistakes(KINDS[kind], *standard(kind)) == []


@pytest.mark.parametrize(
    ("subject", "body", "said"),
    [
        ("", GOOD, "Give the letter a subject"),
        ("Outcome", GOOD.replace("{{ decided }}", ""), "Add {{ decided }}: what was decided"),
        ("Outcome", GOOD + "\n\n{{ child_name }}", "There is no place called “child_name”"),
        ("Outcome", GOOD + "\n\n{{ referral.answers }}", "A place is written wrongly"),
        ("Outcome", GOOD + "\n\n{% if x %}", "A place is written wrongly"),
        ("Outcome", GOOD + "\n\n{{ Decided", "A place is written wrongly"),
        ("About {{ children }}", GOOD, "The subject may hold {{ reference }} and no other place"),
        ("Outcome {{ reference", GOOD, "A place in the subject is written wrongly"),
        ("x" * 151, GOOD, "Shorten the subject"),
        ("Outcome", GOOD + "x" * 8000, "Shorten the letter"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(subject: str, body: str, said: str) -> None:
    assert any(said in each for each in mistakes(OUTCOME, subject, body)), mistakes(OUTCOME, subject, body)


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert mistakes(OUTCOME, "The outcome of {{ reference }}", GOOD) == []


def test_a_paragraph_without_words_is_left_out_and_what_is_filled_in_is_not_read_again() -> None:
    text = "Dear {{ referrer }},\n\n{{ words }}\n\nWe say: {{ words }}\n\nYours"
    assert fill(text, {"referrer": "{{ signature }}", "words": "  "}) == "Dear {{ signature }},\n\nYours"


@given(st.text(max_size=200))
def test_a_text_without_places_keeps_every_word(text: str) -> None:
    kept = text.replace("{", "(")
    assert fill(kept, {}).split() == kept.split()
