"""The web server is killed between any two pages, while it sends, and while script saves: nothing typed is lost.

`kill -9` of a real gunicorn, the first page after it answered; started again on the same database, it goes on. The
portal's own database is used, so that only the web server is started anew.
"""

from __future__ import annotations

import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http.cookiejar import CookieJar
from typing import Any

import lxml.html
import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from referrals.intake.pages import INSIDE
from tests.journeys.portal import Portal, WebServer
from tests.journeys.telling import SAVED

pytestmark = pytest.mark.xdist_group("killed")
PASSWORD = "front-door-demo"
INDICATOR = "child-developmental-needs-3-14"
CHOSEN = {"another": "no", "worker": "no", "born": "born", "chosen": INDICATOR, "concerns": "none", "exist": "none"}
CHOSEN |= {"disability": "NONE", "interpreter": "no"}
TYPED = {
    "postcode": "ME4 4TR",
    "telephone": "01634 960123",
    "estimated_age": "about 4",
    "nhs_number": "943 476 5919",
    "upn": "",
    "called_time": "00:01",
    "next_seen_time": "15:15",
}
"""What has a form of its own. Everything else that can be typed is words that stand on this page alone."""


class Browser:
    """Somebody's browser as far as a page without script needs one: it keeps cookies and follows redirects."""

    def __init__(self) -> None:
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def open(self, address: str, told: list[tuple[str, str]] | None = None) -> Any:
        """The page at an address, or what a form leads to; `base_url` is where it ended."""
        body = None if told is None else urllib.parse.urlencode(told).encode()
        with self.opener.open(address, body, timeout=60) as answer:
            return lxml.html.document_fromstring(answer.read().decode(), base_url=answer.url)

    def press(self, page: Any, form: Any) -> Any:
        return self.open(urllib.parse.urljoin(page.base_url, form.action or page.base_url), form.form_values())


def the_form(page: Any, last: str = "") -> Any:
    """The page's own form: the one whose address ends so, not the one that signs out."""
    return next(form for form in page.forms if form.xpath("ancestor::main") and (form.action or "").endswith(last))


def fill_in(page: Any, slug: str) -> dict[str, str]:
    """Answer everything that the page asks; gives what was typed, by the field's name."""
    form, typed = the_form(page), {}
    today = timezone.localdate()
    for field in form.xpath(".//input[@type='text' or @type='tel'] | .//textarea"):
        part = field.name.rpartition("_")[2]
        if part in ("day", "month", "year"):
            ahead = field.name.startswith(("expected", "next_seen"))
            field.value = str(getattr(today + timedelta(days=1 if ahead else -1), part))
        else:
            field.value = TYPED.get(field.name, f"{slug} {field.name}: “a bruise”, she said")
        if field.value:
            typed[field.name] = field.value
    for name in {box.name for box in form.xpath(".//input[@type='radio' or @type='checkbox']")}:
        boxes = form.xpath(f".//input[@name='{name}'][@type='radio' or @type='checkbox']")
        wanted = CHOSEN.get(name, boxes[0].get("value"))
        for box in boxes:
            box.checked = box.get("value") == wanted
    return typed


@pytest.fixture
def server(portal: Portal) -> Iterator[WebServer]:
    started = WebServer(portal)
    started.start()
    yield started
    started.kill()


