"""Who refers again under another threshold reads what changed; nobody else is told of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from partnerships.permissions import Role
from referrals.models import Referral
from tests.factories import NOW, World, make_draft, make_person, make_referral, make_world
from tests.integration.thresholds.editing import at, new_draft, signed_in, text
from thresholds import actions
from thresholds.models import SchemeVersion

pytestmark = pytest.mark.django_db
TITLE = "This changed since you last referred"


@pytest.fixture
def world(time_machine: Any) -> World:
    time_machine.move_to(NOW, tick=False)
    return make_world()


def publish(world: World, days_ago: int, note: str) -> None:
    when = NOW - dt.timedelta(days=days_ago)
    actions.publish(version=new_draft(world), holds_from=when, change_note=note, by=None, at=when)


def test_what_changed_since_is_read_before_the_form_and_at_the_indicators(world: World) -> None:
    client, before = signed_in(world, Role.PRACTITIONER), at(world, "refer_before")
    publish(world, 40, "An older change.")
    assert TITLE not in text(client.get(before))  # who never referred has nothing to compare with
    make_referral(world, received_at=NOW - dt.timedelta(days=50))
    page = text(client.get(before))
    assert "You last referred here on 5 October 2026" in page
    assert "An older change." in page
    publish(world, 3, "Hunger in plain words.")
    publish(world, 2, "")
    page = text(client.get(before))
    assert page.index("Hunger in plain words.") < page.index("An older change.")
    draft = make_draft(world)
    indicators = text(client.get(f"{at(world, 'refer_tasks', draft_id=draft.pk)}child/1/indicators/"))
    assert TITLE in indicators
    assert "Hunger in plain words." in indicators


def test_a_referral_under_the_version_in_force_ends_the_note(world: World) -> None:
    client, before = signed_in(world, Role.PRACTITIONER), at(world, "refer_before")
    make_referral(world, received_at=NOW - dt.timedelta(days=50))
    publish(world, 3, "Hunger in plain words.")
    assert TITLE in text(client.get(before))
    newest = make_referral(world, received_at=NOW - dt.timedelta(days=1))
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=newest.pk).update(
            scheme_version=SchemeVersion.objects.of(world.partnership).in_force(NOW).get()
        )
    assert TITLE not in text(client.get(before))
    other = Client()
    other.force_login(make_person(world, Role.PRACTITIONER, agency=world.school))
    assert TITLE not in text(other.get(before))
