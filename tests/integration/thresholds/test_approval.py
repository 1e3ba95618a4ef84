"""Nothing is published that a second person did not agree to, as it is, with its effect looked at."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django_scopes import scope

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.models import Notice, Referral
from tests.factories import NOW, World, make_referral, send
from tests.integration.thresholds.editing import agree, at, change, new_draft, second_admin, signed_in, text
from thresholds import actions, approval
from thresholds.loading import version_in_force
from thresholds.models import Approval, SchemeVersion
from thresholds.refused import ChangedMeanwhile, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(time_machine: Any) -> Any:
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def admin(world: World, now: Any) -> Client:
    return signed_in(world, Role.ADMIN)


@pytest.fixture
def manager(world: World, now: Any) -> Client:
    return signed_in(world, Role.MANAGER)


def reworded(world: World, admin: Client, label: str = "Hungry at school") -> SchemeVersion:
    draft = new_draft(world)
    pk = draft.indicators.get(key="health-2-01").pk
    assert change(world, admin, draft, "indicator", pk, label=label).status_code == 302
    draft.refresh_from_db()
    return draft


def ask(world: World, client: Client, draft: SchemeVersion, **given: Any) -> Any:
    draft.refresh_from_db()
    data = {"when": "now", "change_note": "Plainer words.", "revision": draft.revision, **given}
    return client.post(at(world, "threshold_ask", version=draft.slug), data)


def answer(world: World, client: Client, draft: SchemeVersion, **given: Any) -> Any:
    return send(client, at(world, "threshold_approval", version=draft.slug), **{"answer": "approve", **given})


def publish(world: World, client: Client, draft: SchemeVersion) -> Any:
    draft.refresh_from_db()
    return client.post(at(world, "threshold_publish", version=draft.slug), {"revision": draft.revision}, follow=True)


def test_asked_approved_and_published_from_now(world: World, admin: Client, manager: Client, client: Client) -> None:
    referral = make_referral(world, received_at=NOW - dt.timedelta(minutes=5))
    draft = reworded(world, admin)
    approval.see_effect(version=draft, revision=draft.revision, by=world.person(Role.ADMIN), at=NOW)
    page = admin.get(at(world, "threshold_ask", version=draft.slug))
    assert "Indicators in new words: “Hungry at school”." in page.context["form"]["change_note"].value()
    assert '<del><span class="govuk-visually-hidden">taken out: </span>Health worry 1 of level 2</del>' in text(page)
    assert ask(world, admin, draft).url == at(world, "threshold_approval", version=draft.slug)
    assert "somebody else has to answer" in text(admin.get(at(world, "threshold_approval", version=draft.slug)))
    shown = text(manager.get(at(world, "threshold_approval", version=draft.slug)))
    assert "Plainer words." in shown
    assert "Do you approve this draft?" in shown
    assert answer(world, manager, draft).status_code == 302
    assert "A partnership admin can publish it now" in text(
        manager.get(at(world, "threshold_approval", version=draft.slug))
    )
    assert "published and in force from now" in text(publish(world, admin, draft))
    assert version_in_force(world.partnership, NOW) == draft
    assert version_in_force(world.partnership, NOW - dt.timedelta(microseconds=1)) == world.version
    page = text(client.get(at(world, "threshold")))
    assert "Hungry at school" in page
    assert "Plainer words." in page
    with scope(partnership=world.partnership):
        assert Referral.objects.get(pk=referral.pk).scheme_version == world.version
    old = text(client.get(at(world, "threshold_version", version=world.version.slug)))
    assert "Health worry 1 of level 2" in old
    assert "This threshold no longer holds" in old
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {
        "threshold.effect_seen",
        "threshold.approval_asked",
        "threshold.approved",
        "threshold.published",
    } <= verbs


def test_who_may_answer_is_told_and_then_who_asked(world: World, admin: Client, manager: Client) -> None:
    draft, other = reworded(world, admin), second_admin(world)
    ask(world, admin, draft)
    with scope(partnership=world.partnership):
        told = {notice.to: notice for notice in Notice.objects.filter(kind="threshold")}
    assert set(told) == {other, world.person(Role.MANAGER)}
    assert draft.slug in told[other].body
    answer(world, manager, draft, answer="send_back", reason="Say at what age.")
    with scope(partnership=world.partnership):
        back = Notice.objects.filter(kind="threshold").get(to=world.person(Role.ADMIN))
    assert "sent back" in back.subject


def test_where_there_is_no_second_person_the_page_says_whom_to_invite(world: World, admin: Client) -> None:
    draft = reworded(world, admin)
    address = at(world, "threshold_ask", version=draft.slug)
    assert f"Who can answer: {world.person(Role.MANAGER).name}." in text(admin.get(address))
    world.partnership.memberships.filter(role=Role.MANAGER.value).update(ended_at=NOW)
    page = text(admin.get(address))
    assert "Nobody else here can approve this draft" in page and "Invite another admin or a manager" in page
    approval.see_effect(version=draft, revision=draft.revision, by=world.person(Role.ADMIN), at=NOW)
    assert ask(world, admin, draft).status_code == 302
    waiting = text(admin.get(at(world, "threshold_approval", version=draft.slug)))
    assert "Nobody else here can approve this draft" in waiting


def test_what_nobody_looked_at_is_neither_asked_for_nor_published(world: World, admin: Client) -> None:
    """Looking at the effect of this very revision, and nothing else, opens the way."""
    make_referral(world, received_at=NOW)
    draft = reworded(world, admin)
    person = world.person(Role.ADMIN)
    assert "Look at its effect on past referrals" in text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    refused = ask(world, admin, draft)
    assert refused.status_code == 422
    assert "nobody has, since its last change" in text(refused)
    approval.see_effect(version=draft, revision=draft.revision - 1, by=person, at=NOW)
    assert ask(world, admin, draft).status_code == 422
    approval.see_effect(version=draft, revision=draft.revision, by=person, at=NOW)
    draft.refresh_from_db()
    assert (draft.effect_seen_by, draft.effect_seen_at) == (person, NOW)
    assert ask(world, admin, draft).status_code == 302
    # Even with an approval in the table, an effect that was not looked at stops the publication itself.
    Approval.objects.update(answer="approved", answered_by=world.person(Role.MANAGER), answered_at=NOW)
    SchemeVersion.objects.filter(pk=draft.pk).update(effect_seen_revision=None)
    assert "nobody has, since its last change" in text(publish(world, admin, draft))
    draft.refresh_from_db()
    assert draft.is_draft


def test_the_first_threshold_of_a_partnership_needs_no_effect_but_a_second_person(world: World, admin: Client) -> None:
    draft = reworded(world, admin)
    assert not approval.needs_effect(draft)
    assert "has approved this draft" in text(publish(world, admin, draft))
    agree(world, draft)
    assert "published and in force from now" in text(publish(world, admin, draft))


def test_who_changed_anything_never_approves(world: World, admin: Client) -> None:
    draft = reworded(world, admin)
    other, third = second_admin(world), second_admin(world)
    colleague = Client()
    colleague.force_login(other)
    pk = draft.indicators.get(key="health-2-02").pk
    assert change(world, colleague, draft, "indicator", pk, label="Thirsty").status_code == 302
    assert ask(world, admin, draft).status_code == 302
    for client in (admin, colleague):
        refused = answer(world, client, draft)
        assert refused.status_code == 422
        assert "somebody else has to answer" in text(refused)
    reader = Client()
    reader.force_login(third)
    assert answer(world, reader, draft).status_code == 302
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.update(answered_by=world.person(Role.ADMIN))  # the database says so too


def test_who_brought_a_file_in_never_approves_it(world: World) -> None:
    version = actions.bring_in(
        content=approval.loading.load(world.version), partnership=world.partnership, by=world.person(Role.ADMIN), at=NOW
    )
    other = second_admin(world)
    approval.ask(version=version, holds_from=None, change_note="x", revision=version.revision, by=other, at=NOW)
    with pytest.raises(Refused, match="somebody else"):
        approval.answer(
            version=version, approves=True, reason="", revision=version.revision, by=world.person(Role.ADMIN), at=NOW
        )


def test_what_was_asked_anew_meanwhile_is_not_approved_unread(world: World, admin: Client, manager: Client) -> None:
    """The draft is the same; from when it is to hold, and what referrers are told of it, are not."""
    draft = reworded(world, admin)
    ask(world, admin, draft)
    form = manager.get(at(world, "threshold_approval", version=draft.slug)).context["form"]
    read = {"asked": form["asked"].value()}
    assert ask(world, admin, draft, change_note="Nothing of weight.").status_code == 302
    refused = answer(world, manager, draft, **read)
    assert refused.status_code == 422 and "asked for anew while you read it" in text(refused)
    unsaid = {"answer": "approve", "revision": draft.revision}
    assert manager.post(at(world, "threshold_approval", version=draft.slug), unsaid).status_code == 422
    assert approval.standing(draft) is None
    assert answer(world, manager, draft, asked=refused.context["form"]["asked"].value()).status_code == 302


def test_sent_back_with_a_reason(world: World, admin: Client, manager: Client) -> None:
    draft = reworded(world, admin)
    ask(world, admin, draft)
    refused = answer(world, manager, draft, answer="send_back")
    assert refused.status_code == 422
    assert "Say what has to change before you would approve it" in text(refused)
    assert answer(world, manager, draft, answer="send_back", reason="Say at what age.").status_code == 302
    assert "Say at what age." in text(admin.get(at(world, "threshold_draft", version=draft.slug)))
    assert "has approved this draft" in text(publish(world, admin, draft))
    assert ask(world, admin, draft).status_code == 302


def test_an_edit_after_approval_makes_it_void(world: World, admin: Client, manager: Client) -> None:
    draft = reworded(world, admin)
    agree(world, draft)
    pk = draft.indicators.get(key="health-2-02").pk
    assert change(world, admin, draft, "indicator", pk, label="Thirsty").status_code == 302
    assert "Changed since" in text(admin.get(at(world, "threshold_versions")))
    page = text(manager.get(at(world, "threshold_approval", version=draft.slug)))
    assert "no longer counts" in page
    assert "has approved this draft" in text(publish(world, admin, draft))
    draft.refresh_from_db()
    assert draft.is_draft


def test_an_answer_to_what_was_changed_meanwhile_is_no_answer(world: World, admin: Client, manager: Client) -> None:
    draft = reworded(world, admin)
    ask(world, admin, draft)
    pk = draft.indicators.get(key="health-2-02").pk
    change(world, admin, draft, "indicator", pk, label="Thirsty")
    refused = answer(world, manager, draft)
    assert refused.status_code == 422
    assert "A colleague changed this draft while you read it" in text(refused)
    stale = ask(world, admin, draft, revision=draft.revision - 1)
    assert stale.status_code == 422
    assert "A colleague changed this draft" in text(stale)
    assert "Plainer words." in text(stale)


def test_a_request_is_withdrawn(world: World, admin: Client, manager: Client) -> None:
    draft = reworded(world, admin)
    ask(world, admin, draft)
    assert admin.post(at(world, "threshold_withdraw", version=draft.slug)).status_code == 302
    assert answer(world, manager, draft).status_code == 422
    assert Approval.objects.get().answer == "withdrawn"


LATER = {"when": "later", "on_day": "1", "on_month": "4", "on_year": "2027", "time": "00:30"}


def test_published_from_a_date_and_time_in_london(
    world: World, admin: Client, manager: Client, client: Client, now: Any
) -> None:
    draft = reworded(world, admin)
    assert ask(world, admin, draft, **LATER).status_code == 302
    answer(world, manager, draft)
    assert "in force from the date that was approved" in text(publish(world, admin, draft))
    from_then = dt.datetime(2027, 3, 31, 23, 30, tzinfo=dt.UTC)
    draft.refresh_from_db()
    assert (draft.holds_from, draft.in_force_from) == (from_then, dt.date(2027, 4, 1))
    assert version_in_force(world.partnership, from_then - dt.timedelta(seconds=1)) == world.version
    assert version_in_force(world.partnership, from_then) == draft
    assert "Published, not yet in force" in text(admin.get(at(world, "threshold_versions")))
    assert client.get(at(world, "threshold")).context["version"] == world.version
    now.move_to(from_then, tick=False)
    assert client.get(at(world, "threshold")).context["version"] == draft


def test_a_date_that_has_passed_is_not_published(world: World, admin: Client, manager: Client, now: Any) -> None:
    draft = reworded(world, admin)
    ask(world, admin, draft, **LATER)
    answer(world, manager, draft)
    now.move_to(dt.datetime(2027, 4, 2, tzinfo=dt.UTC), tick=False)
    admin, manager = signed_in(world, Role.ADMIN), signed_in(world, Role.MANAGER)
    assert "The date that was approved has passed" in text(publish(world, admin, draft))
    assert ask(world, admin, draft).status_code == 302


def test_a_version_published_ahead_of_one_already_waiting_is_in_force_until_then(world: World) -> None:
    by, from_then = world.person(Role.ADMIN), dt.datetime(2027, 3, 31, 23, 30, tzinfo=dt.UTC)
    later, sooner = new_draft(world), new_draft(world)
    for draft, holds_from in ((later, from_then), (sooner, None)):
        agree(world, draft, holds_from=holds_from)
        actions.publish(version=draft, by=by, at=NOW)
        draft.refresh_from_db()
    assert (sooner.state, sooner.standing(NOW), sooner.holds_until) == ("published", "in_force", later.holds_from)
    assert [version_in_force(world.partnership, each) for each in (NOW, from_then)] == [sooner, later]
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
def test_a_request_that_cannot_be(world: World, admin: Client, given: dict[str, str], message: str) -> None:
    draft = reworded(world, admin)
    refused = ask(world, admin, draft, **given)
    assert refused.status_code == 422
    assert message in text(refused)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("typed", ["\x00", "x" * 40_000, "<script>alert(1)</script>", "9" * 5000, "{}", "-1"])
def test_hostile_forms_are_answered(world: World, admin: Client, manager: Client, typed: str) -> None:
    draft = reworded(world, admin)
    names = ("when", "on_day", "time", "change_note", "revision")
    assert admin.post(at(world, "threshold_ask", version=draft.slug), dict.fromkeys(names, typed)).status_code == 422
    ask(world, admin, draft)
    for sent in (dict.fromkeys(("answer", "reason", "revision"), typed), {"answer": "approve", "revision": typed}):
        assert manager.post(at(world, "threshold_approval", version=draft.slug), sent).status_code == 422
    assert admin.post(at(world, "threshold_publish", version=draft.slug), {"revision": typed}).status_code == 302
    assert SchemeVersion.objects.get(pk=draft.pk).is_draft


def test_publishing_twice_is_publishing_once(world: World, admin: Client) -> None:
    draft = reworded(world, admin)
    agree(world, draft)
    assert publish(world, admin, draft).status_code == 200
    assert publish(world, admin, draft).status_code == 404
    with pytest.raises(Refused, match="already published"):
        actions.publish(version=draft, by=world.person(Role.ADMIN), at=NOW)
    with pytest.raises(ChangedMeanwhile):
        actions.publish(version=new_draft(world), revision=99, by=world.person(Role.ADMIN), at=NOW)
    assert AuditEntry.objects.filter(verb="threshold.published", object_id=draft.slug).count() == 1


def test_two_versions_never_hold_from_the_same_instant(world: World) -> None:
    first, second = new_draft(world), new_draft(world)
    at_noon = NOW + dt.timedelta(hours=2)
    actions.publish(version=first, holds_from=at_noon, by=None, at=NOW)
    with pytest.raises(Refused, match="already holds from that moment"):
        actions.publish(version=second, holds_from=at_noon, by=None, at=NOW)
    second.refresh_from_db()
    assert second.is_draft


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_publish_at_once_leave_one_version_in_force(world: World) -> None:
    """Two drafts, two threads, two instants a second apart: whichever is stored first, each instant has one version."""
    drafts = [new_draft(world) for _ in range(2)]
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
