"""What comes without an account: the public's own form, and what staff key. Both go the same way as any other."""

from __future__ import annotations

import datetime as dt
import re
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope
from pypdf import PdfReader

from partnerships import documents
from partnerships.models import AuditEntry, User
from partnerships.permissions import Role
from referrals.intake.actions import start_draft, submit
from referrals.intake.answers import blank
from referrals.intake.source import DETAILS
from referrals.keyed.forms import KeyedForm
from referrals.models import Clock, Draft, Event, Notice, Referral
from referrals.public import actions as public
from referrals.public.actions import MANY
from referrals.public.forms import STEPS
from tests.factories import NOW, World, make_draft, make_person, make_world, sign_in

pytestmark = pytest.mark.django_db
WORRY = "The little boy next door is left alone at night & cries."


@pytest.fixture
def world() -> World:
    cache.clear()  # what other tests sent from this machine does not count here
    return make_world()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def tell(client: Client, slug: str = "testshire", **you: str) -> Any:
    """The whole public form; gives the page after sending."""
    assert client.post(f"/{slug}/tell/start/")["Location"] == f"/{slug}/tell/child/"
    pages = {
        "child": {"first_name": "Robin", "age": "4", "address": "3 Sample Row"},
        "worry": {"happened": WORRY},
        "safety": {"safe": "unsure"},
        "you": {"wish": "named", **you},
    }
    for page, typed in pages.items():
        answer = client.post(f"/{slug}/tell/{page}/", typed)
        assert answer.status_code == 302, (page, re.findall(rb"error-message[^>]*>(.*?)</p>", answer.content, re.S))
    check = client.get(f"/{slug}/tell/check/").content.decode()
    assert "left alone at night &amp; cries" in check and "Robin" in check
    return client.post(f"/{slug}/tell/send/", follow=True)


def the_referral(world: World) -> Referral:
    with scope(partnership=world.partnership):
        return Referral.objects.select_related("team").get()


def test_nothing_is_stored_while_somebody_types_and_the_pages_say_so(world: World) -> None:
    client = Client()
    assert "saves nothing while you type" in client.get("/testshire/tell/").content.decode()
    client.post("/testshire/tell/start/")
    for slug in ("child", "worry", "safety", "you"):
        page = client.get(f"/testshire/tell/{slug}/").content.decode()
        assert "kept when you press “Continue”, not before" in page
        assert "data-autosave" not in page and "autosave.js" not in page


def test_somebody_without_an_account_is_heard(world: World) -> None:
    client = Client()
    before = client.get("/testshire/tell/").content.decode()
    assert "999" in before and "Exit this page" in before and "need no account" in before
    sent = tell(client, name="Nora Neighbour", telephone="01632 960 777", relation="Next door")
    referral = the_referral(world)
    body = sent.content.decode()
    assert referral.reference in body and "Robin" not in body and "Nora" not in body
    assert referral.channel == "public" and referral.referrer is None and referral.route == "mash"
    assert referral.referrer_details == {
        "name": "Nora Neighbour",
        "telephone": "01632 960 777",
        "relation": "Next door",
    }
    with scope(partnership=world.partnership):
        child = referral.children.get()
        assert (child.first_name, child.estimated_age, child.address) == ("Robin", "4", "3 Sample Row")
        assert Clock.objects.filter(referral=referral, slug="decide").exists()
        assert "on the public form" in Event.objects.get(referral=referral, kind="sent").sentence
        assert {notice.to for notice in Notice.objects.all()} == {world.person(Role.SCREENER)}, "no receipt, to nobody"
    page = signed_in(world.person(Role.SCREENER)).get(f"/testshire/triage/{referral.pk}/").content.decode()
    assert "It came on the public form." in page and "tel:01632960777" in page and "Nora Neighbour" in page
    assert client.post("/testshire/tell/send/", follow=True).content.decode().count(referral.reference) == 1
    assert the_referral(world).pk == referral.pk, "pressed twice, sent once"


