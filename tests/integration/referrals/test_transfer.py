"""Sent on to another area: a new contact there, screened anew, its history along, received by a named person."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.db import close_old_connections, connection
from django.test import Client
from django_scopes import scope, scopes_disabled

from partnerships.audit import faults as audit_faults
from partnerships.models import AuditEntry, Locality
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.clocks.sweep import sweep
from referrals.domain.danger import Later
from referrals.domain.lifecycle import NotAllowed, Outcome
from referrals.intake.answers import Answers
from referrals.models import (
    Addendum,
    Arrival,
    Attachment,
    Clock,
    Decision,
    Event,
    Letter,
    Notice,
    Referral,
    RestrictedAccess,
    Transfer,
)
from referrals.reports.exports import source_of
from referrals.retention.actions import kept_until, purge
from referrals.transfer import receiving
from referrals.transfer.destinations import lives_in
from referrals.triage import actions
from referrals.triage.moves import Elsewhere, Refused
from tests import schemes
from tests.factories import NOW, World, make_attachment, make_referral, make_restricted, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LATER = NOW + dt.timedelta(minutes=20)
NAME, SIBLING, SECRET = "Quillonette", "Marigoldine", "A colleague rang about the lodger."
WORDS = "A bruise on the arm, as wide as a hand."

ANSWERS = {
    "children": [
        {
            "who": {"first_name": "Kit", "last_name": "Marlow", "born": "born", "date_of_birth": "2015-03-04"},
            "indicators": {"chosen": ["health-2-01"]},
        },
        {
            "who": {"first_name": NAME, "last_name": "Marlow", "born": "born", "date_of_birth": "2019-05-01"},
            "home": {"same_home": "no", "postcode": "OT1 2AB"},
            "impact": {"safe": "yes", "concerns": ["fgm"]},
            "indicators": {"chosen": ["health-4-01"]},
            "evidence": {"evidence": {"health-4-01": "Seen at the gate."}},
            "judged": {"level": "4", "why": "He frightens her."},
        },
    ],
    "people": [{"person": {"name": "Jo Marlow", "relationship": "Mother"}}],
    "worry": {"happened": WORDS},
    "consent": {"given": "no", "reason": "significant_harm", "explain": "He would hear of it."},
}


@pytest.fixture(autouse=True)
def a_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def worlds(db: None) -> tuple[World, World]:
    own, other = make_world("ownshire"), make_world("othershire", content=another_threshold())
    Locality.objects.create(team=other.early_help, postcode_prefix="OT1")
    return own, other


def another_threshold() -> dict[str, Any]:
    """Another document: its indicators have other keys, though one is the same by chance; other reasons too."""
    content = schemes.content()
    content["slug"] = "othershire-2026"
    content["consent_reasons"] = []
    return content


def sent(worlds: tuple[World, World], *, answers: Any = None, **kwargs: Any) -> Referral:
    """A referral that a screener of the first partnership decided to send on to the other, whole."""
    own, other = worlds
    row = make_referral(own, answers=answers or one_child(), child={"first_name": NAME}, **kwargs)
    sam = own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        row = actions.claim(referral=row, by=sam, at=NOW)
        to_other(row, other, by=sam)
        return Referral.objects.get(pk=row.pk)


def one_child() -> dict[str, Any]:
    return {**ANSWERS, "children": [ANSWERS["children"][1]]}


def to_other(row: Referral, other: World, *, by: Any, **more: Any) -> Decision:
    said = {"outcome": Outcome.TRANSFER, "decided_level": None, "transfer_to": other.partnership, "reason": "Moved in."}
    return actions.decide(referral=row, **{**said, **more}, revision=row.revision, by=by, at=LATER)


def arrived(other: World) -> Referral:
    with scope(partnership=other.partnership):
        return Referral.objects.select_related("partnership", "team", "scheme_version").get()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told(world: World, kind: str) -> set[str]:
    with scope(partnership=world.partnership):
        return {each.to.name for each in Notice.objects.filter(kind=kind).select_related("to")}


def test_it_arrives_as_a_new_contact_not_screened_with_its_history(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds)
    there = arrived(other)
    assert row.state == "sent_on" and row.is_open and row.owner == own.person(Role.SCREENER)
    assert row.waits_for == ["receipt"]
    assert (there.team, there.state, there.owner, there.channel) == (other.mash, "waiting", None, "transfer")
    assert there.reference != row.reference and there.received_at == LATER
    assert there.scheme_version == other.version
    with scope(partnership=other.partnership):
        child = there.children.get()
        assert (child.first_name, child.postcode) == (NAME, "OT1 2AB")
        assert there.family.get().name == "Jo Marlow"
        assert not there.chosen_indicators.exists(), "what was chosen of another document is not theirs"
        assert there.indicated_level is None and there.judged_level == 4, "one level there stands on the same law"
        assert {"not_screened", "fgm"} <= set(there.flags)
        answers = Answers(there.answers)
        assert answers.said("worry", "happened") == WORDS and answers.worries[0].judged_why == "He frightens her."
        assert answers.consent.given is False and answers.consent.reason is None, "a reason of another document"
        assert answers.said("consent", "explain").endswith("He would hear of it.")
        clocks = {each.slug: each for each in Clock.objects.filter(referral=there)}
        assert clocks["decide"].started_at == LATER and "transfer_receipt" in clocks
        story = there.events.get(kind="sent").sentence
        assert story == f"{own.person(Role.SCREENER).name} of Ownshire Safeguarding Children Partnership sent it on."
        bundle = Arrival.objects.get(referral=there).bundle
    assert bundle["screened"][0]["level"].startswith("Level 4") and bundle["decided"][0]["reason"] == "Moved in."
    assert any("bruise" in value for card in bundle["told"] for _, value in card["rows"])
    assert source_of(there) == "5C"
    assert told(other, "waiting") == {other.person(Role.SCREENER).name}
    page = client_of(other.person(Role.SCREENER)).get(f"/othershire/triage/{there.pk}/arrival/").content.decode()
    for words in (WORDS, "Seen at the gate.", "Moved in.", "It is their threshold, not yours", row.reference):
        assert words in page
    with scope(partnership=own.partnership):
        letter = Letter.objects.get(referral=row, kind="outcome")
    assert "Othershire" in letter.body and "01632 960001" in letter.body, "the referrer hears where it went"


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
        with pytest.raises(Refused, match="sent back"), scope(partnership=other.partnership):
            receiving.confirm_receipt(referral=after, by=olga, at=LATER)
        to_other(mine, other, by=sam)
        assert Transfer.objects.count() == 2
    with scope(partnership=other.partnership):
        assert Referral.objects.count() == 2, "sent on once more it is another contact"


def test_neither_side_sees_the_others_record(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds)
    with scope(partnership=own.partnership):
        Event.objects.create(partnership=own.partnership, referral=row, kind="noted", sentence="x", note=SECRET, at=NOW)
    there = arrived(other)
    with scope(partnership=other.partnership):
        Event.objects.create(
            partnership=other.partnership, referral=there, kind="noted", sentence="x", note=SECRET, at=NOW
        )
    for world, mine, theirs in ((own, row, there), (other, there, row)):
        slug = world.partnership.slug
        for role in Role:
            client = client_of(world.person(role))
            for page in ("", "arrival/", "transfer/", "history/"):
                assert client.get(f"/{slug}/triage/{theirs.pk}/{page}").status_code == 404, (role, page)
        sees = client_of(world.person(Role.SCREENER))
        for page in ("arrival/", "transfer/"):
            body = sees.get(f"/{slug}/triage/{mine.pk}/{page}").content.decode()
            assert SECRET not in body
    for role in (Role.EARLY_HELP, Role.PRACTITIONER, Role.ADMIN, Role.CHECKER):
        assert client_of(other.person(role)).get(f"/othershire/triage/{there.pk}/arrival/").status_code == 404, role
    assert NAME not in "".join(f"{notice.subject}{notice.body}" for world in worlds for notice in notices_of(world)), (
        "no notice names a child"
    )


def notices_of(world: World) -> list[Notice]:
    with scope(partnership=world.partnership):
        return list(Notice.objects.all())


def test_only_the_children_who_go_are_told_of_there(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = make_referral(own, answers=ANSWERS, child={"first_name": SIBLING, "order": 1})
    sam = own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        first = row.children.get()
        second = type(first).objects.get(pk=first.pk)
        second.pk, second.order, second.first_name, second._state.adding = None, 2, NAME, True
        second.save()
        make_attachment(own, referral=row)
        additions.correct(
            referral=row,
            about="The child: First name (child 2)",
            text="Quilla",
            reason="A slip",
            answer="child/2/who/first_name",
            token="a" * 32,
            by=own.person(Role.PRACTITIONER),
            at=NOW,
        )
        row = actions.claim(referral=Referral.objects.get(pk=row.pk), by=sam, at=NOW)
        to_other(row, other, by=sam, children=[second], finish=False)
        row = Referral.objects.get(pk=row.pk)
        actions.decide(
            referral=row,
            children=[first],
            decided_level=4,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="Harm here.",
            revision=row.revision,
            by=sam,
            at=LATER,
        )
        assert Referral.objects.get(pk=row.pk).state == "sent_on"
    there = arrived(other)
    with scope(partnership=other.partnership):
        child = there.children.get()
        assert child.first_name == NAME and child.order == 1 and child.corrected == {"first_name": "Quilla"}
        arrival = Arrival.objects.get()
        assert arrival.bundle["staying"] == 1
        assert not any(name in f"{arrival.bundle}{there.answers}" for name in (SIBLING, "Kit"))
        assert Addendum.objects.get().answer == "child/1/who/first_name"
        copy = Attachment.objects.get()
    with scope(partnership=own.partnership):
        assert copy.stored_as != Attachment.objects.get().stored_as, "a file of its own"
        receiving_back = Referral.objects.get(pk=row.pk)
    with scope(partnership=other.partnership):
        receiving.send_back(referral=there, reason="Not here.", by=other.person(Role.SCREENER), at=LATER)
    with scope(partnership=own.partnership):
        states = dict(Decision.objects.values_list("child", "state"))
        assert states == {first.pk: "final", second.pk: "overtaken"}, "what was decided of the other child stands"
        row = Referral.objects.get(pk=receiving_back.pk)
        to_other(row, other, by=sam, children=[second])
        assert Decision.objects.filter(state="final").count() == 2


def test_what_is_restricted_stays_so_and_a_manager_there_is_told(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = make_referral(own, answers=one_child(), child={"first_name": NAME})
    named = make_restricted(own, row)
    with scope(partnership=own.partnership):
        row = actions.claim(referral=Referral.objects.get(pk=row.pk), by=named, at=NOW)
        to_other(row, other, by=named)
    there = arrived(other)
    olga, manager = other.person(Role.SCREENER), other.person(Role.MANAGER)
    assert there.restricted and told(other, "waiting") == set() and told(other, "named") == {manager.name}
    assert client_of(olga).get(f"/othershire/triage/{there.pk}/").status_code == 404
    assert NAME in client_of(manager).get(f"/othershire/triage/{there.pk}/arrival/").content.decode()
    with scope(partnership=other.partnership):
        RestrictedAccess.objects.all().delete()
        Arrival.objects.all().delete()
    manager.is_active = False
    manager.save()
    again = make_referral(own, answers=one_child())
    by = make_restricted(own, again)
    with scope(partnership=own.partnership):
        again = actions.claim(referral=Referral.objects.get(pk=again.pk), by=by, at=NOW)
        with pytest.raises(Refused, match="no manager here who could see it"):
            to_other(again, other, by=by)
        assert Referral.objects.get(pk=again.pk).state == "in_hand", "nothing is decided where nobody could see it"


def test_danger_goes_to_the_top_and_has_an_hour(worlds: tuple[World, World]) -> None:
    own, other = worlds
    for _ in range(2):
        make_referral(other, received_at=NOW - dt.timedelta(hours=20))
    row = sent(worlds, facts={"immediate_danger": True})
    with scope(partnership=other.partnership):
        there = Referral.objects.get(channel="transfer")
        assert there.immediate_danger and Referral.objects.in_queue(other.mash).first() == there
        assert "immediate_danger" in there.flags
    with scope(partnership=own.partnership):
        assert row.clocks.get(slug="transfer_receipt").due_at == LATER + dt.timedelta(hours=1)


def test_a_receipt_that_does_not_come_is_told_on_both_sides(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds, indicators=("health-2-01",), team=worlds[0].mash)
    with scope(partnership=own.partnership):
        due = row.clocks.get(slug="transfer_receipt").due_at
    assert due == LATER + dt.timedelta(hours=4)
    for hours in (0, 2, 4):
        sweep(at=due + dt.timedelta(hours=hours))
    late = "Othershire Safeguarding Children Partnership confirms that they have it"
    assert any(late in each.body for each in notices_of(own) if each.kind == "clock_overdue")
    assert {own.person(Role.SCREENER).name, own.person(Role.MANAGER).name} <= told(own, "clock_overdue")
    assert any("Confirm to Ownshire" in each.body for each in notices_of(other) if each.kind == "clock_overdue")


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


def test_an_area_outside_the_portal_is_written_down_by_hand(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    sam = own.person(Role.SCREENER)
    row = make_referral(own, answers=one_child(), child={"first_name": NAME, "postcode": "OT1 2AB"})
    client = client_of(sam)
    with scope(partnership=own.partnership):
        actions.claim(referral=row, by=sam, at=NOW)
    decide = {
        "decided_level": "none",
        "outcome": "transfer",
        "primary_need": "N1",
        "reason": "They moved to Kent.",
        "parents_told_by": "decider",
        "child_told_by": "decider",
        "revision": "1",
    }
    page = f"/ownshire/triage/{row.pk}/decide/"
    assert "in the area of Othershire" in client.get(page).content.decode()
    assert "Choose where the child is sent on to" in client.post(page, decide).content.decode()
    by_hand = {**decide, "transfer_to": "by_hand"}
    assert "Enter the name of the other area" in client.post(page, by_hand).content.decode()
    by_hand["transfer_elsewhere"] = "Kent County Council"
    assert "It goes to Kent County Council." in client.post(page, {**by_hand, "preview": "1"}).content.decode()
    done = client.post(page, by_hand)
    transfer = f"/ownshire/triage/{row.pk}/transfer/"
    assert done["Location"] == transfer
    shown = client.get(transfer).content.decode()
    assert "Kent County Council is not on Front Door" in shown
    with scope(partnership=own.partnership):
        key = Transfer.objects.get().pk
        assert Referral.objects.get(pk=row.pk).state == "sent_on"
    when = {"on_day": "24", "on_month": "11", "on_year": "2026", "time": "10am"}
    assert "Say how it was sent" in client.post(transfer, {"of": f"{key}:handed", **when}).content.decode()
    handed = {"of": f"{key}:handed", "how": "Secure email", "to": "Ann Duty, duty desk", **when}
    assert client.post(transfer, handed).status_code == 302
    assert "Secure email, to Ann Duty, duty desk" in client.get(transfer).content.decode()
    answer = {"of": f"{key}:answer", "answer": "have", "who": "Ann Duty, duty social worker", **when}
    assert client.post(transfer, answer).status_code == 302
    with scope(partnership=own.partnership):
        after, made = Referral.objects.get(pk=row.pk), Transfer.objects.get()
        assert after.state == "decided" and made.received_by == "Ann Duty, duty social worker"
        assert made.receipt_noted_by == sam and made.handed_by == sam
    seen = client.get(f"/ownshire/triage/{row.pk}/").content.decode()
    assert "Received by Ann Duty, duty social worker, at Kent County Council" in seen


def test_whose_area_the_home_is_in(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = make_referral(own, child={"postcode": "OT1 2AB"})
    here = make_referral(own, child={"postcode": "ZZ1 1ZZ"})
    with scope(partnership=own.partnership):
        assert lives_in(own.partnership, row.children.all()) == other.partnership
        assert lives_in(own.partnership, here.children.all()) is None
        Locality.objects.create(team=own.early_help, postcode_prefix="OT1")
        assert lives_in(own.partnership, row.children.all()) is None, "their own claims it too"
        sam = own.person(Role.SCREENER)
        row = actions.claim(referral=row, by=sam, at=NOW)
        with pytest.raises(Refused, match="one partnership, or one other area"):
            to_other(row, other, by=sam, transfer_elsewhere="Kent")
        other.partnership.takes_referrals = False
        other.partnership.save()
        with pytest.raises(Refused, match="takes no referrals"):
            to_other(row, other, by=sam)
        other.partnership.takes_referrals = True
        other.partnership.save()
        other.mash.retired_at = NOW
        other.mash.save()
        with pytest.raises(Refused, match="can’t take it on Front Door now"):
            to_other(row, other, by=sam)
        assert Referral.objects.get(pk=row.pk).state == "in_hand" and not Transfer.objects.exists()


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


def test_sent_on_from_there_its_whole_history_goes_along(worlds: tuple[World, World]) -> None:
    own, other = worlds
    third = make_world("thirdshire")
    row = sent(worlds)
    there, olga = arrived(other), other.person(Role.SCREENER)
    with scope(partnership=other.partnership):
        receiving.confirm_receipt(referral=there, by=olga, at=LATER)
        there = actions.claim(referral=Referral.objects.get(pk=there.pk), by=olga, at=LATER)
        to_other(there, third, by=olga)
    last = arrived(third)
    with scope(partnership=third.partnership):
        bundle = Arrival.objects.get(referral=last).bundle
    assert bundle["before"]["reference"] == row.reference and bundle["reference"] == there.reference
    with scope(partnership=own.partnership):
        additions.add_information(
            referral=Referral.objects.get(pk=row.pk),
            text="A third time.",
            later=Later.NO,
            token="d" * 32,
            by=own.person(Role.PRACTITIONER),
            at=LATER,
        )
    with scopes_disabled():
        assert Addendum.objects.filter(text__isnull=False).count() == 3, "it reaches everybody who has it"


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
