"""Taking, moving, answering and deciding: each once, by who may, with its line in the story and in the trail."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from django_scopes import scope, scopes_disabled

from partnerships.audit import faults
from partnerships.models import AuditEntry, Team
from partnerships.permissions import Role
from partnerships.templatetags.page_parts import moment
from referrals.additions.actions import answer_withdrawal, ask_to_withdraw
from referrals.clocks.sweep import sweep
from referrals.domain.lifecycle import NotAllowed, Outcome
from referrals.intake import afterwards
from referrals.models import Clock, Decision, Event, Letter, Notice, Referral
from referrals.triage import actions
from referrals.triage.actions import Elsewhere, Refused, Stale, TakenBy
from referrals.triage.moves import held
from tests.factories import NOW, World, make_person, make_referral, make_world, pressing_again, sign

pytestmark = pytest.mark.both_databases


LATER = NOW + dt.timedelta(hours=3)
EARLY = ("health-2-02",)


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


def told(**changed: Any) -> dict[str, Any]:
    return {
        "decided_level": 4,
        "outcome": Outcome.STRATEGY_DISCUSSION,
        "reason": "Bruising that nobody explains, in a child who does not walk.",
        "told_referrer": "Please keep the child in school until we telephone.",
        **changed,
    }


def in_hand(world: World, **kwargs: Any) -> tuple[Referral, Any]:
    """A referral that a screener has taken, and the screener."""
    sam = world.person(Role.SCREENER)
    return actions.claim(referral=make_referral(world, **kwargs), by=sam, at=NOW), sam


def verbs(referral: Referral) -> list[str]:
    return list(AuditEntry.objects.filter(object_id=str(referral.pk)).values_list("verb", flat=True))


def test_claiming_gives_it_to_one_and_tells_the_other_who_has_it(world: World) -> None:
    sam, sol = world.person(Role.SCREENER), make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    referral = make_referral(world)
    claimed = actions.claim(referral=referral, by=sam, at=LATER)
    assert (claimed.state, claimed.owner, claimed.owned_at, claimed.revision) == ("in_hand", sam, LATER, 1)
    with pytest.raises(TakenBy, match=sam.name) as lost:
        actions.claim(referral=referral, by=sol, at=LATER)
    assert lost.value.name == sam.name
    assert verbs(referral) == ["referral.claimed"]


def test_claiming_twice_is_claiming_once(world: World) -> None:
    referral, sam = in_hand(world)
    assert actions.claim(referral=referral, by=sam, at=LATER).owned_at == NOW
    assert Event.objects.filter(referral=referral, kind="claimed").count() == 1


def test_a_referral_that_left_the_queue_is_not_claimed_from_it(world: World) -> None:
    shown = make_referral(world)
    actions.step_down(
        referral=shown, reason="No harm.", team=world.early_help, by=world.person(Role.SCREENER), at=LATER
    )
    sign(world, shown, at=LATER)
    with pytest.raises(Refused, match="moved to the queue of Early Help"):
        actions.claim(referral=shown, by=world.person(Role.SCREENER), at=LATER)


def test_the_next_one_is_the_most_urgent_that_nobody_has(world: World) -> None:
    sam = world.person(Role.SCREENER)
    late = make_referral(world, received_at=NOW - dt.timedelta(hours=20))
    make_referral(world)
    danger = make_referral(world, facts={"immediate_danger": True})
    taken = [actions.claim_next(team=world.mash, by=sam, at=NOW) for _ in range(2)]
    assert taken == [danger, late]
    actions.claim_next(team=world.mash, by=sam, at=NOW)
    assert actions.claim_next(team=world.mash, by=sam, at=NOW) is None


def test_a_flood_from_one_place_keeps_nobody_else_waiting(world: World) -> None:
    """Of what is as urgent others go first; of a flood that says danger each second one taken is somebody else's."""
    sam = world.person(Role.SCREENER)
    early, late = NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=1)
    flood = [make_referral(world, received_at=early) for _ in range(3)]
    shouting = [make_referral(world, received_at=early) for _ in range(3)]
    others = [make_referral(world, received_at=late) for _ in range(4)]
    danger = make_referral(world, received_at=late)
    ids = {
        each.pk: name for name, rows in (("flood", flood), ("shouting", shouting), ("other", others)) for each in rows
    }
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk__in=[each.pk for each in flood + shouting]).update(
            arrival_note="Many from one place."
        )
        Referral.objects.filter(pk__in=[each.pk for each in [danger, *shouting]]).update(immediate_danger=True)
        taken = [actions.claim_next(team=world.mash, by=sam, at=NOW + dt.timedelta(minutes=n)) for n in range(11)]
        assert actions.claim_next(team=world.mash, by=sam, at=NOW) is None, "nothing is left out"
    assert [ids.get(each.pk, "danger") for each in taken] == [
        *("danger", "shouting", "other", "shouting", "other", "shouting", "other", "other"),
        *("flood", "flood", "flood"),
    ]


