"""What of a referral's answers goes along to another partnership, and what of them counts there.

The referrer's words, the children, the family, consent and danger are facts and go as they are. What was chosen of the
first partnership's threshold is not: another document has other indicators, other levels and other reasons for going
on without consent. It goes along to be read (`bundle`), and nothing of it is put into the other's mouth.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from referrals.intake.answers import AS_FIRST, GROUPS, Answers, mapping, text, without
from referrals.intake.told import CHOSEN_PAGES
from referrals.models import Addendum
from thresholds.domain.scheme import Level, Scheme


def of_children(raw: Mapping[str, Any], numbers: Collection[int]) -> dict[str, Any]:
    """The answers with these children alone, in their order."""
    kept = dict(raw)
    for number in range(len(Answers(raw).child_pages), 0, -1):
        if number not in numbers:
            kept = without(kept, "child", number)
    return kept


def carried(raw: Mapping[str, Any], numbers: Collection[int], *, first: Scheme, other: Scheme) -> dict[str, Any]:
    """The answers as the other partnership's own form might have them.

    first: the threshold under which they were given. other: the one under which they are screened anew. The judged
    level is kept where exactly one level of the other stands on the same law and leads the same way.
    """
    answers = of_children(raw, numbers)
    told = Answers(answers)
    children = []
    for child, worry in zip(told.child_pages, told.worries, strict=True):
        pages = {slug: page for slug, page in child.items() if slug not in (*CHOSEN_PAGES, AS_FIRST)}
        judged = same_need(first.level(worry.judged_level), other)
        if judged is not None or worry.judged_why:
            pages["judged"] = {"level": str(judged.rank) if judged else "", "why": worry.judged_why}
        children.append(pages)
    answers[GROUPS["child"]] = children
    consent = mapping(answers.get("consent"))
    known = {each.slug for each in other.consent_reasons}
    if consent.get("reason") and consent["reason"] not in known:
        label = next((each.label for each in first.consent_reasons if each.slug == consent["reason"]), "")
        said = "\n".join(filter(None, (label, text(consent.get("explain")))))
        answers["consent"] = {**consent, "reason": "", "explain": said}
    return answers


def same_need(level: Level | None, scheme: Scheme) -> Level | None:
    """The one level of another threshold that stands on the same law and leads the same way; None where not one does.

    A rank says nothing across documents: the third of three may be another's fourth of four.
    """
    if level is None:
        return None
    alike = [
        each
        for each in scheme.levels
        if (each.statutory_basis, each.route, each.consent_needed)
        == (level.statutory_basis, level.route, level.consent_needed)
    ]
    return alike[0] if len(alike) == 1 else None


def renumbered(answer: str, numbers: Sequence[int]) -> str:
    """Where an answer stands once only these children are left; empty where it went with another child."""
    head, _, rest = answer.partition("/")
    if head != "child":
        return answer
    number, _, tail = rest.partition("/")
    old = int(number) if number.isdecimal() else 0
    return f"child/{numbers.index(old) + 1}/{tail}" if old in numbers else ""


def stays(addendum: Addendum, numbers: Sequence[int]) -> bool:
    """Whether it is of children who stay, and of no other, when only these go: it is not the other area's to know."""
    if addendum.answer and not renumbered(addendum.answer, numbers):
        return True
    return bool(addendum.concerns) and not {*addendum.concerns} & {*numbers}
