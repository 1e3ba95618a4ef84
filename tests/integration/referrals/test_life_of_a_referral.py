"""The life of a referral under any order of moves: one queue, one owner or none, nothing decided twice."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from django_scopes import scope, scopes_disabled
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from partnerships.audit import faults
from partnerships.models import Team
from partnerships.permissions import Role
from referrals.domain.lifecycle import NotAllowed, Outcome
from referrals.models import Decision, Letter, Referral, SignOff
from referrals.triage import actions
from referrals.triage.moves import Refused
from tests.factories import NOW, make_person, make_referral, make_world, pressing_again

EXAMPLES = int(os.environ.get("LIFE_EXAMPLES", "5"))
PEOPLE = ("sam", "sol", "sue", "mo", "erin")


class Life(RuleBasedStateMachine):
    """Anybody tries anything at any time; what is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.world = make_world()
        self.people = {
            "sam": self.world.person(Role.SCREENER),
            "sol": make_person(self.world, Role.SCREENER, team=self.world.mash),
            "sue": self.world.person(Role.SENIOR),
            "mo": self.world.person(Role.MANAGER),
            "erin": self.world.person(Role.EARLY_HELP),
        }
        self.pk = make_referral(self.world).pk

    def teardown(self) -> None:
        """What this example wrote goes with it."""
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def attempt(self, do: Any, who: str, **said: Any) -> None:
        with scope(partnership=self.world.partnership):
            row = Referral.objects.get(pk=self.pk)
            try:
                do(referral=row, **said, by=self.people[who], at=NOW)
            except (Refused, NotAllowed):
                after = Referral.objects.get(pk=self.pk)
                assert (after.state, after.revision, after.owner_id) == (row.state, row.revision, row.owner_id)

    @rule(who=st.sampled_from(PEOPLE))
    def claim(self, who: str) -> None:
        self.attempt(actions.claim, who)

    @rule(who=st.sampled_from(PEOPLE))
    def release(self, who: str) -> None:
        self.attempt(actions.release, who)

    @rule(who=st.sampled_from(PEOPLE))
    def step_up(self, who: str) -> None:
        self.attempt(actions.step_up, who, reason="Up.")

    @rule(who=st.sampled_from(PEOPLE))
    def step_down(self, who: str) -> None:
        self.attempt(actions.step_down, who, reason="Down.", team=self.world.early_help)

    @rule(who=st.sampled_from(PEOPLE))
    def reopen(self, who: str) -> None:
        self.attempt(actions.reopen, who, reason="Again.")

    @rule(who=st.sampled_from(PEOPLE))
    def take_back(self, who: str) -> None:
        self.attempt(actions.take_back, who)

    @rule(
        who=st.sampled_from(PEOPLE),
        outcome=st.sampled_from([Outcome.NO_FURTHER_ACTION, Outcome.STRATEGY_DISCUSSION, Outcome.ADVICE]),
        level=st.sampled_from([2, 4]),
    )
    def decide(self, who: str, outcome: Outcome, level: int) -> None:
        with scope(partnership=self.world.partnership):
            revision = Referral.objects.get(pk=self.pk).revision
        self.attempt(
            actions.decide,
            who,
            decided_level=level,
            outcome=outcome,
            reason="Because.",
            told_referrer="Because.",
            revision=revision,
        )

    @rule(who=st.sampled_from(PEOPLE), signs=st.booleans())
    def second_person(self, who: str, signs: bool) -> None:
        with scope(partnership=self.world.partnership):
            waiting = SignOff.objects.waiting().filter(referral=self.pk).first()
        if waiting is None:
            return
        do = actions.sign_off if signs else actions.send_back

        def settle(referral: Referral, by: Any, at: Any) -> None:
            do(sign_off=waiting, said="Word.", by=by, at=at)

        self.attempt(settle, who)

    @invariant()
    def it_is_in_one_queue_with_one_owner_or_none(self) -> None:
        with scope(partnership=self.world.partnership):
            row = Referral.objects.get(pk=self.pk)
            queues = [team for team in Team.objects.all() if Referral.objects.in_queue(team).filter(pk=row.pk)]
            assert queues == ([row.team] if row.is_open else [])
            assert row.owner_id is None or row.state != "waiting"
            assert row.state == "waiting" or row.owner_id is not None

    @invariant()
    def a_decision_holds_exactly_where_it_is_decided_and_never_by_one_person_alone(self) -> None:
        with scope(partnership=self.world.partnership):
            row = Referral.objects.get(pk=self.pk)
            holding = list(Decision.objects.standing().filter(referral=row))
            assert len(holding) == (row.state == "decided")
            waiting = SignOff.objects.waiting().filter(referral=row).count()
            assert waiting == (row.state == "proposed") == ("sign_off" in row.waits_for)
            for made in holding:
                alone = (
                    made.outcome != Outcome.NO_FURTHER_ACTION.value and not made.decided_level < made.indicated_level
                )
                assert alone or (made.sign_off and made.sign_off.settled_by_id not in (None, made.by_id))
            for each in SignOff.objects.filter(referral=row, state="signed"):
                assert each.settled_by_id != each.proposed_by_id


@pytest.mark.django_db
def test_any_order_of_moves_leaves_it_in_one_queue_and_decided_once() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


REFERRALS = int(os.environ.get("DECIDING_REFERRALS", "10"))


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_decide_the_same_referrals_and_each_is_decided_once() -> None:
    world = make_world()
    people = [make_person(world, Role.SCREENER, name=f"Screener {n}", team=world.mash) for n in range(20)]
    with scope(partnership=world.partnership):
        referrals = [make_referral(world) for _ in range(REFERRALS)]
    start, wrong = threading.Barrier(len(people)), []

    def work(person: Any, turn: int) -> None:
        close_old_connections()
        start.wait()
        try:
            with scope(partnership=world.partnership):
                for referral in referrals[turn * 2 :] + referrals[: turn * 2]:
                    try:
                        row = pressing_again(partial(actions.claim, referral=referral, by=person, at=NOW))
                    except Refused:
                        row = Referral.objects.get(pk=referral.pk)
                    decide = partial(
                        actions.decide,
                        referral=row,
                        decided_level=4,
                        outcome=Outcome.STRATEGY_DISCUSSION,
                        reason=f"By {person.name}.",
                        told_referrer="",
                        revision=row.revision,
                        by=person,
                        at=NOW,
                    )
                    with suppress(Refused, NotAllowed):
                        pressing_again(decide)
        except Exception as error:  # a thread's failure must fail the test
            wrong.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(person, turn)) for turn, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    with scopes_disabled():
        assert Referral.objects.filter(state="decided").count() == REFERRALS
        assert Decision.objects.standing().count() == Decision.objects.count() == REFERRALS
        assert Letter.objects.filter(kind="outcome").count() == REFERRALS
        assert not list(faults(world.partnership))
