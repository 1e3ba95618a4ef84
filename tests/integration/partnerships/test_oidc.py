"""An organisation's own sign-in opens its own invited people's accounts, and nothing else: against a small provider."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from config.oidc import read_oidc
from partnerships import oidc_asking
from partnerships.models import User
from partnerships.permissions import Role
from tests.factories import World, make_world

pytestmark = pytest.mark.django_db


def unsigned(claims: dict[str, Any]) -> str:
    """An ID token. It comes by the provider's own connection, so its signature need not be looked at (OIDC 3.1.3.7)."""
    parts = ({"alg": "RS256", "kid": "1"}, claims)
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts), "c2ln"])


class Provider(BaseHTTPRequestHandler):
    """Answers as an OpenID Connect provider does, about whoever `person` says."""

    person: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    """Instead of what is right: by the end of the address, what is said."""
    broken = False
    silent = threading.Event()
    """Set, it takes what is asked, and drips instead of an answer."""
    asked: list[str] = []

    def odd(self) -> bool:
        self.asked.append(self.path)
        if self.silent.is_set():
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            with contextlib.suppress(OSError):
                while self.silent.is_set():
                    self.wfile.write(b"x")
                    time.sleep(0.01)
            self.close_connection = True
            return True
        told = [said for end, said in self.answers.items() if self.path.endswith(end)]
        for said in told:
            self.say(said)
        return bool(told)

    def do_GET(self) -> None:
        here = f"http://{self.headers['Host']}"
        if self.odd():
            return None
        if self.path.endswith("openid-configuration"):
            return self.say(
                {
                    "issuer": here,
                    "authorization_endpoint": f"{here}/authorize",
                    "token_endpoint": f"{here}/token",
                    "userinfo_endpoint": f"{here}/userinfo",
                    "jwks_uri": f"{here}/keys",
                }
            )
        return self.say(self.person)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.odd():
            return None
        if self.broken:
            return self.say({"error": "server_error"})
        now = int(time.time())
        claims = {
            "iss": f"http://{self.headers['Host']}",
            "aud": "front-door",
            "iat": now,
            "exp": now + 60,
            "auth_time": now,
        }
        token = unsigned({**claims, "sub": self.person.get("sub"), **self.claims})
        return self.say({"access_token": "t", "token_type": "Bearer", "id_token": token})

    def say(self, told: Any) -> None:
        """A number is a status, bytes are themselves, the rest is JSON."""
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(told if isinstance(told, int) else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def provider(settings: Any) -> Iterator[type[Provider]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    told = read_oidc(
        json.dumps(
            [
                {
                    "id": "police",
                    "name": "Testshire Police",
                    "server_url": f"http://127.0.0.1:{server.server_port}",
                    "client_id": "front-door",
                    "secret": "s",
                    "domains": ["testshire.example"],
                    "second_factor": True,
                    "acr": ["gold"],
                }
            ]
        ),
        plain_http=True,
    )
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": told.apps}}
    settings.OIDC_WITH_SECOND_FACTOR = told.with_second_factor
    Provider.broken, Provider.claims, Provider.answers = False, {"amr": ["pwd", "mfa"]}, {}
    Provider.silent.clear()
    Provider.asked.clear()
    oidc_asking.forget()
    cache.clear()
    yield Provider
    Provider.silent.clear()
    server.shutdown()
    server.server_close()


def sign_in_by_police(person: dict[str, Any]) -> tuple[Client, Any]:
    Provider.person = {"sub": "42", **person}
    client = Client()
    away = client.post(reverse("openid_connect_login", args=["police"]))
    assert away.status_code == 302 and "/authorize?" in away["Location"]
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["state"]
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["300"]), "whoever sits there is asked anew"
    back = client.get(reverse("openid_connect_callback", args=["police"]), {"code": "c", "state": asked["state"][0]})
    return client, back


def test_an_invited_person_is_signed_in_by_a_verified_address(world: World, provider: type[Provider]) -> None:
    screener = world.person(Role.SCREENER)
    assert "Sign in by Testshire Police" in Client().get(reverse("account_login")).content.decode()
    client, back = sign_in_by_police({"email": screener.email.upper(), "email_verified": True})
    assert back.status_code == 302
    assert client.get(reverse("account")).content.decode().count(screener.email) == 1
    assert client.get(reverse("queue", args=["testshire"]))["Location"].startswith("/testshire/"), "their factor counts"
    again, _ = sign_in_by_police({"email": screener.email, "email_verified": True})
    assert again.get(reverse("account")).status_code == 200


@pytest.mark.parametrize(
    ("claims", "counts"),
    [
        ({"amr": ["pwd", "otp"]}, True),
        ({"acr": "gold"}, True),
        ({}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "pin"]}, False),
        ({"amr": "mfa"}, False),
        ({"amr": [["mfa"], None]}, False),
        ({"acr": "silver"}, False),
        ({"amr": ["mfa"], "auth_time": time.time() - 9 * 3600}, False),
        ({"amr": ["mfa"], "auth_time": time.time() + 9 * 3600}, False),
        ({"amr": ["mfa"], "auth_time": None}, False),
        ({"amr": ["mfa"], "auth_time": "now"}, False),
    ],
)
def test_a_second_factor_counts_only_where_the_organisation_says_so_of_this_sign_in(
    world: World, provider: type[Provider], claims: dict[str, Any], counts: bool
) -> None:
    Provider.claims = claims
    client, back = sign_in_by_police({"email": world.person(Role.SCREENER).email, "email_verified": True})
    assert back.status_code == 302
    to = client.get(reverse("queue", args=["testshire"]))["Location"]
    assert to.startswith("/testshire/") is counts and to.startswith("/accounts/2fa/") is not counts


