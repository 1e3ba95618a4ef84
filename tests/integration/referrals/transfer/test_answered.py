"""What the other area answers: received by a named person, not taken, or nothing; and what is told meanwhile."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.db import close_old_connections, connection
from django_scopes import scope, scopes_disabled

from partnerships.audit import faults as audit_faults
from partnerships.models import AuditEntry, Membership
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.asking import actions as asking
from referrals.clocks.sweep import sweep
from referrals.domain.asking import Urgency
from referrals.domain.danger import Later
from referrals.domain.lifecycle import NotAllowed
from referrals.models import (
    Addendum,
    Arrival,
    Ask,
    Clock,
    Decision,
    Event,
    Notice,
    Referral,
    Transfer,
)
from referrals.retention.actions import kept_until, purge
from referrals.transfer import receiving, told_since
from referrals.triage import actions
from referrals.triage.moves import Elsewhere, Refused
from tests.factories import NOW, World, make_check, make_person, make_referral, make_world
from tests.integration.referrals.transfer.sending_on import (
    LATER,
    NAME,
    arrived,
    client_of,
    notices_of,
    one_child,
    sent,
    to_other,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_receipt_is_a_named_persons_and_closes_it_where_it_came_from(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, olga = sent(worlds), other.person(Role.SCREENER)
    there = arrived(other)
    with scope(partnership=other.partnership):
        actions.claim(referral=there, by=olga, at=LATER)
        mine = Referral.objects.get(pk=there.pk)
        with pytest.raises(Refused, match="Confirm first to Ownshire"):
            to_other(mine, own, by=olga)
        with pytest.raises(Elsewhere):
            receiving.confirm_receipt(referral=there, by=other.person(Role.EARLY_HELP), at=LATER)
    client = client_of(olga)
    assert "Confirm that you have it" in client.get(f"/othershire/triage/{there.pk}/").content.decode()
    with time_machine.travel(LATER, tick=False):
        assert client.post(f"/othershire/triage/{there.pk}/arrival/", {"answer": "have"}).status_code == 302
        assert client.post(f"/othershire/triage/{there.pk}/arrival/", {"answer": "have"}).status_code == 302, "once"
    with scope(partnership=own.partnership):
        after = Referral.objects.get(pk=row.pk)
        transfer = Transfer.objects.get()
        assert after.state == "decided" and after.waiting_for == "" and after.decided_by == own.person(Role.SCREENER)
        assert transfer.received_by.startswith(f"{olga.name}, {olga.job_title}")
        assert not Clock.objects.filter(referral=after).unmet().exists()
    page = client_of(own.person(Role.SCREENER)).get(f"/ownshire/triage/{row.pk}/").content.decode()
    assert f"Received by {olga.name}" in page and "Othershire Safeguarding Children Partnership" in page
    assert told(own, "transfer_received") == {own.person(Role.SCREENER).name, own.person(Role.PRACTITIONER).name}
    track = client_of(own.person(Role.PRACTITIONER)).get(f"/ownshire/referrals/{row.pk}/").content.decode()
    assert f"Received by {olga.name}" in track
    verbs = ("referral.transferred", "referral.received_elsewhere", "referral.arrived", "referral.receipt_confirmed")
    assert {each.partnership_id for each in AuditEntry.objects.filter(verb__in=verbs[:2])} == {own.partnership.pk}
    assert {each.partnership_id for each in AuditEntry.objects.filter(verb__in=verbs[2:])} == {other.partnership.pk}
    assert AuditEntry.objects.filter(verb__in=verbs).count() == 4
    assert [*audit_faults(own.partnership), *audit_faults(other.partnership)] == []


def test_what_is_not_taken_comes_back_and_is_decided_anew(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, olga = sent(worlds), other.person(Role.SCREENER)
    there = arrived(other)
    client = client_of(olga)
    address = f"/othershire/triage/{there.pk}/arrival/"
    assert "Say why it goes back" in client.post(address, {"answer": "back"}).content.decode()
    with time_machine.travel(LATER, tick=False):
        assert client.post(address, {"answer": "back", "reason": "They moved on again."}).status_code == 302
    with scope(partnership=other.partnership):
        after = Referral.objects.get(pk=there.pk)
        assert after.state == "returned" and not after.is_open
        assert not Clock.objects.filter(referral=after).unmet().exists()
        for act in (actions.claim, actions.release):
            with pytest.raises((Refused, NotAllowed)):
                act(referral=after, by=olga, at=LATER)
    with scope(partnership=own.partnership):
        mine, sam = Referral.objects.get(pk=row.pk), own.person(Role.SCREENER)
        assert (mine.state, mine.owner, mine.decided_by) == ("in_hand", sam, None)
        assert Decision.objects.get().state == "overtaken"
        assert Clock.objects.filter(referral=mine, slug="decide_again_1").unmet().exists()
        assert told(own, "transfer_back") == {sam.name, own.person(Role.MANAGER).name}
        assert told(own, "transfer_came_back") == {own.person(Role.PRACTITIONER).name}
        assert "They moved on again." in client_of(sam).get(f"/ownshire/triage/{row.pk}/").content.decode()
        with pytest.raises(Refused, match="sent it back"), scope(partnership=other.partnership):
            receiving.confirm_receipt(referral=after, by=olga, at=LATER)
        to_other(mine, other, by=sam)
        assert Transfer.objects.count() == 2
    with scope(partnership=other.partnership):
        assert Referral.objects.count() == 2, "sent on once more it is another contact"


def test_a_receipt_that_does_not_come_is_told_on_both_sides(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds, indicators=("health-2-01",), team=worlds[0].mash)
    with scope(partnership=own.partnership):
        due = row.clocks.get(slug="transfer_receipt").due_at
    assert due == LATER + dt.timedelta(hours=4)
    for hours in (0, 2, 4):
        sweep(at=due + dt.timedelta(hours=hours))
    late = "“The receipt of what was sent on” was due"
    assert any(late in each.body for each in notices_of(own) if each.kind == "clock_overdue")
    assert {own.person(Role.SCREENER).name, own.person(Role.MANAGER).name} <= told(own, "clock_overdue")
    assert any(late in each.body for each in notices_of(other) if each.kind == "clock_overdue")


def test_what_the_referrer_adds_later_reaches_them_too(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, prue = sent(worlds, indicators=("health-2-01",), team=worlds[0].mash), own.person(Role.PRACTITIONER)
    there = arrived(other)
    with scope(partnership=other.partnership):
        receiving.confirm_receipt(referral=there, by=other.person(Role.SCREENER), at=LATER)
    with scope(partnership=own.partnership):
        row = Referral.objects.get(pk=row.pk)
        added = additions.add_information(
            referral=row, text="He is back.", later=Later.NOW, token="b" * 32, by=prue, at=LATER + dt.timedelta(hours=1)
        )
        again = additions.add_information(
            referral=row, text="He is back.", later=Later.NOW, token="b" * 32, by=prue, at=LATER
        )
        assert again.addendum == added.addendum
    with scope(partnership=other.partnership):
        after = Referral.objects.get(pk=there.pk)
        assert Addendum.objects.get().text == "He is back." and after.immediate_danger and after.beside == 1
    assert other.person(Role.SCREENER).name in told(other, "danger_added")
    with scope(partnership=own.partnership):
        other_row = sent(worlds)
        with pytest.raises(Refused, match="Add information instead"):
            additions.ask_to_withdraw(referral=other_row, reason="x", token="c" * 32, by=prue, at=LATER)


def answered(worlds: tuple[World, World], ask: Ask, **said: Any) -> Referral:
    """The referral at the other partnership, once danger was told in an answer to what was asked before."""
    own, other = worlds
    row = Referral.objects.get(pk=ask.referral_id)
    row = actions.claim(referral=row, by=own.person(Role.SCREENER), at=NOW)
    to_other(row, other, by=own.person(Role.SCREENER))
    there = arrived(other)
    with scope(partnership=other.partnership):
        receiving.confirm_receipt(referral=there, by=other.person(Role.SCREENER), at=LATER)
    at = LATER + dt.timedelta(hours=1)
    asking.answer(ask=ask, **{"later": Later.NOW, **said}, at=at)
    with scope(partnership=other.partnership):
        return Referral.objects.get(pk=there.pk)


def trail(world: World) -> list[str]:
    return list(AuditEntry.objects.filter(partnership=world.partnership).values_list("verb", flat=True))


def test_danger_in_the_referrers_answer_reaches_them_word_for_word(worlds: tuple[World, World]) -> None:
    own, other = worlds
    sam = own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        row = make_referral(own, answers=one_child(), child={"first_name": NAME})
        row = actions.claim(referral=row, by=sam, at=NOW)
        ask = asking.ask_referrer(referral=row, question="Where is he?", urgency=Urgency.SOON, by=sam, at=NOW)
        child = row.children.get()
        said = "He is at the door with a knife."
        there = answered(worlds, ask, answer=said, children=[child], by=own.person(Role.PRACTITIONER))
    assert there.immediate_danger and there.beside == 1
    with scope(partnership=other.partnership):
        assert [(each.text, each.in_danger) for each in Addendum.objects.all()] == [(said, True)]
        assert "immediate_danger" in there.children.get().flags
        line = Event.objects.get(referral=there, kind="danger_told").sentence
        assert NAME in line, "which child it is, as they know it"
    hear = {other.person(Role.SCREENER).name, other.person(Role.MANAGER).name}
    assert told(other, "danger_added") == hear
    for notice in (each for each in notices_of(other) if each.kind == "danger_added"):
        assert said not in notice.body and NAME not in notice.body
    assert "information_passed_on" in " ".join(trail(other)) and "question.answered" in trail(own)
    assert [*audit_faults(own.partnership), *audit_faults(other.partnership)] == []


def test_danger_in_an_agencys_check_reaches_them_without_its_words(worlds: tuple[World, World]) -> None:
    own, other = worlds
    checker = make_person(own, Role.CHECKER, agency=own.school)
    with scope(partnership=own.partnership):
        row = make_referral(own, answers=one_child(), child={"first_name": NAME})
        there = answered(worlds, make_check(own, row), answer="He was charged in May.", knows="yes", by=checker)
    assert there.immediate_danger
    with scope(partnership=other.partnership):
        assert not Addendum.objects.exists()
        story = list(Event.objects.filter(referral=there))
        line = next(each for each in story if each.kind == "check_passed_on")
        assert own.school.name in line.sentence and own.partnership.the_front_door in line.note
        assert "charged" not in "".join(each.sentence + each.note for each in story)
    assert told(other, "danger_added") == {other.person(Role.SCREENER).name, other.person(Role.MANAGER).name}
    for notice in notices_of(other):
        assert "charged" not in notice.body and own.school.name not in notice.body
    assert "referral.check_passed_on" in trail(other)
    shown = client_of(other.person(Role.SCREENER)).get(f"/othershire/triage/{there.pk}/").content.decode()
    assert "charged" not in shown and "does not stand here" in shown
    assert [*audit_faults(own.partnership), *audit_faults(other.partnership)] == []


def test_danger_in_a_check_of_who_sent_it_back_reaches_who_has_it(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, olga = sent(worlds), other.person(Role.SCREENER)
    there, checker = arrived(other), make_person(other, Role.CHECKER, agency=other.school)
    with scope(partnership=other.partnership):
        check = make_check(other, there)
        receiving.send_back(referral=there, reason="Not ours.", by=olga, at=LATER)
    answer = {"knows": "yes", "answer": "He left with a knife.", "danger": "yes"}
    with time_machine.travel(LATER, tick=False):
        assert client_of(checker).post(f"/othershire/checks/{check.pk}/", answer).status_code == 302
    with scope(partnership=own.partnership):
        after = Referral.objects.get(pk=row.pk)
        assert after.immediate_danger and after.state == "in_hand"
        line = Event.objects.get(referral=after, kind="check_passed_on")
        assert other.school.name in line.sentence and other.partnership.the_front_door in line.note
        assert "knife" not in line.sentence + line.note
    assert own.person(Role.SCREENER).name in told(own, "danger_added")
    with scope(partnership=other.partnership):
        assert Ask.objects.get(pk=check.pk).answer and Referral.objects.get(pk=there.pk).state == "returned"
    heard = [each.body for each in notices_of(other) if each.kind == "danger_added"]
    assert heard and all("It was sent back to Ownshire" in body for body in heard)
    assert [*audit_faults(own.partnership), *audit_faults(other.partnership)] == []


def test_an_answer_without_danger_stays_where_it_was_asked_for(worlds: tuple[World, World]) -> None:
    own, other = worlds
    checker = make_person(own, Role.CHECKER, agency=own.school)
    with scope(partnership=own.partnership):
        row = make_referral(own, answers=one_child(), child={"first_name": NAME})
        said = {"answer": "Known since May.", "knows": "yes", "later": Later.NO}
        there = answered(worlds, make_check(own, row), **said, by=checker)
    assert not there.immediate_danger and there.beside == 0 and not told(other, "danger_added")
    assert "referral.check_passed_on" not in trail(other)


@pytest.mark.parametrize("gone", [False, True])
def test_an_answer_after_it_was_sent_back_is_told_to_who_asked_with_whom_to_telephone(
    worlds: tuple[World, World], *, gone: bool
) -> None:
    own, other = worlds
    sent(worlds)
    there, olga = arrived(other), other.person(Role.SCREENER)
    checker, colleague = make_person(other, Role.CHECKER, agency=other.school), make_person(other, Role.SCREENER)
    Membership.objects.filter(user=colleague).update(team=other.mash)
    with scope(partnership=other.partnership):
        check = make_check(other, there)
        receiving.send_back(referral=there, reason="Not ours.", by=olga, at=LATER)
        if gone:
            Membership.objects.filter(user=olga).update(ended_at=NOW)
        asking.answer(ask=check, answer="Known since May.", knows="yes", later=Later.NO, by=checker, at=LATER)
        told_of = {each.to: each.body for each in Notice.objects.filter(kind__startswith="answer_")}
    assert set(told_of) == {colleague if gone else olga}
    assert all("It was sent back to Ownshire" in body and "telephone" in body for body in told_of.values())
    assert not any("Known since May" in each.body for each in notices_of(own))


def test_where_they_cant_be_told_the_answer_is_not_taken_either(
    worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = worlds
    checker = make_person(own, Role.CHECKER, agency=own.school)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(told_since, "let_it_count", broken)
    with scope(partnership=own.partnership):
        ask = make_check(own, make_referral(own, answers=one_child(), child={"first_name": NAME}))
        with pytest.raises(RuntimeError):
            answered(worlds, ask, answer="A threat.", knows="yes", by=checker)
        assert Ask.objects.get(pk=ask.pk).state == "open", "all of it or none"
        assert not Referral.objects.get(pk=ask.referral_id).immediate_danger
    assert not arrived(other).immediate_danger


def test_each_side_keeps_and_deletes_its_own(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds)
    there = arrived(other)
    with scope(partnership=other.partnership):
        receiving.send_back(referral=there, reason="Not here.", by=other.person(Role.SCREENER), at=LATER)
        assert kept_until(Referral.objects.get(pk=there.pk))[0] == dt.date(2029, 11, 24)
    gone = purge(at=LATER + dt.timedelta(days=4 * 365), dry_run=False)
    assert [each.name for each in gone] == [there.reference]
    with scopes_disabled():
        assert not Arrival.objects.exists() and Transfer.objects.count() == 1
        assert Referral.objects.get().pk == row.pk, "it is open at the sender, who decides anew"


@pytest.mark.django_db(transaction=True)
def test_both_ways_at_once_nobody_waits_for_ever() -> None:
    """Five sent each way and received by two at once, who both write both trails: none is lost, no chain is broken."""
    own, other = make_world("ownshire"), make_world("othershire")
    waiting = {
        world.partnership.slug: [make_referral(world, answers=one_child()).pk for _ in range(5)]
        for world in (own, other)
    }
    wrong: list[str] = []

    def send(world: World, to: World) -> None:
        sam = world.person(Role.SCREENER)
        try:
            for key in waiting[world.partnership.slug]:
                with scope(partnership=world.partnership):
                    row = actions.claim(referral=Referral.objects.get(pk=key), by=sam, at=NOW)
                    to_other(row, to, by=sam)
                with scope(partnership=to.partnership):
                    there = Referral.objects.filter(channel="transfer", arrival__received_at__isnull=True).first()
                    if there:
                        receiving.confirm_receipt(referral=there, by=to.person(Role.SCREENER), at=LATER)
        except Exception as error:  # what a thread raises is told by the test
            wrong.append(repr(error))
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=send, args=pair) for pair in ((own, other), (other, own))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=60)
    assert wrong == [] and not any(each.is_alive() for each in threads)
    for world in (own, other):
        with scope(partnership=world.partnership):
            assert Referral.objects.count() == 10 and Arrival.objects.count() == 5
        assert list(audit_faults(world.partnership)) == []