def killed_while_it_sends(browser: Browser, server: WebServer, page: Any) -> None:
    """Press *Send*, and kill the server while the request is with it: what it had done by then, nobody knows."""
    form = the_form(page, "/send/")
    body = urllib.parse.urlencode(form.form_values()).encode()
    cookies = "; ".join(f"{each.name}={each.value}" for each in browser.cookies)
    head = (
        f"POST {form.action} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as wire:
        wire.sendall(head.encode() + body)
        server.kill()


def test_killed_between_any_two_pages_nothing_typed_is_lost(
    portal: Portal, server: WebServer, capsys: pytest.CaptureFixture[str]
) -> None:
    browser, typed, kills = Browser(), {}, 0
    page = browser.open(f"{server.address}/accounts/login/?next=/medway/refer/")
    the_form(page).fields.update({"login": "practitioner@medway.example", "password": PASSWORD})
    page = browser.press(page, the_form(page))
    page = browser.press(page, the_form(page, "/refer/start/"))
    draft = page.base_url
    (first,) = page.xpath("//a[text()[normalize-space()='The child']]/@href")
    page = browser.open(urllib.parse.urljoin(draft, first))
    while not page.base_url.endswith("/check/"):
        here = page.base_url.partition("?")[0].partition("#")[0]
        assert here not in typed, f"{here} does not let anybody go on: {page.text_content()[:2000]}"
        typed[here] = fill_in(page, here.rstrip("/").rsplit("/", 1)[1])
        page = browser.press(page, the_form(page))
        server.kill()
        kills += 1
        server.start()
        page = browser.open(page.base_url)
    for address, told in typed.items():
        kept = dict(the_form(browser.open(address)).form_values())
        assert {name: kept[name].strip() for name in told} == told, address  # a text area begins with a line end
    killed_while_it_sends(browser, server, page)
    server.start()
    page = browser.open(f"{draft}check/")  # not sent yet: the answers to check; sent: the confirmation
    if page.base_url.endswith("/check/"):
        page = browser.press(page, the_form(page, "/send/"))
    (reference,) = portal.sql("SELECT reference FROM referrals_referral WHERE token = ?", token_of(portal, draft))
    assert reference[0] in page.text_content()
    (follow,) = page.xpath("//a[text()='Follow this referral']/@href")
    words = browser.open(urllib.parse.urljoin(draft, follow)).text_content()
    inside = {box for boxes in INSIDE.values() for box in boxes}  # beside the chosen answer it stays in the draft alone
    sent = [text for told in typed.values() for name, text in told.items() if name not in inside]
    assert not [text for text in sent if "she said" in text and text not in words]
    with capsys.disabled():
        count = sum(len(told) for told in typed.values())
        print(f"\n{kills + 1} kills, {len(typed)} pages, {count} typed answers, none lost, one referral")


def refused(state: Locator) -> None:
    expect(state).to_contain_text("Not saved: there is no connection", timeout=60_000)
    expect(state).to_contain_text("Your text is kept here, and we try again")


def saved(state: Locator) -> None:
    expect(state).to_have_text(SAVED, timeout=60_000)


def signed_in(page: Page, server: WebServer) -> str:
    """A new draft's address, in a real browser."""
    page.goto(f"{server.address}/accounts/login/?next=/medway/refer/")
    page.get_by_label("Email address").fill("practitioner@medway.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("form[action$='/refer/start/'] button").click()
    return page.url


def is_autosave(request: Any) -> bool:
    return request.method == "POST" and "x-autosave" in request.headers


@pytest.mark.journey
def test_killed_while_script_saves_the_text_stays_in_the_page_and_is_saved_once_it_is_back(
    server: WebServer, page_narrow: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    page, draft = page_narrow, signed_in(page_narrow, server)
    boxes = {
        "worry": ("What happened?", "Robin had a bruise the shape of a hand."),
        "strengths": ("What works well?", "His grandmother is there every day."),
        "tried": ("What have you or others done already?", "The school spoke with his mother."),
    }
    for slug, (label, words) in boxes.items():
        page.goto(f"{draft}{slug}/")
        box, state = page.get_by_label(label), page.locator("[data-save-state]")
        server.freeze()  # so that the save is with the server, unanswered, when it dies
        with page.expect_request(is_autosave):
            box.press_sequentially(words)
        server.kill()
        refused(state)
        assert box.input_value() == words
        box.press_sequentially(" More, while it was gone.")
        server.start()
        saved(state)
        page.reload()
        expect(page.get_by_label(label)).to_have_value(f"{words} More, while it was gone.")

    # Killed between storing and saying so: the window's own words are no other window's, and it goes on.
    def stored_and_killed(route: Any) -> None:
        if is_autosave(route.request) and not lost:
            lost.append(route.fetch().status)
            server.kill()
            route.abort()
        else:
            route.continue_()

    lost: list[int] = []
    page.goto(f"{draft}next/")
    box, state = page.get_by_label("What needs to happen?"), page.locator("[data-save-state]")
    page.route("**/next/", stored_and_killed)
    box.press_sequentially("Somebody sees him today.")
    refused(state)
    assert lost == [200], "it was stored"
    box.press_sequentially(" His teacher knows.")
    server.start()
    saved(state)
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_text("saved in another window")).to_have_count(0)
    page.unroute("**/next/")
    page.goto(f"{draft}next/")
    expect(page.get_by_label("What needs to happen?")).to_have_value("Somebody sees him today. His teacher knows.")
    with capsys.disabled():
        print(f"\n{len(boxes) + 1} kills while script saved, on {len(boxes) + 1} pages, nothing lost")


def token_of(portal: Portal, draft: str) -> str:
    """The draft's key as the database keeps it."""
    key = draft.rstrip("/").rsplit("/", 1)[1]
    return key if portal.database else key.replace("-", "")
