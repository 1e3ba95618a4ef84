"""The life of a referral: its states, the moves between them, and how it can end.

    >>> next_state(State.WAITING, Move.CLAIM)
    <State.IN_HAND: 'in_hand'>

A step up or down, or passing on to another team, puts the referral into the other queue, waiting for its next owner;
its history and its clocks go with it. What needs a second person (no further action, a step down, a level below the
indicated one, over danger whatever is no statutory work) is *proposed* first: still open, still its owner's, until
somebody else signs it off or sends it back.
What was decided to go to another area is *sent on*: still open, still its owner's, until somebody there has confirmed
that they have it; refused there, it comes back into its owner's hands. What was refused is *returned* on their side.
Where only some of its children went, what is told of one who stayed *takes it up* again: that child is decided anew,
while the receipt of the others is awaited.
Whose move it is, and in which queue, is not asked here.
"""

from __future__ import annotations

from enum import StrEnum

from thresholds.domain.scheme import Route


class State(StrEnum):
    """Where a referral stands."""

    WAITING = "waiting"
    IN_HAND = "in_hand"
    PROPOSED = "proposed"
    SENT_ON = "sent_on"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"

    @property
    def label(self) -> str:
        """The state as a page shows it."""
        return STATE_LABELS[self]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self in OPEN


OPEN = (State.WAITING, State.IN_HAND, State.PROPOSED, State.SENT_ON)
"""The states in which somebody still has something to do."""

CLOSED = (State.DECIDED, State.WITHDRAWN, State.RETURNED)
"""The states in which nobody has anything to do any more."""

STATE_LABELS = {
    State.WAITING: "Waiting",
    State.IN_HAND: "In hand",
    State.PROPOSED: "Waiting for sign-off",
    State.SENT_ON: "Sent on, not yet received",
    State.DECIDED: "Decided",
    State.WITHDRAWN: "Withdrawn",
    State.RETURNED: "Sent back to where it came from",
}


class Move(StrEnum):
    """What may be done to a referral."""

    CLAIM = "claim"
    RELEASE = "release"
    REASSIGN = "reassign"
    STEP_UP = "step_up"
    STEP_DOWN = "step_down"
    PASS_ON = "pass_on"  # noqa: S105  a move, no password
    RECORD = "record"
    PROPOSE = "propose"
    SEND_BACK = "send_back"
    TAKE_BACK = "take_back"
    DECIDE = "decide"
    SEND_ON = "send_on"
    RECEIVE = "receive"
    COME_BACK = "come_back"
    TAKE_UP = "take_up"
    RETURN = "return"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"


PAST = {
    Move.CLAIM: "claimed",
    Move.RELEASE: "released",
    Move.REASSIGN: "reassigned",
    Move.STEP_UP: "stepped up",
    Move.STEP_DOWN: "stepped down",
    Move.PASS_ON: "passed on",
    Move.RECORD: "decided in part",
    Move.PROPOSE: "proposed",
    Move.SEND_BACK: "sent back",
    Move.TAKE_BACK: "taken back",
    Move.DECIDE: "decided",
    Move.SEND_ON: "sent on",
    Move.RECEIVE: "received elsewhere",
    Move.COME_BACK: "taken back from where it was sent",
    Move.TAKE_UP: "taken up again",
    Move.RETURN: "sent back to where it came from",
    Move.WITHDRAW: "withdrawn",
    Move.REOPEN: "reopened",
}

