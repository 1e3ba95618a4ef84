"""Restricting in each state of a referral; who signs what is restricted; early help for it; who is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django_scopes import scope

from partnerships import members
from partnerships.models import Membership, User
from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.models import Decision, Notice, Referral, RestrictedAccess, SignOff, Support
from referrals.triage import actions, restricting
from referrals.triage.moves import Elsewhere, Refused
from tests.factories import NOW, World, make_person, make_referral, make_world, sign, sign_in

pytestmark = pytest.mark.usefixtures("a_morning")

PLAIN = {"decided_level": None, "reason": "Read whole.", "told_referrer": "We thank you."}


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


@pytest.fixture
def sam(world: World) -> User:
    return world.person(Role.SCREENER)


@pytest.fixture
def sol(world: World) -> User:
    return make_person(world, Role.SCREENER, name="Sol Named", team=world.mash)


def decided(world: World, outcome: Outcome, **more: Any) -> Referral:
    """What the screener has decided so, or proposed where a second person is needed."""
    sam, row = world.person(Role.SCREENER), make_referral(world)
    row = actions.claim(referral=row, by=sam, at=NOW)
    actions.decide(referral=row, **PLAIN | more, outcome=outcome, revision=row.revision, by=sam, at=NOW)
    return as_it_is(row)


def as_it_is(row: Referral) -> Referral:
    return Referral.objects.select_related("owner", "team", "partnership").get(pk=row.pk)


def restrict(row: Referral, *named: User, by: User) -> Referral:
    restricting.restrict(referral=row, named=named, reason="A colleague's own family.", by=by, at=NOW)
    return as_it_is(row)


def told(row: Referral, kind: str = "restricted") -> set[User]:
    return {each.to for each in Notice.objects.filter(referral=row, kind=kind).select_related("to")}


def page(row: Referral, name: str = "referral") -> str:
    return reverse(name, kwargs={"partnership": "testshire", "referral_id": row.pk})


def test_what_is_decided_stays_decided_and_who_had_it_and_the_managers_hear(world: World, sam: User, sol: User) -> None:
    row = decided(world, Outcome.STRATEGY_DISCUSSION, decided_level=4)
    after = restrict(row, sol, by=sol)
    assert (after.state, after.owner, after.decided_by) == ("decided", sam, sam)
    assert sign_in(sam).get(page(row)).status_code == 404 and sign_in(sol).get(page(row)).status_code == 200
    manager = world.person(Role.MANAGER)
    assert told(row) == {sam, manager}, "who decided it, and the managers, unless they are named"
    words = {each.to: each.body for each in Notice.objects.filter(referral=row, kind="restricted")}
    assert "Sol Named restricted referral" in words[sam] and "can’t wait, tell Sol Named" in words[sam]
    assert "to one person" in words[manager] and "/testshire/restricted/open/" in words[manager]
    assert all(str(row.pk) not in each for each in words.values()), "it leads to no page that they can't open"


def test_what_is_proposed_by_who_is_not_named_is_taken_back_first(world: World, sam: User, sol: User) -> None:
    row = decided(world, Outcome.NO_FURTHER_ACTION)
    manager = world.person(Role.MANAGER)
    waiting = SignOff.objects.waiting().get(referral=row)
    after = restrict(row, sol, manager, by=sol)
    assert (after.state, after.owner, after.waiting_for) == ("waiting", None, "")
    assert Decision.objects.get(referral=row).state == "recorded", "what was written is kept"
    with pytest.raises(Refused, match="waits for no signature any more"):
        actions.sign_off(sign_off=waiting, said="", by=manager, at=NOW)
    assert told(row) == {sam} and actions.claim(referral=after, by=sol, at=NOW).owner == sol


def test_what_its_named_author_proposed_stays_with_somebody_named_who_signs(world: World, sam: User, sol: User) -> None:
    row, manager = decided(world, Outcome.NO_FURTHER_ACTION), world.person(Role.MANAGER)
    with pytest.raises(Refused, match="Name also a manager or a senior of MASH"):
        restrict(row, sam, sol, by=sol)
    after = restrict(row, sam, manager, by=sol)
    assert (after.state, after.owner) == ("proposed", sam) and after.waits_for == ["sign_off"]
    leave = RestrictedAccess.objects.get(user=manager)
    with pytest.raises(Refused, match="Name also a manager or a senior"):
        restricting.unname(referral=after, access=leave, by=sam, at=NOW)
    with pytest.raises(Elsewhere):
        sign(world, row, by=world.person(Role.SENIOR))
    sign(world, row, by=manager)
    assert as_it_is(row).state == "decided"


def test_what_is_sent_on_stays_so_and_is_decided_once_it_is_received(world: World, sam: User, sol: User) -> None:
    other = make_world("othershire")
    row = decided(world, Outcome.TRANSFER, transfer_to=other.partnership)
    after = restrict(row, sol, by=sol)
    assert (after.state, after.owner, after.waits_for) == ("sent_on", None, ["receipt"])
    with scope(partnership=other.partnership):
        there = Referral.objects.get()
    where = {"partnership": "othershire", "referral_id": there.pk}
    olga = sign_in(other.person(Role.SCREENER))
    assert olga.post(reverse("referral_arrival", kwargs=where), {"answer": "have"}).status_code == 302
    assert as_it_is(row).state == "decided" and sol in told(row, "transfer_received")
    assert sam not in told(row, "transfer_received")


def test_whoever_is_named_no_more_has_it_no_more_whatever_it_waits_for(world: World, sam: User, sol: User) -> None:
    row, manager = decided(world, Outcome.NO_FURTHER_ACTION), world.person(Role.MANAGER)
    restrict(row, sam, sol, manager, by=sol)
    leave = RestrictedAccess.objects.get(user=sam)
    restricting.unname(referral=row, access=leave, by=manager, at=NOW)
    after = as_it_is(row)
    assert (after.state, after.owner) == ("waiting", None) and told(row) == {sam}
    assert told(row, "waiting") == {sol}, "who is named and works there hears that it waits"


def hidden(world: World, *named: User, facts: Any = None) -> Referral:
    """Restricted to these, the first of whom has it."""
    row = actions.claim(referral=make_referral(world, facts=facts), by=named[0], at=NOW)
    return restrict(row, *named, by=named[0])


def test_a_proposal_is_told_to_who_is_named_and_can_sign_and_is_refused_without(world: World, sol: User) -> None:
    row, senior = hidden(world, sol), world.person(Role.SENIOR)
    client, typed = sign_in(sol), {**SAID, "revision": str(row.revision)}
    assert "nobody else who is named on it can sign" in client.get(page(row, "referral_decide")).content.decode()
    for button in ({"preview": "1"}, {}):
        refused = client.post(page(row, "referral_decide"), typed | button).content.decode()
        assert "This needs a second person." in refused and "Seen whole, nothing in it." in refused
    assert as_it_is(row).state == "in_hand" and not told(row, "sign_off")
    assert str(senior.pk) in client.get(page(row, "referral_restrict")).content.decode(), "a senior can be named"
    restricting.name(referral=row, person=senior, reason="Signs.", by=sol, at=NOW)
    done = client.post(page(row, "referral_decide"), typed, follow=True).content.decode()
    assert f"{senior.name} can sign it, and is told." in done
    assert told(row, "sign_off") == {senior} and senior in told(row, "named")
    assert row.reference in sign_in(senior).get("/testshire/sign-offs/").content.decode()
    assert sign_in(senior).get(page(row, "referral_sign_off")).status_code == 200
    members.end(membership=Membership.objects.get(user=senior), by=world.person(Role.ADMIN), at=NOW)
    manager = world.person(Role.MANAGER)
    assert told(row, "named") >= {manager} and sign_in(manager).get(page(row, "referral_sign_off")).status_code == 200


SAID = {
    "decided_level": "none",
    "outcome": "no_further_action",
    "primary_need": "N9",
    "factors": ["21"],
    "reason": "Seen whole, nothing in it.",
    "told_referrer": "We thank you.",
    "parents_told_by": "referrer",
    "child_told_by": "referrer",
}


def test_who_authorises_going_on_without_consent_can_read_it(world: World, sol: User) -> None:
    row = hidden(world, sol, facts={"consent": {"informed": False, "given": False}})
    manager = world.person(Role.MANAGER)
    asked = sign_in(sol).get(page(row, "referral_decide")).content.decode()
    assert "Nobody who is named on this referral can." in asked and manager.name not in asked
    said = {**PLAIN, "outcome": Outcome.ASSESSMENT_SECTION_17, "decided_level": 4, "authorised_because": "Harm."}
    with pytest.raises(Refused, match="Name whoever authorises it first"):
        actions.decide(referral=row, **said, authorised_by=manager, revision=row.revision, by=sol, at=NOW)
    restricting.name(referral=row, person=manager, reason="Authorises.", by=sol, at=NOW)
    actions.decide(referral=row, **said, authorised_by=manager, revision=row.revision, by=sol, at=NOW)
    assert told(row, "authorised") == {manager}


def test_early_help_for_a_restricted_one_is_offered_to_who_is_named_and_seen_by_them_alone(
    world: World, sol: User
) -> None:
    row, erin, manager = hidden(world, sol), world.person(Role.EARLY_HELP), world.person(Role.MANAGER)
    other = make_person(world, Role.EARLY_HELP, name="Olu Other", team=world.early_help)
    said = {**PLAIN, "outcome": Outcome.EARLY_HELP, "decided_level": 4, "support_team": world.early_help}
    with pytest.raises(Refused, match="nobody of Early Help is named on it"):
        actions.decide(referral=row, **said, revision=row.revision, by=sol, at=NOW)
    shown = sign_in(sol).get(page(row, "referral_restrict")).content.decode()
    assert f"{erin.name} (Early Help, its early help alone)" in shown
    form = {"person": str(erin.pk), "reason": "Takes her on."}
    assert sign_in(sol).post(page(row, "referral_restrict"), form).status_code == 302
    word = Notice.objects.get(referral=row, kind="named", to=erin).body
    assert "/testshire/early-help/" in word and str(row.pk) not in word
    assert sign_in(erin).get(page(row)).status_code == 404, "of the referral itself they see nothing"
    actions.decide(referral=row, **said, revision=row.revision, by=sol, at=NOW)
    support = Support.objects.get(referral=row)
    assert told(row, "support") == {erin} and other not in told(row, "support")
    of_support = reverse("support", kwargs={"partnership": "testshire", "support_id": support.pk})
    assert sign_in(erin).get(of_support).status_code == 200 and sign_in(other).get(of_support).status_code == 404
    plan = {"lead": "Lea", "lead_agency": "", "lead_telephone": "", "plan": "Mornings."}
    assert sign_in(erin).post(f"{of_support}accept/", plan).status_code == 302
    leave = RestrictedAccess.objects.get(user=erin, referral=row)
    with pytest.raises(Refused, match="Early Help gives early help for it. Name also somebody of that team"):
        restricting.unname(referral=row, access=leave, by=sol, at=NOW)
    members.end(membership=Membership.objects.get(user=erin), by=world.person(Role.ADMIN), at=NOW)
    assert told(row, "named") == {erin, manager}
    assert "Name at once who goes on with it" in Notice.objects.get(referral=row, kind="named", to=manager).body
    assert sign_in(manager).get(of_support).status_code == 200


def test_what_is_restricted_after_the_decision_keeps_its_early_help(world: World, sol: User) -> None:
    row = decided(world, Outcome.EARLY_HELP, decided_level=4, support_team=world.early_help)
    erin, client = world.person(Role.EARLY_HELP), sign_in(sol)
    assert (
        f"{erin.name} (Early Help, its early help alone)" in client.get(page(row, "referral_restrict")).content.decode()
    )
    form = {"named": [str(sol.pk)], "reason": "My kept words."}
    refused = client.post(page(row, "referral_restrict"), form).content.decode()
    assert "Name also somebody of that team, who goes on with it." in refused and "My kept words." in refused
    client.post(page(row, "referral_restrict"), form | {"named": [str(sol.pk), str(erin.pk)]})
    support = Support.objects.get(referral=row)
    where = {"partnership": "testshire", "support_id": support.pk}
    assert as_it_is(row).restricted and sign_in(erin).get(reverse("support", kwargs=where)).status_code == 200


def test_nothing_restricted_is_proposed_to_another_team(world: World, sol: User) -> None:
    row = hidden(world, sol, world.person(Role.MANAGER))
    with pytest.raises(Refused, match="Lift the restriction first"):
        actions.step_down(referral=row, reason="Fits.", team=world.early_help, by=sol, at=NOW)
    assert as_it_is(row).state == "in_hand"
