"""What is restricted at one partnership and stands at others too: who answers for it there hears of that.

It is not restricted there by itself: who must not see it there, and who can go on with it, is for those there to say.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db import transaction
from django_scopes import scope

from partnerships import calling
from partnerships.models import Partnership, User
from partnerships.staffing import managers
from referrals.models import Arrival, Referral, Transfer
from referrals.seen.restricted import held_with_later
from referrals.transfer.receipt import hold_trails
from referrals.triage import restricting
from referrals.triage.moves import record, tell_one


@transaction.atomic
def restrict(*, referral: Referral, named: Iterable[User], reason: str, by: User, at: dt.datetime) -> Referral:
    """Let only these people see it from now on; the managers hear of it wherever else it stands, open.

    Only the referral itself is held, and the trails: elsewhere a chain of transfers is held in its own order.
    """
    row = held_with_later(referral)
    told = to_be_told(row)
    if told:
        hold_trails(row.partnership, *{each.partnership_id: each.partnership for each, _ in told}.values())
    row = restricting.restrict(referral=referral, named=named, reason=reason, by=by, at=at)
    tell(told, row, by=by, at=at)
    return row


def tell(told: list[tuple[Referral, list[User]]], row: Referral, *, by: User, at: dt.datetime) -> None:
    """These people hear that it was restricted here. The trails of their partnerships are held."""
    for other, people in told:
        tell_where_it_is(other, people, row, by=by, at=at)


def elsewhere(referral: Referral) -> list[Referral]:
    """Every other referral of this chain of transfers: where it came from, where it was sent on to, and so on; those
    that were sent back among them, which can still be read. What was deleted by its schedule is no more."""
    found, look = {referral.pk: referral}, [referral]
    while look:
        for key, partnership in ends_of(look.pop()):
            with scope(partnership=partnership):
                ends = [
                    model.objects.filter(key=key).select_related("referral__partnership").first()
                    for model in (Transfer, Arrival)
                ]
            fresh = [end.referral for end in ends if end is not None and end.referral_id not in found]
            found |= {each.pk: each for each in fresh}
            look += fresh
    return [each for key, each in found.items() if key != referral.pk]


def ends_of(row: Referral) -> list[tuple[uuid.UUID, Partnership]]:
    """The transfers by which it came and went, and at which partnership each has its other end."""
    with scope(partnership=row.partnership):
        came = Arrival.objects.filter(referral=row).select_related("from_partnership")
        went = Transfer.objects.filter(referral=row, to_partnership__isnull=False).select_related("to_partnership")
        return [(each.key, each.from_partnership) for each in came] + [
            (each.key, each.to_partnership) for each in went if each.to_partnership
        ]


def to_be_told(row: Referral) -> list[tuple[Referral, list[User]]]:
    """Each other referral that is open to everybody of its queue, with the managers there."""
    return [(other, managers(other.partnership)) for other in elsewhere(row) if not other.restricted]


def tell_where_it_is(other: Referral, people: list[User], restricted: Referral, *, by: User, at: dt.datetime) -> None:
    """The managers there hear it, and whom to telephone. Nothing of it stands in the story, which who must not see it
    may be reading."""
    with scope(partnership=other.partnership):
        record(other, "restricted_elsewhere", {"from": restricted.partnership.slug}, by=by, at=at)
        for person in people:
            tell_one(
                other,
                person,
                kind="restricted",
                of=f"-{restricted.pk}-{restricted.revision}",
                subject="Front Door: a referral was restricted elsewhere, and is not here",
                said=said(other, restricted, by=by),
                at=at,
            )


def said(other: Referral, restricted: Referral, *, by: User) -> str:
    """What a manager is told of a referral here that somebody restricted as it stands elsewhere."""
    whence = restricted.partnership
    if other.partnership_id == whence.pk:
        return (
            f"{by.name} restricted referral {restricted.reference} to named people. It was sent on and came back: it "
            f"stands here as referral {other.reference} too, which everybody of its queue still sees. Restrict that as "
            f"well, or ask {by.name} why not."
        )
    ask = calling.at_any_time(whence).sentence(
        "Telephone {}, ask from whom it is kept, and restrict it here where it must be."
    )
    return (
        f"{whence.name} restricted to named people what stands here as referral {other.reference}. Here everybody of "
        f"its queue still sees it. {ask}"
    )


def warning(row: Referral) -> str:
    """What whoever restricts it is told before: where else it stands open, and what they have to do. Empty where
    nowhere."""
    told = to_be_told(row)
    by_hand = Transfer.objects.filter(referral=row, to_partnership__isnull=True, returned_at__isnull=True)
    names = list(dict.fromkeys(by_hand.order_by("pk").values_list("to_name", flat=True)))
    if not (told or names):
        return ""
    places = {each.partnership_id: each.partnership for each, _ in told}
    where = " and ".join([*(each.name for each in places.values()), *names])
    hear = " and ".join({each.partnership_id: each.partnership.name for each, people in told if people}.values())
    heard = f" The managers of {hear} are told that you did." if hear else " Nobody there is told."
    calls = [whom_to_call(each) for each in places.values() if each.pk != row.partnership_id]
    calls += [f"Telephone {name}, and say from whom it must be kept." for name in names]
    return (
        f"It stands with {where} too. What you restrict here is not restricted there.{heard} {' '.join(calls)}".strip()
    )


def whom_to_call(place: Partnership) -> str:
    around = f"At {place.short_name}, telephone {{}}, and say from whom it must be kept."
    return calling.at_any_time(place).sentence(around)
