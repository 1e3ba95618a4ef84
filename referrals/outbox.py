"""Notices: written in the transaction that causes them, delivered afterwards, each exactly once to its reader.

The row is the truth. A delivery takes a lease on a row, makes sure that it still holds it, notes that it begins, sends,
and marks it sent. A worker that dies leaves a lease that runs out, and the next delivery takes the row again; where a
handing-over had begun, it asks first whether it went (`referrals.post`). Where nobody knows, the notice is in doubt: it
goes again under the same Message-ID, or is held for the admin (`MAIL_IN_DOUBT`). No notice names a child, a school or a
worry.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django_scopes import scope

from partnerships import rows, telling
from partnerships.each import for_each
from partnerships.models import Partnership, User
from referrals import health, nudging
from referrals.bounces import came_back
from referrals.digests import AT_ONCE, in_digest, next_digest, with_digest, write_digests
from referrals.models import Notice, Referral
from referrals.notices.words import IN_DOUBT
from referrals.post import NotTaken, Post, provider
from referrals.postman import HandingOverFailed

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=2)
MOST_ATTEMPTS = 8
BATCH = 50
BATCH_WRITTEN = 5000
EACH = ("id", "referral_id", "kind", "to_id", "key", "subject", "body", "digest", "next_attempt_at")
LONGEST = 40.0
"""Seconds after which a delivery leaves the rest to the next one: a task has 60."""
MARKING = 15.0
"""Seconds for which a worker tries to mark what was taken, where the database is away."""
FOLLOWED = dt.timedelta(days=3)
"""How long a provider is asked what became of a notice."""


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
    Who chose a digest gets what can wait with the next one (`referrals.digests`).
    """
    digest = in_digest(kind, to, partnership, referral)
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
            "digest": digest,
            "next_attempt_at": next_digest(at) if digest else at,
        },
    )
    if not made:
        return None
    nudge_after_commit()
    return notice


@dataclass(frozen=True, slots=True)
class Word:
    """What is told to one person, as `tell` takes it."""

    referral: Referral | None
    kind: str
    to: User
    key: str
    subject: str
    body: str


@transaction.atomic
def tell_all(*, partnership: Partnership, words: Sequence[Word], at: dt.datetime) -> None:
    """Put many notices in the outbox in a few statements. As with `tell`, the same key is told once, ever."""
    if not words:
        return
    waits = with_digest(partnership)
    morning = next_digest(at)
    told = []
    for word in words:
        in_danger = word.referral is not None and word.referral.immediate_danger
        digest = word.to.pk in waits and word.kind not in AT_ONCE and not in_danger
        about = word.referral.pk if word.referral else None
        when = morning if digest else at
        told.append((uuid.uuid4(), about, word.kind, word.to.pk, word.key, word.subject, word.body, digest, when))
    alike = {"partnership_id": partnership.pk, "created_at": at}
    for start in range(0, len(told), BATCH_WRITTEN):
        rows.write(Notice, EACH, told[start : start + BATCH_WRITTEN], alike=alike, unless_there=True)
    nudge_after_commit()


def nudge_after_commit() -> None:
    """One nudge a transaction, however many notices."""
    waiting = transaction.get_connection().run_on_commit
    if not any(hook is nudge for _, hook, _ in waiting):
        transaction.on_commit(nudge)


def register() -> None:
    """Notices about somebody's own account go the same way as all others."""

    @telling.delivers
    def deliver_word(**word: Any) -> None:
        with scope(partnership=word["partnership"]):
            tell(referral=None, **word)


def nudge() -> None:
    """Ask a worker to deliver now. Best effort: where the broker is away, the next beat delivers."""
    from referrals.tasks import deliver

    nudging.nudge(deliver, expires=settings.SWEEP_SECONDS)


@dataclass(frozen=True, slots=True)
class Delivered:
    sent: int = 0
    failed: int = 0


def deliver_due(*, at: dt.datetime, only: int | None = None) -> Delivered:
    """Deliver what is waiting, partnership by partnership. Two at once do no harm; one poisoned row stops none.

    only: of this partnership alone, by its key.
    """
    started, post = time.monotonic(), provider()

    def deliver_of(partnership: Partnership) -> list[bool]:
        write_digests(partnership=partnership, at=at)
        went = deliver_waiting(post, started, at=at)
        follow_up(post, at=at)
        return went

    try:
        outcomes = list(chain(*for_each(deliver_of, only=only)))
    finally:
        post.close()
    if only is None:
        health.beat("deliver", at=at)
    return Delivered(outcomes.count(True), outcomes.count(False))


def deliver_waiting(post: Post, started: float, *, at: dt.datetime) -> list[bool]:
    """Deliver what waits in the partnership in scope, each once: which went. started: on the monotonic clock."""
    tried: set[object] = set()
    outcomes: list[bool] = []
    while batch := list(
        Notice.objects.deliverable(at)
        .of_book(post.book, at)
        .exclude(pk__in=tried)
        .select_related("to")
        .order_by("next_attempt_at")[:BATCH]
    ):
        for notice in batch:
            tried.add(notice.pk)
            # Where the mail system is slow a batch outlasts a lease: each begins when its own notice is sent.
            now = at + dt.timedelta(seconds=time.monotonic() - started)
            if take(notice, now):
                outcomes.append(send(notice, now, post=post))
        if time.monotonic() - started > LONGEST:
            break
    return outcomes