def test_the_word_of_an_organisation_whose_word_does_not_count_is_nothing(
    world: World, provider: type[Provider], settings: Any
) -> None:
    settings.OIDC_WITH_SECOND_FACTOR = []
    client, _ = sign_in_by_police({"email": world.person(Role.SCREENER).email, "email_verified": True})
    assert client.get(reverse("queue", args=["testshire"]))["Location"].startswith("/accounts/2fa/")


@pytest.mark.parametrize(
    "told",
    [
        {"email_verified": False},
        {},
        {"email_verified": True, "email": "nobody@testshire.example"},
        {"email_verified": True, "email": "screener@othershire.example"},
        {"email_verified": True, "email": ""},
        {"email_verified": True, "email": "x@evil.example@testshire.example"},
    ],
)
def test_nobody_else_is(world: World, provider: type[Provider], told: dict[str, Any]) -> None:
    before = User.objects.count()
    client, back = sign_in_by_police({"email": world.person(Role.SCREENER).email, **told})
    assert back.status_code == 403 and b"opens no account here" in back.content
    assert client.get(reverse("account")).status_code == 302
    assert User.objects.count() == before


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-portal"},
        {"aud": []},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": "somebody else"},
    ],
    ids=str,
)
def test_a_token_for_another_by_another_too_old_or_of_somebody_else_signs_nobody_in(
    world: World, provider: type[Provider], claims: dict[str, Any]
) -> None:
    Provider.claims = {"amr": ["mfa"], **claims}
    client, back = sign_in_by_police({"email": world.person(Role.SCREENER).email, "email_verified": True})
    assert back.status_code in (403, 502) and client.get(reverse("account")).status_code == 302


def begun(client: Client, provider: str, **more: str) -> str:
    """Begins a sign-in in this browser; gives the state of it."""
    away = client.post(reverse("openid_connect_login", args=[provider]), more)
    return parse_qs(urlsplit(away["Location"]).query)["state"][0]


def test_an_answer_is_good_once_in_the_browser_and_for_the_organisation_that_it_was_asked_of(
    world: World, provider: type[Provider], settings: Any
) -> None:
    """Else somebody signs another in as themselves, or one organisation answers for the other."""
    (app,) = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    second = {**app, "provider_id": "hospital", "settings": {**app["settings"], "domains": ["hospital.example"]}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app, second]}}
    Provider.person = {"sub": "42", "email": world.person(Role.SCREENER).email, "email_verified": True}
    victim, thief = Client(), Client()
    state = begun(thief, "police")
    police, hospital = (reverse("openid_connect_callback", args=[name]) for name in ("police", "hospital"))
    assert victim.get(police, {"code": "c", "state": state}).status_code == 502, "in another browser"
    assert thief.get(hospital, {"code": "c", "state": state}).status_code == 502, "of another organisation"
    assert thief.get(police, {"code": "c"}).status_code == 502, "without"
    assert thief.get(police, {"code": "c", "state": state}).status_code == 302
    assert thief.get(police, {"code": "c", "state": state}).status_code == 502, "a second time"
    assert victim.get(reverse("account")).status_code == 302


