"""A sign-in ends untouched, ends in any case, ends by its owner, and ends with the role."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from partnerships.browsers import browser_name
from partnerships.models import AuditEntry, Session, User
from partnerships.permissions import Role
from referrals.models import Notice
from tests.factories import NOW, World, make_draft, make_world

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        return make_world()


def as_(person: Any, at: dt.datetime = NOW) -> Client:
    client = Client()
    with time_machine.travel(at, tick=False):
        client.force_login(person)
    return client


def status(client: Client, address: str, at: dt.datetime) -> int:
    with time_machine.travel(at, tick=False):
        return client.get(address, follow=False).status_code


@pytest.mark.parametrize(
    ("role", "page", "idle", "longest"),
    [
        (Role.SCREENER, "members", 30, 600),
        (Role.ADMIN, "partnership_settings", 30, 600),
        (Role.PRACTITIONER, "my_referrals", 60, 720),
    ],
)
def test_a_session_ends_untouched_and_in_any_case(world: World, role: Role, page: str, idle: int, longest: int) -> None:
    person, address = world.person(role), reverse(page, args=["testshire"])
    inside = 404 if role is Role.SCREENER else 200
    untouched = as_(person)
    assert status(untouched, address, NOW + (idle - 1) * MINUTE) == inside
    assert status(untouched, address, NOW + (2 * idle) * MINUTE) == 302
    used, at = as_(person), NOW
    while (at := at + 20 * MINUTE) < NOW + longest * MINUTE:
        assert status(used, address, at) == inside, at
    assert status(used, address, at) == 302
    assert AuditEntry.objects.filter(verb="session.ran_out", object_id=person.pk).count() == 2


def test_asking_how_long_is_left_is_no_use_and_extending_is(world: World) -> None:
    client, address = as_(world.person(Role.SCREENER)), reverse("session_status")
    json = {"headers": {"Accept": "application/json"}}
    with time_machine.travel(NOW + 25 * MINUTE, tick=False):
        told = client.get(address).json()
        assert (told["seconds"], told["extendable"]) == (300, True)
        assert client.get(address).json()["seconds"] == 300
        assert client.post(address, **json).json()["seconds"] == 1800
    with time_machine.travel(NOW + 50 * MINUTE, tick=False):
        assert client.get(address).json()["seconds"] == 300
    assert Client().get(address).json() == {"seconds": 0, "extendable": False}


def test_what_was_typed_survives_the_end(world: World) -> None:
    client, draft = as_(world.person(Role.PRACTITIONER)), make_draft(world)
    address = reverse("refer_page", kwargs={"partnership": "testshire", "draft_id": draft.pk, "slug": "worry"})
    with time_machine.travel(NOW + 61 * MINUTE, tick=False):
        answer = client.post(address, {"happened": "He flinched."})
    assert answer.status_code == 403 and b"He flinched." in answer.content
    assert answer["Clear-Site-Data"] == '"cache"', "pages brought back as they were go; what was typed stays"


def test_reading_writes_the_session_at_most_once_a_minute(world: World, django_assert_num_queries: Any) -> None:
    client = as_(world.person(Role.PRACTITIONER))
    key = client.session.session_key
    for seconds, seen in ((30, 0), (70, 70), (100, 70), (131, 131)):
        status(client, reverse("my_referrals", args=["testshire"]), NOW + dt.timedelta(seconds=seconds))
        assert Session.rows.get(pk=key).seen_at == NOW + dt.timedelta(seconds=seen)


def test_one_sees_and_ends_ones_own_sign_ins_and_nobody_elses(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    here, there = Client(), Client(headers={"User-Agent": FIREFOX})
    for client in (here, there):
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    page = here.get(reverse("account")).content.decode()
    assert "(here)" in page and page.count("End this sign-in") == 1
    assert there.session.session_key not in page and here.session.session_key not in page
    row = Session.rows.get(pk=there.session.session_key)
    assert browser_name(row.browser) == "Firefox on Windows"
    stranger = Client()
    stranger.force_login(world.person(Role.SCREENER))
    assert stranger.post(reverse("session_end", args=[row.handle])).status_code == 404
    assert there.get(reverse("account")).status_code == 200
    here.post(reverse("session_end", args=[row.handle]))
    gone, still = there.get(reverse("account")), here.get(reverse("account"))
    assert gone.status_code == 302 and gone["Clear-Site-Data"] == '"cache"'
    assert still.status_code == 200 and "Clear-Site-Data" not in still
    assert "Clear-Site-Data" not in there.get("/") and "Clear-Site-Data" not in Client().get("/")
    with scopes_disabled():
        assert Notice.objects.filter(to=person, subject="You signed in from another browser").count() == 1


def test_a_new_password_ends_every_other_sign_in(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    here, there = Client(), Client()
    for client in (here, there):
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    new = {"oldpassword": PASSWORD, "password1": "three random words", "password2": "three random words"}
    assert here.post(reverse("account_change_password"), new).status_code == 302
    assert there.get(reverse("account")).status_code == 302
    assert here.get(reverse("account")).status_code == 200
    with scopes_disabled():
        assert Notice.objects.filter(to=person, subject="Your password was changed").exists()


def test_forty_people_of_one_office_sign_in_while_one_of_them_is_guessed_at(world: World) -> None:
    from tests.factories import make_person

    people = [make_person(world, Role.PRACTITIONER, agency=world.school) for _ in range(40)]
    victim = people[0]
    for _ in range(8):
        answer = Client().post(reverse("account_login"), {"login": victim.email, "password": "x"})
    assert b"too many tries" in answer.content
    came_in = [
        Client().post(reverse("account_login"), {"login": each.email, "password": PASSWORD}).status_code == 302
        for each in people[1:]
    ]
    assert all(came_in) and len(came_in) == 39
    assert AuditEntry.objects.filter(verb="signin.locked", object_id=victim.pk).exists()
    assert AuditEntry.objects.filter(verb="signin.failed", object_id=victim.pk).count() == 5
    with scopes_disabled():
        assert Notice.objects.filter(to=victim, kind="signin-locked").count() == 1, "told once a day"


def test_who_is_guessed_at_from_many_places_is_told_once_a_day(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    for place in range(12):
        wrong = {"login": person.email, "password": f"guess {place}"}
        assert b"too many" not in Client(REMOTE_ADDR=f"192.0.2.{place}").post(reverse("account_login"), wrong).content
        with scopes_disabled():
            assert Notice.objects.filter(to=person, kind="signin-failed").count() == (place >= 9)


def test_no_page_tells_whether_there_is_an_account(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    gone = world.person(Role.SCREENER)
    gone.is_active = False
    gone.save()

    def page(name: str, typed: dict[str, str]) -> str:
        answer = Client().post(reverse(name), typed)
        body = answer.content.decode()
        for shown in typed.values():
            body = body.replace(shown, "")
        return f"{answer.status_code} {answer.headers.get('Location')} {without_tokens(body)}"

    nobody = "nobody@testshire.example"
    for known in (person.email, gone.email):
        assert page("account_login", {"login": known, "password": "wrong"}) == page(
            "account_login", {"login": nobody, "password": "wrong"}
        )
        assert page("account_reset_password", {"email": known}) == page("account_reset_password", {"email": nobody})


def without_tokens(page: str) -> str:
    import re

    return re.sub(r'(csrfmiddlewaretoken" value|nonce|content)="[^"]*"', "", page)


def test_staying_signed_in_works_from_a_page_without_a_form(world: World) -> None:
    """The page's script asks for the token first: a strict client is let through by it alone."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.person(Role.PRACTITIONER))  # now: the limits of a sign-in are counted by the real clock
    page = client.get("/testshire/threshold/").content.decode()
    address = re.search(r'data-session="([^"]+)"', page)
    assert address
    token = client.get(address[1], headers={"Accept": "application/json"}).json()["token"]
    assert client.post(address[1], headers={"Accept": "application/json"}).status_code == 403
    answer = client.post(address[1], headers={"Accept": "application/json", "X-CSRFToken": token})
    assert answer.status_code == 200 and answer.json()["seconds"] > 0


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_wrong_password_is_noted_by_a_thread_that_no_request_waits_for(settings: Any) -> None:
    """As it is served; in other tests it is noted before the next line (`AFTERWARDS_WITHIN`)."""
    settings.AFTERWARDS_WITHIN = 0.01
    world = make_world()
    person = world.person(Role.PRACTITIONER)
    for email in (person.email, "nobody@testshire.example"):
        Client().post(reverse("account_login"), {"login": email, "password": "wrong"})
    until = time.monotonic() + 5
    while not (noted := AuditEntry.objects.filter(verb="signin.failed")) and time.monotonic() < until:
        time.sleep(0.01)
    assert [each.object_id for each in noted] == [str(person.pk)] and noted[0].request_id


