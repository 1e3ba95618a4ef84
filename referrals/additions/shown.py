"""What stands beside a referral as it was sent, for its page in triage and for its referrer."""

from __future__ import annotations

from dataclasses import dataclass

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


def after_sending(referral: Referral, name: str) -> After:
    """name: of the address by which this reader has documents. Two queries, or none."""
    if not referral.beside:
        return After([], [])
    lines = documents.of_referral(referral, name)
    added = Addendum.objects.filter(referral=referral).select_related("by", "settled_by").order_by("-at", "-pk")
    of: dict[object, list[Line]] = {}
    for line in lines:
        of.setdefault(line.attachment.addendum_id, []).append(line)
    return After(of.get(None, []), [Beside(each, of.get(each.pk, [])) for each in added])
