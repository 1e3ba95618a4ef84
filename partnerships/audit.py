"""The audit trail: writing an entry, and proving that none was changed, cut or slipped in.

An entry is written in the transaction of the change that it tells of. The hash of each covers its content and the
hash of the one before, a chain a partnership.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from partnerships import rows
from partnerships.models import AuditEntry, AuditHead, Partnership, User

request_id: ContextVar[str] = ContextVar("request_id", default="")


def digest(entry: AuditEntry) -> str:
    """The hash of an entry: SHA-256 over its fields as sorted JSON, the hash of the one before among them.

    The record that it concerns is among them where it has one; so the hash of an entry that is older than that column
    is what it was, and one put in or taken out later shows.
    """
    told: dict[str, Any] = {
        "partnership": entry.partnership_id,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": str(entry.by_id) if entry.by_id else None,
        "verb": entry.verb,
        "noun": entry.noun,
        "object_id": entry.object_id,
        "detail": entry.detail,
        "request_id": entry.request_id,
        "previous_hash": entry.previous_hash,
    }
    if entry.concerns is not None:
        told["concerns"] = str(entry.concerns)
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Told:
    """What one entry tells. verb: what was done, as `noun.verb` in the past or present (`referral.sent`).

    detail: what changed, JSON; never a child's name or the text of a worry, which stand in the record itself.
    of: the record that it concerns, by which a manager finds it: a referral's key, or its draft's before it is sent.
    """

    verb: str
    noun: str
    object_id: object = ""
    detail: dict[str, Any] | None = None
    of: uuid.UUID | None = None


def record(
    *,
    partnership: Partnership,
    verb: str,
    noun: str,
    object_id: object = "",
    of: uuid.UUID | None = None,
    detail: dict[str, Any] | None = None,
    by: User | None,
    at: datetime,
) -> AuditEntry:
    """Add one entry to the partnership's chain. Joins the transaction that is open, else makes its own."""
    told = Told(verb, noun, object_id, detail, of)
    return record_all(partnership=partnership, entries=[told], by=by, at=at)[0]


def record_all(*, partnership: Partnership, entries: Sequence[Told], by: User | None, at: datetime) -> list[AuditEntry]:
    """Add entries to the partnership's chain, in this order, in few statements: what one action did to many."""
    asked = len(entries)
    if not asked:
        return []
    with transaction.atomic():
        heads = AuditHead.objects.select_for_update().filter(partnership=partnership)
        head = heads.first()
        if head is None:
            if begin_chain(partnership):
                entries = [Told(HEAD_MISSING, "trail"), *entries]
            head = heads.get()
        made = []
        for told in entries:
            entry = AuditEntry(
                partnership_id=partnership.pk,
                sequence=head.sequence + 1,
                at=at,
                by_id=by.pk if by else None,
                verb=told.verb,
                noun=told.noun,
                object_id=str(told.object_id)[:64],  # an older agency's slug may be longer: no reason to fail
                concerns=told.of,
                detail=json.loads(json.dumps(told.detail or {}, default=str)),
                request_id=request_id.get(),
                previous_hash=head.hash,
            )
            entry.hash = digest(entry)
            head.sequence, head.hash = entry.sequence, entry.hash
            made.append(entry)
        if len(made) < rows.MANY:
            AuditEntry.objects.bulk_create(made, batch_size=500)
        else:
            write_many(made)
        head.save(update_fields=["sequence", "hash"])
    return made[-asked:]


HEAD_MISSING = "trail.head_missing"


def begin_chain(partnership: Partnership) -> bool:
    """Give a partnership's chain its head. True where it had one that somebody took away: the chain goes on from its
    last entry then, since no referral may wait for it, and the trail says so for ever.
    """
    last = AuditEntry.objects.filter(partnership=partnership).order_by("-sequence").first()
    ends = {"sequence": last.sequence, "hash": last.hash} if last else {}
    _, made = AuditHead.objects.get_or_create(partnership=partnership, defaults=ends)
    return made and last is not None


EACH = ("sequence", "verb", "noun", "object_id", "concerns", "detail", "previous_hash", "hash")


def write_many(entries: Sequence[AuditEntry]) -> None:
    """Entries of one action and instant, in one statement; they do not learn their keys."""
    one = entries[0]
    alike = {"partnership_id": one.partnership_id, "at": one.at, "by_id": one.by_id, "request_id": one.request_id}
    rows.write(AuditEntry, EACH, [[getattr(entry, name) for name in EACH] for entry in entries], alike=alike)


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the chain does not hold."""

    partnership: str
    sequence: int
    what: str


def faults(partnership: Partnership) -> Iterator[Fault]:
    """Walk the chain and tell each entry that was changed, is missing, or does not follow from the one before."""
    expected, previous = 1, "0" * 64
    for entry in AuditEntry.objects.filter(partnership=partnership).order_by("sequence").iterator(chunk_size=2000):
        if entry.sequence != expected:
            yield Fault(partnership.slug, expected, f"entries {expected} to {entry.sequence - 1} are missing")
        if entry.previous_hash != previous:
            yield Fault(partnership.slug, entry.sequence, "does not follow from the entry before it")
        if digest(entry) != entry.hash:
            yield Fault(partnership.slug, entry.sequence, "was changed after it was written")
        if entry.verb == HEAD_MISSING:
            yield Fault(partnership.slug, entry.sequence, "the chain's head was missing: a cut end could not be told")
        expected, previous = entry.sequence + 1, entry.hash
    head = AuditHead.objects.filter(partnership=partnership).first()
    if head is None and expected > 1:
        yield Fault(partnership.slug, expected, "the chain's head is missing, so a cut end could not be told")
    if head and (head.sequence, head.hash) != (expected - 1, previous):
        yield Fault(partnership.slug, expected, f"the chain ends here, but its head says {head.sequence}")
