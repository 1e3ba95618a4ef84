"""After sending: added, corrected, withdrawn, copied; who is told, what stays as it was, and what goes to the top."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope

from partnerships.models import Membership
from partnerships.permissions import Role
from referrals.domain.lookup import pair_keys
from referrals.models import Addendum, Clock, Draft, Event, LookupKey, Notice, Referral
from referrals.transfer.bundle import added
from referrals.triage import actions as triage
from tests import hostile_files
from tests.factories import NOW, World, make_person, make_referral, send

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def practitioner(world: World) -> Client:
    return signed_in(world.person(Role.PRACTITIONER))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told(world: World, kind: str) -> set[str]:
    with scope(partnership=world.partnership):
        return {notice.to.name for notice in Notice.objects.filter(kind=kind).select_related("to")}


def fresh(world: World, referral: Referral) -> Referral:
    with scope(partnership=world.partnership):
        return Referral.objects.select_related("team", "owner").get(pk=referral.pk)


def test_information_stands_beside_what_was_sent_and_its_owner_is_told(world: World, practitioner: Client) -> None:
    referral = make_referral(world, answers={"worry": {"happened": "A bruise."}})
    sam = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        triage.claim(referral=referral, by=sam, at=LATER)
    track = f"/testshire/referrals/{referral.pk}/"
    files = [SimpleUploadedFile("plan.pdf", hostile_files.pdf()), SimpleUploadedFile("x.exe", hostile_files.EXE)]
    answer = send(practitioner, f"{track}add/", text="He said <b>it</b> again.", danger="no", **{"file-other": files})
    assert answer["Location"] == track
    page = practitioner.get(track).content.decode()
    assert "He said &lt;b&gt;it&lt;/b&gt; again." in page and "plan.pdf" in page
    assert "Not added: “x.exe” is a program" in page and "added information with 1 document" in page
    seen = signed_in(sam).get(f"/testshire/triage/{referral.pk}/").content.decode()
    assert "Added since it was sent" in seen and "He said &lt;b&gt;it&lt;/b&gt; again." in seen and "plan.pdf" in seen
    assert told(world, "addendum") == {sam.name}, "the owner, and nobody else"
    after = fresh(world, referral)
    assert after.answers == {"worry": {"happened": "A bruise."}} and after.owner == sam
    assert not after.immediate_danger and after.revision == 2, "a decision being written is stale now"


def test_danger_goes_to_the_top_and_people_are_told(world: World, practitioner: Client) -> None:
    for _ in range(3):
        make_referral(world, facts={"immediate_danger": True}, received_at=NOW - dt.timedelta(days=1))
    calm = make_referral(world, indicators=("health-2-01",), team=world.early_help)
    worker = world.person(Role.EARLY_HELP)
    with scope(partnership=world.partnership):
        triage.claim(referral=calm, by=worker, at=LATER)
    address = f"/testshire/referrals/{calm.pk}/add/"
    answer = send(practitioner, address, text="He has a knife at home tonight.", danger="yes")
    assert answer.status_code == 302
    after = fresh(world, calm)
    assert after.immediate_danger and after.team == world.mash and after.owner is None and after.state == "waiting"
    assert after.flags[0] == "immediate_danger" and after.went_through_mash
    with scope(partnership=world.partnership):
        assert calm in list(Referral.objects.in_queue(world.mash)[:4]), "among those in danger, above all others"
        assert Event.objects.filter(referral=calm, kind="moved_for_danger").exists()
    assert told(world, "danger_added") == {world.person(Role.SCREENER).name, world.person(Role.MANAGER).name}
    assert signed_in(worker).get(f"/testshire/triage/{calm.pk}/").status_code == 404, "the fire-wall holds"
    with scope(partnership=world.partnership):
        body = Notice.objects.filter(kind="danger_added").first().body
    assert "may come to harm now: open it at once" in body and "knife" not in body and "Robin" not in body


def test_danger_on_a_decided_referral_opens_it_again(world: World, practitioner: Client) -> None:
    referral = make_referral(world)
    sam = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=referral.pk).update(
            state="decided", decided_at=LATER, decided_by=sam, decided_level=2
        )
    send(practitioner, f"/testshire/referrals/{referral.pk}/add/", text="Worse.", danger="yes")
    after = fresh(world, referral)
    assert after.state == "waiting" and after.immediate_danger and after.decided_at is None
    with scope(partnership=world.partnership):
        assert Clock.objects.filter(referral=referral, slug="decide_again_1", met_at__isnull=True).exists()
    assert sam.name in told(world, "danger_added")


def test_sent_twice_is_added_once(world: World, practitioner: Client) -> None:
    referral = make_referral(world)
    address = f"/testshire/referrals/{referral.pk}/add/"
    mark = {"token": "a" * 32, "text": "Once.", "danger": "no"}
    assert [practitioner.post(address, mark).status_code for _ in range(3)] == [302] * 3
    with scope(partnership=world.partnership):
        assert Addendum.objects.count() == 1


def test_what_was_changed_before_it_was_sent_again_is_kept_too(world: World, practitioner: Client) -> None:
    """The first answer was lost on its way; the writer stopped, wrote what is new, and pressed again."""
    referral = make_referral(world, answers={"worry": {"happened": "A bruise."}})
    address = f"/testshire/referrals/{referral.pk}/"
    mark = {"token": "a" * 32}
    practitioner.post(f"{address}add/", {**mark, "text": "Seen today.", "danger": "no"})
    again = {**mark, "text": "He is hurting her now.", "danger": "yes"}
    for _ in range(2):
        said = practitioner.post(f"{address}add/", again, follow=True).content.decode()
        assert "It goes before all others" in said and "He is hurting her now." in said
    practitioner.post(f"{address}add/", {**mark, "text": "Seen today.", "danger": "unsure"})
    with scope(partnership=world.partnership):
        kept = list(Addendum.objects.values_list("text", "in_danger"))
    assert kept == [("Seen today.", False), ("He is hurting her now.", True), ("Seen today.", False)]
    assert fresh(world, referral).immediate_danger and told(world, "danger_added")
    for text in ("Robin", "Robyn", "Robyn"):
        wrong = {**mark, "about": "Something else", "text": text, "reason": "A slip"}
        assert practitioner.post(f"{address}correct/", wrong).status_code == 302
    practitioner.post(f"{address}withdraw/", {**mark, "reason": "A slip."})
    assert practitioner.post(f"{address}withdraw/", {**mark, "reason": "A slip."}).status_code == 302
    other = practitioner.post(f"{address}withdraw/", {**mark, "reason": "Her father makes me."}).content.decode()
    assert "was not sent" in other and "Her father makes me." in other
    with scope(partnership=world.partnership):
        assert Addendum.objects.filter(kind="correction").count() == 2
        assert Addendum.objects.get(kind="withdrawal").reason == "A slip."


def test_a_file_changed_before_it_was_sent_again_is_kept_and_no_document_moves(
    world: World, practitioner: Client
) -> None:
    referral = make_referral(world)
    words = {"token": "b" * 32, "text": "The plan.", "danger": "no"}
    for name, content in (
        ("a.pdf", hostile_files.pdf()),
        ("a.pdf", hostile_files.pdf()),
        ("b.png", hostile_files.image("PNG")),
    ):
        sent = {**words, "file-other": SimpleUploadedFile(name, content)}
        assert practitioner.post(f"/testshire/referrals/{referral.pk}/add/", sent).status_code == 302
    more = {**words, "text": "Again.", "file-other": SimpleUploadedFile("a.pdf", hostile_files.pdf())}
    practitioner.post(f"/testshire/referrals/{referral.pk}/add/", more)
    with scope(partnership=world.partnership):
        beside = [(each.text, [file.name for file in each.attachments.all()]) for each in Addendum.objects.all()]
    assert beside == [("The plan.", ["a.pdf"]), ("The plan.", ["b.png"]), ("Again.", [])]


def test_a_correction_stands_beside_the_frozen_answer(world: World, practitioner: Client) -> None:
    answers = {"children": [{"who": {"first_name": "Robyn", "born": "born"}}], "worry": {"happened": "A bruise."}}
    referral = make_referral(world, answers=answers)
    address = f"/testshire/referrals/{referral.pk}/correct/"
    wrong = send(practitioner, address, about="", text="", reason="")
    for message in ("Choose which answer was wrong", "Tell us what is right", "Say why it changes"):
        assert message in wrong.content.decode()
    assert "field is required" not in wrong.content.decode()
    answer = send(practitioner, address, about="The child: First name", text="Robin", reason="A slip")
    assert answer.status_code == 302
    assert fresh(world, referral).answers == answers
    seen = signed_in(world.person(Role.SCREENER)).get(f"/testshire/triage/{referral.pk}/").content.decode()
    assert "Correction: The child: First name" in seen and "Why it changes: A slip" in seen
    assert told(world, "addendum") == {world.person(Role.SCREENER).name}


TOLD = {
    "children": [
        {
            "who": {"first_name": "Robyn", "last_name": "Marlow", "born": "born", "date_of_birth": "2019-05-01"},
            "details": {"nhs_number": "999 000 0018", "sex": "F"},
            "impact": {"safe": "yes", "next_seen": "Her aunt collects her", "next_seen_on": "2026-11-26"},
        }
    ],
    "consent": {"given": "yes", "informed": "yes"},
    "worry": {"happened": "A bruise."},
}


@time_machine.travel(LATER, tick=False)
def test_what_a_correction_says_plainly_counts_for_finding_the_child_the_order_and_the_line(
    world: World, practitioner: Client
) -> None:
    sam = world.person(Role.SCREENER)
    as_sent = {"first_name": "Robyn", "last_name": "Marlow", "nhs_number": "999 000 0018"}
    row = make_referral(world, answers=TOLD, child=as_sent, received_at=LATER - dt.timedelta(minutes=9))
    other = make_referral(world, child={"first_name": "Ellis", "last_name": "Arden", "postcode": "ME4 4TR"})
    address = f"/testshire/referrals/{row.pk}/correct/"
    for about, text in (
        ("The child: First name", "Ellis"),
        ("The child: Last name", "Arden"),
        ("The child: Date of birth", "It was 1 May 2019 after all"),
        ("The child: NHS number (optional)", "I misread it."),
        ("Consent: Do they agree to it?", "No, she took it back"),
        ("Your worry: On which day is Robyn next seen, collected or home again?", "24/11/2026"),
        ("Your worry: What happened?", "It was two bruises."),
    ):
        options = practitioner.get(address).content.decode()
        labels = [each for each in re.findall(r'<option value="([^"]+)"', options) if each.startswith(about[:20])]
        assert labels, (about, re.findall(r'<option value="([^"]+)"', options))
        assert (
            send(practitioner, address, about=html.unescape(labels[0]), text=text, reason="A slip").status_code == 302
        )
    after = fresh(world, row)
    assert after.answers == TOLD and not after.immediate_danger, "what was sent stays"
    with scope(partnership=world.partnership):
        child = after.children.get()
        assert child.first_name == "Robyn" and child.corrected == {"first_name": "Ellis", "last_name": "Arden"}
        keys = set(LookupKey.objects.filter(child=child).values_list("key", flat=True))
        assert {*pair_keys("Robyn", "Marlow"), *pair_keys("Ellis", "Arden"), "born:2019-05-01"} <= keys
    assert after.consent_said == "Not given"
    assert after.next_seen_at is not None and after.next_seen_at.date() == LATER.date()
    seen = signed_in(sam).get(f"/testshire/triage/{other.pk}/history/").content.decode()
    assert row.reference in seen, "found by the corrected name"


@time_machine.travel(LATER, tick=False)
def test_a_corrected_date_is_read_as_the_form_reads_it_and_words_are_left_to_a_person(
    world: World, practitioner: Client
) -> None:
    row = make_referral(world, answers=TOLD, received_at=LATER - dt.timedelta(minutes=9))
    address = f"/testshire/referrals/{row.pk}/correct/"
    about = "The child: Date of birth"
    for typed, says in (
        ("31 2 2024", "February 2024 has 29 days"),
        ("31 February 20025", "year of four digits"),
        ("1 May 2019, or 31 June 2019", "June 2019 has 30 days"),
        ("1 May 2039", "must be today or in the past"),
        ("the 4th", "Write the whole date as day, month and year"),
    ):
        answer = send(practitioner, address, about=about, text=typed, reason="A slip")
        said = answer.content.decode()
        assert answer.status_code == 200 and says in said, (typed, says)
        assert f">\n{typed}</textarea>" in said and "A slip</textarea>" in said, "what was typed is kept"
    with scope(partnership=world.partnership):
        assert not Addendum.objects.filter(referral=row).exists()
    for typed in ("Not known after all", "2 May 2019", "Not 1 May 2019 but 2 May 2019"):
        assert send(practitioner, address, about=about, text=typed, reason="A slip").status_code == 302, typed


def test_each_answer_to_correct_says_of_whom_it_was_asked(world: World, practitioner: Client) -> None:
    told = {
        "children": [
            {"who": {"first_name": "Ada", "born": "born"}, "impact": {"safe": "yes", "next_seen_time": "15:00"}},
            {"who": {"first_name": "Beth", "born": "born"}, "impact": {"safe": "yes", "next_seen_time": "16:00"}},
        ],
        "worry": {"happened": "It."},
        "people": [{"person": {"lives_with": "unknown"}}, {"person": {"name": "Jo Marlow"}}],
    }
    row = make_referral(world, answers=told)
    page = practitioner.get(f"/testshire/referrals/{row.pk}/correct/").content.decode()
    options = [html.unescape(each) for each in re.findall(r'<option value="([^"]+)"', page)]
    assert "The child: First name (Ada)" in options and "The child: First name (Beth)" in options
    assert "Your worry: What does Ada say? (Ada)" not in options
    asked = "Your worry: At what time is {} next seen?"
    assert asked.format("Ada") in options and asked.format("Beth") in options
    assert [each for each in options if "(Jo Marlow" in each], "whoever was left without a name before"
    assert not [each for each in options if "(child" in each]


def test_a_correction_that_a_child_is_not_safe_goes_to_the_top(world: World, practitioner: Client) -> None:
    row = make_referral(world, answers=TOLD, indicators=("health-2-01",), team=world.early_help)
    about = "Your worry: Is Robyn safe now?"
    answer = send(practitioner, f"/testshire/referrals/{row.pk}/correct/", about=about, text="No.", reason="He rang")
    assert answer.status_code == 302
    after = fresh(world, row)
    assert after.immediate_danger and after.team == world.mash
    assert told(world, "danger_added") == {world.person(Role.SCREENER).name, world.person(Role.MANAGER).name}


@pytest.mark.parametrize("agreed", [True, False])
@pytest.mark.parametrize("in_hand", [True, False])
def test_withdrawing_is_asked_for_and_a_screener_answers(
    world: World, practitioner: Client, agreed: bool, in_hand: bool
) -> None:
    referral = make_referral(world)
    sam = world.person(Role.SCREENER)
    if in_hand:
        with scope(partnership=world.partnership):
            triage.claim(referral=referral, by=sam, at=LATER)
    before = fresh(world, referral).state
    address = f"/testshire/referrals/{referral.pk}/withdraw/"
    assert send(practitioner, address, reason="The father asked me to.").status_code == 302
    asked = fresh(world, referral)
    assert asked.state == before and asked.withdrawal_asked_at, "nothing closes by itself"
    with scope(partnership=world.partnership):
        assert referral.clocks.filter(met_at__isnull=True).exists(), "and its clocks run on"
    again = send(practitioner, address, reason="Again")
    assert "You have asked for this already" in again.content.decode()
    screener = signed_in(sam)
    page = screener.get(f"/testshire/triage/{referral.pk}/").content.decode()
    assert "Answer the wish to withdraw" in page and "The father asked me to." in page
    answer = f"/testshire/triage/{referral.pk}/withdrawal/"
    assert "The father asked me to." in screener.get(answer).content.decode()
    done = send(screener, answer, agreed="yes" if agreed else "no", reason="Spoke to her.")
    assert done.status_code == 302
    after = fresh(world, referral)
    assert after.state == ("withdrawn" if agreed else before) and after.withdrawal_asked_at is None
    with scope(partnership=world.partnership):
        assert referral.clocks.filter(met_at__isnull=True).exists() is not agreed
    track = practitioner.get(f"/testshire/referrals/{referral.pk}/").content.decode()
    asker = world.person(Role.PRACTITIONER).name
    assert (f"It was withdrawn, as {asker} asked." in track) is agreed and "Spoke to her" not in track
    assert told(world, "withdrawal") == {world.person(Role.PRACTITIONER).name}
    assert screener.post(answer, {"agreed": "yes", "reason": "x"}).status_code == 200
    assert fresh(world, referral).state == after.state


@pytest.mark.parametrize("later", ["yes", "unsure", "no"])
def test_what_is_told_after_the_wish_to_withdraw_is_read_before_it_is_agreed_to(
    world: World, practitioner: Client, later: str
) -> None:
    referral, screener = make_referral(world), signed_in(world.person(Role.SCREENER))
    send(practitioner, f"/testshire/referrals/{referral.pk}/withdraw/", reason="It is sorted.")
    answer = f"/testshire/triage/{referral.pk}/withdrawal/"
    shown = screener.get(answer).context["form"]["revision"].value()
    added = {"text": "I was wrong: he is drunk and has her with him.", "danger": later}
    send(practitioner, f"/testshire/referrals/{referral.pk}/add/", **added)
    typed = {"agreed": "yes", "reason": "As asked.", "revision": shown}
    stale = screener.post(answer, typed)
    for words in ("this referral has moved on", added["text"], "As asked.</textarea>"):
        assert words in stale.content.decode()
    screener.post(answer, typed | {"revision": stale.context["form"]["revision"].value()})
    after = fresh(world, referral)
    assert (after.state, after.withdrawal_asked_at) == ("withdrawn" if later == "no" else "waiting", None)
    track = practitioner.get(f"/testshire/referrals/{referral.pk}/").content.decode()
    assert ("We go on with it, for what was told since." in track) is (later != "no")


def test_why_somebody_wishes_to_withdraw_is_read_by_no_lead(world: World, practitioner: Client) -> None:
    referral = make_referral(world)
    track, words = f"/testshire/referrals/{referral.pk}/", "My lead told me to take it back."
    send(practitioner, f"{track}withdraw/", reason=words)
    assert words in practitioner.get(track).content.decode()
    assert "if it is about them, telephone us" in practitioner.get(f"{track}add/").content.decode()
    lead = signed_in(world.person(Role.SAFEGUARDING_LEAD)).get(track).content.decode()
    assert words not in lead and "and the front door alone read why." in lead
    assert words in signed_in(world.person(Role.SCREENER)).get(f"/testshire/triage/{referral.pk}/").content.decode()
    with scope(partnership=world.partnership):
        assert added(referral, [1]) == [], "nor by another area"


def test_a_lead_asks_to_withdraw_only_where_the_referrer_has_left(world: World) -> None:
    referral, lead = make_referral(world), world.person(Role.SAFEGUARDING_LEAD)
    client, track = signed_in(lead), f"/testshire/referrals/{referral.pk}/"
    assert "Ask to withdraw it" not in client.get(track).content.decode()
    assert "alone can ask to withdraw it" in client.get(f"{track}withdraw/", follow=True).content.decode()
    typed = {"token": "a" * 32, "reason": "A misunderstanding."}
    page = client.post(f"{track}withdraw/", typed).content.decode()
    assert "alone can ask to withdraw it" in page and "A misunderstanding.</textarea>" in page
    assert fresh(world, referral).withdrawal_asked_at is None
    Membership.objects.filter(user=world.person(Role.PRACTITIONER)).update(ended_at=NOW)
    assert send(client, f"{track}withdraw/", reason="She has left us.").status_code == 302
    with scope(partnership=world.partnership):
        notice = Notice.objects.filter(referral=referral, body__contains="asks to withdraw it").first()
    assert notice and f"{lead.name} asks to withdraw it." in notice.body


def test_the_family_goes_along_for_a_sibling_and_nothing_of_the_worry(world: World, practitioner: Client) -> None:
    answers = {
        "children": [
            {"who": {"first_name": "Robin"}, "home": {"address": "3 Sample Row", "postcode": "ME4 4AA", "school": "A"}}
        ],
        "people": [{"person": {"name": "Jo Marlow", "relationship": "Mother"}}],
        "family": {"household": "Two dogs", "another": "no"},
        "you": {"available": "Mornings"},
        "involved": {"practitioners": "Health visitor"},
        "worry": {"happened": "A bruise."},
        "consent": {"informed": "yes", "given": "yes"},
    }
    referral = make_referral(world, answers=answers)
    answer = practitioner.post(f"/testshire/referrals/{referral.pk}/sibling/")
    with scope(partnership=world.partnership):
        draft = Draft.objects.get()
    assert str(draft.pk) in answer["Location"]
    assert draft.answers == {
        "children": [{"home": {"address": "3 Sample Row", "postcode": "ME4 4AA"}}],
        **{name: answers[name] for name in ("people", "family", "you", "involved")},
    }
    lead = signed_in(world.person(Role.SAFEGUARDING_LEAD))
    assert lead.post(f"/testshire/referrals/{referral.pk}/sibling/").status_code == 302


def test_only_who_may_follow_it_adds_to_it(world: World) -> None:
    referral = make_referral(world)
    colleague = make_person(world, Role.PRACTITIONER, agency=world.school)
    for user in (colleague, world.person(Role.SCREENER), world.person(Role.ADMIN)):
        for page in ("add", "correct", "withdraw", "sibling"):
            address = f"/testshire/referrals/{referral.pk}/{page}/"
            assert signed_in(user).post(address, {"text": "x", "danger": "yes", "reason": "x"}).status_code == 404
    with scope(partnership=world.partnership):
        assert not Addendum.objects.exists()
    lead = signed_in(world.person(Role.SAFEGUARDING_LEAD))
    assert send(lead, f"/testshire/referrals/{referral.pk}/add/", text="x", danger="no").status_code == 302


def test_words_typed_when_signed_out_are_there_after_signing_in(world: World, practitioner: Client) -> None:
    referral = make_referral(world)
    address = f"/testshire/referrals/{referral.pk}/add/"
    practitioner.session.flush()
    assert practitioner.post(address, {"text": "Do not lose this."}).status_code == 403
    practitioner.force_login(world.person(Role.PRACTITIONER))
    assert "Do not lose this." in practitioner.get(address).content.decode()
