"""What the referrer is asked to do beside the form, and the referral itself shows as done."""

from __future__ import annotations

import re
from collections.abc import Iterable

from partnerships.templatetags.page_parts import day, moment
from referrals.intake.situation import Situation
from referrals.models import Attachment
from thresholds.domain.scheme import Flag

BY_CALL = re.compile(r"(telephone|talk to) ", re.I)
BY_FORM = re.compile(r"send the [\w ]*form\b", re.I)
ASKS_MORE = (Flag.PRE_BIRTH, Flag.SECTION_17)
"""Their sentences ask for several things: with one of them done, the rest is still to do."""


def done(situation: Situation, sentence: str, attached: Iterable[Attachment], *, sent: bool = False) -> list[str]:
    """What of one sentence to the referrer is done, each with when as far as it is known.

    sentence: as the threshold says it. attached: the documents that are there. sent: whether the form was sent.
    """
    found = []
    answers = situation.answers
    if BY_CALL.match(sentence) and answers.page("telephone").get("telephoned") == "yes":
        when = f" at {moment(answers.called_at)}" if answers.called_at else ""
        found.append(f"You told us that somebody telephoned{when}.")
    if sent and BY_FORM.match(sentence):
        found.append(f"You sent the form at {moment(situation.at)}.")
    if "due date" in sentence:
        found += [f"You gave the due date: {day(each.expected_on)}." for each in answers.children if each.expected_on]
    names = {each.slug: each.name for each in situation.scheme.evidence}
    for each in attached:
        name = names.get(each.asked_for, "")
        if name and each.is_open and name.split(" (")[0] in sentence:
            found.append(f"You added it: {name}, at {moment(each.added_at)}.")
    return list(dict.fromkeys(found))


def is_whole(flag: Flag, found: list[str]) -> bool:
    """Whether nothing more is asked of the referrer for this flag."""
    return bool(found) and flag not in ASKS_MORE