def test_in_confidence_the_name_is_kept_apart_and_each_opening_is_in_the_trail(world: World) -> None:
    tell(Client(), wish="confidence", name="Nora Neighbour", telephone="01632 960 777")
    referral = the_referral(world)
    assert referral.in_confidence and referral.confidential["name"] == "Nora Neighbour"
    assert "Nora" not in str(referral.answers) and "Nora" not in str(referral.referrer_details)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT confidential FROM referrals_referral")
        assert "Nora" not in str(cursor.fetchone()), "sealed at rest"
    screener = signed_in(world.person(Role.SCREENER))
    page = screener.get(f"/testshire/triage/{referral.pk}/").content.decode()
    assert "Nora" not in page and "Show who told" in page
    summary = screener.get(f"/testshire/triage/{referral.pk}/summary.pdf").content
    assert "Nora" not in "".join(each.extract_text() for each in PdfReader(BytesIO(summary)).pages)
    assert "Nora Neighbour" in screener.get(f"/testshire/triage/{referral.pk}/who-told/").content.decode()
    assert AuditEntry.objects.filter(verb="referral.identity_read").count() == 1
    for role in (Role.PRACTITIONER, Role.EARLY_HELP, Role.ADMIN):
        assert signed_in(world.person(role)).get(f"/testshire/triage/{referral.pk}/who-told/").status_code == 404


def test_who_does_not_say_who_they_are_is_not_written_down(world: World) -> None:
    sent = tell(Client(), wish="anonymous", name="Nora Neighbour", telephone="01632 960 777")
    referral = the_referral(world)
    kept = f"{referral.answers} {referral.referrer_details} {referral.confidential}"
    assert "Nora" not in kept and "960 777" not in kept and "did not say who they are" in kept
    assert "can’t reach you" in sent.content.decode()


def test_danger_goes_to_the_top(world: World) -> None:
    client = Client()
    client.post("/testshire/tell/start/")
    client.post("/testshire/tell/worry/", {"happened": WORRY})
    assert client.post("/testshire/tell/safety/", {"safe": "no"}).status_code == 302
    body = client.post("/testshire/tell/send/", follow=True).content.decode()
    assert the_referral(world).immediate_danger and "call" in body and "999" in body


def test_what_is_missing_is_said_in_plain_words_and_nothing_typed_is_lost(world: World) -> None:
    client = Client()
    client.post("/testshire/tell/start/")
    assert "Tell us what worries you" in client.post("/testshire/tell/send/").content.decode()
    answer = client.post("/testshire/tell/worry/", {"happened": "", "family": "Two boys"})
    body = answer.content.decode()
    assert answer.status_code == 422 and "Tell us what you are worried about" in body and "Two boys" in body
    assert "field is required" not in body
    lost = Client()
    assert lost.post("/testshire/tell/worry/", {"happened": WORRY}).status_code == 302, "a lost place begins anew"
    assert "cries" in lost.get("/testshire/tell/check/").content.decode()


def opened(client: Client, page: str, **typed: str) -> dict[str, str]:
    """A page as it stands open in a window, and what is typed into it."""
    shown = client.get(f"/testshire/tell/{page}/").context
    return {"seen": shown["seen"], "window": shown["window"], **typed}


def test_two_pages_that_are_saved_at_one_moment_are_both_kept(world: World) -> None:
    client = Client()
    client.post("/testshire/tell/start/")
    with scope(partnership=world.partnership):
        one, other = Draft.objects.get(), Draft.objects.get()  # both windows looked before either saved
        for draft, step, typed in ((one, STEPS[0], {"first_name": "Robin"}), (other, STEPS[1], {"happened": WORRY})):
            form = step.form(typed)
            assert form.is_valid()
            public.save(draft=draft, form=form, page=step.slug, seen=None, at=timezone.now())
    check = client.get("/testshire/tell/check/").content.decode()
    assert "Robin" in check and "left alone at night" in check


