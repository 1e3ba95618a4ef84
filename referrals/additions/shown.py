"""What stands beside a referral as it was sent, for its page in triage and for its referrer."""

from __future__ import annotations

from dataclasses import dataclass

from partnerships.models import User
from referrals.attachments import shown as documents
from referrals.attachments.shown import Line
from referrals.models import Addendum, Referral


@dataclass(frozen=True, slots=True)
class Beside:
    """One addition, with the documents that came with it."""

    addendum: Addendum
    documents: list[Line]


@dataclass(frozen=True, slots=True)
class After:
    """The documents that came with the referral itself, and everything that was added since, the latest first."""

    documents: list[Line]
    additions: list[Beside]


def after_sending(referral: Referral, name: str, *, reader: User | None = None) -> After:
    """name: of the address by which this reader has documents. Two queries, or none.

    reader: who of the referrer's side reads. Why somebody wishes to withdraw is read by them and the front door alone:
    they are asked whether anybody presses them, and it may be who leads their agency.
    """
    if not referral.beside:
        return After([], [])
    lines = documents.of_referral(referral, name)
    rows = Addendum.objects.filter(referral=referral).select_related("by", "settled_by").order_by("-at", "-pk")
    added = [each if reader is None else as_read_by(reader, each) for each in rows]
    of: dict[object, list[Line]] = {}
    for line in lines:
        of.setdefault(line.attachment.addendum_id, []).append(line)
    return After(of.get(None, []), [Beside(each, of.get(each.pk, [])) for each in added])


def as_read_by(reader: User, addendum: Addendum) -> Addendum:
    """What somebody of the referrer's side reads of it."""
    if addendum.kind == Addendum.Kind.WITHDRAWAL and addendum.by_id != reader.pk:
        addendum.reason = ""
    return addendum
