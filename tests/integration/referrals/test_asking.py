"""Questions and checks: asked once, answered by who is asked, chased, and seen by nobody else."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django_scopes import scope

from partnerships import members
from partnerships.audit import faults
from partnerships.models import Membership
from partnerships.permissions import Role
from referrals.asking import actions as asking
from referrals.asking.extract import chosen, fields
from referrals.clocks.sweep import sweep
from referrals.disagreement import actions as disagreements
from referrals.domain.asking import Urgency
from referrals.domain.danger import Later
from referrals.letters.actions import write_acknowledgement
from referrals.models import Ask, Clock, Disagreement, Notice, Referral, RiskRating
from referrals.transfer.bundle import happened
from referrals.triage import actions
from referrals.triage.assigning import mark_absent
from referrals.triage.moves import Refused
from tests.factories import NOW, World, make_check, make_letter, make_person, make_referral, sign, sign_in

pytestmark = pytest.mark.usefixtures("a_morning")

ANSWERS = {"worry": {"happened": "A bruise on the upper arm."}, "impact": {"impact": "Hides the arm."}}


def of(world: World, name: str, **parts: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **parts})


def page(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def claimed(world: World, **kwargs: Any) -> Referral:
    with scope(partnership=world.partnership):
        return actions.claim(referral=make_referral(world, **kwargs), by=world.person(Role.SCREENER), at=NOW)


def waiting(referral: Referral) -> str:
    return Referral.objects.values_list("waiting_for", flat=True).get(pk=referral.pk)


def test_a_question_waits_is_chased_and_is_answered_by_the_referrer(world: World) -> None:
    row = claimed(world)
    screener, referrer = (sign_in(world.person(role)) for role in (Role.SCREENER, Role.PRACTITIONER))
    typed = {"question": "Who lives with Robin?", "urgency": "soon"}
    shown = page(screener.post(of(world, "referral_ask", referral_id=row.pk), typed, follow=True))
    assert "The referrer is asked." in shown and "Waits for the referrer" in shown
    screener.post(of(world, "referral_ask", referral_id=row.pk), typed)
    with scope(partnership=world.partnership):
        ask = Ask.objects.get(referral=row)
        assert waiting(row) == "referrer"
        assert Referral.objects.waiting_for_others().filter(pk=row.pk).exists()
        clock = Clock.objects.get(referral=row, slug="question")
        assert clock.due_at == ask.due_at == dt.datetime(2026, 11, 25, 23, 59, 59, tzinfo=dt.UTC)
    sweep(at=ask.due_at + dt.timedelta(minutes=1))
    sweep(at=ask.due_at + dt.timedelta(minutes=2))
    with scope(partnership=world.partnership):
        chased = Notice.objects.filter(referral=row, kind="chased", to=world.person(Role.PRACTITIONER))
        assert chased.count() == 2 and "Robin" not in "".join(each.body for each in chased)
    track = page(referrer.get(of(world, "referral_track", referral_id=row.pk)))
    assert "There is a question for you." in track
    there = of(world, "question_answer", referral_id=row.pk, ask_id=ask.pk)
    assert "Who lives with Robin?" in page(referrer.get(there))
    assert "Write your answer" in page(referrer.post(there, {"answer": " ", "danger": "no"}))
    blank = page(referrer.post(there, {"answer": "His mother and an uncle."}))
    assert "Say whether a child may come to harm now" in blank and "His mother and an uncle." in blank
    answered = page(referrer.post(there, {"answer": "His mother and an uncle.", "danger": "no"}, follow=True))
    assert "Your answer has been sent." in answered and "There is a question for you." not in answered
    assert "His mother and an uncle." in page(screener.get(of(world, "referral", referral_id=row.pk)))
    with scope(partnership=world.partnership):
        assert waiting(row) == "" and Clock.objects.get(referral=row, slug="question").met_at
        assert Notice.objects.filter(referral=row, kind__startswith="answer", to=world.person(Role.SCREENER)).exists()
        assert not list(faults(world.partnership))


def test_what_is_answered_again_stands_beside_the_first_and_a_withdrawn_question_waits_for_nothing(
    world: World,
) -> None:
    row, sam, tess = claimed(world), world.person(Role.SCREENER), world.person(Role.PRACTITIONER)
    with scope(partnership=world.partnership):
        first, second = (
            asking.ask_referrer(referral=row, question=said, urgency=Urgency.URGENT, by=sam, at=NOW)
            for said in ("First?", "Second?")
        )
        asking.answer(ask=first, answer="Yes.", later=Later.NO, by=tess, at=NOW)
        assert asking.answer(ask=first, answer="Yes.", later=Later.NO, by=tess, at=NOW).state == Ask.State.ANSWERED
        assert waiting(row) == "referrer"
        asking.answer(ask=first, answer="No.", later=Later.NO, by=tess, at=NOW)
        told = Ask.objects.filter(referral=row, state=Ask.State.ANSWERED)
        assert {(each.question, each.answer) for each in told} == {("First?", "Yes."), ("First?", "No.")}
        assert waiting(row) == "referrer", "the second question has no answer yet"
        asking.withdraw_ask(ask=second, by=sam, at=NOW)
        assert waiting(row) == ""
        with pytest.raises(Refused, match="withdrawn"):
            asking.answer(ask=second, answer="Yes.", later=Later.NO, by=tess, at=NOW)


def test_an_answer_sent_again_with_danger_goes_before_all_others(world: World) -> None:
    row, sam = claimed(world), world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        asked = asking.ask_referrer(referral=row, question="And now?", urgency=Urgency.SOON, by=sam, at=NOW)
        check = make_check(world, row)
        assert not row.immediate_danger
    tess, pat = sign_in(world.person(Role.PRACTITIONER)), sign_in(world.person(Role.CHECKER))
    there = of(world, "question_answer", referral_id=row.pk, ask_id=asked.pk)
    said = {"answer": "He has a black eye.", "danger": "no"}
    tess.post(there, said)
    for _ in range(2):  # the second is the same press
        assert "It goes before all others." in page(tess.post(there, {**said, "danger": "yes"}, follow=True))
    with scope(partnership=world.partnership):
        assert Referral.objects.get(pk=row.pk).immediate_danger
        assert sorted(Ask.objects.questions().values_list("later", flat=True)) == ["no", "yes"]
        told = Notice.objects.filter(referral=row, kind="danger_added")
        first = told.count()
        assert told.filter(to=world.person(Role.MANAGER)).exists()
    mine = of(world, "check_answer", ask_id=check.pk)
    known = {"knows": "no", "answer": ""}
    pat.post(mine, {**known, "danger": "no"})
    pat.post(mine, {**known, "danger": "yes"})
    with scope(partnership=world.partnership):
        assert told.count() == 2 * first and Ask.objects.checks().count() == 2
        assert waiting(row) == ""


def test_what_was_written_while_a_question_was_withdrawn_is_given_back_and_danger_is_taken(world: World) -> None:
    row, sam = claimed(world), world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        asked = asking.ask_referrer(referral=row, question="And now?", urgency=Urgency.SOON, by=sam, at=NOW)
        check = make_check(world, row)
        for each in (asked, check):
            asking.withdraw_ask(ask=each, by=sam, at=NOW)
    tess, pat = sign_in(world.person(Role.PRACTITIONER)), sign_in(world.person(Role.CHECKER))
    pages = (
        (tess, of(world, "question_answer", referral_id=row.pk, ask_id=asked.pk), {"answer": "A long answer."}),
        (pat, of(world, "check_answer", ask_id=check.pk), {"knows": "yes", "answer": "A long answer."}),
    )
    for client, there, said in pages:
        shown = page(client.post(there, {**said, "danger": "no"}))
        assert "yours was not sent" in shown and "A long answer.</textarea>" in shown
        assert "Robin Marlow" not in shown, "the extract is shown no more"
        client.post(there, {**said, "danger": "yes"})
    with scope(partnership=world.partnership):
        assert Referral.objects.get(pk=row.pk).immediate_danger
        assert {each.answer for each in Ask.objects.filter(referral=row)} == {"A long answer."}
    assert pat.get(pages[1][1]).status_code == 200


def checking(world: World) -> dict[str, Any]:
    return {
        "agencies": [world.school.slug],
        "question": "Is there a gun in the house?",
        "extract": ["child-1-name"],
        "basis": "public_task",
        "urgency": "urgent",
    }


def test_another_question_to_an_agency_with_an_open_check_is_asked(world: World) -> None:
    row = claimed(world)
    make_check(world, row)
    screener, there = sign_in(world.person(Role.SCREENER)), of(world, "referral_check", referral_id=row.pk)
    assert "Was asked already, and has not answered yet: Has the school seen this before?" in page(screener.get(there))
    for _ in range(2):  # the second is the same press
        assert "The agencies are asked." in page(screener.post(there, checking(world), follow=True))
    with scope(partnership=world.partnership):
        asked = {each.question for each in Ask.objects.open().checks()}
        assert asked == {"Has the school seen this before?", "Is there a gun in the house?"}
        assert Notice.objects.filter(kind="check", to=world.person(Role.CHECKER)).count() == 2
    again = {**checking(world), "agencies": [world.school.slug, world.practice.slug], "urgency": "routine"}
    shown = page(screener.post(there, again))
    assert f"{world.school.name} was asked this by you at" in shown and "Nobody was asked now." in shown
    assert "Is there a gun in the house?</textarea>" in shown
    with scope(partnership=world.partnership):
        assert Ask.objects.open().checks().count() == 2


def test_the_same_question_to_the_referrer_sooner_is_refused_and_not_said_to_be_asked(world: World) -> None:
    row = claimed(world)
    screener, there = sign_in(world.person(Role.SCREENER)), of(world, "referral_ask", referral_id=row.pk)
    screener.post(there, {"question": "Where is he?", "urgency": "routine"})
    shown = page(screener.post(there, {"question": "Where is he?", "urgency": "urgent"}))
    assert "You asked this at" in shown and "telephone the referrer" in shown and "Where is he?</textarea>" in shown


def test_early_help_asks_an_agency_that_the_mash_waits_for_and_is_told_of_its_own_answer_alone(world: World) -> None:
    row, sam, erin = claimed(world), world.person(Role.SCREENER), world.person(Role.EARLY_HELP)
    theirs = make_check(world, row)
    down = page(sign_in(sam).get(of(world, "referral_step_down", referral_id=row.pk)))
    assert f"{world.school.name} has not answered your check yet." in down
    with scope(partnership=world.partnership):
        actions.step_down(referral=row, reason="No harm.", team=world.early_help, by=sam, at=NOW)
    sign(world, row)
    with scope(partnership=world.partnership):
        actions.claim(referral=Referral.objects.get(pk=row.pk), by=erin, at=NOW)
    helper, there = sign_in(erin), of(world, "referral_check", referral_id=row.pk)
    assert "Was asked already" not in page(helper.get(there)), "what the MASH asks is not told"
    assert "The agencies are asked." in page(helper.post(there, checking(world), follow=True))
    with scope(partnership=world.partnership):
        ours = Ask.objects.open().checks().get(team=world.early_help)
        pat = world.person(Role.CHECKER)
        answers = Notice.objects.filter(referral=row, kind__startswith="answer")
        asking.answer(ask=theirs, answer="", knows="no", later=Later.NO, by=pat, at=NOW)
        assert {each.to for each in answers.all()} == {sam}
        asking.answer(ask=ours, answer="", knows="no", later=Later.NO, by=pat, at=NOW)
        assert {each.to for each in answers.all()} == {sam, erin}
        asking.answer(ask=theirs, answer="He has a record.", knows="yes", later=Later.UNSURE, by=pat, at=NOW)
        told = Notice.objects.get(referral=row, kind="doubt_added", to=erin).body
        assert "Telephone them for what it says." in told and world.school.name not in told


def test_the_mash_takes_back_a_check_of_its_own_after_a_step_down_and_early_help_does_not(world: World) -> None:
    row, sam, erin = claimed(world), world.person(Role.SCREENER), world.person(Role.EARLY_HELP)
    ask = make_check(world, row)
    with scope(partnership=world.partnership):
        row = Referral.objects.get(pk=row.pk)
        actions.step_down(referral=row, reason="No harm.", team=world.early_help, by=sam, at=NOW)
        sign(world, row)
    there, here = (
        of(world, name, referral_id=row.pk, **more)
        for name, more in (("ask_withdraw", {"ask_id": ask.pk}), ("referral", {}))
    )
    assert there not in page(sign_in(erin).get(here)) and sign_in(erin).post(there).status_code == 404
    assert sign_in(world.person(Role.MANAGER)).post(there).status_code == 404
    mash = sign_in(make_person(world, Role.SCREENER, team=world.mash))
    assert there in page(mash.get(here))
    assert "It is withdrawn." in page(mash.post(there, follow=True))
    with scope(partnership=world.partnership):
        assert Ask.objects.get().state == "withdrawn" and not waiting(row)
        assert Clock.objects.get(referral=row, slug="check").met_at is not None
        assert to(world, "check_withdrawn") == {world.person(Role.CHECKER).name}
        assert to(world, "ask_withdrawn") == {sam.name}
    assert there not in page(mash.get(here))


def test_what_early_help_asked_goes_with_a_referral_that_the_answer_takes_to_the_mash(world: World) -> None:
    row = make_referral(world, indicators=("health-2-02",))
    erin, sam = world.person(Role.EARLY_HELP), world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        actions.claim(referral=row, by=erin, at=NOW)
    agencies = [world.school.slug, world.practice.slug]
    typed = {**checking(world), "agencies": agencies, "rating": "high", "reason": "One injury."}
    sign_in(erin).post(of(world, "referral_check", referral_id=row.pk), typed)
    with scope(partnership=world.partnership):
        answered, still_open = (Ask.objects.get(agency=agency) for agency in (world.school, world.practice))
        pat = world.person(Role.CHECKER)
        asking.answer(ask=answered, answer="He took her at noon.", knows="yes", later=Later.NOW, by=pat, at=NOW)
        assert Referral.objects.get(pk=row.pk).team == world.mash
        assert "elephone" not in Notice.objects.get(referral=row, kind="danger_added", to=sam).body
        notices = [f"{each.subject} {each.body}" for each in Notice.objects.filter(referral=row)]
        assert any("An agency answered what was asked" in each for each in notices)
        assert not [each for each in notices if world.school.name in each], "it may be the child's school"
    for role in (Role.SCREENER, Role.SENIOR, Role.MANAGER):
        client = sign_in(world.person(role))
        shown = page(client.get(of(world, "referral", referral_id=row.pk)))
        assert "He took her at noon." in shown and "Risk before checks:" in shown, role
        assert row.reference in page(client.get(of(world, "checks_board"))), role
    take_back = of(world, "ask_withdraw", referral_id=row.pk, ask_id=still_open.pk)
    assert "It is withdrawn." in page(sign_in(sam).post(take_back, follow=True))


@pytest.mark.parametrize(("asked_by", "with_team", "stale"), [
    ("mash", "mash", True), ("early_help", "mash", True), ("mash", "early_help", False),
])  # fmt: skip
def test_an_answer_makes_stale_what_is_written_by_who_may_read_it(
    world: World, asked_by: str, with_team: str, stale: bool
) -> None:
    row = claimed(world)
    with scope(partnership=world.partnership):
        check = make_check(world, row)
        Ask.objects.update(team=getattr(world, asked_by))
        Referral.objects.update(team=getattr(world, with_team))
        before = Referral.objects.get(pk=row.pk).revision
        asking.answer(ask=check, answer="", knows="no", later=Later.NO, by=world.person(Role.CHECKER), at=NOW)
        assert (Referral.objects.get(pk=row.pk).revision > before) is stale


def test_an_answer_whose_asker_has_left_reaches_the_team_that_asked(world: World) -> None:
    row, sam = claimed(world), world.person(Role.SCREENER)
    check, colleague = make_check(world, row), make_person(world, Role.SCREENER, team=world.mash)
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=row.pk).update(owner=None, owned_at=None, state="waiting")
        Membership.objects.filter(user=sam).update(ended_at=NOW)
        asking.answer(ask=check, answer="", knows="no", later=Later.NO, by=world.person(Role.CHECKER), at=NOW)
        told = {each.to for each in Notice.objects.filter(referral=row, kind__startswith="answer")}
        assert colleague in told and sam not in told


def test_an_answer_whose_asker_is_away_reaches_somebody_who_is_there(world: World) -> None:
    row, sam = claimed(world), world.person(Role.SCREENER)
    check, colleague = make_check(world, row), make_person(world, Role.SCREENER, team=world.mash)
    with scope(partnership=world.partnership):
        mark_absent(
            partnership=world.partnership, user=sam, until=NOW + dt.timedelta(days=9), cover=None, by=sam, at=NOW
        )
        asking.answer(ask=check, answer="", knows="no", later=Later.NO, by=world.person(Role.CHECKER), at=NOW)
        told = {each.to for each in Notice.objects.filter(referral=row, kind__startswith="answer")}
    assert {colleague, sam} <= told


def test_a_check_shows_what_was_chosen_and_nothing_else(world: World) -> None:
    row = claimed(world, answers=ANSWERS, child={"address": "4 Alder Walk"})
    with scope(partnership=world.partnership):
        police = world.practice
        constable = make_person(world, Role.CHECKER, agency=police)
    screener = sign_in(world.person(Role.SCREENER))
    there = of(world, "referral_check", referral_id=row.pk)
    form = page(screener.get(there))
    assert "The child, address" in form and not re.search(r"<input[^>]* checked", form)
    typed = {
        "agencies": [police.slug],
        "question": "Is the family known?",
        "extract": ["child-1-name", "child-1-born"],
        "basis": "public_task",
        "urgency": "urgent",
    }
    assert "Rate the risk before the checks" in page(screener.post(there, typed))
    shown = page(screener.post(there, {**typed, "rating": "high", "reason": "One injury."}, follow=True))
    assert "The agencies are asked." in shown and "Risk before checks:" in shown
    with scope(partnership=world.partnership):
        ask = Ask.objects.get(referral=row)
        assert ask.due_at == NOW + dt.timedelta(hours=4) and waiting(row) == "agencies"
    answering, mine = sign_in(constable), of(world, "check_answer", ask_id=ask.pk)
    assert row.reference in page(answering.get(of(world, "checks")))
    read = page(answering.get(mine))
    assert "Robin Marlow" in read and "Is the family known?" in read and "A public task" in read
    for unseen in ("Alder Walk", "A bruise", "One injury.", "Practitioner"):
        assert unseen not in read, unseen
    for address in ("referral", "referral_track", "referral_summary"):
        assert answering.get(of(world, address, referral_id=row.pk)).status_code == 404
    colleague = sign_in(world.person(Role.CHECKER))  # of another agency
    assert colleague.get(mine).status_code == 404 and row.reference not in page(colleague.get(of(world, "checks")))
    assert "Write what you know" in page(answering.post(mine, {"knows": "yes", "answer": ""}))
    said = {"knows": "yes", "answer": "Two calls to the address in May."}
    blank = page(answering.post(mine, said))
    assert "Say whether a child may come to harm now" in blank and "Two calls to the address in May." in blank
    answering.post(mine, {**said, "danger": "no"})
    assert "Two calls to the address in May." in page(screener.get(of(world, "referral", referral_id=row.pk)))
    after = of(world, "referral_risk", referral_id=row.pk)
    screener.post(after, {"rating": "medium", "reason": "The calls were about noise."})
    with scope(partnership=world.partnership):
        assert waiting(row) == ""
        assert list(RiskRating.objects.filter(referral=row).values_list("stage", "rating")) == [
            ("before", "high"),
            ("after", "medium"),
        ]


def test_of_what_is_told_in_confidence_no_agency_is_shown_who_told(world: World) -> None:
    row = make_referral(world)
    with scope(partnership=world.partnership):
        assert "agency" in {each.key for each in fields(row)}
        row.in_confidence = True
        assert "agency" not in {each.key for each in fields(row)} and chosen(row, ["agency"]) == []


def test_what_an_agency_said_stays_with_the_mash(world: World) -> None:
    row = claimed(world)
    with scope(partnership=world.partnership):
        ask = make_check(world, row)
        asking.answer(
            ask=ask, answer="Told in confidence.", later=Later.NO, knows="yes", by=world.person(Role.CHECKER), at=NOW
        )
        actions.step_down(
            referral=row, reason="No harm.", team=world.early_help, by=world.person(Role.SCREENER), at=NOW
        )
    sign(world, row)
    shown = page(sign_in(world.person(Role.EARLY_HELP)).get(of(world, "referral", referral_id=row.pk)))
    assert row.reference in shown and "Told in confidence." not in shown and "One injury." not in shown
    lines = ("rated the risk before checks: medium.", f"asked {world.school.name} for a check", " answered (")
    assert not [each for each in (*lines, f"Check by {world.school.name}") if each in shown]
    assert "A check by an agency" in shown
    for role in (Role.MANAGER, Role.SCREENER):
        theirs = page(sign_in(world.person(role)).get(of(world, "referral", referral_id=row.pk)))
        assert all(each in theirs for each in ("Told in confidence.", *lines)), role
    with scope(partnership=world.partnership):
        sent_on = " ".join(each["sentence"] for each in happened(row, []))
    assert "step down from" in sent_on and not [each for each in lines if each in sent_on]


def test_a_notice_of_a_late_check_does_not_name_the_school(world: World) -> None:
    """Which school a child goes to is not for a mailbox: the notice says what is late, the page of whom."""
    referral = make_referral(world)
    make_check(world, referral)
    for days in (3, 6):
        sweep(at=NOW + dt.timedelta(days=days))
    with scope(partnership=world.partnership):
        assert Clock.objects.get(slug="check").name == f"Check by {world.school.name}"
        bodies = [notice.body for notice in Notice.objects.filter(kind__startswith="clock_")]
    assert any("“A check by an agency”" in body for body in bodies)
    assert not any(world.school.name in body for body in bodies)


def test_the_board_shows_who_is_late_first(world: World) -> None:
    row = claimed(world)
    with scope(partnership=world.partnership):
        make_check(world, row)
        asking.ask_referrer(
            referral=row, question="When?", urgency=Urgency.ROUTINE, by=world.person(Role.SCREENER), at=NOW
        )
    with time_machine.travel(NOW + dt.timedelta(days=2), tick=False):
        shown = page(sign_in(world.person(Role.SCREENER)).get(of(world, "checks_board")))
    assert f"Late: <strong>{world.school.name}</strong> (1)" in shown
    assert shown.index("overdue") < shown.index("The referrer")
    assert row.reference not in page(sign_in(world.person(Role.EARLY_HELP)).get(of(world, "checks_board")))


def test_an_answer_after_the_decision_is_taken_and_told(world: World) -> None:
    row, sam = claimed(world), world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        ask = make_check(world, row)
        from referrals.domain.lifecycle import Outcome

        actions.decide(
            referral=row,
            decided_level=4,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="It can't wait.",
            told_referrer="",
            revision=row.revision,
            by=sam,
            at=NOW,
        )
        asking.answer(ask=ask, answer="", later=Later.NO, knows="no", by=world.person(Role.CHECKER), at=NOW)
        told = Notice.objects.get(referral=row, kind__startswith="answer", to=sam)
        assert "after the decision" in told.body


def test_a_checker_who_has_left_is_asked_nothing(world: World) -> None:
    row = claimed(world)
    Membership.objects.filter(role=Role.CHECKER.value).update(ended_at=NOW)
    with scope(partnership=world.partnership):
        ask = make_check(world, row)
        assert not Notice.objects.filter(kind="check").exists()
    assert sign_in(world.person(Role.CHECKER)).get(of(world, "check_answer", ask_id=ask.pk)).status_code == 404


def leave(world: World) -> None:
    """The referrer's only role ends, and with it the account."""
    role = Membership.objects.get(user=world.person(Role.PRACTITIONER))
    members.end(membership=role, by=world.person(Role.ADMIN), at=NOW)


