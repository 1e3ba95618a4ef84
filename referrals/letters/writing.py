"""Letters in the partnership's own words, or in those that come with Front Door (the texts beside this module).

A letter names a child by initials alone, but for one to the parents, and holds what its reader may know: never the
screener's reason, never what another agency said: it is written from what its audience may read, and from nothing
else (`referrals.audiences`). What a text may hold stands in `referrals.domain.letter`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine, Template

from partnerships.models import Partnership, User
from partnerships.templatetags.page_parts import moment
from referrals.audiences import seen_by
from referrals.domain.audiences import Audience
from referrals.domain.letter import fill
from referrals.domain.lifecycle import Outcome
from referrals.models import Child, Clock, Decision, LetterText, Referral
from thresholds.domain.scheme import Scheme
from thresholds.loading import load

TEXTS = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as it goes out: plain text, paragraphs parted by blank lines; and the version of its text, if any."""

    subject: str
    body: str
    version: LetterText | None = None


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
    referral = seen_by(Audience.REFERRER, referral)
    due = {clock.promise: clock.due_at for clock in Clock.objects.filter(referral=referral).counting()}
    what_next = text(
        "what_next",
        decide_by=moment(due["decide"]) if "decide" in due else "",
        outcome_by=moment(due["outcome_in_writing"]) if "outcome_in_writing" in due else "",
        telephone_you=referral.referrer_details.get("telephone", ""),
    )
    return _written("acknowledgement", referral, by, words=words.strip(), what_next=what_next)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a letter says of one child: who, the level, what happens now, and the decider's own words."""

    child: Child | None
    decided_level: int | None
    outcome: Outcome
    told_referrer: str
    went_to: str = ""

    @classmethod
    def of(cls, made: Decision) -> Decided:
        """For the referrer."""
        made = seen_by(Audience.REFERRER, made)
        to = going_to(made.transfer_to, made.transfer_elsewhere)
        return cls(made.child, made.decided_level, Outcome(made.outcome), made.told_referrer, to)

    @classmethod
    def for_others(cls, made: Decision) -> Decided:
        """For the parents or an agency: who and what, neither level nor the words for the referrer."""
        return cls(made.child, None, Outcome(made.outcome), "")


TO_OTHERS = {"parents": Audience.PARENTS, "agency": Audience.AGENCY, "transfer": Audience.AGENCY}
"""Who reads each kind of letter that is not the referrer's."""


def going_to(partnership: Partnership | None, elsewhere: str) -> str:
    """Where a child is sent on to, as a letter says it; empty where it is not."""
    if partnership is None:
        return f"It goes to {elsewhere}." if elsewhere else ""
    telephone = f", telephone {partnership.front_door_telephone}" if partnership.front_door_telephone else ""
    return f"It goes to {partnership.the_front_door} of {partnership.name}{telephone}."


def outcome(referral: Referral, *, decided: Sequence[Decided], by: User) -> Written:
    """What was decided of each child, what it means, and what to do for who sees it differently.

    Children of whom the same was decided stand in one paragraph.
    """
    scheme = load(referral.scheme_version)
    referral, decided = seen_by(Audience.REFERRER, referral), seen_by(Audience.REFERRER, decided)
    alike: dict[tuple[Any, ...], list[Decided]] = {}
    for each in decided:
        judged = each.child.judged_level if each.child else None
        key = (judged, each.decided_level, each.outcome, each.told_referrer.strip(), each.went_to)
        alike.setdefault(key, []).append(each)
    return _written(
        "outcome",
        referral,
        by,
        decided=text(
            "decided",
            decided=[paragraph(referral, scheme, together) for together in alike.values()],
            document=scheme.title,
            partnership=referral.partnership.name,
        ),
        disagreement=text("disagreement", stages=stages(scheme)),
    )


