"""An admin keeps agencies, teams and contact points: what is used is retired, what is not is deleted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.actions import Refused
from partnerships.models import Agency, AuditEntry, Membership, Team
from partnerships.permissions import Role
from partnerships.setup import actions
from referrals.intake.routing import team_for
from referrals.models import Notice
from tests.factories import NOW, World, make_person, make_referral, make_world
from thresholds.domain.terms import Route

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    client.force_login(world.person(Role.ADMIN))
    return client


def at(name: str, **parts: object) -> str:
    return reverse(name, kwargs={"partnership": "testshire", **parts})


TEAM = {
    "name": "West",
    "kind": "early_help",
    "postcodes": "te1, te2 4\nTE9",
    "address": "",
    "email": "",
    "telephone": "",
}


def west_of(world: World, admin: Client, **more: str) -> Team:
    """A team with somebody in it, and what it takes."""
    answer = admin.post(at("team_add"), TEAM | {"postcodes": ""}, follow=True)
    assert "West is added." in answer.content.decode()
    made = Team.objects.get(slug="west")
    make_person(world, Role.EARLY_HELP, name="Wes Worker", team=made)
    assert "West is saved." in admin.post(at("team_edit", team="west"), TEAM | more, follow=True).content.decode()
    return Team.objects.get(slug="west")


def test_a_team_by_postcode_takes_what_lives_there(world: World, admin: Client) -> None:
    west = west_of(world, admin)
    assert [each.postcode_prefix for each in west.localities.all()] == ["TE1", "TE24", "TE9"]
    assert not west.is_default
    for postcode, team in (("TE1 1AA", west), ("TE2 4AB", west), ("TE2 5AB", world.early_help)):
        assert team_for(world.partnership, Route.EARLY_HELP, [postcode]) == team
    entry = AuditEntry.objects.get(verb="team.added")
    assert entry.by == world.person(Role.ADMIN)


def test_referrals_go_nowhere_where_nobody_works(world: World, admin: Client) -> None:
    """A new team, or one whose people are gone, is given nothing; of a change in what goes where the managers hear."""
    for asked in ({}, {"postcodes": "", "is_default": "on"}):
        refused = admin.post(at("team_add"), TEAM | asked)
        assert refused.status_code == 422 and "Nobody works in West, so nobody would read" in refused.content.decode()
    assert Team.objects.count() == 2 and Team.objects.get(slug="early-help").is_default
    made = west_of(world, admin)
    with scope(partnership=world.partnership):
        word = Notice.objects.get(kind="routing")
        assert word.to == world.person(Role.MANAGER) and "West takes. From now on: TE1, TE24, TE9." in word.body
        worker = Membership.objects.get(team=made)
        page = admin.get(at("member_end", membership_id=worker.pk)).content.decode()
        assert "Nobody else works in West: what comes there is told to the managers alone." in page
        admin.post(at("member_end", membership_id=worker.pk))
        gone = Notice.objects.get(kind="nobody_there")
        assert gone.to == world.person(Role.MANAGER) and "Wes Worker’s role in West ended" in gone.body
    assert "Nobody works here." in admin.get(at("partnership_settings")).content.decode()
    assert admin.post(at("team_edit", team="west"), TEAM | {"telephone": "01632 960001"}).status_code == 302
    assert admin.post(at("team_edit", team="west"), TEAM | {"postcodes": "TE8"}).status_code == 422
    manager = Client()
    manager.force_login(world.person(Role.MANAGER))
    for queue in ("west", "all"):
        assert "Nobody works in West. What comes there" in manager.get(at("queue_team", team=queue)).content.decode()
    assert "Nobody works in" not in manager.get(at("queue_team", team="mash")).content.decode()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"postcodes": "TE1, Testville"}, "TESTVILLE is no postcode district or sector. Write it as ME4 or ME4 6"),
        ({"name": "early HELP"}, "There is one of that name already: Early Help."),
        ({"kind": "mash", "postcodes": ""}, "There is a MASH already. A partnership has one."),
        ({"name": ""}, "Enter the team&#x27;s name"),
        ({"postcodes": "TE7"}, "TE7 is served by Early Help. Take it out there first."),
    ],
)
def test_a_team_that_can_not_be(world: World, admin: Client, changed: dict[str, str], message: str) -> None:
    world.early_help.localities.create(postcode_prefix="TE7")
    answer = admin.post(at("team_add"), TEAM | changed)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert Team.objects.count() == 2


def test_the_team_that_takes_the_rest_moves_and_never_goes(world: World, admin: Client) -> None:
    refused = admin.post(at("team_take_out", team="early-help"), follow=True)
    assert "only team of its kind" in refused.content.decode()
    west_of(world, admin, is_default="on")
    world.early_help.refresh_from_db()
    assert (world.early_help.is_default, Team.objects.get(slug="west").is_default) == (False, True)
    answer = admin.post(at("team_edit", team="west"), TEAM)
    assert "Some team has to take what no other serves" in answer.content.decode()
    assert "is deleted: no record named it" in admin.post(
        at("team_take_out", team="west"), follow=True
    ).content.decode() or (Team.objects.filter(slug="west").exists())


def test_a_team_that_a_record_names_is_retired_and_takes_nothing_new(world: World, admin: Client) -> None:
    with scope(partnership=world.partnership):
        make_referral(world, indicators=("health-2-01",))
    west_of(world, admin, is_default="on")
    answer = admin.post(at("team_take_out", team="early-help"), follow=True)
    assert "records name it, so it is kept" in answer.content.decode()
    world.early_help.refresh_from_db()
    assert world.early_help.retired_at and world.early_help.retired_by == world.person(Role.ADMIN)
    assert team_for(world.partnership, Route.EARLY_HELP, []).slug == "west"
    assert "is in use again" in admin.post(at("team_take_out", team="early-help"), follow=True).content.decode()


def test_an_agency_from_its_name_to_its_end(world: World, admin: Client) -> None:
    told = {"name": "Add", "kind": "gp", "source_of_referral": "3A"}
    admin.post(at("agency_add"), told)
    agency = Agency.objects.get(name="Add")
    assert agency.slug == "add-2", "an address of ours is no agency's"
    answer = admin.post(at("agency_edit", agency="add-2"), told | {"name": "Testshire Practice"})
    assert "There is one of that name already" in answer.content.decode()
    admin.post(at("agency_edit", agency="add-2"), told | {"name": "Hill Surgery"})
    agency.refresh_from_db()
    assert (agency.name, agency.slug) == ("Hill Surgery", "add-2")
    admin.post(at("agency_take_out", agency="add-2"))
    assert not Agency.objects.filter(slug="add-2").exists()
    admin.post(at("agency_take_out", agency="school"))
    assert Agency.objects.get(slug="school").retired_at, "its people are members: it is kept"
    verbs = list(AuditEntry.objects.filter(noun="agency").values_list("verb", flat=True))
    assert verbs == ["agency.added", "agency.changed", "agency.deleted", "agency.retired"]


def test_the_longest_name_is_an_agencys_or_a_teams(world: World, admin: Client) -> None:
    long = ("Saint Bartholomew and All Hallows Church of England Voluntary Aided Primary School and Nursery " * 3)[:199]
    told = {"name": long, "kind": "school", "source_of_referral": "2A"}
    assert admin.post(at("agency_add"), told).status_code == 302
    assert admin.post(at("agency_add"), told | {"name": f"{long}x"}).status_code == 302, "another of the same beginning"
    assert admin.post(at("team_add"), TEAM | {"name": long, "postcodes": ""}).status_code == 302
    first, second = Agency.objects.filter(name__startswith="Saint").order_by("slug")
    assert second.slug == f"{first.slug}-2"
    Agency.objects.filter(pk=second.pk).update(slug="s" * 80)
    changed = admin.post(at("agency_edit", agency="s" * 80), told | {"name": "Bartholomew"})
    assert changed.status_code == 302, "older ones have longer slugs"
    assert AuditEntry.objects.filter(noun="agency", object_id="s" * 64).exists()


def test_contact_points_in_their_order(world: World, admin: Client) -> None:
    told = {
        "kind": "lado",
        "name": "LADO",
        "telephone": "01632 960009",
        "email": "",
        "url": "",
        "when": "",
        "source": "",
    }
    admin.post(at("contact_point_add"), told)
    admin.post(at("contact_point_add"), told | {"name": "Police", "kind": "police"})
    bare = admin.post(at("contact_point_add"), told | {"telephone": ""})
    assert bare.status_code == 422
    assert "Enter a telephone number, an email or web address, or say when to use it" in bare.content.decode()
    assert admin.post(at("contact_point_add"), told | {"url": "javascript:alert(1)"}).status_code == 422
    last = world.partnership.contact_points.last()
    admin.post(at("contact_point_up", point_id=last.pk))
    assert [each.name for each in world.partnership.contact_points.all()] == ["Police", "LADO"]
    admin.post(at("contact_point_edit", point_id=last.pk), told | {"name": "The police"})
    admin.post(at("contact_point_remove", point_id=last.pk))
    assert [each.name for each in world.partnership.contact_points.all()] == ["LADO"]


def test_another_partnerships_rows_are_not_found(world: World, admin: Client) -> None:
    other = make_world("othershire")
    point = other.partnership.contact_points.create(kind="lado", name="Theirs")
    other.mash.slug = "their-mash"
    other.mash.save()
    for address in (
        at("contact_point_edit", point_id=point.pk),
        at("contact_point_edit", point_id=10**30),
        at("team_edit", team="their-mash"),
        at("agency_edit", agency="nothing"),
    ):
        assert admin.get(address).status_code == 404


def test_the_mash_is_one_and_stays(world: World) -> None:
    with pytest.raises(Refused, match="only team of its kind"):
        actions.take_out(row=world.mash, by=world.person(Role.ADMIN), at=NOW)


def test_the_checklist_says_what_is_missing_and_the_door_opens_when_nothing_is(world: World, admin: Client) -> None:
    world.partnership.takes_referrals = False
    world.partnership.save()
    assert "Testshire" not in Client().get("/").content.decode()
    page = admin.get(at("setup_checklist")).content.decode()
    assert "1 thing still missing" in page and "Say which council it is" in page
    admin.post(at("setup_open"))
    assert "Testshire" not in Client().get("/").content.decode()
    admin.post(
        at("partnership_edit"),
        {"name": world.partnership.name, "short_name": "Testshire", "local_authority": "Testshire Council",
         "la_code": "999", "form_name": "Referral Form", "document_marking": "OFFICIAL"},
    )  # fmt: skip
    assert "Everything is there" in admin.get(at("setup_checklist")).content.decode()
    assert "The front door is open." in admin.post(at("setup_open"), follow=True).content.decode()
    assert "Testshire" in Client().get("/").content.decode()
