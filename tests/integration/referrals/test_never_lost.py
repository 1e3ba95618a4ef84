"""Nothing typed is lost: saved while it is typed, kept through signing in again, never overwritten."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships.kept import kept
from partnerships.models import AuditEntry, Session
from partnerships.permissions import Role
from referrals.intake.answers import Answers
from referrals.intake.pages import PAGES
from referrals.models import Draft, Referral
from tests.factories import World, make_person, make_referral

pytestmark = pytest.mark.django_db


@pytest.fixture
def practitioner(world: World) -> Client:
    client = Client()
    client.force_login(world.person(Role.PRACTITIONER))
    return client


def begin(client: Client) -> str:
    return client.post("/testshire/refer/start/")["Location"]


def seen(client: Client, address: str) -> str:
    return re.search(rb'name="seen" value="([^"]*)"', client.get(address).content)[1].decode()


def typing(client: Client, page: str, mark: str, /, **typed: Any) -> Any:
    return client.post(page, {"seen": mark, **typed}, headers={"X-Autosave": "1"})


def stored(world: World) -> Answers:
    with scope(partnership=world.partnership):
        return Answers(Draft.objects.get().answers)


def test_what_is_typed_is_stored_and_the_page_stays_open(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    page = f"{draft}worry/"
    first = typing(practitioner, page, seen(practitioner, page), happened="A bru")
    assert first.status_code == 200 and re.fullmatch(r"\d{1,2}(:\d\d)?[ap]m|midday|midnight", first.json()["saved"])
    assert stored(world).said("worry", "happened") == "A bru"
    second = typing(practitioner, page, first.json()["seen"], happened="A bruise")
    third = typing(practitioner, page, second.json()["seen"], happened="A bruise")
    assert third.status_code == 200 and third.json()["seen"] == second.json()["seen"]
    trail = AuditEntry.objects.filter(verb="draft.saved")
    assert trail.count() == 1, "that a page is being written is one line, not one a second"
    assert "Not yet started" in worry_task(practitioner, draft)
    assert practitioner.post(page, {"seen": second.json()["seen"], "happened": "A bruise"}).status_code == 302
    assert "Not yet started" not in worry_task(practitioner, draft) and trail.count() == 2


def worry_task(client: Client, draft: str) -> str:
    return re.search(r"Your worry</a>.*?</li>", client.get(draft).content.decode(), re.S)[0]


def test_a_field_that_cannot_be_read_keeps_what_was_stored_and_is_named(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    page = f"{draft}child/1/who/"
    born = {"born": "born", "date_of_birth_month": "2", "date_of_birth_year": "2020"}
    good = typing(practitioner, page, seen(practitioner, page), date_of_birth_day="28", **born)
    wrong = typing(
        practitioner, page, good.json()["seen"], date_of_birth_day="31", first_name="Robin", last_name="x" * 300, **born
    )
    assert wrong.status_code == 200 and set(wrong.json()["unread"]) == {"Date of birth", "Last name"}
    child = stored(world).children[0]
    assert child.first_name == "Robin" and child.date_of_birth.isoformat() == "2020-02-28" and child.last_name == ""


def test_it_never_overwrites_what_another_window_saved(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    page = f"{draft}worry/"
    mark = seen(practitioner, page)
    assert typing(practitioner, page, mark, happened="The first window").status_code == 200
    late = typing(practitioner, page, mark, happened="The second window")
    assert late.status_code == 409 and "another window" in late.json()["why"]
    assert stored(world).said("worry", "happened") == "The first window"
    both = practitioner.post(page, {"seen": mark, "happened": "The second window"})
    assert both.status_code == 409 and "The first window" in both.content.decode()


def test_what_this_window_stored_without_hearing_so_is_no_other_windows(world: World, practitioner: Client) -> None:
    page = f"{begin(practitioner)}worry/"
    mark = seen(practitioner, page)
    typing(practitioner, page, mark, happened="A bru", window="17.1")  # its answer is lost: the mark stays the old one
    late = typing(practitioner, page, mark, happened="A bruise", window="17.3")
    assert late.status_code == 200 and stored(world).said("worry", "happened") == "A bruise"
    for window in ("17.2", "17.3", "18.9", "17.", ".", "", "17.99999999999", "x" * 500):
        other = typing(practitioner, page, mark, happened="An older text", window=window)
        assert other.status_code == 409, f"{window}: neither later from this window, nor what is stored"
    assert stored(world).said("worry", "happened") == "A bruise"
    pressed = practitioner.post(page, {"seen": mark, "happened": "A bruise, twice.", "window": "17.4"})
    assert pressed.status_code == 302 and stored(world).said("worry", "happened") == "A bruise, twice."
    again = practitioner.post(page, {"seen": mark, "happened": "Older", "window": "17.5"})
    assert again.status_code == 409, "once it was pressed, nothing follows it unseen"


def test_one_s_own_words_saved_a_moment_ago_are_no_conflict(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    page = f"{draft}worry/"
    mark = seen(practitioner, page)
    typing(practitioner, page, mark, happened="The same words")
    assert practitioner.post(page, {"seen": mark, "happened": "The same words"}).status_code == 302


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_every_page_of_the_form_can_be_saved_so(world: World, practitioner: Client, page: Any) -> None:
    draft = begin(practitioner)
    address = f"{draft}{page.group + '/1/' if page.group else ''}{page.slug}/"
    names = list(page.form.base_fields)
    for value in ("", "x", "\x00", "9" * 5000):
        answer = typing(practitioner, address, "", **dict.fromkeys(names, value))
        assert answer.status_code in (200, 409), (value[:9], answer.content[:300])
    assert practitioner.get(draft).status_code == 200


def test_too_late_is_said_and_nothing_changes(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    page = f"{draft}worry/"
    practitioner.post(page, {"seen": seen(practitioner, page), "happened": "A bruise"})
    practitioner.post(f"{draft}send/")
    late = typing(practitioner, page, "", happened="More")
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
    assert late.status_code == 409 and referral.reference in late.json()["why"]


def test_after_signing_in_again_the_same_page_has_the_typed_text(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    page = f"{draft}worry/"
    mark = seen(practitioner, page)
    practitioner.session.flush()
    typed = {"seen": mark, "happened": "Robin said “no” & hid.", "who_told": "y" * 300, "known_from": ["saw", "child"]}
    out = practitioner.post(page, typed)
    assert out.status_code == 403 and "what you typed just now is kept" in out.content.decode()
    assert "Who told you, and when?" in out.content.decode() and "who_told" not in out.content.decode()
    assert "Robin said" not in str(practitioner.session.items()), "it lies there sealed"
    assert typing(practitioner, page, mark, happened="x").status_code == 403
    practitioner.post(page, typed)
    user = world.person(Role.PRACTITIONER)
    signed_in = practitioner.post(
        f"/accounts/login/?next={page}", {"login": user.email, "password": "correct horse battery", "next": page}
    )
    assert signed_in.status_code == 302 and signed_in["Location"] == page
    body = practitioner.get(page).content.decode()
    assert "Robin said “no” &amp; hid." in body and "y" * 300 in body and "not saved yet" in body
    assert len(re.findall(r'name="known_from"[^>]* checked', body)) == 2
    assert "characters or fewer" in body, "what is wrong with it is said at once"
    done = practitioner.post(page, {**typed, "who_told": "The neighbour"})
    assert done.status_code == 302 and stored(world).said("worry", "happened") == "Robin said “no” & hid."
    assert "not saved yet" not in practitioner.get(page).content.decode()


def test_a_screeners_words_stand_above_the_page_that_they_were_typed_on_until_they_are_put_in_again(
    world: World,
) -> None:
    screener, row = world.person(Role.SCREENER), make_referral(world)
    browser = Client()
    browser.force_login(screener)
    browser.post(f"/testshire/triage/{row.pk}/claim/")
    address = f"/testshire/triage/{row.pk}/note/"
    Session.rows.filter(user=screener).update(seen_at=timezone.now() - dt.timedelta(hours=2))
    assert browser.post(address, {"note": "He said “no” & hid."}).status_code == 403
    browser.force_login(screener)
    again = browser.get(address).content.decode()
    assert "He said “no” &amp; hid." in again and "not sent yet" in again
    assert "He said" not in browser.get(f"/testshire/triage/{row.pk}/").content.decode(), "on that page alone"
    done = browser.post(address, {"text": "He said “no” & hid.", "note": "He said “no” & hid.", "words": "x"})
    assert done.status_code == 302 and "not sent yet" not in browser.get(address).content.decode()


def test_somebody_else_at_the_same_machine_does_not_see_it(world: World, practitioner: Client) -> None:
    draft = begin(practitioner)
    page = f"{draft}worry/"
    practitioner.session.flush()
    practitioner.post(page, {"happened": "Robin said no."})
    practitioner.force_login(world.person(Role.SAFEGUARDING_LEAD))
    answer = practitioner.get(page)
    assert answer.status_code == 404 and b"Robin" not in answer.content


def test_what_was_typed_when_a_session_ran_out_is_shown_to_who_typed_it_on_a_shared_computer(world: World) -> None:
    """The page to key a contact is everybody's: a colleague who signs in at the same browser meets none of it."""
    first, second = world.person(Role.SCREENER), make_person(world, Role.SCREENER, team=world.mash)
    address = reverse("contact_key", args=["testshire"])
    browser = Client()
    browser.force_login(first)
    browser.get(address)
    Session.rows.filter(user=first).update(seen_at=timezone.now() - dt.timedelta(hours=2))
    answer = browser.post(address, {"name": "Zephyrine Marlow"})
    assert answer.status_code == 403 and b"Zephyrine" in answer.content, "to copy at once"
    again = RequestFactory().get(address)
    again.session = browser.session
    for again.user, shown in ((second, None), (first, ["Zephyrine Marlow"])):
        found = kept(again)
        assert (found and found.getlist("name")) == shown


