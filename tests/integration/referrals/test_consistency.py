"""Judged, indicated and decided against each other, with small numbers hidden; the blind second screening."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.actions import Refused
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.consistency import sampling
from referrals.domain.lifecycle import State
from referrals.models import Decision, Referral, SecondScreening
from tests.factories import NOW, World, make_person, make_referral

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def decide(world: World, referral: Referral, level: int, by: Any = None) -> Decision:
    """The row that deciding leaves."""
    by = by or world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        child = referral.children.get()
        Referral.objects.filter(pk=referral.pk).update(
            state=State.DECIDED.value, decided_level=level, decided_at=NOW, decided_by=by
        )
        return Decision.objects.create(
            partnership=world.partnership,
            referral=referral,
            child=child,
            decided_level=level,
            indicated_level=child.indicated_level,
            outcome="advice",
            reason="Because.",
            at=NOW,
            by=by,
        )


def many(world: World, count: int, indicated: int, decided: int, judged: int | None = None, days: int = 3) -> None:
    for _ in range(count):
        referral = make_referral(
            world,
            indicators=(f"learning-{indicated}-02",),
            facts={"judged_level": judged},
            received_at=NOW - dt.timedelta(days=days),
        )
        decide(world, referral, decided)


def page(world: World, query: str = "", role: Role = Role.MANAGER, name: str = "consistency") -> Any:
    client = Client()
    client.force_login(world.person(role))
    return client.get(reverse(name, kwargs={"partnership": "testshire"}) + query)


def test_the_figures_agree_with_what_was_decided_and_open_their_records(world: World) -> None:
    many(world, 12, 2, 2, judged=2)
    many(world, 8, 2, 3, judged=3)
    many(world, 7, 3, 3, judged=2, days=40)
    answer = page(world, "?exact=1")
    agreed = answer.context["agreed"]
    assert (agreed.pairs, agreed.share) == (27, pytest.approx(19 / 27))
    # by hand: chance = (20*12 + 7*15) / 27² = 345/729; kappa = (19/27 - 345/729) / (1 - 345/729) = 168/384
    assert agreed.plain == pytest.approx(168 / 384)
    assert [[cell.count for cell in cells] for _, cells in answer.context["matrix"]] == [
        [12, 8, 20],
        [0, 7, 7],
        [12, 15, 27],
    ]
    assert [(line.name, [c.count for c in line.cells]) for line in answer.context["by_month"]] == [
        ("November 2026", [12, 8, 0, 20]),
        ("October 2026", [7, 0, 0, 7]),
    ]
    for cells in [cells for _, cells in answer.context["matrix"]] + [ln.cells for ln in answer.context["by_month"]]:
        for cell in cells:
            if cell.count:
                listed = page(world, f"?{cell.query}", name="consistency_list")
                assert len(listed.context["lines"]) == min(cell.count, 25)
    judged = page(world, "?pair=judged&exact=1")
    assert judged.context["agreed"].share == pytest.approx(20 / 27)


def test_small_numbers_are_hidden_by_subtraction_too(world: World) -> None:
    many(world, 12, 2, 2)
    many(world, 2, 2, 3)
    many(world, 9, 3, 3)
    answer = page(world)
    shown = [[cell.count for cell in cells] for _, cells in answer.context["matrix"]]
    assert shown[0][1] is None and shown[0].count(None) > 1 and [row[1] for row in shown].count(None) > 1
    assert all(cell is None or cell == 0 or cell >= 5 for row in shown for cell in row)
    assert "not shown" in answer.content.decode()


def test_of_a_few_no_agreement_is_told(world: World) -> None:
    many(world, 6, 2, 2)
    assert "Fewer than 20: too few to say" in page(world).content.decode()


@pytest.mark.parametrize("query", ["?pair=x&months=y&one=z", "?month=0001-01-01", "?agency=%00", "?way=up&page=0"])
def test_what_can_not_be_read_is_left_out(world: World, query: str) -> None:
    assert page(world, query).status_code == 200
    assert page(world, query, name="consistency_list").status_code == 200


def drawn(world: World, percent: int = 100) -> list[SecondScreening]:
    world.partnership.second_screening_percent = percent
    world.partnership.save()
    sampling.draw_all(at=NOW)
    with scope(partnership=world.partnership):
        return list(SecondScreening.objects.select_related("decision"))


def test_the_sample_is_drawn_once_by_the_rate_of_the_partnership(world: World) -> None:
    many(world, 40, 2, 2)
    assert drawn(world, 0) == []
    some = {row.pk for row in drawn(world, 30)}
    assert 3 <= len(some) <= 24
    assert {row.pk for row in drawn(world, 30)} == some
    assert len(drawn(world, 100)) == 40


def test_nobody_screens_what_they_decided_or_opened(world: World) -> None:
    many(world, 1, 2, 2)
    first, second = world.person(Role.SCREENER), make_person(world, Role.SCREENER, team=world.mash)
    with scope(partnership=world.partnership):
        Referral.objects.update(team=world.mash, went_through_mash=True)
    row = drawn(world)[0]

    def may(user: Any) -> bool:
        client = Client()
        client.force_login(user)
        return client.get(f"/testshire/second/{row.pk}/").status_code == 200

    assert not may(first) and may(second)
    client = Client()
    client.force_login(second)
    shown = client.get(f"/testshire/second/{row.pk}/").content.decode()
    for word in ("Because.", "level 2 indicated", "Level 2, ", "indicated level", "Decided on"):
        assert word not in shown.replace("Level 2: Early help", ""), word
    assert client.post(f"/testshire/second/{row.pk}/", {"level": "3", "reason": ""}).status_code == 422
    client.get(f"/testshire/triage/{row.referral_id}/")
    assert AuditEntry.objects.filter(verb="referral.read", by=second).exists()
    assert not may(second), "who has opened it knows the decision"


def test_a_second_screening_counts_once_and_is_told_in_sum(world: World) -> None:
    many(world, 1, 2, 2)
    row, second = drawn(world)[0], make_person(world, Role.SCREENER, team=world.mash)
    with scope(partnership=world.partnership):
        Referral.objects.update(team=world.mash, went_through_mash=True)
    client = Client()
    client.force_login(second)
    told = {"level": "3", "reason": "The child is often alone."}
    assert client.post(f"/testshire/second/{row.pk}/", told).status_code == 302
    assert client.post(f"/testshire/second/{row.pk}/", told).status_code == 404
    row.refresh_from_db()
    assert (row.level, row.screened_by) == (3, second)
    second_matrix = page(world, "?exact=1").context["second_matrix"]
    assert [cell.count for cell in second_matrix[0][1]] == [0, 1, 1]
    with scope(partnership=world.partnership), pytest.raises(Refused, match="Somebody else"):
        sampling.screen_second(screening=row, actor=None, level=2, reason="x", by=second, at=NOW)


def test_the_rate_is_set_by_page(world: World) -> None:
    client = Client()
    client.force_login(world.person(Role.MANAGER))
    address = "/testshire/reports/consistency/rate/"
    assert client.post(address, {"percent": "101"}).status_code == 422
    assert client.post(address, {"percent": "5"}).status_code == 302
    world.partnership.refresh_from_db()
    assert world.partnership.second_screening_percent == 5
