"""What comes for something that is done already: the very same press by the same person changes nothing and is no
error; other words, or another person's, are refused, so that their page keeps them and never says that they count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from partnerships.access import actor_for
from partnerships.models import AuditEntry, User
from partnerships.permissions import Role
from referrals.clocks import pausing
from referrals.consistency import sampling
from referrals.models import Clock, Event, Notice, SameChild, SignOff
from referrals.notices import actions as noticing
from referrals.seen import actions as seeing
from referrals.triage import actions, restricting
from tests.factories import NOW, World, make_person, make_referral, make_second_screening

pytestmark = pytest.mark.usefixtures("in_scope", "a_morning")

THURSDAY = NOW.date() + dt.timedelta(days=2)
Do = Callable[[str, User], Any]


def pausing_a_clock(world: World, one: User, two: User) -> Do:
    clock = Clock.objects.get(referral=make_referral(world), slug="decide")
    return lambda words, by: pausing.pause(clock=clock, reason=words, until=THURSDAY, by=by, at=NOW)


def proposed(world: World) -> SignOff:
    sam = world.person(Role.SCREENER)
    row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    actions.step_down(referral=row, reason="No harm.", team=world.early_help, by=sam, at=NOW)
    return SignOff.objects.get(referral=row)


def signing(world: World, one: User, two: User) -> Do:
    waits = proposed(world)
    return lambda words, by: actions.sign_off(sign_off=waits, said=words, by=by, at=NOW)


def sending_back(world: World, one: User, two: User) -> Do:
    waits = proposed(world)
    return lambda words, by: actions.send_back(sign_off=waits, said=words, by=by, at=NOW)


def linking(world: World, one: User, two: User) -> Do:
    row, other = make_referral(world), make_referral(world)
    pair = {"child": row.children.get(), "other": other.children.get()}
    return lambda words, by: seeing.say_whether_same(referral=row, same=True, reason=words, **pair, by=by, at=NOW)


def taking_a_link_back(world: World, one: User, two: User) -> Do:
    row, other = make_referral(world), make_referral(world)
    pair = {"child": row.children.get(), "other": other.children.get()}
    seeing.say_whether_same(referral=row, same=True, reason="The same day of birth.", **pair, by=one, at=NOW)
    link = SameChild.objects.get()
    return lambda words, by: seeing.take_back(referral=row, link=link, reason=words, by=by, at=NOW)


def restricting_it(world: World, one: User, two: User) -> Do:
    row = make_referral(world)
    return lambda words, by: restricting.restrict(referral=row, named=[one, two], reason=words, by=by, at=NOW)


def naming_one_more(world: World, one: User, two: User) -> Do:
    row, sam = make_referral(world), world.person(Role.SCREENER)
    restricting.restrict(referral=row, named=[one, two], reason="Her own family.", by=one, at=NOW)
    return lambda words, by: restricting.name(referral=row, person=sam, reason=words, by=by, at=NOW)


def lifting(world: World, one: User, two: User) -> Do:
    row = make_referral(world)
    restricting.restrict(referral=row, named=[one, two], reason="Her own family.", by=one, at=NOW)
    return lambda words, by: restricting.lift(referral=row, reason=words, by=by, at=NOW)


def screening_a_second_time(world: World, one: User, two: User) -> Do:
    row = make_second_screening(world, make_referral(world))

    def screen(words: str, by: User) -> Any:
        actor = actor_for(by, world.partnership)
        return sampling.screen_second(screening=row, actor=actor, level=3, reason=words, by=by, at=NOW)

    return screen


@pytest.mark.parametrize(
    ("role", "prepared"),
    [
        (Role.MANAGER, pausing_a_clock),
        (Role.MANAGER, signing),
        (Role.MANAGER, sending_back),
        (Role.SCREENER, linking),
        (Role.SCREENER, taking_a_link_back),
        (Role.SCREENER, restricting_it),
        (Role.SCREENER, naming_one_more),
        (Role.SCREENER, lifting),
        (Role.SCREENER, screening_a_second_time),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_only_the_very_same_press_is_done_already(
    world: World, role: Role, prepared: Callable[[World, User, User], Do]
) -> None:
    team = world.mash if role is Role.SCREENER else None
    one, two = (make_person(world, role, team=team) for _ in range(2))
    do = prepared(world, one, two)
    do("These words.", one)
    kept = Event.objects.count(), Notice.objects.count(), AuditEntry.objects.count()
    do("These words.", one)
    for words, by in (("Other words.", one), ("These words.", two)):
        with pytest.raises(ValueError, match=r"not kept|nothing was changed|no signature|meanwhile|already"):
            do(words, by)
    assert (Event.objects.count(), Notice.objects.count(), AuditEntry.objects.count()) == kept


def test_a_second_reason_opens_a_restricted_referral_anew_and_who_is_named_needs_none(world: World) -> None:
    one, two = (make_person(world, Role.SCREENER, team=world.mash) for _ in range(2))
    row = make_referral(world)
    restricting.restrict(referral=row, named=[one], reason="Her own family.", by=one, at=NOW)
    told: dict[str, Any] = {"partnership": world.partnership, "reference": row.reference, "at": NOW}
    for reason in ("She rang.", "She rang.", "She rang again."):
        restricting.break_glass(reason=reason, by=two, **told)
    notes = Event.objects.filter(referral=row, kind="glass_broken").values_list("note", flat=True)
    assert sorted(notes) == ["She rang again.", "She rang."]
    with pytest.raises(restricting.Refused, match="You are named on"):
        restricting.break_glass(reason="She rang.", by=one, **told)


def test_what_was_done_about_a_notice_is_refused_where_it_was_dealt_with(world: World) -> None:
    one, two = (make_person(world, Role.ADMIN) for _ in range(2))
    notice = Notice.objects.create(
        partnership=world.partnership, to=one, kind="x", key="x", state="bounced", created_at=NOW, next_attempt_at=NOW
    )
    assert noticing.deal_with(notice=notice, how="Telephoned.", by=one, at=NOW)
    assert noticing.deal_with(notice=notice, how="Telephoned.", by=one, at=NOW), "the same press"
    assert not noticing.deal_with(notice=notice, how="Wrote.", by=one, at=NOW)
    assert not noticing.deal_with(notice=notice, how="Telephoned.", by=two, at=NOW)
