"""Notices: written in the transaction that causes them, delivered afterwards, each exactly once to its reader.

The row is the truth. A delivery takes a lease on a row, sends, and marks it sent; a worker that dies leaves a lease
that runs out, and the next delivery takes the row again. The message carries the notice's id as its Message-ID, so
that a mail system that was handed it twice can tell. No notice names a child, a school or a worry.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django_scopes import scope

from partnerships.models import Partnership, User
from referrals.models import Notice, Referral

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=2)
MOST_ATTEMPTS = 8
BATCH = 50


@transaction.atomic
def tell(
    *,
    partnership: Partnership,
    referral: Referral | None,
    kind: str,
    to: User,
    key: str,
    subject: str,
    body: str,
    at: dt.datetime,
) -> Notice | None:
    """Put a notice in the outbox. The same key is told once, ever: a second call gives None and writes nothing.

    key: what is told to whom, such as `receipt:<referral>` or `overdue:decide:<referral>:<user>`.
    body: plain text; the link to the portal is the caller's.
    """
    notice, made = Notice.objects.get_or_create(
        partnership=partnership,
        key=key,
        defaults={
            "referral": referral,
            "kind": kind,
            "to": to,
            "subject": subject,
            "body": body,
            "created_at": at,
            "next_attempt_at": at,
        },
    )
    if not made:
        return None
    waiting = transaction.get_connection().run_on_commit
    if not any(hook is nudge for _, hook, _ in waiting):  # one nudge a transaction, however many notices
        transaction.on_commit(nudge)
    return notice


def nudge() -> None:
    """Ask a worker to deliver now. Best effort: where the broker is away, the next beat delivers."""
    from referrals.tasks import deliver

    try:
        deliver.apply_async(expires=settings.SWEEP_SECONDS, retry=False)
    except Exception as error:  # any broker failure; the row is safe and beat will come by
        log.warning("No nudge went out (%s): the next beat delivers", type(error).__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    sent: int = 0
    failed: int = 0


def deliver_due(*, at: dt.datetime) -> Delivered:
    """Deliver what is waiting, partnership by partnership. Two at once do no harm; one poisoned row stops none."""
    sent = failed = 0
    started = time.monotonic()
    for partnership in Partnership.objects.all():
        with scope(partnership=partnership):
            for notice in Notice.objects.deliverable(at).order_by("next_attempt_at")[:BATCH]:
                # Where the mail system is slow a batch outlasts a lease: each begins when its own notice is sent.
                now = at + dt.timedelta(seconds=time.monotonic() - started)
                if not take(notice, now):
                    continue
                if send(notice, now):
                    sent += 1
                else:
                    failed += 1
    return Delivered(sent, failed)


def take(notice: Notice, at: dt.datetime) -> bool:
    """Lease the row by one conditional update; false where another worker was first."""
    taken = Notice.objects.deliverable(at).filter(pk=notice.pk).update(leased_until=at + LEASE)
    return taken == 1


def send(notice: Notice, at: dt.datetime) -> bool:
    """Hand the notice to the mail system and mark it; on failure, wait longer each time and give up at last."""
    message = EmailMessage(
        subject=notice.subject,
        body=notice.body,
        to=[notice.to.email],
        headers={"Message-ID": f"<{notice.pk}@front-door>", "Auto-Submitted": "auto-generated"},
    )
    try:
        get_connection().send_messages([message])
    except Exception as error:  # whatever the mail system raises, this row waits and the others go on
        notice.attempts += 1
        notice.last_error = type(error).__name__
        notice.leased_until = None
        if notice.attempts >= MOST_ATTEMPTS:
            notice.state = Notice.State.DEAD
            log.error("Notice %s given up after %s attempts", notice.pk, notice.attempts)
        notice.next_attempt_at = at + dt.timedelta(seconds=15 * 2**notice.attempts)
        notice.save(update_fields=["attempts", "last_error", "leased_until", "state", "next_attempt_at"])
        return False
    notice.attempts += 1
    notice.state, notice.sent_at, notice.leased_until = Notice.State.SENT, at, None
    notice.save(update_fields=["attempts", "state", "sent_at", "leased_until"])
    return True
