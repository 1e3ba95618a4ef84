"""Whoever changes several referrals at once holds all of them before the trail: nobody is refused as a deadlock."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from django_scopes import scope

from partnerships import audit, members
from partnerships.audit import faults
from partnerships.models import AuditHead, User
from partnerships.permissions import Role
from partnerships.setup import actions as setting_up
from referrals.clocks import calendar_actions, pausing
from referrals.models import Clock, Referral
from referrals.seen import actions as linking
from referrals.transfer import restricted_since
from referrals.triage import actions, assigning, restricting
from referrals.triage.moves import held
from tests.factories import NOW, World, make_referral, make_world
from tests.integration.referrals.transfer.sending_on import came_back

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL, where rows are held one by one"),
]

Do = Callable[[World, User, list[Referral]], Any]


def marks_absent(world: World, sam: User, rows: list[Referral]) -> None:
    until = NOW + dt.timedelta(days=1)
    assigning.mark_absent(partnership=world.partnership, user=sam, until=until, cover=None, by=sam, at=NOW)


def ends_the_role(world: World, sam: User, rows: list[Referral]) -> None:
    members.end(membership=sam.memberships.get(), by=world.person(Role.ADMIN), at=NOW)


def moves_the_role(world: World, sam: User, rows: list[Referral]) -> None:
    post = members.Post(Role.EARLY_HELP, None, world.early_help)
    members.change(membership=sam.memberships.get(), post=post, by=world.person(Role.ADMIN), at=NOW)


def links_children(world: World, sam: User, rows: list[Referral]) -> None:
    one, two = (row.children.get() for row in (rows[0], rows[-1]))
    linking.say_whether_same(referral=rows[0], child=one, other=two, same=True, reason="Same.", by=sam, at=NOW)


def restricts(world: World, sam: User, rows: list[Referral]) -> None:
    restricting.restrict(referral=rows[0], named=[sam], reason="Own family.", by=sam, at=NOW)


def adds_a_closure_day(world: World, sam: User, rows: list[Referral]) -> None:
    admin, on = world.person(Role.ADMIN), NOW.date() + dt.timedelta(days=1)
    calendar_actions.add_closure_day(partnership=world.partnership, on=on, reason="Training", by=admin, at=NOW)


def changes_a_setting(world: World, sam: User, rows: list[Referral]) -> None:
    setting_up.set_second_screening(partnership=world.partnership, percent=7, by=world.person(Role.ADMIN), at=NOW)


def pauses_a_clock(world: World, sam: User, rows: list[Referral]) -> None:
    clock = Clock.objects.filter(referral=rows[-1], slug="decide").get()
    until = (NOW + dt.timedelta(days=3)).date()
    pausing.pause(clock=clock, reason="Snow.", until=until, by=world.person(Role.MANAGER), at=NOW)


@pytest.mark.parametrize(
    "do",
    [
        marks_absent,
        ends_the_role,
        moves_the_role,
        links_children,
        restricts,
        adds_a_closure_day,
        pauses_a_clock,
    ],
)
def test_who_works_on_one_of_several_goes_on_while_a_colleague_changes_all(do: Do) -> None:
    world = make_world()
    sam = world.person(Role.SCREENER)
    world.person(Role.MANAGER), world.person(Role.ADMIN)
    with scope(partnership=world.partnership):
        for _ in range(3):
            row = make_referral(world, child={"nhs_number": "943 476 5919"})
            actions.claim(referral=row, by=sam, at=NOW)
        rows = list(Referral.objects.order_by("pk"))
        # the last by its key is the one that came last, and so is held last where one goes by time; it counts the rest
        last = {"received_at": NOW + dt.timedelta(minutes=1), "told_before": 2}
        counts = {**rows[-1].screening, "previous_contacts": 2}
        Referral.objects.filter(pk=rows[-1].pk).update(screening=counts, **last)
    with beside(world, lambda: do(world, sam, rows)) as begin:
        row = held(rows[-1])
        begin()
        row.revision += 1
        row.save(update_fields=["revision"])
        audit.record(partnership=world.partnership, verb="test.worked", noun="referral", by=sam, at=NOW)
        Clock.objects.select_for_update().get(referral=row, slug="decide")


def test_who_writes_to_the_trail_goes_on_while_an_admin_changes_a_setting() -> None:
    world = make_world()
    sam = world.person(Role.SCREENER)
    with beside(world, lambda: changes_a_setting(world, sam, [])) as begin:
        AuditHead.objects.select_for_update().get(partnership=world.partnership)
        begin()
        audit.record(partnership=world.partnership, verb="test.worked", noun="referral", by=sam, at=NOW)


def test_who_confirms_what_came_home_goes_on_while_a_colleague_restricts_what_went() -> None:
    """Whoever confirms holds what the sender has, then what came home; whoever restricts holds nothing elsewhere."""
    own, other = make_world("ownshire"), make_world("othershire")
    people = [own.person(Role.MANAGER), own.person(Role.SCREENER)]
    row, back = came_back((own, other))
    with scope(partnership=other.partnership):
        there = Referral.objects.get()

    def restrict() -> None:
        restricted_since.restrict(referral=row, named=people, reason="Own family.", by=people[0], at=NOW)

    with beside(own, restrict) as begin:
        with scope(partnership=other.partnership):
            held(there)
        begin()
        fresh = held(back)
        audit.record(partnership=own.partnership, verb="test.worked", noun="referral", by=people[1], at=NOW)
    assert not fresh.restricted


@contextmanager
def beside(world: World, do: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """A transaction, and another that begins when it is told to and is then waited for, until it waits itself."""
    holds, wrong = threading.Event(), []

    def work() -> None:
        close_old_connections()
        holds.wait()
        try:
            with scope(partnership=world.partnership):
                do()
        except Exception as error:  # what a thread raises must not be lost
            wrong.append(repr(error))
        finally:
            connection.close()

    def begin() -> None:
        holds.set()
        until_somebody_waits(other)

    other = threading.Thread(target=work)
    other.start()
    try:
        with scope(partnership=world.partnership), transaction.atomic():
            yield begin
    finally:
        holds.set()
        other.join(timeout=60)
    assert not wrong and not other.is_alive()
    assert not list(faults(world.partnership))


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def until_somebody_waits(other: threading.Thread) -> None:
    """Until the other thread waits for a row, or is through without any."""
    with connection.cursor() as cursor:
        while other.is_alive():
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else it shows one moment for a whole transaction
            cursor.execute(WAITING)
            if cursor.fetchone() != (0,):
                return
