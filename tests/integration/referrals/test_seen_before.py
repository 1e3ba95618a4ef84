"""The same child found again: candidates, what a person says of them, one history, the household, searching."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.access import actor_for
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.models import Child, Event, FamilyMember, Referral, SameChild
from referrals.seen import actions
from referrals.seen.chronology import history, household
from referrals.seen.keys import keep_keys
from referrals.seen.searching import fingerprint, search
from referrals.triage import actions as triage
from referrals.triage.moves import Refused
from tests import schemes
from tests.factories import NOW, World, make_referral, make_restricted, make_world, sign_in

pytestmark = pytest.mark.usefixtures("a_morning")

MOVED = {"postcode": "ME4 4TR", "address": "12 Made Up Road"}


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


def days(count: int) -> dt.datetime:
    return NOW - dt.timedelta(days=count)


def only_child(referral: Referral) -> Child:
    return Child.objects.get(referral=referral)


def test_one_history_over_contacts_with_the_likely_apart(world: World) -> None:
    sam = actor_for(world.person(Role.SCREENER), world.partnership)
    here = make_referral(world, child=MOVED)
    old = make_referral(world, child=MOVED, received_at=days(500))
    recent = make_referral(world, child={**MOVED, "last_name": "Marlo"}, received_at=days(90))
    swapped = make_referral(world, child={**MOVED, "first_name": "Marlow", "last_name": "Robin"}, received_at=days(40))
    make_referral(world, child={**MOVED, "first_name": "Tamsin"}, received_at=days(30))
    make_referral(world, child={"first_name": "Somebody", "last_name": "Else", "date_of_birth": dt.date(2012, 1, 2)})
    found = history(here, sam, at=NOW)
    assert [each.referral for each in found.contacts] == [old] and found.in_window == 0
    assert {each.referral for each in found.possible} == {recent, swapped}
    screener = world.person(Role.SCREENER)
    link = actions.say_whether_same(
        referral=here, child=only_child(here), other=only_child(recent), same=True, reason="Asked.", by=screener, at=NOW
    )
    actions.say_whether_same(
        referral=here, child=only_child(here), other=only_child(swapped), same=False, reason="No.", by=screener, at=NOW
    )
    found = history(here, sam, at=NOW)
    assert [each.referral for each in found.contacts] == [recent, old] and found.in_window == 1
    assert [each.referral for each in found.apart] == [swapped] and not found.possible
    assert [each.referral for each in history(recent, sam, at=NOW).contacts if each.how == "linked"][0] in (here, old)
    actions.take_back(referral=here, link=link, reason="The school was wrong.", by=screener, at=NOW)
    assert [each.referral for each in history(here, sam, at=NOW).contacts] == [old]
    link.refresh_from_db()
    assert (link.undone_by, link.undone_reason, link.reason) == (screener, "The school was wrong.", "Asked.")
    assert Child.objects.count() == 6, "nothing is merged"
    assert not Event.objects.filter(kind__startswith="child_link", sentence__contains=recent.reference).exists()
    with pytest.raises(Refused, match="Say why"):
        actions.say_whether_same(
            referral=here, child=only_child(here), other=only_child(old), same=True, reason=" ", by=screener, at=NOW
        )


def test_a_person_overrules_what_was_joined_by_itself(world: World) -> None:
    here, twin = make_referral(world, child=MOVED), make_referral(world, child=MOVED)
    screener = world.person(Role.SCREENER)
    actor = actor_for(screener, world.partnership)
    assert history(here, actor, at=NOW).count == 1
    actions.say_whether_same(
        referral=here,
        child=only_child(here),
        other=only_child(twin),
        same=False,
        reason="Cousins.",
        by=screener,
        at=NOW,
    )
    assert history(here, actor, at=NOW).count == 0
    assert SameChild.objects.count() == 1


def test_contacts_add_up_by_the_thresholds_own_rule(db: None) -> None:
    content = schemes.content()
    for rule in content["rules"]:
        if rule["kind"] == "seen_before":
            rule["parameters"] = {"window_months": 12, "at_least": 2, "raises_to": 3}
    world = make_world("testshire", content={**content, "slug": "testshire-2026"})
    with scope(partnership=world.partnership):
        sam = world.person(Role.SCREENER)
        here = make_referral(world, indicators=("health-2-02",), child=MOVED)
        actor = actor_for(sam, world.partnership)
        for back in (200, 100):
            row = make_referral(world, child=MOVED, received_at=days(back))
            triage.claim(referral=row, by=sam, at=days(back))
        found = history(here, actor, at=NOW)
        assert found.in_window == 2 and "evel 3" in found.would_indicate


def test_early_help_is_told_how_many_not_what(world: World) -> None:
    mash = make_referral(world, child=MOVED)
    low = make_referral(world, child=MOVED, indicators=("health-2-02",))
    erin = actor_for(world.person(Role.EARLY_HELP), world.partnership)
    found = history(low, erin, at=NOW)
    assert (found.count, found.contacts, found.unlisted) == (1, (), 1)
    client = Client()
    client.force_login(world.person(Role.EARLY_HELP))
    page = client.get(f"/testshire/triage/{low.pk}/history/").content.decode()
    assert "1 other contact tells" in page and mash.reference not in page
    there = f"/testshire/triage/{low.pk}/history/{only_child(low).pk}/{only_child(mash).pk}/"
    assert client.get(there).status_code == 404


def test_the_pages_of_history_and_of_two_side_by_side(world: World) -> None:
    here = make_referral(world, child={**MOVED, "nhs_number": "9990000018"})
    other = make_referral(world, child={**MOVED, "last_name": "Marlo", "school": "Elm School"}, received_at=days(9))
    sister = make_referral(world, child={**MOVED, "first_name": "Wren", "date_of_birth": dt.date(2011, 3, 4)})
    client = Client()
    client.force_login(world.person(Role.SCREENER))
    page = client.get(f"/testshire/triage/{here.pk}/history/").content.decode()
    assert other.reference in page and "May tell of the same child" in page
    assert sister.reference in page and "By the same address." in page
    two = f"/testshire/triage/{here.pk}/history/{only_child(here).pk}/{only_child(other).pk}/"
    page = client.get(two).content.decode()
    assert "Elm School" in page and "The name is nearly the same." in page and "checked" not in page
    assert AuditEntry.objects.filter(verb="referral.read", object_id=str(other.pk)).count() == 1
    page = client.post(two, {"reason": "Kept words"}).content.decode()
    assert "Choose whether it is the same child" in page and "Kept words" in page
    assert client.post(two, {"same": "yes", "reason": "The school says so."}).status_code == 302
    page = client.get(f"/testshire/triage/{here.pk}/history/").content.decode()
    assert "The school says so." in page
    link = SameChild.objects.get()
    away = f"/testshire/triage/{here.pk}/history/links/{link.pk}/take-back/"
    assert client.post(away, {"reason": "Wrong child."}).status_code == 302
    assert client.post(away, {"reason": "Wrong child."}).status_code == 404


def test_searching_finds_what_one_may_see_and_is_in_the_trail_without_the_words(world: World) -> None:
    mash = make_referral(
        world,
        child={**MOVED, "first_name": "Siobhan", "last_name": "Featherstone", "nhs_number": "9990000018"},
    )
    FamilyMember.objects.create(
        partnership=world.partnership,
        referral=mash,
        name="Oksana Featherstone",
        telephone="+44 1632 960555",
        date_of_birth=dt.date(1990, 2, 3),
    )
    keep_keys(mash)
    low = make_referral(world, child={"first_name": "Siobhan", "last_name": "Abara"}, indicators=("health-2-02",))
    screener, erin = (actor_for(world.person(role), world.partnership) for role in (Role.SCREENER, Role.EARLY_HELP))
    for terms in (
        {"name": "Siobhan Featherstone"},
        {"name": "Shevaun Fetherston"},
        {"name": "featherstone"},
        {"name": "Oksana"},
        {"number": "999 000 0018"},
        {"reference": mash.reference.lower()},
        {"place": "me44tr"},
        {"place": "12 made up rd"},
        {"telephone": "01632 960 555"},
        {"name": "Featherstone", "place": "ME4 4TR"},
    ):
        found = [row.pk for row in search(screener, terms).referrals]
        assert found == [mash.pk] or terms == {"name": "Shevaun Fetherston"}, terms
        assert search(erin, terms).referrals == [], terms
    assert [row.pk for row in search(erin, {"name": "siobhan"}).referrals] == [low.pk]
    for odd in ("\x00", "x" * 5000, "123", "👶"):
        for name in ("name", "number", "reference", "place", "telephone"):
            assert search(screener, {name: odd}).referrals == []
    client = Client()
    client.force_login(world.person(Role.SCREENER))
    page = client.post("/testshire/search/", {"name": "Featherstone"})
    assert "Siobhan Featherstone" in page.content.decode()
    assert "Enter at least one thing" in client.post("/testshire/search/").content.decode()
    entry = AuditEntry.objects.get(verb="search.done")
    assert entry.detail["terms"] == {"name": fingerprint("  FEATHERSTONE ")} and entry.detail["found"] == 1
    assert "eatherstone" not in str(entry.detail)


def test_the_household_by_an_adult_of_the_family(world: World) -> None:
    one, other = make_referral(world), make_referral(world, child={"first_name": "Wren", "date_of_birth": None})
    for row in (one, other):
        FamilyMember.objects.create(
            partnership=world.partnership, referral=row, name="Ola Marlow", date_of_birth=dt.date(1990, 2, 3)
        )
        keep_keys(row)
    near = household(one, actor_for(world.person(Role.SCREENER), world.partnership), but=[one.pk])
    assert [each.referral for each in near] == [other] and "adult" in near[0].why


MASH_ONLY = "Police say that the stepfather is the suspect"


def link(world: World, one: Referral, other: Referral, reason: str) -> SameChild:
    screener = world.person(Role.SCREENER)
    return actions.say_whether_same(
        referral=one, child=only_child(one), other=only_child(other), same=True, reason=reason, by=screener, at=NOW
    )


def page_of(row: Referral, said: SameChild | None = None) -> str:
    keys = {"partnership": "testshire", "referral_id": row.pk}
    return (
        reverse("referral_take_back_link", kwargs={**keys, "link_id": said.pk})
        if said
        else reverse("referral_history", kwargs=keys)
    )


def test_what_was_said_of_two_contacts_is_for_whoever_may_be_shown_both(world: World) -> None:
    mash = make_referral(world, child=MOVED)
    low = make_referral(world, child=MOVED, indicators=("health-2-02",))
    said = link(world, mash, low, MASH_ONLY)
    erin = sign_in(world.person(Role.EARLY_HELP))
    assert MASH_ONLY not in erin.get(page_of(low)).content.decode()
    assert erin.get(page_of(low, said)).status_code == 404
    assert erin.post(page_of(low, said), {"reason": "x"}).status_code == 404
    with pytest.raises(Refused, match="may not see the other contact"):
        actions.take_back(referral=low, link=said, reason="x", by=world.person(Role.EARLY_HELP), at=NOW)
    said.refresh_from_db()
    assert said.undone_at is None
    assert MASH_ONLY in sign_in(world.person(Role.SCREENER)).get(page_of(mash, said)).content.decode()


def test_a_link_with_a_restricted_contact_is_for_who_is_named_on_it(world: World) -> None:
    """Where two contacts are linked through it, each still stands in the other's history, without the reason."""
    child = {"first_name": "Wren", "last_name": "Oddly"}
    here, there = make_referral(world, child=MOVED), make_referral(world, child=child)
    hidden = make_referral(world, child={"first_name": "Tamsin", "last_name": "Elsewhere"})
    said = [link(world, hidden, row, "Her own niece") for row in (here, there)]
    named = make_restricted(world, hidden)
    sam = sign_in(world.person(Role.SCREENER))
    page = sam.get(page_of(here)).content.decode()
    assert there.reference in page and "Linked by a colleague." in page
    assert hidden.reference not in page and "niece" not in page and "Take it back" not in page
    assert [sam.get(page_of(here, each)).status_code for each in said] == [404, 404]
    page = sign_in(named).get(page_of(here)).content.decode()
    assert page.count("Her own niece") == 2 and page.count("Take it back") == 1, "the other's is taken back from there"
    apart = make_referral(world, child={"first_name": "Ola", "last_name": "Apart"})
    actions.say_whether_same(
        referral=hidden, child=only_child(hidden), other=only_child(apart), same=True, reason="x", by=named, at=NOW
    )
    assert Event.objects.filter(referral=hidden, kind="child_linked").count() == 3
    assert not Event.objects.filter(referral=apart, kind="child_linked").exists()