@pytest.mark.parametrize(
    "more", [{"next": "https://evil.example/"}, {"next": "//evil.example"}, {"process": "connect"}]
)
def test_an_organisations_sign_in_leads_nowhere_else_and_joins_nothing(
    world: World, provider: type[Provider], more: dict[str, str]
) -> None:
    screener, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    Provider.person = {"sub": "42", "email": screener.email, "email_verified": True}
    client = Client()
    if more.get("process"):
        client.force_login(manager)
    asked = client.post(reverse("openid_connect_login", args=["police"]), more)
    if asked.status_code == 302 and "/authorize?" in asked["Location"]:
        state = parse_qs(urlsplit(asked["Location"]).query)["state"][0]
        asked = client.get(reverse("openid_connect_callback", args=["police"]), {"code": "c", "state": state})
    assert "evil" not in asked.get("Location", "")
    if more.get("process"):
        assert asked.status_code in (302, 403) and not manager.socialaccount_set.exists()
        assert manager.email in client.get(reverse("account")).content.decode()


def test_an_organisations_sign_in_is_begun_by_a_press_not_by_a_link(world: World, provider: type[Provider]) -> None:
    opened = Client().get(reverse("openid_connect_login", args=["police"]))
    assert opened.status_code == 200 and "/authorize?" not in opened.content.decode()


def test_an_organisation_opens_no_account_of_another_domain(world: World, provider: type[Provider]) -> None:
    other = make_world("othershire").person(Role.SCREENER)
    assert sign_in_by_police({"email": other.email, "email_verified": True})[1].status_code == 403


def test_whoever_has_left_is_not_signed_in(world: World, provider: type[Provider]) -> None:
    screener = world.person(Role.SCREENER)
    sign_in_by_police({"email": screener.email, "email_verified": True})
    screener.memberships.update(ended_at="2026-01-01T00:00Z")
    assert sign_in_by_police({"email": screener.email, "email_verified": True})[1].status_code == 403


def test_a_provider_that_fails_says_so_and_a_forged_answer_signs_nobody_in(
    world: World, provider: type[Provider]
) -> None:
    Provider.broken = True
    person = {"email": world.person(Role.SCREENER).email, "email_verified": True}
    assert sign_in_by_police(person)[1].status_code == 502
    forged = Client().get(reverse("openid_connect_callback", args=["police"]), {"code": "c", "state": "forged"})
    assert forged.status_code == 502
    assert Client().get(reverse("openid_connect_login", args=["nobody"])).status_code == 404


CONFIGURATION, TOKEN, USERINFO = "openid-configuration", "/token", "/userinfo"
WHOLE = {"access_token": "t", "id_token": unsigned({"sub": "42"})}


@pytest.mark.parametrize("odd", [500, [], {}, "x", b"<html>", b"", {"authorization_endpoint": 3}], ids=str)
def test_a_provider_that_tells_nonsense_of_itself_is_a_page_that_says_so(
    world: World, provider: type[Provider], odd: Any
) -> None:
    Provider.answers = {CONFIGURATION: odd}
    answer = Client().post(reverse("openid_connect_login", args=["police"]))
    assert answer.status_code == 502 and "Sign in with your password" in answer.content.decode()
    Provider.answers = {}
    assert begun(Client(), "police"), "what was wrong is not kept"


@pytest.mark.parametrize(
    "odd",
    [
        {USERINFO: []},
        {USERINFO: "x"},
        {USERINFO: 500},
        {USERINFO: b"<html>"},
        {USERINFO: {"email": "x@testshire.example"}},
        {USERINFO: {"sub": ""}},
        {USERINFO: {"sub": None}},
        {USERINFO: {"sub": {"a": 1}}},
        {USERINFO: {"sub": "x" * 192}},
        {USERINFO: {"sub": "42", "name": 3, "email": ["x"]}},
        {TOKEN: []},
        {TOKEN: "access_token"},
        {TOKEN: b'{"'},
        {TOKEN: {**WHOLE, "expires_in": "soon"}},
        {TOKEN: {**WHOLE, "expires_in": 10**20}},
        {TOKEN: {**WHOLE, "id_token": 3}},
        {TOKEN: {**WHOLE, "id_token": unsigned({"sub": "42", "aud": "front-door"})}},
    ],
    ids=lambda odd: str(odd)[:60],
)
def test_a_provider_that_answers_oddly_signs_nobody_in_and_is_no_error_of_ours(
    world: World, provider: type[Provider], odd: dict[str, Any]
) -> None:
    Provider.answers = odd
    client, back = sign_in_by_police({"email": world.person(Role.SCREENER).email, "email_verified": True})
    assert back.status_code == 502 and client.get(reverse("account")).status_code == 302


