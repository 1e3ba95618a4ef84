"""How soon an answer is needed, and on what lawful basis a partner agency is told of a child."""

from __future__ import annotations

from enum import StrEnum

from thresholds.domain.scheme import Limit
from thresholds.domain.terms import Starts, Unit


class Urgency(StrEnum):
    """How soon. A scheme version may set its own limit under `check_<urgency>` or `question`."""

    URGENT = "urgent"
    SOON = "soon"
    ROUTINE = "routine"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {Urgency.URGENT: "Urgent", Urgency.SOON: "Soon", Urgency.ROUTINE: "Routine"}

LOCAL = "Local default; the document sets no time for checks"
DEFAULTS: dict[Urgency, Limit] = {
    Urgency.URGENT: Limit("check_urgent", "Answer", 4, Unit.CLOCK_HOURS, Starts.RAISED, LOCAL, True),
    Urgency.SOON: Limit("check_soon", "Answer", 1, Unit.WORKING_DAYS, Starts.RAISED, LOCAL, True),
    Urgency.ROUTINE: Limit("check_routine", "Answer", 3, Unit.WORKING_DAYS, Starts.RAISED, LOCAL, True),
}
"""How long an answer may take where the scheme version says nothing."""


class Basis(StrEnum):
    """On what the sharing of the extract stands."""

    CONSENT = "consent"
    PUBLIC_TASK = "public_task"
    SAFEGUARDING = "safeguarding"
    VITAL_INTERESTS = "vital_interests"

    @property
    def label(self) -> str:
        return BASES[self][0]

    @property
    def hint(self) -> str:
        return BASES[self][1]


BASES = {
    Basis.PUBLIC_TASK: (
        "A public task: working together to safeguard and promote the welfare of children",
        "The usual basis between agencies: UK GDPR article 6(1)(e), with the Children Act 1989 and 2004.",
    ),
    Basis.SAFEGUARDING: (
        "Safeguarding of a child at risk, without asking for consent",
        "Where special category data are shared and asking would put the child at risk, or can’t be done in time: Data "
        "Protection Act 2018, schedule 1, paragraph 18.",
    ),
    Basis.VITAL_INTERESTS: ("Vital interests: somebody’s life or safety is at stake now", "UK GDPR article 6(1)(d)."),
    Basis.CONSENT: ("The family’s consent to this very check", "Recorded on the referral, and can be taken back."),
}
