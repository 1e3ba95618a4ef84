"""What a reader answers to a letter: agreed, or challenged. The first answer is kept; a challenge is heard at once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships import audit
from partnerships.models import User
from referrals import outbox
from referrals.intake.sending import address
from referrals.models import Event, Letter


@transaction.atomic
def answer(*, letter: Letter, how: Letter.Answer, words: str = "", by: User, at: dt.datetime) -> bool:
    """Keep the reader's answer. False where there is one already: who changes their mind says so anew.

    A challenge tells whoever wrote the letter, and whoever has the referral now.
    """
    first = Letter.objects.filter(pk=letter.pk, answer="").update(
        answer=how.value, answer_words=words.strip(), answered_at=at, answered_by=by
    )
    if not first:
        return False
    letter.refresh_from_db()
    challenged = how is Letter.Answer.CHALLENGED
    Event.objects.create(
        partnership=letter.partnership,
        referral=letter.referral,
        kind=f"letter_{how.value}",
        sentence=f"{by.name} sees the outcome differently." if challenged else f"{by.name} agrees with the outcome.",
        note=words.strip(),
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
    if challenged:
        tell_of_challenge(letter, at=at)
    return True


def tell_of_challenge(letter: Letter, *, at: dt.datetime) -> None:
    referral = letter.referral
    people = {person.pk: person for person in (letter.sent_by, referral.owner) if person is not None}
    for person in people.values():
        outbox.tell(
            partnership=letter.partnership,
            referral=referral,
            kind="challenged",
            to=person,
            key=f"challenged:{letter.pk}:{person.pk}",
            subject="Front Door: a decision is challenged",
            body=f"The referrer of {referral.reference} sees the outcome differently and has said why.\n\n"
            f"Sign in to read it: {address(referral.partnership, 'referral', referral)}\n",
            at=at,
        )
