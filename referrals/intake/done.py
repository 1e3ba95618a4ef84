"""What the referrer is asked to do beside the form, and the referral itself shows as done.

What shows it is content: the threshold's rule and the special concern say it of their own sentence (`Duty`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from partnerships.templatetags.page_parts import day, moment
from referrals.intake.situation import Situation
from referrals.models import Attachment
from thresholds.domain.scheme import Doing, Duty


@dataclass(frozen=True, slots=True)
class Done:
    """What of a duty is done, each with when as far as it is known; whole where nothing of it is left to do."""

    told: tuple[str, ...] = ()
    whole: bool = False


def done(situation: Situation, duty: Duty, attached: Iterable[Attachment], *, sent: bool = False) -> Done:
    """What of a duty is done. attached: the documents that are there. sent: whether the form was sent."""
    happened = {each: told for each in duty.done_by if (told := _told(situation, each, sent=sent))}
    names = {each.slug: each.name for each in situation.scheme.evidence}
    added = [each for each in attached if each.is_open and each.asked_for in duty.documents]
    documents = [
        f"You added it: {names.get(each.asked_for, each.called)}, at {moment(each.added_at)}." for each in added
    ]
    said = [one for each in happened.values() for one in each]
    return Done(
        tuple(dict.fromkeys([*said, *documents])),
        duty.is_done(happened.keys(), [each.asked_for for each in added]),
    )


def _told(situation: Situation, what: Doing, *, sent: bool) -> list[str]:
    answers = situation.answers
    match what:
        case Doing.CALL if answers.page("telephone").get("telephoned") == "yes":
            when = f" at {moment(answers.called_at)}" if answers.called_at else ""
            return [f"You told us that somebody telephoned{when}."]
        case Doing.FORM if sent:
            return [f"You sent the form at {moment(situation.at)}."]
        case Doing.DUE_DATE:
            return [f"You gave the due date: {day(each.expected_on)}." for each in answers.children if each.expected_on]
    return []
