"""The fixed words of a threshold scheme: what its fields may say. Each value is the word in the file."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """Where a referral goes, the least urgent first.

    The values stand in alphabetical order too, so `max`, `<` and `sorted` follow urgency.
    """

    ADVICE = "advice"
    EARLY_HELP = "early_help"
    MASH = "mash"

    @property
    def words(self) -> str:
        """The route inside a sentence: "goes to … "."""
        return ROUTE_WORDS[self]


ROUTE_WORDS = {Route.ADVICE: "advice", Route.EARLY_HELP: "early help", Route.MASH: "the MASH"}


class StatutoryBasis(StrEnum):
    """The section of the Children Act 1989 on which a level stands."""

    NONE = "none"
    SECTION_17 = "section_17"
    SECTION_47 = "section_47"
    BOTH = "both"


class StepWord(StrEnum):
    """The document's own word for a step of need."""

    LEVEL = "level"
    TIER = "tier"


class Colour(StrEnum):
    """The colour of a level in the document, blue where it gives none."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    BLUE = "blue"


class Unit(StrEnum):
    """What a limit is counted in. Clock hours run through nights; working hours only while the office is open."""

    CLOCK_HOURS = "clock_hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


class Starts(StrEnum):
    """The event that starts a clock."""

    RECEIVED = "received"
    CALLED = "called"
    CONCERN = "concern"
    DECIDED = "decided"
    RAISED = "raised"
    KNOWN = "known"


class RuleKind(StrEnum):
    """What a rule does."""

    HIGHEST = "highest"
    CLUSTER = "cluster"
    FLAG = "flag"
    AGE = "age"
    JUDGEMENT = "judgement"
    DANGER = "danger"
    CONSENT = "consent"
    NOTHING_CHOSEN = "nothing_chosen"
    SEEN_BEFORE = "seen_before"


class Doing(StrEnum):
    """Something that a sentence to the referrer asks for, and a referral shows as done by itself."""

    CALL = "call"
    FORM = "form"
    DUE_DATE = "due_date"

    @property
    def words(self) -> str:
        """What must have happened, inside a sentence: "done where … "."""
        return DOING_WORDS[self]


DOING_WORDS = {
    Doing.CALL: "somebody telephoned the front door",
    Doing.FORM: "the form was sent",
    Doing.DUE_DATE: "the due date of the baby was given",
}


class Flag(StrEnum):
    """Something a referral carries beside its level. A flag never sets a level."""

    CONSENT_TO_SETTLE = "consent_to_settle"
    EXPLOITATION = "exploitation"
    FGM = "fgm"
    FORCED_MARRIAGE = "forced_marriage"
    IMMEDIATE_DANGER = "immediate_danger"
    JUDGED_HIGHER = "judged_higher"
    JUDGED_LOWER = "judged_lower"
    LADO = "lado"
    MARAC = "marac"
    NEGLECT_TOOL = "neglect_tool"
    NOT_SCREENED = "not_screened"
    NRM = "nrm"
    OUTSIDE_HOME = "outside_home"
    PRE_BIRTH = "pre_birth"
    PREVENT = "prevent"
    PRIVATE_FOSTERING = "private_fostering"
    SECTION_17 = "section_17"
    SECTION_47 = "section_47"
    SEEN_BEFORE = "seen_before"
    STRATEGY_DISCUSSION = "strategy_discussion"

    @property
    def words(self) -> str:
        """The flag in a person's words."""
        return FLAG_WORDS[self]


FLAG_WORDS: dict[Flag, str] = {
    Flag.CONSENT_TO_SETTLE: "consent to be settled",
    Flag.EXPLOITATION: "exploitation",
    Flag.FGM: "female genital mutilation",
    Flag.FORCED_MARRIAGE: "forced marriage or honour-based abuse",
    Flag.IMMEDIATE_DANGER: "immediate danger",
    Flag.JUDGED_HIGHER: "judged higher than indicated",
    Flag.JUDGED_LOWER: "judged lower than indicated",
    Flag.LADO: "a person in a position of trust (LADO)",
    Flag.MARAC: "high-risk domestic abuse (MARAC)",
    Flag.NEGLECT_TOOL: "neglect tool to attach",
    Flag.NOT_SCREENED: "not screened",
    Flag.NRM: "trafficking or modern slavery (NRM)",
    Flag.OUTSIDE_HOME: "harm outside the home",
    Flag.PRE_BIRTH: "unborn child",
    Flag.PREVENT: "radicalisation (Prevent)",
    Flag.PRIVATE_FOSTERING: "private fostering",
    Flag.SECTION_17: "child in need (section 17)",
    Flag.SECTION_47: "significant harm (section 47)",
    Flag.SEEN_BEFORE: "seen before",
    Flag.STRATEGY_DISCUSSION: "strategy discussion (section 47)",
}

ENGINE_FLAGS = frozenset(
    {
        Flag.CONSENT_TO_SETTLE,
        Flag.IMMEDIATE_DANGER,
        Flag.JUDGED_HIGHER,
        Flag.JUDGED_LOWER,
        Flag.NOT_SCREENED,
        Flag.SEEN_BEFORE,
    }
)
"""Flags that only the engine raises, never an indicator."""

INDICATOR_FLAGS = frozenset(Flag) - ENGINE_FLAGS
"""Flags that an indicator may carry."""

CONCERN_FLAGS = frozenset(
    {
        Flag.EXPLOITATION,
        Flag.FGM,
        Flag.FORCED_MARRIAGE,
        Flag.LADO,
        Flag.MARAC,
        Flag.NEGLECT_TOOL,
        Flag.NRM,
        Flag.OUTSIDE_HOME,
        Flag.PREVENT,
        Flag.PRIVATE_FOSTERING,
    }
)
"""Flags that a referrer's own word raises: the special concerns."""

FLAGS_BY_BASIS: dict[StatutoryBasis, Flag | None] = {
    StatutoryBasis.NONE: None,
    StatutoryBasis.SECTION_17: Flag.SECTION_17,
    StatutoryBasis.SECTION_47: Flag.SECTION_47,
    StatutoryBasis.BOTH: Flag.SECTION_17,
}
"""The flag that a level's statutory basis raises; with both, section 47 comes from an indicator."""
