"""A person's word on whether two rows tell of one child: given and taken back with a reason; nothing is merged."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships import audit
from partnerships.access import actor_for
from partnerships.models import User
from referrals.models import Child, Referral, SameChild
from referrals.triage.moves import Refused, at_work_on, held_all, tell_story

LONGEST_REASON = 2000


@transaction.atomic
def say_whether_same(
    *, referral: Referral, child: Child, other: Child, same: bool, reason: str, by: User, at: dt.datetime
) -> SameChild:
    """Link two rows as one child, or say that they are two. What was said before of the pair is undone, and kept.

    Pressed twice it is said once. Raises `Refused` without a reason, where a row is set against itself, or where
    somebody has said the same of the pair.
    """
    referral = held_with(referral, other)
    at_work_on(referral, by)
    if not reason.strip():
        raise Refused("Say why: a colleague reads it before they trust it.")
    if child.pk == other.pk or child.referral_id != referral.pk or other.referral_id == referral.pk:
        raise Refused("Choose a child of another referral.")
    shown = Referral.objects.told_of_to(actor_for(by, referral.partnership))
    if not shown.filter(pk=other.referral_id).exists():
        raise Refused("You may not see the other contact any more, so nothing was said of the two. Ask the MASH.")
    one, two = sorted((child, other), key=lambda each: each.pk)
    pair = SameChild.objects.select_for_update(of=("self",)).filter(one=one, other=two, undone_at__isnull=True)
    standing = pair.select_related("by").first()
    if standing is not None and standing.same == same:
        if (standing.by_id, standing.reason) == (by.pk, reason[:LONGEST_REASON]):
            return standing
        who = "You" if standing.by_id == by.pk else standing.by.name
        raise Refused(f"{who} said so of the two already, and that stands. What you wrote is not kept.")
    if standing is not None:
        _undo(standing, reason, by=by, at=at)
    said = SameChild.objects.create(
        partnership=referral.partnership, one=one, other=two, same=same, reason=reason[:LONGEST_REASON], by=by, at=at
    )
    what = "linked it with another contact" if same else "said that another contact tells of another child"
    _tell(referral, "child_linked" if same else "child_told_apart", f"{by.name} {what}.", other, by=by, at=at)
    return said


@transaction.atomic
def take_back(*, referral: Referral, link: SameChild, reason: str, by: User, at: dt.datetime) -> SameChild:
    """Undo what was said of two rows. It stays on record, with who took it back and why. Pressed twice, once."""
    referral = held_with(referral, link.one, link.other)
    at_work_on(referral, by)
    if not reason.strip():
        raise Refused("Say why you take it back.")
    SameChild.objects.select_for_update().only("pk").get(pk=link.pk)
    row = SameChild.objects.select_related("one", "other", "undone_by").get(pk=link.pk)
    if row.undone_at is not None:
        if (row.undone_by_id, row.undone_reason) == (by.pk, reason[:LONGEST_REASON]):
            return row
        who = row.undone_by.name if row.undone_by else "Somebody"
        raise Refused(f"{who} took it back already. What you wrote is not kept.")
    if not SameChild.objects.standing_for(actor_for(by, referral.partnership)).filter(pk=row.pk).exists():
        raise Refused("You may not see the other contact any more, so nothing was taken back. Ask the MASH.")
    _undo(row, reason, by=by, at=at)
    other = row.other if row.one.referral_id == referral.pk else row.one
    said = f"{by.name} took back what was said of it and another contact."
    _tell(referral, "child_link_undone", said, other, by=by, at=at)
    return row


def held_with(referral: Referral, *children: Child) -> Referral:
    """A referral, held with those of these children: the story and the trail of each of them are written to."""
    keys = {referral.pk, *(child.referral_id for child in children)}
    there = {each.pk: each for each in held_all(referral.partnership, keys)}
    return there[referral.pk]


def _undo(row: SameChild, reason: str, *, by: User, at: dt.datetime) -> None:
    row.undone_at, row.undone_by, row.undone_reason = at, by, reason[:LONGEST_REASON]
    row.save(update_fields=["undone_at", "undone_by", "undone_reason"])


def _tell(referral: Referral, kind: str, sentence: str, other: Child, *, by: User, at: dt.datetime) -> None:
    """One line in the story and the trail of each of the two referrals.

    The story names neither the other referral nor the reason: whoever reads one of them may not be allowed the other.
    Of a contact that is restricted it says nothing: that there is one is for those who are named on it.
    """
    theirs = Referral.objects.get(pk=other.referral_id, partnership=referral.partnership_id)
    for row, partner in ((referral, theirs), (theirs, referral)):
        if not partner.restricted:
            tell_story(row, kind, sentence, by=by, at=at)
        audit.record(
            partnership=row.partnership,
            verb=f"referral.{kind}",
            noun="referral",
            object_id=row.pk,
            of=row.pk,
            detail={"other": str(partner.pk)},
            by=by,
            at=at,
        )
