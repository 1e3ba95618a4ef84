"""The life of a referral: its states, the moves between them, and how it can end."""

from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"
    IN_HAND = "in_hand"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    ADVICE = "advice"
    EARLY_HELP = "early_help"
    ASSESSMENT_SECTION_17 = "assessment_section_17"
    STRATEGY_DISCUSSION = "strategy_discussion"
    LADO = "lado"
    TRANSFER = "transfer"
    ALREADY_OPEN = "already_open"
    NO_FURTHER_ACTION = "no_further_action"
