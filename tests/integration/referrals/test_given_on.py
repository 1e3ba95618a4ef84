"""What is with an early help team in which nobody works any more, or which is retired: told of, listed, given on."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from partnerships import members
from partnerships.audit import faults
from partnerships.models import AuditEntry, Membership, Team, User
from partnerships.permissions import Role
from partnerships.setup import actions as setting_up
from referrals.domain.lifecycle import Outcome
from referrals.models import Clock, Decision, Event, Notice, Referral, SignOff, Support, SupportGivenOn
from referrals.support import actions as supporting
from referrals.support.giving_on import give_on
from referrals.triage import actions, restricting
from referrals.triage.moves import Elsewhere, Refused
from tests.factories import NOW, World, make_person, make_referral, make_support, sign_in

pytestmark = pytest.mark.usefixtures("in_scope", "a_morning")

DAY = dt.timedelta(days=1)
WHY = "Nobody works there any more. Grandmother expects a call on Friday."


@pytest.fixture
def west(world: World) -> Team:
    return Team.objects.create(partnership=world.partnership, slug="west", name="West", kind="early_help")


@pytest.fixture
def wes(world: World, west: Team) -> User:
    return make_person(world, Role.EARLY_HELP, name="Wes Worker", team=west)


def of(world: World, address: str, /, **parts: Any) -> str:
    return reverse(address, kwargs={"partnership": world.partnership.slug, **parts})


def page(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def active(world: World, support: Support) -> Support:
    erin = world.person(Role.EARLY_HELP)
    said = {"lead": "Lea Leader", "lead_agency": "", "lead_telephone": "", "plan": "A parenting course."}
    return supporting.accept(support=support, **said, by=erin, at=NOW)


def end_the_last(world: World) -> None:
    last = Membership.objects.get(team=world.early_help, role=Role.EARLY_HELP.value, ended_at=None)
    members.end(membership=last, by=world.person(Role.ADMIN), at=NOW + DAY)


def test_the_managers_hear_of_what_is_with_a_team_whose_last_one_leaves_and_where_it_is_listed(
    world: World, west: Team, wes: User
) -> None:
    support, second = make_support(world), active(world, make_support(world))
    make_referral(world, indicators=("health-2-02",))
    admin, manager = sign_in(world.person(Role.ADMIN)), sign_in(world.person(Role.MANAGER))
    last = Membership.objects.get(team=world.early_help, role=Role.EARLY_HELP.value)
    asked = page(admin.get(of(world, "member_end", membership_id=last.pk)))
    assert "With it is early help for 2 children and 1 open referral: the managers are told which" in asked
    assert "Robin" not in asked
    end_the_last(world)
    told = Notice.objects.get(kind="nobody_there", to=world.person(Role.MANAGER)).body
    assert "With it is early help for 2 children and 1 open referral." in told
    listed, queue = re.findall(r"https?://[^/]+(/\S+)", told)
    shown = page(manager.get(listed))
    assert "Nobody works in Early Help." in shown
    for each in (support, second):
        assert of(world, "support", support_id=each.pk) in shown
    assert manager.get(queue).status_code == 200


def test_a_manager_counts_and_lists_what_they_may_see_alone(world: World, west: Team) -> None:
    make_support(world)
    hidden = make_support(world)
    erin = world.person(Role.EARLY_HELP)
    restricting.restrict(referral=hidden.referral, named=[erin], reason="A colleague's own.", by=erin, at=NOW)
    manager = sign_in(world.person(Role.MANAGER))
    shown = page(manager.get(of(world, "supports") + "?team=early-help"))
    assert of(world, "support", support_id=hidden.pk) not in shown
    assert manager.get(of(world, "support_give_on", support_id=hidden.pk)).status_code == 404
    end_the_last(world)  # nobody who is named could go on with it: the managers are named, and told, as ever
    assert of(world, "support", support_id=hidden.pk) in page(manager.get(of(world, "supports") + "?team=early-help"))


def test_a_manager_gives_the_early_help_of_a_team_that_is_gone_to_another(world: World, west: Team, wes: User) -> None:
    support = active(world, make_support(world))
    due = Clock.objects.get(referral=support.referral, slug="plan_review")
    end_the_last(world)
    manager, hers = sign_in(world.person(Role.MANAGER)), of(world, "support_give_on", support_id=support.pk)
    assert "Give it to another team" in page(manager.get(of(world, "support", support_id=support.pk)))
    assert "The next review stays due by" in page(manager.get(hers))
    assert "Say why, and what the team needs to know" in page(manager.post(hers, {"team": "west", "revision": "1"}))
    typed = {"team": "west", "reason": WHY, "revision": "1"}
    for _ in range(2):
        assert "West has the early help now" in page(manager.post(hers, typed, follow=True))
    assert SupportGivenOn.objects.get().to_team == west
    support = Support.objects.get(pk=support.pk)
    assert (support.team, support.state, support.plan) == (west, "active", "A parenting course.")
    now = Clock.objects.get(pk=due.pk)
    assert (now.due_at, now.met_at) == (due.due_at, None), "the clock of its review goes on"
    word = Notice.objects.get(kind="support", to=wes)
    assert of(world, "support", support_id=support.pk) in word.body and "goes on as it was" in word.body
    assert WHY not in word.body and "Robin" not in word.body
    theirs = sign_in(wes)
    shown = page(theirs.get(of(world, "support", support_id=support.pk)))
    assert WHY in shown and "A parenting course." in shown and "They ask for help." not in shown
    assert "Read the referral" not in shown
    assert theirs.get(of(world, "referral", referral_id=support.referral_id)).status_code == 404
    track = page(
        sign_in(world.person(Role.PRACTITIONER)).get(of(world, "referral_track", referral_id=support.referral_id))
    )
    assert "Another early help team goes on with the early help." in track and WHY not in track
    assert AuditEntry.objects.filter(verb="support.given_on").count() == 1
    assert Event.objects.get(kind="support_given_on").note == WHY
    assert not list(faults(world.partnership))
    say = of(world, "support_step", support_id=support.pk, name="lead")
    assert "Wilma West leads now." in page(theirs.post(say, {"lead": "Wilma West"}, follow=True))
    track = page(
        sign_in(world.person(Role.PRACTITIONER)).get(of(world, "referral_track", referral_id=support.referral_id))
    )
    assert "Wilma West leads the early help now." in track


def test_who_works_in_the_team_gives_what_is_offered_on_and_its_clock_goes_on(
    world: World, west: Team, wes: User
) -> None:
    support, erin = make_support(world), sign_in(world.person(Role.EARLY_HELP))
    due = Clock.objects.get(referral=support.referral, slug="support_accepted").due_at
    there, typed = of(world, "support_give_on", support_id=support.pk), {"team": "west", "reason": WHY, "revision": "0"}
    for _ in range(2):  # the second press comes from who can't see it any more
        assert "West has the early help now" in page(erin.post(there, typed, follow=True))
    assert erin.post(there, {**typed, "reason": "Another."}).status_code == 404
    assert erin.get(of(world, "support", support_id=support.pk)).status_code == 404
    clock = Clock.objects.get(referral=support.referral, slug="support_accepted")
    assert (clock.due_at, clock.met_at) == (due, None)
    assert "to be accepted by" in Notice.objects.get(kind="support", to=wes).body
    accept = of(world, "support_step", support_id=support.pk, name="accept")
    assert "Early help has begun." in page(sign_in(wes).post(accept, {"lead": "Lea", "plan": "A course."}, follow=True))
    assert Clock.objects.get(pk=clock.pk).met_at


def test_what_was_done_meanwhile_keeps_early_help_where_it_is_and_the_words_on_the_page(
    world: World, west: Team, wes: User
) -> None:
    support, manager = make_support(world), sign_in(world.person(Role.MANAGER))
    there, typed = of(world, "support_give_on", support_id=support.pk), {"team": "west", "reason": WHY, "revision": "0"}
    active(world, support)
    shown = page(manager.post(there, typed))
    assert "It has moved on since you opened this page." in shown and "Lea Leader leads." in shown
    assert f"{WHY}</textarea>" in shown and 'name="revision" value="1"' in shown
    assert Support.objects.get().team == world.early_help
    erin = world.person(Role.EARLY_HELP)
    supporting.close(support=support, ending="met", words="Well.", by=erin, at=NOW)
    shown = page(manager.post(there, {**typed, "revision": "1"}))
    assert "closed it at" in shown and f"{WHY}</textarea>" in shown
    assert Support.objects.get().team == world.early_help


def test_early_help_goes_to_no_team_that_could_not_take_the_child_on(world: World, west: Team) -> None:
    support, mo = make_support(world), world.person(Role.MANAGER)
    manager, there = sign_in(mo), of(world, "support_give_on", support_id=support.pk)
    assert "There is no other early help team in which somebody works." in page(manager.get(there))

    def give(team: Team, by: User = mo) -> None:
        give_on(support=support, team=team, reason=WHY, seen=0, by=by, at=NOW)

    with pytest.raises(Refused, match="Nobody works in West"):
        give(west)
    wes = make_person(world, Role.EARLY_HELP, team=west)
    with pytest.raises(Refused, match="takes on no early help"):
        give(world.mash)
    with pytest.raises(Refused, match="has it already"):
        give(world.early_help)
    for nobody in (wes, world.person(Role.SCREENER)):
        with pytest.raises(Elsewhere):
            give(west, by=nobody)
    erin = world.person(Role.EARLY_HELP)
    restricting.restrict(referral=support.referral, named=[erin, mo], reason="Own family.", by=erin, at=NOW)
    with pytest.raises(Refused, match="nobody of West is named on it"):
        give(west)
    restricting.name(referral=Referral.objects.get(), person=wes, reason="Goes on with it.", by=mo, at=NOW)
    give(west)
    assert Support.objects.get().team == west
    assert sign_in(wes).get(of(world, "support", support_id=support.pk)).status_code == 200
    assert sign_in(wes).get(of(world, "referral", referral_id=support.referral_id)).status_code == 404


def test_a_manager_passes_an_open_referral_of_an_empty_team_on(world: World, west: Team, wes: User) -> None:
    row, mo = make_referral(world, indicators=("health-2-02",)), world.person(Role.MANAGER)
    end_the_last(world)
    there = of(world, "referral_pass_on", referral_id=row.pk)
    manager = sign_in(mo)
    assert there in page(manager.get(of(world, "referral", referral_id=row.pk)))
    for _ in range(2):
        shown = page(manager.post(there, {"team": "west", "reason": WHY, "revision": str(row.revision)}, follow=True))
        assert "is with the other team now" in shown
    assert Event.objects.filter(kind="passed_on").count() == 1
    assert Referral.objects.get(pk=row.pk).team == west and Notice.objects.filter(to=wes, kind="waiting").exists()
    mash = make_referral(world)
    assert sign_in(mo).get(of(world, "referral_step_up", referral_id=row.pk)).status_code == 404
    with pytest.raises(Refused, match="The MASH steps"):
        actions.pass_on(referral=mash, reason=WHY, team=west, by=mo, at=NOW)


def test_a_team_is_retired_where_somebody_finishes_what_is_with_it_and_the_managers_hear_what(
    world: World, west: Team, wes: User
) -> None:
    support, admin = make_support(world), world.person(Role.ADMIN)
    setting_up.make_default(west)
    end_the_last(world)
    client = sign_in(admin)
    refused = page(client.post(of(world, "team_take_out", team="early-help"), follow=True))
    assert "Nobody works in Early Help" in refused and "(early help for 1 child)" in refused
    assert Team.objects.get(pk=world.early_help.pk).retired_at is None
    give_on(support=support, team=west, reason=WHY, seen=0, by=world.person(Role.MANAGER), at=NOW)
    assert "is retired" in page(client.post(of(world, "team_take_out", team="early-help"), follow=True))
    assert not Notice.objects.filter(subject__contains="retired with work").exists()
    setting_up.restore(row=Team.objects.get(pk=world.early_help.pk), by=admin, at=NOW)
    setting_up.make_default(Team.objects.get(pk=world.early_help.pk))
    west.refresh_from_db()
    setting_up.take_out(row=west, by=admin, at=NOW)
    told = Notice.objects.get(subject__contains="retired with work", to=world.person(Role.MANAGER)).body
    assert "early help for 1 child" in told and "?team=west" in told
    members.end(membership=Membership.objects.get(user=wes), by=admin, at=NOW + DAY)
    last = Notice.objects.filter(kind="nobody_there", body__contains="in West ended").get().body
    assert "It is retired and takes on nobody." in last and "?team=west" in last


def test_the_admin_learns_a_number_and_no_child(world: World, west: Team) -> None:
    make_support(world)
    client: Client = sign_in(world.person(Role.ADMIN))
    assert client.get(of(world, "supports")).status_code == 404


@pytest.mark.parametrize("down", [True, False])
def test_nothing_that_waited_for_a_signature_goes_to_a_team_that_was_retired_since(
    world: World, west: Team, wes: User, down: bool
) -> None:
    sam, admin = world.person(Role.SCREENER), world.person(Role.ADMIN)
    row = actions.claim(referral=make_referral(world), by=sam, at=NOW)
    if down:
        actions.step_down(referral=row, reason="They ask for help.", team=west, by=sam, at=NOW)
    else:
        consent = {"authorised_by": world.person(Role.MANAGER), "authorised_because": "They can't be reached."}
        said = {"outcome": Outcome.EARLY_HELP, "decided_level": 2, "reason": "Help.", "told_referrer": "We begin."}
        actions.decide(referral=row, support_team=west, **said, **consent, revision=row.revision, by=sam, at=NOW)
    members.end(membership=Membership.objects.get(user=wes), by=admin, at=NOW)
    assert setting_up.take_out(row=west, by=admin, at=NOW) == "retired"
    senior, waiting = world.person(Role.SENIOR), SignOff.objects.waiting().get(referral=row)
    with pytest.raises(Refused, match="West was taken out of use since it was chosen"):
        actions.sign_off(sign_off=waiting, said="", by=senior, at=NOW)
    after = Referral.objects.get(pk=row.pk)
    assert (after.state, after.team) == ("proposed", world.mash) and not Support.objects.exists()
    form = of(world, "referral_sign_off", referral_id=row.pk)
    shown = page(
        sign_in(senior).post(form, {"answer": "sign", "said": "", "seen": waiting.pk, "revision": after.revision})
    )
    assert "send it back and say so" in shown
    actions.send_back(sign_off=waiting, said="West is no more.", by=senior, at=NOW)
    assert Referral.objects.get(pk=row.pk).owner == sam


def for_a_brother(world: World, first: Support, name: str, **standing: Any) -> Support:
    """Early help for another child of the same referral."""
    order = first.referral.children.count() + 1
    brother = first.referral.children.create(partnership=world.partnership, order=order, first_name=name, last_name="M")
    made = Decision.objects.get(pk=first.decision_id)
    made.pk, made.child = None, brother
    made.save()
    return Support.objects.create(
        partnership=world.partnership,
        referral=first.referral,
        child=brother,
        decision=made,
        team=world.early_help,
        offered_at=NOW,
        **standing,
    )


def test_the_same_words_for_a_brothers_early_help_step_him_up_too(world: World) -> None:
    erin, first = world.person(Role.EARLY_HELP), make_support(world)
    told = {"state": "active", "accepted_at": NOW, "accepted_by": erin, "lead": "Lee", "plan": "Visits."}
    second = for_a_brother(world, first, "Kit", **told)
    for each in (first, second, second):
        supporting.step_up_support(support=each, reason="Not safe at home.", by=erin, at=NOW)
    assert set(Support.objects.values_list("state", "ending")) == {("closed", "stepped_up")}
    assert Event.objects.filter(kind="support_stepped_up").count() == 1


def test_a_brother_whose_early_help_nobody_accepted_is_decided_anew_and_offered_no_more(world: World) -> None:
    """The step up opens the whole referral again: he would be offered a second time beside the first."""
    erin, first = world.person(Role.EARLY_HELP), make_support(world)
    second = for_a_brother(world, first, "Kit")
    supporting.step_up_support(support=first, reason="Not safe at home.", by=erin, at=NOW)
    ended = Support.objects.get(pk=second.pk)
    assert (ended.state, ended.ending) == ("closed", "another")
    assert not Clock.objects.filter(referral=first.referral, slug="support_accepted", met_at__isnull=True).exists()