TABLE: dict[tuple[State, Move], State] = {
    (State.WAITING, Move.CLAIM): State.IN_HAND,
    (State.WAITING, Move.STEP_UP): State.WAITING,
    (State.WAITING, Move.PASS_ON): State.WAITING,
    (State.WAITING, Move.PROPOSE): State.PROPOSED,
    (State.WAITING, Move.RETURN): State.RETURNED,
    (State.WAITING, Move.WITHDRAW): State.WITHDRAWN,
    (State.IN_HAND, Move.RELEASE): State.WAITING,
    (State.IN_HAND, Move.REASSIGN): State.IN_HAND,
    (State.IN_HAND, Move.STEP_UP): State.WAITING,
    (State.IN_HAND, Move.PASS_ON): State.WAITING,
    (State.IN_HAND, Move.RECORD): State.IN_HAND,
    (State.IN_HAND, Move.PROPOSE): State.PROPOSED,
    (State.IN_HAND, Move.DECIDE): State.DECIDED,
    (State.IN_HAND, Move.SEND_ON): State.SENT_ON,
    (State.IN_HAND, Move.RETURN): State.RETURNED,
    (State.IN_HAND, Move.WITHDRAW): State.WITHDRAWN,
    (State.PROPOSED, Move.REASSIGN): State.PROPOSED,
    (State.PROPOSED, Move.STEP_DOWN): State.WAITING,
    (State.PROPOSED, Move.SEND_BACK): State.IN_HAND,
    (State.PROPOSED, Move.TAKE_BACK): State.IN_HAND,
    (State.PROPOSED, Move.DECIDE): State.DECIDED,
    (State.PROPOSED, Move.SEND_ON): State.SENT_ON,
    (State.PROPOSED, Move.WITHDRAW): State.WITHDRAWN,
    (State.SENT_ON, Move.RELEASE): State.SENT_ON,
    (State.SENT_ON, Move.REASSIGN): State.SENT_ON,
    (State.SENT_ON, Move.RECEIVE): State.DECIDED,
    (State.SENT_ON, Move.COME_BACK): State.IN_HAND,
    (State.SENT_ON, Move.TAKE_UP): State.IN_HAND,
    (State.DECIDED, Move.REOPEN): State.WAITING,
    (State.WITHDRAWN, Move.REOPEN): State.WAITING,
}
"""Every move that is allowed, and the state it leads to."""


class NotAllowed(ValueError):  # noqa: N818 - reads as what it says
    """A move that the referral's state does not allow; the message says what is possible instead."""


def allowed(state: State) -> tuple[Move, ...]:
    """The moves possible from a state."""
    return tuple(move for move in Move if (state, move) in TABLE)


def next_state(state: State, move: Move) -> State:
    """The state after a move. Raises `NotAllowed` with a sentence for the page."""
    try:
        return TABLE[state, move]
    except KeyError:
        possible = [PAST[each] for each in allowed(state)]
        where = STATE_LABELS[state].lower()
        said = "Nothing more is done with it here."
        if possible:
            either = possible[0] if len(possible) == 1 else f"{', '.join(possible[:-1])} or {possible[-1]}"
            said = f"It can be {either}."
        raise NotAllowed(f"This referral is {where}: it can't be {PAST[move]}. {said}") from None


class Outcome(StrEnum):
    """How a decision ends a referral."""

    ADVICE = "advice"
    EARLY_HELP = "early_help"
    ASSESSMENT_SECTION_17 = "assessment_section_17"
    STRATEGY_DISCUSSION = "strategy_discussion"
    LADO = "lado"
    TRANSFER = "transfer"
    ALREADY_OPEN = "already_open"
    NO_FURTHER_ACTION = "no_further_action"

    @property
    def label(self) -> str:
        """The outcome as a page shows it."""
        return OUTCOMES[self][0]

    @property
    def meaning(self) -> str:
        """One sentence for the referrer: what it means."""
        return OUTCOMES[self][1]

    @property
    def route(self) -> Route | None:
        """The route that the decision implies; None where it says nothing about the level of need."""
        return OUTCOMES[self][2]


OUTCOMES: dict[Outcome, tuple[str, str, Route | None]] = {
    Outcome.ADVICE: (
        "Advice and information",
        "We have given you advice; you and the services around the family go on supporting them.",
        Route.ADVICE,
    ),
    Outcome.EARLY_HELP: (
        "Early help",
        "An early help team will offer the family support, with their agreement.",
        Route.EARLY_HELP,
    ),
    Outcome.ASSESSMENT_SECTION_17: (
        "Child and family assessment (section 17)",
        "A social worker will assess what the child and the family need.",
        Route.MASH,
    ),
    Outcome.STRATEGY_DISCUSSION: (
        "Strategy discussion (section 47)",
        "Social care, the police and health will decide together, without delay, how to keep the child safe.",
        Route.MASH,
    ),
    Outcome.LADO: (
        "Passed to the LADO",
        "The designated officer will look into the allegation against a person in a position of trust.",
        Route.MASH,
    ),
    Outcome.TRANSFER: (
        "Transferred to another area",
        "The child lives in another area, and we have passed your referral to the front door there.",
        None,
    ),
    Outcome.ALREADY_OPEN: (
        "Passed to the worker who has the case",
        "A worker already supports this child, and now has what you told us.",
        None,
    ),
    Outcome.NO_FURTHER_ACTION: (
        "No further action",
        "We will take no further action now; tell us again if your worry grows or something changes.",
        None,
    ),
}
"""Each outcome's label, what it means for the referrer, and the route it implies."""
