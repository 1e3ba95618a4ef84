"""Sweepers that were off, that run at once, whose clocks are wrong: each stage is told once all the same."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import OperationalError, close_old_connections, connection
from django_scopes import scope

from partnerships.audit import faults
from partnerships.models import AuditEntry
from referrals.clocks import sweep as clocks
from referrals.health import beat, look
from referrals.models import Clock, Notice
from tests.factories import NOW, World, make_referral, make_world

pytestmark = pytest.mark.both_databases
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def told(world: World) -> Counter[tuple[str, str, str]]:
    """What was told of which step to whom, how often, whichever world it is."""
    with scope(partnership=world.partnership):
        found = Notice.objects.filter(kind__startswith="clock_").select_related("to", "referral")
        roles = {person.pk: role for role, person in world.people.items()}
        return Counter((each.kind, roles[each.to_id], each.key.split(":")[2]) for each in found)


def steps(world: World) -> Counter[str]:
    with scope(partnership=world.partnership):
        return Counter(AuditEntry.objects.filter(verb__startswith="clock.").values_list("verb", flat=True))


@pytest.mark.django_db
def test_after_three_hours_without_a_sweeper_all_is_told_that_a_sweep_a_minute_would_have_told() -> None:
    watched, left = make_world("watched"), make_world("left")
    for world in (watched, left):
        for hours in (0, 1, 2.5, 23):
            make_referral(world, received_at=NOW - hours * HOUR)
    begin, end = NOW + 17 * HOUR, NOW + 20 * HOUR
    clocks.sweep(at=begin)
    assert told(watched) == told(left)
    with scope(partnership=left.partnership):
        away = list(Clock.objects.values_list("pk", "stage", "next_step_at"))
        Clock.objects.update(next_step_at=None)  # nobody sweeps here
    for minute in range(181):
        clocks.sweep(at=begin + minute * MINUTE)
    with scope(partnership=left.partnership):
        for pk, _, next_step_at in away:
            Clock.objects.filter(pk=pk).update(next_step_at=next_step_at)
    before = told(left)
    for _ in range(3):
        clocks.sweep(at=end)
    assert told(left) == told(watched) and steps(left) == steps(watched)
    assert told(left) != before, "something fell due in those hours"


@pytest.mark.django_db(transaction=True)
def test_four_sweepers_at_once_take_each_step_once() -> None:
    world = make_world()
    for _ in range(40):
        make_referral(world)
    at, taken, errors = NOW + dt.timedelta(days=30), [], []
    ready = threading.Barrier(4)

    def sweeper() -> None:
        try:
            ready.wait()
            taken.append(clocks.sweep(at=at))
        except Exception as error:
            errors.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=sweeper) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clocks.sweep(at=at)
    assert not errors
    with scope(partnership=world.partnership):
        count = Clock.objects.count()
        assert not Clock.objects.filter(next_step_at__isnull=False).exists()
        assert not list(faults(world.partnership))
    assert steps(world) == {"clock.due_soon": count, "clock.overdue": count, "clock.to_the_manager": count}
    assert sum(each.due_soon for each in taken) <= count


@pytest.mark.django_db
def test_a_sweeper_whose_clock_is_wrong_tells_early_or_late_and_never_twice() -> None:
    world = make_world()
    referral = make_referral(world)
    right = NOW + 24 * HOUR
    for skew in (10, -10, 0, 10, -10):  # minutes: two machines, one ahead and one behind, and one that is right
        clocks.sweep(at=right + skew * MINUTE)
        with scope(partnership=world.partnership):
            assert Clock.objects.get(referral=referral, slug="decide").stage == Clock.Stage.OVERDUE, "never back"
    assert all(times == 1 for times in told(world).values())
    assert steps(world)["clock.overdue"] == 1


@pytest.mark.django_db
def test_children_in_danger_come_first_wherever_they_are_and_a_sweep_ends_in_its_time(monkeypatch: Any) -> None:
    long_since, others = make_world("longsince"), make_world("others")
    for _ in range(3):
        make_referral(long_since, received_at=NOW - 30 * HOUR)
    make_referral(others, received_at=NOW)
    urgent = make_referral(others, received_at=NOW, facts={"immediate_danger": True})
    monkeypatch.setattr(clocks, "BATCH", 1)
    monkeypatch.setattr(clocks, "LONGEST", -1.0)
    assert clocks.sweep(at=NOW + 20 * HOUR).due_soon == 1
    with scope(partnership=others.partnership):
        moved = Clock.objects.exclude(stage=Clock.Stage.RUNNING)
        assert [clock.referral for clock in moved] == [urgent]
    monkeypatch.setattr(clocks, "LONGEST", 40.0)
    clocks.sweep(at=NOW + 20 * HOUR)
    with scope(partnership=long_since.partnership):
        assert Clock.objects.filter(slug="decide", stage=Clock.Stage.OVERDUE).count() == 3, "the next goes on with it"


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_is_cut_off_keeps_what_it_did_and_the_next_does_the_rest(monkeypatch: Any) -> None:
    world, real, written = make_world(), clocks.audit.record_all, []
    for _ in range(3):
        make_referral(world)

    def record_all(**told: Any) -> Any:
        written.append(told)
        if len(written) == 3:
            raise OperationalError("terminating connection due to administrator command")
        return real(**told)

    monkeypatch.setattr(clocks, "BATCH", 2)
    monkeypatch.setattr(clocks.audit, "record_all", record_all)
    at = NOW + dt.timedelta(days=30)
    with pytest.raises(OperationalError):
        clocks.sweep(at=at)
    assert sum(steps(world).values()) == 4, "two batches stand, and nothing of the third"
    clocks.sweep(at=at)
    count = 9
    assert steps(world) == {"clock.due_soon": count, "clock.overdue": count, "clock.to_the_manager": count}
    with scope(partnership=world.partnership):
        keys = list(Notice.objects.values_list("key", flat=True))
        assert len(keys) == len(set(keys)) and not list(faults(world.partnership))


@pytest.mark.django_db
def test_operations_see_that_a_machine_is_ahead(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "broker").mkdir()
    settings.VAR_DIR, settings.REDIS_URL = tmp_path, ""
    beat("sweep", at=NOW + 10 * MINUTE)
    beat("deliver", at=NOW)
    assert look(at=NOW).faults == ("The sweep loop runs on a machine whose clock is ahead.",)