def test_a_second_window_overwrites_nothing_unsaid(world: World) -> None:
    client = Client()
    client.post("/testshire/tell/start/")
    one, other = opened(client, "worry", happened="Bruises."), opened(client, "worry", happened="He shouts.")
    assert client.post("/testshire/tell/worry/", one).status_code == 302
    changed = client.post("/testshire/tell/worry/", other)
    said = changed.content.decode()
    assert changed.status_code == 409 and "Nothing was overwritten" in said
    assert "Bruises." in said and "He shouts.</textarea>" in said
    both = {**other, "seen": changed.context["seen"], "happened": "Bruises. He shouts."}
    assert client.post("/testshire/tell/worry/", both).status_code == 302
    assert "Bruises. He shouts." in client.get("/testshire/tell/check/").content.decode()
    again = {**both, "happened": "Bruises. He shouts. He hits."}
    for _ in range(2):  # its answer was lost on the way, more was typed, and it was pressed again
        assert client.post("/testshire/tell/worry/", again).status_code == 302
    assert "He hits." in client.get("/testshire/tell/check/").content.decode()


@pytest.mark.parametrize("at_one_moment", [False, True])
def test_what_is_typed_in_an_old_window_after_sending_is_said_to_be_another_and_not_sent(
    world: World, monkeypatch: Any, at_one_moment: bool
) -> None:
    client = Client()
    client.post("/testshire/tell/start/")
    client.post("/testshire/tell/worry/", {"happened": WORRY})
    old = opened(client, "worry", happened="And now he hits him.")
    with scope(partnership=world.partnership):
        looked_up = Draft.objects.select_related("partnership", "agency").get()
    client.post("/testshire/tell/send/")
    if at_one_moment:
        monkeypatch.setattr("referrals.public.views.held", lambda request: looked_up)
    assert client.post("/testshire/tell/worry/", old).status_code == 302
    monkeypatch.undo()
    said = client.get("/testshire/tell/check/").content.decode()
    assert f"its reference is {the_referral(world).reference}" in said and "is not sent yet" in said
    assert "And now he hits him." in said and "left alone" not in said
    client.post("/testshire/tell/send/")
    with scope(partnership=world.partnership):
        assert Referral.objects.count() == 2


def test_over_the_limit_it_is_taken_and_marked_never_refused(world: World) -> None:
    for _ in range(MANY + 2):
        assert "We have it" in tell(Client()).content.decode()
    with scope(partnership=world.partnership):
        notes = list(Referral.objects.order_by("received_at").values_list("arrival_note", flat=True))
    assert notes[:MANY] == [""] * MANY and all("Read it all the same" in note for note in notes[MANY:])
    assert len(notes) == MANY + 2


def test_a_flood_from_one_place_buries_no_other(world: World) -> None:
    """Neither in the queue, which can be looked at without it, nor in the outbox, in which others' notices wait."""
    screener = world.person(Role.SCREENER)
    for _ in range(MANY):
        tell(Client())
    page = signed_in(screener).get("/testshire/queue/mash/").content.decode()
    assert "All but many from one sender" not in page
    for _ in range(3):
        tell(Client())
    page = signed_in(screener).get("/testshire/queue/mash/?show=apart").content.decode()
    assert "All but many from one sender" in page
    with scope(partnership=world.partnership):
        rows = Referral.objects.all()
        shown = {row.reference for row in rows if row.reference in page}
        assert shown == {row.reference for row in rows if not row.arrival_note} and len(shown) == MANY
        assert Notice.objects.filter(kind="waiting", to=screener).count() in (MANY + 1, MANY + 2)


