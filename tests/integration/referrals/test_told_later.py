"""Danger, doubt and a worry that has grown, told after sending: in each state of a referral, by each way of telling."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django_scopes import scope

from partnerships.audit import faults
from partnerships.models import Membership
from partnerships.permissions import Role
from referrals import digests
from referrals.additions import actions as additions
from referrals.asking import actions as asking
from referrals.domain.asking import Urgency
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome
from referrals.models import Ask, Child, Clock, Decision, Event, Notice, NoticeChoice, Referral, SignOff, Support
from referrals.support.actions import accept
from referrals.triage import actions as triage
from referrals.triage.assigning import mark_absent
from referrals.triage.danger_told import said_in_danger
from referrals.triage.moves import Refused
from tests.factories import (
    NOW,
    World,
    add_child,
    make_check,
    make_person,
    make_referral,
    make_restricted,
    make_support,
    make_world,
    sign,
    sign_in,
)
from thresholds.domain.screening import read_facts

LATER = NOW + dt.timedelta(hours=2)


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


def in_state(world: World, state: str) -> Referral:
    """A referral as it is when the danger is told; with early help where its name says so."""
    if state == "early help, begun":
        support = make_support(world)
        plan = {"lead": "Ola", "lead_agency": "", "lead_telephone": "", "plan": "Weekly visits."}
        accept(support=support, **plan, by=world.person(Role.EARLY_HELP), at=NOW)
        return Referral.objects.get(pk=support.referral_id)
    if state.startswith("early help"):
        row = make_referral(world, indicators=("health-2-02",), team=world.early_help)
        if state == "early help, in hand":
            triage.claim(referral=row, by=world.person(Role.EARLY_HELP), at=NOW)
        return row
    row, sam = make_referral(world), world.person(Role.SCREENER)
    if state == "withdrawn":
        asker = world.person(Role.PRACTITIONER)
        additions.ask_to_withdraw(referral=row, reason="A slip", token="b" * 32, by=asker, at=NOW)
        additions.answer_withdrawal(referral=row, agreed=True, reason="Agreed.", by=sam, at=NOW)
    elif state != "waiting":
        row = triage.claim(referral=row, by=sam, at=NOW)
        if state != "in hand":
            outcome = Outcome.NO_FURTHER_ACTION if state == "proposed" else Outcome.ASSESSMENT_SECTION_17
            decide(row, outcome=outcome, decided_level=4, by=sam)
    row.refresh_from_db()
    return row


def decide(row: Referral, *, outcome: Outcome, decided_level: int, by: Any, **of: Any) -> None:
    said = {"outcome": outcome, "decided_level": decided_level, "reason": "Read whole.", "told_referrer": "We go on."}
    triage.decide(referral=row, **said, **of, revision=row.revision, by=by, at=NOW)


def add(world: World, row: Referral, later: Later, **more: Any) -> Referral:
    by = world.person(Role.PRACTITIONER)
    additions.add_information(
        referral=row, text="He has a knife.", later=later, token="a" * 32, by=by, at=LATER, **more
    )
    return Referral.objects.select_related("team", "owner").get(pk=row.pk)


def told(kind: str) -> set[str]:
    return {notice.to.name for notice in Notice.objects.filter(kind=kind).select_related("to")}


STATES = (
    ("waiting", "waiting", False),
    ("in hand", "in_hand", True),
    ("proposed", "in_hand", True),
    ("decided", "waiting", False),
    ("withdrawn", "waiting", False),
    ("early help", "waiting", False),
    ("early help, in hand", "waiting", False),
    ("early help, begun", "waiting", False),
)


@pytest.mark.parametrize(("state", "then", "keeps_owner"), STATES)
def test_danger_is_first_with_the_mash_whatever_the_state(
    world: World, state: str, then: str, keeps_owner: bool
) -> None:
    make_referral(world, received_at=NOW - dt.timedelta(days=3))
    row = in_state(world, state)
    closed = not row.is_open
    after = add(world, row, Later.NOW)
    assert (after.state, after.team, bool(after.owner)) == (then, world.mash, keeps_owner)
    assert after.immediate_danger and "immediate_danger" in after.flags and "immediate_danger" in after.flag_words
    assert Referral.objects.in_queue(world.mash)[0] == after, "before what is due long since"
    assert Child.objects.get(referral=row).flags[0] == "immediate_danger"
    said = Event.objects.get(referral=row, kind="danger_told")
    assert said.by == world.person(Role.PRACTITIONER) and said.at == LATER and not said.for_referrer
    assert "Robin Marlow may come to harm now" in said.sentence
    people = {world.person(Role.SCREENER).name, world.person(Role.MANAGER).name}
    assert told("danger_added") == people
    assert not Decision.objects.filter(referral=row).exclude(state="overtaken").exclude(state="recorded").exists()
    again = Clock.objects.filter(referral=row, slug__startswith="decide_again_", met_at__isnull=True)
    assert again.exists() is closed, "a new clock where the old one was answered"
    helper = world.person(Role.EARLY_HELP).name
    assert told("danger_moved") == ({helper} if state == "early help, in hand" else set())
    assert told("danger_support") == ({helper} if state == "early help, begun" else set())
    assert not Support.objects.filter(state="closed").exists(), "what the family is given does not end by it"
    for notice in Notice.objects.exclude(kind__in=("letter", "receipt")):
        assert "Robin" not in notice.body + notice.subject and "knife" not in notice.body
    assert not list(faults(world.partnership))


@pytest.mark.parametrize(
    ("state", "later", "then", "team"),
    [
        ("in hand", Later.UNSURE, "in_hand", "mash"),
        ("early help", Later.UNSURE, "waiting", "early_help"),
        ("decided", Later.UNSURE, "waiting", "mash"),
        ("early help, begun", Later.UNSURE, "waiting", "mash"),
        ("early help, begun", Later.GROWN, "waiting", "early_help"),
        ("withdrawn", Later.GROWN, "waiting", "mash"),
        ("in hand", Later.GROWN, "in_hand", "mash"),
        ("proposed", Later.UNSURE, "in_hand", "mash"),
        ("proposed", Later.GROWN, "in_hand", "mash"),
        ("proposed", Later.NO, "proposed", "mash"),
        ("decided", Later.NO, "decided", "mash"),
    ],
)
def test_doubt_and_a_worry_that_has_grown_are_looked_at(
    world: World, state: str, later: Later, then: str, team: str
) -> None:
    row = in_state(world, state)
    after = add(world, row, later)
    assert (after.state, after.team) == (then, getattr(world, team)) and not after.immediate_danger
    assert Event.objects.filter(referral=row, kind=later.kind or "danger_told").exists() is later.opens_again
    assert told("doubt_added" if later is Later.UNSURE else "addendum")
    helper = world.person(Role.EARLY_HELP).name
    assert (helper in told("support_again")) is (state == "early help, begun")


def test_what_ends_the_proposal_of_somebody_who_is_away_is_back_in_the_queue(world: World) -> None:
    row, sam = in_state(world, "proposed"), world.person(Role.SCREENER)
    back = {"until": LATER + dt.timedelta(days=7), "cover": None}
    mark_absent(partnership=world.partnership, user=sam, **back, by=sam, at=NOW)
    after = add(world, row, Later.UNSURE)
    assert (after.state, after.owner) == ("waiting", None) and not SignOff.objects.waiting().exists()


def test_the_record_says_who_told_it_when_and_of_which_child(world: World) -> None:
    row = make_referral(
        world, answers={"children": [{"impact": {"safe": "yes"}}, {}], "worry": {"happened": "A bruise."}}
    )
    other = add_child(
        world,
        row,
        read_facts({}),
        {"indicated_level": None, "route": "mash", "flags": []},
        (),
        {"first_name": "Kit", "last_name": "Marlow", "order": 2},
    )
    with time_machine.travel(LATER, tick=False):
        client = Client()
        client.force_login(world.person(Role.PRACTITIONER))
        address = f"/testshire/referrals/{row.pk}/add/"
        page = client.get(address).content.decode()
        assert "Which child does it concern?" in page and "Kit Marlow" in page
        typed = {"text": "She rang.", "danger": "yes", "children": [str(other.pk)], "token": "c" * 32}
        assert client.post(address, typed).status_code == 302
        assert ">999</a> if you have not yet" in client.get(f"/testshire/referrals/{row.pk}/").content.decode()
        client.force_login(world.person(Role.SCREENER))
        page = client.get(f"/testshire/triage/{row.pk}/").content.decode()
    assert "Told after it was sent" in page and "Kit Marlow may come to harm now" in page
    assert world.person(Role.PRACTITIONER).name in page and page.count("told after sending, at the top") == 1
    flagged = {child.first_name: "immediate_danger" in child.flags for child in row.children.all()}
    assert flagged == {"Robin": False, "Kit": True}


@pytest.mark.parametrize("later", [Later.NOW, Later.UNSURE, Later.GROWN])
def test_what_was_decided_of_one_child_before_it_was_told_is_not_sent_by_a_press(world: World, later: Later) -> None:
    row = in_state(world, "in hand")
    kit = {"first_name": "Kit", "last_name": "Marlow", "order": 2}
    add_child(world, row, read_facts({}), {"indicated_level": None, "route": "mash", "flags": []}, (), kit)
    row.refresh_from_db()
    first, sam = [row.children.get(order=1)], world.person(Role.SCREENER)
    decide(row, outcome=Outcome.ADVICE, decided_level=2, children=first, finish=False, by=sam)
    assert Decision.objects.get(referral=row).state == "recorded"
    after = add(world, row, later)
    assert Decision.objects.get(referral=row).state == "overtaken" and after.state == "in_hand"


def test_what_is_added_after_the_decision_is_told_to_somebody_who_is_still_there(world: World) -> None:
    row, sam = in_state(world, "decided"), world.person(Role.SCREENER)
    colleague = make_person(world, Role.SCREENER, team=world.mash)
    sam.memberships.update(ended_at=NOW)
    add(world, row, Later.NO)
    assert told("addendum") == {colleague.name}


@pytest.mark.parametrize("late", [False, True])
def test_an_answer_that_tells_of_danger_counts_as_well(world: World, late: bool) -> None:
    row, sam = in_state(world, "in hand"), world.person(Role.SCREENER)
    ask = asking.ask_referrer(referral=row, question="Where is he?", urgency=Urgency.SOON, by=sam, at=NOW)
    if late:
        row.refresh_from_db()
        decide(row, outcome=Outcome.ASSESSMENT_SECTION_17, decided_level=4, by=sam)
    client = Client()
    client.force_login(world.person(Role.PRACTITIONER))
    with time_machine.travel(LATER, tick=False):
        address = f"/testshire/referrals/{row.pk}/questions/{ask.pk}/"
        assert client.post(address, {"answer": "With her uncle.", "danger": "yes"}).status_code == 302
    row.refresh_from_db()
    assert row.immediate_danger and row.state == ("waiting" if late else "in_hand")
    assert "in an answer" in Event.objects.get(referral=row, kind="danger_told").sentence
    assert told("danger_added") == {sam.name, world.person(Role.MANAGER).name}


def test_early_help_hears_of_danger_that_follows_a_new_worry(world: World) -> None:
    row, erin = make_referral(world, indicators=("health-2-02",), team=world.early_help), world.person(Role.EARLY_HELP)
    row = triage.claim(referral=row, by=erin, at=NOW)
    ask = asking.ask_referrer(referral=row, question="How is he?", urgency=Urgency.SOON, by=erin, at=NOW)
    said = {"outcome": Outcome.EARLY_HELP, "decided_level": 2, "reason": "They ask.", "told_referrer": "We begin."}
    triage.decide(referral=row, **said, support_team=world.early_help, revision=row.revision, by=erin, at=NOW)
    plan = {"lead": "Ola", "lead_agency": "", "lead_telephone": "", "plan": "Weekly visits."}
    accept(support=Support.objects.get(referral=row), **plan, by=erin, at=NOW)
    for later in (Later.GROWN, Later.NOW):
        words = f"It is {later.value} now."
        asking.answer(ask=ask, answer=words, later=later, by=world.person(Role.PRACTITIONER), at=LATER)
    assert told("support_again") == told("danger_support") == {erin.name}


def test_an_agencys_check_that_tells_of_danger_counts_and_the_referrer_sees_nothing_of_it(world: World) -> None:
    row = in_state(world, "waiting")
    ask, checker = make_check(world, row), make_person(world, Role.CHECKER, agency=world.school)
    client = Client()
    client.force_login(checker)
    with time_machine.travel(LATER, tick=False):
        address = f"/testshire/checks/{ask.pk}/"
        assert client.post(address, {"knows": "yes", "answer": "A threat.", "danger": "yes"}).status_code == 302
        row.refresh_from_db()
        assert row.immediate_danger and Ask.objects.get(pk=ask.pk).state == "answered"
        referrer = Client()
        referrer.force_login(world.person(Role.PRACTITIONER))
        page = referrer.get(f"/testshire/referrals/{row.pk}/").content.decode()
    assert checker.name not in page and "goes before all others" not in page and "come to harm" not in page


def test_danger_is_not_held_back_for_the_mornings_digest(world: World) -> None:
    for person in (world.person(Role.SCREENER), world.person(Role.MANAGER)):
        digests.choose(partnership=world.partnership, how=NoticeChoice.How.DIGEST, by=person, at=NOW)
    add(world, in_state(world, "early help"), Later.NOW)
    assert Notice.objects.filter(kind="danger_added", digest=False).count() == 2


def test_each_childs_own_way_is_told_with_why_nothing_chosen_goes_to_the_mash(world: World) -> None:
    row = make_referral(world, indicators=("health-2-02",), team=world.mash)
    screened = {"indicated_level": None, "route": "mash", "flags": ["not_screened"]}
    add_child(world, row, read_facts({}), screened, (), {"first_name": "Kit", "last_name": "Marlow", "order": 2})
    Referral.objects.filter(pk=row.pk).update(route="mash")
    client = Client()
    client.force_login(world.person(Role.PRACTITIONER))
    page = client.get(f"/testshire/referrals/{row.pk}/").content.decode()
    assert "<strong>Robin Marlow</strong>: Level 2, Early help. On its own: Early help." in page
    assert "<strong>Kit Marlow</strong>: No level indicated. On its own: MASH. No indicator was chosen" in page
    assert "because at least one child does" in page


# --- decided where danger was told --------------------------------------------------------------------------------

STATUTORY = (Outcome.STRATEGY_DISCUSSION, Outcome.ASSESSMENT_SECTION_17)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("later", [False, True])
def test_one_person_decides_over_danger_for_statutory_work_alone(world: World, outcome: Outcome, later: bool) -> None:
    row, sam = make_referral(world, facts={} if later else {"immediate_danger": True}), world.person(Role.SCREENER)
    row = triage.claim(referral=row, by=sam, at=NOW)
    row = add(world, row, Later.NOW) if later else row
    more: dict[str, Any] = {"transfer_elsewhere": "Kent"} if outcome is Outcome.TRANSFER else {}
    more |= {"support_team": world.early_help} if outcome is Outcome.EARLY_HELP else {}
    decide(row, outcome=outcome, decided_level=4, by=sam, **more)
    row.refresh_from_db()
    if outcome in STATUTORY:
        assert row.state == "decided"
        return
    assert row.state == "proposed" and row.immediate_danger and not Support.objects.exists()
    assert "danger" in SignOff.objects.get().because and told("sign_off")
    sign(world, row, at=LATER)
    row.refresh_from_db()
    assert row.state == ("sent_on" if outcome is Outcome.TRANSFER else "decided")


def test_the_danger_of_one_child_asks_nothing_of_the_others_and_danger_of_nobody_by_name_of_each(world: World) -> None:
    row, sam = make_referral(world), world.person(Role.SCREENER)
    wren = {"first_name": "Wren", "last_name": "Marlow", "order": 2}
    add_child(world, row, read_facts(row.screening["facts"]), row.screening, (), wren)
    robin = row.children.get(order=1)
    row = triage.claim(referral=row, by=sam, at=NOW)
    row = add(world, row, Later.NOW, children=[robin])
    robin, wren_row = row.children.order_by("order")
    assert (said_in_danger(row, robin), said_in_danger(row, wren_row)) == (True, False)
    Child.objects.filter(referral=row).update(flags=[])
    robin, wren_row = row.children.order_by("order")
    assert (said_in_danger(row, robin), said_in_danger(row, wren_row)) == (True, True), "told of the whole referral"


def test_who_signs_over_danger_reads_who_told_of_it_when_and_in_what_words(world: World) -> None:
    said = {
        "children": [{"impact": {"safe": "no", "impact": "She hides."}}],
        "worry": {"happened": "He came with a bat."},
    }
    row = make_referral(world, facts={"immediate_danger": True}, answers=said)
    sam = world.person(Role.SCREENER)
    row = add(world, triage.claim(referral=row, by=sam, at=NOW), Later.NOW)
    with time_machine.travel(LATER, tick=False):
        client = sign_in(sam)
        address = f"/testshire/triage/{row.pk}/"
        triage.step_down(referral=row, reason="All well.", team=world.early_help, by=sam, at=LATER)
        shown = sign_in(world.person(Role.MANAGER)).get(f"{address}sign-off/").content.decode()
        assert "a step down to early help and it was said that a child is in danger now" in shown
        pat = world.person(Role.PRACTITIONER).name
        told_of = shown[shown.index("What was told of danger") :]
        for words in (
            f"{pat} said when it was sent: Robin Marlow may come to harm now",
            "He came with a bat.",
            "She hides.",
            f"{pat} said after sending, in what they added: Robin Marlow may come to harm now",
            "He has a knife.",
        ):
            assert words in told_of and told_of.index(words) < told_of.index("Send my answer")
        triage.take_back(referral=row, by=sam, at=LATER)
        row.refresh_from_db()
        typed = {
            "decided_level": "4",
            "outcome": "advice",
            "reason": "The police are there.",
            "told_referrer": "We rang.",
            "primary_need": "N1",
            "parents_told_by": "decider",
            "child_told_by": "decider",
            "revision": row.revision,
        }
        asked = client.get(f"{address}decide/").content.decode()
        letter = client.post(f"{address}decide/", typed | {"preview": "1"}).content.decode()
    assert "Anything else needs a second person before it holds." in asked
    assert "it was said that a child is in danger now" in letter and "Propose to a second person" in letter
    assert "waits for no signature: call 999" in letter and "needs no second person for it, at any hour" in letter
    assert "Nobody here can sign it now" not in letter
    for role in (Role.MANAGER, Role.SENIOR):
        Membership.objects.filter(user=world.person(role)).update(ended_at=NOW)
    with time_machine.travel(LATER, tick=False):
        letter = client.post(f"{address}decide/", typed | {"preview": "1"}).content.decode()
        assert "Nobody here can sign it now" in letter and "Ask the partnership’s admin" in letter
        done = client.post(f"{address}decide/", typed, follow=True).content.decode()
        assert "Nobody here can sign it" in done
        stuck = Referral.objects.get(pk=row.pk)
        assert stuck.state == "proposed" and Referral.objects.in_queue(world.mash)[0] == row
        triage.take_back(referral=row, by=sam, at=LATER)
        decide(Referral.objects.get(pk=row.pk), outcome=Outcome.STRATEGY_DISCUSSION, decided_level=4, by=sam)
    row.refresh_from_db()
    assert row.state == "decided", "at any hour, and with nobody else there, the safe way is open"


def test_a_restricted_child_in_danger_whom_nobody_else_may_see_is_no_dead_end(world: World) -> None:
    row, named = make_referral(world, facts={"immediate_danger": True}), None
    named = make_restricted(world, row)
    row = triage.claim(referral=row, by=named, at=NOW)
    with pytest.raises(Refused, match=r"Name one first.*section 17.*needs no second person"):
        decide(row, outcome=Outcome.ADVICE, decided_level=4, by=named)
    decide(row, outcome=Outcome.STRATEGY_DISCUSSION, decided_level=4, by=named)
    assert Referral.objects.get(pk=row.pk).state == "decided"


def test_a_child_said_to_be_in_danger_is_decided_and_never_withdrawn(world: World) -> None:
    row, sam = make_referral(world, facts={"immediate_danger": True}), world.person(Role.SCREENER)
    asker, client = world.person(Role.PRACTITIONER), sign_in(sam)
    additions.ask_to_withdraw(referral=row, reason="He told me to.", token="b" * 32, by=asker, at=NOW)
    address = f"/testshire/triage/{row.pk}/withdrawal/"
    with time_machine.travel(LATER, tick=False):
        assert "decided and not withdrawn" in client.get(address).content.decode()
        row.refresh_from_db()
        typed = {"agreed": "yes", "reason": "She says it is sorted.", "revision": row.revision}
        shown = client.post(address, typed).content.decode()
        assert "decided and not withdrawn" in shown and "She says it is sorted.</textarea>" in shown
        row.refresh_from_db()
        assert row.state == "waiting" and row.withdrawal_asked_at
        assert client.post(address, typed | {"agreed": "no"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "waiting" and row.withdrawal_asked_at is None
