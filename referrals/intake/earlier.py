"""Has somebody told of this child before?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from partnerships.models import Partnership
from referrals.domain.identifiers import nhs_number_is_valid, tidy
from referrals.domain.matching import fold
from referrals.intake.answers import LONDON, ChildTold
from referrals.models import Child


def earlier_contacts(partnership: Partnership, children: Iterable[ChildTold]) -> tuple[dt.date, ...]:
    """The days on which earlier referrals told of any of these children, one entry a referral, the earliest first.

    The same child: the same valid NHS number, or the same first and last name and the same date of birth.
    """
    numbers: set[str] = set()
    births: set[tuple[str, str, dt.date]] = set()
    for child in children:
        if nhs_number_is_valid(child.nhs_number):
            numbers.add(tidy(child.nhs_number))
        if child.first_name and child.last_name and child.date_of_birth:
            births.add((fold(child.first_name), fold(child.last_name), child.date_of_birth))
    wanted = Q()
    if numbers:
        wanted |= Q(nhs_number__in=numbers)
    if births:
        wanted |= Q(date_of_birth__in={birth for _, _, birth in births})
    if not wanted:
        return ()
    found = (
        Child.objects.filter(wanted, partnership=partnership)
        .order_by()
        .values_list("referral_id", "referral__received_at", "nhs_number", "first_name", "last_name", "date_of_birth")
    )
    days = {
        referral: received.astimezone(LONDON).date()
        for referral, received, number, first, last, birth in found
        if (number and number in numbers) or (birth and (fold(first), fold(last), birth) in births)
    }
    return tuple(sorted(days.values()))