def test_what_was_promised_to_be_kept_makes_room_for_nothing(world: World, monkeypatch: Any) -> None:
    """Whoever was signed out, or whose draft a lead took over, with five pages open has all five, or has it said."""
    monkeypatch.setattr("partnerships.kept.MOST_PAGES", 3)
    browser = Client()
    browser.force_login(world.person(Role.PRACTITIONER))
    draft = browser.post("/testshire/refer/start/")["Location"]
    browser.session.flush()
    said = [
        browser.post(f"{draft}{page}/", {"happened": f"Of {page}"}).content.decode()
        for page in ("worry", "tried", "family", "consent")
    ]
    assert ["what you typed just now is kept" in page for page in said] == [True, True, True, False]
    assert "Of consent" in said[-1] and len(browser.session["kept"]) == 3


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_draft_has_a_size_and_what_is_beyond_it_is_given_back(
    world: World, monkeypatch: Any, by_itself: bool
) -> None:
    """Each save writes all of a draft anew: without an end, ten pages of five million letters hold a processor."""
    monkeypatch.setattr("referrals.intake.actions.MOST_TOLD", 3_000)
    browser = Client()
    browser.force_login(world.person(Role.PRACTITIONER))
    draft = browser.post("/testshire/refer/start/")["Location"]
    for page, name, status in (("worry", "happened", 302), ("tried", "tried", 409)):
        seen = re.search(rb'name="seen" value="([^"]*)"', browser.get(f"{draft}{page}/").content)[1].decode()
        told = {name: "She cried. " * 200, "seen": seen, "window": "a.1"}
        how = {"X-Autosave": "1"} if by_itself and page == "tried" else {}
        answer = browser.post(f"{draft}{page}/", told, headers=how)
        assert answer.status_code == status
    said = answer.json()["why"] if by_itself else answer.content.decode()
    assert "more text than one can take" in said and (by_itself or "She cried. " * 200 in said)
    with scope(partnership=world.partnership):
        assert "tried" not in Draft.objects.get().answers


def test_nobody_fills_the_disk_with_words_whose_writer_nobody_knows(world: World, monkeypatch: Any) -> None:
    """Every address of a record takes such words in; from one place no more of them than an office could have typed."""
    cache.clear()
    monkeypatch.setattr("partnerships.kept.MOST_BY_NOBODY", 2)
    told = [Client().post(f"/testshire/refer/{uuid.uuid4()}/worry/", {"happened": "He cries."}) for _ in range(4)]
    assert all(page.status_code == 403 and "He cries." in page.content.decode() for page in told), (
        "given back all the same"
    )
    assert Session.rows.count() == 2


def test_what_nobody_knows_the_writer_of_is_kept_for_no_page_that_everybody_has(world: World) -> None:
    browser = Client()
    answer = browser.post(reverse("contact_key", args=["testshire"]), {"name": "Zephyrine Marlow"})
    assert answer.status_code == 403 and b"Zephyrine" in answer.content
    assert "kept" not in browser.session
