"""Sent on to another area: a new contact there, screened anew, its history along; neither sees the other's record."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from partnerships.audit import faults as audit_faults
from partnerships.models import Locality, Membership, User
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome
from referrals.intake.answers import Answers
from referrals.models import (
    Addendum,
    Arrival,
    Attachment,
    Child,
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
from referrals.transfer import receiving
from referrals.transfer.destinations import lives_in
from referrals.triage import actions, restricting
from referrals.triage.moves import Refused
from tests.factories import NOW, World, make_attachment, make_referral, make_restricted, make_world, sign
from tests.integration.referrals.transfer.sending_on import (
    ANSWERS,
    LATER,
    NAME,
    SECRET,
    SIBLING,
    WORDS,
    arrived,
    came_back,
    client_of,
    notices_of,
    one_child,
    sent,
    to_other,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


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


def test_what_is_corrected_of_a_child_who_stays_is_not_told_there(worlds: tuple[World, World]) -> None:
    own, other = worlds
    sam, pat = own.person(Role.SCREENER), own.person(Role.PRACTITIONER)
    row = make_referral(own, answers=ANSWERS, child={"first_name": SIBLING})
    secret: Any = {"about": "The child: Home", "text": "The refuge in Mill Lane", "reason": "She fled.", "by": pat}
    with scope(partnership=own.partnership):
        first = row.children.get()
        same = {name: getattr(first, name) for name in ("facts", "screening", "indicated_level", "route", "flags")}
        goes = Child.objects.create(
            partnership=own.partnership, referral=row, order=2, first_name=NAME, last_name="Marlow", **same
        )
        additions.correct(referral=row, answer="child/1/home/address", token="a" * 32, at=NOW, **secret)
        additions.correct(
            referral=row,
            answer="child/2/home/gp",
            about="GP",
            text="Dr Gray",
            reason="x",
            token="b" * 32,
            by=pat,
            at=NOW,
        )
        additions.add_information(
            referral=row, text="A knife.", later=Later.NOW, children=[first], token="c" * 32, by=pat, at=NOW
        )
        row = actions.claim(referral=row, by=sam, at=NOW)
        said: Any = {"outcome": Outcome.STRATEGY_DISCUSSION, "decided_level": 4, "reason": "T.", "told_referrer": "x"}
        actions.decide(referral=row, children=[first], revision=row.revision, by=sam, at=LATER, **said)
        to_other(Referral.objects.get(pk=row.pk), other, by=sam, children=[goes])
        additions.correct(referral=row, answer="child/1/home/address", token="d" * 32, at=LATER, **secret)
    with scope(partnership=other.partnership):
        there = f"{Arrival.objects.get().bundle}{[(a.about, a.text, a.reason) for a in Addendum.objects.all()]}"
        assert Addendum.objects.filter(kind="correction").get().text == "Dr Gray" and "Dr Gray" in there
        assert not [word for word in ("Mill Lane", "She fled", SIBLING, "Strategy discussion") if word in there]


def test_what_is_added_of_a_child_who_stays_is_not_told_there(worlds: tuple[World, World]) -> None:
    """Before it was sent on or after: of danger to that child, only that there is some, and whom to telephone."""
    own, other = worlds
    sam, pat = own.person(Role.SCREENER), own.person(Role.PRACTITIONER)
    row = make_referral(own, answers=ANSWERS, child={"first_name": SIBLING})
    with scope(partnership=own.partnership):
        first = row.children.get()
        same = {name: getattr(first, name) for name in ("facts", "screening", "indicated_level", "route", "flags")}
        goes = Child.objects.create(
            partnership=own.partnership, referral=row, order=2, first_name=NAME, last_name="Marlow", **same
        )

        def add(text: str, children: list[Child], later: Later = Later.NO) -> Addendum:
            token = f"{Addendum.objects.count():032x}"
            return additions.add_information(
                referral=row, text=text, later=later, children=children, token=token, by=pat, at=LATER
            ).addendum

        drawn = make_attachment(own, referral=row)
        Attachment.objects.filter(pk=drawn.pk).update(addendum=add("She drew her uncle.", [first]))
        add("Both were there.", [first, goes])
        row = actions.claim(referral=row, by=sam, at=NOW)
        said: Any = {"outcome": Outcome.STRATEGY_DISCUSSION, "decided_level": 4, "reason": "T.", "told_referrer": "x"}
        actions.decide(referral=row, children=[first], revision=row.revision, by=sam, at=LATER, **said)
        to_other(Referral.objects.get(pk=row.pk), other, by=sam, children=[goes])
        add("He has her keys.", [first], Later.NOW)
        add("She is well.", [goes])
    there = arrived(other)
    with scope(partnership=other.partnership):
        added = [(each.text, each.concerns) for each in Addendum.objects.order_by("at", "pk")]
        assert sorted(added) == [("Both were there.", [1]), ("She is well.", [1])]
        assert not Attachment.objects.exists() and not there.immediate_danger
        told_there = f"{Arrival.objects.get().bundle}{[(e.sentence, e.note) for e in Event.objects.all()]}"
        assert not [word for word in ("uncle", "keys", SIBLING) if word in told_there]
        assert own.partnership.front_door_telephone in Event.objects.get(kind="sibling_told").note
    assert told(other, "danger_added") == {other.person(Role.SCREENER).name, other.person(Role.MANAGER).name}
    assert [*audit_faults(own.partnership), *audit_faults(other.partnership)] == []


def test_of_two_children_neither_area_reads_to_which_the_other_went(worlds: tuple[World, World]) -> None:
    own, other = worlds
    sam, third = own.person(Role.SCREENER), make_world("thirdshire")
    row = make_referral(own, answers=ANSWERS, child={"first_name": SIBLING})
    with scope(partnership=own.partnership):
        first = row.children.get()
        same = {name: getattr(first, name) for name in ("facts", "screening", "indicated_level", "route", "flags")}
        goes = Child.objects.create(partnership=own.partnership, referral=row, order=2, first_name=NAME, **same)
        row = actions.claim(referral=row, by=sam, at=NOW)
        to_other(row, third, by=sam, children=[first])
        to_other(Referral.objects.get(pk=row.pk), other, by=sam, children=[goes])
    for here, elsewhere in ((other, third), (third, other)):
        arrived(here)
        with scope(partnership=here.partnership):
            told_here = f"{Arrival.objects.get().bundle}{[(e.sentence, e.note) for e in Event.objects.all()]}"
            assert elsewhere.partnership.name not in told_here


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


def test_whose_area_the_home_is_in(worlds: tuple[World, World]) -> None:
    own, other = worlds
    third = make_world("thirdshire")
    row = make_referral(own, child={"postcode": "OT1 2AB"})
    here = make_referral(own, child={"postcode": "ZZ1 1ZZ"})
    with scope(partnership=own.partnership):
        assert lives_in(own.partnership, row.children.all()) == [other.partnership]
        assert lives_in(own.partnership, here.children.all()) == []
        narrower = Locality.objects.create(team=third.early_help, postcode_prefix="OT12AB")
        assert lives_in(own.partnership, row.children.all()) == [third.partnership, other.partnership], (
            "each by its word"
        )
        narrower.delete()
        Locality.objects.create(team=own.early_help, postcode_prefix="OT1")
        assert lives_in(own.partnership, row.children.all()) == [], "their own claims it too"
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


def home_again(worlds: tuple[World, World], *, ended: bool = False) -> tuple[Referral, Referral, User]:
    """Restricted at home, sent on over two other partnerships, where the restriction is lifted, and back home: the
    original, what came back, and who is named on the original alone."""
    own, other = worlds
    third = make_world("thirdshire")
    row = make_referral(own, answers=one_child(), child={"first_name": NAME})
    named = make_restricted(own, row)
    with scope(partnership=own.partnership):
        row = actions.claim(referral=Referral.objects.get(pk=row.pk), by=named, at=NOW)
        to_other(row, other, by=named)
    if ended:
        Membership.objects.filter(user=named).update(ended_at=NOW)
    for here, to in ((other, third), (third, own)):
        manager, screener = here.person(Role.MANAGER), here.person(Role.SCREENER)
        with scope(partnership=here.partnership):
            there = Referral.objects.select_related("partnership", "team").get()
            if there.restricted:
                restricting.lift(referral=there, reason="Nothing of it is ours.", by=manager, at=LATER)
            there = actions.claim(referral=Referral.objects.get(pk=there.pk), by=screener, at=LATER)
            receiving.confirm_receipt(referral=there, by=screener, at=LATER)
            to_other(Referral.objects.get(pk=there.pk), to, by=screener)
    with scope(partnership=own.partnership):
        return row, Referral.objects.exclude(pk=row.pk).get(), named


def test_what_was_restricted_here_comes_back_restricted_to_those_who_are_named_on_it(
    worlds: tuple[World, World],
) -> None:
    own, _ = worlds
    row, back, named = home_again(worlds)
    assert back.channel == "transfer" and back.restricted
    for person, status in ((named, 200), (own.person(Role.SCREENER), 404), (own.person(Role.MANAGER), 404)):
        assert client_of(person).get(f"/ownshire/triage/{back.pk}/").status_code == status, person
    assert told(own, "named") == {named.name} and told(own, "waiting") == set()
    with scope(partnership=own.partnership):
        additions.add_information(
            referral=row,
            text="He has a key.",
            later=Later.GROWN,
            token="e" * 32,
            by=own.person(Role.PRACTITIONER),
            at=LATER,
        )
        assert Addendum.objects.get(referral=back).text == "He has a key."
        heard = Notice.objects.filter(referral=back).values_list("to__name", flat=True)
        assert set(heard) == {named.name}, "what is added since goes along, and is told to those alone"


def test_what_comes_back_is_never_seen_by_nobody(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    _, back, named = home_again(worlds, ended=True)
    assert back.restricted and told(own, "named") == {own.person(Role.MANAGER).name}
    assert client_of(own.person(Role.MANAGER)).get(f"/ownshire/triage/{back.pk}/").status_code == 200
    assert client_of(own.person(Role.SCREENER)).get(f"/ownshire/triage/{back.pk}/").status_code == 404


def test_what_is_restricted_no_more_at_home_comes_back_open(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    _, back = came_back(worlds)
    assert not back.restricted
    assert client_of(own.person(Role.SCREENER)).get(f"/ownshire/triage/{back.pk}/").status_code == 200


def test_restricted_and_in_danger_each_screener_there_hears_of_it_by_its_reference(worlds: tuple[World, World]) -> None:
    own, other = worlds
    row = make_referral(own, answers=one_child(), child={"first_name": NAME}, facts={"immediate_danger": True})
    named, manager = make_restricted(own, row), own.person(Role.MANAGER)
    with scope(partnership=own.partnership):
        row = actions.claim(referral=Referral.objects.get(pk=row.pk), by=named, at=NOW)
        restricting.name(referral=row, person=manager, reason="Signs.", by=named, at=NOW)
        to_other(row, other, by=named)
        sign(own, row, by=manager, at=LATER)
    assert arrived(other).restricted
    assert told(other, "danger_restricted") == {other.person(Role.SCREENER).name}
    with scope(partnership=other.partnership):
        assert all(NAME not in each.body for each in Notice.objects.all())
        assert [child.flags[0] for child in Child.objects.all()] == ["immediate_danger"], "it goes along with its child"
