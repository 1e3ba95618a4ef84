"""A real browser for the journeys, and what each of them looks at.

    @pytest.mark.journey
    def test_something(live, page_narrow):
        page_narrow.goto(live.url + "/")
        assert_axe_clean(page_narrow)

`sign_in`, `assert_axe_clean`, `assert_fits`, `look` and `shot` are fixtures that give the function.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright

from tests.journeys.portal import Portal, portal_of_this_run

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in the test's thread

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LIGHT = "chromium-headless-shell"
"""Chromium without the windows that nobody looks at: the same pages at two thirds of the work."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium(*first: str) -> str:
    """The path of the browser that journeys are made in, of these names first; a test that needs one is skipped where
    there is none."""
    path = next((found for name in (*first, *BROWSERS) if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("needs Chromium (bin/setup --with-browser installs it where it may)")
    return path


click, press = Locator.click, Locator.press


def arrive(page: Page) -> None:
    """Wait for what was just pressed: a form may hold its button back until a save has ended, then leads on."""
    expect(page.locator("form[aria-busy=true]")).to_have_count(0, timeout=20_000)
    page.wait_for_load_state()


def click_and_arrive(self: Locator, **how: Any) -> None:
    """A click that leads to another page ends when that page is there.

    Playwright's own ends when the answer has begun to arrive: what is counted, read or measured at once may then be
    asked of half a page, or of none.
    """
    click(self, **how)
    arrive(self.page)


def press_and_arrive(self: Locator, key: str, **how: Any) -> None:
    """The same of a key pressed."""
    press(self, key, **how)
    arrive(self.page)


Locator.click, Locator.press = click_and_arrive, press_and_arrive


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = chromium(LIGHT)
    if not (ROOT / "static" / "build" / "front-door.css").exists():
        pytest.skip("needs the stylesheet (bin/setup builds it)")
    started = playwright.chromium.launch(executable_path=path, args=list(QUIET))
    yield started
    started.close()


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal as `make run` starts it, once for all tests that ask for it.

    They say `pytest.mark.xdist_group("portal")`, so that they run in one process. What the one leaves behind, the
    other finds: a test asks for what it made itself, by its reference.
    """
    with portal_of_this_run(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
def live(live_server: Any) -> Any:
    """The site, served to the browser from the test's own database. `live.url` is its address."""
    return live_server


@pytest.fixture
def sign_in(live: Any) -> Callable[[Page, Any], None]:
    """Sign somebody in without the sign-in page: `sign_in(page, user)`."""

    def give_session(page: Page, user: Any) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": session.key, "value": session.value, "url": live.url}])

    return give_session


def opened(browser: Browser, width: int, **kwargs: Any) -> Iterator[Page]:
    """A page of that width that fails the test on an error in its console, a refused script or style among them."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB", **kwargs)
    context.set_default_timeout(10_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if is_wrong(told) else None)
    yield page
    context.close()
    assert wrong == [], f"the browser's console: {wrong}"


def is_wrong(told: Any) -> bool:
    """An error of the page's own; that an answer had a status of 400 or more is the test's affair."""
    return told.type == "error" and not told.text.startswith("Failed to load resource")


@pytest.fixture
def page_wide(browser: Browser) -> Iterator[Page]:
    yield from opened(browser, 1280)


@pytest.fixture
def page_narrow(browser: Browser) -> Iterator[Page]:
    yield from opened(browser, 320)


@pytest.fixture
def page_without_script(browser: Browser) -> Iterator[Page]:
    yield from opened(browser, 1280, java_script_enabled=False)


@pytest.fixture
def page_narrow_without_script(browser: Browser) -> Iterator[Page]:
    yield from opened(browser, 320, java_script_enabled=False)


@lru_cache(maxsize=1)
def axe() -> str:
    if not AXE.exists():
        pytest.skip("needs axe-core (bin/setup installs it)")
    return AXE.read_text()


FIRST_SCREEN = 568
READ_ON_A_TELEPHONE = re.compile(r"/(refer|tell)/")
FIRST_THING = """() => {
    const first = document.querySelector(".govuk-error-summary, .govuk-notification-banner, .govuk-warning-text, h1");
    return first.getBoundingClientRect().bottom + scrollY;
}"""


AXE_RUN = """() => axe.run(document, {
    resultTypes: ["violations"], rules: {"target-size": {enabled: true}},
}).then(told => told.violations)"""


def violations(page: Page) -> list[str]:
    """What axe finds, each with the first elements that it finds it in."""
    page.evaluate(axe())
    found = page.evaluate(AXE_RUN)
    return [f"{each['id']}: {each['help']} {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found]


@pytest.fixture(name="assert_axe_clean")
def axe_clean() -> Callable[[Page], None]:
    """Assert that axe finds nothing on the page."""

    def check(page: Page) -> None:
        assert violations(page) == []

    return check


@pytest.fixture(name="assert_fits")
def fits() -> Callable[[Page], None]:
    """Assert that each link leads somewhere and the page is no wider than its window; of a form for referrers, that a
    telephone's first screen comes to what it is about. Where something is wrong, or to be said first, that stands
    there.
    """

    def check(page: Page) -> None:
        nowhere = page.locator('main a[href=""]').all_inner_texts()
        assert nowhere == [], f"{page.url} has links that lead nowhere: {nowhere}"
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= page.viewport_size["width"], f"{page.url} is {wide} pixels wide"
        if page.viewport_size["width"] == 320 and READ_ON_A_TELEPHONE.search(page.url):
            begins = page.evaluate(FIRST_THING)
            assert begins < FIRST_SCREEN, f"{page.url} begins {begins} pixels down"

    return check


@pytest.fixture
def look(assert_axe_clean: Any, assert_fits: Any, shot: Any) -> Callable[[Page, str], None]:
    """Look at a page as a telephone and as a desk show it: it fits both, axe finds nothing on the narrow one."""

    def at_both_widths(page: Page, name: str) -> None:
        as_opened = page.viewport_size
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert_fits(page)
            shot(page, f"{name}-{width}")
        assert_axe_clean(page)
        page.set_viewport_size(as_opened)

    return at_both_widths


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keep a picture of the whole page in `var/shots/`, with SHOTS=1: nothing reads it but people."""

    def take(page: Page, name: str) -> None:
        if os.environ.get("SHOTS") != "1":
            return
        folder = ROOT / "var" / "shots"
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    return take
