"""Making PDFs in the worker, once for the same content, and keeping them sealed for a day."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import threading
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.template.loader import render_to_string

from partnerships.documents import pdf_of
from partnerships.each import for_each
from partnerships.encryption import Unreadable, seal, unseal
from partnerships.models import Partnership
from referrals import nudging
from referrals.health import stands_still
from referrals.models import Document, Heartbeat

log = logging.getLogger(__name__)

KEPT = dt.timedelta(days=1)
LEASE = dt.timedelta(minutes=2)
MOST_ATTEMPTS = 3
PATIENCE = 4.0
"""Seconds that a page waits for the worker before it says that the document is being made."""

WAITERS = threading.BoundedSemaphore(2)
"""How many requests of one process may wait so: else whoever asks for many holds every thread, and nobody is served."""


class Failed(Exception):
    """A document could not be made. The page says so; the log says why."""


def digest_of(page: str) -> str:
    """The hash of what a document is made from. The same content looks the same, and is made once."""
    style = (settings.BASE_DIR / "static" / "print.css").read_bytes()
    return hashlib.sha256(page.encode() + b"\0" + style).hexdigest()


def ask(*, partnership: Partnership, template: str, context: dict[str, Any], at: dt.datetime) -> Document:
    """Ask for a document: its row, made already or waiting for the worker, who is nudged."""
    page = render_to_string(template, context)
    digest = digest_of(page)
    row, new = Document.objects.get_or_create(
        partnership=partnership, digest=digest, defaults={"page": page, "asked_at": at}
    )
    if not new:
        if row.state == Document.State.FAILED:
            row.page, row.state, row.attempts = page, Document.State.WAITING, 0
        row.asked_at = at
        row.save(update_fields=["asked_at", "page", "state", "attempts"])
    if row.state == Document.State.WAITING:
        transaction.on_commit(nudge)
    return row


def nudge() -> None:
    from referrals.tasks import make_documents

    nudging.nudge(make_documents, expires=60)  # where none comes the row waits, and the page makes it itself


def wait_for(row: Document, *, at: dt.datetime) -> bytes | None:
    """The PDF, as soon as it is there; None where the worker is still at it. Where no worker runs, it is made here."""
    if row.state == Document.State.WAITING and no_worker(at):
        make(row, at=at)
    if row.state == Document.State.WAITING and WAITERS.acquire(blocking=False):
        try:
            await_worker(row)
        finally:
            WAITERS.release()
    if row.state == Document.State.FAILED:
        raise Failed
    if row.state == Document.State.WAITING:
        return None
    try:
        return unseal(bytes(row.sealed))
    except Unreadable:  # sealed under a key that is gone: it is only a copy, and is made anew
        row.delete()
        raise Failed from None


def await_worker(row: Document) -> None:
    until = time.monotonic() + PATIENCE
    while row.state == Document.State.WAITING and time.monotonic() < until:
        time.sleep(0.1)
        row.refresh_from_db()


def no_worker(at: dt.datetime) -> bool:
    beat = Heartbeat.objects.filter(name="deliver").values_list("beat_at", flat=True).first()
    return stands_still(beat, at)


def make(row: Document, *, at: dt.datetime) -> bool:
    """Make one document under a lease; false where another is at it, or it failed."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=at)
    taken = Document.objects.filter(free, pk=row.pk, state=Document.State.WAITING).update(leased_until=at + LEASE)
    if not taken:
        row.refresh_from_db()
        return False
    try:
        made = pdf_of(row.page)
    except DatabaseError:
        raise
    except Exception:  # whatever the layout raises: the row is tried again, and at last said to have failed
        log.exception("Document %s could not be made", row.pk)
        row.attempts += 1
        row.leased_until = None
        if row.attempts >= MOST_ATTEMPTS:
            row.state, row.page = Document.State.FAILED, ""
        row.save(update_fields=["attempts", "leased_until", "state", "page"])
        return False
    row.sealed, row.page, row.state, row.made_at = seal(made), "", Document.State.MADE, at
    row.leased_until = None
    row.save(update_fields=["sealed", "page", "state", "made_at", "leased_until"])
    return True


def make_waiting(*, at: dt.datetime, only: int | None = None) -> int:
    """Make what waits, partnership by partnership, or of one by its key. Called by the worker."""
    return sum(for_each(lambda partnership: make_some(at=at), only=only))


def make_some(*, at: dt.datetime) -> int:
    """The next few of the partnership in scope."""
    waiting = Document.objects.filter(state=Document.State.WAITING).order_by("asked_at")[:20]
    return sum(make(row, at=at) for row in waiting)


def purge(*, at: dt.datetime, only: int | None = None) -> int:
    """Take away what nobody asked for in a day. How many went."""
    old = for_each(lambda partnership: Document.objects.filter(asked_at__lt=at - KEPT).delete()[0], only=only)
    return sum(old)
