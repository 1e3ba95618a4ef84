"""What runs behind: asking the scanner, and bringing files and rows together after a crash. Plain functions."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from itertools import chain

from django.db import transaction

from partnerships.each import for_each
from partnerships.encryption import reseals
from referrals.attachments import scanning, store
from referrals.attachments.actions import record
from referrals.attachments.scanning import Verdict
from referrals.models import Attachment

log = logging.getLogger(__name__)
BATCH = 20
LEASE = dt.timedelta(minutes=2)
LONGEST_WAIT = dt.timedelta(hours=1)
OLD = dt.timedelta(hours=1)
"""A file younger than this may belong to a row that is being written at this moment."""


def scan_waiting(*, at: dt.datetime, only: int | None = None) -> int:
    """Ask the scanner about what waits for it, and say how many it answered for. Two at once do no harm.

    only: of this partnership alone, by its key.
    """
    if not scanning.is_configured():
        return 0
    return sum(for_each(lambda partnership: scan_some(at=at), only=only))


def scan_some(*, at: dt.datetime) -> int:
    """The next few of the partnership in scope."""
    answered = 0
    for row in Attachment.objects.to_scan(at).order_by("scan_at")[:BATCH]:
        mine = Attachment.objects.to_scan(at).filter(pk=row.pk, scans=row.scans)
        if mine.update(scans=row.scans + 1, scan_at=at + LEASE):
            answered += settle(row, at=at)
    return answered


def settle(row: Attachment, *, at: dt.datetime) -> bool:
    """Scan one file and keep the verdict; where there is none, ask again, later each time."""
    try:
        answer = scanning.scan(store.read(row.stored_as))
    except store.Gone:
        log.error("The file of attachment %s is not there or can't be opened", row.pk)
        answer = scanning.Answer(Verdict.PENDING, "the file can't be read")
    waits = min(LONGEST_WAIT, dt.timedelta(seconds=20 * 2 ** min(row.scans, 10)))
    done = answer.verdict in (Verdict.CLEAN, Verdict.SUSPECT)
    with transaction.atomic():
        Attachment.objects.filter(pk=row.pk, state=Attachment.State.PENDING).update(
            state=answer.verdict.value if done else Attachment.State.PENDING,
            scanner_said=answer.said,
            scanned_at=at if done else None,
            scan_at=None if done else at + waits,
        )
        if done:
            record(row, f"attachment.{answer.verdict.value}", {}, by=None, at=at)
    return done


@dataclass(frozen=True, slots=True)
class Tidied:
    """Files taken away because no row speaks of them, and rows whose file is not there."""

    taken_away: int = 0
    missing: int = 0


def tidy(*, at: dt.datetime) -> Tidied:
    """Take away what a crash left behind: files without a row, of rows let go, or half-written; tell missing ones.

    The files of all partnerships lie together, so this asks each for its own, and nothing else of them.
    """
    names = for_each(lambda partnership: list(Attachment.objects.there().values_list("stored_as", flat=True)))
    held = set(chain(*names))
    taken_away, found = 0, set()
    for name, written_at in store.everything():
        found.add(name)
        if name in held or at - written_at < OLD:
            continue
        store.discard_half(name)
        taken_away += 1
    missing = held - found
    if missing:
        log.error("%s attachments have no file on the disk", len(missing))
    return Tidied(taken_away, len(missing))


@reseals("attachments")
def reseal_files() -> tuple[int, int]:
    return store.reseal_all()
