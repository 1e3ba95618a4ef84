"""The threshold pages: who sees what, that words are kept, that a publication holds from its instant and not before."""

from __future__ import annotations

import datetime as dt
import threading
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
from tests.factories import NOW, World, make_referral, make_world
from thresholds import actions, immutability
from thresholds.loading import version_in_force
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
def world() -> World:
    return make_world()


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


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_edits(world: World, admin: Client, role: Role) -> None:
    draft, client = make_draft(world, admin), signed_in(world, role)
    indicator = draft.indicators.first()
    for address in (
        at(world, "threshold_versions"),
        at(world, "threshold_draft", version=draft.slug),
        at(world, "threshold_try", version=draft.slug),
        at(world, "threshold_publish", version=draft.slug),
        at(world, "threshold_reword", version=draft.slug, noun="indicator", pk=indicator.pk),
        at(world, "partnership_settings"),
        at(world, "front_door_edit"),
        at(world, "closure_day_add"),
    ):
        assert client.get(address).status_code == 404, address
        assert client.post(address).status_code == 404, address
    assert client.post(at(world, "threshold_make_draft", version=world.version.slug)).status_code == 404
    assert SchemeVersion.objects.count() == 2


def test_another_partnerships_draft_is_not_found(world: World, admin: Client) -> None:
    draft, other = make_draft(world, admin), make_world("othershire")
    stranger = signed_in(other, Role.ADMIN)
    for name in ("threshold_draft", "threshold_try", "threshold_publish"):
        assert stranger.get(at(other, name, version=draft.slug)).status_code == 404
    assert stranger.post(at(other, "threshold_make_draft", version=world.version.slug)).status_code == 404
    pk = draft.indicators.first().pk
    assert stranger.get(at(other, "threshold_reword", version=draft.slug, noun="indicator", pk=pk)).status_code == 404


