"""One clock outside the scheme's limits; pauses; why something was late; who hears, and in which order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope

from partnerships.permissions import Role
from referrals import watch
from referrals.additions import actions as additions
from referrals.clocks import calendar_actions, pausing
from referrals.clocks import sweep as clocks
from referrals.clocks.actions import meet_clock, say_why_late, start_clock, start_limit
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome
from referrals.models import Ask, Clock, ClockPause, Event, LateReason, Notice, Referral
from referrals.reports.queries import Timeliness, by_clock
from referrals.triage import actions as triage
from tests import schemes
from tests.factories import NOW, World, make_check, make_person, make_referral, make_world, sign
from thresholds.domain.scheme import Limit, Starts, Unit

pytestmark = pytest.mark.django_db
FRIDAY = dt.date(2026, 11, 27)
THREE_DAYS = Limit("check", "Check", 3, Unit.WORKING_DAYS, Starts.RAISED, "")


@pytest.fixture
def world() -> Any:
    made = make_world()
    with scope(partnership=made.partnership):
        yield made


def hours(n: float) -> dt.timedelta:
    return dt.timedelta(hours=n)


def fresh(clock: Clock) -> Clock:
    return Clock.objects.get(pk=clock.pk)


def test_several_clocks_of_a_kind_run_on_one_referral_and_the_first_answer_counts(world: World) -> None:
    referral = make_referral(world)
    school = start_clock(referral=referral, slug="check", name="School", subject="a", limit=THREE_DAYS, at=NOW)
    police = start_clock(referral=referral, slug="check", name="Police", subject="b", due_at=NOW + hours(2), at=NOW)
    again = start_clock(referral=referral, slug="check", name="Police", subject="b", due_at=NOW + hours(9), at=NOW)
    assert again.pk == police.pk and again.due_at == NOW + hours(2)
    assert school.due_at == dt.datetime(2026, 11, 27, 23, 59, 59, tzinfo=dt.UTC)
    assert referral.next_due_at == NOW + hours(2)
    assert not meet_clock(referral=referral, slug="check", by=None, at=NOW), "no clock of that kind without a subject"
    assert meet_clock(referral=referral, slug="check", subject="b", by=None, at=NOW + hours(1))
    assert fresh(school).met_at is None
    with pytest.raises(ValueError, match="an instant or a limit"):
        start_clock(referral=referral, slug="check", name="Nothing", at=NOW)


def test_a_limit_of_the_scheme_starts_when_its_time_has_come(world: World) -> None:
    referral = make_referral(world)
    stage = start_limit(referral=referral, slug="escalation_stage", subject="1", at=NOW)
    assert stage is not None
    assert start_limit(referral=referral, slug="no_such_limit", at=NOW) is None


def test_a_closure_day_moves_a_clock_of_its_own_limit_and_leaves_an_agreed_instant(world: World) -> None:
    referral = make_referral(world)
    counted = start_clock(referral=referral, slug="check", name="School", subject="a", limit=THREE_DAYS, at=NOW)
    agreed = start_clock(referral=referral, slug="check", name="P", subject="b", due_at=NOW + hours(50), at=NOW)
    calendar_actions.add_closure_day(
        partnership=world.partnership, on=dt.date(2026, 11, 26), reason="Snow", by=world.person(Role.ADMIN), at=NOW
    )
    assert fresh(counted).due_at == dt.datetime(2026, 11, 30, 23, 59, 59, tzinfo=dt.UTC)
    assert fresh(counted).first_due_at == dt.datetime(2026, 11, 27, 23, 59, 59, tzinfo=dt.UTC)
    assert fresh(agreed).due_at == NOW + hours(50)


def test_the_owner_hears_first_then_the_team_then_the_managers_each_once(world: World) -> None:
    referral = make_referral(world)
    owner, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    colleague = make_person(world, Role.SCREENER, team=world.mash)
    Referral.objects.filter(pk=referral.pk).update(owner=owner)
    start_clock(referral=referral, slug="check", name="School", due_at=NOW + hours(8), at=NOW)

    def told(at: dt.datetime) -> set[tuple[str, str]]:
        before = set(Notice.objects.values_list("pk", flat=True))
        for _ in range(3):
            clocks.sweep(at=at)
        return {(each.kind, each.to.email) for each in Notice.objects.exclude(pk__in=before).select_related("to")}

    assert told(NOW + hours(6)) == {("clock_due_soon", owner.email)}
    assert told(NOW + hours(8)) == {("clock_overdue", owner.email), ("clock_overdue", colleague.email)}
    assert told(NOW + hours(8.9)) == set()
    assert told(NOW + hours(9)) == {("clock_overdue", manager.email)}
    assert told(NOW + hours(10)) == set()


def test_where_a_child_is_in_danger_the_managers_hear_at_once(world: World) -> None:
    referral = make_referral(world, facts={"immediate_danger": True})
    start_clock(referral=referral, slug="check", name="School", due_at=NOW + hours(1), at=NOW)
    clocks.sweep(at=NOW + hours(1))
    assert Notice.objects.filter(kind="clock_overdue", to=world.person(Role.MANAGER)).count() == 1


def test_a_paused_clock_warns_nobody_and_runs_on_with_what_it_had_left(world: World) -> None:
    referral, manager = make_referral(world), world.person(Role.MANAGER)
    decide = referral.clocks.get(slug="decide")
    with pytest.raises(pausing.Refused, match="Say why"):
        pausing.pause(clock=decide, reason="  ", until=FRIDAY, by=manager, at=NOW + hours(4))
    pausing.pause(clock=decide, reason="The family asked for a day.", until=FRIDAY, by=manager, at=NOW + hours(4))
    assert Referral.objects.get(pk=referral.pk).next_due_at > NOW + hours(24), "what stands still is not due next"
    clocks.sweep(at=NOW + hours(26))
    assert not Notice.objects.filter(kind="clock_overdue").exists()
    assert not fresh(decide).is_late(NOW + hours(26))
    pausing.resume(clock=decide, by=manager, at=NOW + hours(30))
    again = fresh(decide)
    assert (again.due_at, again.first_due_at, again.paused_at) == (NOW + hours(50), NOW + hours(24), None)
    clocks.sweep(at=NOW + hours(50))
    assert Notice.objects.filter(key__startswith=f"clock:{decide.pk}:overdue").count() == 1
    assert [each.kind for each in Event.objects.filter(referral=referral)] == ["clock_paused", "clock_resumed"]
    with pytest.raises(pausing.Refused, match="overdue"):
        pausing.pause(clock=again, reason="Too late", until=FRIDAY, by=manager, at=NOW + hours(51))


def test_a_pause_ends_on_its_day_and_those_who_have_it_hear(world: World) -> None:
    referral, manager, sam = make_referral(world), world.person(Role.MANAGER), world.person(Role.SCREENER)
    Referral.objects.filter(pk=referral.pk).update(owner=sam)
    for clock in referral.clocks.all():
        pausing.pause(clock=clock, reason="The police asked.", until=FRIDAY, by=manager, at=NOW + hours(4))
    assert Referral.objects.get(pk=referral.pk).next_due_at is None
    watch.sweep(at=dt.datetime(2026, 11, 26, 23, 59, tzinfo=dt.UTC))
    assert not referral.clocks.counting().exists()
    for _ in range(2):
        watch.sweep(at=dt.datetime(2026, 11, 27, 2, tzinfo=dt.UTC))
    decide = referral.clocks.get(slug="decide")
    assert decide.paused_at is None
    assert decide.due_at == dt.datetime(2026, 11, 27, tzinfo=dt.UTC) + hours(20), (
        "what it had left, from the day's start"
    )
    told = Notice.objects.filter(kind="clock_runs_on", key__startswith="clock_runs_on")
    assert {each.to for each in told} == {manager, sam}
    assert told.count() == 2 * referral.clocks.count()
    assert all("Robin" not in each.body and "police" not in each.body for each in told)
    assert Event.objects.filter(referral=referral, kind="clock_resumed", by=None).count() == referral.clocks.count()


def test_no_pause_is_without_an_end(world: World) -> None:
    clock, manager = make_referral(world).clocks.get(slug="decide"), world.person(Role.MANAGER)
    for until in (NOW.date(), dt.date(2026, 12, 9), dt.date(2999, 1, 1)):
        with pytest.raises(pausing.Refused, match="until 8 December 2026 at the latest, and until tomorrow at least"):
            pausing.pause(clock=clock, reason="Wait.", until=until, by=manager, at=NOW)
    pausing.pause(clock=clock, reason="Wait.", until=dt.date(2026, 12, 8), by=manager, at=NOW)
    ClockPause.objects.update(until_at=None)
    pausing.run_on(at=NOW + dt.timedelta(days=13))
    assert fresh(clock).paused_at == NOW, "one that was paused before pauses had an end has its time too"
    pausing.run_on(at=NOW + dt.timedelta(days=14))
    assert fresh(clock).paused_at is None


def test_danger_that_is_told_ends_every_pause_of_its_referral(world: World) -> None:
    row, manager = make_referral(world), world.person(Role.MANAGER)
    for clock in Clock.objects.filter(referral=row).unmet():
        pausing.pause(clock=clock, reason="The family is away.", until=FRIDAY, by=manager, at=NOW)
    assert Referral.objects.get(pk=row.pk).next_due_at is None
    told = {"referral": row, "text": "He is back.", "token": "t", "by": row.referrer}
    additions.add_information(**{**told, "later": Later.UNSURE, "token": "u"}, at=NOW + hours(1))
    assert Clock.objects.filter(referral=row, paused_at__isnull=False).exists(), "doubt is for whoever has it to weigh"
    additions.add_information(**told, later=Later.NOW, at=NOW + hours(2))
    clocks_now = Clock.objects.filter(referral=row).unmet()
    assert not clocks_now.filter(paused_at__isnull=False).exists()
    assert not clocks_now.filter(next_step_at__isnull=True).exists(), "the sweep warns of each again"
    assert not ClockPause.objects.filter(resumed_at__isnull=True).exists()
    assert Referral.objects.get(pk=row.pk).next_due_at == min(each.due_at for each in clocks_now)
    said = Event.objects.filter(referral=row, kind="clock_resumed").values_list("sentence", flat=True)
    assert len(said) == clocks_now.count() and all("runs on: it was said that a child" in each for each in said)


def test_the_story_of_a_pause_names_no_agency_that_the_mash_asked(world: World) -> None:
    check, manager = make_check(world, make_referral(world)), world.person(Role.MANAGER)
    clock = Clock.objects.get(referral=check.referral, slug="check")
    assert world.school.name in clock.name
    pausing.pause(clock=clock, reason="Half term.", until=FRIDAY, by=manager, at=NOW)
    pausing.resume(clock=clock, by=manager, at=NOW)
    pausing.pause(clock=clock, reason="Half term, still.", until=FRIDAY, by=manager, at=NOW)
    pausing.run_on(at=NOW + dt.timedelta(days=3))
    told = Event.objects.filter(referral=check.referral, kind__in=("clock_paused", "clock_resumed"))
    assert told.count() == 4 and all("“A check by an agency”" in each.sentence for each in told)


def test_a_closure_day_while_it_stands_still_does_not_wake_it(world: World) -> None:
    referral, manager = make_referral(world), world.person(Role.MANAGER)
    clock = referral.clocks.get(slug="outcome_in_writing")
    pausing.pause(clock=clock, reason="Police asked.", until=FRIDAY, by=manager, at=NOW)
    calendar_actions.add_closure_day(
        partnership=world.partnership, on=dt.date(2026, 11, 26), reason="Snow", by=manager, at=NOW
    )
    assert (fresh(clock).next_step_at, fresh(clock).paused_at) == (None, NOW)


def test_whoever_meets_a_clock_late_is_asked_why_once_and_the_answer_is_kept(world: World) -> None:
    referral, screener = make_referral(world), world.person(Role.SCREENER)
    assert meet_clock(referral=referral, slug="decide", by=screener, at=NOW + hours(25))
    asked = Notice.objects.get(kind="clock_late")
    assert asked.to == screener and "Marlow" not in asked.body
    decide = referral.clocks.get(slug="decide")
    assert decide.is_late(NOW + hours(25))
    say_why_late(clock=decide, why=LateReason.AGENCY, said="The hospital rang back today.", by=screener, at=NOW)
    assert fresh(decide).late_why == "agency"
    assert meet_clock(referral=referral, slug="acknowledge", by=screener, at=NOW + hours(1))
    assert Notice.objects.filter(kind="clock_late").count() == 1, "in time: nobody is asked"


def test_who_says_why_while_meeting_it_is_not_asked_again(world: World) -> None:
    referral, screener = make_referral(world), world.person(Role.SCREENER)
    meet_clock(
        referral=referral, slug="decide", why=LateReason.VOLUME, said="", by=screener, at=NOW + dt.timedelta(days=2)
    )
    assert not Notice.objects.filter(kind="clock_late").exists()
    assert referral.clocks.get(slug="decide").late_why == "volume"


def test_a_threshold_that_has_each_decision_signed_is_met_by_the_signature_and_not_by_proposing() -> None:
    content = schemes.content()
    content["limits"].append(schemes.limit("decision_signed", 24, "clock_hours", "received"))
    world = make_world("signshire", content={**content, "slug": "signshire-2026"})
    sam, senior, manager = (world.person(role) for role in (Role.SCREENER, Role.SENIOR, Role.MANAGER))
    with scope(partnership=world.partnership):
        row = triage.claim(referral=make_referral(world), by=sam, at=NOW)
        triage.decide(
            referral=row,
            decided_level=4,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="Bruises.",
            told_referrer="We call.",
            revision=row.revision,
            by=sam,
            at=NOW + hours(1),
        )
        row.refresh_from_db()
        assert row.state == "proposed", "nothing else about this decision would need a second person"
        assert row.sign_offs.get().because_words == "this threshold has every decision signed"
        running = {clock.slug: clock.stage for clock in row.clocks.all()}
        assert {running[slug] for slug in ("decide", "decision_signed", "outcome_in_writing")} == {"running"}
        clocks.sweep(at=NOW + hours(19))
        warned = {notice.to for notice in Notice.objects.filter(kind="clock_due_soon")}
        assert warned == {sam, senior, manager}, "who may sign hears that the signature is due"
        sign(world, row, at=NOW + hours(25))
        met = {clock.slug: (clock.met_by, clock.met_at, clock.is_late(NOW)) for clock in row.clocks.all()}
        assert met["decision_signed"] == (senior, NOW + hours(25), True)
        assert met["decide"] == (sam, NOW + hours(25), True), "a proposal is no decision: its time runs until it is one"
        asked = Notice.objects.filter(key__startswith=f"late:{row.clocks.get(slug='decision_signed').pk}:")
        assert [notice.to for notice in asked] == [senior], "who signed late is asked why"


def test_what_is_proposed_and_overdue_is_told_to_nobody_who_is_kept_out(world: World) -> None:
    sam, senior = world.person(Role.SCREENER), world.person(Role.SENIOR)
    row = triage.claim(referral=make_referral(world), by=sam, at=NOW)
    Referral.objects.filter(pk=row.pk).update(state="proposed", restricted=True)
    clocks.sweep(at=NOW + hours(19))
    assert senior not in {notice.to for notice in Notice.objects.filter(kind="clock_due_soon")}


def test_the_clocks_of_a_withdrawn_referral_stand_still_for_ever_and_tell_nobody(world: World) -> None:
    sam, late = world.person(Role.SCREENER), NOW + hours(25)
    referral = make_referral(world)
    ask = make_check(world, referral)
    start_clock(referral=referral, slug="not_reached", subject="a", name="Reach", limit=THREE_DAYS, at=NOW)
    pausing.pause(
        clock=referral.clocks.get(slug="acknowledge"),
        reason="Snow.",
        until=FRIDAY,
        by=world.person(Role.MANAGER),
        at=NOW + hours(1),
    )
    Clock.objects.filter(referral=referral, slug=Ask.Kind.CHECK).update(due_at=NOW + hours(40))
    clocks.sweep(at=late)
    assert referral.clocks.get(slug="decide").stage == Clock.Stage.OVERDUE
    additions.ask_to_withdraw(referral=referral, reason="A mistake.", token="t", by=referral.referrer, at=late)
    additions.answer_withdrawal(referral=referral, agreed=True, reason="It was.", by=sam, at=late)
    told = set(Notice.objects.values_list("key", flat=True))
    assert not [key for key in told if key.startswith("late:")], "nobody is asked why"
    rows = list(Clock.objects.filter(referral=referral))
    assert {row.slug for row in rows} == {"acknowledge", "decide", "outcome_in_writing", Ask.Kind.CHECK, "not_reached"}
    assert {(row.stage, row.met_at, row.next_step_at, row.paused_at) for row in rows} == {("stopped", late, None, None)}
    assert [row.slug for row in rows if row.is_late(late)] == ["decide"], "what was overdue before stays so"
    ask.refresh_from_db()
    assert (ask.state, referral.clocks.unmet().count()) == (Ask.State.WITHDRAWN, 0)
    clocks.sweep(at=NOW + dt.timedelta(days=60))
    assert set(Notice.objects.values_list("key", flat=True)) == told
    day = (NOW + dt.timedelta(days=1)).date()
    calendar_actions.add_closure_day(partnership=world.partnership, on=day, reason="Snow", by=sam, at=late)
    assert not referral.clocks.exclude(stage=Clock.Stage.STOPPED).exists(), "nor does a closure day wake one"
    figures = by_clock(Referral.objects.all(), 12, at=NOW + dt.timedelta(days=60))
    counted = {how: sum(each.figures[how].count for each in figures) for how in Timeliness}
    assert counted == {Timeliness.IN_TIME: 0, Timeliness.LATE: 1, Timeliness.RUNNING: 0, Timeliness.OVERDUE: 0}
