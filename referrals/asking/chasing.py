"""Chasing: when the sweep finds an answer due soon or overdue, whoever owes it hears of it, once for each step."""

from __future__ import annotations

import datetime as dt
import uuid

from partnerships.models import User
from partnerships.templatetags.page_parts import moment
from referrals import outbox
from referrals.asking.addresses import address_of_check, address_of_question
from referrals.asking.people import checkers
from referrals.models import Ask, Clock
from referrals.referrers import for_referrer


def chase(clock: Clock, stage: str, *, at: dt.datetime) -> None:
    """Tell whoever owes the answer that this clock times. Other clocks chase nobody."""
    if clock.slug not in Ask.Kind.values:
        return
    try:
        asked = uuid.UUID(clock.subject)
    except ValueError:  # a clock that somebody started by hand times no question of ours
        return
    ask = Ask.objects.open().filter(referral=clock.referral_id, pk=asked).select_related("partnership").first()
    if ask is None:
        return
    link = address_of_check(ask) if ask.kind == Ask.Kind.CHECK else address_of_question(ask)
    said = "is due at" if stage == Clock.Stage.DUE_SOON else "was due at"
    for person in owing(ask, clock):
        outbox.tell(
            partnership=ask.partnership,
            referral=clock.referral,
            kind="chased",
            to=person,
            key=f"chased:{clock.pk}:{stage}:{person.pk}",
            subject="Front Door: an answer from you is " + ("due soon" if stage == Clock.Stage.DUE_SOON else "overdue"),
            body=f"Your answer {said} {moment(ask.due_at)}. A decision about a child waits for it.\n\n"
            f"Sign in to answer: {link}\n",
            at=at,
        )


def owing(ask: Ask, clock: Clock) -> list[User]:
    """The referrer, or who answers for them where they left; or the agency's checkers."""
    if ask.kind == Ask.Kind.QUESTION:
        return for_referrer(clock.referral)
    return checkers(ask.agency) if ask.agency else []
