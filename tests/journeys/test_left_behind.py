"""What a browser still shows of a child once somebody has left, and what it keeps on its disk: nothing.

While the sign-in goes on, *Back* shows the page again with what was typed, also where the portal is away meanwhile.

Chromium with a profile of its own, whose pages may come back as they were (Playwright forbids that unless asked), also
those that say `no-store`, as it brings them back at more and more desks.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from partnerships.models import Membership, Session, User
from partnerships.permissions import Role
from referrals.models import Draft, Referral
from referrals.public import views as public
from tests.factories import World, make_draft, make_person, make_referral, make_world
from tests.journeys.conftest import QUIET, chromium

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
CHILD, WORRY, TYPED = "Zephyrine", "Kestrelword", "Plovertyped"
OF_THE_CHILD = (CHILD, WORRY, TYPED)
BRINGS_BACK = "--enable-features=CacheControlNoStoreEnterBackForwardCache:level/restore-unless-http-only-cookie-change"
TELLS = """addEventListener("pageshow", event => {
    if (!event.persisted || location.pathname === "/accounts/login/") return; // which shows nobody's record
    console.info("came back " + (document.documentElement.hidden ? "hidden" : "open"));
})"""
Opens = Callable[..., Page]


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def browsing(request: Any, playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """As it brings back pages that say `no-store`, where most could be left; as it is only where a test asks for it."""
    more = [] if getattr(request, "param", "") == "as it is" else [BRINGS_BACK]
    with opened(playwright, tmp_path, *more) as context:
        yield context


@contextmanager
def opened(playwright: Playwright, folder: Path, *more: str) -> Iterator[BrowserContext]:
    """Chromium on the profile in this folder, which stays there when it is closed."""
    context = playwright.chromium.launch_persistent_context(
        str(folder / "profile"),
        executable_path=chromium(),
        args=[*QUIET, *more],
        ignore_default_args=["--disable-back-forward-cache"],
        locale="en-GB",
        downloads_path=str(folder / "taken-on-purpose"),
    )
    context.set_default_timeout(20_000)
    context.add_init_script(TELLS)
    yield context
    context.close()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another site, in place of the weather."""

    class Weather(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>Weather</title><p>Rain later")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Weather)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def signed_in(browsing: BrowserContext, live: Any, person: User) -> Page:
    """Somebody with every factor, by a cookie that is the portal's own to the last mark."""
    client = Client()
    client.force_login(person)
    made = client.cookies[settings.SESSION_COOKIE_NAME]
    assert settings.SESSION_COOKIE_HTTPONLY
    browsing.add_cookies(
        [{"name": made.key, "value": made.value, "url": live.url, "httpOnly": True, "sameSite": "Lax"}]
    )
    page = browsing.pages[0]
    page.goto(f"{live.url}/accounts/")
    return page


def of_the_child(page: Page) -> list[str]:
    """What of the child stands in this page, shown or not. Its title and address are part of it."""
    told = page.evaluate("() => [location.href, document.title, document.documentElement.outerHTML].join(' ')")
    typed = page.evaluate("() => [...document.querySelectorAll('input, textarea')].map(box => box.value).join(' ')")
    return [word for word in OF_THE_CHILD if word in told + typed]


def step(page: Page, delta: int) -> None:
    """Back or forward by the browser's own history, until what comes is there and quiet."""
    page.evaluate("delta => setTimeout(() => history.go(delta))", delta)
    page.wait_for_timeout(700)
    page.wait_for_function("() => document.readyState === 'complete' && !document.documentElement.hidden")


def look_everywhere(page: Page, live: Any, pages: list[str], steps: int) -> list[str]:
    """Back as far as it goes, forward again, reload, anew, in another tab, its source: all that is still to be seen."""
    found: list[str] = []

    def look(how: str, where: Page = page) -> None:
        found.extend(f"{how}: {word} at {where.evaluate('location.href')}" for word in of_the_child(where))

    for n in range(steps):
        step(page, -1)
        look(f"back {n + 1}")
    page.reload()
    look("reloaded")
    for n in range(steps):
        step(page, +1)
        look(f"forward {n + 1}")
    other = page.context.new_page()
    for address in pages:
        for how in ("", "view-source:"):
            other.goto(how + address)
            look(f"in another tab, {how}", other)
    other.close()
    return found


def kept_on_disk(profile: Path, words: tuple[str, ...]) -> list[str]:
    """Files of the profile with one of these words in them, in one or two bytes a letter."""
    found = []
    for file in (each for each in profile.rglob("*") if each.is_file()):
        kept = file.read_bytes()
        found += [
            f"{word} in {file.relative_to(profile)}"
            for word in words
            if word.encode() in kept or word.encode("utf-16-le") in kept
        ]
    return sorted(found)


def both_hats(world: World) -> User:
    """Somebody who refers and who screens, so that one browser sees a child's record, queue, papers and form."""
    person = make_person(world, Role.SCREENER, team=world.mash)
    Membership.objects.create(
        user=person, partnership=world.partnership, role=Role.PRACTITIONER.value, agency=world.school
    )
    return person


def read_and_write(page: Page, live: Any, world: World, person: User) -> list[str]:
    """Open a record, its PDF, the queue, a decision and a form, and type into both; gives where the child stands."""
    referral = make_referral(world, child={"first_name": CHILD}, answers={"worry": {"happened": WORRY}})
    draft = make_draft(world, by=person, child_name=CHILD)
    one, form = f"{live.url}/testshire/triage/{referral.pk}/", f"{live.url}/testshire/refer/{draft.pk}/child/1/who/"
    queue = f"{live.url}/testshire/queue/mash/"
    page.goto(one)
    page.get_by_role("button", name="Take this referral").click()
    with page.expect_download() as paper:
        page.get_by_role("link", name="Download the summary").click()
    assert Path(paper.value.path()).read_bytes().startswith(b"%PDF-")
    page.goto(queue)
    page.goto(f"{one}decide/")
    page.get_by_label("Why did you decide this?").or_(page.locator("[name=reason]")).first.fill("Not sent yet")
    page.goto(form)
    page.get_by_label("Last name").fill(TYPED)
    assert TYPED in of_the_child(page) and CHILD in of_the_child(page), "what is looked for is found where it stands"
    pages = [one, queue, f"{one}decide/", form]
    for address in pages:
        page.goto(f"view-source:{address}")
        assert CHILD in of_the_child(page) or "decide" in address, address
    page.goto(form)
    page.get_by_label("Last name").fill(TYPED)
    page.goto(f"{live.url}/accounts/logout/")
    return pages


def test_signed_out_nothing_of_a_child_is_shown_any_more_nor_kept_on_the_disk(
    live: Any, world: World, browsing: BrowserContext, tmp_path: Path, playwright: Playwright
) -> None:
    person = both_hats(world)
    page = signed_in(browsing, live, person)
    pages = read_and_write(page, live, world, person)
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert look_everywhere(page, live, pages, 10) == []
    page.wait_for_timeout(3000)  # the browser writes its history every few seconds
    browsing.close()
    profile = tmp_path / "profile"
    assert kept_on_disk(profile, ("front-door.css",)), "the disk is read: the stylesheet is kept"
    assert any("/Sessions/" in each for each in kept_on_disk(profile, ("/testshire/queue/mash/",)))
    assert kept_on_disk(profile, (*OF_THE_CHILD, "%PDF-")) == []
    with opened(playwright, tmp_path, "--restore-last-session") as again:
        for tab in again.pages:
            tab.wait_for_load_state()
            assert of_the_child(tab) == [], "what was open is opened again: by an address that asks to sign in"
        assert any(live.url in tab.url for tab in again.pages), [tab.url for tab in again.pages]


def test_a_sign_in_that_ran_out_shows_nothing_any_more_by_back_or_by_the_page_left_open(
    live: Any, world: World, browsing: BrowserContext
) -> None:
    person = both_hats(world)
    page, said = signed_in(browsing, live, person), []
    page.on("console", lambda told: said.append(told.text))
    pages = read_and_write(page, live, world, person)
    left = browsing.new_page()
    left.goto(pages[0])
    written = browsing.new_page()
    written.goto(pages[3])
    written.get_by_label("Last name").fill(f"{TYPED} again")
    Session.rows.update(seen_at=timezone.now() - dt.timedelta(minutes=61))
    for each in (left, written):
        each.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")  # somebody comes back to it
    expect(left.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert of_the_child(left) == []
    expect(written.get_by_text("You have been signed out")).to_be_visible()
    assert TYPED in of_the_child(written), "what was typed is not taken away"
    assert look_everywhere(page, live, pages, 10) == []
    assert "came back open" not in said


def type_and_leave(page: Page, live: Any, world: World, person: User) -> None:
    """Why, on a decision that is not sent yet; then the queue."""
    referral = make_referral(world, child={"first_name": CHILD}, answers={"worry": {"happened": WORRY}})
    page.goto(f"{live.url}/testshire/triage/{referral.pk}/")
    page.get_by_role("button", name="Take this referral").click()
    page.goto(f"{live.url}/testshire/triage/{referral.pk}/decide/")
    page.locator("[name=reason]").first.fill(TYPED)
    page.goto(f"{live.url}/testshire/queue/mash/")


def still_typed(page: Page) -> None:
    box = page.locator("[name=reason]").first
    expect(box).to_be_visible(timeout=15_000)
    expect(box).to_have_value(TYPED)
    expect(page.get_by_role("heading", name="can’t be reached")).to_have_count(0)


@pytest.mark.parametrize("browsing", ["as it is", "brings back no-store"], indirect=True)
def test_still_signed_in_back_shows_the_page_again_and_what_was_typed(
    live: Any, world: World, browsing: BrowserContext, request: pytest.FixtureRequest
) -> None:
    person = both_hats(world)
    page, said = signed_in(browsing, live, person), []
    page.on("console", lambda told: said.append(told.text))
    type_and_leave(page, live, world, person)
    for delta in (-1, +1, -1):
        step(page, delta)
    still_typed(page)
    assert ("came back hidden" in said) == ("brings back" in request.node.callspec.id), said
    assert "came back open" not in said


def test_where_no_page_is_brought_back_what_was_typed_last_is_there_all_the_same(
    live: Any, world: World, browser: Browser
) -> None:
    person = both_hats(world)
    context = browser.new_context(locale="en-GB")
    context.new_page()
    page = signed_in(context, live, person)
    type_and_leave(page, live, world, person)
    step(page, -1)
    still_typed(page)
    form = f"{live.url}/testshire/refer/{make_draft(world, by=person, child_name=CHILD).pk}/child/1/who/"
    page.goto(form)
    page.get_by_label("Last name").fill(TYPED)
    page.goto(f"{live.url}/testshire/queue/mash/")
    page.wait_for_timeout(1500)  # what is saved in leaving may still be on its way
    step(page, -1)
    expect(page.get_by_label("Last name")).to_have_value(TYPED)
    context.close()


def test_brought_back_while_the_portal_is_away_it_says_so_and_shows_what_was_typed_once_it_answers(
    live: Any, world: World, playwright: Playwright, tmp_path: Path
) -> None:
    person = both_hats(world)
    with opened(playwright, tmp_path, BRINGS_BACK) as browsing:
        page = signed_in(browsing, live, person)
        type_and_leave(page, live, world, person)
        browsing.set_offline(True)
        step(page, -1)
        expect(page.get_by_role("heading", name="Front Door can’t be reached")).to_be_visible()
        expect(page.get_by_role("alert").get_by_role("link", name="999")).to_be_visible()
        expect(page.get_by_text(CHILD).first).to_be_hidden()
        page.wait_for_timeout(6000)
        expect(page.get_by_role("heading", name="Front Door can’t be reached")).to_be_visible()
        browsing.set_offline(False)
        still_typed(page)
        step(page, +1)
        browsing.set_offline(True)
        step(page, -1)
        Session.rows.update(seen_at=timezone.now() - dt.timedelta(minutes=61))
        browsing.set_offline(False)
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible(timeout=15_000)
        assert of_the_child(page) == [], "meanwhile the sign-in ran out"


def test_exit_this_page_leaves_nothing_to_go_back_to(
    live: Any,
    world: World,
    browsing: BrowserContext,
    elsewhere: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(public, "ELSEWHERE", elsewhere)
    page, base = browsing.pages[0], f"{live.url}/testshire/tell/"
    page.goto(base)
    page.get_by_role("button", name="Start now").click()
    page.get_by_label("First name").fill(CHILD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("What are you worried about?").fill(WORRY)
    page.get_by_role("button", name="Continue").click()
    page.goto(f"{base}worry/")
    page.get_by_label("What are you worried about?").fill(f"{WORRY} {TYPED}")
    assert set(of_the_child(page)) >= {WORRY, TYPED}
    page.get_by_role("button", name="Exit this page").click()
    expect(page.get_by_text("Rain later")).to_be_visible()
    pages = [f"{base}{each}" for each in ("child/", "worry/", "check/", "")]
    assert look_everywhere(page, live, pages, 5) == []
    with scope(partnership=world.partnership):
        assert Draft.objects.get().discarded_at and not Referral.objects.exists()
    page.wait_for_timeout(3000)
    browsing.close()
    assert kept_on_disk(tmp_path / "profile", ("/testshire/tell/",)), "the history stays, as the page says"
    assert kept_on_disk(tmp_path / "profile", OF_THE_CHILD) == []
