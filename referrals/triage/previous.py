"""What else the partnership was told of these children: other referrals, within what the reader may see of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from partnerships.access import Actor
from partnerships.permissions import Permission, Role
from referrals.domain.identifiers import nhs_number_is_valid, tidy
from referrals.domain.matching import fold
from referrals.models import Child, Referral
from referrals.triage.queries import HEAVY
from referrals.triage.rows import level_words
from thresholds.loading import load

MOST = 50
"""How many are listed; the count says how many there are."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One other referral of the same child. open: the reader may open it. level: decided or indicated."""

    referral: Referral
    open: bool
    level: str


@dataclass(frozen=True, slots=True)
class Previous:
    """How many others there are, and those that the reader is shown, the latest first."""

    count: int
    listed: tuple[Contact, ...]

    @property
    def unlisted(self) -> int:
        return self.count - len(self.listed)


def previous_contacts(referral: Referral, actor: Actor) -> Previous:
    """Other referrals that tell of one of its children: the same NHS number, or the same name and date of birth.

    The MASH and who reads all are shown each of them. Early help is shown those of its own queues, and is told how
    many more there are: what they say is the MASH's.
    """
    keys = same_child(list(referral.children.all()), referral)
    if not keys:
        return Previous(0, ())
    may_open = Referral.objects.visible_to(actor).filter(pk=OuterRef("pk"))
    found = Referral.objects.filter(pk__in=keys).annotate(open=Exists(may_open))
    if not (actor.can(Permission.REFERRAL_READ_ALL) or Role.SCREENER.value in actor.roles):
        found = found.filter(open=True)
    rows = found.select_related("team", "scheme_version").defer(*HEAVY).order_by("-received_at", "pk")[:MOST]
    return Previous(len(keys), tuple(Contact(row, row.open, level_of(row)) for row in rows))


def level_of(referral: Referral) -> str:
    """The level that was decided, else the one that was indicated, in the words of its own threshold."""
    decided = referral.decided_level is not None
    rank = referral.decided_level if decided else referral.indicated_level
    return level_words(load(referral.scheme_version), rank) + (", decided" if decided else ", indicated")


def same_child(children: list[Child], referral: Referral) -> set[uuid.UUID]:
    """The keys of the other referrals that tell of one of these children."""
    numbers = {tidy(child.nhs_number) for child in children if nhs_number_is_valid(child.nhs_number)}
    births = {
        (fold(child.first_name), fold(child.last_name), child.date_of_birth)
        for child in children
        if child.first_name and child.last_name and child.date_of_birth
    }
    wanted = Q()
    if numbers:
        wanted |= Q(nhs_number__in=numbers)
    if births:
        wanted |= Q(date_of_birth__in={birth for _, _, birth in births})
    if not wanted:
        return set()
    rows = (
        Child.objects.filter(wanted, partnership=referral.partnership_id)
        .exclude(referral=referral)
        .order_by()
        .values_list("referral_id", "nhs_number", "first_name", "last_name", "date_of_birth")
    )
    return {
        key
        for key, number, first, last, birth in rows
        if (number and tidy(number) in numbers) or (birth and (fold(first), fold(last), birth) in births)
    }
