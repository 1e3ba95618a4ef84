"""What the referrer reads: the partnership's own words, initials for a child, and nothing that is not theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope

from partnerships.audit import faults
from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.letters import writing
from referrals.models import Child, Letter, Notice, Referral
from referrals.triage import actions
from tests.factories import NOW, World, make_referral, make_world, sign

CANARIES = {"first_name": "Zephyrine", "last_name": "Quackenbush", "school": "Canary Wharf Infants"}
WORRY = "A bruise like a hand"
REASON = "The police already know the uncle"


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


def decided(world: World, *, outcome: Outcome = Outcome.EARLY_HELP, judged: int | None = None) -> Referral:
    """Acknowledged and decided, with a canary in every place where a name, a worry or a reason may stand."""
    referral = make_referral(world, child=CANARIES, answers={"worry": {"happened": WORRY}})
    Referral.objects.filter(pk=referral.pk).update(judged_level=judged)
    Child.objects.filter(referral=referral).update(judged_level=judged)
    sam = world.person(Role.SCREENER)
    row = actions.claim(referral=referral, by=sam, at=NOW)
    actions.acknowledge(referral=row, words="I ring at noon.", by=sam, at=NOW)
    actions.decide(
        referral=row,
        decided_level=2,
        outcome=outcome,
        reason=REASON,
        told_referrer="A family worker calls on Friday.",
        transfer_elsewhere="Elsewhereshire" if outcome is Outcome.TRANSFER else "",
        revision=row.revision,
        by=sam,
        at=NOW + dt.timedelta(hours=2),
    )
    sign(world, row, at=NOW + dt.timedelta(hours=3))
    return row


def letters(referral: Referral) -> dict[str, Letter]:
    return {letter.kind: letter for letter in Letter.objects.filter(referral=referral)}


def test_the_acknowledgement_says_who_reads_and_by_when(world: World) -> None:
    sam = world.person(Role.SCREENER)
    body = letters(decided(world))["acknowledgement"].body
    for words in (
        "Dear Practitioner",
        "about Z.Q.",
        "Front Line",
        "I ring at noon.",
        "we aim to decide by 10am on Wednesday 25 November 2026",
        "outcome in writing by 11:59pm on Tuesday 1 December 2026",
        "call 999. Otherwise telephone Front Line on 01632 960001. Out of hours, telephone 01632 960002.",
        sam.name,
    ):
        assert words in body, words


def test_the_outcome_says_what_was_decided_and_what_to_do_for_who_disagrees(world: World) -> None:
    body = letters(decided(world, judged=4))["outcome"].body
    for words in (
        "We decided: Early help. An early help team will offer the family support",
        "Threshold for tests, we see the child's needs at level 2: Early help. You had judged them at level 4.",
        "A family worker calls on Friday.",
        "1. Managers (within 5 working days)",
        "2. Board",
    ):
        assert words in body, words
    assert "level 2: Early help.\n" in letters(decided(world, judged=2))["outcome"].body


def test_no_letter_or_notice_holds_what_is_not_the_readers(world: World) -> None:
    referral = decided(world)
    written = "\n".join(f"{letter.subject}\n{letter.body}" for letter in letters(referral).values())
    told = "\n".join(f"{notice.subject}\n{notice.body}" for notice in Notice.objects.filter(referral=referral))
    for canary in (*CANARIES.values(), WORRY, REASON):
        assert canary not in written, canary
        assert canary not in told, canary
    for of_the_letter in ("Z.Q.", "level", "Early help", "I ring at noon.", "Friday"):
        assert of_the_letter not in told, of_the_letter
    assert referral.reference in told and f"/testshire/referrals/{referral.pk}/" in told


def test_nor_does_the_trail(world: World) -> None:
    referral = decided(world)
    trail = "\n".join(str(entry.detail) for entry in AuditEntry.objects.all())
    for canary in (*CANARIES.values(), WORRY, REASON):
        assert canary not in trail, canary
    assert str(referral.pk) in trail
    assert not list(faults(world.partnership))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_letter_without_a_gap(world: World, outcome: Outcome) -> None:
    body = letters(decided(world, outcome=outcome))["outcome"].body
    assert outcome.label in body and outcome.meaning in body
    for gap in ("{{", "{%", "None", "  ", "\n\n\n", "()", " .", "at :"):
        assert gap not in body, gap


def test_a_letter_stays_word_for_word_when_the_child_is_renamed(world: World) -> None:
    referral = decided(world)
    before = letters(referral)["outcome"].body
    Child.objects.filter(referral=referral).update(first_name="Other")
    actions.acknowledge(referral=referral, words="I ring at noon.", by=world.person(Role.SCREENER), at=NOW)
    assert letters(referral)["outcome"].body == before


def test_without_an_account_the_letter_is_kept_and_nobody_is_written_to(world: World) -> None:
    referral = make_referral(world)
    Referral.objects.filter(pk=referral.pk).update(referrer=None, referrer_details={})
    referral.refresh_from_db()
    sam = world.person(Role.SCREENER)
    letter = actions.acknowledge(referral=referral, words="", by=sam, at=NOW)
    assert letter.addressed_to is None and letter.body.startswith("Dear colleague,")
    assert not Notice.objects.filter(kind="letter").exists()


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({}, "Otherwise telephone Front Line on 01632 960001. Out of hours, telephone 01632 960002."),
        ({"always_open": True}, "Otherwise telephone Front Line on 01632 960001."),
        ({"out_of_hours_telephone": ""}, "Otherwise telephone Front Line on 01632 960001."),
        ({"front_door_telephone": ""}, "Otherwise telephone Front Line; out of hours, 01632 960002."),
        ({"front_door_telephone": "", "out_of_hours_telephone": ""}, "Otherwise telephone Front Line."),
        (
            {"front_door_telephone": "", "out_of_hours_telephone": "", "hours_note": "See the council's page."},
            "Otherwise telephone Front Line. See the council's page.",
        ),
    ],
)
def test_whom_to_telephone_whatever_numbers_there_are(world: World, numbers: dict[str, Any], said: str) -> None:
    for name, value in numbers.items():
        setattr(world.partnership, name, value)
    world.partnership.save()
    referral = make_referral(world)
    referral.partnership.refresh_from_db()
    body = writing.acknowledgement(referral, words="", by=world.person(Role.SCREENER)).body
    assert f"If a child is in danger now, call 999. {said}\n" in body