def to(world: World, kind: str) -> set[str]:
    with scope(partnership=world.partnership):
        return {each.to.name for each in Notice.objects.filter(kind=kind).select_related("to")}


def test_what_a_referrer_who_left_was_asked_and_written_goes_to_who_answers_for_the_agency(world: World) -> None:
    row, lead = claimed(world), world.person(Role.SAFEGUARDING_LEAD)
    mine = sign_in(world.person(Role.SCREENER))
    ask_page = of(world, "referral_ask", referral_id=row.pk)
    mine.post(ask_page, {"question": "Who lives with Robin?", "urgency": "soon"})
    with scope(partnership=world.partnership):
        first = Ask.objects.get()
    make_letter(world, row)
    role = Membership.objects.get(user=world.person(Role.PRACTITIONER))
    ends = page(sign_in(world.person(Role.ADMIN)).get(of(world, "member_end", membership_id=role.pk)))
    assert "They sent 1 open referral" in ends and "go to its safeguarding lead from now on" in ends
    leave(world)
    assert lead.name in to(world, "question") and lead.name in to(world, "letter"), (
        "what they have not answered or read"
    )
    for shown in (page(mine.get(ask_page)), page(mine.get(of(world, "referral", referral_id=row.pk)))):
        assert "no longer refers for Testshire Primary" in shown and f"goes to {lead.name}" in shown
    said = page(mine.post(ask_page, {"question": "Where is he?", "urgency": "soon"}, follow=True))
    assert f"It is asked. {world.person(Role.PRACTITIONER).name} no longer refers" in said
    with scope(partnership=world.partnership):
        asked = Ask.objects.exclude(pk=first.pk).get()
        fresh = Referral.objects.get()
        letter = write_acknowledgement(referral=fresh, words="x", by=world.person(Role.SCREENER), at=NOW)
        assert letter.addressed_to == lead
        assert [each.to for each in Notice.objects.filter(key__startswith=f"question:{asked.pk}")] == [lead]
    sweep(at=asked.due_at)
    assert to(world, "chased") == {lead.name}
    answered = sign_in(lead).post(
        of(world, "question_answer", referral_id=row.pk, ask_id=asked.pk), {"answer": "Here", "danger": "no"}
    )
    assert answered.status_code == 302


