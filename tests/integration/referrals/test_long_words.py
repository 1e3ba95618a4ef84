"""What a form takes fits where it is kept, also where it is joined with more, or written as it stands in an address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django_scopes import scope

from partnerships.models import User
from partnerships.permissions import Role
from referrals.disagreement import actions as disagreeing
from referrals.domain.lifecycle import Outcome
from referrals.letters import writing
from referrals.models import Arrival, Clock, DisagreementStage, Letter, Referral, SavedView, Transfer
from referrals.transfer.bundle import signed
from referrals.triage import actions, saving
from tests.factories import NOW, World, make_referral, make_world, sign_in
from thresholds.domain.scheme import EscalationStage as Stage
from thresholds.models import EscalationStage, Limit

pytestmark = pytest.mark.usefixtures("a_morning")

FOUR_BYTES = "\U0001d504"


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


def room(model: type[Any], name: str) -> int:
    """How many letters a column holds."""
    return model._meta.get_field(name).max_length or 10**9


def test_a_view_whose_filter_is_long_in_an_address_is_kept_and_opened(world: World) -> None:
    sam = world.person(Role.SCREENER)
    client, where = sign_in(sam), {"partnership": world.partnership.slug, "team": "mash"}
    asked = urlencode({"agency": FOUR_BYTES * 80, "seen": "yes", "owner": str(sam.pk)})
    there = f"{reverse('queue_filter', kwargs=where)}?{asked}"
    assert client.post(there, {"name": FOUR_BYTES * 60, "shared": "no"}).status_code == 302
    kept = SavedView.objects.get()
    assert len(kept.query) > 960 and kept.query.isascii()
    chosen = saving.filter_of(kept)
    assert (chosen.agency, chosen.owner, chosen.seen) == (FOUR_BYTES * 80, sam.pk, True)
    assert client.get(f"{reverse('queue_team', kwargs=where)}?{kept.query}").status_code == 200


def test_who_signs_with_the_longest_name_job_and_telephone_fits_where_they_are_known_elsewhere() -> None:
    person = User(**{name: FOUR_BYTES * room(User, name) for name in ("name", "job_title", "telephone")})
    for model, name in ((Arrival, "sent_by"), (Transfer, "received_by"), (Transfer, "returned_by")):
        assert len(signed(person)) <= room(model, name), (model, name)
    assert len(disagreeing.person_words(person)) <= room(DisagreementStage, "for_them")


def test_what_a_scheme_calls_a_thing_fits_where_it_is_copied_to() -> None:
    assert room(EscalationStage, "name") <= room(DisagreementStage, "name")
    assert room(Limit, "slug") + len("_again_9999") <= room(Clock, "slug")


def test_the_longest_name_of_a_stage_is_a_stage_of_a_disagreement(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Stage(1, FOUR_BYTES * room(EscalationStage, "name"), "", None, "x")
    monkeypatch.setattr(disagreeing, "stages_of", lambda scheme: (long,))
    sam, tess = world.person(Role.SCREENER), world.person(Role.PRACTITIONER)
    row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    said: dict[str, Any] = {"decided_level": 4, "reason": "x", "told_referrer": "y", "revision": row.revision}
    actions.decide(referral=row, outcome=Outcome.STRATEGY_DISCUSSION, **said, by=sam, at=NOW)
    disagreeing.raise_disagreement(referral=Referral.objects.get(pk=row.pk), words="No.", by=tess, at=NOW)
    assert DisagreementStage.objects.get().name == long.name


def test_a_letters_subject_has_room_for_what_its_places_are_filled_with(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam, long = world.person(Role.SCREENER), FOUR_BYTES * 900
    _, body, version = writing.in_force(world.partnership, Letter.Kind.ACKNOWLEDGEMENT)
    monkeypatch.setattr(writing, "in_force", lambda partnership, kind: (long, body, version))
    row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    actions.acknowledge(referral=row, words="", by=sam, at=NOW)
    assert Letter.objects.get().subject == long
