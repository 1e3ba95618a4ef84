"""A referral is sent on, and then it shows that somebody must not see it: who has it since hears that as well."""

from __future__ import annotations

import pytest
from django_scopes import scope

from partnerships.audit import faults
from partnerships.models import AuditEntry, Membership
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome
from referrals.models import Addendum, Event, Notice, Referral
from referrals.retention.actions import delete_whole
from referrals.transfer import receiving
from referrals.triage import actions
from referrals.triage.moves import Refused
from tests.factories import NOW, World, make_restricted
from tests.integration.referrals.transfer.sending_on import LATER, NAME, arrived, came_back, client_of, sent, told

pytestmark = pytest.mark.django_db
REASON = "The father works in a front door."


def restrict_by_the_page(own: World, row: Referral, slug: str = "ownshire") -> str:
    """The manager restricts it to a screener and themselves; what the form says before that."""
    manager, screener = own.person(Role.MANAGER), own.person(Role.SCREENER)
    client, page = client_of(manager), f"/{slug}/triage/{row.pk}/restrict/"
    before = client.get(page).content.decode()
    nobody_decides = {"named": [str(own.person(Role.LADO).pk)], "reason": REASON}
    again = client.post(page, nobody_decides).content.decode()
    assert "There is a problem" in again and REASON in again
    assert ("It stands with" in again) == ("It stands with" in before), "what is wrong takes no warning away"
    named = {"named": [str(manager.pk), str(screener.pk)], "reason": REASON}
    assert client.post(page, named).status_code == 302
    with scope(partnership=own.partnership):
        assert Referral.objects.get(pk=row.pk).restricted
    return before


def test_the_managers_where_it_was_sent_hear_it_and_nobody_else(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds)
    there, (manager, screener) = arrived(other), (other.person(Role.MANAGER), other.person(Role.SCREENER))
    page = restrict_by_the_page(own, row)
    assert f"It stands with {other.partnership.name} too. What you restrict here is not restricted there." in page
    assert told(other, "restricted") == {manager.name}, "a screener there may be whom it is kept from"
    with scope(partnership=other.partnership):
        notice = Notice.objects.get(kind="restricted")
        assert there.reference in notice.body and "Here everybody of its queue still sees it" in notice.body
        assert own.partnership.name in notice.body and NAME not in notice.body and REASON not in notice.body
        assert not notice.digest, "it does not wait for the morning"
        assert not Referral.objects.get(pk=there.pk).restricted, "who can go on with it is for those there to say"
        assert not Event.objects.filter(referral=there, kind__startswith="restricted"), "the story warns nobody"
    assert AuditEntry.objects.filter(verb="referral.restricted_elsewhere", object_id=str(there.pk)).count() == 1
    seen = client_of(screener).get(f"/othershire/triage/{there.pk}/")
    assert seen.status_code == 200 and "estricted to" not in seen.content.decode()