@pytest.mark.parametrize("why", ["an allegation", "no lead"])
def test_where_nobody_can_answer_the_front_door_is_told_to_telephone(world: World, why: str) -> None:
    row, screener = claimed(world), world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        asking.ask_referrer(referral=row, question="Who?", urgency=Urgency.SOON, by=screener, at=NOW)
        if why == "no lead":
            Membership.objects.filter(role=Role.SAFEGUARDING_LEAD).delete()
        else:
            Referral.objects.filter(pk=row.pk).update(flags=["lado"], flag_words="|lado|")
    role = Membership.objects.get(user=world.person(Role.PRACTITIONER))
    ends = page(sign_in(world.person(Role.ADMIN)).get(of(world, "member_end", membership_id=role.pk)))
    assert "the front door has to telephone" in ends
    leave(world)
    with scope(partnership=world.partnership):
        told = Notice.objects.get(subject="Front Door: nobody can answer what you asked")
        assert told.to == screener and "Testshire" not in told.body.replace("testshire", "")
        assert ("Telephone whoever told of it" in told.body) == (why == "an allegation"), "it may be about the agency"
        assert not Notice.objects.filter(to=world.person(Role.SAFEGUARDING_LEAD)).exists()
    refused = sign_in(screener).post(
        of(world, "referral_ask", referral_id=row.pk), {"question": "Kept words?", "urgency": "soon"}
    )
    of_them = "whoever told of it, on the number that they gave. Speak of it with nobody else at Testshire Primary."
    assert f"Telephone {of_them if why == 'an allegation' else 'Testshire Primary, and note'}" in page(refused)
    assert "Kept words?" in page(refused)


