"""Adding a document to a draft and taking it away again. What can't be taken is told, and stops nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Sum

from partnerships import audit
from partnerships.models import User
from partnerships.typed import clean_line
from referrals import nudging
from referrals.attachments import scanning, store
from referrals.attachments.apart import TooLong, TooMany, apart
from referrals.attachments.kinds import Unwelcome, judge
from referrals.attachments.scanning import Verdict
from referrals.models import Attachment, Draft, Referral

LONGEST_NAME = 150
NAMELESS = "A file without a name"
NO_TURN = "could not be looked into just now, among many others. Try it again in a minute."
NOT_KEPT = "could not be kept just now. Try it again in a minute."
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it came: what it is for, what it calls itself, its bytes. whole: false where it was too large."""

    called: str
    name: str
    file: IO[bytes]
    size: int
    asked_for: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A file that was not taken, and why: the two make a sentence."""

    name: str
    why: str
    asked_for: str = ""

    @property
    def sentence(self) -> str:
        return f"“{self.name}” {self.why}" if self.name != NAMELESS else f"{self.name} {self.why}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the files that were sent together."""

    attachments: list[Attachment] = field(default_factory=list)
    refused: list[NotTaken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked into and lies sealed, no row's yet; `why` where it can't be taken."""

    sent: Sent
    name: str
    ending: str = ""
    digest: str = ""
    stored_as: str = ""
    why: str = ""


def look(files: Iterable[Sent]) -> list[Looked]:
    """Look into each file and keep what can be taken. Takes seconds: for before anything in the database is held.

    What comes to no row in the end is let go by `let_go`, or by the hourly round that tidies.
    """
    return [_look(sent) for sent in files]


def _look(sent: Sent) -> Looked:
    name = shown_name(sent.name)
    try:
        if not sent.whole or sent.size > settings.ATTACHMENT_MAX_MB * MEGABYTE:
            raise Unwelcome(
                f"is {megabytes(sent.size)}, which is too large: one file may have {settings.ATTACHMENT_MAX_MB} MB, "
                f"and what is sent together {settings.UPLOAD_MAX_MB} MB. Split it, or save a smaller copy."
            )
        content = sent.file.read()
        kind = apart(judge, content, name)
        return Looked(sent, name, kind.ending, hashlib.sha256(content).hexdigest(), store.keep(content))
    except Unwelcome as why:
        return Looked(sent, name, why=str(why))
    except TooLong:
        return Looked(
            sent, name, why="takes too long to open. Save it again smaller, or print it to PDF, and add that."
        )
    except TooMany:
        return Looked(sent, name, why=NO_TURN)
    except OSError:
        return Looked(sent, name, why=NOT_KEPT)


def let_go(files: Iterable[Looked]) -> None:
    """Throw away what was kept of files that come to no row."""
    for each in files:
        if each.stored_as:
            store.discard(each.stored_as)


def attach(
    *,
    draft: Draft | None = None,
    referral: Referral | None = None,
    files: Iterable[Sent | Looked],
    by: User | None,
    at: dt.datetime,
) -> Taken:
    """Take each file that can be taken. One that can't is told with its reason, and the others are kept all the same.

    The same content under the same heading is kept once, however often it is sent. Where rows are held, the files are
    looked into before (`look`).
    """
    taken = Taken()
    for each in files:
        looked = each if isinstance(each, Looked) else _look(each)
        try:
            if looked.why:
                raise Unwelcome(looked.why)
            row = _attach_one(looked, draft, referral, by=by, at=at)
        except Unwelcome as why:
            taken.refused.append(NotTaken(looked.name, str(why), looked.sent.asked_for))
        except OSError:
            taken.refused.append(NotTaken(looked.name, NOT_KEPT, looked.sent.asked_for))
        else:
            taken.attachments.append(row)
    return taken


def _attach_one(
    looked: Looked, draft: Draft | None, referral: Referral | None, *, by: User | None, at: dt.datetime
) -> Attachment:
    try:
        with transaction.atomic():
            row = _row(looked, draft, referral, by=by, at=at)
    except BaseException:
        store.discard(looked.stored_as)
        raise
    if row.stored_as != looked.stored_as:
        store.discard(looked.stored_as)
    return row


def _row(
    looked: Looked, draft: Draft | None, referral: Referral | None, *, by: User | None, at: dt.datetime
) -> Attachment:
    from referrals.intake.actions import for_writing

    holder: Draft | Referral = for_writing(draft) if draft else _held(referral)
    mine = holder.attachments.there()  # type: ignore[attr-defined]
    sent = looked.sent
    same = mine.filter(digest=looked.digest, called=sent.called).first()
    if same is not None:
        return same
    so_far = mine.order_by().aggregate(number=Count("pk"), size=Sum("size"))
    if so_far["number"] >= settings.ATTACHMENTS_MOST:
        raise Unwelcome(
            f"is one too many: {settings.ATTACHMENTS_MOST} documents can go with a referral. Say who holds the others."
        )
    if (so_far["size"] or 0) + sent.size > settings.ATTACHMENTS_MAX_MB * MEGABYTE:
        raise Unwelcome(
            f"would bring the documents above {settings.ATTACHMENTS_MAX_MB} MB together. Say who holds the others."
        )
    scanned = scanning.is_configured()
    row = Attachment.objects.create(
        partnership=holder.partnership,
        draft=draft,
        referral=referral,
        asked_for=sent.asked_for[:60],
        called=sent.called[:200],
        name=looked.name,
        ending=looked.ending,
        size=sent.size,
        digest=looked.digest,
        stored_as=looked.stored_as,
        state=(Verdict.PENDING if scanned else Verdict.NOT_SCANNED).value,
        scan_at=at if scanned else None,
        added_at=at,
        added_by=by,
    )
    if referral is not None:
        Referral.objects.filter(pk=referral.pk).update(beside=F("beside") + 1)
    record(row, "attachment.added", {"kind": looked.ending, "size": sent.size}, by=by, at=at)
    if scanned:
        transaction.on_commit(nudge)
    return row


def _held(referral: Referral | None) -> Referral:
    if referral is None:
        raise TypeError("a draft or a referral is needed")
    return (
        Referral.objects.select_for_update(of=("self",))
        .select_related("partnership")
        .get(pk=referral.pk, partnership=referral.partnership_id)
    )


@transaction.atomic
def take_away(*, attachment: Attachment, by: User, at: dt.datetime) -> bool:
    """Take a document out of a draft again, and its file from the disk. False where it was gone already."""
    from referrals.intake.actions import for_writing

    if attachment.draft is None:
        raise LookupError("what was sent stays as it was sent")
    for_writing(attachment.draft)
    gone = (
        Attachment.objects.there().filter(pk=attachment.pk, referral__isnull=True).update(removed_at=at, removed_by=by)
    )
    if gone:
        record(attachment, "attachment.removed", {}, by=by, at=at)
        transaction.on_commit(lambda: store.discard(attachment.stored_as))
    return bool(gone)


def hand_over(*, draft: Draft, referral: Referral) -> int:
    """The draft's documents become the referral's; part of the sending's own transaction."""
    number = Attachment.objects.there().filter(draft=draft, referral__isnull=True).update(referral=referral)
    referral.beside = number
    referral.save(update_fields=["beside"])
    return number


@transaction.atomic
def downloaded(*, attachment: Attachment, by: User | None, at: dt.datetime) -> None:
    """Leave in the trail that somebody took the document."""
    record(attachment, "attachment.downloaded", {"state": attachment.state}, by=by, at=at)


def record(attachment: Attachment, verb: str, detail: dict[str, object], *, by: User | None, at: dt.datetime) -> None:
    of = {"referral": attachment.referral_id} if attachment.referral_id else {"draft": attachment.draft_id}
    audit.record(
        partnership=attachment.partnership,
        verb=verb,
        noun="attachment",
        object_id=attachment.pk,
        of=attachment.referral_id or attachment.draft_id,
        detail={**of, **detail},
        by=by,
        at=at,
    )


def nudge() -> None:
    """Ask a worker to scan now. Best effort: beat comes by."""
    from referrals.tasks import scan

    nudging.nudge(scan, expires=settings.SWEEP_SECONDS)


def shown_name(raw: str) -> str:
    """What a file calls itself, fit to show: its last part, in one line, without marks that turn the reading round.

    >>> shown_name("C:\\\\notes\\\\plan.pdf")
    'plan.pdf'
    >>> shown_name("\\u202efdp.exe")
    'fdp.exe'
    """
    last = raw.replace("\\", "/").rsplit("/", 1)[-1]
    name = clean_line("".join(each for each in last if unicodedata.category(each) not in ("Cf", "Co", "Cn")))
    if not name.strip(" ."):
        return NAMELESS
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: LONGEST_NAME - 12]}….{ending[:8]}" if dot and stem else f"{name[: LONGEST_NAME - 1]}…"


def megabytes(size: int) -> str:
    """A size as people say it.

    >>> megabytes(204_800), megabytes(209_715_200)
    ('200 kB', '200 MB')
    """
    return f"{max(1, round(size / 1024)):,} kB" if size < MEGABYTE else f"{size / MEGABYTE:,.0f} MB"


def refusals(taken: Sequence[NotTaken]) -> list[str]:
    return [each.sentence for each in taken]