def test_a_draft_keeps_every_key_and_shows_its_local_defaults(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    assert list(draft.indicators.values_list("key", flat=True)) == list(
        world.version.indicators.values_list("key", flat=True)
    )
    draft.rules.filter(key="cluster-2").update(local_default=True)
    page = text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    assert page.count("Local default: the document leaves this to judgement.") == 1
    assert "At least 3 indicators of level 2, over at least 2 top-level domains, indicate level 3." in page


def reword(world: World, admin: Client, draft: SchemeVersion, noun: str, pk: int, **words: str) -> Any:
    address = at(world, "threshold_reword", version=draft.slug, noun=noun, pk=pk)
    seen = words.pop("seen", None) or admin.get(address).context["form"]["seen"].value()
    return admin.post(address, {"seen": seen, **words})


def test_new_words_stand_in_the_draft_alone(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    row = draft.indicators.get(key="health-2-01")
    answer = reword(world, admin, draft, "indicator", row.pk, label="Hungry at school")
    assert answer.url == at(world, "threshold_draft", version=draft.slug) + f"#indicator-{row.pk}"
    assert draft.indicators.get(key="health-2-01").label == "Hungry at school"
    assert world.version.indicators.get(key="health-2-01").label == "Health worry 1 of level 2"
    entry = AuditEntry.objects.get(verb="threshold.changed")
    assert entry.detail["before"] == {"label": "Health worry 1 of level 2"}
    assert entry.detail["after"] == {"label": "Hungry at school"}
    assert entry.by == world.person(Role.ADMIN)


def test_levels_and_rules_are_reworded(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    level, rule = draft.levels.get(rank=2), draft.rules.get(key="consent")
    words = {"name": "Help early", "description": "A", "expected_response": "B\n\nC", "referrer_should": "D"}
    assert reword(world, admin, draft, "level", level.pk, **words).status_code == 302
    assert reword(world, admin, draft, "rule", rule.pk, explanation="Ask first.").status_code == 302
    level.refresh_from_db()
    rule.refresh_from_db()
    assert {name: getattr(level, name) for name in words} == words
    assert rule.explanation == "Ask first."
    assert admin.get(at(world, "threshold_draft", version=draft.slug)).status_code == 200


def test_a_colleagues_change_is_shown_and_what_was_typed_is_kept(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    row = draft.indicators.get(key="health-2-01")
    address = at(world, "threshold_reword", version=draft.slug, noun="indicator", pk=row.pk)
    seen = admin.get(address).context["form"]["seen"].value()
    assert reword(world, admin, draft, "indicator", row.pk, label="The colleague’s words").status_code == 302
    answer = admin.post(address, {"seen": seen, "label": "My own words"})
    assert answer.status_code == 422
    page = text(answer)
    assert "A colleague changed this wording while you were writing" in page
    assert "The colleague’s words" in page
    assert "My own words" in page
    assert draft.indicators.get(key="health-2-01").label == "The colleague’s words"
    again = admin.post(address, {"seen": answer.context["form"]["seen"].value(), "label": "My own words"})
    assert again.status_code == 302
    assert draft.indicators.get(key="health-2-01").label == "My own words"


def test_a_colleagues_change_elsewhere_is_no_hindrance(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    mine, other = draft.indicators.get(key="health-2-01"), draft.indicators.get(key="health-2-02")
    address = at(world, "threshold_reword", version=draft.slug, noun="indicator", pk=mine.pk)
    seen = admin.get(address).context["form"]["seen"].value()
    reword(world, admin, draft, "indicator", other.pk, label="Other words")
    assert admin.post(address, {"seen": seen, "label": "My words"}).status_code == 302


@pytest.mark.parametrize("typed", ["", " ", "\x00", "x" * 601, "x" * 40_000])
def test_words_that_cannot_stand_are_asked_for_again(world: World, admin: Client, typed: str) -> None:
    draft = make_draft(world, admin)
    row = draft.indicators.first()
    answer = reword(world, admin, draft, "indicator", row.pk, label=typed)
    assert answer.status_code == 422
    assert "There is a problem" in text(answer)
    assert typed.strip("\x00 ") in answer.content.decode()
    assert draft.indicators.first().label == row.label


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_forms_are_answered(world: World, admin: Client, typed: str) -> None:
    draft = make_draft(world, admin)
    pk = draft.indicators.first().pk
    for name, kwargs, data in (
        ("threshold_reword", {"noun": "indicator", "pk": pk}, {"label": typed, "seen": typed}),
        ("threshold_try", {}, dict.fromkeys(("indicators", "judged", "given", "reason", "contacts", "danger"), typed)),
        ("threshold_try", {}, dict.fromkeys(("born_day", "born_month", "born_year"), typed)),
        ("threshold_publish", {}, dict.fromkeys(("when", "on_day", "time", "change_note", "revision"), typed)),
    ):
        answer = admin.post(at(world, name, version=draft.slug, **kwargs), data)
        assert answer.status_code < 500
    for name in ("front_door_edit", "closure_day_add"):
        names = ("on_day", "on_month", "on_year", "reason", "opens", "closes", "front_door_name", "hours_note")
        assert admin.post(at(world, name), dict.fromkeys(names, typed)).status_code < 500


def test_odd_addresses_are_not_found(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    other = make_world("othershire")
    for noun, pk in (
        ("version", 1),
        ("indicator", 10**30),
        ("indicator", world.version.indicators.first().pk),
        ("indicator", other.version.indicators.first().pk),
    ):
        address = at(world, "threshold_reword", version=draft.slug, noun=noun, pk=pk)
        assert admin.get(address).status_code == 404
        assert admin.post(address, {"label": "x"}).status_code == 404
    assert admin.get(at(world, "threshold_publish", version=world.version.slug)).status_code == 404
    assert admin.post(at(world, "closure_day_remove", pk=10**30)).status_code == 404


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
    for name in ("threshold_try", "threshold_publish"):
        answer = admin.get(at(world, name, version=draft.slug))
        assert answer.status_code == 409
        assert "highest" in text(answer)


# --- publishing ---------------------------------------------------------------------------------------------------


def publish(world: World, admin: Client, draft: SchemeVersion, **given: Any) -> Any:
    draft.refresh_from_db()
    data = {"when": "now", "change_note": "Plainer words.", "revision": draft.revision, **given}
    return admin.post(at(world, "threshold_publish", version=draft.slug), data)


def test_what_changes_is_shown_before_and_after(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    row = draft.indicators.get(key="health-2-01")
    reword(world, admin, draft, "indicator", row.pk, label="Hungry at school")
    answer = admin.get(at(world, "threshold_publish", version=draft.slug))
    (difference,) = answer.context["differences"]
    assert (difference.name, difference.before, difference.after) == (
        "health-2-01",
        "Health worry 1 of level 2",
        "Hungry at school",
    )
    page = text(answer)
    assert "Health worry 1 of level 2" in page
    assert "Hungry at school" in page


def test_published_from_now(world: World, admin: Client, client: Client) -> None:
    draft = make_draft(world, admin)
    row = draft.indicators.get(key="health-2-01")
    reword(world, admin, draft, "indicator", row.pk, label="Hungry at school")
    referral = make_referral(world, received_at=NOW - dt.timedelta(minutes=5))
    assert publish(world, admin, draft).status_code == 302
    assert version_in_force(world.partnership, NOW) == draft
    assert version_in_force(world.partnership, NOW - dt.timedelta(microseconds=1)) == world.version
    page = text(client.get(at(world, "threshold")))
    assert "Hungry at school" in page
    assert "Plainer words." in page
    with scope(partnership=world.partnership):
        assert Referral.objects.get(pk=referral.pk).scheme_version == world.version
    draft.refresh_from_db()
    assert draft.in_force_from == NOW.date()
    old = text(client.get(at(world, "threshold_version", version=world.version.slug)))
    assert "Health worry 1 of level 2" in old
    assert "This threshold no longer holds" in old


def test_published_from_a_date_and_time_in_london(world: World, admin: Client, client: Client, now: Any) -> None:
    draft = make_draft(world, admin)
    answer = publish(
        world, admin, draft, when="later", on_day="1", on_month="4", on_year="2027", time="00:30", change_note="April"
    )
    assert answer.status_code == 302
    from_then = dt.datetime(2027, 3, 31, 23, 30, tzinfo=dt.UTC)
    draft.refresh_from_db()
    assert (draft.holds_from, draft.in_force_from) == (from_then, dt.date(2027, 4, 1))
    assert version_in_force(world.partnership, from_then - dt.timedelta(seconds=1)) == world.version
    assert version_in_force(world.partnership, from_then) == draft
    assert "Published, not yet in force" in text(admin.get(at(world, "threshold_versions")))
    assert client.get(at(world, "threshold")).context["version"] == world.version
    now.move_to(from_then, tick=False)
    assert client.get(at(world, "threshold")).context["version"] == draft


def test_a_version_published_ahead_of_one_already_waiting_is_in_force_until_then(world: World, admin: Client) -> None:
    later = make_draft(world, admin)
    given = {"when": "later", "on_day": "1", "on_month": "4", "on_year": "2027", "time": "9am"}
    assert publish(world, admin, later, **given).status_code == 302
    sooner = make_draft(world, admin)
    assert publish(world, admin, sooner).status_code == 302
    sooner.refresh_from_db()
    later.refresh_from_db()
    assert (sooner.state, sooner.standing(NOW), sooner.holds_until) == ("published", "in_force", later.holds_from)
    holds = [version_in_force(world.partnership, each) for each in (NOW, later.holds_from)]
    assert holds == [sooner, later]
    assert SchemeVersion.objects.of(world.partnership).in_force(NOW).count() == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"when": ""}, "Choose when it holds from"),
        ({"change_note": ""}, "Say what changed, and why"),
        ({"when": "later"}, "Enter the date from which it holds"),
        ({"when": "later", "on_day": "31", "on_month": "2", "on_year": "2027", "time": "9am"}, "must be a real date"),
        ({"when": "later", "on_day": "1", "on_month": "4", "on_year": "2027"}, "Enter the time from which it holds"),
        ({"when": "later", "on_day": "24", "on_month": "11", "on_year": "2026", "time": "9:59am"}, "in the future"),
        ({"when": "later", "on_day": "1", "on_month": "4", "on_year": "2020", "time": "9am"}, "in the future"),
    ],
)
def test_a_publication_that_cannot_be(world: World, admin: Client, given: dict[str, str], message: str) -> None:
    draft = make_draft(world, admin)
    answer = publish(world, admin, draft, **given)
    assert answer.status_code == 422
    assert message in text(answer)
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_draft_changed_since_it_was_looked_at_is_not_published(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    row = draft.indicators.first()
    reword(world, admin, draft, "indicator", row.pk, label="Changed since")
    for stale in ("0", "", "nonsense"):
        answer = publish(world, admin, draft, revision=stale)
        assert answer.status_code == 422
        page = text(answer)
        assert "A colleague changed this draft" in page
        assert "Changed since" in page
        assert "Plainer words." in page
    assert publish(world, admin, draft, revision=answer.context["form"]["revision"].value()).status_code == 302


def test_publishing_twice_is_publishing_once(world: World, admin: Client) -> None:
    draft = make_draft(world, admin)
    assert publish(world, admin, draft).status_code == 302
    assert publish(world, admin, draft).status_code == 404
    with pytest.raises(actions.Refused, match="already published"):
        actions.publish(version=draft, holds_from=NOW, by=None, at=NOW)
    assert AuditEntry.objects.filter(verb="threshold.published", object_id=draft.slug).count() == 1


def test_two_versions_never_hold_from_the_same_instant(world: World, admin: Client) -> None:
    first, second = make_draft(world, admin), actions.draft_from(version=world.version, by=None, at=NOW)  # type: ignore[arg-type]
    at_noon = NOW + dt.timedelta(hours=2)
    actions.publish(version=first, holds_from=at_noon, by=None, at=NOW)
    with pytest.raises(actions.Refused, match="already holds from that moment"):
        actions.publish(version=second, holds_from=at_noon, by=None, at=NOW)
    second.refresh_from_db()
    assert second.is_draft


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_publish_at_once_leave_one_version_in_force(world: World) -> None:
    """Two drafts, two threads, two instants a second apart: whichever is stored first, each instant has one version."""
    drafts = [actions.draft_from(version=world.version, by=world.person(Role.ADMIN), at=NOW) for _ in range(2)]
    start, refused = threading.Barrier(2), []

    def publish_one(place: int) -> None:
        try:
            start.wait(10)
            holds_from = NOW + dt.timedelta(seconds=place)
            actions.publish(version=drafts[place], holds_from=holds_from, by=None, at=NOW + dt.timedelta(minutes=1))
        except Exception as error:  # told below: a thread's own error would be lost
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish_one, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert refused == []
    for seconds, expected in ((-1, world.version), (0, drafts[0]), (1, drafts[1]), (60, drafts[1])):
        held = SchemeVersion.objects.of(world.partnership).in_force(NOW + dt.timedelta(seconds=seconds))
        assert [each.slug for each in held] == [expected.slug], seconds