def test_who_refers_for_another_agency_now_is_asked_no_more_but_who_answers_for_the_first(world: World) -> None:
    row, lead, referrer = claimed(world), world.person(Role.SAFEGUARDING_LEAD), world.person(Role.PRACTITIONER)
    post = members.Post(Role.PRACTITIONER, world.practice)
    members.change(membership=Membership.objects.get(user=referrer), post=post, by=world.person(Role.ADMIN), at=NOW)
    with scope(partnership=world.partnership):
        asking.ask_referrer(referral=row, question="Who?", urgency=Urgency.SOON, by=world.person(Role.SCREENER), at=NOW)
    assert to(world, "question") == {lead.name}
    assert sign_in(referrer).get(f"/testshire/referrals/{row.pk}/").status_code == 404


def test_what_no_lead_may_follow_is_still_asked_of_who_told_of_it_and_works_elsewhere_now(world: World) -> None:
    row, referrer = claimed(world), world.person(Role.PRACTITIONER)
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=row.pk).update(flags=["lado"], flag_words="|lado|")
    post = members.Post(Role.PRACTITIONER, world.practice)
    members.change(membership=Membership.objects.get(user=referrer), post=post, by=world.person(Role.ADMIN), at=NOW)
    with scope(partnership=world.partnership):
        row = Referral.objects.get(pk=row.pk)
        asking.ask_referrer(referral=row, question="Who?", urgency=Urgency.SOON, by=world.person(Role.SCREENER), at=NOW)
    assert to(world, "question") == {referrer.name}
    assert sign_in(referrer).get(f"/testshire/referrals/{row.pk}/").status_code == 200
    assert sign_in(world.person(Role.SAFEGUARDING_LEAD)).get(f"/testshire/referrals/{row.pk}/").status_code == 404


