"""What makes a decision one that can be defended: the national codes, who must sign beside its author, whose authority.

    >>> needs_sign_off(Outcome.NO_FURTHER_ACTION, decided=2, indicated=2)
    (<Second.NO_FURTHER_ACTION: 'no_further_action'>,)

Codes are those of the Children in Need census. The words of the factors 8B to 8F were not checked against the
published guide.
"""

from __future__ import annotations

from enum import StrEnum

from referrals.domain.lifecycle import Outcome

PRIMARY_NEEDS: dict[str, str] = {
    "N1": "Abuse or neglect",
    "N2": "Child’s disability or illness",
    "N3": "Parental disability or illness",
    "N4": "Family in acute stress",
    "N5": "Family dysfunction",
    "N6": "Socially unacceptable behaviour",
    "N7": "Low income",
    "N8": "Absent parenting",
    "N9": "Not a child in need",
    "N0": "Not stated",
}
"""The census's codes of primary need, and what each means."""

WHO = {"A": "the child", "B": "a parent or carer", "C": "somebody else in the household"}
BY_WHOM = {
    "1": "Alcohol",
    "2": "Drugs",
    "3": "Domestic abuse",
    "4": "Mental health",
    "5": "Learning disability",
    "6": "Physical disability or illness",
}
FACTORS: dict[str, str] = {
    **{f"{number}{who}": f"{what}: {whom}" for number, what in BY_WHOM.items() for who, whom in WHO.items()},
    "7A": "Young carer",
    "8B": "Privately fostered: from overseas, means to return",
    "8C": "Privately fostered: from overseas, means to stay",
    "8D": "Privately fostered: from the UK, for schooling",
    "8E": "Privately fostered: from the UK, another family arrangement",
    "8F": "Privately fostered: other",
    "9A": "Unaccompanied asylum-seeking child",
    "10A": "Going or being missing",
    "11A": "Sexual exploitation",
    "12A": "Trafficking",
    "13A": "Gangs",
    "14A": "Socially unacceptable behaviour",
    "15A": "Self-harm",
    "16A": "Neglect",
    "17A": "Emotional abuse",
    "18B": "Physical abuse by a child",
    "18C": "Physical abuse by an adult",
    "19B": "Sexual abuse by a child",
    "19C": "Sexual abuse by an adult",
    "22A": "Female genital mutilation",
    "23A": "Abuse linked to faith or belief",
    "24A": "Criminal exploitation",
    "20": "Another factor",
    "21": "No factor",
}
"""The census's factors, several for one child, and what each means."""

NO_FACTOR = "21"


class Second(StrEnum):
    """Why a decision needs a second person."""

    NO_FURTHER_ACTION = "no_further_action"
    LOWER = "lower"
    STEP_DOWN = "step_down"
    DANGER = "danger"
    ALWAYS = "always"

    @property
    def words(self) -> str:
        return SECONDS[self]


SECONDS = {
    Second.NO_FURTHER_ACTION: "no further action",
    Second.LOWER: "decided below the level indicated",
    Second.STEP_DOWN: "a step down to early help",
    Second.DANGER: "it was said that a child is in danger now",
    Second.ALWAYS: "this threshold has every decision signed",
}

SAYS_NOTHING_OF_NEED = (Outcome.TRANSFER, Outcome.ALREADY_OPEN, Outcome.LADO)
"""Outcomes under which no level says nothing: somebody else weighs the need."""

TAKES_DANGER_ON = (Outcome.STRATEGY_DISCUSSION, Outcome.ASSESSMENT_SECTION_17)
"""Outcomes under which social care itself sees, by law, that a child who is said to be in danger is safe.

None of the others does. Advice and no further action leave the child where it is; early help works by agreement; the
LADO looks into a person, not after this child; another area has not said yet that it takes the child on; and that a
worker has the case says not that they have heard of this.
"""

WITHOUT_CONSENT = (Outcome.EARLY_HELP, Outcome.ASSESSMENT_SECTION_17)
"""Outcomes that work with a family by its agreement. For significant harm the law asks for none."""


def needs_sign_off(
    outcome: Outcome, *, decided: int | None, indicated: int | None, in_danger: bool = False, always: bool = False
) -> tuple[Second, ...]:
    """Why somebody other than its author must sign this decision; empty where nobody must.

    in_danger: it was said of this child, at any time and by anybody, that it is in danger now. always: the threshold
    has every decision signed (it sets a limit for that, `decision_signed`).
    """
    found = []
    if outcome is Outcome.NO_FURTHER_ACTION:
        found.append(Second.NO_FURTHER_ACTION)
    if decided is None:
        lower = indicated is not None and outcome not in SAYS_NOTHING_OF_NEED
    else:
        lower = indicated is not None and decided < indicated
    if lower:
        found.append(Second.LOWER)
    if in_danger and outcome not in TAKES_DANGER_ON:
        found.append(Second.DANGER)
    if always:
        found.append(Second.ALWAYS)
    return tuple(found)


def needs_authority(outcome: Outcome, *, consent_given: bool) -> bool:
    """Whether going on needs somebody's authority on record: it works by agreement, and there is none."""
    return outcome in WITHOUT_CONSENT and not consent_given


class Teller(StrEnum):
    """Who tells the parents, or the child, what was decided."""

    DECIDER = "decider"
    REFERRER = "referrer"
    WORKER = "worker"
    LETTER = "letter"
    NOBODY = "nobody"

    @property
    def label(self) -> str:
        return TELLERS[self]


TELLERS = {
    Teller.DECIDER: "I do",
    Teller.REFERRER: "The referrer does",
    Teller.WORKER: "The worker who takes it on does",
    Teller.LETTER: "A letter does",
    Teller.NOBODY: "Nobody: it would put the child at risk, or they can’t be reached or are too young",
}
