"""Clocks are swept and notices delivered, each exactly once, whatever dies in between."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django_scopes import scope

from partnerships.permissions import Role
from referrals import outbox, post
from referrals.clocks import sweep as clocks
from referrals.clocks.actions import meet_clock, start_clocks
from referrals.models import Clock, Heartbeat, Notice
from tests.factories import NOW, make_referral, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def world():
    return make_world()


def hours(n: float) -> dt.timedelta:
    return dt.timedelta(hours=n)


def test_a_referral_starts_the_clocks_of_its_own_threshold(world):
    referral = make_referral(world)
    with scope(partnership=world.partnership):
        due = {clock.slug: clock.due_at for clock in referral.clocks.all()}
    assert due == {
        "decide": NOW + hours(24),
        "acknowledge": dt.datetime(2026, 11, 25, 23, 59, 59, tzinfo=dt.UTC),
        "outcome_in_writing": dt.datetime(2026, 12, 1, 23, 59, 59, tzinfo=dt.UTC),
    }
    assert referral.next_due_at == NOW + hours(24)


def test_the_allegation_clock_runs_only_where_the_referral_carries_that_flag(world):
    referral = make_referral(world, indicators=("family-4-01",))
    with scope(partnership=world.partnership):
        assert referral.clocks.filter(slug="lado").exists()


def test_a_call_before_the_form_starts_the_written_form_clock_and_sending_meets_it(world):
    referral = make_referral(world)
    called = NOW - hours(30)
    with scope(partnership=world.partnership):
        referral.clocks.all().delete()
        start_clocks(referral=referral, starts={"received": NOW, "called": called}, by=None, at=NOW)
        clock = referral.clocks.get(slug="written_form")
    assert (clock.due_at, clock.met_at, clock.stage) == (called + hours(24), NOW, Clock.Stage.MET)


def test_each_step_is_told_once_to_the_team_and_the_manager_hears_when_it_is_overdue(world):
    referral = make_referral(world)
    screener, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    for _ in range(3):
        clocks.sweep(at=NOW + hours(19))
    with scope(partnership=world.partnership):
        told = set(Notice.objects.values_list("kind", "to__email"))
        assert told == {("clock_due_soon", screener.email)}
        clocks.sweep(at=NOW + hours(25))
        clocks.sweep(at=NOW + hours(26))
        overdue = Notice.objects.filter(kind="clock_overdue")
        assert {notice.to for notice in overdue} == {screener, manager}
        assert overdue.count() == 2
        assert referral.clocks.get(slug="decide").stage == Clock.Stage.OVERDUE


def test_after_an_outage_both_steps_are_taken_in_one_sweep_each_told_once(world):
    make_referral(world)
    swept = clocks.sweep(at=NOW + dt.timedelta(days=30))
    assert (swept.due_soon, swept.overdue) == (3, 3)
    assert clocks.sweep(at=NOW + dt.timedelta(days=31)) == clocks.Swept(0, 0)
    assert Heartbeat.objects.get(name="sweep").beat_at == NOW + dt.timedelta(days=31)


def test_a_clock_that_was_met_is_never_due_again(world):
    referral = make_referral(world)
    with scope(partnership=world.partnership):
        assert meet_clock(referral=referral, slug="decide", by=None, at=NOW + hours(2))
        assert not meet_clock(referral=referral, slug="decide", by=None, at=NOW + hours(3))
        assert referral.clocks.get(slug="decide").met_at == NOW + hours(2)
    clocks.sweep(at=NOW + hours(25))
    with scope(partnership=world.partnership):
        assert referral.clocks.get(slug="decide").stage == Clock.Stage.MET
        assert referral.next_due_at == dt.datetime(2026, 11, 25, 23, 59, 59, tzinfo=dt.UTC)


def test_two_sweeps_over_the_same_clock_move_it_once(world):
    referral = make_referral(world)
    with scope(partnership=world.partnership):
        clock = referral.clocks.get(slug="decide")
        same = referral.clocks.select_related("referral__team", "partnership").get(slug="decide")
        assert clocks.step(clock, at=NOW + hours(19)) == Clock.Stage.DUE_SOON
        assert clocks.step(same, at=NOW + hours(19)) is None


def test_one_clock_that_can_not_be_moved_does_not_hold_up_the_others(world, monkeypatch):
    broken, sound = make_referral(world), make_referral(world)
    real = clocks.told_of

    def fails_for_one(referral, stage, known):
        if referral.pk == broken.pk:
            raise RuntimeError("poisoned")
        return real(referral, stage, known)

    monkeypatch.setattr(clocks, "told_of", fails_for_one)
    clocks.sweep(at=NOW + hours(25))
    with scope(partnership=world.partnership):
        assert sound.clocks.get(slug="decide").stage == Clock.Stage.OVERDUE
        assert broken.clocks.get(slug="decide").stage == Clock.Stage.RUNNING


def tell(world, key: str, to=None):
    return outbox.tell(
        partnership=world.partnership,
        referral=None,
        kind="test",
        to=to or world.person(Role.SCREENER),
        key=key,
        subject="Front Door: something to read",
        body="Sign in to read it.",
        at=NOW,
    )


def test_the_same_thing_is_told_once(world):
    with scope(partnership=world.partnership):
        assert tell(world, "a") is not None
        assert tell(world, "a") is None
    outbox.deliver_due(at=NOW)
    outbox.deliver_due(at=NOW)
    assert [message.to for message in mail.outbox] == [[world.person(Role.SCREENER).email]]


def test_a_worker_that_died_with_a_notice_leaves_it_to_the_next_after_its_lease(world):
    with scope(partnership=world.partnership):
        notice = tell(world, "a")
        assert outbox.take(notice, NOW)
        assert not outbox.take(notice, NOW)
    assert outbox.deliver_due(at=NOW + dt.timedelta(minutes=1)).sent == 0
    assert outbox.deliver_due(at=NOW + outbox.LEASE + dt.timedelta(seconds=1)).sent == 1


def test_a_mail_system_that_fails_is_tried_again_later_and_given_up_at_last(world, monkeypatch):
    class Down(BaseEmailBackend):
        def send_messages(self, messages):
            raise ConnectionRefusedError

    with scope(partnership=world.partnership):
        notice = tell(world, "a")
    monkeypatch.setattr(post, "get_connection", Down)
    at = NOW
    for attempt in range(outbox.MOST_ATTEMPTS):
        assert outbox.deliver_due(at=at).failed == 1, attempt
        assert outbox.deliver_due(at=at).failed == 0, "not again before its time"
        at += dt.timedelta(days=1)
    with scope(partnership=world.partnership):
        notice.refresh_from_db()
        assert (notice.state, notice.last_error) == (Notice.State.DEAD, "ConnectionRefusedError")


def test_a_broker_that_is_away_is_no_error_for_the_person_who_sends(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    from referrals import tasks

    def away(**kwargs):
        raise ConnectionError

    monkeypatch.setattr(tasks.deliver, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True), scope(partnership=world.partnership):
        tell(world, "a")
    assert outbox.deliver_due(at=NOW).sent == 1


def test_no_notice_names_the_child(world):
    make_referral(world, child={"first_name": "Zephyrine", "last_name": "Quillfeather"})
    clocks.sweep(at=NOW + dt.timedelta(days=30))
    outbox.deliver_due(at=NOW + dt.timedelta(days=30))
    assert len(mail.outbox) == 9
    for message in mail.outbox:
        assert "Zephyrine" not in message.message().as_string()
        assert "Quillfeather" not in message.message().as_string()


def test_medways_promise_to_tell_the_decision_within_a_working_day_runs_and_is_met_by_deciding(db):
    from pathlib import Path

    import yaml

    from referrals.domain.lifecycle import Outcome
    from referrals.triage.actions import claim, decide

    fixture = Path(__file__).parents[3] / "fixtures" / "medway-2024.yaml"
    world = make_world("medway", content=yaml.safe_load(fixture.read_text()))
    referral = make_referral(world, indicators=("child-developmental-needs-3-14",))
    screener = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        told = referral.clocks.get(slug="decision_told")
        assert told.due_at == dt.datetime(2026, 11, 25, 23, 59, 59, tzinfo=dt.UTC)
        referral = claim(referral=referral, by=screener, at=NOW)
        decide(
            referral=referral,
            decided_level=3,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="An injury nobody explains.",
            told_referrer="We meet today.",
            revision=referral.revision,
            by=screener,
            at=NOW + hours(3),
        )
        told.refresh_from_db()
        assert told.met_at == NOW + hours(3)


def test_the_loop_goes_on_after_a_round_that_failed(world, monkeypatch):
    from django.core.management import call_command
    from django.db import OperationalError

    from referrals.management.commands import sweep as command

    with scope(partnership=world.partnership):
        notice = tell(world, "a")
    real, rounds = command.sweep_all, []

    def away_at_first(**kwargs):
        rounds.append(1)
        if len(rounds) == 1:
            raise OperationalError("the database system is starting up")
        return real(**kwargs)

    class EnoughRounds(Exception):
        pass

    def slept(seconds):
        if len(rounds) == 2:
            raise EnoughRounds

    monkeypatch.setattr(command, "sweep_all", away_at_first)
    monkeypatch.setattr(command, "time", SimpleNamespace(sleep=slept))  # this loop's alone, and no other thread's
    with pytest.raises(EnoughRounds):
        call_command("sweep", "--loop")
    with scope(partnership=world.partnership):
        notice.refresh_from_db()
    assert notice.state == Notice.State.SENT
    with pytest.raises(OperationalError):
        rounds.clear()
        call_command("sweep")
