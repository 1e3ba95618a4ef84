"""What is done to notices after they were written: read, tried again, dealt with another way."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from partnerships import audit
from partnerships.models import Partnership, User
from referrals.models import Notice, Referral
from referrals.outbox import nudge


def mark_read(*, partnership: Partnership, by: User, at: dt.datetime) -> int:
    """Mark all of a person's notices read. How many were unread."""
    unread = Notice.objects.in_portal(by).filter(partnership=partnership, read_at__isnull=True)
    return unread.update(read_at=at)


LEFT = "notices_left_unread"
"""Where the person of a request carries how much is unread by partnership, once it was asked: the head shows it."""


def read_with(*, referral: Referral, by: User, at: dt.datetime) -> int:
    """Who opens a referral has read what the notices about it said. One query where there is none."""
    unread = Notice.objects.in_portal(by).filter(partnership=referral.partnership_id, read_at__isnull=True)
    rows = list(unread.values_list("pk", "referral_id"))
    here = [key for key, about in rows if about == referral.pk]
    if here:
        Notice.objects.filter(pk__in=here).update(read_at=at)
    setattr(by, LEFT, {referral.partnership_id: len(rows) - len(here)})
    return len(here)


@transaction.atomic
def try_again(*, notice: Notice, by: User, at: dt.datetime) -> bool:
    """Put a notice that was given up, or came back, into the outbox again. False where it waits or was sent.

    That a handing-over had begun stays known, so that it is asked first whether it went; but not of what came back, nor
    of what is in doubt: there the admin's word is that it goes.
    """
    undelivered = Notice.objects.filter(pk=notice.pk).undelivered()
    settled = Q(state=Notice.State.BOUNCED) | Q(doubted_at__isnull=False)
    undelivered.filter(settled).update(begun_at=None, begun_on="")
    again = undelivered.update(
        state=Notice.State.WAITING, digest=False, attempts=0, next_attempt_at=at, leased_until=None, settled_at=None
    )
    if again:
        audit.record(
            partnership=notice.partnership,
            verb="notice.tried_again",
            noun="notice",
            object_id=notice.pk,
            of=notice.referral_id,
            detail={"kind": notice.kind},
            by=by,
            at=at,
        )
        transaction.on_commit(nudge)
    return bool(again)


class Refused(ValueError):
    """What was asked for can't be done; the message says what to do."""


@transaction.atomic
def deal_with(*, notice: Notice, how: str, by: User, at: dt.datetime) -> bool:
    """Note what was done about a notice that did not arrive, such as a telephone call. It stands in no list to mend.

    False where it waits, was sent, or was dealt with before in other words or by somebody else: the first word counts.
    """
    if not how.strip():
        raise Refused("Say what was done about it.")
    undelivered = Notice.objects.filter(pk=notice.pk).undelivered()
    done = undelivered.update(dealt_with_at=at, dealt_with_by=by, dealt_with_how=how.strip())
    if done:
        audit.record(
            partnership=notice.partnership,
            verb="notice.dealt_with",
            noun="notice",
            object_id=notice.pk,
            of=notice.referral_id,
            detail={"kind": notice.kind, "state": notice.state, "how": how.strip()},
            by=by,
            at=at,
        )
    same = Notice.objects.filter(pk=notice.pk, dealt_with_by=by)
    return bool(done) or how.strip() in same.values_list("dealt_with_how", flat=True)