def test_a_provider_that_drips_holds_no_page_up(
    world: World, provider: type[Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It still drips when the page says so; and it is not asked again for a while, by whomever."""
    monkeypatch.setattr(oidc_asking, "SECONDS", 0.2)
    login = reverse("openid_connect_login", args=["police"])
    client = Client()
    state = begun(client, "police")
    assert begun(Client(), "police") and len(Provider.asked) == 1, "where its pages are is known for a while"
    Provider.silent.set()
    back = client.get(reverse("openid_connect_callback", args=["police"]), {"code": "c", "state": state})
    assert back.status_code == 502 and len(Provider.asked) == 2
    oidc_asking._known.clear()
    assert {Client().post(login).status_code for _ in range(5)} == {502} and len(Provider.asked) == 2
    monkeypatch.setattr(oidc_asking, "LEFT_ALONE", 0.0)
    Provider.silent.clear()
    oidc_asking.forget()
    assert Client().post(login).status_code == 302


def test_what_proves_who_sits_there_is_measured_by_when_the_organisation_asked(
    world: World, provider: type[Provider]
) -> None:
    """It asked four minutes ago: the code of this sign-in is good for six more, however late somebody comes back."""
    Provider.claims = {"amr": ["mfa"], "auth_time": time.time() - 240}
    client, _ = sign_in_by_police({"email": world.person(Role.MANAGER).email, "email_verified": True})
    address = reverse("audit_export", args=["testshire"])
    assert client.get(address).status_code == 200
    with time_machine.travel(time.time() + 420):
        assert client.get(address).status_code == 403


def test_who_sits_at_a_session_that_an_organisation_opened_adds_no_passkey_by_a_password(
    world: World, provider: type[Provider]
) -> None:
    client, _ = sign_in_by_police({"email": world.person(Role.MANAGER).email, "email_verified": True})
    add = reverse("mfa_add_webauthn")
    assert client.get(add).status_code == 200, "who has just signed in"
    with time_machine.travel(time.time() + 900):
        again = client.get(add)["Location"]
        assert again.startswith(reverse("prove_anew")) and b"Sign in again first" in client.get(again).content
        client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
        assert client.get(add).status_code == 302


def test_how_somebody_is_asked_is_not_said_by_who_asks(world: World, provider: type[Provider]) -> None:
    login = reverse("openid_connect_login", args=["police"])
    away = Client().post(f"{login}?auth_params=prompt%3Dnone%26redirect_uri%3Dhttps://evil.example&scope=admin")
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert asked["prompt"] == ["login"] and "evil" not in away["Location"] and "admin" not in asked["scope"][0]


@pytest.mark.parametrize("told", ["\u0131", "\u017f"])
def test_an_address_that_only_a_database_takes_for_the_same_is_anothers(
    world: World, provider: type[Provider], told: str
) -> None:
    """PostgreSQL's capitals make an i of a dotless one, and an s of a long one."""
    screener = world.person(Role.SCREENER)
    other = screener.email.replace("i" if told == "\u0131" else "s", told, 1)
    assert sign_in_by_police({"email": other, "email_verified": True})[1].status_code == 403
    assert User.objects.of_address(other) is None and User.objects.of_address(screener.email.upper()) == screener


def test_outside_the_demonstration_an_organisation_is_asked_by_https_alone(
    world: World, provider: type[Provider], settings: Any
) -> None:
    settings.DEMO = False
    assert Client().post(reverse("openid_connect_login", args=["police"])).status_code == 502


def test_few_wait_for_one_provider_at_a_time(
    provider: type[Provider], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are told at once, and their threads serve the pages of everybody else."""
    monkeypatch.setattr(oidc_asking, "SECONDS", 0.4)
    monkeypatch.setattr(oidc_asking, "WAITS", 0.01)
    Provider.silent.set()
    (app,) = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]

    def ask() -> None:
        with contextlib.suppress(oidc_asking.Silent), oidc_asking.Session() as session:
            session.get(app["settings"]["server_url"])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(Provider.asked) == oidc_asking.AT_ONCE


def test_an_organisations_sign_in_is_counted_by_address_as_every_sign_in_is(
    world: World, provider: type[Provider], settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    login, back = (reverse(f"openid_connect_{name}", args=["police"]) for name in ("login", "callback"))
    assert [Client().post(login).status_code for _ in range(3)] == [302, 302, 429]
    assert Client().get(back, {"code": "c", "state": "x"}).status_code == 429
    assert Client().post(login, REMOTE_ADDR="192.0.2.9").status_code == 302


ONE = '[{"id": "%s", "server_url": "%s", "name": "x", "client_id": "x", "secret": "x", "domains": ["x"]}]'


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("{", "no JSON"),
        ("{}", "a JSON list"),
        ('[{"id": "x"}]', "lacks"),
        ('["x"]', "list of objects"),
        (ONE % ("a/b", "https://idp.example"), "can't stand in an address"),
        (ONE % ("police", "http://idp.example"), "must be https"),
    ],
)
def test_a_setting_that_is_wrong_is_one_line(told: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        read_oidc(told)
