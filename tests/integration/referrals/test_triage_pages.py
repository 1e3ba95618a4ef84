"""The queue and the referral's page: who is let in, what is shown, and what happens to a form that comes too late."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope
from pypdf import PdfReader

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals.asking.actions import answer
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Outcome
from referrals.intake.actions import start_draft, submit
from referrals.models import Child, Decision, Draft, Heartbeat, Letter, Referral, SignOff
from referrals.triage import actions
from tests.factories import NOW, World, make_check, make_person, make_referral, make_world, send, sign, sign_in

pytestmark = pytest.mark.usefixtures("a_morning")

ANSWERS = {
    "children": [
        {
            "impact": {"impact": "Will not be touched.", "child_words": "I fell. I did not fall."},
            "judged": {"level": "4", "why": "It can't be an accident."},
        }
    ],
    "worry": {"happened": "A bruise on the upper arm.", "known_from": ["saw"]},
    "strengths": {"working_well": "An aunt who visits."},
    "next": {"needs_to_happen": "A doctor should see the arm.", "scale": "2"},
    "consent": {"informed": "no", "given": "not_asked", "reason": "significant_harm"},
    "tried": {"tried": "Talked with the nurse."},
}
DECISION = {
    "decided_level": "3",
    "outcome": "assessment_section_17",
    "reason": "The doctor thinks it an accident; the home worries us.",
    "told_referrer": "A social worker visits this week.",
    "primary_need": "N1",
    "parents_told_by": "decider",
    "child_told_by": "worker",
}


def of(world: World, name: str, referral: Referral | None = None, **more: Any) -> str:
    kwargs = {"partnership": world.partnership.slug, **more}
    if referral:
        kwargs["referral_id"] = referral.pk
    return reverse(name, kwargs=kwargs)


def page(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def claimed(world: World, **kwargs: Any) -> Referral:
    with scope(partnership=world.partnership):
        return actions.claim(referral=make_referral(world, **kwargs), by=world.person(Role.SCREENER), at=NOW)


@pytest.fixture
def screener(world: World) -> Client:
    return sign_in(world.person(Role.SCREENER))


# --- the queue ----------------------------------------------------------------------------------------------------


def test_the_queue_puts_danger_first_then_what_is_due(world: World, screener: Client) -> None:
    make_referral(world, child={"first_name": "Later"})
    make_referral(world, child={"first_name": "Sooner"}, received_at=NOW - dt.timedelta(hours=20))
    make_referral(world, child={"first_name": "Danger"}, facts={"immediate_danger": True})
    make_referral(world, child={"first_name": "Elsewhere"}, indicators=("health-2-02",))
    response = screener.get(of(world, "queue"), follow=True)
    shown = re.findall(r"(Later|Sooner|Danger|Elsewhere) Marlow", page(response))
    assert shown == ["Danger", "Sooner", "Later"]
    assert "4 hours left" in page(response)


def test_filters_show_what_they_say_and_odd_ones_everything(world: World, screener: Client) -> None:
    mine = claimed(world, child={"first_name": "Mine"})
    make_referral(world, child={"first_name": "Late"}, received_at=NOW - dt.timedelta(days=9))
    make_referral(world, child={"first_name": "Danger"}, facts={"immediate_danger": True})
    expected = {
        "all": {"Mine", "Late", "Danger"},
        "mine": {"Mine"},
        "unassigned": {"Late", "Danger"},
        "overdue": {"Late"},
        "danger": {"Danger"},
        "odd\x00": {"Mine", "Late", "Danger"},
    }
    for show, names in expected.items():
        response = screener.get(of(world, "queue_team", team="mash"), {"show": show, "page": "0x"})
        assert set(re.findall(r"(Mine|Late|Danger) Marlow", page(response))) == names
    assert mine.owner == world.person(Role.SCREENER)


def test_a_full_queue_is_read_in_pages_and_ten_queries(world: World, django_assert_max_num_queries: Any) -> None:
    for n in range(31):
        make_referral(world, child={"first_name": f"Number{n:02}"}, received_at=NOW - dt.timedelta(minutes=n))
    client = sign_in(world.person(Role.SCREENER))
    address = of(world, "queue_team", team="mash")
    with django_assert_max_num_queries(10):
        first = page(client.get(address))
    with django_assert_max_num_queries(10):
        second = page(client.get(address + re.search(r'href="(\?after=[^"]+)" rel="next"', first)[1]))
    names = [re.findall(r"Number\d\d", each) for each in (first, second)]
    assert [len(each) for each in names] == [25, 6]
    assert names[0] + names[1] == [f"Number{n:02}" for n in range(30, -1, -1)]
    back = page(client.get(address + re.search(r'href="(\?before=[^"]+)" rel="prev"', second)[1]))
    assert re.findall(r"Number\d\d", back) == names[0], "back again, to the same page"
    for odd in ("?after=x", "?after=2_9_9", "?after=9_1_" + "0" * 32, "?before=0_99999999999999999999999_" + "0" * 32):
        assert client.get(address + odd).status_code == 200


def test_the_queue_says_when_nobody_is_being_warned(world: World, screener: Client) -> None:
    address = of(world, "queue_team", team="mash")
    assert "has never run" in page(screener.get(address))
    Heartbeat.objects.create(name="sweep", beat_at=NOW)
    assert "background sweep" not in page(screener.get(address))
    Heartbeat.objects.update(beat_at=NOW - dt.timedelta(minutes=10))
    assert "the background sweep stands still" in page(screener.get(address))


def test_each_sees_the_queues_of_their_own_teams(world: World) -> None:
    addresses = {name: of(world, "queue_team", team=name) for name in ("mash", "early-help", "nowhere")}
    expected = {
        Role.SCREENER: (200, 404, 404),
        Role.EARLY_HELP: (404, 200, 404),
        Role.MANAGER: (200, 200, 404),
        Role.PRACTITIONER: (404, 404, 404),
        Role.ADMIN: (404, 404, 404),
    }
    for role, statuses in expected.items():
        client = sign_in(world.person(role))
        assert tuple(client.get(address).status_code for address in addresses.values()) == statuses, role


def test_who_is_in_no_team_is_told_so(world: World) -> None:
    nobody = make_person(world, Role.EARLY_HELP)
    response = sign_in(nobody).get(of(world, "queue"))
    assert response.status_code == 200 and "You are in no team yet" in page(response)


def test_taking_the_next_one(world: World, screener: Client) -> None:
    urgent = make_referral(world, facts={"immediate_danger": True})
    make_referral(world)
    response = screener.post(of(world, "queue_next", team="mash"))
    assert response.headers["Location"] == of(world, "referral", urgent)
    screener.post(of(world, "queue_next", team="mash"))
    assert "Nothing waits here" in page(screener.post(of(world, "queue_next", team="mash"), follow=True))
    assert screener.post(of(world, "queue_next", team="early-help")).status_code == 404


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_shows_what_was_told_beside_what_is_known(world: World, screener: Client) -> None:
    earlier = make_referral(world, received_at=NOW - dt.timedelta(days=60), indicators=("health-2-02",))
    referral = make_referral(
        world, answers=ANSWERS, indicators=("health-4-01", "family-3-01"), facts={"immediate_danger": True}
    )
    shown = page(screener.get(of(world, "referral", referral)))
    for words in (
        "Robin Marlow",
        "7 years",
        "A bruise on the upper arm.",
        "An aunt who visits.",
        "I fell. I did not fall.",
        "A doctor should see the arm.",
        "Health worry 1 of level 4",
        "Look at immediate_danger.",
        "Asking would put the child at risk of significant harm",
        "Talked with the nurse.",
        "An automatic receipt only. It is no acknowledgement.",
        "What would change it",
        "Who else works with the family?",
        earlier.reference,
    ):
        assert words in shown, words


def test_the_page_takes_at_most_twenty_queries_and_is_in_the_trail(
    world: World, screener: Client, django_assert_max_num_queries: Any
) -> None:
    make_referral(world, received_at=NOW - dt.timedelta(days=60))
    referral = make_referral(world, answers=ANSWERS)
    screener.get(of(world, "referral", referral))
    savepoints = 2
    with django_assert_max_num_queries(20 + savepoints):
        assert screener.get(of(world, "referral", referral)).status_code == 200
    read = AuditEntry.objects.filter(verb="referral.read", object_id=str(referral.pk))
    assert [entry.by for entry in read] == [world.person(Role.SCREENER)] * 2


def test_the_fire_wall(world: World) -> None:
    other = make_world("othershire")
    mash, low = make_referral(world), make_referral(world, indicators=("health-2-02",))
    elsewhere = make_person(world, Role.EARLY_HELP, team=None)
    people = {
        "screener": (world.person(Role.SCREENER), 200, 404),
        "early help": (world.person(Role.EARLY_HELP), 404, 200),
        "early help elsewhere": (elsewhere, 404, 404),
        "manager": (world.person(Role.MANAGER), 200, 200),
        "admin": (world.person(Role.ADMIN), 404, 404),
        "practitioner": (world.person(Role.PRACTITIONER), 404, 404),
        "foreign screener": (other.person(Role.SCREENER), 404, 404),
        "foreign manager": (other.person(Role.MANAGER), 404, 404),
    }
    for who, (user, of_mash, of_early_help) in people.items():
        client = sign_in(user)
        got = tuple(client.get(of(world, "referral", each)).status_code for each in (mash, low))
        assert got == (of_mash, of_early_help), who
    assert sign_in(other.person(Role.SCREENER)).get(of(other, "referral", mash)).status_code == 404


def test_early_help_is_told_how_many_contacts_the_mash_has_and_no_more(world: World) -> None:
    secret = make_referral(world)
    low = make_referral(world, indicators=("health-2-02",))
    shown = page(sign_in(world.person(Role.EARLY_HELP)).get(of(world, "referral", low)))
    assert "1 contact tells of the same child" in shown
    assert secret.reference not in shown


def test_a_step_that_is_anothers_is_not_found(world: World) -> None:
    """A manager reads everything, hands it out and opens it again, and does nothing else with it; a screener reads what
    went through the MASH and leaves it there."""
    referral = claimed(world)
    with scope(partnership=world.partnership):
        actions.step_down(
            referral=referral, reason="No harm.", team=world.early_help, by=world.person(Role.SCREENER), at=NOW
        )
    sign(world, referral)
    for role in (Role.MANAGER, Role.SCREENER):
        client = sign_in(world.person(role))
        assert client.get(of(world, "referral", referral)).status_code == 200
        not_a_managers = ("reassign", "reopen") if role is Role.SCREENER else ()
        for name in ("claim", "release", "acknowledge", "decide", "step_up", *not_a_managers):
            assert client.post(of(world, f"referral_{name}", referral)).status_code == 404, (role, name)


def test_national_codes_of_a_child_are_read_as_words(world: World) -> None:
    child = {"ethnicity": "WBRI", "disability": ["MOB", "LD"]}
    referral = make_referral(world, child=child)
    shown = page(sign_in(world.person(Role.SCREENER)).get(of(world, "referral", referral)))
    assert "White British" in shown and "Mobility, Learning" in shown
    assert "WBRI" not in shown and "MOB" not in shown
    with scope(partnership=world.partnership):
        referral.children.update(corrected={"sex": "M", "date_of_birth": "2019-05-02"})
    shown = page(sign_in(world.person(Role.SCREENER)).get(of(world, "referral", referral)))
    assert "Sex: Male Date of birth: 2 May 2019" in shown or "Date of birth: 2 May 2019 Sex: Male" in shown


def test_who_signs_a_step_down_is_warned_of_danger_as_who_proposes_it_is(world: World) -> None:
    referral = claimed(world)
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=referral.pk).update(flags=["immediate_danger"], immediate_danger=True)
        actions.step_down(
            referral=referral, reason="All well.", team=world.early_help, by=world.person(Role.SCREENER), at=NOW
        )
    shown = page(sign_in(world.person(Role.MANAGER)).get(of(world, "referral_sign_off", referral)))
    assert "It was said that a child is in danger now." in shown


def test_the_loser_of_a_claim_is_told_who_has_it(world: World) -> None:
    referral = claimed(world)
    late = sign_in(make_person(world, Role.SCREENER, name="Late Comer", team=world.mash))
    response = late.post(of(world, "referral_claim", referral), follow=True)
    assert f"{world.person(Role.SCREENER).name} has referral {referral.reference}." in page(response)


# --- steps --------------------------------------------------------------------------------------------------------


def test_acknowledging(world: World, screener: Client) -> None:
    referral = claimed(world)
    assert "Dear Practitioner" in page(screener.get(of(world, "referral_acknowledge", referral)))
    where, said = of(world, "referral_acknowledge", referral), {"words": "I ring at noon."}
    seen = referral.revision
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=referral.pk).update(revision=seen + 1)  # somebody told more while it was written
    for stale in ({}, {"revision": seen}):
        stopped = page(screener.post(where, said | stale))
        assert "Nothing was changed: this referral has moved on" in stopped and "I ring at noon.</textarea>" in stopped
    response = screener.post(where, said | {"revision": seen + 1}, follow=True)
    assert "The acknowledgement has been sent." in page(response)
    assert "referral_acknowledge" not in page(response)
    late = page(screener.post(of(world, "referral_acknowledge", referral), {"words": "Tell us her school."}))
    assert "nothing was sent now" in late and "Tell us her school.</textarea>" in late
    again = screener.get(of(world, "referral_acknowledge", referral), follow=True)
    assert "You acknowledged it at" in page(again) and again.redirect_chain
    with scope(partnership=world.partnership):
        assert "I ring at noon." in Letter.objects.get(referral=referral).body


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("step_down", "Choose the early help team that takes it"),
        ("reassign", "Choose who takes the referral"),
        ("decide", "Choose the level that you decide on"),
    ],
)
def test_what_is_missing_is_named(world: World, screener: Client, name: str, empty: str) -> None:
    referral = claimed(world)
    response = screener.post(of(world, f"referral_{name}", referral), {"reason": "Kept words"})
    assert response.status_code == 200 and empty in page(response)
    assert name == "reassign" or "Kept words" in page(response)


def test_stepping_down_and_up_again(world: World, screener: Client) -> None:
    referral = claimed(world, facts={"immediate_danger": True})
    assert "It was said that a child is in danger now." in page(screener.get(of(world, "referral_step_down", referral)))
    typed = {"team": "early-help", "reason": "The doctor has seen the arm."}
    shown = page(send(screener, of(world, "referral_step_down", referral), **typed, follow=True))
    assert "is proposed. It stays here until a second person signs it off." in shown
    sue = sign_in(world.person(Role.SENIOR))
    assert "Step down to Early Help" in page(sue.get(of(world, "sign_offs")))
    assert "The doctor has seen the arm." in page(sue.get(of(world, "referral_sign_off", referral)))
    shown = page(send(sue, of(world, "referral_sign_off", referral), answer="sign", follow=True))
    assert "is signed off" in shown and "Nothing waits for your signature" in shown
    erin = sign_in(world.person(Role.EARLY_HELP))
    assert "The doctor has seen the arm." in page(erin.get(of(world, "referral", referral)))
    shown = page(send(erin, of(world, "referral_step_up", referral), reason="A second bruise.", follow=True))
    assert "is with the MASH now" in shown
    assert erin.get(of(world, "referral", referral)).status_code == 404
    assert "A second bruise." in page(screener.get(of(world, "referral", referral)))


def test_a_step_made_stale_by_a_colleague_is_refused_with_both_versions(world: World, screener: Client) -> None:
    sam, referral = world.person(Role.SCREENER), make_referral(world)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    address, typed = of(world, "referral_step_down", referral), {"team": "early-help", "reason": "The doctor saw it."}
    assert 'name="revision" value="0"' in page(screener.get(address))
    with scope(partnership=world.partnership):
        actions.claim(referral=referral, by=sol, at=NOW)
        actions.release(referral=referral, by=sol, at=NOW)
    shown = page(screener.post(address, {**typed, "revision": "0"}))
    assert "this referral has moved on" in shown and "Sol Second has begun to read it." in shown
    assert "The doctor saw it." in shown and 'name="revision" value="2"' in shown
    assert "is proposed" in page(screener.post(address, {**typed, "revision": "2"}, follow=True))
    assert sam.memberships.count() == 1


@pytest.mark.parametrize("revision", [None, "", "-1", "x", "9" * 40])
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("acknowledge", {"words": "I ring at noon."}),
        ("step_down", {"team": "early-help", "reason": "The doctor saw it."}),
        ("reassign", {}),
    ],
)
def test_a_form_that_says_no_revision_is_stale_and_keeps_what_was_typed(
    world: World, screener: Client, name: str, typed: dict[str, str], revision: str | None
) -> None:
    referral = claimed(world)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    typed = typed or {"to": str(sol.pk)}
    sent = typed if revision is None else {**typed, "revision": revision}
    shown = page(screener.post(of(world, f"referral_{name}", referral), sent))
    assert "this referral has moved on" in shown and 'name="revision" value="1"' in shown
    assert all(words in shown for words in typed.values())
    with scope(partnership=world.partnership):
        now = Referral.objects.get(pk=referral.pk)
        assert (now.revision, now.owner, now.team) == (1, world.person(Role.SCREENER), world.mash)
        assert not Letter.objects.exists() and not SignOff.objects.exists()


def test_handing_over_and_giving_back(world: World, screener: Client) -> None:
    referral = claimed(world)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    send(screener, of(world, "referral_reassign", referral), to=str(sol.pk))
    client = sign_in(sol)
    assert "You have it." in page(client.get(of(world, "referral", referral)))
    assert "is back in the queue" in page(client.post(of(world, "referral_release", referral), follow=True))


def test_opening_again(world: World, screener: Client) -> None:
    referral = claimed(world)
    told = {**DECISION, "decided_level": "4", "revision": referral.revision}
    screener.post(of(world, "referral_decide", referral), told)
    response = send(screener, of(world, "referral_reopen", referral), reason="The hospital rang.", follow=True)
    assert "waits in the queue again" in page(response)


def test_noting_that_the_lado_was_told(world: World, screener: Client) -> None:
    referral = claimed(world, indicators=("family-4-01",))
    assert "Note that the LADO was told" in page(screener.get(of(world, "referral", referral)))
    shown = page(screener.post(of(world, "referral_lado", referral), {"note": "Rang at nine."}, follow=True))
    assert "It is noted" in shown and "Note that the LADO was told" not in shown


# --- deciding -----------------------------------------------------------------------------------------------------


def test_nothing_is_chosen_beforehand_and_the_letter_is_read_first(world: World, screener: Client) -> None:
    referral = claimed(world)
    address = of(world, "referral_decide", referral)
    form = page(screener.get(address))
    assert not re.search(r"<input[^>]* checked", form)
    preview = page(screener.post(address, {**DECISION, "revision": 1, "preview": "1"}))
    assert "A social worker visits this week." in preview and "Threshold for tests" in preview
    assert "The threshold indicates Level 4: Statutory. That you differ is counted." in preview
    with scope(partnership=world.partnership):
        assert not Decision.objects.exists()
    again = page(screener.post(address, {**DECISION, "revision": 1, "change": "1"}))
    assert "The doctor thinks it an accident; the home worries us.</textarea>" in again
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', preview))
    del hidden["csrfmiddlewaretoken"]
    done = screener.post(address, hidden, follow=True)
    assert "It waits for a second person." in page(done)
    with scope(partnership=world.partnership):
        assert not Letter.objects.exists()
    assert "is signed off" in page(
        send(
            sign_in(world.person(Role.SENIOR)),
            of(world, "referral_sign_off", referral),
            answer="sign",
            said="I agree.",
            follow=True,
        )
    )
    done = screener.get(of(world, "referral", referral))
    assert "I agree." in page(done)
    assert f"{world.person(Role.SCREENER).name} decided it." in page(done) and "You have it." not in page(done)
    with scope(partnership=world.partnership):
        decision = Decision.objects.get(referral=referral)
        assert (decision.decided_level, decision.reason) == (3, DECISION["reason"])
    assert screener.post(address, hidden).status_code == 302
    with scope(partnership=world.partnership):
        assert Decision.objects.count() == 1


def test_a_form_that_comes_too_late_is_refused_with_both_texts(world: World, screener: Client) -> None:
    referral = claimed(world)
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    with scope(partnership=world.partnership):
        taken = actions.reassign(referral=referral, to=sol, by=sol, at=NOW)
        actions.decide(
            referral=taken,
            decided_level=4,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="The X-ray shows more.",
            told_referrer="We meet today.",
            revision=taken.revision,
            by=sol,
            at=NOW,
        )
    for button in ({"preview": "1"}, {}):
        response = screener.post(of(world, "referral_decide", referral), {**DECISION, "revision": 1, **button})
        shown = page(response)
        for words in (
            "Not decided: this referral has moved on",
            "Sol Second took it over",
            "The X-ray shows more.",
            "We meet today.",
            "The doctor thinks it an accident; the home worries us.</textarea>",
            "A social worker visits this week.</textarea>",
        ):
            assert words in shown, words
    with scope(partnership=world.partnership):
        assert Decision.objects.get(referral=referral).by == sol


def test_what_is_answered_while_the_decision_form_is_open_is_read_first(world: World, screener: Client) -> None:
    referral = claimed(world)
    check = make_check(world, referral)
    with scope(partnership=world.partnership):
        before = Referral.objects.get(pk=referral.pk).revision
        pat = world.person(Role.CHECKER)
        answer(ask=check, answer="He has a knife.", knows="yes", later=Later.NOW, by=pat, at=NOW)
    typed = {**DECISION, "revision": before}
    for button in ({"preview": "1"}, {}):
        shown = page(screener.post(of(world, "referral_decide", referral), {**typed, **button}))
        assert "Not decided: this referral has moved on" in shown and f"answered ({pat.name})" in shown
        assert "may come to harm now" in shown and "He has a knife." in shown
        assert "has begun to read it" not in shown, "what is new, no more"
    with scope(partnership=world.partnership):
        assert not Decision.objects.filter(referral=referral).exists()


@pytest.mark.parametrize(
    ("changed", "asked"),
    [({"outcome": "no_further_action"}, True), ({"outcome": "advice"}, True), ({"outcome": "lado"}, False)],
)
def test_who_stays_with_the_worry_is_told_why(
    world: World, screener: Client, changed: dict[str, str], asked: bool
) -> None:
    referral = claimed(world)
    told = {**DECISION, **changed, "told_referrer": "", "revision": 1, "preview": "1"}
    shown = page(screener.post(of(world, "referral_decide", referral), told))
    assert ("Tell the referrer why" in shown) is asked


def test_who_judged_it_higher_is_told_why(world: World, screener: Client) -> None:
    referral = claimed(world)
    with scope(partnership=world.partnership):
        Child.objects.update(judged_level=4)
    told = {**DECISION, "told_referrer": "", "revision": 1, "preview": "1"}
    assert "Tell the referrer why" in page(screener.post(of(world, "referral_decide", referral), told))


HOSTILE = ["\x00", "\ud800", "x" * 40_000, "👶" * 3000, "<script>alert(1)</script>", "{{ 7 }}", "%s%n", "-1", "None"]


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_typed_gets_an_answer(world: World, screener: Client, typed: str) -> None:
    referral = claimed(world)
    fields = ("words", "note", "reason", "team", "to", "decided_level", "outcome", "told_referrer", "revision")
    body = urlencode(dict.fromkeys(fields, typed), errors="surrogatepass")
    for name in ("decide", "step_up", "step_down", "reassign", "lado", "reopen", "acknowledge", "claim", "release"):
        address = of(world, f"referral_{name}", referral)
        response = screener.post(address, body, content_type="application/x-www-form-urlencoded")
        assert response.status_code < 500, name
        assert "<script>alert" not in response.content.decode()
    query = urlencode({"show": typed, "page": typed}, errors="surrogatepass")
    assert screener.get(f"{of(world, 'queue_team', team='mash')}?{query}").status_code == 200


# --- the summary --------------------------------------------------------------------------------------------------


def test_the_summary_is_a_tagged_pdf_with_no_name_in_its_own(world: World, screener: Client) -> None:
    referral = claimed(world, answers=ANSWERS)
    response = screener.get(of(world, "referral_summary", referral))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="summary-{referral.reference}.pdf"'
    reader = PdfReader(io.BytesIO(response.content))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"
    text = " ".join(re.sub(r"\s+", " ", each.extract_text()) for each in reader.pages)
    for words in (referral.reference, "A bruise on the upper arm.", "Level 4: Statutory", "Robin Marlow"):
        assert words in text, words
    assert AuditEntry.objects.filter(verb="referral.summary_downloaded", object_id=str(referral.pk)).count() == 1
    assert sign_in(world.person(Role.EARLY_HELP)).get(of(world, "referral_summary", referral)).status_code == 404


def test_each_child_stands_on_the_page_with_what_is_its_own(world: World, screener: Client) -> None:
    author = world.person(Role.PRACTITIONER)
    answers = {
        **ANSWERS,
        "children": [
            {
                "who": {"first_name": "Ada", "born": "born", "date_of_birth": "2009-05-01"},
                "impact": {"child_words": "It happens when he is home.", "safe": "unsure"},
                "indicators": {"chosen": ["health-3-02"]},
                "evidence": {"evidence": {"health-3-02": "Ada told me"}},
            },
            {
                "who": {"first_name": "Bo", "born": "born", "date_of_birth": "2019-05-01"},
                "impact": {"child_words": "Nothing.", "concerns": ["prevent"]},
                "as-first": {"fits": "same"},
            },
        ],
        "people": [{"person": {"name": "Lee", "alleged": "yes", "safe_to_call": "no", "unsafe_because": "He listens"}}],
        "family": {"visit": "yes", "visit_what": "A dog"},
    }
    with scope(partnership=world.partnership):
        draft = start_draft(partnership=world.partnership, agency=world.school, by=author, at=NOW)
        Draft.objects.filter(pk=draft.pk).update(answers=answers)
        referral = submit(draft=draft, by=author, at=NOW)
    shown = page(screener.get(of(world, "referral", referral)))
    ada, bo = (shown.index(f"Indicators chosen for {name}") for name in ("Ada", "Bo"))
    assert shown.count("Ada told me") == 2 and ada < shown.index("Ada told me") < bo, "for each, since it is the same"
    for words in (
        "It happens when he is home.",
        "Level 3: Targeted",
        "Level 4: Statutory",
        "Before anybody telephones, writes or visits",
        "He listens",
        "A dog",
        "Radicalisation (Prevent)",
    ):
        assert words in shown, words
    summary = screener.get(of(world, "referral_summary", referral))
    body = "".join(each.extract_text() for each in PdfReader(io.BytesIO(summary.content)).pages)
    assert "Ada: Level 3" in body and "Bo: Level 4" in body


def test_a_manager_hands_out_what_nobody_has_and_opens_again_what_was_decided(world: World) -> None:
    manager, sam = world.person(Role.MANAGER), world.person(Role.SCREENER)
    client, row = sign_in(manager), make_referral(world)
    to = of(world, "referral_reassign", row)
    assert "Hand to a colleague" in page(client.get(of(world, "referral", row)))
    assert client.post(to, {"to": str(sam.pk), "revision": str(row.revision)}).status_code == 302
    with scope(partnership=world.partnership):
        mine = Referral.objects.get(pk=row.pk)
        assert (mine.owner, mine.state) == (sam, "in_hand")
        actions.decide(
            referral=mine,
            decided_level=4,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="x",
            revision=mine.revision,
            by=sam,
            at=NOW,
        )
    assert sign_in(world.person(Role.SENIOR)).get(of(world, "referral_reopen", row)).status_code == 404
    again = of(world, "referral_reopen", row)
    with scope(partnership=world.partnership):
        revision = Referral.objects.get(pk=row.pk).revision
    assert client.post(again, {"reason": "Agreed in the disagreement.", "revision": str(revision)}).status_code == 302
    with scope(partnership=world.partnership):
        assert Referral.objects.get(pk=row.pk).state == "waiting"
