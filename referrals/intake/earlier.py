"""Has somebody told of this child before?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q

from partnerships.models import Partnership
from referrals.domain.identifiers import nhs_number_is_valid, tidy
from referrals.domain.matching import fold
from referrals.intake.answers import LONDON, ChildTold
from referrals.models import Child


def contacts_by_child(partnership: Partnership, children: Sequence[ChildTold]) -> dict[int, tuple[dt.date, ...]]:
    """By the child's number, the days on which earlier referrals told of it: one a referral, the earliest first.

    The same child: the same valid NHS number, or the same first and last name and the same date of birth. One query.
    """
    numbers = {tidy(child.nhs_number) for child in children if nhs_number_is_valid(child.nhs_number)}
    births = {birth for child in children if (birth := birth_of(child))}
    wanted = Q()
    if numbers:
        wanted |= Q(nhs_number__in=numbers)
    if births:
        wanted |= Q(date_of_birth__in={birth for _, _, birth in births})
    if not wanted:
        return {}
    rows = Child.objects.filter(wanted, partnership=partnership).order_by()
    found = list(
        rows.values_list(
            "referral_id", "referral__received_at", "nhs_number", "first_name", "last_name", "date_of_birth"
        )
    )
    told: dict[int, tuple[dt.date, ...]] = {}
    for child in children:
        own_number = tidy(child.nhs_number) if nhs_number_is_valid(child.nhs_number) else ""
        own_birth = birth_of(child)
        days = {
            referral: received.astimezone(LONDON).date()
            for referral, received, number, first, last, birth in found
            if (number and number == own_number) or (birth and (fold(first), fold(last), birth) == own_birth)
        }
        told[child.number] = tuple(sorted(days.values()))
    return told


def birth_of(child: ChildTold) -> tuple[str, str, dt.date] | None:
    """The name and the date of birth as they are compared; None unless all are known."""
    if not (child.first_name and child.last_name and child.date_of_birth):
        return None
    return fold(child.first_name), fold(child.last_name), child.date_of_birth
