"""Making PDFs in the worker, once for the same content, and keeping them sealed for a day."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import threading
import time
import uuid
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.db.models.functions import Length
from django.template.loader import render_to_string
from django_scopes import scope

from partnerships.documents import pdf_of
from partnerships.each import for_each
from partnerships.encryption import Unreadable, seal, unseal
from partnerships.models import Partnership
from referrals import nudging
from referrals.health import beat, stands_still
from referrals.models import Document, Heartbeat

log = logging.getLogger(__name__)

KEPT = dt.timedelta(days=1)
LONGEST = 240
"""Seconds for a turn of the worker, whatever it is making: it is ended then, and with it the attempt."""

TURN = 20.0
"""Seconds after which a turn of the worker begins no other document."""

LEASE = dt.timedelta(seconds=LONGEST + 30)
GONE = dt.timedelta(seconds=2 * LONGEST)
"""After so long without a sign of whoever makes documents, nobody does."""

MOST_ATTEMPTS = 3
MOST_MADE_BY_A_PAGE = 300_000
"""Letters of a document that a page makes itself where no worker runs: a longer one would hold up everybody else."""

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
    """The PDF, as soon as it is there; None where the worker is still at it.

    Where no worker runs, it is made here, unless it is so long that it has to wait for one.
    """
    if row.state == Document.State.WAITING and no_worker(at) and len(row.page) <= MOST_MADE_BY_A_PAGE:
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
    """Neither the worker that delivers nor one that makes documents was seen of late."""
    seen = dict(Heartbeat.objects.filter(name__in=("deliver", "documents")).values_list("name", "beat_at"))
    documents = seen.get("documents")
    return stands_still(seen.get("deliver"), at) or documents is None or at - documents > GONE


def make(row: Document, *, at: dt.datetime) -> bool:
    """Make one document under a lease; false where another is at it, or it failed.

    The attempt is counted before it begins: one that ends its worker counts too, and is not begun for ever.
    """
    free = Document.objects.filter(is_free(at), pk=row.pk, state=Document.State.WAITING)
    taken = free.filter(attempts__lt=MOST_ATTEMPTS).update(leased_until=at + LEASE, attempts=F("attempts") + 1)
    if not taken:
        free.update(state=Document.State.FAILED, page="", leased_until=None)  # each of its attempts ended a worker
        row.refresh_from_db()
        return False
    row.attempts += 1
    try:
        made = pdf_of(row.page)
    except DatabaseError:
        raise
    except Exception:  # whatever the layout raises: the row is tried again, and at last said to have failed
        log.exception("Document %s could not be made", row.pk)
        row.leased_until = None
        if row.attempts >= MOST_ATTEMPTS:
            row.state, row.page = Document.State.FAILED, ""
        row.save(update_fields=["leased_until", "state", "page"])
        return False
    row.sealed, row.page, row.state, row.made_at = seal(made), "", Document.State.MADE, at
    row.leased_until = None
    row.save(update_fields=["sealed", "page", "state", "made_at", "leased_until"])
    return True


def is_free(at: dt.datetime) -> Q:
    """Rows that no worker has in hand."""
    return Q(leased_until__isnull=True) | Q(leased_until__lt=at)


def make_waiting(*, at: dt.datetime, only: int | None = None) -> int:
    """Make what waits, of all partnerships or of one by its key; how many were made. Called by the worker.

    Each is tried once, and after `TURN` none is begun: whoever makes them is ended when one takes too long, and a
    short one that comes meanwhile goes before the long ones.
    """
    if only is None:
        beat("documents", at=at)
    until, tried, made = time.monotonic() + TURN, set[uuid.UUID](), 0
    while time.monotonic() < until:
        waiting = for_each(lambda partnership: next_one(at=at, but=tried), only=only)
        row = min(filter(None, waiting), key=order, default=None)
        if row is None:
            break
        tried.add(row.pk)
        with scope(partnership=row.partnership):
            made += make(row, at=at)
    return made


def next_one(*, at: dt.datetime, but: set[uuid.UUID]) -> Document | None:
    """The next of the partnership in scope."""
    waiting = Document.objects.filter(is_free(at), state=Document.State.WAITING).exclude(pk__in=but)
    rows = waiting.select_related("partnership").annotate(length=Length("page"))
    return rows.order_by("attempts", "length", "asked_at").first()


def order(row: Document) -> tuple[int, int, dt.datetime]:
    """One not tried yet before one that failed, a short one before a long one."""
    return row.attempts, row.length, row.asked_at  # type: ignore[attr-defined]


def purge(*, at: dt.datetime, only: int | None = None) -> int:
    """Take away what nobody asked for in a day. How many went."""
    old = for_each(lambda partnership: Document.objects.filter(asked_at__lt=at - KEPT).delete()[0], only=only)
    return sum(old)
