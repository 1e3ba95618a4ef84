"""Of several children some are sent on and one stays: what is told of that one while the others' receipt is awaited."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope

from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome, State
from referrals.models import Clock, Decision, Event, Referral, SignOff, Support, Transfer
from referrals.support import actions as supporting
from referrals.transfer import receiving
from referrals.triage import actions
from referrals.triage.moves import Refused
from tests.factories import World, make_referral, sign
from tests.integration.referrals.transfer.sending_on import (
    ANSWERS,
    LATER,
    SIBLING,
    arrived,
    client_of,
    to_other,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

HOUR = dt.timedelta(hours=1)
WORDS = "He came back and hit Kit."


def one_stays(worlds: tuple[World, World], *, elsewhere: str = "") -> Referral:
    """Early help for Kit, who stays; his sister is sent on to the other partnership, or to another area by hand."""
    own, other = worlds
    row, sam = make_referral(own, answers=ANSWERS, child={"first_name": "Kit"}), own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        if row.children.count() == 1:
            row.children.create(partnership=own.partnership, order=2, first_name=SIBLING, last_name="Marlow")
        row = actions.claim(referral=row, by=sam, at=LATER)
        decide(own, row, 1, Outcome.EARLY_HELP, 2, finish=False)
        to = {"transfer_to": None, "transfer_elsewhere": elsewhere} if elsewhere else {}
        row = now(row)
        to_other(row, other, by=sam, children=[row.children.get(order=2)], **to)
        return signed(own, row)


def decide(world: World, row: Referral, number: int, outcome: Outcome, level: int | None, **more: Any) -> None:
    consent = {"authorised_by": world.person(Role.MANAGER), "authorised_because": "The child is at risk."}
    said = {"outcome": outcome, "decided_level": level, "reason": "As told.", **consent}
    child = row.children.get(order=number)
    sam = world.person(Role.SCREENER)
    actions.decide(referral=row, children=[child], revision=now(row).revision, by=sam, at=LATER, **{**said, **more})


def signed(world: World, row: Referral) -> Referral:
    if SignOff.objects.waiting().filter(referral=row).exists():
        sign(world, row, at=LATER)
    return now(row)


def now(row: Referral) -> Referral:
    return Referral.objects.get(pk=row.pk)


def tell(row: Referral, number: int, later: Later = Later.NOW) -> Referral:
    about = [row.children.get(order=number)]
    said = {"text": WORDS, "later": later, "children": about, "token": "t1"}
    additions.add_information(referral=row, **said, by=row.referrer, at=LATER + HOUR)
    return now(row)


def standing(row: Referral) -> dict[int, str]:
    made = Decision.objects.filter(referral=row).exclude(state=Decision.State.OVERTAKEN)
    return {each.child.order: each.outcome for each in made.select_related("child") if each.child}


def confirm(other: World) -> None:
    there = arrived(other)
    with scope(partnership=other.partnership):
        receiving.confirm_receipt(referral=there, by=other.person(Role.SCREENER), at=LATER + 2 * HOUR)


def refuse(other: World) -> None:
    there = arrived(other)
    with scope(partnership=other.partnership):
        receiving.send_back(referral=there, reason="Moved on.", by=other.person(Role.SCREENER), at=LATER + 2 * HOUR)


@pytest.mark.parametrize("later", [Later.NOW, Later.UNSURE, Later.GROWN])
def test_what_is_told_of_a_child_who_stayed_is_decided_here_whatever_the_others_wait_for(
    worlds: tuple[World, World], later: Later
) -> None:
    own, other = worlds
    row, sam = one_stays(worlds), own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        assert row.state == State.SENT_ON
        row = tell(row, 1, later)
        assert (row.state, row.owner, row.decided_by) == (State.IN_HAND, sam, None)
        assert standing(row) == {2: Outcome.TRANSFER}, "the others' decisions stand"
        assert Support.objects.get().state == Support.State.CLOSED, "offered no more: it is decided anew"
        assert Clock.objects.filter(referral=row, slug="decide_again_1").unmet().exists()
        track = client_of(row.referrer).get(f"/ownshire/referrals/{row.pk}/").content.decode()
        assert "It is being looked at again." in track
        assert (
            "How it was sent on, and their receipt"
            in client_of(sam).get(f"/ownshire/triage/{row.pk}/").content.decode()
        )
        with pytest.raises(Refused, match="sent on to another area"):
            additions.ask_to_withdraw(referral=row, reason="Please stop.", token="w", by=row.referrer, at=LATER + HOUR)
    confirm(other)
    with scope(partnership=own.partnership):
        row = now(row)
        assert row.state == State.IN_HAND and standing(row) == {2: Outcome.TRANSFER}, "no receipt closes it"
        with pytest.raises(Refused, match="was sent on to Othershire"):
            decide(own, row, 2, Outcome.NO_FURTHER_ACTION, 1)
        decide(own, row, 1, Outcome.STRATEGY_DISCUSSION, 4)
        assert signed(own, row).state == State.DECIDED


def test_decided_before_the_receipt_it_waits_for_that_again(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = one_stays(worlds)
    with scope(partnership=own.partnership):
        row = tell(row, 1)
        decide(own, row, 1, Outcome.EARLY_HELP, 2)
        assert now(row).state == State.PROPOSED, "over danger, by two"
        row = signed(own, row)
        assert row.state == State.SENT_ON and row.waiting_for == "receipt"
        assert standing(row) == {1: Outcome.EARLY_HELP, 2: Outcome.TRANSFER}
    confirm(other)
    with scope(partnership=own.partnership):
        assert now(row).state == State.DECIDED


@pytest.mark.parametrize("proposed", [True, False])
def test_who_comes_back_meanwhile_is_decided_too(worlds: tuple[World, World], proposed: bool) -> None:
    own, other = worlds
    row = one_stays(worlds)
    with scope(partnership=own.partnership):
        row = tell(row, 1)
        decide(own, row, 1, Outcome.EARLY_HELP if proposed else Outcome.STRATEGY_DISCUSSION, 4)
        if not proposed:  # as it was left before such a referral waited for its receipt again
            Referral.objects.filter(pk=row.pk).update(state=State.DECIDED.value)
    refuse(other)
    with scope(partnership=own.partnership):
        row = now(row)
        assert row.state == (State.IN_HAND if proposed else State.WAITING)
        assert 2 not in standing(row) and not SignOff.objects.waiting().filter(referral=row).exists()
        assert own.person(Role.MANAGER).name in told(own, "transfer_back")


def test_danger_of_a_child_who_stayed_is_decided_where_the_other_came_back(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = one_stays(worlds)
    refuse(other)
    with scope(partnership=own.partnership):
        row = tell(row, 1)
        assert row.state == State.IN_HAND and standing(row) == {}
        decide(own, row, 2, Outcome.STRATEGY_DISCUSSION, 4)
        assert now(row).state == State.IN_HAND, "Kit has no decision yet"


def test_early_help_of_a_child_who_stayed_is_stepped_up_to_somebody_who_decides(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, erin = one_stays(worlds), own.person(Role.EARLY_HELP)
    with scope(partnership=own.partnership):
        support = Support.objects.get()
        lead = {"lead": "Lea", "lead_agency": "", "lead_telephone": "", "plan": "A course."}
        supporting.accept(support=support, **lead, by=erin, at=LATER)
        for _ in range(2):
            supporting.step_up_support(support=support, reason="Kit has a black eye.", by=erin, at=LATER + HOUR)
        assert Event.objects.filter(referral=row, kind="support_stepped_up").count() == 1
        assert now(row).state == State.IN_HAND and standing(row) == {2: Outcome.TRANSFER}
    confirm(other)
    with scope(partnership=own.partnership):
        assert now(row).state == State.IN_HAND


def test_early_help_that_its_own_queue_decided_goes_up_while_the_others_wait_for_their_receipt(
    worlds: tuple[World, World],
) -> None:
    """The referral is early help's own: until its receipt nobody decides there, and the MASH has not heard of it."""
    own, other = worlds
    row, erin, sam = one_stays(worlds), own.person(Role.EARLY_HELP), own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        Referral.objects.filter(pk=row.pk).update(team=own.early_help, owner=erin)
        for _ in range(2):
            supporting.step_up_support(support=Support.objects.get(), reason="A black eye.", by=erin, at=LATER + HOUR)
        row = now(row)
        assert (row.team, row.state, row.owner) == (own.mash, State.WAITING, None)
        assert standing(row) == {2: Outcome.TRANSFER} and sam.name in told(own, "waiting")
    confirm(other)
    with scope(partnership=own.partnership):
        row = actions.claim(referral=now(row), by=sam, at=LATER + 3 * HOUR)
        decide(own, row, 1, Outcome.STRATEGY_DISCUSSION, 4)
        assert now(row).state == State.DECIDED, "the receipt has come, and Kit is decided"


def test_of_who_went_nothing_is_decided_here_and_an_area_by_hand_is_told_once_more(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    row, sam = one_stays(worlds, elsewhere="Elsewhere Council"), own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        transfer = Transfer.objects.get()
        said = {"how": "Secure email", "to": "Their front door", "when": LATER}
        receiving.say_handed(transfer=transfer, **said, by=sam, at=LATER)
        row = tell(row, 2)
        assert row.state == State.SENT_ON and standing(row) == {1: Outcome.EARLY_HELP, 2: Outcome.TRANSFER}
        assert Transfer.objects.get().handed_at is None
