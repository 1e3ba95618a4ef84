"""What the line of a later contact tells of an earlier one that is restricted: nothing, for as long as it is."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from referrals.models import Referral
from referrals.seen.finding import referrals_of
from referrals.seen.keys import people_of
from referrals.standing import earlier, tell_fewer, work_out
from referrals.triage.moves import held_all


def held_with_later(referral: Referral) -> Referral:
    """A referral, held with those that came after it and tell of a child of it, which `keep_told_before` changes."""
    later = Referral.objects.filter(partnership=referral.partnership_id, received_at__gt=referral.received_at)
    keys = {referral.pk, *same_child(referral, later)}
    return {each.pk: each for each in held_all(referral.partnership, keys)}[referral.pk]


def keep_told_before(row: Referral) -> None:
    """It was restricted, or is so no more: count anew the earlier contacts of those that came after it."""
    open_ones = Referral.objects.filter(partnership=row.partnership_id, restricted=False)
    later = open_ones.filter(received_at__gt=row.received_at).exclude(pk=row.pk)
    for other in Referral.objects.filter(pk__in=same_child(row, later)).select_related("scheme_version"):
        told = min(earlier(other), len(same_child(other, open_ones.filter(received_at__lt=other.received_at))))
        if earlier(other) and told != other.told_before:
            work_out(other)
            tell_fewer(other, told)
            Referral.objects.filter(pk=other.pk).update(told_before=told, flag_words=other.flag_words)


def same_child(row: Referral, within: QuerySet[Referral]) -> set[uuid.UUID]:
    """The referrals `within` that count as telling of one of a referral's children."""
    people = [person for child in row.children.all() for person in people_of(child)]
    found = [referrals_of(person, within=within, partnership=row.partnership) for person in people]
    return set().union(*found) - {row.pk}
