"""The first page, sign-in, and the pages that stand where another could not."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from partnerships.forms import PageForm
from partnerships.permissions import Role
from partnerships.rescued import MARKS, every
from partnerships.views import failed, unavailable
from referrals.outbox import deliver_due
from tests.factories import make_world

ROOT = Path(__file__).parents[3]
WORRY = "He came in with a bruise.\nHe said <b>nothing</b>."


@pytest.fixture
def world(db):
    return make_world()


def sign_in(client: Client, world, password: str):
    person = world.person(Role.PRACTITIONER)
    person.set_password("three random words")
    person.save()
    return client.post(reverse("account_login"), {"login": person.email, "password": password})


def test_the_first_page_gives_every_area_and_its_telephone(client, world):
    page = client.get("/").content.decode()
    assert "Testshire" in page
    assert 'href="tel:01632960001"' in page
    assert 'href="tel:01632960002"' in page
    assert 'href="/testshire/"' in page


def test_every_page_says_whom_to_call_and_asks_not_to_be_indexed(client, world):
    page = client.get("/testshire/threshold/").content.decode()
    assert page.index('href="tel:999"') < page.index("<main")
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert 'format-detection" content="telephone=no' in page


def test_no_page_carries_script_or_style_inside(client, world):
    for address in ("/", "/accounts/login/", "/testshire/threshold/", "/nowhere/"):
        page = client.get(address).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on[a-z]+=", page), address


def test_signing_in_and_out(client, world):
    assert sign_in(client, world, "three random words").status_code == 302
    assert get_user(client).is_authenticated
    assert "Do you want to sign out?" in client.get(reverse("account_logout")).content.decode()
    assert get_user(client).is_authenticated
    assert client.post(reverse("account_logout")).status_code == 302
    assert not get_user(client).is_authenticated
    assert "govuk-notification-banner" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "Enter your email address"),
        ({"login": "ann at school", "password": "x"}, "Enter your email address in full"),
        ({"login": "ann@school.example.uk"}, "Enter your password"),
        ({"login": "ann@school.example.uk", "password": "wrong"}, "together they open no account"),
        ({"login": "a\x00@school.example.uk", "password": "\x00"}, "Enter your"),
        ({"login": "a" * 5000 + "@example.uk", "password": "x"}, "Enter your email address"),
    ],
)
def test_a_sign_in_that_fails_says_why_in_the_summary_and_keeps_the_address(client, world, data, says):
    page = client.post(reverse("account_login"), data).content.decode()
    summary = page.partition("govuk-error-summary__list")[2].partition("</ul>")[0]
    assert says in summary
    assert re.search(r'href="#id_(login|password)"', summary)
    assert "<title>Error: Sign in" in page
    assert "This field" not in page
    if "\x00" not in data.get("login", "\x00"):
        assert f'value="{data["login"]}"' in page
    assert "placeholder" not in page


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client, world):
    page = client.get(reverse("account_login"), {"next": "/testshire/threshold/"}).content.decode()
    assert '<input type="hidden" name="next" value="/testshire/threshold/">' in page


def test_a_new_password_by_email(client, world):
    person = world.person(Role.PRACTITIONER)
    asked = client.post(reverse("account_reset_password"), {"email": person.email}, follow=True)
    assert "Check your email" in asked.content.decode()
    assert not mail.outbox, "a page waits for no mail system"
    deliver_due(at=timezone.now())
    (sent,) = mail.outbox
    assert sent.subject == "Set a new password for Front Door"
    link = re.search(r"https?://[^/]+(/\S+)", sent.body)[1]
    form = client.get(link, follow=True)
    assert "At least 12 characters" in form.content.decode()
    address = form.redirect_chain[-1][0]
    wrong = client.post(address, {"password1": "three random words", "password2": "others"}).content.decode()
    assert 'href="#id_password2"' in wrong
    data = {"password1": "three random words", "password2": "three random words"}
    assert "Your password is set" in client.post(address, data, follow=True).content.decode()
    assert "no longer works" in client.get(link, follow=True).content.decode()


def test_an_address_without_an_account_is_answered_alike(client, world):
    asked = client.post(reverse("account_reset_password"), {"email": "nobody@example.uk"}, follow=True)
    assert "Check your email" in asked.content.decode()
    assert "Check that it is the address that your invitation went to" in asked.content.decode()
    deliver_due(at=timezone.now())
    assert not mail.outbox


def test_nobody_signs_up_but_is_told_how_to_get_an_account(client, world):
    for answer in (client.get(reverse("account_signup")), client.post(reverse("account_signup"), {"email": "a@b.uk"})):
        page = answer.content.decode()
        assert "You are invited" in page and "safeguarding lead" in page and 'href="tel:999"' in page
        assert f'href="/{world.partnership.slug}/tell/"' in page and world.partnership.front_door_name in page


def test_a_form_that_was_open_too_long_keeps_what_was_typed(world):
    client = Client(enforce_csrf_checks=True)
    answer = client.post(reverse("account_login"), {"happened": WORRY, "password": "secret words", "empty": " "})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Nothing was sent or saved just now." in page
    assert "He came in with a bruise.\nHe said &lt;b&gt;nothing&lt;/b&gt;." in page
    assert "secret words" not in page


ADDED = "/testshire/referrals/00000000-0000-4000-8000-000000000001/add/"
PAGE = "/testshire/refer/00000000-0000-4000-8000-000000000001/"
IN_WORDS = (
    (ADDED, {"text": "Seen today", "danger": "grown", "token": "f" * 32, "children": ["17"]}, [
        ("What do you want to add?", "Seen today"),
        ("Does this mean that a child may come to harm now or very soon?",
         "No, but it is a new worry, or one that has grown"),
    ]),
    (f"{PAGE}worry/", {"happened": WORRY, "known_from": ["saw", "record"], "window": "k3", "seen": "a", "later": ""}, [
        ("What happened?", WORRY), ("How do you know?", "I saw or heard it myself\nIt stands in a record"),
    ]),
    (f"{PAGE}child/2/who/", {"born": "born", "date_of_birth_day": "27", "date_of_birth_year": "19"}, [
        ("Has the child been born?", "Yes"), ("Date of birth", "27 19"),
    ]),
    (f"{PAGE}child/1/indicators/", {"chosen": ["health-2-01"], "find": "bruise"}, [
        ("Which of these fit?", "Health worry 1 of level 2"), ("", "bruise"),
    ]),
    (f"{PAGE}child/1/evidence/", {"note-health-2-01": "Three times"}, [("Health worry 1 of level 2", "Three times")]),
    ("/testshire/tell/child/", {"first_name": "Robin", "school": "Elm", "from": "check"}, [
        ("First name", "Robin"), ("School or nursery, if you know it", "Elm"),
    ]),
    ("/accounts/login/", {"nobody_knows": "These words", "token": "f" * 32}, [("", "These words")]),
)  # fmt: skip


@pytest.mark.parametrize(("address", "posted", "told"), IN_WORDS, ids=[address[-14:] for address, _, _ in IN_WORDS])
def test_what_could_not_be_taken_is_given_back_in_words_and_without_the_forms_own_marks(world, address, posted, told):
    answer = Client(enforce_csrf_checks=True).post(address, posted)
    assert answer.status_code == 403
    assert answer.context["typed"] == told


def test_every_hidden_box_and_button_of_a_page_is_known_as_such():
    """What is in no form of ours and is no mark is shown as if somebody had typed it."""
    own = {name for form in every(PageForm) for name in form.base_fields} | {"action", "chosen"}
    hidden = re.compile(r'<(?:input type="hidden"|button)[^>]*? name="([^"{]+)"')
    found = {name for each in Path("templates").rglob("*.html") for name in hidden.findall(each.read_text())}
    assert len(found) > 20 and not found - MARKS - own


def test_a_page_that_is_not_there(client, world):
    answer = client.get("/testshire/no-such-page/")
    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()


def worried_post():
    return RequestFactory().post("/testshire/refer/", {"happened": WORRY})


def test_without_a_database_the_page_says_whom_to_call_and_keeps_what_was_typed():
    answer = unavailable(worried_post())  # no database is allowed in this test
    page = answer.content.decode()
    assert answer.status_code == 503
    assert page.index('href="tel:999"') < page.index("<main")
    assert "is not saved yet" in page
    assert "He said &lt;b&gt;nothing&lt;/b&gt;." in page
    assert 'href="/"' in page


def test_a_failure_says_whom_to_call_and_keeps_what_was_typed():
    answer = failed(worried_post())
    assert answer.status_code == 500
    assert 'href="tel:999"' in answer.content.decode()
    assert "He came in with a bruise." in answer.content.decode()


def test_a_database_lost_before_any_view_is_503_with_the_text_kept(world, client, monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError("server closed the connection")

    client.raise_request_exception = False
    monkeypatch.setattr("partnerships.middleware.PartnershipMiddleware.named_in", lost)
    answer = client.post("/testshire/threshold/", {"happened": WORRY})
    assert answer.status_code == 503
    assert "He came in with a bruise." in answer.content.decode()


def test_the_first_page_weighs_little_and_the_next_ones_less(client, world):
    build = ROOT / "static" / "build"
    if not build.exists():
        pytest.skip("needs the stylesheet (bin/setup builds it)")
    files = [build / "front-door.css", build / "govuk-frontend.min.js", ROOT / "static" / "front-door.js"]
    once = sum(len(gzip.compress(path.read_bytes())) for path in files)
    page = len(gzip.compress(client.get("/accounts/login/").content))
    assert once + page <= 60_000
    assert page <= 10_000


def test_the_stylesheet_has_no_crest_and_no_type_of_another(client):
    sheet = ROOT / "static" / "build" / "front-door.css"
    if not sheet.exists():
        pytest.skip("needs the stylesheet (bin/setup builds it)")
    text = sheet.read_text()
    assert "url(" not in text
    assert "GDS Transport" not in text