def test_one_that_has_come_back_is_named_to_the_managers_too(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, back = came_back(worlds)
    restrict_by_the_page(own, row)
    with scope(partnership=own.partnership):
        notice = Notice.objects.get(kind="restricted", referral=back)
        assert notice.to == own.person(Role.MANAGER)
        assert f"it stands here as referral {back.reference} too" in " ".join(notice.body.split())
    assert told(other, "restricted") == {other.person(Role.MANAGER).name}


def test_where_it_came_from_hears_what_is_restricted_where_it_went_before_it_is_sent_back(
    worlds: tuple[World, World],
) -> None:
    own, other = worlds
    row, there = sent(worlds), arrived(other)
    page = restrict_by_the_page(other, there, "othershire")
    assert f"It stands with {own.partnership.name} too." in page
    assert told(own, "restricted") == {own.person(Role.MANAGER).name} and told(other, "restricted") == set()
    with scope(partnership=own.partnership):
        assert row.reference in Notice.objects.get(kind="restricted").body


def test_one_that_was_sent_back_can_still_be_read_there_and_is_told_of(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, there, olga = sent(worlds), arrived(other), other.person(Role.SCREENER)
    with scope(partnership=other.partnership):
        there = actions.claim(referral=there, by=olga, at=LATER)
        receiving.send_back(referral=there, reason="They live in Ownshire.", by=olga, at=LATER)
    restrict_by_the_page(own, row)
    assert told(other, "restricted") == {other.person(Role.MANAGER).name}


def test_what_was_passed_to_the_lado_where_it_went_is_told_where_it_came_from(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, there, olga = sent(worlds, facts={}), arrived(other), other.person(Role.SCREENER)
    with scope(partnership=other.partnership):
        there = actions.claim(referral=there, by=olga, at=LATER)
        receiving.confirm_receipt(referral=there, by=olga, at=LATER)
        there = Referral.objects.get(pk=there.pk)
        actions.decide(
            referral=there, decided_level=4, outcome=Outcome.LADO, reason="His coach did it.",
            told_referrer="We go on.", revision=there.revision, by=olga, at=LATER,
        )  # fmt: skip
        there.refresh_from_db()
        assert there.restricted, "to who decided it and to the LADO"
    assert told(own, "restricted") == {own.person(Role.MANAGER).name}
    assert told(other, "allegation") == {other.person(Role.MANAGER).name} and not told(other, "restricted")
    with scope(partnership=own.partnership):
        notice = Notice.objects.get(kind="restricted")
        assert row.reference in notice.body and other.partnership.name in notice.body
        assert "LADO" not in notice.body and "coach" not in notice.body, "an email goes through any hands"
        assert not Referral.objects.get(pk=row.pk).restricted
    assert not list(faults(own.partnership)) and not list(faults(other.partnership))


def test_what_is_restricted_there_already_is_told_to_nobody(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds)
    make_restricted(other, arrived(other))
    assert "It stands with" not in restrict_by_the_page(own, row)
    assert told(other, "restricted") == set()


def test_where_nobody_can_be_told_the_form_says_so_and_whom_to_telephone(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = sent(worlds)
    Membership.objects.filter(user=other.person(Role.MANAGER)).update(ended_at=NOW)
    page = restrict_by_the_page(own, row)
    assert "Nobody there is told." in page and "The managers of" not in page
    assert f"At {other.partnership.short_name}, telephone" in page


def test_what_was_deleted_there_by_its_schedule_holds_nobody_up(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, there = sent(worlds), arrived(other)
    with scope(partnership=other.partnership):
        delete_whole(Referral, [there.pk])
    with scope(partnership=own.partnership):
        additions.add_information(
            referral=row,
            text="He has a key.",
            later=Later.NOW,
            token="e" * 32,
            by=own.person(Role.PRACTITIONER),
            at=LATER,
        )
        assert Addendum.objects.get(referral=row).text == "He has a key."
    restrict_by_the_page(own, row)
    assert told(other, "restricted") == set()


def test_what_was_deleted_where_it_came_from_is_confirmed_and_decided_here(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row, there, olga = sent(worlds), arrived(other), other.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        delete_whole(Referral, [row.pk])
    with scope(partnership=other.partnership):
        there = actions.claim(referral=there, by=olga, at=LATER)
        with pytest.raises(Refused, match="nobody there could take it back. Confirm that you have it"):
            receiving.send_back(referral=there, reason="Not ours.", by=olga, at=LATER)
        assert receiving.confirm_receipt(referral=there, by=olga, at=LATER).received_by == olga
        story = Event.objects.filter(referral=there).values_list("sentence", flat=True)
        assert f"{olga.name} confirmed that they have it. {own.partnership.name} keeps it no longer." in story
        assert not there.clocks.filter(slug="transfer_receipt", met_at__isnull=True).exists()
        there = Referral.objects.get(pk=there.pk)
        said = {"outcome": Outcome.STRATEGY_DISCUSSION, "decided_level": 4, "reason": "She is not safe."}
        actions.decide(referral=there, **said, revision=there.revision, by=olga, at=LATER)
        assert Referral.objects.get(pk=there.pk).state == "decided"
    page = client_of(olga).get(f"/othershire/triage/{there.pk}/arrival/")
    assert page.status_code == 200 and NAME in page.content.decode()
