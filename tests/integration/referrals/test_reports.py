"""Every figure is the number of records behind it; only a manager sees them."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse
from django_scopes import scope

from partnerships.access import actor_for
from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.models import Heartbeat, Referral, Transfer
from referrals.reports import queries
from referrals.reports.forms import ReportFilter, Timeliness
from referrals.transfer import receiving
from referrals.triage import actions
from tests.factories import NOW, World, make_referral, make_world, sign, sign_in

pytestmark = pytest.mark.usefixtures("a_morning")

WEEK = dt.timedelta(weeks=1)


@pytest.fixture
def world(db: None) -> World:
    world = make_world()
    with scope(partnership=world.partnership):
        sam = world.person(Role.SCREENER)
        for back, outcome, level, after in (
            (WEEK, Outcome.STRATEGY_DISCUSSION, 4, 2),
            (WEEK, Outcome.EARLY_HELP, 2, 30),
            (3 * WEEK, Outcome.EARLY_HELP, 2, 500),
            (10 * WEEK, Outcome.TRANSFER, None, 3),
        ):
            at = NOW - back
            decided = at + dt.timedelta(hours=after)
            row = actions.claim(referral=make_referral(world, received_at=at), by=sam, at=at)
            actions.decide(
                referral=row,
                decided_level=level,
                outcome=outcome,
                transfer_elsewhere="Elsewhereshire" if outcome is Outcome.TRANSFER else "",
                reason="Because.",
                told_referrer="",
                revision=row.revision,
                by=sam,
                at=decided,
            )
            if level == 2:
                sign(world, row, at=decided)
            if outcome is Outcome.TRANSFER:
                sent = Transfer.objects.get(referral=row)
                receiving.say_handed(
                    transfer=sent, how="Secure email", to="Duty desk", when=decided, by=sam, at=decided
                )
                receiving.note_receipt(transfer=sent, who="Ann Duty", when=decided, by=sam, at=decided)
        make_referral(world, indicators=("health-2-02",))
        make_referral(world, indicators=(), received_at=NOW - dt.timedelta(days=3))
        make_referral(world, received_at=NOW - 80 * WEEK)
    return world


def address(world: World, name: str = "reports_list") -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug})


def references(response: Any) -> list[str]:
    return re.findall(r"TES-TEST-\d+(?=</a>)", response.content.decode())


def test_every_figure_opens_as_many_records(world: World) -> None:
    client = sign_in(world.person(Role.MANAGER))
    for weeks in (4, 12, 52):
        shown = client.get(address(world, "reports"), {"weeks": weeks}).content.decode()
        figures = re.findall(r'href="([^"]*/reports/list/\?[^"]+)" aria-label="(\d+):', shown)
        assert len(figures) > 8
        for href, count in figures:
            assert len(references(client.get(html.unescape(href)))) == int(count), href


def test_the_figures(world: World) -> None:
    actor = actor_for(world.person(Role.MANAGER), world.partnership)
    with scope(partnership=world.partnership):
        rows = queries.referrals(actor, {"weeks": 12}, at=NOW)
        assert rows.count() == 6
        groups = queries.grouped(rows)
        weeks = [figure.count for _, figure in queries.by_week(groups, 12, at=NOW)]
        assert weeks == [0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 3, 1]
        outcomes = {outcome: figure.count for outcome, figure in queries.by_outcome(rows, 12)}
        assert outcomes == {Outcome.EARLY_HELP: 2, Outcome.STRATEGY_DISCUSSION: 1, Outcome.TRANSFER: 1}
        assert [(rank, f.count) for rank, f in queries.by_level(groups, 12, "indicated")] == [(4, 4), (2, 1), (None, 1)]
        assert [(rank, f.count) for rank, f in queries.by_level(groups, 12, "decided")] == [(4, 1), (2, 2), (None, 1)]
        assert queries.differing(rows, 12).count == 3
        clocks = {
            clock.name: {how: figure.count for how, figure in clock.figures.items()}
            for clock in queries.by_clock(rows, 12, at=NOW)
        }
        assert clocks["Decide"] == {
            Timeliness.IN_TIME: 2,
            Timeliness.LATE: 2,
            Timeliness.RUNNING: 1,
            Timeliness.OVERDUE: 1,
        }


def test_a_decision_that_was_overtaken_is_not_counted(world: World) -> None:
    actor = actor_for(world.person(Role.MANAGER), world.partnership)
    with scope(partnership=world.partnership):
        referral = Referral.objects.filter(decisions__outcome="strategy_discussion").get()
        actions.reopen(referral=referral, reason="New.", by=world.person(Role.SCREENER), at=NOW)
        rows = queries.referrals(actor, {"weeks": 12}, at=NOW)
        assert Outcome.STRATEGY_DISCUSSION not in dict(queries.by_outcome(rows, 12))


def test_a_reference_leads_to_its_referral(world: World) -> None:
    client = sign_in(world.person(Role.MANAGER))
    with scope(partnership=world.partnership):
        one = Referral.objects.latest("received_at")
    found = client.get(address(world), {"q": f"  {one.reference.lower()} "})
    assert found.headers["Location"].endswith(f"/triage/{one.pk}/")
    assert len(references(client.get(address(world), {"q": "TES-"}))) == 7
    assert "No referral fits." in client.get(address(world), {"q": "nowhere"}).content.decode()


def test_another_partnerships_records_are_in_no_figure(world: World) -> None:
    other = make_world("othershire")
    make_referral(other)
    client = sign_in(other.person(Role.MANAGER))
    assert references(client.get(address(other))) == []
    assert "OTH-TEST" in client.get(address(other)).content.decode()
    assert client.get(address(world)).status_code == 404


def test_reports_are_for_managers(world: World) -> None:
    for role in Role:
        client = sign_in(world.person(role))
        expected = 200 if role is Role.MANAGER else 404
        assert {client.get(address(world, name)).status_code for name in ("reports", "reports_list")} == {expected}


def test_a_sweep_that_stands_still_is_said(world: World) -> None:
    client = sign_in(world.person(Role.MANAGER))
    Heartbeat.objects.create(name="sweep", beat_at=NOW - dt.timedelta(hours=3))
    assert "the background sweep stands still" in client.get(address(world, "reports")).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "weeks=7&state=lost&page=-3",
        "week=0001-01-01",
        "week=2026-02-31",
        "q=%00%ED%A0%80",
        "clock=;drop&timeliness=never",
        "indicated=99999999999999999999",
        "q=" + "x" * 5000,
    ],
)
def test_an_odd_address_gets_a_plain_answer(world: World, query: str) -> None:
    client = sign_in(world.person(Role.MANAGER))
    response = client.get(f"{address(world)}?{query}")
    assert response.status_code == 200
    told, readable = ReportFilter.read(QueryDict(query))
    assert ("could not be read" in response.content.decode()) is not readable
    assert client.get(f"{address(world, 'reports')}?{query}").status_code == 200
    assert not (readable and not told)