def to_others(
    kind: str, referral: Referral, *, recipient: str, words: str, decided: Sequence[Decided], by: User
) -> Written:
    """A letter to parents, a partner agency or another area: what was decided, never the level, never the reason.

    Parents read their children's first names, and never who referred; others read initials.
    """
    family = kind == "parents"
    audience = TO_OTHERS[kind]
    referral, decided = seen_by(audience, referral), seen_by(audience, decided)
    children = [child.at_home if family else child.initials for child in referral.children.all()]
    alike: dict[Outcome, list[Decided]] = {}
    for each in decided:
        alike.setdefault(each.outcome, []).append(each)
    rows = [
        {
            "children": listed(called(each.child, family=family) for each in together),
            "outcome_label": outcome.label,
            "outcome_meaning": outcome.meaning,
        }
        for outcome, together in alike.items()
    ]
    return _written(
        kind,
        referral,
        by,
        recipient=recipient.strip(),
        words=words.strip(),
        children=listed(children),
        decided=text("decided_plainly", decided=rows),
    )


def called(child: Child | None, *, family: bool) -> str:
    if child is None:
        return "the child"
    return child.at_home if family else child.initials


def paragraph(referral: Referral, scheme: Scheme, together: Sequence[Decided]) -> dict[str, str]:
    """The words on children of whom the same was decided."""
    first = together[0]
    judged_level = first.child.judged_level if first.child and first.child.route else referral.judged_level
    level, judged = scheme.level(first.decided_level), scheme.level(judged_level)
    return {
        "children": listed(each.child.initials if each.child else "the child" for each in together),
        "outcome_label": first.outcome.label,
        "outcome_meaning": " ".join(filter(None, (first.outcome.meaning, first.went_to))),
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


def _written(kind: str, referral: Referral, by: User, **values: str) -> Written:
    """The text in force, filled in."""
    subject, body, version = in_force(referral.partnership, kind)
    filled = {**common(referral, by), **values}
    if kind not in TO_OTHERS:
        filled |= to_the_referrer(referral)
    return Written(fill(subject, filled), fill(body, filled), version)


def common(referral: Referral, by: User) -> dict[str, str]:
    """The places that every letter may have."""
    partnership = referral.partnership
    return {
        "reference": referral.reference,
        "received": moment(referral.received_at),
        "partnership": partnership.name,
        "front_door": partnership.the_front_door,
        "if_in_danger": if_in_danger(partnership),
        "signature": text(
            "signature",
            name=by.name,
            job=by.job_title,
            team=referral.team.name,
            telephone=by.telephone or referral.team.telephone or partnership.front_door_telephone,
        ),
    }


def to_the_referrer(referral: Referral) -> dict[str, str]:
    """The places of letters to the referrer."""
    return {
        "referrer": referral.referrer_details.get("name") or "colleague",
        "children": listed(child.initials for child in referral.children.all()),
    }


def if_in_danger(partnership: Partnership) -> str:
    return text(
        "if_in_danger",
        front_door=partnership.the_front_door,
        telephone=partnership.front_door_telephone,
        out_of_hours=partnership.out_of_hours_telephone,
        always_open=partnership.always_open,
        hours_note=partnership.hours_note,
    )


def in_force(partnership: Partnership, kind: str) -> tuple[str, str, LetterText | None]:
    """Subject and body of the partnership's own text that holds, or of the one that comes with Front Door."""
    own = LetterText.objects.filter(partnership=partnership, kind=kind).in_force().first()
    return (own.subject, own.body, own) if own else (*standard(kind), None)


@lru_cache(maxsize=8)
def standard(kind: str) -> tuple[str, str]:
    """The subject and text that come with Front Door."""
    return SUBJECTS[kind], (TEXTS / f"{kind}.txt").read_text(encoding="utf-8").strip()


SUBJECTS = {
    "acknowledgement": "We are reading your referral {{ reference }}",
    "outcome": "The outcome of your referral {{ reference }}",
    "parents": "A worry about your child, and what we decided",
    "agency": "Referral {{ reference }}: what was decided",
    "transfer": "Referral {{ reference }} passed to you",
}


def listed(names: Iterable[str]) -> str:
    """a; a and b; a, b and c. Nobody at all is a child, too."""
    each = list(names)
    if not each:
        return "a child"
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"


def notice(reference: str, link: str) -> str:
    """The message that there is a letter to read. It names the reference and nothing else."""
    return text("notice", reference=reference, link=link) + "\n"
