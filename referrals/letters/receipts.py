"""What a reader answers to a letter: agreed, or challenged. The first answer is kept; a challenge is heard at once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships import audit
from partnerships.models import User
from referrals.disagreement.actions import raise_disagreement
from referrals.models import Event, Letter


@transaction.atomic
def answer(*, letter: Letter, how: Letter.Answer, words: str = "", by: User, at: dt.datetime) -> bool:
    """Keep the reader's answer. False where there is another already: who changes their mind says so anew.

    A challenge raises a professional disagreement: its first stage begins, with its clock, and people are told. Raises
    `Refused` where one of other words is open.
    """
    first = Letter.objects.filter(pk=letter.pk, answer="").update(
        answer=how.value, answer_words=words.strip(), answered_at=at, answered_by=by
    )
    letter.refresh_from_db()
    if not first:
        return (letter.answer, letter.answer_words, letter.answered_by_id) == (how.value, words.strip(), by.pk)
    if how is Letter.Answer.CHALLENGED:
        raise_disagreement(referral=letter.referral, words=words, by=by, at=at)
    else:
        Event.objects.create(
            partnership=letter.partnership,
            referral=letter.referral,
            kind="letter_agreed",
            sentence=f"{by.name} agrees with the outcome.",
            for_referrer=True,
            at=at,
            by=by,
        )
    audit.record(
        partnership=letter.partnership,
        verb=f"letter.{how.value}",
        noun="letter",
        object_id=letter.pk,
        detail={"referral": letter.referral_id},
        by=by,
        at=at,
    )
    return True