def test_giving_back_is_for_who_has_it(world: World) -> None:
    referral, sam = in_hand(world)
    sol = make_person(world, Role.SCREENER, team=world.mash)
    with pytest.raises(TakenBy, match=sam.name):
        actions.release(referral=referral, by=sol, at=LATER)
    released = actions.release(referral=referral, by=sam, at=LATER)
    assert (released.state, released.owner, released.owned_at) == ("waiting", None, None)
    assert actions.release(referral=referral, by=sam, at=LATER).revision == released.revision


def test_handing_over_stays_in_the_queue_and_tells_both(world: World) -> None:
    referral, sam = in_hand(world)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    with pytest.raises(Refused, match="does not work in the queue of MASH"):
        actions.reassign(referral=referral, to=world.person(Role.EARLY_HELP), by=sam, at=LATER)
    assert actions.colleagues(referral) == [sol]
    taken_over = actions.reassign(referral=referral, to=sol, by=sol, at=LATER)
    assert taken_over.owner == sol
    notice = Notice.objects.get(referral=referral, kind="reassigned")
    assert notice.to == sam
    assert "Robin" not in notice.body + notice.subject


def test_a_colleague_who_has_left_is_offered_no_referral(world: World) -> None:
    referral, sam = in_hand(world)
    gone = make_person(world, Role.SCREENER, team=world.mash)
    gone.memberships.update(ended_at=NOW)
    assert gone not in actions.colleagues(referral)
    with pytest.raises(Refused):
        actions.reassign(referral=referral, to=gone, by=sam, at=LATER)


def test_stepping_up_keeps_history_and_clocks_and_tells_the_mash(world: World) -> None:
    erin = world.person(Role.EARLY_HELP)
    referral = make_referral(world, indicators=EARLY)
    assert referral.team == world.early_help
    clocks = list(Clock.objects.filter(referral=referral).values_list("slug", "due_at"))
    actions.claim(referral=referral, by=erin, at=LATER)
    up = actions.step_up(referral=referral, reason="She told me more.", by=erin, at=LATER)
    assert (up.team, up.owner, up.state, up.went_through_mash) == (world.mash, None, "waiting", True)
    assert list(Clock.objects.filter(referral=referral).values_list("slug", "due_at")) == clocks
    assert set(Event.objects.filter(referral=referral).values_list("kind", flat=True)) >= {"claimed", "stepped_up"}
    notices = Notice.objects.filter(referral=referral, kind="waiting")
    assert [notice.to for notice in notices] == [world.person(Role.SCREENER)]
    with pytest.raises(Elsewhere):
        actions.step_up(referral=referral, reason="Again.", by=erin, at=LATER)


