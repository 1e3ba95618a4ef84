"""What a reader answers to a letter: agreed, or challenged. Only whom it is for agrees; a challenge is always heard."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships import audit
from partnerships.models import User
from referrals.disagreement.actions import challenge_letter
from referrals.models import Event, Letter
from referrals.referrers import speaks_for_referrer
from referrals.triage.moves import Refused


@transaction.atomic
def answer(*, letter: Letter, how: Letter.Answer, words: str = "", by: User, at: dt.datetime) -> bool:
    """Keep the reader's answer. False where they agree to what was answered already.

    A challenge raises a professional disagreement: its first stage begins, with its clock, and people are told. It
    takes the place of whatever was answered before, by whomever. Where a disagreement is open it becomes part of that,
    and a letter that was challenged already keeps those first words.
    Raises `Refused` for a lead of the agency who would agree in a colleague's place.
    """
    if how is Letter.Answer.AGREED and not may_agree(letter, by):
        raise Refused("This letter is to a colleague of yours, who alone can agree with it. You can challenge it.")
    said = {"answer": how.value, "answer_words": words.strip(), "answered_at": at, "answered_by": by}
    first = Letter.objects.filter(pk=letter.pk, answer="").update(**said)
    letter.refresh_from_db()
    if not first and (letter.answer, letter.answer_words, letter.answered_by_id) == (how.value, words.strip(), by.pk):
        return True
    if not first and how is Letter.Answer.AGREED:
        return False
    if how is Letter.Answer.CHALLENGED:
        made = challenge_letter(letter=letter, words=words, by=by, at=at)
        if not first and (letter.answer != Letter.Answer.CHALLENGED or made.words == words.strip()):
            Letter.objects.filter(pk=letter.pk).update(**said)
            letter.refresh_from_db()
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
        of=letter.referral_id,
        detail={"referral": letter.referral_id},
        by=by,
        at=at,
    )
    return True


def may_agree(letter: Letter, person: User) -> bool:
    """Whether this person may say that the referrer agrees."""
    return person.pk == letter.addressed_to_id or speaks_for_referrer(letter.referral, person)
