"""Restricted records: seen by named people alone, found nowhere by anybody else, opened in need and told at once."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships import members
from partnerships.access import actor_for
from partnerships.audit import faults
from partnerships.models import AuditEntry, Membership
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.asking import actions as asking
from referrals.clocks.sweep import sweep, team_members
from referrals.disagreement import actions as disagreeing
from referrals.domain.asking import Urgency
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome
from referrals.intake.actions import start_draft, submit
from referrals.models import Ask, CalendarAddress, Notice, Referral, RestrictedAccess
from referrals.seen.chronology import history
from referrals.seen.finding import contacts_by_child
from referrals.seen.searching import search
from referrals.standing import keep_standing
from referrals.triage import actions, notes, restricting
from referrals.triage.assigning import mark_absent
from referrals.triage.moves import Elsewhere, Refused
from referrals.triage.need_over import give_back
from referrals.triage.queries import queues_for
from tests.factories import (
    NOW,
    World,
    make_attachment,
    make_check,
    make_letter,
    make_person,
    make_referral,
    make_world,
)

pytestmark = pytest.mark.usefixtures("a_morning")

NAME = "Quillonette"
HERS = ("referral_track", "disagreement", "referral_add", "referral_correct", "referral_copy")
ADDRESSED = (
    *HERS,
    "referral",
    "referral_ask",
    "referral_check",
    "referral_risk",
    "referral_disagreement",
    "referral_history",
    "referral_note",
    "referral_summary",
    "referral_transfer",
    "referral_arrival",
    "matrix_pdf",
)


@pytest.fixture
def world(db: None) -> Any:
    world = make_world()
    with scope(partnership=world.partnership):
        yield world


@pytest.fixture
def sol(world: World) -> Any:
    return make_person(world, Role.SCREENER, name="Sol Named", team=world.mash)


@pytest.fixture
def hidden(world: World, sol: Any) -> Referral:
    row = make_referral(world, child={"first_name": NAME, "nhs_number": "9990000018"})
    actions.claim(referral=row, by=world.person(Role.SCREENER), at=NOW)
    sam = world.person(Role.SCREENER)
    return restricting.restrict(referral=row, named=[sol], reason="A colleague's own family.", by=sam, at=NOW)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_is_in_no_list_count_search_history_or_report_of_anybody_else(
    world: World, sol: Any, hidden: Referral
) -> None:
    told_again = make_referral(world, child={"first_name": NAME, "nhs_number": "9990000018"})
    for role in (Role.SCREENER, Role.MANAGER):
        user = world.person(role)
        actor = actor_for(user, world.partnership)
        assert not Referral.objects.visible_to(actor).filter(pk=hidden.pk).exists()
        assert [queue.open for queue in queues_for(actor, at=NOW) if queue.team == world.mash] == [1]
        assert [row.pk for row in search(actor, {"name": NAME}).referrals] == [told_again.pk]
        assert search(actor, {"reference": hidden.reference}).referrals == []
        assert history(told_again, actor, at=NOW).count == 0, "not even counted among earlier contacts"
        client = client_of(user)
        for address in ("queue/mash/", "queue/all/", "queue/mash/counts/", "queue/mash/filter/"):
            assert hidden.reference not in client.get(f"/testshire/{address}").content.decode()
        here = {"partnership": "testshire", "referral_id": hidden.pk}
        for name in ("referral", "referral_history", "referral_note", "referral_restrict", "referral_summary"):
            assert client.get(reverse(name, kwargs=here)).status_code == 404, name
    manager = client_of(world.person(Role.MANAGER))
    assert hidden.reference not in manager.get("/testshire/reports/list/").content.decode()
    by_sol = actor_for(sol, world.partnership)
    assert [queue.open for queue in queues_for(by_sol, at=NOW)] == [2]
    assert history(told_again, by_sol, at=NOW).count == 1
    assert NAME in client_of(sol).get(f"/testshire/triage/{hidden.pk}/").content.decode()


def test_it_raises_no_level_for_whoever_tells_of_the_child_next(world: World, hidden: Referral) -> None:
    class Told:
        number, first_name, last_name, other_names, sex, postcode, upn = 1, NAME, "Marlow", "", "F", "", ""
        date_of_birth, nhs_number = dt.date(2019, 5, 1), "9990000018"

    assert contacts_by_child(world.partnership, [Told()]) == {1: ()}  # type: ignore[list-item]


def test_who_had_it_and_is_not_named_has_it_no_more_and_nobody_else_takes_it(
    world: World, sol: Any, hidden: Referral
) -> None:
    assert (hidden.owner, hidden.state) == (None, "waiting")
    assert team_members(hidden) == [sol], "notices go to the named alone"
    sam = world.person(Role.SCREENER)
    for act, more in ((actions.claim, {}), (actions.acknowledge, {"words": ""}), (actions.reassign, {"to": sam})):
        with pytest.raises(Elsewhere):
            act(referral=hidden, **more, by=sam, at=NOW)
    assert actions.claim_next(team=world.mash, by=sam, at=NOW) is None
    assert actions.claim_next(team=world.mash, by=sol, at=NOW) == hidden


def test_somebody_who_can_decide_it_always_remains(world: World, sol: Any, hidden: Referral) -> None:
    row, manager = make_referral(world), world.person(Role.MANAGER)
    with pytest.raises(Refused, match="Name somebody who works in the queue"):
        restricting.restrict(referral=row, named=[manager], reason="x", by=world.person(Role.SCREENER), at=NOW)
    with pytest.raises(Refused, match="Name somebody who works in the queue"):
        restricting.unname(referral=hidden, access=RestrictedAccess.objects.get(), by=sol, at=NOW)
    with pytest.raises(Refused, match="not yours"):
        restricting.lift(referral=hidden, reason="x", by=world.person(Role.SCREENER), at=NOW)
    with pytest.raises(Refused, match="could not see it"):
        restricting.name(referral=hidden, person=world.person(Role.PRACTITIONER), reason="x", by=sol, at=NOW)


def test_breaking_the_glass_tells_the_managers_at_once_and_lasts_an_hour(
    world: World, sol: Any, hidden: Referral
) -> None:
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    client, address = client_of(sam), reverse("break_glass", kwargs={"partnership": "testshire"})
    page = {"partnership": "testshire", "referral_id": hidden.pk}
    missing = client.post(address, {"reference": "TES-NONE-0000", "reason": "She rang."}).content.decode()
    other = make_referral(world)
    unrestricted = client.post(address, {"reference": other.reference, "reason": "She rang."}).content.decode()
    hide = lambda text: re.sub(r"TES-[A-Z]+-\d+|csrf\S+ value=\S+|nonce=\S+", "", text)  # noqa: E731
    assert "No restricted referral of your queues" in missing and hide(missing) == hide(unrestricted)
    assert AuditEntry.objects.filter(verb="glass.refused", by=sam).count() == 2
    answer = client.post(address, {"reference": hidden.reference.lower(), "reason": "Her aunt rang: she is ill."})
    assert answer.status_code == 302
    assert NAME in client.get(reverse("referral", kwargs=page)).content.decode()
    told = Notice.objects.filter(subject__contains="opened in need")
    assert {notice.to for notice in told} == {manager, sol}
    assert all(NAME not in notice.body and "ill" not in notice.body.split("aunt")[0] for notice in told)
    assert Notice.objects.filter(kind="glass").exists(), "which no morning's digest holds back (`referrals.digests`)"
    assert AuditEntry.objects.filter(verb="referral.glass_broken", by=sam, object_id=str(hidden.pk)).count() == 1
    with time_machine.travel(NOW + dt.timedelta(minutes=61), tick=False):
        again = client_of(sam)
        assert again.get(reverse("referral", kwargs=page)).status_code == 404


def test_what_somebody_took_in_need_waits_for_the_named_again_when_the_hour_is_over(
    world: World, sol: Any, hidden: Referral
) -> None:
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    opened = {"partnership": world.partnership, "reference": hidden.reference, "reason": "She rang.", "by": sam}
    restricting.break_glass(**opened, at=NOW)
    if hidden.owner_id:
        actions.release(referral=hidden, by=sol, at=NOW)
    actions.claim(referral=hidden, by=sam, at=NOW)
    within, after = NOW + dt.timedelta(minutes=59), NOW + dt.timedelta(minutes=61)
    assert give_back(at=within) == 0, "theirs for the hour"
    assert (give_back(at=after), give_back(at=after)) == (1, 0)
    row = Referral.objects.get(pk=hidden.pk)
    assert (row.state, row.owner) == ("waiting", None)
    told = Notice.objects.filter(referral=row, kind="restricted", subject__contains="hour in need")
    assert {each.to for each in told} == {sam, manager} and all(str(row.pk) not in each.body for each in told)
    assert sol in hear(row, "waiting")
    restricting.name(referral=row, person=sam, reason="Goes on.", by=sol, at=after)
    actions.claim(referral=row, by=sam, at=after)
    assert give_back(at=after) == 0, "who is named keeps it"


def test_an_hour_in_need_is_no_leave_to_lift_or_to_widen(world: World, sol: Any, hidden: Referral) -> None:
    """Who broke the glass reads; who sees it is said by the named, and by a manager, who answers for it."""
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    for by in (sam, manager):
        restricting.break_glass(
            partnership=world.partnership, reference=hidden.reference, reason="She rang.", by=by, at=NOW
        )
    page = reverse("referral_restrict", kwargs={"partnership": "testshire", "referral_id": hidden.pk})
    assert client_of(sam).get(page).status_code == 404
    assert client_of(sam).post(page, {"lift": "1", "reason": "x"}).status_code == 404
    for act, more in ((restricting.lift, {}), (restricting.name, {"person": manager})):
        with pytest.raises(Refused, match="not yours to restrict"):
            act(referral=hidden, **more, reason="x", by=sam, at=NOW)
    with pytest.raises(Refused, match="not yours to restrict"):
        restricting.unname(referral=hidden, access=RestrictedAccess.objects.get(user=sol), by=sam, at=NOW)
    assert client_of(manager).get(page).status_code == 200
    assert not restricting.lift(referral=hidden, reason="A mistake.", by=manager, at=NOW).restricted


def test_a_late_one_reaches_the_managers_by_its_reference_alone(world: World, sol: Any, hidden: Referral) -> None:
    for days in (1, 2, 3):
        sweep(at=NOW + dt.timedelta(days=days))
    notices = Notice.objects.filter(referral=hidden, kind__startswith="clock")
    assert world.person(Role.SCREENER) not in {notice.to for notice in notices}
    assert sol in {notice.to for notice in notices}
    assert NAME not in "".join(notice.body + notice.subject for notice in notices)


def test_it_never_goes_to_a_team_of_which_nobody_could_see_it(world: World, sol: Any) -> None:
    row = make_referral(world, indicators=("health-2-02",))
    erin = world.person(Role.EARLY_HELP)
    row = restricting.restrict(referral=row, named=[erin], reason="Family.", by=erin, at=NOW)
    with pytest.raises(Refused, match="Lift the restriction first"):
        actions.step_up(referral=row, reason="She told me more.", by=erin, at=NOW)
    row.refresh_from_db()
    assert row.team == world.early_help


def test_restricting_and_lifting_on_the_page(world: World, sol: Any) -> None:
    row, sam = make_referral(world, child={"first_name": NAME}), world.person(Role.SCREENER)
    client = client_of(sam)
    address = reverse("referral_restrict", kwargs={"partnership": "testshire", "referral_id": row.pk})
    shown = client.post(address, {"reason": "Kept words"}).content.decode()
    assert "Choose who may see it" in shown and "Kept words" in shown and "checked" not in shown
    assert client.post(address, {"named": [str(sam.pk), str(sol.pk)], "reason": "Family."}).status_code == 302
    assert "Restricted" in client.get("/testshire/queue/mash/?show=restricted").content.decode()
    assert "Sol Named" in client.get(address).content.decode()
    ending = RestrictedAccess.objects.get(user=sol)
    client.post(f"{address}{ending.pk}/end/")
    assert RestrictedAccess.objects.holding(NOW).count() == 1
    assert "Why is it restricted no more?" in client.get(f"{address}?lift=yes").content.decode()
    assert client.post(address, {"lift": "1", "reason": "She has left."}).status_code == 302
    row.refresh_from_db()
    assert not row.restricted and not RestrictedAccess.objects.holding(NOW).exists()


def test_a_later_contact_tells_nothing_of_earlier_ones_while_they_are_restricted(world: World, sol: Any) -> None:
    days = [NOW - dt.timedelta(days=back) for back in (9, 8)]
    earlier = [make_referral(world, received_at=day) for day in days]
    row = make_referral(world, facts={"previous_contacts": [day.date().isoformat() for day in days]})
    keep_standing(row)
    sam, there = client_of(world.person(Role.SCREENER)), reverse("referral", args=["testshire", row.pk])

    def shown() -> tuple[bool, bool, list[str]]:
        page, queue = sam.get(there).content.decode(), sam.get("/testshire/queue/mash/").content.decode()
        return (
            "een before" in page,
            "2 earlier contacts for the same child" in page,
            re.findall(r"Told of before: (\d)", queue),
        )

    assert shown() == (True, True, ["2"])
    restricting.restrict(referral=earlier[0], named=[sol], reason="Family.", by=sol, at=NOW)
    assert shown() == (True, False, ["1"])
    restricting.restrict(referral=earlier[1], named=[sol], reason="Family.", by=sol, at=NOW)
    assert shown() == (False, False, [])
    row.refresh_from_db()
    keep_standing(row)
    assert not row.told_before and "seen_before" not in row.flag_words, "nor once its line is worked out anew"
    for each in earlier:
        restricting.lift(referral=each, reason="She has left.", by=sol, at=NOW)
    assert shown() == (True, True, ["2"])


def test_who_was_kept_out_does_not_read_why_once_it_is_lifted(world: World, sol: Any) -> None:
    hidden = actions.claim(referral=make_referral(world), by=sol, at=NOW)
    restricting.restrict(referral=hidden, named=[sol], reason="A colleague's own family.", by=sol, at=NOW)
    sam, there = world.person(Role.SCREENER), reverse("referral", args=["testshire", hidden.pk])
    notes.add_note(referral=hidden, note="Speak with the school.", by=sol, at=NOW)
    lifting = client_of(sol).get(f"{reverse('referral_restrict', args=['testshire', hidden.pk])}?lift=yes")
    assert "with 1 note written while it was restricted" in lifting.content.decode()
    restricting.lift(referral=hidden, reason="It was not Kim.", by=sol, at=NOW)
    for person, reads in ((sol, True), (sam, False), (world.person(Role.MANAGER), False)):
        shown = client_of(person).get(there).content.decode()
        assert "Speak with the school." in shown, person
        assert [why in shown for why in ("own family.", "It was not Kim.")] == [reads, reads], person


def told_of_an_allegation(world: World, **more: Any) -> Referral:
    """A referral that its sender ticked as an allegation against somebody in a position of trust."""
    prue = world.person(Role.PRACTITIONER)
    draft = start_draft(partnership=world.partnership, agency=world.school, by=prue, at=NOW)
    child = {"who": {"first_name": NAME, "born": "born"}, "impact": {"concerns": ["lado"], **more}}
    draft.answers = {"children": [child], "people": [{}], "worry": {"happened": "The coach."}}
    draft.save()
    return submit(draft=draft, by=prue, at=NOW)


def test_an_allegation_is_the_lados_from_the_moment_it_comes(world: World) -> None:
    sam, manager, lead = (world.person(role) for role in (Role.SCREENER, Role.MANAGER, Role.SAFEGUARDING_LEAD))
    lola = make_person(world, Role.SCREENER, name="Lola Officer", team=world.mash)
    lola.memberships.create(partnership=world.partnership, role=Role.LADO.value)
    row = told_of_an_allegation(world)
    assert row.restricted and [each.user for each in RestrictedAccess.objects.filter(referral=row)] == [lola]
    assert client_of(lola).get(f"/testshire/triage/{row.pk}/").status_code == 200
    for user in (sam, manager, world.person(Role.SENIOR), world.person(Role.LADO)):
        assert client_of(user).get(f"/testshire/triage/{row.pk}/").status_code == 404, user.name
    assert client_of(lead).get(f"/testshire/referrals/{row.pk}/").status_code == 404, "it may be about the lead"
    assert client_of(world.person(Role.PRACTITIONER)).get(f"/testshire/referrals/{row.pk}/").status_code == 200
    told = {each.to: each for each in Notice.objects.filter(referral=row, kind__in=["allegation", "waiting"])}
    assert set(told) == {lola, manager} and NAME not in "".join(each.body for each in told.values())
    assert "Open it only in need" in told[manager].body
    assert "named when it came" in client_of(lola).get(f"/testshire/triage/{row.pk}/restrict/").content.decode()
    with pytest.raises(Refused, match="not yours"):
        restricting.lift(referral=row, reason="x", by=manager, at=NOW)
    restricting.name(referral=row, person=sam, reason="Helps.", by=lola, at=NOW)
    for act, more in ((restricting.lift, {}), (restricting.name, {"person": manager})):
        with pytest.raises(Refused, match="not yours"):  # a colleague who helps does not open it to whom it is about
            act(referral=row, reason="x", by=sam, at=NOW, **more)
    restricting.break_glass(
        partnership=world.partnership, reference=row.reference, reason="Lola is away.", by=manager, at=NOW
    )
    restricting.lift(referral=row, reason="No allegation after all.", by=manager, at=NOW)
    assert client_of(sam).get(f"/testshire/triage/{row.pk}/").status_code == 200
    lifted = Notice.objects.filter(referral=row, subject__endswith="restricted no more")
    assert {each.to for each in lifted} == {lola, sam}, "who was named hears it, as the managers do"
    assert AuditEntry.objects.filter(verb="referral.restricted", object_id=str(row.pk), by=None).count() == 1


def test_where_the_only_one_who_is_named_is_away_the_managers_hear_at_once(world: World) -> None:
    manager = world.person(Role.MANAGER)
    lola = make_person(world, Role.SCREENER, name="Lola Officer", team=world.mash)
    lola.memberships.create(partnership=world.partnership, role=Role.LADO.value)
    row = told_of_an_allegation(world)
    actions.claim(referral=row, by=lola, at=NOW)
    away = {"user": lola, "until": NOW + dt.timedelta(days=9), "cover": None}
    mark_absent(partnership=world.partnership, **away, by=lola, at=NOW)
    told = Notice.objects.get(referral=row, subject__endswith="waits unseen")
    assert told.to == manager and row.reference in told.body and NAME not in told.body and not told.digest


def test_an_allegation_that_danger_leaves_open_to_its_queue_is_not_its_agencys_leads_to_read(world: World) -> None:
    lead, prue = world.person(Role.SAFEGUARDING_LEAD), world.person(Role.PRACTITIONER)
    row = told_of_an_allegation(world, safe="no")
    assert not row.restricted and row.immediate_danger
    for page in HERS:
        address = reverse(page, kwargs={"partnership": "testshire", "referral_id": row.pk})
        assert client_of(lead).get(address).status_code == 404, f"{page}: it may be about the lead"
    assert row.reference not in client_of(lead).get("/testshire/referrals/").content.decode()
    assert client_of(prue).get(f"/testshire/referrals/{row.pk}/").status_code == 200
    assert lead not in disagreeing.people_for_them(row)


def test_an_allegation_goes_from_who_was_lado_to_who_is(world: World) -> None:
    admin, manager = world.person(Role.ADMIN), world.person(Role.MANAGER)
    lola, nell = (make_person(world, Role.SCREENER, name=name, team=world.mash) for name in ("Lola Was", "Nell Is"))
    role = lola.memberships.create(partnership=world.partnership, role=Role.LADO.value)
    row = told_of_an_allegation(world)
    members.end(membership=role, by=admin, at=NOW)
    assert who_sees(world, row, lola, nell) == {manager.name}, "the screener that she still is sees none of it"
    members.give(
        user=nell, post=members.Post(Role.LADO), partnership=world.partnership, by=admin, at=NOW + dt.timedelta(hours=1)
    )
    assert who_sees(world, row, lola, nell) == {manager.name, nell.name}
    assert Notice.objects.filter(kind="allegation", to=nell, referral=row).count() == 1


def test_a_restricted_referral_is_not_left_to_who_can_only_read_it(world: World) -> None:
    admin, manager = world.person(Role.ADMIN), world.person(Role.MANAGER)
    max_ = make_person(world, Role.SCREENER, name="Max Both", team=world.mash)
    max_.memberships.create(partnership=world.partnership, role=Role.SENIOR.value, team=world.mash)
    row = actions.claim(referral=make_referral(world, child={"first_name": NAME}), by=max_, at=NOW)
    row = restricting.restrict(referral=row, named=[max_], reason="Known to the team.", by=max_, at=NOW)
    members.end(membership=max_.memberships.get(role=Role.SCREENER.value), by=admin, at=NOW)
    assert manager.name in who_sees(world, row, max_)
    assert Notice.objects.filter(kind="named", to=manager, referral=row).exists()


def test_an_allegation_is_never_seen_by_nobody(world: World) -> None:
    sam, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    alone = told_of_an_allegation(world)
    assert alone.restricted, "the LADO here works in no queue, so the manager is named"
    assert [each.user for each in RestrictedAccess.objects.filter(referral=alone)] == [manager]
    page = client_of(manager).get(f"/testshire/triage/{alone.pk}/restrict/")
    assert page.status_code == 200
    restricting.name(referral=alone, person=sam, reason="Decides it.", by=manager, at=NOW)
    assert actions.claim(referral=alone, by=sam, at=NOW).owner == sam
    in_danger = told_of_an_allegation(world, safe="no")
    assert not in_danger.restricted, "the child comes first"
    assert client_of(sam).get(f"/testshire/triage/{in_danger.pk}/").status_code == 200
    assert Notice.objects.filter(referral=in_danger, kind="allegation").get().to == manager
    world.person(Role.MANAGER).memberships.update(ended_at=NOW)
    nobody = told_of_an_allegation(world)
    assert not nobody.restricted and client_of(sam).get(f"/testshire/triage/{nobody.pk}/").status_code == 200


def passed_to_the_lado(world: World, row: Referral) -> Referral:
    """Decided so by a screener, who has it."""
    sam = world.person(Role.SCREENER)
    row = actions.claim(referral=row, by=sam, at=NOW)
    more = {"reason": "The coach, she says.", "told_referrer": "We look into it."}
    decided = {"decided_level": None, "outcome": Outcome.LADO, "revision": row.revision}
    actions.decide(referral=row, **more, **decided, by=sam, at=NOW)
    return Referral.objects.get(pk=row.pk)


def test_what_the_decision_passes_to_the_lado_is_restricted_and_told_to_who_holds_that_role(world: World) -> None:
    sam, lead = world.person(Role.SCREENER), world.person(Role.SAFEGUARDING_LEAD)
    lola = make_person(world, Role.SCREENER, name="Lola Officer", team=world.mash)
    lola.memberships.create(partnership=world.partnership, role=Role.LADO.value)
    row = passed_to_the_lado(world, make_referral(world, child={"first_name": NAME}))
    assert row.restricted and "lado" in row.flags and "|lado|" in row.flag_words
    assert {each.user for each in RestrictedAccess.objects.filter(referral=row)} == {lola, sam}
    assert hear(row, "allegation") == {lola, world.person(Role.MANAGER)}
    for user, sees in ((lola, 200), (sam, 200), (world.person(Role.SENIOR), 404), (world.person(Role.MANAGER), 404)):
        assert client_of(user).get(f"/testshire/triage/{row.pk}/").status_code == sees, user.name
    assert client_of(lead).get(f"/testshire/referrals/{row.pk}/").status_code == 404, "it may be about the lead"
    assert client_of(world.person(Role.PRACTITIONER)).get(f"/testshire/referrals/{row.pk}/").status_code == 200


def test_who_takes_allegations_hears_also_of_one_that_is_restricted_to_others(world: World) -> None:
    sam, lado = world.person(Role.SCREENER), world.person(Role.LADO)
    row = restricting.restrict(referral=make_referral(world), named=[sam], reason="Family.", by=sam, at=NOW)
    row = passed_to_the_lado(world, row)
    assert [each.user for each in RestrictedAccess.objects.filter(referral=row)] == [sam]
    told = Notice.objects.get(referral=row, to=lado)
    assert "you are not named" in told.body and str(row.pk) not in told.body


def hidden_with_early_help(world: World, *named: Any) -> Referral:
    """Restricted to people of early help, and so walled off from the MASH twice."""
    row = make_referral(world, indicators=("health-2-02",), team=world.early_help, child={"first_name": NAME})
    erin = world.person(Role.EARLY_HELP)
    row = actions.claim(referral=row, by=erin, at=NOW)
    why = "A colleague's own family."
    return restricting.restrict(referral=row, named=[erin, *named], reason=why, by=erin, at=NOW)


def add(world: World, row: Referral, later: Later) -> Referral:
    by = world.person(Role.PRACTITIONER)
    additions.add_information(referral=row, text="He has a knife.", later=later, token="a" * 32, by=by, at=NOW)
    return Referral.objects.select_related("team").get(pk=row.pk)


def hear(row: Referral, kind: str) -> set[Any]:
    return {each.to for each in Notice.objects.filter(referral=row, kind=kind).select_related("to")}


def test_one_that_danger_takes_to_the_mash_is_seen_by_managers_and_opened_there_at_once(world: World) -> None:
    row, sam, manager = hidden_with_early_help(world), world.person(Role.SCREENER), world.person(Role.MANAGER)
    row = add(world, row, Later.NOW)
    assert row.team.is_mash and row.restricted and row.immediate_danger
    page = f"/testshire/triage/{row.pk}/"
    assert client_of(manager).get(page).status_code == 200
    for user in (sam, world.person(Role.EARLY_HELP), world.person(Role.SENIOR)):
        assert client_of(user).get(page).status_code == 404, user.name
    assert hear(row, "danger_named") == {manager} and hear(row, "danger_restricted") == {sam}
    told = Notice.objects.get(referral=row, kind="danger_restricted")
    assert row.reference in told.body and "/testshire/restricted/open/" in told.body and not told.digest
    assert NAME not in told.body and "knife" not in told.body

    opened = client_of(sam).post(
        "/testshire/restricted/open/", {"reference": row.reference, "reason": "A child in danger."}
    )
    assert opened.status_code == 302 and client_of(sam).get(page).status_code == 200
    assert actions.claim(referral=row, by=sam, at=NOW).owner == sam, "and acts on it"
    assert manager in {each.to for each in Notice.objects.filter(referral=row, kind="glass")}
    assert AuditEntry.objects.filter(verb="referral.named", object_id=str(row.pk), by=None).count() == 1
    assert list(faults(world.partnership)) == []


def test_one_that_somebody_named_decides_in_the_mash_is_theirs_and_nobody_elses(world: World, sol: Any) -> None:
    row = hidden_with_early_help(world)
    manager = world.person(Role.MANAGER)
    RestrictedAccess.objects.create(
        partnership=world.partnership, referral=row, user=sol, kind="named", reason="x", at=NOW, by=manager
    )
    row = add(world, row, Later.NOW)
    assert row.restricted and client_of(sol).get(f"/testshire/triage/{row.pk}/").status_code == 200
    assert not hear(row, "danger_restricted") and not hear(row, "danger_named")
    assert hear(row, "danger_added") == {sol, manager}
    assert client_of(manager).get(f"/testshire/triage/{row.pk}/").status_code == 404


def test_without_a_manager_danger_opens_it_to_the_mash(world: World) -> None:
    row, sam = hidden_with_early_help(world), world.person(Role.SCREENER)
    world.person(Role.MANAGER).memberships.update(ended_at=NOW)
    row = add(world, row, Later.NOW)
    assert not row.restricted and client_of(sam).get(f"/testshire/triage/{row.pk}/").status_code == 200
    assert sam in hear(row, "danger_added")


def test_doubt_about_a_decided_one_names_the_managers_and_tells_no_queue(world: World) -> None:
    row, erin = hidden_with_early_help(world), world.person(Role.EARLY_HELP)
    actions.decide(
        referral=row, decided_level=2, outcome=Outcome.EARLY_HELP, reason="Read whole.", told_referrer="We go on.",
        revision=row.revision, by=erin, at=NOW,
    )  # fmt: skip
    row.refresh_from_db()
    assert not row.is_open
    row = add(world, row, Later.UNSURE)
    assert row.team.is_mash and row.is_open and row.restricted
    assert hear(row, "danger_named") == {world.person(Role.MANAGER)} and not hear(row, "danger_restricted")


def test_a_disagreement_is_told_to_who_can_open_it_and_never_to_nobody(world: World, sol: Any) -> None:
    sam, prue, manager = world.person(Role.SCREENER), world.person(Role.PRACTITIONER), world.person(Role.MANAGER)
    row = restricting.restrict(referral=make_referral(world), named=[sol], reason="Own family.", by=sam, at=NOW)
    made = disagreeing.raise_disagreement(referral=row, words="She is not safe.", by=prue, at=NOW)
    kind = f"disagreement_{made.pk.hex[:8]}"
    assert hear(row, kind) == {sol}, "a manager who is not named could not open what is told"
    sol.is_active = False
    sol.save()
    disagreeing.move_on(disagreement=made, seen=1, because="Nobody rang me.", by=prue, at=NOW)
    assert hear(row, f"{kind}_2") == {manager}, "where nobody who is named is there, the managers hear"


def test_a_restricted_record_is_in_no_ask_disagreement_letter_or_trail_of_anybody_else(world: World, sol: Any) -> None:
    """Everything that can hang on a referral hangs on this one; who is not named finds none of it anywhere."""
    row = make_referral(world, child={"first_name": NAME, "nhs_number": "9990000018"})
    sam, prue = world.person(Role.SCREENER), world.person(Role.PRACTITIONER)
    make_check(world, row, child=NAME)
    letter, file = make_letter(world, row), make_attachment(world, referral=row)
    asking.ask_referrer(referral=row, question=f"Is {NAME} in?", urgency=Urgency.SOON, by=sam, at=NOW)
    disagreeing.raise_disagreement(referral=row, words=f"{NAME} is not safe.", by=prue, at=NOW)
    actions.claim(referral=row, by=sam, at=NOW)
    row = restricting.restrict(referral=row, named=[sol], reason="A colleague's own family.", by=sam, at=NOW)
    places = (
        *("queue/mash/", "queue/all/", "queue/mash/?show=waiting", "queue/mash/wall/", "queue/mash/counts/"),
        *("sign-offs/", "absences/", "notices/", "trail/", "trail/anomalies/", "calendar/", "early-help/"),
        *("reports/", "reports/list/", "reports/late/", "second/", "checks/", "checks/board/", "referrals/"),
    )
    manager = client_of(world.person(Role.MANAGER))
    opened = [place for place in places if manager.get(f"/testshire/{place}").status_code == 200]
    assert len(opened) > 12, opened
    tried = 0
    for role in Role:
        client = client_of(world.person(role))
        for name in ADDRESSED:
            kwargs = {"partnership": "testshire", "referral_id": row.pk}
            if role is Role.PRACTITIONER and name in HERS:
                continue
            answer = client.get(reverse(name, kwargs=kwargs))
            tried += 1
            assert answer.status_code in (404, 405), (role, name, answer.status_code)
        for place in places:
            body = client.get(f"/testshire/{place}").content.decode()
            tried += 1
            mine = role is Role.PRACTITIONER or (role is Role.CHECKER and "check" in place)
            assert mine or NAME not in body, (role, place)
            assert mine or place in ("notices/", "trail/") or row.reference not in body, (role, place)
    lead = client_of(world.person(Role.SAFEGUARDING_LEAD))
    assert lead.get(f"/testshire/referrals/{row.pk}/letters/{letter.pk}/").status_code == 404
    assert lead.get(f"/testshire/referrals/{row.pk}/files/{file.pk}/").status_code == 404
    assert client_of(sam).get(f"/testshire/triage/{row.pk}/files/{file.pk}/").status_code == 404
    assert not Ask.objects.readable_by(actor_for(sam, world.partnership)).filter(referral=row).exists()
    assert tried > 150


def who_sees(world: World, row: Referral, *more: Any) -> set[str]:
    people = [*world.people.values(), *more]
    seen = [
        each for each in people if Referral.objects.visible_to(actor_for(each, world.partnership)).filter(pk=row.pk)
    ]
    return {each.name for each in seen}


def test_who_is_named_and_leaves_leaves_it_to_the_managers_and_has_no_way_back(
    world: World, sol: Any, hidden: Referral
) -> None:
    post, admin = members.Post(Role.SCREENER, None, world.mash), world.person(Role.ADMIN)
    held = Membership.objects.get(user=sol)
    CalendarAddress.objects.create(partnership=world.partnership, user=sol, digest="x" * 64, made_at=NOW)
    members.end(membership=held, by=admin, at=NOW)
    assert who_sees(world, hidden, sol) == {world.person(Role.MANAGER).name}
    assert Notice.objects.filter(kind="named", to=world.person(Role.MANAGER), referral=hidden).count() == 1
    members.give(user=sol, post=post, partnership=world.partnership, by=admin, at=NOW)
    assert sol.name not in who_sees(world, hidden, sol), "a role that begins again brings no leave back"
    assert not CalendarAddress.objects.exists(), "nor the address of a calendar that somebody else may hold by now"


def test_who_is_named_beside_somebody_leaves_and_nobody_else_is_named(world: World, sol: Any, hidden: Referral) -> None:
    other = make_person(world, Role.SCREENER, name="Olu Other", team=world.mash)
    restricting.name(referral=hidden, person=other, reason="She covers.", by=sol, at=NOW)
    members.end(membership=Membership.objects.get(user=sol), by=world.person(Role.ADMIN), at=NOW)
    assert who_sees(world, hidden, sol, other) == {other.name}


def test_whoever_restricts_one_in_danger_reads_who_has_it_and_the_named_hear_that_nobody_has(world: World) -> None:
    sam, sue, manager = (world.person(role) for role in (Role.SCREENER, Role.SENIOR, Role.MANAGER))
    lola = make_person(world, Role.SCREENER, name="Lola Named", team=world.mash)
    with scope(partnership=world.partnership):
        row = make_referral(world, facts={"immediate_danger": True})
        actions.claim(referral=row, by=sam, at=NOW)
    client, page = client_of(manager), f"/testshire/triage/{row.pk}/restrict/"
    form = re.sub(r"\s+", " ", client.get(page).content.decode())
    assert f"{sam.name} has it now. Unless you name them, they have it no more" in form
    assert "A child is said to be in danger now: name somebody who is at work" in form
    assert "Can decide it" in form and "Can read it, and not decide it" in form
    named = {"named": [str(lola.pk), str(manager.pk)], "reason": "Sam is her uncle."}
    assert client.post(page, named).status_code == 302
    with scope(partnership=world.partnership):
        told = Notice.objects.get(kind="named", to=lola)
        assert "It says that a child is in danger now. Nobody has it: open it, and take it" in told.body
        assert "nobody has it" not in Notice.objects.filter(to=sam).latest("created_at").body.lower()
    assert client.post(page, {"lift": "1", "reason": "It is another Sam."}).status_code == 302
    with scope(partnership=world.partnership):
        waits = Notice.objects.filter(key__contains="-lifted-").values_list("to__name", flat=True)
        assert {sam.name, lola.name} <= set(waits) and sue.name not in waits, "those of its queue hear that it waits"


def test_nobody_ends_their_own_leave_by_one_press(world: World, sol: Any, hidden: Referral) -> None:
    with scope(partnership=world.partnership):
        manager = world.person(Role.MANAGER)
        restricting.name(referral=hidden, person=manager, reason="Answers for it.", by=sol, at=NOW)
        mine = RestrictedAccess.objects.get(user=manager)
    client = client_of(manager)
    ends = reverse("referral_unname", args=["testshire", hidden.pk, mine.pk])
    asked = client.post(ends)
    assert asked.status_code == 200 and "You will see it no more" in asked.content.decode()
    assert client.get(f"/testshire/triage/{hidden.pk}/").status_code == 200
    assert client.post(ends, {"sure": asked.context["form"]["sure"].value()}).status_code == 302
    assert client.get(f"/testshire/triage/{hidden.pk}/").status_code == 404