def test_whoever_works_in_the_queue_no_more_changes_nothing(world: World) -> None:
    """Between the look and the action a colleague moves the referral, or a role ends: every action asks again."""
    erin, sam = world.person(Role.EARLY_HELP), world.person(Role.SCREENER)
    sol = make_person(world, Role.SCREENER, team=world.mash)
    referral = make_referral(world, indicators=EARLY)
    actions.step_up(referral=referral, reason="She told me more.", by=erin, at=LATER)
    seen = Referral.objects.get(pk=referral.pk)
    told = Event.objects.filter(referral=seen).count()
    decision = {"decided_level": 4, "outcome": Outcome.ADVICE, "reason": "x", "told_referrer": "", "revision": 1}
    for act, more in (
        (actions.claim, {}),
        (actions.release, {}),
        (actions.acknowledge, {"words": ""}),
        (actions.lado_told, {"note": ""}),
        (actions.reassign, {"to": sam}),
        (actions.step_up, {"reason": "x"}),
        (actions.step_down, {"reason": "x", "team": world.early_help}),
        (actions.decide, decision),
        (actions.reopen, {"reason": "x"}),
    ):
        with pytest.raises(Elsewhere):
            act(referral=seen, **more, by=erin, at=LATER)
    sol.memberships.update(ended_at=LATER)
    with pytest.raises(Elsewhere):
        actions.claim(referral=seen, by=sol, at=LATER)
    seen.refresh_from_db()
    assert (seen.owner, seen.revision, Event.objects.filter(referral=seen).count()) == (None, 1, told)


def test_the_reason_of_a_step_is_not_for_the_referrer(world: World) -> None:
    referral = make_referral(world)
    sam = world.person(Role.SCREENER)
    actions.step_down(referral=referral, reason="Police say otherwise", team=world.early_help, by=sam, at=LATER)
    sign(world, referral, at=LATER)
    read = Event.objects.filter(referral=referral, for_referrer=True)
    assert [(event.sentence, event.note) for event in read] == [("It moved to the queue of Early Help.", "")]


def test_stepping_down_needs_an_early_help_team_and_free_hands(world: World) -> None:
    referral, sam = in_hand(world)
    sol = make_person(world, Role.SCREENER, team=world.mash)
    with pytest.raises(TakenBy):
        actions.step_down(referral=referral, reason="No harm.", team=world.early_help, by=sol, at=LATER)
    with pytest.raises(Refused, match="no early help team"):
        actions.step_down(referral=referral, reason="No harm.", team=world.mash, by=sam, at=LATER)
    with pytest.raises(Refused, match="Say why"):
        actions.step_down(referral=referral, reason=" ", team=world.early_help, by=sam, at=LATER)
    actions.step_down(referral=referral, reason="No harm.", team=world.early_help, by=sam, at=LATER)
    sign(world, referral, at=LATER)
    down = Referral.objects.get(pk=referral.pk)
    assert (down.team, down.owner, down.went_through_mash) == (world.early_help, None, True)


def test_an_open_referral_is_in_one_queue_with_one_owner_or_none(world: World) -> None:
    """A long way through every move: after each, it is in exactly one team's queue."""
    sam, erin = world.person(Role.SCREENER), world.person(Role.EARLY_HELP)
    referral = make_referral(world)
    way = [
        lambda: actions.claim(referral=referral, by=sam, at=LATER),
        lambda: actions.step_down(referral=referral, reason="Down.", team=world.early_help, by=sam, at=LATER),
        lambda: sign(world, referral, at=LATER),
        lambda: actions.claim(referral=Referral.objects.get(pk=referral.pk), by=erin, at=LATER),
        lambda: actions.release(referral=referral, by=erin, at=LATER),
        lambda: actions.step_up(referral=referral, reason="Up.", by=erin, at=LATER),
        lambda: actions.claim(referral=Referral.objects.get(pk=referral.pk), by=sam, at=LATER),
    ]
    for step in way:
        step()
        queues = [team for team in Team.objects.all() if Referral.objects.in_queue(team).filter(pk=referral.pk)]
        row = Referral.objects.get(pk=referral.pk)
        assert queues == [row.team]
        assert (row.owner is None) == (row.state == "waiting")
    assert Referral.objects.get(pk=referral.pk).revision == len(way)


