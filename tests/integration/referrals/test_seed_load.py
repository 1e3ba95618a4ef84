"""The synthetic referrals are rows like any other: what wrote them past the actions left nothing out."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_scopes import scopes_disabled

from partnerships.permissions import Role
from referrals.management.commands.seed_load import WRITTEN
from referrals.models import Child, ChosenIndicator, Clock, Decision, Referral
from tests.factories import make_world
from thresholds.domain.screening import read_facts, screen, write_screening
from thresholds.loading import load

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NUMBER = 60


def test_they_read_as_if_they_had_been_sent(settings) -> None:
    settings.DEMO = True
    world = make_world("loadshire")
    call_command("seed_load", referrals=NUMBER, verbosity=0)
    with scopes_disabled():
        rows = list(Referral.objects.select_related("team", "agency").order_by("pk"))
        children = list(Child.objects.all())
        assert len(rows) == NUMBER
        assert {row.referrer_details["name"] for row in rows} <= {
            world.person(Role.PRACTITIONER).name,
            world.person(Role.SAFEGUARDING_LEAD).name,
        }
        assert all(row.received_at <= timezone.now() and row.team.partnership_id == row.partnership_id for row in rows)
        assert {child.referral_id for child in children} == {row.pk for row in rows}
        assert Clock.objects.count() == NUMBER * 3
        decided = [row for row in rows if row.decided_at]
        assert Decision.objects.count() == len(decided) < NUMBER + 1
        scheme = load(world.version)
        for child in children[:20]:
            chosen = ChosenIndicator.objects.filter(child=child).values_list("indicator__key", flat=True)
            assert sorted(chosen) == sorted(child.facts["indicators"])
            again = write_screening(screen(scheme, read_facts(child.facts)))
            assert again["indicated_level"] == child.indicated_level


def test_the_same_seed_twice_is_said_in_one_line(settings) -> None:
    settings.DEMO = True
    make_world("loadshire")
    call_command("seed_load", referrals=3, seed=9, verbosity=0)
    with pytest.raises(CommandError, match="another --seed"):
        call_command("seed_load", referrals=3, seed=9, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_a_second_thread_leaves_no_key_without_its_row(settings) -> None:
    """On PostgreSQL batches go by a second connection that asks for no key: each must be there all the same."""
    settings.DEMO = True
    make_world("loadshire")
    call_command("seed_load", referrals=NUMBER, verbosity=0)
    with scopes_disabled():
        assert Referral.objects.count() == NUMBER
        for model in WRITTEN:
            for field in model._meta.concrete_fields:
                if field.many_to_one or field.one_to_one:
                    told = model.objects.exclude(**{f"{field.name}_id": None}).values(f"{field.name}_id")
                    there = field.related_model._base_manager.values("pk")
                    assert not told.exclude(**{f"{field.name}_id__in": there}).exists(), (model, field.name)
