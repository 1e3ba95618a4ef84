"""Who may be the same child: candidates through stored keys, compared one by one, with what people said of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from partnerships.hours import LONDON
from partnerships.models import Partnership
from referrals.domain.lookup import candidate_keys
from referrals.domain.matching import Match, Person, Verdict, match
from referrals.intake.answers import ChildTold
from referrals.models import Child, LookupKey, Referral, SameChild
from referrals.seen.keys import corrected

MOST = 3000
"""How many candidates are compared at most; numbers and birthdays come long before a very common name reaches it."""

ROUNDS = 4
"""How far links are followed: a child linked to a child that is linked to a child."""

COMPARED = (
    "pk",
    "referral_id",
    "first_name",
    "last_name",
    "date_of_birth",
    "sex",
    "postcode",
    "nhs_number",
    "upn",
    "other_names",
    "corrected",
)


@dataclass(frozen=True, slots=True)
class Found:
    """One other row that may tell of one of ours. `ours` is the row's key, or its place where it is not stored yet."""

    ours: Any
    other: uuid.UUID
    referral_id: uuid.UUID
    match: Match


def find(people: Sequence[tuple[Any, Person]], *, within: QuerySet[Referral], partnership: Partnership) -> list[Found]:
    """Rows of the referrals `within` that may tell of one of these children, the likeliest first. One query."""
    keys = {key for _, person in people for key in candidate_keys(person)}
    if not keys:
        return []
    found = []
    for row in candidates(keys, within, partnership):
        sent = Person(*row[2:-1])
        others = [sent, corrected(sent, row[-1])] if row[-1] else [sent]
        compared = [(ours, match(person, other)) for ours, person in people for other in others]
        ours, best = max(compared, key=lambda each: (each[1].verdict is not Verdict.DIFFERENT, each[1].score))
        if best.verdict is not Verdict.DIFFERENT:
            found.append(Found(ours, row[0], row[1], best))
    return sorted(found, key=lambda each: (-each.match.score, str(each.other)))


def candidates(keys: Collection[str], within: QuerySet[Referral], partnership: Partnership) -> list[tuple[Any, ...]]:
    """The rows of children under any of these keys, as they are compared, each once."""
    wanted = LookupKey.objects.filter(partnership=partnership, key__in=keys, child__isnull=False)
    rows = Child.objects.filter(partnership=partnership, pk__in=wanted.values("child"), referral__in=within)
    return list(rows.order_by().values_list(*COMPARED)[:MOST])


def links_of(children: Iterable[uuid.UUID], partnership: Partnership) -> list[SameChild]:
    """What people said of these children and, through links, of those that they lead to. A query a round."""
    known: set[uuid.UUID] = set(children)
    links: dict[int, SameChild] = {}
    new = set(known)
    for _ in range(ROUNDS):
        if not new:
            break
        touching = SameChild.objects.filter(partnership=partnership, undone_at__isnull=True).filter(
            Q(one__in=new) | Q(other__in=new)
        )
        said = list(touching.select_related("by"))
        links |= {each.pk: each for each in said}
        reached = {pk for each in said if each.same for pk in (each.one_id, each.other_id)}
        new = reached - known
        known |= reached
    return list(links.values())


def joined(start: Iterable[uuid.UUID], links: Iterable[SameChild]) -> set[uuid.UUID]:
    """Every row that a person linked to one of these, directly or through others; these left out."""
    first = set(start)
    reached, grew = set(first), True
    pairs = [(each.one_id, each.other_id) for each in links if each.same]
    while grew:
        grew = False
        for one, other in pairs:
            if (one in reached) != (other in reached):
                reached |= {one, other}
                grew = True
    return reached - first


def ruled_out(links: Iterable[SameChild]) -> set[frozenset[uuid.UUID]]:
    return {frozenset((each.one_id, each.other_id)) for each in links if not each.same}


def contacts_by_child(partnership: Partnership, children: Sequence[ChildTold]) -> dict[int, tuple[dt.date, ...]]:
    """By the child's number, the days on which earlier referrals told of it: one a referral, the earliest first.

    What is restricted is left out: a level raised by it would tell of it.
    """
    open_ones = Referral.objects.filter(partnership=partnership, restricted=False)
    told: dict[int, tuple[dt.date, ...]] = {}
    for child in children:
        keys = referrals_of(person_told(child), within=open_ones, partnership=partnership)
        received = Referral.objects.filter(partnership=partnership, pk__in=keys).values_list("received_at", flat=True)
        told[child.number] = tuple(sorted(each.astimezone(LONDON).date() for each in received)) if keys else ()
    return told


def referrals_of(person: Person, *, within: QuerySet[Referral], partnership: Partnership) -> set[uuid.UUID]:
    """The referrals that count as telling of this child, also through what people linked."""
    counted = [each for each in find([(0, person)], within=within, partnership=partnership) if each.match.counts]
    keys = {each.referral_id for each in counted}
    others = {each.other for each in counted}
    linked = joined(others, links_of(others, partnership))
    if linked:
        keys |= set(Child.objects.filter(pk__in=linked, referral__in=within).values_list("referral_id", flat=True))
    return keys


def person_told(child: ChildTold) -> Person:
    """A child as a draft tells of it."""
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
