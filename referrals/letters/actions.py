"""Writing a letter: its words frozen in a row, and a notice to the referrer that there is something to read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from partnerships import audit
from partnerships.models import User
from partnerships.permissions import Permission
from referrals import outbox
from referrals.audiences import seen_by
from referrals.domain.audiences import Audience
from referrals.domain.marks import mark_of
from referrals.intake.sending import address
from referrals.letters import writing
from referrals.letters.writing import Decided, Written
from referrals.models import Decision, Event, Letter, Referral
from referrals.referrers import for_referrer, of_whom
from referrals.triage.moves import Stale, locked


def write_acknowledgement(*, referral: Referral, words: str, by: User, at: dt.datetime) -> Letter:
    """The acknowledgement of one who reads the referral."""
    written = writing.acknowledgement(referral, words=words, by=by)
    return send(referral=referral, kind=Letter.Kind.ACKNOWLEDGEMENT, written=written, by=by, at=at)


def write_outcome(*, referral: Referral, decisions: Sequence[Decision], by: User, at: dt.datetime) -> Letter:
    """What was decided of each child, told at once."""
    written = writing.outcome(referral, decided=[Decided.of(each) for each in decisions], by=by)
    return send(referral=referral, kind=Letter.Kind.OUTCOME, written=written, by=by, at=at)


@transaction.atomic
def write_to_others(
    *,
    referral: Referral,
    kind: Letter.Kind,
    recipient: str,
    words: str,
    safe_because: str,
    seen: int | None,
    token: str,
    by: User,
    at: dt.datetime,
) -> Letter:
    """A letter to parents, a partner agency or another area: kept word for word, printed and sent by its writer.

    Pressed twice, it is written once; with other words it is another letter. seen: the revision that the form showed.
    What was decided since would stand in the letter, and its writer has not read it: then `Stale`, and nothing is
    written. ValueError where a letter to parents does not say how it is known that writing is safe.
    """
    if kind is Letter.Kind.PARENTS and not safe_because.strip():
        raise ValueError("a letter to parents must say how it is known to be safe")
    row = locked(referral, by=by, needs=Permission.REFERRAL_DECIDE)
    token = mark_of(token, kind.value, recipient.strip(), words.strip(), safe_because.strip())
    there = Letter.objects.filter(referral=row, token=token).first()
    if there is not None:
        return there
    if seen != row.revision:
        raise Stale(row)
    first_line = recipient.strip().splitlines()[0].partition(",")[0] if recipient.strip() else "Sir or Madam"
    told = decided_of(row, writing.TO_OTHERS[kind.value])
    written = writing.to_others(kind.value, row, recipient=first_line, words=words, decided=told, by=by)
    letter = send(
        referral=row,
        kind=kind,
        written=written,
        recipient=recipient,
        safe_because=safe_because,
        token=token,
        by=by,
        at=at,
    )
    Event.objects.create(
        partnership=referral.partnership,
        referral=referral,
        kind="letter_written",
        sentence=f"{by.name} wrote a letter: {kind.label[0].lower()}{kind.label[1:]}.",
        note=f"Safe to write: {safe_because.strip()}" if kind is Letter.Kind.PARENTS else "",
        at=at,
        by=by,
    )
    return letter


@transaction.atomic
def not_safe_to_write(*, referral: Referral, because: str, by: User, at: dt.datetime) -> Event:
    """Record that the parents are not written to, and why. It is asked anew each time; pressed twice, once.

    Whoever is writing to them at this moment has not read it: their form is stale.
    """
    row = locked(referral, by=by, needs=Permission.REFERRAL_DECIDE)
    last = Event.objects.filter(referral=row).order_by("at", "pk").last()
    if last and (last.kind, last.note, last.by_id) == ("letter_not_safe", because.strip(), by.pk):
        return last
    row.revision += 1
    row.save(update_fields=["revision"])
    audit.record(
        partnership=row.partnership,
        verb="letter.not_safe",
        noun="referral",
        object_id=row.pk,
        of=row.pk,
        by=by,
        at=at,
    )
    return Event.objects.create(
        partnership=row.partnership,
        referral=row,
        kind="letter_not_safe",
        sentence=f"{by.name} did not write to the parents: it is not known to be safe.",
        note=because.strip(),
        at=at,
        by=by,
    )


def sample_to_others(referral: Referral, kind: str, *, by: User) -> Written:
    """The letter as it will read, with dots for what is still to be written."""
    told = decided_of(referral, writing.TO_OTHERS[kind])
    return writing.to_others(kind, referral, recipient="…", words="…", decided=told, by=by)


def decided_of(referral: Referral, audience: Audience) -> list[Decided]:
    """What holds for each child, as a letter to others tells it; nothing where nothing is decided."""
    rows = (
        Decision.objects.filter(referral=referral)
        .standing()
        .select_related("child", "transfer_to")
        .order_by("child__order", "at")
    )
    return [Decided.for_others(seen_by(audience, each)) for each in rows]


@transaction.atomic
def send(
    *,
    referral: Referral,
    kind: Letter.Kind,
    written: Written,
    recipient: str = "",
    safe_because: str = "",
    token: str = "",
    by: User,
    at: dt.datetime,
) -> Letter:
    """Freeze the letter word for word, and tell the referrer, where it is theirs and they have an account, that it is
    there; who answers for them where they left.

    recipient: name and address of somebody else, to whom it is sent on paper.
    """
    readers = [] if recipient else for_referrer(referral)
    letter = Letter.objects.create(
        partnership=referral.partnership,
        referral=referral,
        kind=kind,
        addressed_to=readers[0] if readers else None,
        recipient=recipient.strip(),
        safe_because=safe_because.strip(),
        token=token,
        text_version=written.version,
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
        of=referral.pk,
        detail={"referral": referral.pk, "kind": kind.value},
        by=by,
        at=at,
    )
    tell_of_letter(letter, referral, readers, at=at)
    return letter


def tell_of_letter(letter: Letter, referral: Referral, readers: Sequence[User], *, at: dt.datetime) -> None:
    """Tell these that a letter is there; who was told before is not told again."""
    for reader in readers:
        outbox.tell(
            partnership=referral.partnership,
            referral=referral,
            kind="letter",
            to=reader,
            key=f"letter:{letter.pk}:{reader.pk}",
            subject=f"Front Door: a letter about {of_whom(referral, reader)}",
            body=writing.notice(referral.reference, address(referral.partnership, "referral_track", referral)),
            at=at,
        )