def test_an_acknowledgement_is_a_persons_word_given_once(world: World) -> None:
    referral, sam = in_hand(world)
    first = actions.acknowledge(referral=referral, words="I telephone at noon.", by=sam, at=LATER)
    assert actions.acknowledge(referral=referral, words="I telephone  at noon.", by=sam, at=LATER) == first
    for words, by in (("Come at four.", sam), ("", make_person(world, Role.SCREENER, team=world.mash))):
        with pytest.raises(Refused, match="nothing was sent now"):
            actions.acknowledge(referral=referral, words=words, by=by, at=LATER)
    assert Letter.objects.filter(referral=referral).count() == 1
    assert "I telephone at noon." in first.body and sam.name in first.body
    clock = Clock.objects.get(referral=referral, slug="acknowledge")
    assert (clock.met_at, clock.met_by, clock.stage) == (LATER, sam, "met")
    assert Notice.objects.get(referral=referral, kind="letter").to == referral.referrer


def test_deciding_writes_everything_at_once(world: World) -> None:
    referral, sam = in_hand(world)
    decision = actions.decide(referral=referral, **told(decided_level=4), revision=1, by=sam, at=LATER)
    row = Referral.objects.get(pk=referral.pk)
    assert (row.state, row.decided_level, row.decided_by, row.decided_at) == ("decided", 4, sam, LATER)
    assert (decision.indicated_level, decision.decided_level, decision.differs) == (4, 4, False)
    letter = Letter.objects.get(referral=referral)
    assert letter.kind == "outcome" and letter.addressed_to == referral.referrer
    assert not Clock.objects.filter(referral=referral, met_at__isnull=True).exists()
    assert row.next_due_at is None
    assert Notice.objects.filter(referral=referral, kind="letter", to=referral.referrer).count() == 1
    assert verbs(referral) == ["referral.claimed", "referral.decided"]
    assert not list(faults(world.partnership))


def test_the_same_decision_twice_is_made_once(world: World) -> None:
    referral, sam = in_hand(world)
    first = actions.decide(referral=referral, **told(), revision=1, by=sam, at=LATER)
    again = actions.decide(referral=referral, **told(), revision=1, by=sam, at=LATER + dt.timedelta(seconds=1))
    assert again == first
    assert (Decision.objects.count(), Letter.objects.count()) == (1, 1)
    assert first.differs is False


@pytest.mark.parametrize("revision", [0, None, 7])
def test_a_stale_form_changes_nothing(world: World, revision: int | None) -> None:
    referral, sam = in_hand(world)
    with pytest.raises(Stale) as stale:
        actions.decide(referral=referral, **told(), revision=revision, by=sam, at=LATER)
    assert stale.value.referral.revision == 1
    assert not Decision.objects.exists() and not Letter.objects.exists()


def test_only_who_has_it_decides(world: World) -> None:
    referral, sam = in_hand(world)
    sol = make_person(world, Role.SCREENER, team=world.mash)
    with pytest.raises(TakenBy, match=sam.name):
        actions.decide(referral=referral, **told(), revision=1, by=sol, at=LATER)
    actions.release(referral=referral, by=sam, at=LATER)
    with pytest.raises(Refused, match="Take this referral first"):
        actions.decide(referral=referral, **told(), revision=2, by=sam, at=LATER)


@pytest.mark.parametrize("wrong", [{"reason": "  "}, {"decided_level": 9}])
def test_a_decision_needs_its_reason_and_a_level_of_the_scheme(world: World, wrong: dict[str, Any]) -> None:
    referral, sam = in_hand(world)
    with pytest.raises(Refused):
        actions.decide(referral=referral, **told(**wrong), revision=1, by=sam, at=LATER)
    assert not Decision.objects.exists()


