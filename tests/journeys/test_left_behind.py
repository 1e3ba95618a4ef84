"""What a browser still shows of a child once somebody has left, and what it keeps on its disk: nothing.

Chromium with a profile of its own, whose pages may come back as they were (Playwright forbids that unless asked), once
as it is and once as it also brings back pages that say `no-store`, as it does at more and more desks.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from referrals.models import Draft, Referral
from referrals.public import views as public
from tests.factories import World, make_world
from tests.journeys.conftest import BROWSERS, QUIET

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
CHILD, WORRY, TYPED = "Zephyrine", "Kestrelword", "Plovertyped"
OF_THE_CHILD = (CHILD, WORRY, TYPED)
BRINGS_BACK = "--enable-features=CacheControlNoStoreEnterBackForwardCache:level/restore-unless-http-only-cookie-change"
TELLS = """addEventListener("pageshow", event => {
    if (event.persisted) console.info("came back " + (document.documentElement.hidden ? "hidden" : "open"));
})"""
Opens = Callable[..., Page]


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture(params=["as it is", "brings back no-store"])
def browsing(request: Any, playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    more = [BRINGS_BACK] if request.param == "brings back no-store" else []
    with opened(playwright, tmp_path, *more) as context:
        yield context


@contextmanager
def opened(playwright: Playwright, folder: Path, *more: str) -> Iterator[BrowserContext]:
    """Chromium on the profile in this folder, which stays there when it is closed."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no browser here: journeys need Chromium (bin/setup --with-browser installs it where it may)")
    context = playwright.chromium.launch_persistent_context(
        str(folder / "profile"),
        executable_path=path,
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
