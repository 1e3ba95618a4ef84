"""What was sent on and has come home by a second transfer: what stands here of it already, and who may see that."""

from __future__ import annotations

from django_scopes import scope

from partnerships.models import User
from referrals.models import Arrival, Referral, Transfer
from referrals.triage.restricting import could_see
from referrals.triage.unseen import named_on


def kept_at_home(row: Referral) -> Referral | None:
    """The restricted referral of this same partnership from which, over others, this one came: the nearest; None where
    there is none. Whatever was lifted on its way, from whom it was kept here is for those here to say."""
    current, home = row, row.partnership_id
    while True:
        with scope(partnership=current.partnership):
            arrival = Arrival.objects.filter(referral=current).select_related("from_partnership").first()
        if arrival is None:
            return None
        with scope(partnership=arrival.from_partnership):
            transfer = Transfer.objects.filter(key=arrival.key).select_related("referral__partnership").first()
        if transfer is None:  # deleted there by its schedule
            return None
        current = transfer.referral
        if current.partnership_id == home and current.restricted:
            return current


def named_at_home(row: Referral, original: Referral) -> list[User]:
    """Who is named on that one and could see this one were it not restricted."""
    named = [each.user for each in named_on(original).select_related("user").order_by("at", "pk")]
    return [person for person in {each.pk: each for each in named}.values() if could_see(row, person)]
