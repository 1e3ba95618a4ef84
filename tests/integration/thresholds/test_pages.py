"""The threshold pages: who sees what, that words are kept, that a publication holds from its instant and not before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django_scopes import scope

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.models import Referral
from tests.factories import NOW, World, make_world
from thresholds import immutability
from thresholds.models import SchemeVersion

pytestmark = pytest.mark.django_db
HOSTILE = [
    "\x00",
    "x" * 40_000,
    "🙂" * 5000,
    "<script>alert(1)</script>",
    "%00",
    "../..",
    "9" * 5000,
    " ",
    "{}",
]


@pytest.fixture
def now(time_machine: Any) -> Any:
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def admin(world: World, now: Any) -> Client:
    return signed_in(world, Role.ADMIN)


def signed_in(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.person(role))
    return client


def at(world: World, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **kwargs})


def make_draft(world: World, admin: Client) -> SchemeVersion:
    answer = admin.post(at(world, "threshold_make_draft", version=world.version.slug))
    draft = SchemeVersion.objects.get(state="draft")
    assert answer.url == at(world, "threshold_draft", version=draft.slug)
    return draft


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# --- for everybody ------------------------------------------------------------------------------------------------


def test_everybody_reads_the_threshold_in_force(world: World, client: Client) -> None:
    answer = client.get(at(world, "threshold"))
    assert answer.status_code == 200
    page = text(answer)
    for indicator in world.version.indicators.all():
        assert f'<li id="{indicator.key}">' in page
        assert indicator.label in page
    for level in world.version.levels.all():
        assert f"Level {level.rank}</strong> {level.name}" in page
    assert "36 indicators" in page
    assert "Threshold for tests, Testshire, 2026" in page


def test_a_search_narrows_and_says_how_many(world: World, client: Client) -> None:
    page = text(client.get(at(world, "threshold"), {"q": "HEALTH worry 2", "level": ""}))
    assert "6 of 36 indicators" in page
    page = text(client.get(at(world, "threshold"), {"q": "health worry 2", "level": "3"}))
    assert "1 of 36 indicators" in page
    assert 'id="health-3-02"' in page
    assert 'id="health-2-02"' not in page
    assert "Try other or fewer words" in text(client.get(at(world, "threshold"), {"q": "zebra"}))


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_search_is_answered(world: World, client: Client, typed: str) -> None:
    for given in ({"q": typed}, {"level": typed}):
        answer = client.get(at(world, "threshold"), given)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()


def test_half_a_character_in_the_address_is_answered(world: World, client: Client) -> None:
    for query in ("q=%ED%A0%80", "q=%FF%FE&level=%00", "level=%ED%A0%80"):
        assert client.get(f"{at(world, 'threshold')}?{query}").status_code == 200


def test_an_indicator_has_an_address_and_says_where_it_comes_from(world: World, client: Client) -> None:
    page = text(client.get(at(world, "threshold_indicator", version=world.version.slug, key="family-2-01")))
    assert "Family worry 1 of level 2" in page
    assert "Family, level 2, item 1" in page
    assert "This is what baby means." in page
    page = text(client.get(at(world, "threshold_indicator", version=world.version.slug, key="family-4-01")))
    assert "Do this for lado." in page


def test_what_is_not_there_is_not_found(world: World, client: Client, admin: Client) -> None:
    draft, other = make_draft(world, admin), make_world("othershire")
    for name, kwargs in (
        ("threshold_version", {"version": "nowhere"}),
        ("threshold_version", {"version": draft.slug}),
        ("threshold_version", {"version": other.version.slug}),
        ("threshold_indicator", {"version": draft.slug, "key": "family-2-01"}),
        ("threshold_indicator", {"version": world.version.slug, "key": "nothing"}),
        ("threshold_indicator", {"version": other.version.slug, "key": "family-2-01"}),
    ):
        assert client.get(at(world, name, **kwargs)).status_code == 404, (name, kwargs)


def test_a_partnership_without_a_threshold_says_so(client: Client) -> None:
    world = make_world()
    immutability.remove(connection)
    SchemeVersion.objects.update(holds_from=NOW + dt.timedelta(days=9000))
    immutability.install(connection)
    answer = client.get(at(world, "threshold"))
    assert answer.status_code == 404
    assert "No threshold is in force" in text(answer)


# --- in an admin's hands ------------------------------------------------------------------------------------------


def test_only_an_admin_edits_and_a_manager_reads(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    for role in set(Role) - {Role.ADMIN}:
        reads_or_does_nothing(world, role, draft)


def reads_or_does_nothing(world: World, role: Role, draft: SchemeVersion) -> None:
    client = signed_in(world, role)
    row = {"version": draft.slug, "noun": "indicator", "pk": draft.indicators.first().pk}
    part = {"version": draft.slug, "noun": "indicator"}
    for address in (
        at(world, "threshold_ask", version=draft.slug),
        at(world, "threshold_discard", version=draft.slug),
        at(world, "threshold_part", **part),
        at(world, "threshold_add", **part),
        at(world, "threshold_row", **row),
        at(world, "threshold_retire", **row),
        at(world, "threshold_import"),
        at(world, "partnership_settings"),
        at(world, "front_door_edit"),
        at(world, "closure_day_add"),
    ):
        assert client.get(address).status_code == 404, address
        assert client.post(address).status_code == 404, address
    for name, kwargs in (
        ("threshold_make_draft", {"version": world.version.slug}),
        ("threshold_move", part),
        ("threshold_restore", row),
        ("threshold_withdraw", {"version": draft.slug}),
        ("threshold_publish", {"version": draft.slug}),
    ):
        assert client.post(at(world, name, **kwargs)).status_code == 404
    assert SchemeVersion.objects.count() == 2
    reads = 200 if role is Role.MANAGER else 404
    for name in ("threshold_draft", "threshold_try", "threshold_changes"):
        assert client.get(at(world, name, version=draft.slug)).status_code == reads
    for name in ("threshold_versions", "threshold_difference"):
        assert client.get(at(world, name)).status_code == reads


def test_another_partnerships_draft_is_not_found(world: World, admin: Client) -> None:
    draft, other = make_draft(world, admin), make_world("othershire")
    stranger = signed_in(other, Role.ADMIN)
    for name in ("threshold_draft", "threshold_try", "threshold_ask", "threshold_changes", "threshold_discard"):
        assert stranger.get(at(other, name, version=draft.slug)).status_code == 404
    assert stranger.post(at(other, "threshold_make_draft", version=world.version.slug)).status_code == 404
    row = {"version": draft.slug, "noun": "indicator", "pk": draft.indicators.first().pk}
    assert stranger.get(at(other, "threshold_row", **row)).status_code == 404
    answer = stranger.get(at(other, "threshold_difference"), {"before": draft.slug, "after": other.version.slug})
    assert answer.status_code == 200
    assert "Choose from the answers on this page" in text(answer)


def test_a_draft_keeps_every_key_and_shows_its_local_defaults(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    assert list(draft.indicators.values_list("key", flat=True)) == list(
        world.version.indicators.values_list("key", flat=True)
    )
    draft.rules.filter(key="cluster-2").update(local_default=True)
    assert "1 local default" in text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    page = text(admin.get(at(world, "threshold_part", version=draft.slug, noun="rule")))
    assert page.count("Local default") == 1
    assert "At least 3 indicators of level 2, over at least 2 domains, indicate level 3." in page


# --- trying -------------------------------------------------------------------------------------------------------


def test_a_trial_stands_beside_the_version_in_force(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    rule = draft.rules.get(key="cluster-2")
    rule.parameters = {**rule.parameters, "count": 2}
    rule.save()
    answer = admin.post(
        at(world, "threshold_try", version=draft.slug), {"indicators": ["health-2-01", "family-2-02"], "given": "yes"}
    )
    under_draft, in_force = answer.context["results"]
    assert (under_draft["told"].indicated_level, in_force["told"].indicated_level) == (3, 2)
    page = text(answer)
    assert "The draft answers otherwise" in page
    for reason in (*under_draft["told"].reasons, *in_force["told"].reasons):
        assert escape(reason.because) in page
    assert 'value="health-2-01" checked' in page


def test_a_trial_knows_ages_judgement_and_danger(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    address = at(world, "threshold_try", version=draft.slug)

    def tried(**facts: Any) -> Any:
        return admin.post(address, {"given": "yes", **facts}).context["results"][0]["told"]

    assert tried(indicators=["family-2-01"]).indicated_level == 2
    assert tried(indicators=["family-2-01"], unborn="on").indicated_level == 3
    assert tried(indicators=["family-2-01"], born_day="1", born_month="10", born_year="2026").indicated_level == 3
    assert tried(indicators=["family-2-01"], judged="4").route == "mash"
    assert "immediate_danger" in tried(danger="on").flags
    assert "consent_to_settle" in tried(indicators=["family-2-01"], given="no").flags
    assert "not_screened" in tried().flags


def test_a_trial_stores_nothing(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    before = AuditEntry.objects.count()
    admin.post(at(world, "threshold_try", version=draft.slug), {"indicators": ["health-4-01"]})
    assert AuditEntry.objects.count() == before
    with scope(partnership=world.partnership):
        assert not Referral.objects.exists()


def test_a_draft_that_is_not_whole_says_what_is_missing(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    draft.rules.filter(kind="highest").delete()
    assert "can’t be tried or published" in text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    for name in ("threshold_try", "threshold_ask"):
        answer = admin.get(at(world, name, version=draft.slug))
        assert answer.status_code == 409
        assert "highest" in text(answer)
