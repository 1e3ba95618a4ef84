"""Restricted records: seen by named people alone, found nowhere by anybody else, opened in need and told at once."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.access import actor_for
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.clocks.sweep import sweep, team_members
from referrals.models import Notice, Referral, RestrictedAccess
from referrals.seen.chronology import history
from referrals.seen.finding import contacts_by_child
from referrals.seen.searching import search
from referrals.triage import actions, restricting
from referrals.triage.moves import Elsewhere, Refused
from referrals.triage.queries import queues_for
from tests.factories import NOW, World, make_person, make_referral, make_world

NAME = "Quillonette"


@pytest.fixture(autouse=True)
def a_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


@pytest.fixture
def sol(world: World) -> Any:
    return make_person(world, Role.SCREENER, name="Sol Named", team=world.mash)


@pytest.fixture
def hidden(world: World, sol: Any) -> Referral:
    row = make_referral(world, child={"first_name": NAME, "nhs_number": "9990000018"})
    actions.claim(referral=row, by=world.person(Role.SCREENER), at=NOW)
    sam = world.person(Role.SCREENER)
    return restricting.restrict(referral=row, named=[sol], reason="A colleague's own family.", by=sam, at=NOW)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_is_in_no_list_count_search_history_or_report_of_anybody_else(
    world: World, sol: Any, hidden: Referral
) -> None:
    told_again = make_referral(world, child={"first_name": NAME, "nhs_number": "9990000018"})
    for role in (Role.SCREENER, Role.MANAGER):
        user = world.person(role)
        actor = actor_for(user, world.partnership)
        assert not Referral.objects.visible_to(actor).filter(pk=hidden.pk).exists()
        assert [queue.open for queue in queues_for(actor, at=NOW) if queue.team == world.mash] == [1]
        assert [row.pk for row in search(actor, {"name": NAME}).referrals] == [told_again.pk]
        assert search(actor, {"reference": hidden.reference}).referrals == []
        assert history(told_again, actor, at=NOW).count == 0, "not even counted among earlier contacts"
        client = client_of(user)
        for address in ("queue/mash/", "queue/all/", "queue/mash/counts/", "queue/mash/filter/"):
            assert hidden.reference not in client.get(f"/testshire/{address}").content.decode()
        here = {"partnership": "testshire", "referral_id": hidden.pk}
        for name in ("referral", "referral_history", "referral_note", "referral_restrict", "referral_summary"):
            assert client.get(reverse(name, kwargs=here)).status_code == 404, name
    manager = client_of(world.person(Role.MANAGER))
    assert hidden.reference not in manager.get("/testshire/reports/list/").content.decode()
    by_sol = actor_for(sol, world.partnership)
    assert [queue.open for queue in queues_for(by_sol, at=NOW)] == [2]
    assert history(told_again, by_sol, at=NOW).count == 1
    assert NAME in client_of(sol).get(f"/testshire/triage/{hidden.pk}/").content.decode()


def test_it_raises_no_level_for_whoever_tells_of_the_child_next(world: World, hidden: Referral) -> None:
    class Told:
        number, first_name, last_name, other_names, sex, postcode, upn = 1, NAME, "Marlow", "", "F", "", ""
        date_of_birth, nhs_number = dt.date(2019, 5, 1), "9990000018"

    assert contacts_by_child(world.partnership, [Told()]) == {1: ()}  # type: ignore[list-item]


def test_who_had_it_and_is_not_named_has_it_no_more_and_nobody_else_takes_it(
    world: World, sol: Any, hidden: Referral
) -> None:
    assert (hidden.owner, hidden.state) == (None, "waiting")
    assert team_members(hidden) == [sol], "notices go to the named alone"
    sam = world.person(Role.SCREENER)
    for act, more in ((actions.claim, {}), (actions.acknowledge, {"words": ""}), (actions.reassign, {"to": sam})):
        with pytest.raises(Elsewhere):
            act(referral=hidden, **more, by=sam, at=NOW)
    assert actions.claim_next(team=world.mash, by=sam, at=NOW) is None
    assert actions.claim_next(team=world.mash, by=sol, at=NOW) == hidden


def test_somebody_who_can_decide_it_always_remains(world: World, sol: Any, hidden: Referral) -> None:
    row, manager = make_referral(world), world.person(Role.MANAGER)
    with pytest.raises(Refused, match="Name somebody who works in the queue"):
        restricting.restrict(referral=row, named=[manager], reason="x", by=world.person(Role.SCREENER), at=NOW)
    with pytest.raises(Refused, match="Name somebody who works in the queue"):
        restricting.unname(referral=hidden, access=RestrictedAccess.objects.get(), by=sol, at=NOW)
    with pytest.raises(Refused, match="not yours"):
        restricting.lift(referral=hidden, reason="x", by=world.person(Role.SCREENER), at=NOW)
    with pytest.raises(Refused, match="could not see it"):
        restricting.name(referral=hidden, person=world.person(Role.EARLY_HELP), reason="x", by=sol, at=NOW)


def test_breaking_the_glass_tells_the_managers_at_once_and_lasts_an_hour(
    world: World, sol: Any, hidden: Referral
) -> None:
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    client, address = client_of(sam), reverse("break_glass", kwargs={"partnership": "testshire"})
    page = {"partnership": "testshire", "referral_id": hidden.pk}
    missing = client.post(address, {"reference": "TES-NONE-0000", "reason": "She rang."}).content.decode()
    other = make_referral(world)
    unrestricted = client.post(address, {"reference": other.reference, "reason": "She rang."}).content.decode()
    hide = lambda text: re.sub(r"TES-[A-Z]+-\d+|csrf\S+ value=\S+|nonce=\S+", "", text)  # noqa: E731
    assert "No restricted referral of your queues" in missing and hide(missing) == hide(unrestricted)
    assert AuditEntry.objects.filter(verb="glass.refused", by=sam).count() == 2
    answer = client.post(address, {"reference": hidden.reference.lower(), "reason": "Her aunt rang: she is ill."})
    assert answer.status_code == 302
    assert NAME in client.get(reverse("referral", kwargs=page)).content.decode()
    told = Notice.objects.filter(subject__contains="opened in need")
    assert {notice.to for notice in told} == {manager, sol}
    assert all(NAME not in notice.body and "ill" not in notice.body.split("aunt")[0] for notice in told)
    assert AuditEntry.objects.filter(verb="referral.glass_broken", by=sam, object_id=str(hidden.pk)).count() == 1
    with time_machine.travel(NOW + dt.timedelta(minutes=61), tick=False):
        again = client_of(sam)
        assert again.get(reverse("referral", kwargs=page)).status_code == 404


def test_an_hour_in_need_is_no_leave_to_lift_or_to_widen(world: World, sol: Any, hidden: Referral) -> None:
    """Who broke the glass reads; who sees it is said by the named, and by a manager, who answers for it."""
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    for by in (sam, manager):
        restricting.break_glass(
            partnership=world.partnership, reference=hidden.reference, reason="She rang.", by=by, at=NOW
        )
    page = reverse("referral_restrict", kwargs={"partnership": "testshire", "referral_id": hidden.pk})
    assert client_of(sam).get(page).status_code == 404
    assert client_of(sam).post(page, {"lift": "1", "reason": "x"}).status_code == 404
    for act, more in ((restricting.lift, {}), (restricting.name, {"person": manager})):
        with pytest.raises(Refused, match="not yours to restrict"):
            act(referral=hidden, **more, reason="x", by=sam, at=NOW)
    with pytest.raises(Refused, match="not yours to restrict"):
        restricting.unname(referral=hidden, access=RestrictedAccess.objects.get(user=sol), by=sam, at=NOW)
    assert client_of(manager).get(page).status_code == 200
    assert not restricting.lift(referral=hidden, reason="A mistake.", by=manager, at=NOW).restricted


def test_a_late_one_reaches_the_managers_by_its_reference_alone(world: World, sol: Any, hidden: Referral) -> None:
    for days in (1, 2, 3):
        sweep(at=NOW + dt.timedelta(days=days))
    notices = Notice.objects.filter(referral=hidden, kind__startswith="clock")
    assert world.person(Role.SCREENER) not in {notice.to for notice in notices}
    assert sol in {notice.to for notice in notices}
    assert NAME not in "".join(notice.body + notice.subject for notice in notices)


def test_it_never_goes_to_a_team_of_which_nobody_could_see_it(world: World, sol: Any) -> None:
    row = make_referral(world, indicators=("health-2-02",))
    erin = world.person(Role.EARLY_HELP)
    row = restricting.restrict(referral=row, named=[erin], reason="Family.", by=erin, at=NOW)
    with pytest.raises(Refused, match="Lift the restriction first"):
        actions.step_up(referral=row, reason="She told me more.", by=erin, at=NOW)
    row.refresh_from_db()
    assert row.team == world.early_help


def test_restricting_and_lifting_on_the_page(world: World, sol: Any) -> None:
    row, sam = make_referral(world, child={"first_name": NAME}), world.person(Role.SCREENER)
    client = client_of(sam)
    address = reverse("referral_restrict", kwargs={"partnership": "testshire", "referral_id": row.pk})
    shown = client.post(address, {"reason": "Kept words"}).content.decode()
    assert "Choose who may see it" in shown and "Kept words" in shown and "checked" not in shown
    assert client.post(address, {"named": [str(sam.pk), str(sol.pk)], "reason": "Family."}).status_code == 302
    assert "Restricted" in client.get("/testshire/queue/mash/?show=restricted").content.decode()
    assert "Sol Named" in client.get(address).content.decode()
    ending = RestrictedAccess.objects.get(user=sol)
    client.post(f"{address}{ending.pk}/end/")
    assert RestrictedAccess.objects.holding(NOW).count() == 1
    assert "Why is it restricted no more?" in client.get(f"{address}?lift=yes").content.decode()
    assert client.post(address, {"lift": "1", "reason": "She has left."}).status_code == 302
    row.refresh_from_db()
    assert not row.restricted and not RestrictedAccess.objects.holding(NOW).exists()
