"""What stands on which sheet of a threshold's spreadsheet, column by column: the one place that says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum

from thresholds.domain.scheme import Colour, Doing, Flag, Route, RuleKind, Starts, StatutoryBasis, StepWord, Unit


class Kind(Enum):
    """What a cell holds."""

    TEXT = "text"
    WHOLE = "a whole number"
    TRUTH = "yes or no"
    DAY = "a date such as 2024-12-01"
    CHOICE = "one of a list"
    CHOICES = "any of a list, with commas between"
    WHOLES = "whole numbers, with commas between"
    LINES = "one entry a line"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the name in the file, what its cells hold. `inside`: a mapping that it belongs to.

    may_lack: spreadsheets from before there was such a column are read all the same.
    """

    heading: str
    name: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    width: int = 30
    inside: str = ""
    may_lack: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: a list of the file, one entry a row."""

    title: str
    section: str
    columns: tuple[Column, ...]
    about: str


def of(values: type[StrEnum]) -> tuple[str, ...]:
    return tuple(str(each.value) for each in values)


def words(value: str) -> str:
    """A fixed word as a cell shows it: `early_help` → `early help`."""
    return value.replace("_", " ")


def fixed(text: str) -> str:
    """The fixed word that a cell means: `Early help` → `early_help`."""
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())


LABEL = 70
SOURCE = Column("Source", "source", width=40)
LOCAL = Column("Local default", "local_default", Kind.TRUTH, width=12)
FLAGS = of(Flag)

DOCUMENT: tuple[Column, ...] = (
    Column("Slug", "slug"),
    Column("Partnership", "partnership"),
    Column("Title", "title"),
    Column("Document", "document"),
    Column("In force from", "in_force_from", Kind.DAY),
    Column("In force to", "in_force_to", Kind.DAY),
    Column("Review on", "review_on", Kind.DAY),
    Column("Word for a step", "step_word", Kind.CHOICE, of(StepWord)),
)
"""The sheet Document has a row for each: name, value."""

GUIDANCE: tuple[Column, ...] = (
    Column("When to telephone first", "telephone_first"),
    Column("Agreement of the family", "consent"),
    Column("How we work", "practice_model"),
    Column("The scale", "scale"),
    Column("Before you refer", "before_referring"),
    Column("What happens after you send", "after"),
)
"""The sheet Guidance, in the same way."""


def parameter(
    heading: str,
    name: str,
    kind: Kind = Kind.TEXT,
    choices: tuple[str, ...] = (),
    width: int = 12,
    may_lack: bool = False,
) -> Column:
    return Column(heading, name, kind, choices, width, "parameters", may_lack)


SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "Levels",
        "levels",
        (
            Column("Rank", "rank", Kind.WHOLE, width=8),
            Column("Name", "name"),
            Column("Description", "description", width=LABEL),
            Column("Colour", "colour", Kind.CHOICE, of(Colour), 12),
            Column("Statutory basis", "statutory_basis", Kind.CHOICE, of(StatutoryBasis), 16),
            Column("Consent needed", "consent_needed", Kind.TRUTH, width=12),
            Column("Route", "route", Kind.CHOICE, of(Route), 14),
            Column("Expected response", "expected_response", width=50),
            Column("Referrer should", "referrer_should", width=50),
            SOURCE,
        ),
        "A row for each level, rank 1 (the least need) first.",
    ),
    Sheet(
        "Domains",
        "domains",
        (
            Column("Name", "name", width=50),
            Column("Parent", "parent", width=50),
            Column("Same as", "same_as", width=50),
        ),
        "In the document's order. Parent: the domain above. Same as: where this heading continues another's list.",
    ),
    Sheet(
        "Indicators",
        "indicators",
        (
            Column("Key", "key", width=34),
            Column("Level", "level", Kind.WHOLE, width=8),
            Column("Shared with", "shared_with", Kind.WHOLES, width=12),
            Column("Domain", "domain", width=36),
            Column("Indicator", "label", width=LABEL),
            Column("Flags", "flags", Kind.CHOICES, FLAGS, 26),
            SOURCE,
        ),
        "In the document's order: the place in each list is counted from the order of the rows. Keep the key of what "
        "was there before; leave it empty for a new indicator.",
    ),
    Sheet(
        "Rules",
        "rules",
        (
            Column("Key", "key", width=26),
            Column("Kind", "kind", Kind.CHOICE, of(RuleKind), 16),
            Column("Explanation", "explanation", width=LABEL),
            SOURCE,
            LOCAL,
            parameter("Level", "level", Kind.WHOLE),
            parameter("Count", "count", Kind.WHOLE),
            parameter("Domains", "domains", Kind.WHOLE),
            parameter("Indicates", "indicates", Kind.WHOLE),
            parameter("Flag", "flag", Kind.CHOICE, FLAGS, 22),
            parameter("To the referrer", "referrer", width=50),
            parameter("To the screener", "screener", width=50),
            parameter("Route at least", "route", Kind.CHOICE, of(Route), 14),
            parameter("Done by", "done_by", Kind.CHOICES, of(Doing), 20, may_lack=True),
            parameter("Documents", "documents", Kind.LINES, width=30, may_lack=True),
            parameter("Asks more", "asks_more", Kind.TRUTH, may_lack=True),
            parameter("Indicators", "indicators", Kind.LINES, width=40),
            parameter("Under months", "under_months", Kind.WHOLE),
            parameter("Unborn", "unborn", Kind.TRUTH),
            parameter("Settled by flags", "settled_by_flags", Kind.CHOICES, FLAGS, 30),
            parameter("Window in months", "window_months", Kind.WHOLE),
            parameter("At least", "at_least", Kind.WHOLE),
            parameter("Raises to", "raises_to", Kind.WHOLE),
        ),
        "Only the columns of a rule's kind are filled: cluster (level, count, domains, indicates), age (indicators, "
        "under months, unborn, indicates), flag (flag, to the referrer, to the screener, route at least; done by, "
        "documents and asks more: what shows that the referrer has done it), consent (settled by flags), seen before "
        "(window in months, at least, raises to).",
    ),
    Sheet(
        "Clocks",
        "limits",
        (
            Column("Slug", "slug", width=24),
            Column("Name", "name", width=50),
            Column("Amount", "amount", Kind.WHOLE, width=10),
            Column("Unit", "unit", Kind.CHOICE, of(Unit), 16),
            Column("Starts", "starts", Kind.CHOICE, of(Starts), 14),
            SOURCE,
            LOCAL,
        ),
        "How long each thing may take.",
    ),
    Sheet(
        "Consent reasons",
        "consent_reasons",
        (
            Column("Slug", "slug", width=24),
            Column("Reason", "label", width=LABEL),
            Column("Accepted at", "accepted_at", Kind.WHOLES, width=14),
            SOURCE,
        ),
        "Why there is no agreement, and at which ranks that is accepted.",
    ),
    Sheet(
        "Evidence",
        "evidence",
        (
            Column("Slug", "slug", width=24),
            Column("Name", "name", width=50),
            Column("When", "when", width=LABEL),
            SOURCE,
        ),
        "What is to be attached, and when.",
    ),
    Sheet(
        "Disagreement",
        "escalation_stages",
        (
            Column("Stage", "stage", Kind.WHOLE, width=8),
            Column("Name", "name", width=40),
            Column("People", "people", width=50),
            Column("Working days", "limit_working_days", Kind.WHOLE, width=14),
            SOURCE,
        ),
        "The stages of a professional disagreement.",
    ),
    Sheet(
        "Good referral",
        "guidance.good_referral",
        (Column("Question", "question", width=50), Column("Why", "why", width=LABEL), SOURCE),
        "The questions that a good referral answers.",
    ),
    Sheet(
        "Also to know",
        "guidance.also",
        (Column("Name", "name"), Column("Text", "text", width=LABEL), SOURCE),
        "Duties and processes beside the referral.",
    ),
)
PAIRS: tuple[tuple[str, str, tuple[Column, ...]], ...] = (
    ("Document", "", DOCUMENT),
    ("Guidance", "guidance", GUIDANCE),
)
"""Sheets of names and values: the title, the mapping that they fill, and what they ask for."""

OTHER = "Other"
OTHER_PARTS = ("plot_sheet", "flag_notes")
"""The sheet of what has no sheet of its own: a part's name and its content as JSON, in pieces that fit a cell."""

READ_ME = "Read me"
MOST_ROWS = 5_000
MOST_CELL = 32_000


def titles() -> Iterable[str]:
    """Every sheet that a file must have."""
    return (*(title for title, _, _ in PAIRS), *(sheet.title for sheet in SHEETS))
