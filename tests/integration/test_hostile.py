"""Every address, GET and POST, with what nobody should send: whatever comes, the answer is never a failure of ours.

The walk is made from the URLconf, by everybody in turn. It goes at least once through every address whose gate is open
to somebody, and through every fifth of those that another has gone through or whose gate is shut; then on, every role
through all that is open to it, until its time is up (`HOSTILE=60` seconds of it), so that it stays bounded however slow
the machine is.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db.models import F
from django.test import Client
from django.urls import URLPattern, reverse
from django_scopes import scope, scopes_disabled

from partnerships.permissions import Role
from referrals.domain.lifecycle import State
from referrals.intake.pages import PAGES
from referrals.models import Referral
from tests.factories import NOW, World, make_draft, make_letter, make_referral, make_world
from tests.integration.addresses import ADDRESSES, parts, route_names

FIELD = b'--X\r\nContent-Disposition: form-data; name="happened"\r\n\r\n%s\r\n--X--\r\n'
SECONDS = float(os.environ.get("HOSTILE", "0"))
DIGITS = "9" * 4300
VALUES = (
    "",
    "\x00",
    "a\x00b",
    "\ud800",
    "x\udfff\x1b[31m",
    DIGITS,
    "-" + DIGITS,
    "9223372036854775808",
    "1e309",
    "NaN",
    "٣",
    "²",
    "0x1f",
    "31 February",
    "0001-01-01",
    "99999-12-31",
    "24:61",
    "A" * 40_000,
    "\U0001f9d2" * 500,
    "\u202egnp.exe",
    "{{7*7}}{% debug %}",
    "%s%n%(x)s{0.__class__}",
    "' OR 1=1; --",
    "<svg onload=alert(1)>",
    "[" * 5000 + "]" * 5000,
    '{"a":' * 2000 + "1" + "}" * 2000,
    "../../etc/passwd",
    "a\r\nSet-Cookie: b=c",
    "none",
    "yes",
)
NAMES = """
page show q level weeks week state indicated decided outcome differs clock timeliness from next
seen doubts later update another words note reason team to decided_level told_referrer revision
preview change on opens closes always_open front_door_name front_door_telephone
out_of_hours_telephone hours_note label name description explanation indicators informed given
change_note when holds_from login password email remember key token agency
""".split()  # noqa: SIM905  names, read more easily than quoted
COOKIES = ("\x00", '"\\000"', "a" * 5000, "é", "\ud800", "[[[", "=;=;=")
BODIES = (
    (b"\xff\xfe\x00=%ff&%00=%", "application/x-www-form-urlencoded"),
    (b"a=1&" * 3000, "application/x-www-form-urlencoded; charset=no-such-thing"),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "multipart/form-data; boundary=x"),
    (b"junk", "multipart/form-data"),
    (b"junk", "multipart/form-data; boundary=" + "x" * 300),
    (b"[" * 100_000, "application/json"),
    (b"\x00", ""),
)
QUERIES = (
    "%00",
    "%ff%fe=%ff",
    "page=" + DIGITS,
    "page=-1",
    "a[]=1&a[]=2",
    "&&&;;;=",
    "show=%ed%a0%80",
    "q=" + "%F0" * 2000,
)
PATHS = (
    *(
        "/%00/",
        "/%ff%fe/",
        "/testshire/%00/",
        "/testshire/triage/" + DIGITS + "/",
        "/testshire/queue/%ed%a0%80/",
        "//",
        "/.",
    ),
    *("/testshire/refer/00000000-0000-0000-0000-000000000000/child/" + DIGITS + "/who/", "/testshire/content/../../x/"),
    *("/testshire/settings/closure-days/99999999999999999999999/remove/", "/" + "a" * 9000 + "/", "/accounts/%00/"),
    *("/accounts/password/reset/key/" + DIGITS + "-set-password/", "/accounts/password/reset/key/zzz-%00/"),
    "/testshire/content/testshire-2026/reword/indicator/99999999999999999999999/",
)
CHANGES_MUCH = ("refer_discard", "refer_send", "refer_remove", "closure_day_remove", "threshold_publish")
"""Walked last in each round, so that the others meet a record that is still there."""


def field_names() -> list[str]:
    """Every name that a form of ours reads, as far as it is known without a record."""
    of_pages = {name for page in PAGES for name in page.form.base_fields}
    dates = {f"{name}_{part}" for name in of_pages for part in ("day", "month", "year")}
    return sorted({*NAMES, *of_pages, *dates, "on_day", "on_month", "on_year"})


FIELDS = field_names()


def records(world: World) -> dict[str, Any]:
    """Fresh records for one round: a draft of the practitioner's, a referral in the screener's hands."""
    with scopes_disabled():
        told = parts(world)
    referral = make_referral(world)
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=referral.pk).update(
            state=State.IN_HAND.value, owner=world.person(Role.SCREENER), owned_at=NOW, revision=F("revision") + 1
        )
    draft = make_draft(world)
    return {**told, "referral_id": referral.pk, "draft_id": draft.pk, "letter_id": make_letter(world, referral).pk}


def addresses(told: dict[str, Any], role: Role, walked: set[str], chance: random.Random) -> Iterator[str]:
    """Every address past whose gate this role comes and that was not walked yet, each of the form's pages among them;
    what ends a record comes last. Of the others, every fifth."""
    ordered = sorted(ADDRESSES, key=lambda each: each[1].name in CHANGES_MUCH)
    for route, pattern in ordered:
        opened = not pattern.callback.gate or role.permissions & {*pattern.callback.gate}
        if opened and route not in walked or not chance.randrange(5):
            walked.add(route)
            yield addressed(route, pattern, told, chance)
    yield from (reverse(name) for name in ("account_login", "account_reset_password", "account_change_password"))


def addressed(route: str, pattern: URLPattern, told: dict[str, Any], chance: random.Random) -> str:
    kwargs = {name: told[name] for name in route_names(route)}
    if pattern.name == "refer_page":
        page = chance.choice([page for page in PAGES if bool(page.group) == ("number" in kwargs)])
        kwargs["slug"] = page.slug
        if page.group:
            kwargs |= {"group": page.group, "number": 1}
    return reverse(pattern.name, kwargs={**kwargs, **pattern.default_args})


def strange(chance: random.Random) -> str:
    return chance.choice(VALUES)


def marks(page: Any) -> dict[str, str]:
    """The hidden marks of the form that was shown, so that what is posted is not turned away as stale."""
    if page is None or page.streaming:
        return {}
    return {
        name.decode(): value.decode()
        for name, value in re.findall(rb'name="(seen|revision|doubts)" value="([^"]*)"', page.content)
    }


def send(client: Client, address: str, method: str, chance: random.Random, shown: Any = None) -> Any:
    """One hostile request."""
    if chance.random() < 0.15:
        client.cookies[chance.choice(("csrftoken", "messages", "junk"))] = "x"
        extra = {"HTTP_COOKIE": f"{client.cookies.output(header='', sep=';')}; messages={chance.choice(COOKIES)!a}"}
    else:
        extra = {}
    if method == "get":
        if chance.random() < 0.4:
            return client.get(address, QUERY_STRING=chance.choice(QUERIES), **extra)
        typed = {name: strange(chance).encode("utf-8", "surrogatepass") for name in chance.sample(FIELDS, 4)}
        return client.get(address, typed, **extra)
    if chance.random() < 0.2:
        body, kind = chance.choice(BODIES)
        return client.generic("POST", address, body, content_type=kind, **extra)
    typed = {name: strange(chance) for name in chance.sample(FIELDS, chance.choice((1, 20, 100)))} | marks(shown)
    pairs = [f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in typed.items()]
    return client.generic(
        "POST", address, "&".join(pairs), content_type="application/x-www-form-urlencoded; charset=utf-8", **extra
    )


@pytest.mark.django_db
def test_nothing_that_is_sent_makes_any_page_fail(
    settings: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("CRITICAL")
    settings.ACCOUNT_RATE_LIMITS = False
    world, chance = make_world(), random.Random(20261124)  # the same walk every time, as far as it gets
    failed, tried, ends, first = [], 0, time.monotonic() + SECONDS, True
    walked: set[str] = set()
    while first or time.monotonic() < ends:
        for role in Role:
            client = Client(raise_request_exception=False)
            client.force_login(world.person(role))
            for address in addresses(records(world), role, walked if first else set(), chance):
                answer = None
                for method in ("get", "post"):
                    if not first and time.monotonic() > ends:
                        break
                    answer = send(client, address, method, chance, answer)
                    tried += 1
                    if answer.status_code >= 500 and not answer.headers.get("X-Watched"):
                        failed.append(f"{role.value} {method.upper()} {address}: {answer.status_code}")
        first = False
    with capsys.disabled():
        print(f"\n{tried:,} hostile requests, {len(failed)} failures")
    assert not failed, "\n".join(failed[:40])


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_no_path_makes_a_page_fail(path: str) -> None:
    world = make_world()
    for role in (Role.PRACTITIONER, Role.ADMIN):
        client = Client(raise_request_exception=False)
        client.force_login(world.person(role))
        for method in ("GET", "POST", "HEAD"):
            assert client.generic(method, path).status_code < 500


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["utf-16", "zip", "undefined", "idna"])
def test_a_form_said_to_be_in_another_character_set_is_read_as_ours(world: World, charset: str) -> None:
    """A browser sends what our pages are in; whatever else a sender says of it fails no page."""
    for kind, body in (
        ("application/x-www-form-urlencoded", b"happened=A%20bruise"),
        ("multipart/form-data; boundary=X", FIELD % b"A bruise"),
    ):
        answer = Client().generic("POST", "/testshire/tell/worry/", body, f"{kind}; charset={charset}")
        assert answer.status_code in (200, 302, 422), (kind, answer.status_code)


@pytest.mark.django_db
def test_what_is_no_form_at_all_is_one_page_of_ours(world: World) -> None:
    answer = Client().generic("POST", "/testshire/tell/worry/", b"a", "multipart/form-data; boundary=\xff")
    assert answer.status_code == 400 and b"We could not read what your browser sent" in answer.content
