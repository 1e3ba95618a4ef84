"""What a referrer is told fits what they have told us: done is done, missing is said, nothing untrue stands there."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships.models import User
from partnerships.permissions import Role
from referrals.asking import actions as asking
from referrals.domain.asking import Urgency
from referrals.intake import afterwards, summary
from referrals.intake.done import Done, done
from referrals.management.commands.seed_demo import seed_partnership
from referrals.models import Attachment, Draft, Event, Referral
from referrals.triage import actions as triage
from tests import schemes
from tests.factories import NOW, World, make_draft, make_referral, make_world, sign_in
from tests.integration.referrals.test_intake_views import post, start
from thresholds.domain.scheme import Doing, Duty
from thresholds.domain.terms import Flag
from thresholds.loading import load, version_in_force

pytestmark = pytest.mark.usefixtures("a_morning")

DANGER = ">999</a> now, then come back"


@pytest.fixture
def jo(world: World) -> Client:
    return sign_in(world.person(Role.PRACTITIONER))


def text(client: Client, address: str) -> str:
    return " ".join(client.get(address, follow=True).content.decode().split())


def test_999_that_was_called_is_told_once_and_the_page_keeps_what_was_typed(world: World, jo: Client) -> None:
    draft = start(jo, "testshire")
    post(jo, f"{draft}worry/", happened="A bruise.")
    post(jo, f"{draft}child/1/impact/", safe="no")
    shown = text(jo, f"{draft}strengths/")
    assert DANGER in shown and "I have called 999" in shown and 'form="the-page"' in shown
    back = post(jo, f"{draft}strengths/", called_999="1", working_well="His gran is near.")
    assert back["Location"] == f"{draft}strengths/"
    shown = text(jo, f"{draft}strengths/")
    assert DANGER not in shown and "that you have called 999" in shown and "His gran is near." in shown
    with time_machine.travel(NOW + dt.timedelta(minutes=5), tick=False):
        assert jo.post(f"{draft}called-999/", {"from": "check"})["Location"] == f"{draft}check/"
        assert DANGER not in text(jo, f"{draft}check/")
    jo.post(f"{draft}send/")
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
        assert referral.immediate_danger and referral.route == "mash"
        said = Event.objects.get(referral=referral, kind="called_999")
        assert said.for_referrer and "had called 999" in said.sentence
        assert afterwards.sent_context(referral, now=NOW)["called_999_at"] == NOW, "the first time stands"
    sent = text(jo, f"{draft}sent/")
    assert "that you have called 999" in sent
    page = text(sign_in(world.person(Role.SCREENER)), f"/testshire/triage/{referral.pk}/")
    assert page.count("that they had called 999") >= 2


def test_999_is_told_from_the_task_list_and_from_a_page_that_can_t_be_saved(world: World, jo: Client) -> None:
    draft = start(jo, "testshire")
    post(jo, f"{draft}child/1/impact/", safe="no")
    assert f'action="{draft}called-999/"' in text(jo, draft)
    refused = post(jo, f"{draft}child/1/who/", called_999="1", born="born", date_of_birth_day="40", first_name="Robin")
    assert refused.status_code in (302, 422)
    assert DANGER not in text(jo, draft)
    with scope(partnership=world.partnership):
        assert Draft.objects.get().answers["called-999"]["told_at"]


def public(client: Client, page: str, **typed: str) -> str:
    client.post(f"/testshire/tell/{page}/", typed)
    return text(client, "/testshire/tell/check/")


def test_the_public_form_warns_of_danger_before_the_next_page(world: World, client: Client) -> None:
    client.post("/testshire/tell/start/")
    public(client, "worry", happened="They shout all night.")
    public(client, "safety", safe="yes")
    assert "If you have not called" not in text(client, "/testshire/tell/you/")
    assert "If you have not called" in public(client, "safety", safe="no")
    assert "If you have not called" in text(client, "/testshire/tell/you/")


@pytest.mark.parametrize(
    ("child", "you", "nudges", "afterwards_says"),
    [
        ({}, {"wish": "named"}, (True, True), "Since we can’t reach you"),
        ({}, {"wish": "anonymous"}, (True, True), "Since we can’t reach you"),
        ({"first_name": "Ada"}, {"wish": "anonymous"}, (False, False), "Since we can’t reach you"),
        (
            {"school": "Hill School"},
            {"wish": "confidence", "telephone": "01632 960100"},
            (False, False),
            "telephone you",
        ),
        ({"school": "Hill School"}, {"wish": "confidence"}, (False, True), "Since we can’t reach you"),
        ({"address": "Mill Lane"}, {"wish": "named", "email": "a@b.uk"}, (False, False), "write to you to ask more"),
    ],
)
def test_the_public_form_asks_once_for_what_nobody_can_do_without(
    world: World, client: Client, child: dict[str, str], you: dict[str, str], nudges: Any, afterwards_says: str
) -> None:
    client.post("/testshire/tell/start/")
    public(client, "child", **child)
    public(client, "worry", happened="They shout all night.")
    public(client, "safety", safe="yes")
    check = public(client, "you", **you)
    assert ("we may not find the child" in check, "We can’t ask you anything." in check) == nudges
    sent = " ".join(client.post("/testshire/tell/send/", follow=True).content.decode().split())
    assert "We have it" in sent and afterwards_says in sent


def seeded(slug: str) -> tuple[Any, Client, str]:
    path = settings.BASE_DIR / "fixtures" / "partnerships" / f"{slug}.yaml"
    partnership = seed_partnership(path, at=timezone.now())
    client = sign_in(User.objects.get(email=f"practitioner@{slug}.example"))
    draft = start(client, slug)
    post(client, f"{draft}worry/", happened="A bruise.")
    return partnership, client, draft


def after(client: Client, draft: str) -> tuple[str, str]:
    """What the page after sending says is to be done, and what is done."""
    client.post(f"{draft}send/")
    to_do, _, finished = text(client, f"{draft}sent/").partition("What you have done already")
    return to_do, finished


def test_a_document_that_was_added_is_done(db: None) -> None:
    partnership, client, draft = seeded("sandwell")
    post(client, f"{draft}child/1/impact/", concerns=["neglect_tool"])
    asked = "Complete the Graded Care Profile 2 and attach it"
    page = text(client, f"{draft}concern-neglect/")
    assert asked in page and "You added it" not in page
    with scope(partnership=partnership):
        Attachment.objects.create(
            partnership=partnership,
            draft=Draft.objects.get(),
            asked_for="gcp2",
            called="Graded Care Profile 2 (GCP2)",
            name="gcp.pdf",
            ending="pdf",
            size=9,
            stored_as="a",
            state=Attachment.State.CLEAN,
            added_at=NOW,
        )
    assert "You added it: Graded Care Profile 2 (GCP2), at" in text(client, f"{draft}concern-neglect/")
    to_do, finished = after(client, draft)
    assert asked not in to_do and asked in finished and "You added it: Graded Care Profile 2 (GCP2)" in finished


def test_a_call_that_was_made_is_done(db: None) -> None:
    partnership, client, draft = seeded("thurrock")
    scheme = load(version_in_force(partnership, NOW))
    harm = next(each.key for each in scheme.indicators if Flag.SECTION_47 in each.flags)
    post(client, f"{draft}child/1/impact/", safe="unsure", concerns=["prevent"])
    post(client, f"{draft}child/1/indicators/", chosen=[harm])
    day = NOW - dt.timedelta(days=1)
    on = {"called_on_day": day.day, "called_on_month": day.month, "called_on_year": day.year}
    post(client, f"{draft}telephone/", telephoned="yes", called_time="15:30", **on)
    to_do, finished = after(client, draft)
    assert "Talk to the MASH now" not in to_do and "Telephone the" not in to_do
    assert "You told us that somebody telephoned at 3:30pm" in finished
    assert "Talk to your safeguarding lead" in to_do, "that is nobody at the front door"


def test_what_is_done_in_part_says_so_and_stays_to_do(world: World) -> None:
    told = {"children": [{"who": {"born": "unborn", "expected_on": "2027-03-27"}}]}
    with scope(partnership=world.partnership):
        referral = make_referral(world, answers=told)
        situation = summary.situation_of(referral)
        due = Duty("Give the due date, and tell the midwife.", (Doing.DUE_DATE,), asks_more=True)
        assert done(situation, due, []) == Done(("You gave the due date: 27 March 2027.",), whole=False)
        both = Duty("Ring, then write.", (Doing.CALL, Doing.FORM))
        assert done(situation, both, []) == Done()
        half = done(situation, both, [], sent=True)
        assert "You sent the form at" in half.told[0] and not half.whole, "nobody has telephoned yet"
        assert done(situation, Duty("Write.", (Doing.FORM,)), [], sent=True).whole
        assert done(situation, Duty("Telephone the MASH."), [], sent=True) == Done(), "the words decide nothing"


def test_yes_alone_is_asked_about_and_said_on_check(jo: Client) -> None:
    draft = start(jo, "testshire")
    for page, typed, says in (
        ("family", {"not_told": "yes"}, "but not who"),
        ("family", {"visit": "yes"}, "but not which"),
        ("family", {"unsafe": "yes"}, "but not what"),
        ("person/1/person", {"name": "Kim", "safe_to_call": "no"}, "not safe to telephone Kim, but not why"),
        ("person/1/person", {"name": "Kim", "alleged": "yes"}, "Kim is said to be a source of harm"),
    ):
        saved = post(jo, f"{draft}{page}/", **typed)
        assert saved["Location"] == f"{draft}{page}/"
        assert "Saved. Please check" in text(jo, f"{draft}{page}/") and says in text(jo, f"{draft}{page}/")
        assert says in text(jo, f"{draft}check/")
        assert post(jo, f"{draft}{page}/", **typed)["Location"] != f"{draft}{page}/", "it stops nobody"
    post(jo, f"{draft}family/", not_told="yes", not_told_who="His father.", another="no")
    assert "but not who" not in text(jo, f"{draft}check/")


def test_a_time_without_its_day_is_asked_about_and_said_on_check(jo: Client) -> None:
    draft, asks = start(jo, "testshire"), "at what time Robin is next seen, but not on which day"
    post(jo, f"{draft}child/1/who/", first_name="Robin")
    page = f"{draft}child/1/impact/"
    assert post(jo, page, safe="yes", next_seen_time="3:15pm")["Location"] == page
    assert asks in text(jo, page)
    check = text(jo, f"{draft}check/")
    assert asks in check and "At what time is Robin next seen?" in check
    on = {"next_seen_on_day": "25", "next_seen_on_month": "11", "next_seen_on_year": "2026"}
    assert post(jo, page, safe="yes", next_seen_time="3:15pm", **on)["Location"] != page
    assert asks not in text(jo, f"{draft}check/")


def test_a_question_is_in_the_list_and_nothing_waits_to_be_read(world: World, jo: Client) -> None:
    referral = make_referral(world)
    assert "Waiting to be read" in text(jo, "/testshire/referrals/")
    with scope(partnership=world.partnership):
        sam = world.person(Role.SCREENER)
        row = triage.claim(referral=referral, by=sam, at=NOW)
        asking.ask_referrer(referral=row, question="When?", urgency=Urgency.SOON, by=sam, at=NOW)
    for address in ("/testshire/referrals/", f"/testshire/referrals/{referral.pk}/"):
        page = text(jo, address)
        assert "Question for you" in page and "There is a question for you" in page, address
        assert "Waiting to be read" not in page and "waits to be read" not in page


def test_a_withdrawal_asked_for_is_said_in_the_list_and_on_the_page(world: World, jo: Client) -> None:
    referral = make_referral(world)
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=referral.pk).update(withdrawal_asked_at=NOW)
    for address in ("/testshire/referrals/", f"/testshire/referrals/{referral.pk}/"):
        page = text(jo, address)
        assert "Withdrawal asked for" in page and "Waiting to be read" not in page
        assert "waits to be read" not in page


def test_a_sibling_for_whom_nothing_is_chosen_is_said(world: World, jo: Client) -> None:
    draft = start(jo, "testshire")
    post(jo, f"{draft}child/1/who/", first_name="Ada")
    post(jo, f"{draft}other-children/", another="yes")
    post(jo, f"{draft}child/2/who/", first_name="Beth")
    asked = f"{draft}child/2/as-first/"
    assert post(jo, f"{draft}child/1/judged/")["Location"] == f"{draft}child/2/indicators/", "nothing to be the same as"
    post(jo, f"{draft}child/1/judged/", level="2")
    assert post(jo, asked)["Location"] == asked
    assert "You have not said which fit Beth" in text(jo, asked)
    assert post(jo, asked)["Location"] == f"{draft}child/2/indicators/"
    assert "No indicator was chosen for Beth" in text(jo, f"{draft}check/")
    post(jo, f"{draft}child/2/judged/", level="2")
    assert "No indicator was chosen for Beth" not in text(jo, f"{draft}check/")
    assert "You have not said" not in text(jo, f"{draft}child/1/indicators/")


def test_sharing_and_taking_over_say_that_it_worked(world: World, jo: Client) -> None:
    draft = make_draft(world)
    address = f"/testshire/refer/{draft.pk}/"
    shared = jo.post(f"{address}share/", follow=True).content.decode()
    assert "It is shared: the safeguarding lead of Testshire Primary can read it" in shared
    began = world.person(Role.PRACTITIONER).name
    taken = sign_in(world.person(Role.SAFEGUARDING_LEAD)).post(f"{address}take-over/", follow=True).content.decode()
    assert "This draft is yours now" in taken and f"{began} began it" in taken
    own = make_draft(world)
    jo.post(f"/testshire/refer/{own.pk}/share/")
    assert (
        "It is shared no more."
        in jo.post(f"/testshire/refer/{own.pk}/share/", {"stop": "1"}, follow=True).content.decode()
    )


def test_why_early_help_went_to_the_mash_is_said(world: World) -> None:
    with scope(partnership=world.partnership):
        referral = make_referral(world)
        situation = summary.situation_of(referral)
        early = next(each for each in situation.scheme.levels if each.route.value == "early_help")
        assert afterwards.why_there(referral, situation) == ""
        referral.indicated_level, referral.route, referral.flags = early.rank, "mash", ["consent_to_settle"]
        assert "still to be settled whether the family agrees" in afterwards.why_there(referral, situation)
        referral.route = "early_help"
        assert afterwards.why_there(referral, situation) == ""


def test_a_team_stands_in_a_sentence_as_people_say_it(world: World, jo: Client) -> None:
    world.mash.name = "Multi-Agency Safeguarding Hub"
    world.mash.save()
    draft = start(jo, "testshire")
    post(jo, f"{draft}worry/", happened="A bruise.")
    post(jo, f"{draft}child/1/impact/", safe="no")
    sent = " ".join(jo.post(f"{draft}send/", follow=True).content.decode().split())
    assert "in the queue of the Multi-Agency Safeguarding Hub." in sent


def test_earlier_contacts_that_raise_a_level_do_not_tell_that_there_were_any(db: None) -> None:
    content = schemes.content()
    for rule in content["rules"]:
        if rule["kind"] == "seen_before":
            rule["parameters"] = {"window_months": 12, "at_least": 1, "raises_to": 4}
    world = make_world("testshire", content={**content, "slug": "testshire-2026"})
    make_referral(world, received_at=NOW - dt.timedelta(days=9))
    jo, pages = sign_in(world.person(Role.PRACTITIONER)), []
    rows: list[Referral] = []
    for name in ("Robin", "Tamsin"):
        draft = start(jo, "testshire")
        born = {"date_of_birth_day": "1", "date_of_birth_month": "5", "date_of_birth_year": "2019"}
        post(jo, f"{draft}child/1/who/", first_name=name, last_name="Marlow", born="born", **born)
        post(jo, f"{draft}worry/", happened="He is often late.")
        post(jo, f"{draft}child/1/indicators/", chosen=["health-2-02"])
        post(jo, f"{draft}consent/", informed="yes", given="yes")
        sent = jo.post(f"{draft}send/", follow=True).content.decode()
        token = draft.strip("/").split("/")[-1]
        with scope(partnership=world.partnership):
            row = Referral.objects.get(token=token)
        rows.append(row)
        keys = {"partnership": "testshire", "referral_id": row.pk}
        sent += jo.get(reverse("referral_track", kwargs=keys)).content.decode()
        for differs in (token, str(row.pk), row.reference, name):
            sent = sent.replace(differs, "")
        pages.append(re.sub(r"nonce=\S+|csrf\S+ value=\S+|\s+", " ", sent))
    assert "indicates level 2" in pages[0] and "It has reached" in pages[0]
    assert pages[0] == pages[1], "the page of a child of whom somebody else told is that of any other"
    assert [(row.indicated_level, row.route) for row in rows] == [(4, "mash"), (2, "early_help")]
