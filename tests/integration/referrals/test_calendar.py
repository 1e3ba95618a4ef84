"""Settings: who may change them, and that running clocks follow the calendar while their first answer stays."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.models import AuditEntry, ClosureDay, Partnership
from partnerships.permissions import Role
from referrals.clocks import calendar_actions
from referrals.clocks.actions import meet_clock
from referrals.models import Clock, Notice, Referral
from tests.factories import NOW, World, make_referral, make_world

pytestmark = pytest.mark.django_db
WEDNESDAY = dt.date(2026, 11, 25)


@pytest.fixture
def world(time_machine: Any) -> World:
    time_machine.move_to(NOW, tick=False)
    return make_world()


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(world.person(Role.ADMIN))
    return client


def at(world: World, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **kwargs})


def clock(world: World, referral: Referral, slug: str = "acknowledge") -> Clock:
    with scope(partnership=world.partnership):
        return Clock.objects.get(referral=referral, slug=slug)


def day(date: dt.date) -> dict[str, int]:
    return {"on_day": date.day, "on_month": date.month, "on_year": date.year}


def end_of(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(23, 59, 59), dt.UTC)


def test_a_closure_day_moves_running_clocks_and_keeps_their_first_answer(world: World, admin: Client) -> None:
    referral = make_referral(world)
    assert clock(world, referral).due_at == end_of(WEDNESDAY)
    answer = admin.post(at(world, "closure_day_add"), {**day(WEDNESDAY), "reason": "Training"}, follow=True)
    assert answer.redirect_chain[-1][0] == at(world, "partnership_settings")
    assert "25 November 2026 is a closure day. 2 running clocks moved." in answer.content.decode()
    moved = clock(world, referral)
    assert (moved.due_at, moved.first_due_at) == (end_of(dt.date(2026, 11, 26)), end_of(WEDNESDAY))
    assert moved.started_at < moved.warn_at < moved.due_at
    assert moved.next_step_at == moved.warn_at
    decide = clock(world, referral, "decide")
    assert decide.due_at == decide.first_due_at == NOW + dt.timedelta(hours=24)
    with scope(partnership=world.partnership):
        assert Referral.objects.get(pk=referral.pk).next_due_at == decide.due_at
    verbs = list(AuditEntry.objects.order_by("sequence").values_list("verb", flat=True))[-2:]
    assert verbs == ["closure_day.added", "clocks.recomputed"]
    with scope(partnership=world.partnership):
        told = Notice.objects.select_related("to").get(kind="front_door")
    assert told.to == world.person(Role.MANAGER) and not told.digest
    assert "25 November 2026 is a closure day (Training). 2 of 3 running clocks moved by it." in told.body


def test_taking_the_day_out_moves_them_back(world: World, admin: Client) -> None:
    referral = make_referral(world)
    admin.post(at(world, "closure_day_add"), {**day(WEDNESDAY), "reason": "Training"})
    pk = ClosureDay.objects.get().pk
    assert "25 November 2026" in admin.get(at(world, "closure_day_remove", pk=pk)).content.decode()
    assert ClosureDay.objects.exists()
    assert admin.post(at(world, "closure_day_remove", pk=pk)).status_code == 302
    assert not ClosureDay.objects.exists()
    assert clock(world, referral).due_at == end_of(WEDNESDAY)
    assert admin.post(at(world, "closure_day_remove", pk=pk)).status_code == 404


def test_what_is_met_does_not_move(world: World, admin: Client) -> None:
    referral = make_referral(world)
    with scope(partnership=world.partnership):
        meet_clock(referral=referral, slug="acknowledge", by=world.person(Role.SCREENER), at=NOW)
    admin.post(at(world, "closure_day_add"), {**day(WEDNESDAY), "reason": "Training"})
    assert clock(world, referral).due_at == end_of(WEDNESDAY)
    with scope(partnership=world.partnership):
        assert clock(world, referral).stage == Clock.Stage.MET


def test_another_partnerships_clocks_do_not_move(world: World, admin: Client) -> None:
    other = make_world("othershire")
    referral = make_referral(other)
    admin.post(at(world, "closure_day_add"), {**day(WEDNESDAY), "reason": "Training"})
    assert clock(other, referral).due_at == end_of(WEDNESDAY)
    own = ClosureDay.objects.create(partnership=other.partnership, on=WEDNESDAY, reason="Theirs")
    assert admin.get(at(world, "closure_day_remove", pk=own.pk)).status_code == 404
    assert admin.post(at(world, "closure_day_remove", pk=own.pk)).status_code == 404
    assert ClosureDay.objects.filter(pk=own.pk).exists()


def test_what_was_overdue_and_has_time_again_is_due_soon(world: World, admin: Client) -> None:
    referral = make_referral(world, received_at=NOW - dt.timedelta(days=4))  # a Friday: due on Monday
    late = clock(world, referral)
    assert late.due_at == end_of(dt.date(2026, 11, 23))
    with scope(partnership=world.partnership):
        Clock.objects.filter(pk=late.pk).update(stage=Clock.Stage.OVERDUE, next_step_at=None)
    admin.post(at(world, "closure_day_add"), {**day(dt.date(2026, 11, 23)), "reason": "Snow"})
    again = clock(world, referral)
    assert (again.stage, again.due_at) == (Clock.Stage.DUE_SOON, end_of(dt.date(2026, 11, 24)))
    assert again.next_step_at == again.due_at


def test_many_clocks_move_in_few_queries(world: World, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        make_referral(world)
    with scope(partnership=world.partnership), django_assert_max_num_queries(40):
        done = calendar_actions.add_closure_day(
            partnership=world.partnership, on=WEDNESDAY, reason="Snow", by=world.person(Role.ADMIN), at=NOW
        )
    assert done.moved == 24


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Enter the day"),
        ({**day(WEDNESDAY)}, "Say why the partnership is closed"),
        ({"on_day": 31, "on_month": 2, "on_year": 2027, "reason": "x"}, "must be a real date"),
        ({**day(dt.date(2026, 11, 28)), "reason": "x"}, "is a weekend or a bank holiday"),
        ({**day(dt.date(2026, 12, 25)), "reason": "x"}, "is a weekend or a bank holiday"),
    ],
)
def test_a_day_that_cannot_be(world: World, admin: Client, given: dict[str, Any], message: str) -> None:
    answer = admin.post(at(world, "closure_day_add"), given)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not ClosureDay.objects.exists()


def test_the_same_day_twice_is_said(world: World, admin: Client) -> None:
    for expected in (302, 422):
        answer = admin.post(at(world, "closure_day_add"), {**day(WEDNESDAY), "reason": "Training"})
        assert answer.status_code == expected
    assert "25 November 2026 is a closure day already: Training." in answer.content.decode()
    assert ClosureDay.objects.count() == 1


FRONT_DOOR = {
    "front_door_name": "Front Line",
    "front_door_telephone": "01632 960999",
    "out_of_hours_telephone": "01632 960002",
    "opens": "9am",
    "closes": "5:30pm",
    "hours_note": "",
}


def test_the_front_doors_number_changes_on_every_page_at_once(world: World, admin: Client) -> None:
    answer = admin.post(at(world, "front_door_edit"), FRONT_DOOR, follow=True)
    assert "The front door is changed." in answer.content.decode()
    partnership = Partnership.objects.get(pk=world.partnership.pk)
    assert (partnership.front_door_telephone, partnership.closes) == ("01632 960999", dt.time(17, 30))
    assert "01632960999" in Client().get(at(world, "threshold")).content.decode()
    entry = AuditEntry.objects.get(verb="front_door.changed")
    assert entry.detail["before"] == {"front_door_telephone": "01632 960001", "closes": "17:00:00"}
    with scope(partnership=world.partnership):
        told = Notice.objects.get(kind="front_door").body
    assert "the front door’s number: “01632 960001” became “01632 960999”; it closes at: “17:00” became “17:30”" in told


def test_a_settings_page_opened_earlier_puts_no_old_number_back(world: World, admin: Client) -> None:
    page = at(world, "front_door_edit")
    seen = re.search(r'name="seen" value="([^"]+)"', admin.get(page).content.decode())[1]
    admin.post(page, {**FRONT_DOOR, "seen": seen})
    old = {**FRONT_DOOR, "front_door_telephone": "01632 960001", "hours_note": "Closed at Easter", "seen": seen}
    answer = admin.post(page, old)
    told = answer.content.decode()
    assert answer.status_code == 409 and "Telephone is now “01632 960999”" in told and "Closed at Easter" in told
    partnership = Partnership.objects.get(pk=world.partnership.pk)
    assert partnership.front_door_telephone == "01632 960999" and not partnership.hours_note
    again = re.search(r'name="seen" value="([^"]+)"', told)[1]
    assert admin.post(page, {**old, "front_door_telephone": "01632 960999", "seen": again}).status_code == 302
    assert Partnership.objects.get(pk=world.partnership.pk).hours_note == "Closed at Easter"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"closes": "8am"}, "The closing time must be after the opening time"),
        ({"opens": ""}, "Enter the time at which it opens"),
        ({"front_door_name": ""}, "Enter the front door&#x27;s name"),
        ({"front_door_telephone": "none"}, "in figures"),
    ],
)
def test_a_front_door_that_cannot_be(world: World, admin: Client, given: dict[str, str], message: str) -> None:
    answer = admin.post(at(world, "front_door_edit"), {**FRONT_DOOR, **given})
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert Partnership.objects.get(pk=world.partnership.pk).front_door_telephone == "01632 960001"


def test_settings_show_teams_and_contacts(world: World, admin: Client) -> None:
    world.early_help.localities.create(postcode_prefix="ME4")
    world.partnership.contact_points.create(kind="lado", name="The LADO", telephone="01632 960003")
    page = admin.get(at(world, "partnership_settings")).content.decode()
    for said in ("MASH", "Early Help", "ME4", "The LADO", "tel:01632960003", "9am to 5pm", "Testshire Primary"):
        assert said in page, said
