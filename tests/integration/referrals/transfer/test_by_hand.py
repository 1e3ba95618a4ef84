"""An area that is not on Front Door: how it was sent and who has it is written down."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django_scopes import scope

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome
from referrals.models import Clock, Notice, Referral, Transfer
from referrals.transfer import receiving
from referrals.triage import actions
from referrals.triage.moves import Refused
from tests.factories import NOW, World, make_person, make_referral
from tests.integration.referrals.transfer.sending_on import (
    NAME,
    client_of,
    one_child,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_an_area_outside_the_portal_is_written_down_by_hand(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    sam = own.person(Role.SCREENER)
    came = NOW - dt.timedelta(hours=1)
    row = make_referral(own, answers=one_child(), received_at=came, child={"first_name": NAME, "postcode": "OT1 2AB"})
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
    when = {"on_day": "24", "on_month": "11", "on_year": "2026", "time": "9:45am"}
    assert "Say how it was sent" in client.post(transfer, {"of": f"{key}:handed", **when}).content.decode()
    handed = {"of": f"{key}:handed", "how": "Secure email", "to": "Ann Duty, duty desk", **when}
    for _ in range(2):  # the second is the same press
        assert client.post(transfer, handed).status_code == 302
    late = client_of(make_person(own, Role.SCREENER, team=own.mash)).post(transfer, {**handed, "how": "By post"})
    told = late.content.decode()
    assert f"{sam.name} wrote down already" in told and "What you typed" in told and "By post" in told
    assert "What did Kent County Council say?" in told, "the next step, not bound to what was typed"
    assert "Secure email, to Ann Duty, duty desk" in client.get(transfer).content.decode()
    answer = {"of": f"{key}:answer", "answer": "have", "who": "Ann Duty, duty social worker", **when}
    for _ in range(2):
        assert client.post(transfer, answer).status_code == 302
    other = {**answer, "answer": "back", "reason": "They live in Sussex."}
    assert "They live in Sussex." in client.post(transfer, other).content.decode()
    with scope(partnership=own.partnership):
        after, made = Referral.objects.get(pk=row.pk), Transfer.objects.get()
        assert after.state == "decided" and made.received_by == "Ann Duty, duty social worker"
        assert made.receipt_noted_by == sam and made.handed_by == sam
        clock = Clock.objects.get(referral=row, slug="transfer_receipt")
        assert made.received_at < clock.started_at == clock.met_at, (
            "said of an hour before it began; it counts from then"
        )
        last = row.events.order_by("pk").last()
    line = AuditEntry.objects.filter(object_id=str(row.pk), verb__startswith="referral.received").latest("sequence")
    assert last.at >= after.decided_at and line.at >= AuditEntry.objects.get(sequence=line.sequence - 1).at, (
        "story and trail say when it was written, whatever time was typed"
    )
    seen = client.get(f"/ownshire/triage/{row.pk}/").content.decode()
    assert "Received by Ann Duty, duty social worker, at Kent County Council" in seen


def test_the_word_of_each_area_is_told_by_itself(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    sam = own.person(Role.SCREENER)
    row = make_referral(own)
    with scope(partnership=own.partnership):
        actions.claim(referral=row, by=sam, at=NOW)
        by_hand = {"partnership": own.partnership, "referral": row, "sent_at": NOW, "sent_by": sam, "handed_at": NOW}
        kent, sussex, essex = (Transfer.objects.create(to_name=name, **by_hand) for name in ("Kent", "Sussex", "Essex"))
        for each in (kent, sussex):
            receiving.note_receipt(transfer=each, who="Ann Duty", when=NOW, by=sam, at=NOW)
        receiving.note_refusal(transfer=essex, who="Ann Duty", reason="Not ours.", when=NOW, by=sam, at=NOW)
        told = Notice.objects.filter(to=sam, kind="transfer_received").values_list("body", flat=True)
        assert len(told) == 2 and any("Sussex has referral" in body for body in told)


def test_no_receipt_of_what_went_before_closes_it_over_danger_that_was_told_since(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    sam, prue = own.person(Role.SCREENER), own.person(Role.PRACTITIONER)
    row, later = make_referral(own), NOW + dt.timedelta(minutes=10)
    with scope(partnership=own.partnership):
        actions.claim(referral=row, by=sam, at=NOW)
        more = {"decided_level": None, "reason": "In Kent.", "told_referrer": "", "transfer_elsewhere": "Kent"}
        actions.decide(referral=row, outcome=Outcome.TRANSFER, **more, revision=1, by=sam, at=NOW)
        kent = Transfer.objects.get()
        handing = {"transfer": kent, "how": "Secure email", "to": "Ann Duty", "by": sam}
        receiving.say_handed(**handing, when=NOW, at=NOW)
        additions.add_information(
            referral=row, text="He has a knife.", later=Later.NOW, token="a" * 32, by=prue, at=later
        )
    with time_machine.travel(later + dt.timedelta(minutes=5), tick=False):
        client, page = client_of(sam), f"/ownshire/triage/{row.pk}/transfer/"
        when = {"on_day": "24", "on_month": "11", "on_year": "2026", "time": "10:05am"}
        old = {"of": f"{kent.pk}:answer", "answer": "have", "who": "Ann Duty of Kent", **when}
        told = client.post(page, old).content.decode()
    assert "Tell Kent of that too" in told and "Ann Duty of Kent" in told and "may come to harm now" in told
    with scope(partnership=own.partnership):
        assert Referral.objects.get(pk=row.pk).state == "sent_on"
        with pytest.raises(Refused, match="More was told"):
            receiving.say_handed(**handing, when=NOW, at=later)
        receiving.say_handed(**handing, when=later, at=later)
        receiving.note_receipt(transfer=kent, who="Ann Duty", when=later, by=sam, at=later)
        assert Referral.objects.get(pk=row.pk).state == "decided"
        assert "Secure email, to Ann Duty" in row.events.get(kind="transfer_to_tell").note