def test_whoever_is_named_as_the_authority_is_told_once_it_holds(world: World) -> None:
    manager, senior = world.person(Role.MANAGER), world.person(Role.SENIOR)
    alone = {"consent": {"informed": True, "given": False}}
    for outcome, level in ((Outcome.ASSESSMENT_SECTION_17, 4), (Outcome.EARLY_HELP, 2)):
        row, sam = in_hand(world, facts=alone)
        without = told(outcome=outcome, decided_level=level, authorised_by=manager, authorised_because="They fled.")
        actions.decide(referral=row, **without, revision=row.revision, by=sam, at=LATER)
        named = Notice.objects.filter(referral=row, kind="authorised")
        if level < 4:
            assert not named.exists(), "proposed: it does not hold yet"
            sign(world, row, by=senior, at=LATER)
        notice = named.get()
        assert notice.to == manager and "without the family’s agreement" in notice.body and "fled" not in notice.body
        made = AuditEntry.objects.get(verb="referral.decided", object_id=str(row.pk)).detail["decisions"][0]
        assert made["authorised_by"] == str(manager.pk)
    agreed, sam = in_hand(world)
    actions.decide(
        referral=agreed, **told(outcome=Outcome.ASSESSMENT_SECTION_17), revision=agreed.revision, by=sam, at=LATER
    )
    assert not Notice.objects.filter(referral=agreed, kind="authorised").exists()


def test_another_decision_on_a_decided_referral_is_refused(world: World) -> None:
    referral, sam = in_hand(world)
    actions.decide(referral=referral, **told(), revision=1, by=sam, at=LATER)
    with pytest.raises(NotAllowed):
        actions.decide(referral=referral, **told(reason="Another"), revision=2, by=sam, at=LATER)


def test_opened_again_it_waits_with_a_clock_of_its_own(world: World) -> None:
    referral, sam = in_hand(world)
    actions.decide(referral=referral, **told(), revision=1, by=sam, at=LATER)
    again = actions.reopen(referral=referral, reason="The hospital rang.", by=sam, at=LATER)
    assert (again.state, again.owner, again.decided_at, again.decided_level) == ("waiting", None, None, None)
    assert again.next_due_at == LATER + dt.timedelta(hours=24)
    assert Clock.objects.get(referral=referral, slug="decide").met_at == LATER
    assert Decision.objects.filter(referral=referral).count() == 1
    claimed = actions.claim(referral=again, by=sam, at=LATER)
    actions.decide(referral=claimed, **told(reason="New"), revision=claimed.revision, by=sam, at=LATER)
    assert Referral.objects.get(pk=referral.pk).next_due_at is None
    assert Decision.objects.filter(referral=referral).count() == 2


def running(referral: Referral) -> set[str]:
    return set(Clock.objects.filter(referral=referral).unmet().values_list("slug", flat=True))


def test_what_is_owed_is_owed_again_where_it_was_opened_again(world: World) -> None:
    referral, sam = in_hand(world)
    actions.decide(referral=referral, **told(), revision=1, by=sam, at=LATER)
    first = dict(Clock.objects.filter(referral=referral).values_list("slug", "due_at"))
    later = LATER + dt.timedelta(days=1)
    for times in (1, 2):
        row = Referral.objects.get(pk=referral.pk)
        again = actions.reopen(referral=row, reason="The hospital rang.", by=sam, at=later)
        owed_again = {f"decide_again_{times}", f"outcome_in_writing_again_{times}"}
        assert running(again) == owed_again, "that a person has it was said by the first letter"
        owes = afterwards.owed(again)
        assert [each.words for each in owes] == ["We decide what happens", "You have the outcome in writing"]
        assert owes[0].due_at == later + dt.timedelta(hours=24) and owes[1].due_at > first["outcome_in_writing"]
        claimed = actions.claim(referral=again, by=sam, at=later)
        actions.decide(referral=claimed, **told(reason="New"), revision=claimed.revision, by=sam, at=later)
        assert running(again) == set() and afterwards.owed(again) == []


