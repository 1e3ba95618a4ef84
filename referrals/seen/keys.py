"""The keys by which a referral's children and family are found again, kept beside its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from django.db import transaction

from referrals.domain.lookup import home_key, stored_keys, street_keys, telephone_key
from referrals.domain.matching import Person
from referrals.domain.names import sound, words
from referrals.domain.nicknames import registered
from referrals.models import Child, FamilyMember, LookupKey, Referral


def person_of(child: Child) -> Person:
    """A child's row as the matcher compares it."""
    return Person(
        first_name=child.first_name,
        last_name=child.last_name,
        date_of_birth=child.date_of_birth,
        sex=child.sex,
        postcode=child.postcode,
        nhs_number=child.nhs_number,
        upn=child.upn,
        other_names=child.other_names,
    )


def people_of(child: Child) -> list[Person]:
    """A child as it was sent, and where the referrer has corrected who it is, also as it is now."""
    sent = person_of(child)
    return [sent, corrected(sent, child.corrected)] if child.corrected else [sent]


def corrected(person: Person, told: Any) -> Person:
    """A child with what was corrected of it (`Child.corrected`)."""
    found = {name: value for name, value in dict(told).items() if name in COMPARED}
    if "date_of_birth" in found:
        found["date_of_birth"] = dt.date.fromisoformat(found["date_of_birth"]) if found["date_of_birth"] else None
    return replace(person, **found)


COMPARED = tuple(field.name for field in fields(Person))


@transaction.atomic
def keep_keys(referral: Referral) -> int:
    """Write a referral's keys anew: after it was sent, and after a child or somebody of the family was corrected."""
    LookupKey.objects.filter(partnership=referral.partnership_id, referral=referral).delete()
    children = Child.objects.filter(partnership=referral.partnership_id, referral=referral)
    family = FamilyMember.objects.filter(partnership=referral.partnership_id, referral=referral)
    made = list(keys_for(referral, children, family))
    LookupKey.objects.bulk_create(made, batch_size=2000)
    return len(made)


def keys_for(referral: Referral, children: Iterable[Child], family: Iterable[FamilyMember]) -> Iterable[LookupKey]:
    """The rows, unsaved."""
    for child in children:
        told = set().union(*map(stored_keys, people_of(child))) | street_keys(child.address)
        told.add(home_key(child.address, child.postcode))
        for key in sorted(told - {""}):
            yield LookupKey(partnership_id=referral.partnership_id, referral=referral, child=child, key=key)
    told = set()
    for person in family:
        told.add(telephone_key(person.telephone))
        told |= {f"word:{sound(name)}"[:64] for word in words(person.name) for name in registered(word)}
        if person.date_of_birth and (said := words(person.name)):
            told.add(adult_key(said[-1], person.date_of_birth.isoformat()))
    for key in sorted(told - {""}):
        yield LookupKey(partnership_id=referral.partnership_id, referral=referral, key=key)


def adult_key(surname: str, born: str) -> str:
    """Somebody of the family by surname and birthday."""
    return f"adult:{sound(surname)}|{born}"
