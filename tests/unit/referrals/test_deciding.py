"""What needs a second person, and whose authority is recorded."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.domain.deciding import (
    FACTORS,
    NO_FACTOR,
    PRIMARY_NEEDS,
    TAKES_DANGER_ON,
    Second,
    needs_authority,
    needs_sign_off,
)
from referrals.domain.lifecycle import Outcome

RANKS = st.none() | st.integers(1, 4)

CASES = [
    # outcome, decided, indicated, why a second person
    (Outcome.NO_FURTHER_ACTION, 2, 2, [Second.NO_FURTHER_ACTION]),
    (Outcome.NO_FURTHER_ACTION, 1, 3, [Second.NO_FURTHER_ACTION, Second.LOWER]),
    (Outcome.NO_FURTHER_ACTION, None, None, [Second.NO_FURTHER_ACTION]),
    (Outcome.EARLY_HELP, 2, 3, [Second.LOWER]),
    (Outcome.EARLY_HELP, 3, 2, []),
    (Outcome.EARLY_HELP, 2, None, []),
    (Outcome.ADVICE, None, 2, [Second.LOWER]),
    (Outcome.TRANSFER, None, 4, []),
    (Outcome.ALREADY_OPEN, None, 3, []),
    (Outcome.LADO, None, 4, []),
    (Outcome.LADO, 2, 4, [Second.LOWER]),
    (Outcome.STRATEGY_DISCUSSION, 4, 4, []),
]

IN_DANGER = [
    # outcome of a child who is said to be in danger now, at the level indicated: whether one person decides it alone
    (Outcome.STRATEGY_DISCUSSION, True),
    (Outcome.ASSESSMENT_SECTION_17, True),
    (Outcome.LADO, False),
    (Outcome.TRANSFER, False),
    (Outcome.ALREADY_OPEN, False),
    (Outcome.EARLY_HELP, False),
    (Outcome.ADVICE, False),
    (Outcome.NO_FURTHER_ACTION, False),
]


@pytest.mark.parametrize(("outcome", "decided", "indicated", "expected"), CASES)
def test_the_cases(outcome: Outcome, decided: int | None, indicated: int | None, expected: list[Second]) -> None:
    assert list(needs_sign_off(outcome, decided=decided, indicated=indicated)) == expected
    assert all(each.words for each in expected)


@pytest.mark.parametrize(("outcome", "alone"), IN_DANGER)
def test_a_child_in_danger_is_sent_to_nothing_but_statutory_work_by_one_person(
    outcome: Outcome, *, alone: bool
) -> None:
    assert (needs_sign_off(outcome, decided=4, indicated=4, in_danger=True) == ()) == alone
    assert {outcome for outcome, _ in IN_DANGER} == set(Outcome)


@given(st.sampled_from(Outcome), RANKS, RANKS)
def test_danger_only_ever_asks_for_more(outcome: Outcome, decided: int | None, indicated: int | None) -> None:
    without = needs_sign_off(outcome, decided=decided, indicated=indicated)
    with_it = needs_sign_off(outcome, decided=decided, indicated=indicated, in_danger=True)
    assert set(with_it) - set(without) == (set() if outcome in TAKES_DANGER_ON else {Second.DANGER})
    assert set(without) <= set(with_it)


@given(st.sampled_from(Outcome), RANKS, RANKS)
def test_deciding_higher_never_asks_for_more(outcome: Outcome, decided: int | None, indicated: int | None) -> None:
    why = needs_sign_off(outcome, decided=decided, indicated=indicated)
    assert (Second.NO_FURTHER_ACTION in why) == (outcome is Outcome.NO_FURTHER_ACTION)
    if decided is not None:
        assert set(needs_sign_off(outcome, decided=decided + 1, indicated=indicated)) <= set(why)
        assert (Second.LOWER in why) == (indicated is not None and decided < indicated)


def test_authority_is_needed_where_the_work_goes_by_agreement_and_there_is_none() -> None:
    needed = {outcome for outcome, given in product(Outcome, [False]) if needs_authority(outcome, consent_given=given)}
    assert needed == {Outcome.EARLY_HELP, Outcome.ASSESSMENT_SECTION_17}
    assert not any(needs_authority(outcome, consent_given=True) for outcome in Outcome)


def test_the_codes_are_whole() -> None:
    assert list(PRIMARY_NEEDS) == [*(f"N{n}" for n in range(1, 10)), "N0"]
    assert len(FACTORS) == 6 * 3 + 1 + 5 + 9 + 4 + 3 + 2
    assert NO_FACTOR in FACTORS
    assert {"1A", "6C", "7A", "8F", "18B", "19C", "22A", "23A", "24A"} <= set(FACTORS)