def take(notice: Notice, at: dt.datetime) -> bool:
    """Lease the row by one conditional update; false where another worker was first."""
    lease = at + LEASE
    taken = Notice.objects.deliverable(at).filter(pk=notice.pk).update(leased_until=lease)
    if taken:
        notice.leased_until = lease
    return taken == 1


def begin(notice: Notice, at: dt.datetime, *, book: str = "") -> bool:
    """Just before sending: make sure that the lease is still this worker's, and note that sending begins.

    book: the name of the post book that will tell what became of it.
    """
    lease = at + LEASE
    held = Notice.objects.filter(
        pk=notice.pk, state=Notice.State.WAITING, leased_until=notice.leased_until, leased_until__gt=at
    ).update(begun_at=at, begun_on=book, leased_until=lease)
    if held:
        notice.begun_at, notice.begun_on, notice.leased_until = at, book, lease
    return held == 1


def send(notice: Notice, at: dt.datetime, *, post: Post | None = None) -> bool:
    """Hand a leased notice over and mark it; on failure, wait longer each time and give up at last."""
    post = post or provider()
    try:
        if notice.begun_at is not None:
            went = post.has(notice)
            if went:
                return done(notice, at)
            if went is None and held_in_doubt(notice, at):
                return False
        post.ready()
        if not begin(notice, at, book=post.book):
            log.warning("Notice %s: its lease ran out before it was sent; whoever has it now sends it", notice.pk)
            return False
        post.send(notice)
    except DatabaseError:
        raise
    except NotTaken as refused:
        done(notice, at)
        came_back(notice=notice, why=str(refused), at=at)
        return False
    except Exception as error:  # whatever the mail system raises, this row waits and the others go on
        again_later(notice, error, at)
        return False
    return done(notice, at)


def held_in_doubt(notice: Notice, at: dt.datetime) -> bool:
    """Count a notice of which nobody knows whether it went. True where the setting holds it for the admin."""
    notice.doubted_at = at
    if settings.MAIL_IN_DOUBT == "again":
        notice.save(update_fields=["doubted_at"])
        log.warning("Notice %s may have gone: it goes again under the same Message-ID", notice.pk)
        return False
    notice.state, notice.last_error, notice.leased_until = Notice.State.DEAD, IN_DOUBT, None
    notice.save(update_fields=["doubted_at", "state", "last_error", "leased_until"])
    log.error("Notice %s may have gone: it is held until an admin says", notice.pk)
    return True


def done(notice: Notice, at: dt.datetime) -> bool:
    """Mark a notice sent; where the database is away just now, again and again for a while, since it has gone.

    Raises OperationalError where it stays away: the provider, or the post book, tells whoever comes next.
    """
    notice.attempts += 1
    notice.state, notice.sent_at, notice.leased_until = Notice.State.SENT, at, None
    until = time.monotonic() + MARKING
    while True:
        try:
            notice.save(update_fields=["attempts", "state", "sent_at", "leased_until"])
        except OperationalError as error:
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            log.warning("Notice %s went, and can't be marked yet (%s)", notice.pk, type(error).__name__)
            connection.close()
            time.sleep(0.5)
        else:
            return True


def again_later(notice: Notice, error: Exception, at: dt.datetime) -> None:
    """Back off: half a minute, a minute, two …; after the last attempt, give up and say so."""
    notice.attempts += 1
    notice.last_error = str(error) if isinstance(error, HandingOverFailed) else type(error).__name__
    notice.leased_until = None
    if notice.attempts >= MOST_ATTEMPTS:
        notice.state = Notice.State.DEAD
        log.error("Notice %s given up after %s attempts", notice.pk, notice.attempts)
    notice.next_attempt_at = at + dt.timedelta(seconds=15 * 2**notice.attempts)
    notice.save(update_fields=["attempts", "last_error", "leased_until", "state", "next_attempt_at"])


def follow_up(post: Post, *, at: dt.datetime) -> None:
    """Ask a provider that can say so what became of what it was handed; what came back opens a task."""
    if not post.follows:  # a mail system never says: what comes back comes by post (`manage.py bounce`)
        return
    open_still = Notice.objects.filter(state=Notice.State.SENT, settled_at__isnull=True, digested_in__isnull=True)
    for notice in open_still.filter(sent_at__gt=at - FOLLOWED, sent_at__lt=at).order_by("sent_at")[:BATCH]:
        try:
            became = post.became(notice)
        except Exception as error:  # it is asked again with the next round
            log.warning("Notice %s: what became of it can't be asked (%s)", notice.pk, type(error).__name__)
            return
        if became is False:
            came_back(notice=notice, why="the provider could not deliver it", at=at)
        elif became:
            Notice.objects.filter(pk=notice.pk).update(settled_at=at)