def test_a_flood_from_one_account_buries_no_other_either(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("referrals.intake.actions.MANY_BY_ACCOUNT", 2)

    def send(by: User) -> Referral:
        draft = make_draft(world, by=by)
        draft.answers = {"children": [{"impact": {"safe": "no"}}], "worry": {"happened": WORRY}}
        draft.save()
        return submit(draft=draft, by=by, at=NOW)

    with scope(partnership=world.partnership):
        sent = [send(world.person(Role.PRACTITIONER)) for _ in range(4)]
        assert [bool(row.arrival_note) for row in sent] == [False, False, True, True]
        assert not send(make_person(world, Role.PRACTITIONER)).arrival_note
        told = Notice.objects.filter(kind="danger", to=world.person(Role.SCREENER))
        assert told.count() == 4, "of the flood one notice, for its five minutes"


def test_from_one_place_only_so_many_are_begun_and_what_was_begun_is_sent(
    world: World, settings: Any, monkeypatch: Any, caplog: Any
) -> None:
    """Another place begins all the same, and of a flood from everywhere whoever runs the portal is told once."""
    settings.REQUEST_LIMITS = {"begun": (3, 3600)}
    monkeypatch.setattr("referrals.public.actions.MANY_BEGUN", 4)
    cache.clear()
    first = Client()
    assert first.post("/testshire/tell/start/").status_code == 302
    for _ in range(2):
        assert Client().post("/testshire/tell/start/").status_code == 302
    late = Client().post("/testshire/tell/start/")
    assert late.status_code == 429 and int(late["Retry-After"]) and "telephone" in late.content.decode()
    lost = Client().post("/testshire/tell/worry/", {"happened": "He is out at night."})
    assert lost.status_code == 429 and "He is out at night." in lost.content.decode(), "nothing typed is lost"
    with scope(partnership=world.partnership):
        assert Draft.objects.count() == 3
    assert first.post("/testshire/tell/start/").status_code == 302, "it goes on with what it began"
    assert "reference" in tell(first).content.decode()
    for place in range(3):
        assert Client(REMOTE_ADDR=f"192.0.2.{place}").post("/testshire/tell/start/").status_code == 302
    told = [each for each in caplog.records if "were begun on the public form of testshire" in each.getMessage()]
    assert len(told) == 1


def test_a_house_is_one_place_however_many_addresses_it_has(world: World) -> None:
    for n in range(MANY + 1):
        client = Client(REMOTE_ADDR=f"2001:db8:1:2::{n:x}")
        tell(client)
    with scope(partnership=world.partnership):
        assert Referral.objects.exclude(arrival_note="").count() == 1


@pytest.mark.parametrize("place", ["::ffff:192.0.2.{}", "", "unknown"])
def test_what_is_no_one_place_keeps_nobody_from_telling(world: World, settings: Any, place: str) -> None:
    """Old addresses written as new ones; and where nobody knows from where somebody comes, it is taken all the same."""
    settings.REQUEST_LIMITS = {"begun": (3, 3600)}
    for n in range(6):
        assert "reference" in tell(Client(REMOTE_ADDR=place.format(n))).content.decode()
    with scope(partnership=world.partnership):
        assert Referral.objects.count() == 6


def test_another_browser_has_nothing_of_it_and_no_form_is_no_page(world: World) -> None:
    first = Client()
    first.post("/testshire/tell/start/")
    first.post("/testshire/tell/worry/", {"happened": WORRY})
    for page in ("worry", "check", "sent"):
        answer = Client().get(f"/testshire/tell/{page}/")
        assert answer.status_code == 302 and answer["Location"] == "/testshire/tell/"
    for role in (Role.PRACTITIONER, Role.SCREENER):
        with scope(partnership=world.partnership):
            draft = Draft.objects.get()
        assert signed_in(world.person(role)).get(f"/testshire/refer/{draft.pk}/").status_code == 404
    other = make_world("othershire")
    other.partnership.public_form = False
    other.partnership.save()
    for page in ("", "child/", "check/", "sent/"):
        assert Client().get(f"/othershire/tell/{page}").status_code == 404
    assert Client().post("/othershire/tell/start/").status_code == 404
    assert first.get("/othershire/tell/check/").status_code == 404


def test_a_form_switched_off_midway_is_finished_and_sent_and_none_is_begun(world: World) -> None:
    client, lost, partnership = Client(), Client(), world.partnership
    client.post("/testshire/tell/start/")
    assert client.post("/testshire/tell/child/", {"first_name": "Robin", "school": "Elm"}).status_code == 302
    type(partnership).objects.filter(pk=partnership.pk).update(public_form=False)
    assert "Go on with what you began" in client.get("/testshire/tell/").content.decode()
    for page, typed in {"worry": {"happened": WORRY}, "safety": {"safe": "unsure"}, "you": {"wish": "named"}}.items():
        assert client.get(f"/testshire/tell/{page}/").status_code == 200
        assert client.post(f"/testshire/tell/{page}/", typed).status_code == 302
    sent = client.post("/testshire/tell/send/", follow=True).content.decode()
    assert the_referral(world).reference in sent
    assert client.get("/testshire/tell/", follow=True).content.decode().count(the_referral(world).reference)
    for browser in (client, lost):
        answer = browser.post("/testshire/tell/worry/", {"happened": "Again tonight."})
        page = answer.content.decode()
        assert answer.status_code == 404 and "This form is not in use" in page and "telephone" in page
        assert "Again tonight." in page and "not sent and is not saved" in page, "on the answer alone"
        assert browser.post("/testshire/tell/start/").status_code == 404
    assert lost.get("/testshire/tell/leave/").status_code == 302, "the way out is never away"
    with scope(partnership=world.partnership):
        assert Draft.objects.count() == 1 and not Draft.objects.unsent().exists()


def test_a_letter_of_last_week_runs_its_clocks_from_last_week(world: World) -> None:
    screener = signed_in(world.person(Role.SCREENER))
    came = timezone.localtime() - dt.timedelta(days=6)
    typed = {
        "how": "letter",
        "on_day": str(came.day),
        "on_month": str(came.month),
        "on_year": str(came.year),
        "time": "9:15am",
        "who": "practitioner",
        "agency": str(world.practice.pk),
        "job": "GP",
        "wish": "named",
        "name": "Dr Ada Page",
        "telephone": "01632 960 111",
    }
    wrong = screener.post("/testshire/key/", {**typed, "how": "", "time": ""})
    for message in ("Choose how it came", "Enter the time at which it came"):
        assert message in wrong.content.decode()
    assert "Dr Ada Page" in wrong.content.decode()
    draft = screener.post("/testshire/key/", typed)["Location"]
    tasks = screener.get(draft).content.decode()
    assert "Key a contact" in tasks and "How can we reach you?" not in tasks
    seen = re.search(rb'name="seen" value="([^"]*)"', screener.get(f"{draft}worry/").content)[1].decode()
    assert screener.post(f"{draft}worry/", {"happened": WORRY, "seen": seen}).status_code == 302
    assert screener.get(f"{draft}check/").status_code == 200
    sent = screener.post(f"{draft}send/", follow=True)
    referral = the_referral(world)
    assert sent.redirect_chain[-1][0] == f"/testshire/triage/{referral.pk}/"
    assert timezone.localtime(referral.received_at).replace(tzinfo=None) == dt.datetime.combine(
        came.date(), dt.time(9, 15)
    )
    assert referral.channel == "keyed" and referral.keyed_by == world.person(Role.SCREENER)
    assert referral.agency == world.practice and referral.referrer is None
    assert referral.referrer_details["name"] == "Dr Ada Page"
    with scope(partnership=world.partnership):
        decide = Clock.objects.get(referral=referral, slug="decide")
        assert decide.started_at == referral.received_at and decide.due_at < timezone.now(), (
            "late already, and shown so"
        )
        assert "which came by letter" in Event.objects.get(referral=referral, kind="sent").sentence
    body = sent.content.decode()
    assert "It was keyed by staff" in body and "Dr Ada Page" in body
    assert screener.get(f"{draft}sent/").status_code in (302, 404)


@pytest.mark.parametrize(("wish", "follows"), [("named", True), ("confidence", False), ("anonymous", False)])
def test_what_a_colleague_told_in_confidence_is_not_their_leads_to_follow(
    world: World, wish: str, follows: bool
) -> None:
    """Who telephones about a lead, or about a friend of theirs, is not shown to them by the agency that they named."""
    screener, lead = signed_in(world.person(Role.SCREENER)), signed_in(world.person(Role.SAFEGUARDING_LEAD))
    yesterday = timezone.localtime() - dt.timedelta(days=1)
    typed = {"how": "telephone", "time": "9:15am", "who": "practitioner", "agency": str(world.school.pk), "wish": wish}
    typed |= {f"on_{name}": str(getattr(yesterday, name)) for name in ("day", "month", "year")}
    draft = screener.post("/testshire/key/", {**typed, "job": "Teacher", "name": "Tess Told"})["Location"]
    seen = re.search(rb'name="seen" value="([^"]*)"', screener.get(f"{draft}worry/").content)[1].decode()
    screener.post(f"{draft}worry/", {"happened": WORRY, "seen": seen})
    screener.post(f"{draft}send/")
    row = the_referral(world)
    assert lead.get(f"/testshire/referrals/{row.pk}/").status_code == (200 if follows else 404)
    assert (row.reference in lead.get("/testshire/referrals/").content.decode()) is follows


def test_what_was_typed_under_an_answer_not_chosen_is_neither_kept_nor_wrong(world: World) -> None:
    typed = {"how": "letter", "on_day": "1", "on_month": "9", "on_year": "2026", "time": "9am"}
    typed |= {"agency": str(world.school.pk), "job": "Teacher", "relation": "A neighbour", "name": "Tess Told"}

    def told(**more: str) -> dict[str, str]:
        form = KeyedForm({**typed, "wish": "named", **more}, at=timezone.now(), partnership=world.partnership)
        assert form.is_valid(), form.errors
        return {name: value for name, value in form.source().items() if value and name in DETAILS}

    assert told(who="practitioner", relation="x" * 500) == {
        "name": "Tess Told",
        "job": "Teacher",
        "agency": world.school.name,
    }
    assert told(who="public", job="x" * 500, agency="none of these") == {"name": "Tess Told", "relation": "A neighbour"}
    assert told(who="public", wish="anonymous") == {}, "who would not say who they are is written down nowhere"
    draft = signed_in(world.person(Role.SCREENER)).post(
        "/testshire/key/", {**typed, "who": "public", "wish": "confidence"}
    )["Location"]
    with scope(partnership=world.partnership):
        row = Draft.objects.get(pk=draft.rstrip("/").rsplit("/", 1)[-1])
        assert row.agency is None and "Teacher" not in str(row.answers) and "A neighbour" in str(row.answers)


def test_what_came_cannot_come_in_the_future(world: World) -> None:
    screener = signed_in(world.person(Role.SCREENER))
    ahead = timezone.localtime() + dt.timedelta(days=1)
    typed = {"on_day": ahead.day, "on_month": ahead.month, "on_year": ahead.year, "time": "9am"}
    assert "must be today or in the past" in screener.post("/testshire/key/", typed).content.decode()
    for role in (Role.PRACTITIONER, Role.EARLY_HELP, Role.MANAGER, Role.ADMIN):
        assert signed_in(world.person(role)).get("/testshire/key/").status_code == 404


def test_the_blank_form_prints(world: World) -> None:
    page = Client().get("/testshire/blank-form/").content.decode()
    assert "What happened?" in page and "First name" in page
    answer = Client().get("/testshire/blank-form.pdf")
    document = PdfReader(BytesIO(answer.content))
    told = "\n".join(each.extract_text() for each in document.pages)
    assert "999" in told and "What happened?" in told and "Day and time" in told
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_blank_form_is_made_once_until_its_words_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may ask for it as often as they like: that must not keep the server busy."""
    made: list[str] = []
    monkeypatch.setattr(documents, "pdf_of", lambda page: made.append(page) or b"%PDF")
    for name in ("Harbour Partnership", "Harbour Partnership", "Quay Partnership"):
        world.partnership.name = name
        world.partnership.save()
        assert Client().get("/testshire/blank-form.pdf").content == b"%PDF"
    assert [name in page for name, page in zip(("Harbour", "Quay"), made, strict=True)] == [True, True]


@pytest.mark.parametrize("sent", [False, True], ids=["while writing", "after sending"])
def test_leaving_at_once_leaves_nothing_to_read(world: World, sent: bool) -> None:
    """Somebody looks over a shoulder: one press shows the weather, and who uses the browser next finds nothing."""
    world.partnership.public_form = True
    world.partnership.save()
    client = Client()
    if sent:
        tell(client)
    else:
        client.post("/testshire/tell/start/")
        client.post("/testshire/tell/worry/", {"happened": WORRY})
    exit_link = re.search(r'href="([^"]+)"[^>]*exit-this-page', client.get("/testshire/tell/").content.decode())
    assert exit_link
    for ahead in ({"Sec-Purpose": "prefetch"}, {"Sec-Fetch-Dest": "image"}):
        assert client.get(exit_link[1], headers=ahead).status_code == 302
    client.head(exit_link[1])
    with scope(partnership=world.partnership):
        assert sent or "left alone" in str(Draft.objects.get().answers), "nobody pressed it"
    assert client.get(exit_link[1])["Location"] == "https://www.bbc.co.uk/weather"
    for page in ("check", "sent", "worry", "child", "you", ""):
        answer = client.get(f"/testshire/tell/{page}/".replace("//", "/"), follow=True)
        assert b"left alone" not in answer.content and b"Go on with what you began" not in answer.content, page
    with scope(partnership=world.partnership):
        draft = Draft.objects.get()
        assert (draft.sent_at is not None) == sent
        assert sent or (draft.discarded_at is not None and "left alone" not in str(draft.answers)), "emptied at once"
        assert Referral.objects.count() == sent, "what was sent stays sent"


def test_what_somebody_began_to_key_who_keys_no_more_is_told_to_their_colleagues_who_go_on_with_it(
    world: World,
) -> None:
    """The caller believes that the front door knows."""
    gone, stays = world.person(Role.SCREENER), make_person(world, Role.SCREENER, team=world.mash)
    admin, colleague = sign_in(world.person(Role.ADMIN)), sign_in(stays)
    with scope(partnership=world.partnership):
        draft = start_draft(
            partnership=world.partnership, agency=None, by=gone, at=timezone.now(), channel="keyed",
            received_at=timezone.now(), answers=blank(),
        )  # fmt: skip
    take, key = f"/testshire/refer/{draft.pk}/take-over/", "/testshire/key/"
    assert colleague.get(take).status_code == 404 and take not in colleague.get(key).content.decode()
    end = reverse("member_end", args=["testshire", gone.memberships.get().pk])
    assert "They began to key 1 contact, not sent" in admin.get(end).content.decode()
    admin.post(end)
    with scope(partnership=world.partnership):
        told = Notice.objects.get(kind="keyed_left", to=stays)
    assert take in told.body and not told.digest
    assert take in colleague.get(key).content.decode()
    assert "keys here no more" in colleague.get(take).content.decode()
    for role in (Role.EARLY_HELP, Role.ADMIN, Role.SAFEGUARDING_LEAD, Role.MANAGER):
        assert sign_in(world.person(role)).get(take).status_code == 404
    assert colleague.post(take)["Location"] == f"/testshire/refer/{draft.pk}/"
    assert colleague.get(f"/testshire/refer/{draft.pk}/").status_code == 200
    with scope(partnership=world.partnership):
        assert Draft.objects.get(pk=draft.pk).taken_answers is None, "who is gone keeps nothing of the front door's"