def test_behind_a_proxy_the_trail_and_the_owner_are_told_the_address_that_it_tells_of(
    world: World, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    person, client = world.person(Role.PRACTITIONER), Client(headers={"x-forwarded-for": "6.6.6.6, 203.0.113.7"})
    for password in ("wrong", PASSWORD):
        client.post(reverse("account_login"), {"login": person.email, "password": password})
    assert "203.0.113.7" in client.get(reverse("account")).content.decode()
    told = AuditEntry.objects.filter(verb__startswith="signin.").values_list("verb", "detail__address")
    assert set(told) == {("signin.failed", "203.0.113.7"), ("signin.made", "203.0.113.7")}


def test_an_office_signs_in_by_passkey_though_somebody_there_sends_junk(world: World) -> None:
    junk = [Client().post(reverse("mfa_login_webauthn"), {"credential": "{}"}).status_code for _ in range(30)]
    assert 429 not in junk


def test_a_page_that_the_browser_asks_for_again_by_itself_is_nobody_at_work(world: World) -> None:
    """A wall board left open would keep its sign-in awake all day."""
    client = as_(world.person(Role.SCREENER))
    for minutes, page in ((20, "/testshire/queue/mash/wall/"), (29, "/testshire/queue/mash/wall/")):
        with time_machine.travel(NOW + minutes * MINUTE, tick=False):
            assert client.get(page).status_code == 200
    with time_machine.travel(NOW + 31 * MINUTE, tick=False):
        assert client.get("/testshire/queue/mash/").status_code == 302


@pytest.mark.parametrize("how", ["a new password", "signed out elsewhere", "by the admin"])
def test_a_calendars_address_ends_with_the_sign_ins_of_whoever_may_have_made_it(world: World, how: str) -> None:
    screener, client = world.person(Role.SCREENER), Client()
    client.force_login(screener)
    made = re.search(r"http\S+/due[^\s<\"]*", client.post(reverse("calendar", args=["testshire"])).content.decode())
    assert made
    address = made[0].removeprefix(settings.SITE_URL)
    assert Client().get(address).status_code == 200
    if how == "a new password":
        new = {"oldpassword": PASSWORD, "password1": "three random words", "password2": "three random words"}
        assert client.post(reverse("account_change_password"), new).status_code == 302
    elif how == "signed out elsewhere":
        client.post(reverse("sessions_end_others"))
    else:
        admin = Client()
        admin.force_login(world.person(Role.ADMIN))
        admin.post(reverse("member_sign_out", args=["testshire", screener.memberships.get().pk]))
    assert Client().get(address).status_code == 404
    with scopes_disabled():
        assert Notice.objects.filter(to=screener, subject="A calendar’s address was made").exists()


@pytest.mark.parametrize("same", [True, False])
def test_what_was_typed_in_an_old_tab_is_kept_for_who_typed_it_alone(world: World, same: bool) -> None:
    """Another signed in at this browser meanwhile: what the first one typed is not put into their page."""
    first, second = world.person(Role.SCREENER), world.person(Role.PRACTITIONER)
    browser = Client(enforce_csrf_checks=True)

    def signs_in(person: User) -> None:
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(reverse("account_login")).content.decode())
        assert token
        told = {"login": person.email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        assert browser.post(reverse("account_login"), told).status_code == 302

    def token() -> str:
        found = re.search(
            r'csrfmiddlewaretoken" value="(\w+)"', browser.get(reverse("account_logout")).content.decode()
        )
        assert found
        return found[1]

    signs_in(first)
    old = token()
    assert browser.post(reverse("account_logout"), {"csrfmiddlewaretoken": old}).status_code == 302
    signs_in(first if same else second)
    sent = browser.post("/accounts/sessions/end-others/", {"note": "He flinched.", "csrfmiddlewaretoken": old})
    assert sent.status_code == 403 and "He flinched." in sent.content.decode()
    assert bool(browser.session.get("kept")) is same
