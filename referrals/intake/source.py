"""Who told of it, where that is not somebody signed in: a member of the public, or whoever staff keyed it for.

It stands under `source` in the draft's answers:
`how` (telephone, letter, email, in_person), `who` (practitioner, public), `wish` (named, confidence, anonymous),
`name`, `job`, `agency`, `telephone`, `email`, `relation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from referrals.intake.answers import Answers

SLUG = "source"
HOW = {"telephone": "by telephone", "letter": "by letter", "email": "by email", "in_person": "in person"}
IN_CONFIDENCE = "Somebody who told us in confidence"
ANONYMOUS = "Somebody who did not say who they are"
PUBLIC = "A member of the public"
DETAILS = ("name", "job", "telephone", "email", "relation", "agency")


@dataclass(frozen=True, slots=True)
class Source:
    """Who told: what everybody who works on it may read, and, in confidence, what is shown on asking alone."""

    details: dict[str, str]
    in_confidence: bool = False
    confidential: dict[str, str] = field(default_factory=dict)


def source_of(answers: Answers) -> Source:
    told = {name: answers.said(SLUG, name) for name in DETAILS}
    wish = answers.said(SLUG, "wish")
    given = {name: value for name, value in told.items() if value}
    if wish == "confidence":
        return Source({"name": IN_CONFIDENCE, "agency": told["agency"]}, True, given)
    if wish == "anonymous":
        return Source({"name": ANONYMOUS})
    return Source({**given, "name": told["name"] or PUBLIC})


def without_names(answers: Mapping[str, object]) -> dict[str, object]:
    """The answers as the referral keeps them: who told stands in its own fields, sealed."""
    kept = answers.get(SLUG)
    if not isinstance(kept, dict):
        return dict(answers)
    return {**answers, SLUG: {name: value for name, value in kept.items() if name not in DETAILS}}


def came(answers: Answers) -> str:
    """How it came, within a sentence: by telephone; empty where it came through the portal."""
    return HOW.get(answers.said(SLUG, "how"), "")