def test_withdrawn_before_anybody_had_answered_it_owes_everything_again(world: World) -> None:
    referral, sam = in_hand(world)
    ask_to_withdraw(
        referral=referral, reason="Sent twice.", token="a" * 32, by=world.person(Role.PRACTITIONER), at=LATER
    )
    answer_withdrawal(referral=referral, agreed=True, reason="Sent twice.", by=sam, at=LATER)
    assert running(referral) == set()
    again = actions.reopen(referral=Referral.objects.get(pk=referral.pk), reason="It was not.", by=sam, at=LATER)
    assert running(again) == {"decide_again_1", "outcome_in_writing_again_1", "acknowledge_again_1"}
    letter = actions.acknowledge(referral=actions.claim(referral=again, by=sam, at=LATER), words="", by=sam, at=LATER)
    assert running(again) == {"decide_again_1", "outcome_in_writing_again_1"}
    clock = Clock.objects.get(referral=referral, slug="decide_again_1")
    assert moment(clock.due_at) in letter.body, "it names the day by which they hear"


def test_the_lados_clock_is_met_by_telling_the_lado(world: World) -> None:
    referral, sam = in_hand(world, indicators=("family-4-01",))
    actions.decide(referral=referral, **told(), revision=1, by=sam, at=LATER)
    assert [clock.slug for clock in Clock.objects.filter(referral=referral, met_at__isnull=True)] == ["lado"]
    assert actions.lado_told(referral=referral, note="By telephone", by=sam, at=LATER) is True
    assert actions.lado_told(referral=referral, note="By telephone", by=sam, at=LATER) is False
    assert actions.lado_told(referral=referral, note="They ask for dates", by=sam, at=LATER) is False
    notes = Event.objects.filter(referral=referral, kind="lado_told").values_list("note", flat=True)
    assert sorted(notes) == ["By telephone", "They ask for dates"], "no note is lost, and none is kept twice"
    assert Referral.objects.get(pk=referral.pk).next_due_at is None


def test_what_is_answered_is_never_called_overdue(world: World) -> None:
    referral, sam = in_hand(world)
    actions.decide(referral=referral, **told(), revision=1, by=sam, at=LATER)
    sweep(at=NOW + dt.timedelta(days=60))
    assert not Notice.objects.filter(referral=referral, kind__startswith="clock").exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_for_a_referral_that_changes_team_finds_it_in_its_new_one() -> None:
    """PostgreSQL looks again at what it waited for, and the team that was joined beside it is the old one then."""
    world = make_world()
    with scope(partnership=world.partnership):
        referral = make_referral(world)
    is_held, found = threading.Event(), []

    def work() -> None:
        is_held.wait()
        try:
            with scope(partnership=world.partnership), transaction.atomic():
                found.append(held(referral).team)
        finally:
            connection.close()

    other = threading.Thread(target=work)
    other.start()
    with scope(partnership=world.partnership), transaction.atomic():
        held(referral)
        is_held.set()
        time.sleep(0.3)  # the other waits for the row by now
        Referral.objects.filter(pk=referral.pk).update(team=world.early_help)
    other.join()
    assert found == [world.early_help]


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_claim_forty_and_each_has_one_owner() -> None:
    world = make_world()
    people = [make_person(world, Role.SCREENER, name=f"Screener {n}", team=world.mash) for n in range(20)]
    with scope(partnership=world.partnership):
        referrals = [make_referral(world) for _ in range(40)]
    won: list[tuple[Any, Any]] = []
    lost: list[tuple[Any, str]] = []
    start = threading.Barrier(len(people))

    def work(person: Any, turn: int) -> None:
        close_old_connections()
        start.wait()
        try:
            with scope(partnership=world.partnership):
                for referral in referrals[turn * 2 :] + referrals[: turn * 2]:
                    try:
                        pressing_again(partial(actions.claim, referral=referral, by=person, at=NOW))
                        won.append((referral.pk, person.pk))
                    except TakenBy as taken:
                        lost.append((referral.pk, taken.name))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(person, turn)) for turn, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with scopes_disabled():
        owners = {row.pk: (row.owner_id, row.owner.name) for row in Referral.objects.select_related("owner")}
        assert Counter(pk for pk, _ in won) == Counter(referral.pk for referral in referrals)
        assert all(owners[pk][0] == person for pk, person in won)
        assert len(lost) == 40 * 19
        assert all(owners[pk][1] == name for pk, name in lost)
        assert not list(faults(world.partnership))
