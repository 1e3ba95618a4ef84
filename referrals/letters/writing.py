"""Letters, from the texts beside this module, in the partnership's own words.

A letter names a child by initials alone, and holds what the referrer may know: never the screener's reason, never what
another agency said. The texts are plain paragraphs; `{{ … }}` stands for what differs from letter to letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine, Template

from partnerships.models import User
from partnerships.templatetags.page_parts import moment
from referrals.domain.lifecycle import Outcome
from referrals.models import Child, Clock, Decision, Referral
from thresholds.domain.scheme import Scheme
from thresholds.loading import load

TEXTS = Path(__file__).parent / "texts"
SUBJECTS = {"acknowledgement": "We are reading your referral", "outcome": "The outcome of your referral"}


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as it goes out: plain text, paragraphs parted by blank lines."""

    subject: str
    body: str


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Plain text needs no escaping: whoever shows a letter on a page escapes it there."""
    return Engine(dirs=[str(TEXTS)], autoescape=False)


@lru_cache(maxsize=16)
def template(name: str) -> Template:
    return engine().get_template(f"{name}.txt")


def text(of: str, /, **words: Any) -> str:
    """One of the texts with its words filled in, and no more than one blank line between paragraphs."""
    return re.sub(r"[ \t]*\n(?:[ \t]*\n)+", "\n\n", template(of).render(Context(words, autoescape=False))).strip()


def acknowledgement(referral: Referral, *, words: str, by: User) -> Written:
    """A named person's word that the referral is being read; `words` are that person's own, if any."""
    due = dict(Clock.objects.filter(referral=referral, met_at__isnull=True).values_list("slug", "due_at"))
    return _written(
        "acknowledgement",
        referral,
        by,
        words=words.strip(),
        decide_by=moment(due["decide"]) if "decide" in due else "",
        outcome_by=moment(due["outcome_in_writing"]) if "outcome_in_writing" in due else "",
        telephone_you=referral.referrer_details.get("telephone", ""),
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """What a letter says of one child: who, the level, what happens now, and the decider's own words."""

    child: Child | None
    decided_level: int | None
    outcome: Outcome
    told_referrer: str

    @classmethod
    def of(cls, made: Decision) -> Decided:
        return cls(made.child, made.decided_level, Outcome(made.outcome), made.told_referrer)


def outcome(referral: Referral, *, decided: Sequence[Decided], by: User) -> Written:
    """What was decided of each child, what it means, and what to do for who sees it differently.

    Children of whom the same was decided stand in one paragraph.
    """
    scheme = load(referral.scheme_version)
    alike: dict[tuple[Any, ...], list[Decided]] = {}
    for each in decided:
        judged = each.child.judged_level if each.child else None
        alike.setdefault((judged, each.decided_level, each.outcome, each.told_referrer.strip()), []).append(each)
    return _written(
        "outcome",
        referral,
        by,
        document=scheme.title,
        decided=[paragraph(referral, scheme, together) for together in alike.values()],
        stages=stages(scheme),
    )


def paragraph(referral: Referral, scheme: Scheme, together: Sequence[Decided]) -> dict[str, str]:
    """The words on children of whom the same was decided."""
    first = together[0]
    judged_level = first.child.judged_level if first.child and first.child.screening else referral.judged_level
    level, judged = scheme.level(first.decided_level), scheme.level(judged_level)
    return {
        "children": listed(initials(each.child) if each.child else "the child" for each in together),
        "outcome_label": first.outcome.label,
        "outcome_meaning": first.outcome.meaning,
        "step": scheme.step(first.decided_level),
        "level_name": level.name if level else "",
        "judged_step": scheme.step(judged.rank) if level and judged and judged.rank != level.rank else "",
        "told": first.told_referrer.strip(),
    }


def stages(scheme: Scheme) -> list[dict[str, Any]]:
    """The scheme's stages of a disagreement, each with how long it may take where the document says so."""
    return [
        {"stage": each.stage, "name": each.name, "limit": working_days(each.limit_working_days)}
        for each in scheme.escalation_stages
    ]


def working_days(count: int | None) -> str:
    if not count:
        return ""
    return "1 working day" if count == 1 else f"{count} working days"


def _written(kind: str, referral: Referral, by: User, **words: Any) -> Written:
    partnership = referral.partnership
    door = {
        "front_door": partnership.the_front_door,
        "telephone": partnership.front_door_telephone,
        "out_of_hours": partnership.out_of_hours_telephone,
        "always_open": partnership.always_open,
        "hours_note": partnership.hours_note,
    }
    body = text(
        kind,
        referrer=referral.referrer_details.get("name") or "colleague",
        reference=referral.reference,
        received=moment(referral.received_at),
        children=listed(initials(child) for child in referral.children.all()),
        partnership=partnership.name,
        front_door=partnership.the_front_door,
        if_in_danger=text("if_in_danger", **door),
        signature=text(
            "signature",
            name=by.name,
            job=by.job_title,
            team=referral.team.name,
            telephone=by.telephone or referral.team.telephone or partnership.front_door_telephone,
        ),
        **words,
    )
    return Written(f"{SUBJECTS[kind]} {referral.reference}", body)


def initials(child: Child) -> str:
    """R.M. for Robin Marlow; words where no name is known."""
    letters = [
        next((letter for letter in name if letter.isalnum()), "") for name in (child.first_name, child.last_name)
    ]
    if any(letters):
        return "".join(f"{letter.upper()}." for letter in letters if letter)
    return "an unborn child" if child.expected_on else "a child whose name is not known"


def listed(names: Iterable[str]) -> str:
    """a; a and b; a, b and c. Nobody at all is a child, too."""
    each = list(names)
    if not each:
        return "a child"
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"


def notice(reference: str, link: str) -> str:
    """The message that there is a letter to read. It names the reference and nothing else."""
    return text("notice", reference=reference, link=link) + "\n"
