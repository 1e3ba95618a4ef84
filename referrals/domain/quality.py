"""The six questions that a good referral answers, asked of what has been told so far.

Advice to the person who writes, never a gate: a referral goes whatever it says here. The questions are those of
Medway's and Sandwell's documents; a scheme's own words for them stand in its guidance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

CLEAR_WORDS = 20
"""Words under which an account of a concern, or of what was tried, is called thin."""


class Answered(StrEnum):
    """How well a question is answered."""

    GOOD = "good"
    THIN = "thin"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Told:
    """What has been told, in plain fields. Text is empty, and an answer None, where nothing was said.

    `parents_know` and `agreed`: do the parents know of the referral, do they agree; `why_not`: why they were not asked
    or do not agree. `age`: a date of birth, an expected date or an estimate, as text. `other_practitioners`: who else
    is involved, or "none". `concern`: what happened, when, and what it does to the child. `child_voice`: what the
    child says or shows. `tried`: what was done so far. `telephone` and `available`: how and when to reach the referrer.
    """

    parents_know: bool | None = None
    agreed: bool | None = None
    why_not: str = ""
    child_name: str = ""
    age: str = ""
    address: str = ""
    family: str = ""
    other_practitioners: str = ""
    concern: str = ""
    child_voice: str = ""
    tried: str = ""
    referrer_name: str = ""
    telephone: str = ""
    available: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One question: how well it is answered, why it matters, and what would make it better ("" where good)."""

    question: str
    state: Answered
    why: str
    add: str


def read_told(answers: Mapping[str, Any]) -> Told:
    """`Told` from a mapping by the same names. Unknown keys and values of another kind are left out; never raises."""
    told: dict[str, Any] = {}
    for each in fields(Told):
        value = answers.get(each.name)
        kind = bool if each.name in ("parents_know", "agreed") else str
        if isinstance(value, kind):
            told[each.name] = value
    return Told(**told)


def check(told: Told) -> tuple[Check, ...]:
    """The six questions in their order."""
    return (_consent(told), _details(told), _practitioners(told), _concern(told), _tried(told), _availability(told))


def _consent(told: Told) -> Check:
    question = "Do the parents know, and do they agree?"
    why = "Families who are asked first work with us better, and at most levels we need their agreement."
    why_not = bool(told.why_not.strip())
    if told.agreed is True or (why_not and None not in (told.parents_know, told.agreed)):
        return Check(question, Answered.GOOD, why, "")
    if told.parents_know is None and told.agreed is None and not why_not:
        return Check(question, Answered.MISSING, why, "Say whether the parents know of this referral and agree to it.")
    if why_not:
        return Check(question, Answered.THIN, why, "Say whether the parents know of it, and whether they agree.")
    if told.agreed is False:
        return Check(question, Answered.THIN, why, "Say why they don't agree, or why you have not asked.")
    return Check(question, Answered.THIN, why, "Say whether they agree, or why you have not asked.")


def _details(told: Told) -> Check:
    question = "Who are the child and the family?"
    why = "With full details we find the right child, and what is known of the family, at once."
    wanted = {
        "the child's name": told.child_name,
        "the date of birth or an estimated age": told.age,
        "the address": told.address,
        "who is in the family": told.family,
    }
    lacking = [name for name, value in wanted.items() if not value.strip()]
    if not lacking:
        return Check(question, Answered.GOOD, why, "")
    state = Answered.MISSING if len(lacking) == len(wanted) else Answered.THIN
    return Check(question, state, why, f"Add {_listed(lacking)}. If you don't know, say so.")


def _practitioners(told: Told) -> Check:
    question = "Who else works with the family?"
    why = "Others may hold the other half of the story, or be helping already."
    if told.other_practitioners.strip():
        return Check(question, Answered.GOOD, why, "")
    return Check(question, Answered.MISSING, why, "Name the school, GP, health visitor and others, or say none known.")


def _concern(told: Told) -> Check:
    question = "What exactly worries you?"
    why = "What happened, when, and what it does to the child is what the level is judged by."
    words = _words(told.concern)
    voice = bool(told.child_voice.strip())
    if words == 0:
        return Check(question, Answered.MISSING, why, "Tell what you saw or heard, when, and how the child is for it.")
    if words < CLEAR_WORDS:
        return Check(question, Answered.THIN, why, "Say more: what happened, when, how often, and how the child is.")
    if not voice:
        return Check(question, Answered.THIN, why, "Add what the child says, or shows, in their own words if you can.")
    return Check(question, Answered.GOOD, why, "")


def _tried(told: Told) -> Check:
    question = "What has been tried?"
    why = "It shows what helped and what did not, and saves the family from starting again."
    words = _words(told.tried)
    if words == 0:
        return Check(
            question, Answered.MISSING, why, "Say what you or others have tried, or that nothing could be yet."
        )
    if words < CLEAR_WORDS // 4:
        return Check(
            question, Answered.THIN, why, "Say more: what was tried, by whom, since when, and what came of it."
        )
    return Check(question, Answered.GOOD, why, "")


def _availability(told: Told) -> Check:
    question = "How and when can we reach you?"
    why = "The screener often has one question before deciding; unanswered, it costs the child a day."
    wanted = {
        "your name": told.referrer_name,
        "a telephone number": told.telephone,
        "when you can be reached": told.available,
    }
    lacking = [name for name, value in wanted.items() if not value.strip()]
    if not lacking:
        return Check(question, Answered.GOOD, why, "")
    state = Answered.THIN if told.telephone.strip() else Answered.MISSING
    return Check(question, state, why, f"Add {_listed(lacking)}.")


def _words(text: str) -> int:
    return len(text.split())


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
