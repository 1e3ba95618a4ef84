"""What somebody with an account, the source and bad intent tried, each held shut by a test.

`docs/security.md` tells the whole list; what stands here has no better place beside what it concerns.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from partnerships.models import Membership, User
from partnerships.permissions import Role
from referrals.models import Draft, Referral
from tests.factories import NOW, World, make_draft, make_referral, make_world

PASSWORD = "correct horse battery"
WORRY = "He flinched when the door <b>banged</b>."


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def as_(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def sign_in(person: User, password: str, address: str, **extra: Any) -> bool:
    answer = Client().post(
        reverse("account_login"), {"login": person.email, "password": password}, REMOTE_ADDR=address, **extra
    )
    return answer.status_code == 302


# --- accounts -----------------------------------------------------------------------------------------------------


def test_nobody_locks_a_screener_out_from_elsewhere(world: World) -> None:
    person = world.person(Role.SCREENER)
    assert not any(sign_in(person, "wrong", "203.0.113.9") for _ in range(9))
    assert not sign_in(person, PASSWORD, "203.0.113.9"), "the guesser goes on guessing"
    assert sign_in(person, PASSWORD, "198.51.100.7")


def test_one_who_guesses_does_not_lock_out_an_office(world: World) -> None:
    for n in range(20):
        Client().post(
            reverse("account_login"), {"login": f"{n}@nowhere.example", "password": "x"}, REMOTE_ADDR="203.0.113.8"
        )
    assert sign_in(world.person(Role.SCREENER), PASSWORD, "203.0.113.8")


def test_behind_a_proxy_each_address_is_counted_for_itself(world: World, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    person, forged = world.person(Role.SCREENER), "198.51.100.1, 203.0.113.7"
    assert not any(sign_in(person, "wrong", "10.0.0.1", HTTP_X_FORWARDED_FOR=forged) for _ in range(6))
    assert not sign_in(person, PASSWORD, "10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.2, 203.0.113.7")
    assert sign_in(person, PASSWORD, "10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.9")


@pytest.mark.parametrize(
    "page", ["email/", "confirm-email/", "confirm-email/abc/", "login/code/", "login/code/confirm/", "password/set/"]
)
def test_the_sign_in_librarys_other_pages_are_not_there(world: World, page: str) -> None:
    client = as_(world.person(Role.PRACTITIONER))
    assert client.get(f"/accounts/{page}").status_code == 404
    assert client.post(f"/accounts/{page}").status_code == 404


def test_nobody_moves_an_account_to_another_address(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    client, before = as_(person), person.email
    for what in ("action_add", "action_primary"):
        client.post("/accounts/email/", {what: "", "email": "screener@another.example"})
    person.refresh_from_db()
    assert person.email == before
    assert not mail.outbox


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "http:x.ex",
    ],
)
def test_signing_in_and_out_leads_nowhere_else(world: World, where: str) -> None:
    client = Client()
    typed = {"login": world.person(Role.PRACTITIONER).email, "password": PASSWORD, "next": where}
    assert client.post(reverse("account_login"), typed)["Location"] == "/testshire/"
    assert client.post(reverse("account_logout"), {"next": where})["Location"] == "/"


def test_a_forged_host_gets_into_no_link(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    Client().post(reverse("account_reset_password"), {"email": person.email}, HTTP_X_FORWARDED_HOST="evil.example")
    assert "evil.example" not in mail.outbox[0].body
    assert Client().get("/", HTTP_HOST="evil.example").status_code == 400


def test_signing_out_empties_the_browsers_cache_and_its_back_button_shows_nothing(world: World) -> None:
    client = as_(world.person(Role.SCREENER))
    address = reverse("referral", args=["testshire", make_referral(world).pk])
    assert b"Robin" in client.get(address).content
    assert '"cache"' in client.post(reverse("account_logout"))["Clear-Site-Data"]
    assert client.get(address).status_code == 302


# --- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "address", "extra"),
    [
        ("get", "/", {}),
        ("get", "/testshire", {}),  # the slash is put to it before any view
        ("get", "/", {"HTTP_HOST": "evil.example"}),
        ("get", "/nowhere/at/all/", {}),
        ("get", "/static/nothing.css", {}),
        ("get", "/health/", {}),
        ("put", "/testshire/", {}),
        ("get", "/accounts/login/", {}),
        ("post", "/testshire/refer/start/", {}),
    ],
)
def test_every_answer_forbids_keeping_framing_and_foreign_script(
    world: World, method: str, address: str, extra: dict[str, str]
) -> None:
    answer = getattr(as_(world.person(Role.PRACTITIONER)), method)(address, **extra)
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_an_answer_without_a_database_is_not_kept_either(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("gone")

    client = as_(world.person(Role.PRACTITIONER))
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", gone)
    answer = client.post(reverse("refer_start", args=["testshire"]), {"happened": WORRY})
    assert answer.status_code == 503 and b"He flinched" in answer.content
    assert "no-store" in answer["Cache-Control"]


# --- words that must not be lost ----------------------------------------------------------------------------------


def worry_page(draft: Draft) -> str:
    return reverse("refer_page", kwargs={"partnership": "testshire", "draft_id": draft.pk, "slug": "worry"})


def gives_back(answer: Any) -> bool:
    page = answer.content.decode()
    return "He flinched when the door &lt;b&gt;banged&lt;/b&gt;." in page and "<b>banged" not in page


def test_whoever_is_signed_out_while_writing_gets_every_word_back(world: World) -> None:
    answer = Client().post(worry_page(make_draft(world)), {"happened": WORRY, "seen": "0123"})
    assert answer.status_code == 403 and gives_back(answer)
    page = answer.content.decode()
    assert "You are signed out" in page and "/accounts/login/?next=/testshire/refer/" in page
    assert "0123" not in page


def test_a_page_that_went_away_while_somebody_wrote_gives_the_words_back(world: World) -> None:
    client, draft = as_(world.person(Role.PRACTITIONER)), make_draft(world)
    client.post(reverse("refer_discard", args=["testshire", draft.pk]))
    answer = client.post(worry_page(draft), {"happened": WORRY})
    assert answer.status_code == 404 and gives_back(answer)


def test_a_role_that_ends_while_somebody_writes_is_gone_at_once_and_loses_no_word(world: World) -> None:
    person, draft = world.person(Role.PRACTITIONER), make_draft(world)
    client = as_(person)
    Membership.objects.filter(user=person).update(ended_at=NOW - dt.timedelta(days=3000))
    answer = client.post(worry_page(draft), {"happened": WORRY})
    assert answer.status_code == 404 and gives_back(answer)
    draft_now = draft
    with scope(partnership=world.partnership):
        draft_now.refresh_from_db()
    assert "worry" not in draft_now.answers


def test_a_reason_for_what_was_stepped_down_meanwhile_is_given_back(world: World) -> None:
    referral, client = make_referral(world), as_(world.person(Role.SCREENER))
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=referral.pk).update(team=world.early_help)
    answer = client.post(reverse("referral_decide", args=["testshire", referral.pk]), {"reason": WORRY})
    assert answer.status_code == 404 and gives_back(answer)
