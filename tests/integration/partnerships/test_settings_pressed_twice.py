"""A setting that is pressed twice at once is done once, or says what became of it: never a failure."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from partnerships.actions import Refused
from partnerships.models import Agency, AuditEntry, ContactPoint, Invitation, Team
from partnerships.permissions import Role
from partnerships.setup import actions
from referrals.models import Absence, Notice
from referrals.triage import assigning
from tests.factories import NOW, World, make_invitation, make_person, make_world, sign_in
from thresholds import actions as versions
from thresholds.editing import actions as editing
from thresholds.editing import views as editing_views
from thresholds.models import SchemeVersion


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


def at_once(world: World, do: Callable[[], Any], times: int = 4) -> list[Any]:
    """What each of these presses gave or raised."""
    together, said = threading.Barrier(times), []

    def press() -> None:
        try:
            together.wait(10)
            with scope(partnership=world.partnership):
                said.append(do())
        except Exception as error:  # what a thread raises is told by the test
            said.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(times)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return said


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_draft_is_made_once() -> None:
    world = make_world()
    admin = world.person(Role.ADMIN)
    shown = world.version.pk
    made = at_once(world, lambda: versions.draft_from(version=world.version, shown=shown, by=admin, at=NOW).pk)
    assert len(made) == 4 and len(set(made)) == 1, made
    draft = SchemeVersion.objects.get(state="draft")
    page = sign_in(admin).get(reverse("threshold_versions", kwargs={"partnership": world.partnership.slug}))
    assert f'name="shown" value="{draft.pk}"' in page.content.decode()
    again = versions.draft_from(version=world.version, shown=draft.pk, by=admin, at=NOW)
    assert again.slug != draft.slug, "another press, on a page that showed the first one"
    for each in SchemeVersion.objects.filter(state="draft"):
        versions.publish(version=each, holds_from=NOW + dt.timedelta(days=each.pk), by=None, at=NOW)
    later = versions.draft_from(version=world.version, shown=shown, by=admin, at=NOW)
    assert later.is_draft, "on an old page, when what was made there is published"


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_an_absence_is_said_once() -> None:
    world = make_world()
    sam, mo, until = world.person(Role.SCREENER), world.person(Role.MANAGER), NOW + dt.timedelta(days=3)
    said = at_once(
        world,
        lambda: (
            assigning.mark_absent(partnership=world.partnership, user=sam, until=until, cover=None, by=mo, at=NOW)[0].pk
        ),
    )
    assert len(said) == 4 and len(set(said)) == 1, said
    with scopes_disabled():
        assert Absence.objects.count() == 1 and Notice.objects.filter(kind="absent", to=sam).count() == 1
    assert AuditEntry.objects.filter(verb="absence.marked").count() == 1


def test_who_says_an_absence_again_reads_that_it_stands(world: World) -> None:
    sam = world.person(Role.SCREENER)
    client, there = sign_in(sam), reverse("absences", kwargs={"partnership": world.partnership.slug})
    back = (timezone.now() + dt.timedelta(days=3)).date()
    typed = {"who": str(sam.pk), "cover": ""}
    typed |= {"back_on_day": str(back.day), "back_on_month": str(back.month), "back_on_year": str(back.year)}
    assert "is away: 0 went to the cover" in client.post(there, typed, follow=True).content.decode()
    assert "you said so a moment ago" in client.post(there, typed, follow=True).content.decode()
    assert Absence.objects.count() == 1


def test_an_agency_and_a_team_are_taken_out_once(world: World) -> None:
    admin = world.person(Role.ADMIN)
    west = actions.add_team(
        partnership=world.partnership,
        told={"name": "West", "kind": "early_help", "address": "", "email": "", "telephone": "", "is_default": False},
        postcodes=[],
        by=admin,
        at=NOW,
    )
    make_person(world, Role.PRACTITIONER, agency=world.practice)
    for model, pk, how in ((Team, west.pk, "deleted"), (Agency, world.practice.pk, "retired")):
        first, second = (model.objects.get(pk=pk) for _ in range(2))
        assert [actions.take_out(row=row, by=admin, at=NOW) for row in (first, second)] == [how, how]
        assert AuditEntry.objects.filter(verb=f"{model.__name__.lower()}.{how}").count() == 1
    with pytest.raises(Refused, match="was deleted meanwhile"):
        actions.change_team(team=west, changes={"name": "West", "is_default": False}, postcodes=[], by=admin, at=NOW)
    again = Agency.objects.get(pk=world.practice.pk)
    for _ in range(2):
        actions.restore(row=again, by=admin, at=NOW)
    assert AuditEntry.objects.filter(verb="agency.restored").count() == 1


def test_take_it_out_of_use_pressed_again_does_not_take_it_into_use(world: World) -> None:
    make_person(world, Role.PRACTITIONER, agency=world.practice)
    client = sign_in(world.person(Role.ADMIN))
    where = {"partnership": world.partnership.slug, "agency": world.practice.slug}
    assert 'name="what" value="take_out"' in client.get(reverse("agency_edit", kwargs=where)).content.decode()
    for _ in range(2):
        client.post(reverse("agency_take_out", kwargs=where), {"what": "take_out"})
        assert Agency.objects.get(pk=world.practice.pk).retired_at is not None
    client.post(reverse("agency_take_out", kwargs=where), {"what": "restore"})
    assert Agency.objects.get(pk=world.practice.pk).retired_at is None


def test_a_contact_point_that_is_gone_is_neither_deleted_nor_moved_again(world: World) -> None:
    admin = world.person(Role.ADMIN)
    point = ContactPoint.objects.create(partnership=world.partnership, kind="lado", name="The LADO", order=9)
    again = ContactPoint.objects.get(pk=point.pk)
    for row in (point, again):
        actions.remove_contact_point(point=row, by=admin, at=NOW)
    actions.move_contact_point_up(point=again, by=admin, at=NOW)
    assert AuditEntry.objects.filter(verb="contactpoint.deleted").count() == 1


def test_a_draft_that_was_discarded_meanwhile_is_told_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = world.person(Role.ADMIN)
    draft = versions.draft_from(version=world.version, by=admin, at=NOW)
    as_read = SchemeVersion.objects.get(pk=draft.pk)
    editing.discard(draft=draft, revision=0, by=admin, at=NOW)
    monkeypatch.setattr(editing_views, "draft_of", lambda partnership, version: as_read)
    where = {"partnership": world.partnership.slug, "version": as_read.slug}
    answer = sign_in(admin).post(reverse("threshold_discard", kwargs=where), {"revision": "0"}, follow=True)
    assert answer.status_code == 200 and "There is nothing left of it to discard." in answer.content.decode()


def test_an_agency_that_is_taken_out_takes_its_open_invitations_back(world: World) -> None:
    admin, lead = world.person(Role.ADMIN), world.person(Role.SAFEGUARDING_LEAD)
    invited = make_invitation(world)
    Invitation.objects.update(invited_by=lead)
    make_person(world, Role.PRACTITIONER, agency=world.school)
    for _ in range(2):
        actions.take_out(row=Agency.objects.get(pk=world.school.pk), by=admin, at=NOW)
    invited.refresh_from_db()
    assert (invited.withdrawn_at, invited.withdrawn_by) == (NOW, admin)
    told = Notice.objects.get(kind="invitation-ended")
    assert told.to == lead and f"Your invitation of {invited.name} was taken back" in told.body
    assert AuditEntry.objects.filter(verb="invitation.withdrawn").count() == 1
