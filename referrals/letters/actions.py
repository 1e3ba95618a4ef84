"""Writing a letter: its words frozen in a row, and a notice to the referrer that there is something to read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from partnerships import audit
from partnerships.models import User
from referrals import outbox
from referrals.intake.sending import address
from referrals.letters import writing
from referrals.letters.writing import Decided, Written
from referrals.models import Decision, Letter, Referral


def write_acknowledgement(*, referral: Referral, words: str, by: User, at: dt.datetime) -> Letter:
    """The acknowledgement of one who reads the referral."""
    written = writing.acknowledgement(referral, words=words, by=by)
    return send(referral=referral, kind=Letter.Kind.ACKNOWLEDGEMENT, written=written, by=by, at=at)


def write_outcome(*, referral: Referral, decisions: Sequence[Decision], by: User, at: dt.datetime) -> Letter:
    """What was decided of each child, told at once."""
    written = writing.outcome(referral, decided=[Decided.of(each) for each in decisions], by=by)
    return send(referral=referral, kind=Letter.Kind.OUTCOME, written=written, by=by, at=at)


@transaction.atomic
def send(*, referral: Referral, kind: Letter.Kind, written: Written, by: User, at: dt.datetime) -> Letter:
    """Freeze the letter word for word, and tell the referrer, where there is one with an account, that it is there."""
    letter = Letter.objects.create(
        partnership=referral.partnership,
        referral=referral,
        kind=kind,
        addressed_to=referral.referrer,
        subject=written.subject,
        body=written.body,
        sent_at=at,
        sent_by=by,
    )
    audit.record(
        partnership=referral.partnership,
        verb="letter.sent",
        noun="letter",
        object_id=letter.pk,
        detail={"referral": referral.pk, "kind": kind.value},
        by=by,
        at=at,
    )
    if referral.referrer:
        outbox.tell(
            partnership=referral.partnership,
            referral=referral,
            kind="letter",
            to=referral.referrer,
            key=f"letter:{letter.pk}",
            subject=f"Front Door: a letter about your referral {referral.reference}",
            body=writing.notice(referral.reference, address(referral.partnership, "referral_track", referral)),
            at=at,
        )
    return letter