def test_the_only_one_of_an_agency_leaves_a_letter_and_a_challenge_and_the_front_door_hears(world: World) -> None:
    row, screener, gone = claimed(world), world.person(Role.SCREENER), world.person(Role.PRACTITIONER)
    Membership.objects.filter(role=Role.SAFEGUARDING_LEAD).delete()
    with scope(partnership=world.partnership):
        row = Referral.objects.get(pk=row.pk)
        write_acknowledgement(referral=row, words="x", by=screener, at=NOW)
        disagreements.raise_disagreement(referral=row, words="We see it otherwise.", by=gone, at=NOW)
    leave(world)
    with scope(partnership=world.partnership):
        heard = set(Notice.objects.filter(kind="nobody_answers").values_list("subject", "to__name"))
        letter, left = "Front Door: nobody can read your letter", "Front Door: who challenged a decision has left"
        who = {screener.name, world.person(Role.MANAGER).name}
        assert heard == {(subject, name) for subject in (letter, left) for name in who}
        assert not [each for each in Notice.objects.filter(kind="nobody_answers") if "Testshire P" in each.body]
        made = Disagreement.objects.get()
    said = sign_in(screener).post(
        of(world, "referral_disagreement", referral_id=row.pk),
        {"step": "answer", "answer": "We keep to it.", "spoke": "Sam and Pat", "seen": made.stage},
        follow=True,
    )
    assert "The answer is on record. Nobody of the agency can read it here. Telephone Testshire Primary" in page(said)


def test_who_leads_and_challenged_has_left_and_the_referrer_goes_on(world: World) -> None:
    row, lead, referrer = claimed(world), world.person(Role.SAFEGUARDING_LEAD), world.person(Role.PRACTITIONER)
    with scope(partnership=world.partnership):
        row = Referral.objects.get(pk=row.pk)
        made = disagreements.raise_disagreement(referral=row, words="We see it otherwise.", by=lead, at=NOW)
    members.end(membership=Membership.objects.get(user=lead), by=world.person(Role.ADMIN), at=NOW)
    with scope(partnership=world.partnership):
        told = Notice.objects.filter(kind="disagreement", to=referrer)
        assert [each.subject for each in told] == ["Front Door: a challenge was left to you"]
        result = Disagreement.Result.STANDS
        disagreements.resolve(disagreement=made, result=result, resolution="We spoke.", by=referrer, at=NOW)
