"""The life of a referral, move by move."""

from __future__ import annotations

from itertools import product

import pytest

from referrals.domain.lifecycle import (
    CLOSED,
    OPEN,
    OUTCOMES,
    PAST,
    TABLE,
    Move,
    NotAllowed,
    Outcome,
    State,
    allowed,
    next_state,
)
from thresholds.domain.scheme import Route

EXPECTED = """
           claim   release reassign step_up step_down pass_on record  propose  send_back take_back decide  send_on receive come_back take_up return   withdraw  reopen
waiting    in_hand -       -        waiting -         waiting -       proposed -         -         -       -       -       -         -       returned withdrawn -
in_hand    -       waiting in_hand  waiting -         waiting in_hand proposed -         -         decided sent_on -       -         -       returned withdrawn -
proposed   -       -       proposed -       waiting   -       -       -        in_hand   in_hand   decided sent_on -       -         -       -        withdrawn -
sent_on    -       sent_on sent_on  -       -         -       -       -        -         -         -       -       decided in_hand   in_hand -        -         -
decided    -       -       -        -       -         -       -       -        -         -         -       -       -       -         -       -        -         waiting
withdrawn  -       -       -        -       -         -       -       -        -         -         -       -       -       -         -       -        -         waiting
returned   -       -       -        -       -         -       -       -        -         -         -       -       -       -         -       -        -         -
"""  # noqa: E501  a table
HEADING, *LINES = EXPECTED.strip().splitlines()
CELLS = [
    pytest.param(State(line.split()[0]), Move(move), cell, id=f"{move} when {line.split()[0]}")
    for line in LINES
    for move, cell in zip(HEADING.split(), line.split()[1:], strict=True)
]


@pytest.mark.parametrize(("state", "move", "expected"), CELLS)
def test_the_table(state: State, move: Move, expected: str) -> None:
    if expected == "-":
        with pytest.raises(NotAllowed) as caught:
            next_state(state, move)
        assert PAST[move] in str(caught.value)
        assert move not in allowed(state)
    else:
        assert next_state(state, move) is State(expected)
        assert move in allowed(state)


def test_the_table_here_is_whole() -> None:
    assert {(cell.values[0], cell.values[1]) for cell in CELLS} == set(product(State, Move))
    assert set(PAST) == set(Move)


def test_a_refusal_says_what_is_possible() -> None:
    with pytest.raises(NotAllowed, match=r"^This referral is decided: it can't be claimed\. It can be reopened\.$"):
        next_state(State.DECIDED, Move.CLAIM)
    with pytest.raises(
        NotAllowed,
        match=r"It can be claimed, .*, proposed, sent back to where it came from or withdrawn\.$",
    ):
        next_state(State.WAITING, Move.DECIDE)


def test_no_state_is_a_dead_end_and_only_an_owner_decides() -> None:
    assert [state for state in State if not allowed(state)] == [State.RETURNED], "that goes on where it came from"
    assert [state for state, move in TABLE if move is Move.DECIDE] == [State.IN_HAND, State.PROPOSED]
    assert [state for state in State if state.is_open] == [State.WAITING, State.IN_HAND, State.PROPOSED, State.SENT_ON]
    assert set(State) == {*OPEN, *CLOSED}


def test_nothing_goes_down_to_early_help_but_what_was_proposed() -> None:
    assert [state for state, move in TABLE if move is Move.STEP_DOWN] == [State.PROPOSED]


def test_an_open_state_is_labelled() -> None:
    assert State.IN_HAND.label == "In hand"


def test_every_outcome_tells_the_referrer_what_it_means() -> None:
    assert set(OUTCOMES) == set(Outcome)
    for outcome in Outcome:
        assert outcome.label
        assert outcome.meaning.endswith(".")
        assert outcome.meaning.count(".") == 1
    assert Outcome.STRATEGY_DISCUSSION.label == "Strategy discussion (section 47)"
    assert Outcome.ASSESSMENT_SECTION_17.route is Route.MASH
    assert Outcome.EARLY_HELP.route is Route.EARLY_HELP
    assert Outcome.TRANSFER.route is None
