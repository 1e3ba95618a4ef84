"""Sign-in as somebody attacks it who has a part of it: a password, a code that was seen, a shared browser, time."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connections
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships import account_actions, known_browsers
from partnerships.adapters import LINKS
from partnerships.mfa_forms import AuthenticateWebAuthnForm
from partnerships.models import AuditEntry, Invitation, Session
from partnerships.permissions import Role
from referrals.models import Notice
from referrals.outbox import deliver_due
from referrals.post import Notify
from tests.factories import World, make_person, make_world
from tests.integration.partnerships.test_second_factor import PASSWORD, code, sign_in, with_app

pytestmark = pytest.mark.django_db
CODE = "mfa_authenticate"


@pytest.fixture
def world() -> World:
    cache.clear()
    return make_world()


def signed_in_as(client: Client) -> str:
    """The email address on the account's own page; empty where nobody is signed in."""
    page = client.get(reverse("account"))
    return str(page.wsgi_request.user.email) if page.status_code == 200 else ""


def test_between_password_and_code_nobody_is_signed_in_and_nothing_opens(world: World) -> None:
    screener = with_app(world.person(Role.SCREENER))
    client, away = sign_in(screener)
    assert away["Location"].startswith(reverse(CODE)) and signed_in_as(client) == ""
    for address in ("/testshire/queue/mash/", reverse("mfa_index"), reverse("mfa_reauthenticate"), reverse("account")):
        assert client.get(address)["Location"].startswith("/accounts/login/")
    for name in ("mfa_activate_totp", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_add_webauthn"):
        assert client.post(reverse(name), {"code": code()}).status_code in (302, 404)
    assert Authenticator.objects.filter(user=screener).count() == 2


def test_a_code_of_the_one_opens_nothing_after_the_password_of_the_other(world: World) -> None:
    """In one browser the password of the second person comes between: whose password was last, their code alone."""
    screener, manager = with_app(world.person(Role.SCREENER)), world.person(Role.MANAGER)
    TOTP.activate(manager, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    client, _ = sign_in(screener)
    sign_in(manager, client)
    assert client.post(reverse(CODE), {"code": code(), "login": screener.email}).status_code == 200
    assert signed_in_as(client) == ""
    sign_in(screener, client)
    assert client.post(reverse(CODE), {"code": code()}).status_code == 302 and signed_in_as(client) == screener.email


@pytest.mark.parametrize("meanwhile", ["a new password", "deactivated", "too long"])
def test_a_sign_in_half_done_ends_with_a_new_password_an_end_and_with_time(
    world: World, meanwhile: str, settings: Any
) -> None:
    """Whoever knew the old password and waits for a code to be told is out, as is every sign-in that was whole."""
    screener = with_app(world.person(Role.SCREENER))
    thief, _ = sign_in(screener)
    if meanwhile == "a new password":
        screener.set_password("another horse battery")
    elif meanwhile == "deactivated":
        screener.is_active = False
    else:
        settings.ACCOUNT_LOGIN_TIMEOUT = 0  # fifteen minutes, as it comes
    screener.save()
    thief.post(reverse(CODE), {"code": code()})
    assert signed_in_as(thief) == ""
    assert thief.get("/testshire/queue/mash/")["Location"].startswith("/accounts/")


def test_the_key_of_a_session_changes_with_the_password_and_with_the_code(world: World) -> None:
    """A key that somebody else knows, or planted, opens nothing after either step."""
    screener = with_app(world.person(Role.SCREENER))
    client = Client()
    client.get(reverse("account_login"))
    client.post(f"/testshire/refer/{'0' * 8}-0000-0000-0000-{'0' * 12}/worry/", {"happened": "x"})
    keys = [client.cookies["sessionid"].value]
    sign_in(screener, client)
    keys.append(client.cookies["sessionid"].value)
    client.post(reverse(CODE), {"code": code()})
    keys.append(client.cookies["sessionid"].value)
    assert signed_in_as(client) == screener.email and keys[2] not in keys[:2]
    for planted in keys[:2]:
        other = Client()
        other.cookies["sessionid"] = planted
        assert signed_in_as(other) == ""
    assert Session.rows.filter(user=screener).count() == 1


def test_whoever_knows_the_password_and_guesses_codes_is_told_of_once_a_day(world: World) -> None:
    screener = with_app(world.person(Role.SCREENER))
    thief, _ = sign_in(screener)
    for guess, told in ((1, 0), (2, 0), (3, 1), (4, 1)):
        thief.post(reverse(CODE), {"code": f"{guess:06d}"})
        with scope(partnership=world.partnership):
            found = Notice.objects.filter(to=screener, subject="Somebody gave wrong codes for your account")
            assert found.count() == told, guess
    assert AuditEntry.objects.filter(verb="second_factor.failed", object_id=str(screener.pk)).count() == 4


def test_a_password_with_nothing_after_it_stands_in_the_trail_and_junk_passkeys_are_told_as_codes_are(
    world: World,
) -> None:
    screener = with_app(world.person(Role.SCREENER))
    sign_in(screener)
    verbs = AuditEntry.objects.filter(object_id=str(screener.pk)).order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["signin.half_way"]
    request = RequestFactory().post(reverse(CODE))
    request.user = AnonymousUser()
    for _ in range(3):
        with context.request_context(request):
            assert not AuthenticateWebAuthnForm(user=screener, data={"credential": '{"id": "x"}'}).is_valid()
    assert list(verbs.all()) == ["signin.half_way"] + ["second_factor.failed"] * 3
    with scope(partnership=world.partnership):
        assert Notice.objects.filter(to=screener, subject="Somebody gave wrong codes for your account").count() == 1


@pytest.mark.parametrize(
    "leads", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "https:evil.example"]
)
def test_no_step_leads_elsewhere(world: World, leads: str) -> None:
    screener = with_app(world.person(Role.SCREENER))
    client = Client()
    first = client.post(
        f"{reverse('account_login')}?next={leads}", {"login": screener.email, "password": PASSWORD, "next": leads}
    )
    second = client.post(f"{reverse(CODE)}?next={leads}", {"code": code(), "next": leads})
    again = client.get(f"{reverse('mfa_reauthenticate')}?next={leads}")
    for answer in (first, second, again):
        assert "evil" not in answer.get("Location", "") and "javascript" not in answer.get("Location", "")
    assert b'href="javascript' not in again.content and b'href="//evil' not in again.content


@pytest.mark.parametrize("host", ["testserver", "127.0.0.1:9999", "localhost."])
def test_the_link_to_a_new_password_leads_to_the_portal_by_whatever_name_it_was_asked_for(
    world: World, mailoutbox: list[Any], settings: Any, host: str
) -> None:
    screener, client = world.person(Role.SCREENER), Client()
    assert (
        client.post(reverse("account_reset_password"), {"email": screener.email}, headers={"host": host}).status_code
        == 302
    )
    deliver_due(at=timezone.now())
    (link,) = re.findall(r"https?://\S+", mailoutbox[0].body)
    assert link.startswith(settings.SITE_URL + "/accounts/password/reset/key/")
    page = client.get(link.removeprefix(settings.SITE_URL), follow=True)
    new = {"password1": "seven purple otters", "password2": "seven purple otters"}
    client.post(page.request["PATH_INFO"], new)
    screener.refresh_from_db()
    assert screener.check_password("seven purple otters")


def test_the_key_to_a_new_password_lies_nowhere_and_goes_by_notify_as_well(world: World) -> None:
    """Whoever sits at an open session, or reads the table or a log, sets no new password by it."""
    screener, sent = world.person(Role.SCREENER), []
    client = Client()
    client.force_login(screener)
    assert Client().post(reverse("account_reset_password"), {"email": screener.email}).status_code == 302
    with scope(partnership=world.partnership):
        notice = Notice.objects.select_related("to").get(to=screener)
        assert "/key/" not in notice.body and notice.partnership == world.partnership
        Notify(SimpleNamespace(send_email_notification=lambda **told: sent.append(told)), "template").send(notice)
    assert "Set a new password" not in client.get(reverse("notices", args=["testshire"])).content.decode()
    link = re.search(r"/accounts/password/reset/key/\S+", sent[0]["personalisation"]["body"])
    assert link and client.get(link[0]).status_code == 302


@pytest.mark.parametrize("email", ["x@" + "ß" * 40 + ".uk", "a@\u2028.uk", "İ" * 60 + "@b.uk"])
def test_no_address_is_an_error_page(world: World, email: str) -> None:
    client = Client(raise_request_exception=False)
    assert client.post(reverse("account_reset_password"), {"email": email}).status_code in (200, 302)
    client.force_login(world.person(Role.ADMIN))
    told = {"name": "Nia New", "email": email, "role": "practitioner", "agency": "school"}
    assert client.post(reverse("member_invite", args=["testshire"]), told).status_code == 422


def at_once(tries: list[Any]) -> list[Any]:
    """All of them at the same moment; what each gave."""
    given: list[Any] = [None] * len(tries)
    gate = threading.Barrier(len(tries))

    def run(place: int) -> None:
        try:
            gate.wait()
            given[place] = tries[place]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(tries))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return given


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["the app", "recovery"])
def test_one_code_given_by_six_browsers_at_once_opens_one(world: World, kind: str) -> None:
    screener = with_app(world.person(Role.SCREENER))
    held = Authenticator.objects.get(user=screener, type="recovery_codes").wrap().get_unused_codes()[0]
    told = code() if kind == "the app" else held
    browsers = [sign_in(screener)[0] for _ in range(6)]
    at_once([lambda one=one: one.post(reverse(CODE), {"code": told}) for one in browsers])
    assert sum(signed_in_as(one) == screener.email for one in browsers) == 1
    late = sign_in(screener)[0]
    late.post(reverse(CODE), {"code": told})
    assert signed_in_as(late) == "", "nor later"


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_codes_guessed_by_many_browsers_at_once_are_counted_one_by_one(
    world: World, settings: Any, tmp_path: Path
) -> None:
    """With files as cache, as without Redis: five guesses within five minutes, however many at once."""
    settings.CACHES = {"default": {"BACKEND": "partnerships.file_cache.FileCache", "LOCATION": str(tmp_path)}}
    screener = with_app(world.person(Role.SCREENER))
    browsers = [sign_in(screener)[0] for _ in range(12)]
    at_once([lambda one=one, n=n: one.post(reverse(CODE), {"code": f"{n:06d}"}) for n, one in enumerate(browsers)])
    assert AuditEntry.objects.filter(verb="second_factor.failed").count() <= 5
    answer = browsers[0].post(reverse(CODE), {"code": code(time.time())})
    assert b"too many tries" in answer.content and signed_in_as(browsers[0]) == ""


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_an_app_that_is_set_up_by_presses_at_once_is_there_once(world: World) -> None:
    screener = world.person(Role.SCREENER)
    client, _ = sign_in(screener)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    made = format_hotp_value(hotp_value(secret, int(time.time() // 30)))

    def press() -> Any:
        browser = Client(raise_request_exception=False)
        browser.cookies["sessionid"] = client.cookies["sessionid"].value
        return browser.post(reverse("mfa_activate_totp"), {"code": made})

    answers = at_once([press] * 3)
    assert {each["Location"] for each in answers} == {reverse("mfa_view_recovery_codes")}
    assert Authenticator.objects.filter(user=screener, type="totp").count() == 1


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_somebody_new_who_is_invited_by_presses_at_once_is_one_person(world: World) -> None:
    admin = Client()
    admin.force_login(world.person(Role.ADMIN))
    told = {"name": "Nia New", "email": "nia@testshire.example", "role": "practitioner", "agency": "school"}

    def press() -> int:
        browser = Client(raise_request_exception=False)
        browser.cookies["sessionid"] = admin.cookies["sessionid"].value
        return browser.post(reverse("member_invite", args=["testshire"]), told).status_code

    assert at_once([press] * 3) == [302] * 3
    assert Invitation.objects.waiting().filter(user__email="nia@testshire.example").count() == 1


HELD_UP = "There were too many tries to sign in with this email address"


def guess(email: str, place: int, client: Client | None = None, password: str = "wrong wrong wrong") -> Any:
    """One try from a place of its own."""
    browser = client or Client()
    return browser.post(
        reverse("account_login"),
        {"login": email, "password": password},
        REMOTE_ADDR=f"192.0.{place // 200}.{place % 200 + 1}",
    )


def test_guesses_from_many_addresses_are_slowed_together_and_the_owner_is_not_locked_out(world: World) -> None:
    owner = world.person(Role.PRACTITIONER)
    home, _ = sign_in(owner)
    cookie = home.cookies["known"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/accounts/"
    assert owner.email not in cookie.value and str(owner.pk) not in cookie.value
    home.post(reverse("account_logout"))
    for place in range(known_browsers.MOST):
        assert HELD_UP not in guess(owner.email, place).content.decode(), place
    late = guess(owner.email.upper(), 900)
    assert HELD_UP in late.content.decode() and "forgotten my password" in late.content.decode()
    right = Client()
    assert HELD_UP in guess(owner.email, 901, right, PASSWORD).content.decode(), "nor is a right one looked at"
    assert signed_in_as(right) == ""
    verbs = AuditEntry.objects.filter(verb="signin.held_up", object_id=str(owner.pk))
    with scope(partnership=world.partnership):
        told = Notice.objects.filter(to=owner, subject="There are many tries to sign in to your account")
        assert verbs.count() == 1 and told.count() == 1
    assert guess(owner.email, 902, home, PASSWORD).status_code == 302 and signed_in_as(home) == owner.email
    other = world.person(Role.SAFEGUARDING_LEAD)
    assert sign_in(other)[1].status_code == 302, "of the same office, at another account"


def test_an_address_without_an_account_is_slowed_alike(world: World) -> None:
    owner, nobody = world.person(Role.PRACTITIONER).email, "nobody@testshire.example"
    said = {
        email: [HELD_UP in guess(email, place).content.decode() for place in range(known_browsers.MOST + 3)]
        for email in (owner, nobody)
    }
    assert said[owner] == said[nobody] and said[nobody].count(True) == 3


def test_a_stolen_mark_of_a_browser_has_few_tries_and_is_worth_nothing_for_another_account(world: World) -> None:
    owner, other = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    home, _ = sign_in(owner)
    thief = Client()
    for place in range(known_browsers.MOST):
        guess(owner.email, place)
        guess(other.email, place)
    thief.cookies["known"] = home.cookies["known"].value
    assert HELD_UP in guess(other.email, 900, thief).content.decode()
    said = [
        HELD_UP in guess(owner.email, 901 + n, thief).content.decode() for n in range(known_browsers.MOST_KNOWN + 2)
    ]
    assert said == [False] * known_browsers.MOST_KNOWN + [True] * 2
    thief.cookies["known"] = "x:y:z|" * 50
    assert HELD_UP in guess(owner.email, 950, thief).content.decode()


def test_right_passwords_are_no_guesses_and_a_new_password_by_the_link_opens_this_browser(
    world: World, settings: Any
) -> None:
    owner = world.person(Role.PRACTITIONER)
    for place in range(known_browsers.MOST + 5):
        assert guess(owner.email, place, password=PASSWORD).status_code == 302
    for place in range(known_browsers.MOST + 1):
        guess(owner.email, place)
    elsewhere = Client()
    assert HELD_UP in guess(owner.email, 900, elsewhere, PASSWORD).content.decode()
    owner.refresh_from_db()
    link = account_actions.new_password_link(owner).removeprefix(settings.SITE_URL)
    form = elsewhere.get(link, follow=True)
    new = "three quiet random words"
    elsewhere.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert guess(owner.email, 901, elsewhere, new).status_code == 302 and signed_in_as(elsewhere) == owner.email


def test_who_asks_for_link_after_link_keeps_nobody_from_the_link(world: World) -> None:
    """It is the way in for whoever is held up in a new browser."""
    owner, nobody = world.person(Role.PRACTITIONER).email, "nobody@testshire.example"
    for email in (owner, nobody):
        asked = [
            Client().post(reverse("account_reset_password"), {"email": email}, REMOTE_ADDR=f"192.0.2.{n}")
            for n in range(9)
        ]
        assert {each.status_code for each in asked} == {302}, "whoever asks, and whether or not there is an account"
    with scope(partnership=world.partnership):
        assert Notice.objects.filter(subject="Set a new password for Front Door").count() == LINKS


def test_a_shared_browser_is_known_to_its_latest_people(world: World) -> None:
    shared = Client()
    people = [make_person(world, Role.PRACTITIONER) for _ in range(known_browsers.PEOPLE + 2)]
    for person in people:
        sign_in(person, shared)
        shared.post(reverse("account_logout"))
    request = RequestFactory().post(reverse("account_login"))
    request.COOKIES["known"] = shared.cookies["known"].value
    known = [bool(known_browsers.mark_of(request, person.email)) for person in people]
    assert known == [False] * 2 + [True] * known_browsers.PEOPLE and len(shared.cookies["known"].value) < 1000
