"""The main job, end to end, for all four partnerships, on the portal as `make run` starts it.

Real web server, real Celery worker, real beat, one embedded database: a practitioner tells of a worry, a screener
decides it, the practitioner reads the outcome, the manager takes the summary, the admin publishes new words, and the
clocks move. The form is walked here with script, on a screen 320 pixels wide; without script in test_intake.py.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.portal import Portal
from tests.journeys.telling import (
    CHILD_WORDS,
    FIRST,
    HAPPENED,
    INJURIES,
    LAST,
    MOST_PAGES,
    OWN,
    Telling,
    send_in_short,
)
from tests.journeys.wire import FORM, JSON, SHUT, Wire

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("portal")]

expect.set_options(timeout=20_000)  # a loaded machine is slow, not wrong
PASSWORD = "front-door-demo"

SCREENED_UNDER = """
    SELECT r.reference, v.slug FROM referrals_referral r
    JOIN thresholds_schemeversion v ON v.id = r.scheme_version_id
    JOIN partnerships_partnership p ON p.id = r.partnership_id
    WHERE p.slug = ?
"""


@pytest.fixture
def as_person(browser: Browser, portal: Portal) -> Iterator[Callable[[str], Page]]:
    """Sign somebody in, each in a browser of their own, as wide as a desk's or a telephone's."""
    contexts = []

    def sign_in(email: str, to: str = "/", width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
        context.set_default_timeout(40_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{portal.address}/accounts/login/?next={to}")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    yield sign_in
    for context in contexts:
        context.close()


def words_of(message: EmailMessage) -> str:
    """All that a reader, or somebody who looks over a shoulder, sees of an email."""
    body = message.get_body()
    return "\n".join([*(f"{name}: {value}" for name, value in message.items()), body.get_content() if body else ""])


def look_at(page: Page, assert_axe_clean: Callable[[Page], None], assert_fits: Callable[[Page], None]) -> None:
    """Axe finds nothing, and nothing is wider than a small telephone."""
    assert_axe_clean(page)
    page.set_viewport_size({"width": 320, "height": 900})
    assert_fits(page)
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture(scope="module")
def looked_at() -> set[tuple[str, ...]]:
    """Which pages of the form have been looked at: those that are the same for all partnerships are, once."""
    return set()


@pytest.fixture(scope="module")
def pages_of_each() -> list[int]:
    return []


@pytest.mark.parametrize("slug", INJURIES)
def test_from_the_worry_to_the_answer(
    slug: str,
    portal: Portal,
    as_person: Callable[..., Page],
    looked_at: set[tuple[str, ...]],
    pages_of_each: list[int],
    assert_axe_clean: Callable[[Page], None],
    assert_fits: Callable[[Page], None],
    shot: Callable[[Page, str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def is_new(*page: str) -> bool:
        new = page not in looked_at
        looked_at.add(page)
        return new

    def look_at_form(page: Page, name: str) -> None:
        """Every page fits a small telephone; axe finds nothing on each kind of page, nor, in Thurrock, at a desk."""
        assert_fits(page)
        shot(page, f"form-{slug}-{name}")
        if not is_new(name, slug if name in OWN else ""):
            return
        assert_axe_clean(page)
        if slug == "thurrock":
            page.set_viewport_size({"width": 1280, "height": 900})
            assert_axe_clean(page)
            shot(page, f"form-{slug}-{name}-wide")
            page.set_viewport_size({"width": 320, "height": 900})

    def look(page: Page) -> None:
        if slug == "medway":  # these pages are the same for all four
            look_at(page, assert_axe_clean, assert_fits)

    # The practitioner tells of a worry, on a telephone; once, each page of the form is filled in wrongly first.
    practitioner = as_person(f"practitioner@{slug}.example", f"/{slug}/refer/", width=320)
    telling = Telling(practitioner, slug, look_at_form, goes_wrong=lambda page: is_new(page, "filled in wrongly"))
    reference = telling.tell()
    pages_of_each.append(telling.pages)
    with capsys.disabled():
        print(
            f"\n{slug}: {telling.pages} pages with the check (median so far {statistics.median(pages_of_each):g}), "
            f"{telling.typed} letters typed one by one, {telling.seconds:.0f} s at the form"
        )
    assert telling.pages <= MOST_PAGES, telling.seen
    assert re.fullmatch(r"[A-Z]{3}-[A-Z0-9]{4}-[A-Z0-9]{4}", reference)
    (sent,) = portal.sql(
        "SELECT r.route, r.received_at, c.met_at FROM referrals_referral r "
        "JOIN referrals_clock c ON c.referral_id = r.id WHERE c.slug = 'written_form' AND r.reference = ?",
        reference,
    )
    assert sent[0] == "mash"
    assert sent[1] == sent[2], "the form itself is what was owed in writing"
    practitioner.get_by_role("link", name="Follow this referral").click()
    expect(practitioner.locator("main")).to_contain_text("sent this referral")
    look_at_form(practitioner, "track")
    practitioner.go_back()
    with practitioner.expect_download() as copy:
        practitioner.get_by_role("link", name=re.compile("Download a copy")).click()
    assert Path(copy.value.path()).read_bytes().startswith(b"%PDF-")

    # The screener finds it in the queue, takes it, and reads why the threshold points where it does.
    screener = as_person(f"screener@{slug}.example", f"/{slug}/queue/mash/")
    look(screener)
    screener.get_by_role("row").filter(has_text=reference).get_by_role("link").click()
    screener.get_by_role("button", name="Take this referral").click()
    expect(screener.get_by_text("You have it.")).to_be_visible()
    expect(screener.get_by_text(HAPPENED)).to_be_visible()
    expect(screener.get_by_text(CHILD_WORDS)).to_be_visible()
    expect(screener.locator("main")).to_contain_text("1 May 2019")
    look(screener)
    address = screener.url

    # A colleague who comes too late is told who has it.
    colleague = as_person(f"screener-2@{slug}.example", address.removeprefix(portal.address))
    expect(colleague.get_by_text("Sam Screener has it.")).to_be_visible()

    # A named person acknowledges.
    screener.get_by_role("link", name="Acknowledge", exact=True).click()
    look(screener)
    screener.locator("main").get_by_role("button").first.click()

    # Then decides, with a reason; nothing was chosen beforehand.
    screener.goto(address)
    screener.get_by_role("button", name="Decide").or_(screener.get_by_role("link", name="Decide")).first.click()
    assert screener.locator("main input[type=radio]:checked").count() == 0
    look(screener)
    screener.locator("main input[name=decided_level]").nth(-2).check()
    screener.locator("main input[name=outcome][value=strategy_discussion]").check()
    screener.locator("main [name=reason]").fill("The mark has the shape of a hand and her words explain it.")
    screener.locator("main [name=told_referrer]").fill("We meet the police and health today. Keep to her usual day.")
    screener.locator("main select[name=primary_need]").select_option("N1")
    screener.locator("main input[name=parents_told_by][value=decider]").check()
    screener.locator("main input[name=child_told_by][value=worker]").check()
    screener.get_by_role("button", name="Check the letter").click()
    look(screener)
    screener.get_by_role("button", name="Decide and send the letter").click()
    expect(screener.get_by_text("Decided").first).to_be_visible()
    look(screener)

    # The practitioner hears of it by an email that names no child, and reads the outcome in the portal.
    to = f"practitioner@{slug}.example"
    portal.wait_for(
        "receipt, acknowledgement and outcome to be announced",
        lambda: len([m for m in portal.mail() if m["To"] == to and reference in words_of(m)]) >= 3,
    )
    for message in portal.mail():
        assert not {FIRST, LAST, "bruise"} & set(re.findall(r"\w+", words_of(message)))
    practitioner.goto(f"{portal.address}/{slug}/referrals/")
    look(practitioner)
    practitioner.get_by_role("link", name=reference).click()
    look(practitioner)
    practitioner.get_by_role("link", name=re.compile("outcome", re.IGNORECASE)).first.click()
    expect(practitioner.get_by_text("We meet the police and health today.")).to_be_visible()
    look(practitioner)

    # The manager downloads the summary; the early help worker never hears of the MASH's referral.
    manager = as_person(f"manager@{slug}.example", address.removeprefix(portal.address))
    with manager.expect_download() as summary:
        manager.locator("main a", has_text="Download the summary").click()
    assert Path(summary.value.path()).read_bytes().startswith(b"%PDF-")
    assert FIRST not in summary.value.suggested_filename
    early_help = as_person(f"early-help@{slug}.example", f"/{slug}/queue/")
    assert early_help.request.get(address).status == 404


def test_the_running_beat_moves_the_clocks_and_tells_of_it_once(portal: Portal, as_person: Callable[..., Page]) -> None:
    slug = "medway"
    (pk, reference) = portal.sql(
        "SELECT c.id, r.reference FROM referrals_clock c JOIN referrals_referral r ON r.id = c.referral_id "
        "JOIN partnerships_partnership p ON p.id = r.partnership_id "
        "WHERE c.stage = 'running' AND p.slug = ? AND r.state = 'waiting' ORDER BY c.due_at LIMIT 1",
        slug,
    )[0]
    portal.sql(
        "UPDATE referrals_clock SET warn_at = '2026-01-01 00:00:00', due_at = '2026-01-02 00:00:00', "
        "next_step_at = '2026-01-01 00:00:00' WHERE id = ?",
        pk,
    )
    portal.wait_for(
        "beat to find the clock overdue",
        lambda: portal.sql("SELECT 1 FROM referrals_clock WHERE id = ? AND stage = 'overdue'", pk),
    )
    key = f"clock:{pk}:%"
    portal.wait_for(
        "the notices to be sent",
        lambda: not portal.sql("SELECT 1 FROM referrals_notice WHERE key LIKE ? AND state <> 'sent'", key),
    )
    told = portal.sql("SELECT key, count(*) FROM referrals_notice WHERE key LIKE ? GROUP BY key", key)
    assert told and all(count == 1 for _, count in told)
    manager = [m for m in portal.mail() if m["To"] == f"manager@{slug}.example" and reference in words_of(m)]
    assert len(manager) == 1


def test_an_admin_publishes_new_words_and_what_was_screened_keeps_its_version(
    portal: Portal, as_person: Callable[..., Page]
) -> None:
    slug, words = "thurrock", "An injury to the child or young person that may not be an accident, in words made plain"
    before = portal.sql(SCREENED_UNDER, slug)
    assert before and {version for _, version in before} == {"thurrock-2023"}
    admin = as_person(f"admin@{slug}.example", f"/{slug}/content/")
    admin.get_by_role("button", name=re.compile("Make a draft")).first.click()
    draft = admin.url
    key, _ = INJURIES[slug]
    (pk,) = portal.sql(
        "SELECT i.id FROM thresholds_indicator i JOIN thresholds_schemeversion v ON v.id = i.version_id "
        "WHERE i.key = ? AND v.state = 'draft'",
        key,
    )[0]
    admin.goto(f"{draft}part/indicator/{pk}/")
    admin.locator("main [name=label]").fill(words)
    admin.get_by_role("button", name="Save").click()
    admin.goto(f"{draft}ask/")
    expect(admin.get_by_text("Look at what this draft would do to past referrals first").first).to_be_visible()
    admin.goto(f"{draft}effect/")
    admin.get_by_role("button", name="Work it out").click()
    expect(admin.get_by_text("Work it out again")).to_be_visible(timeout=60_000)  # the page itself looks how far it is
    admin.goto(f"{draft}ask/")
    admin.locator("main input[name=when][value=now]").check()
    admin.locator("main [name=change_note]").fill("Plainer words for injuries.")
    admin.get_by_role("button", name="Ask for approval").click()
    expect(admin.get_by_text("Approval is asked for.")).to_be_visible()
    manager = as_person(f"manager@{slug}.example", f"{draft.removeprefix(portal.address)}approval/")
    manager.locator("main input[name=answer][value=approve]").check()
    manager.get_by_role("button", name="Send your answer").click()
    expect(manager.get_by_text("You approved the draft.")).to_be_visible()
    admin.goto(f"{draft}approval/")
    admin.get_by_role("button", name="Publish").click()
    public = as_person(f"practitioner@{slug}.example", f"/{slug}/threshold/")
    expect(public.get_by_text(words).first).to_be_visible()
    after = portal.sql(SCREENED_UNDER, slug)
    assert after == before
    sent = as_person(f"practitioner@{slug}.example", f"/{slug}/refer/")
    reference = send_in_short(sent, slug)
    (version,) = portal.sql(
        "SELECT v.slug FROM referrals_referral r JOIN thresholds_schemeversion v ON v.id = r.scheme_version_id "
        "WHERE r.reference = ?",
        reference,
    )[0]
    assert version != "thurrock-2023"


def test_nothing_of_a_child_is_in_a_log_or_on_the_broker(portal: Portal) -> None:
    """A worker takes messages while this looks: what is gone by then is passed over."""
    folders = [portal.folder / name for name in ("broker", "broker-control", "cache")]
    read = {portal.folder / "log": (portal.folder / "log").read_bytes()}
    for file in (each for folder in folders for each in folder.glob("*")):
        with suppress(FileNotFoundError):
            read[file] = file.read_bytes()
    for file, content in read.items():
        assert not [word for word in (FIRST, LAST) if word.encode() in content], file.name


def test_the_real_server_takes_no_flood_no_smuggling_and_no_endless_body(portal: Portal) -> None:
    """Head, fields and bodies beyond every measure: refused by a status below 500, and the site goes on."""
    wire, host = Wire(portal.address), f"Host: {portal.address.removeprefix('http://')}"
    get, post = "GET /health/ HTTP/1.1", "POST /accounts/login/ HTTP/1.1"
    refused = {
        "a head of 64 kB": wire.raw(get, host, "X-A: " + "a" * 65_536),
        "a thousand fields of the head": wire.raw(get, host, *(f"X-{n}: a" for n in range(1000))),
        "an address of 100 kB": wire.raw("GET /" + "a" * 100_000 + " HTTP/1.1", host),
        "two hosts": wire.raw(get, "Host: evil.example", host),
        "a foreign host": wire.raw("GET / HTTP/1.1", "Host: evil.example"),
        "two lengths": wire.raw(post, host, "Content-Length: 3", "Content-Length: 5", body=b"abcde"),
        "a length and chunks": wire.raw(
            post, host, "Content-Length: 6", "Transfer-Encoding: chunked", body=b"0\r\n\r\nG"
        ),
        "a length below nothing": wire.raw(post, host, "Content-Length: -5", body=b"abc"),
        "a line that ends by half": wire.raw(get, host, "X-A: a\nX-B: b"),
    }
    assert set(refused.values()) <= {400, 414, 431}, refused
    wire.sign_in("practitioner@medway.example", PASSWORD)
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    many = "&".join(f"a{n}=1" for n in range(9000)).encode()
    for body, kind in ((deep, JSON), (b"[" * 8_000_000, JSON), (many, FORM)):
        for address in ("/medway/refer/start/", "/accounts/session/", "/medway/notices/choice/"):
            status, page = wire.ask("POST", address, body, kind)
            assert status < 500, (status, address, kind, page[:200])
    words = b"happened=" + b"a" * 6_000_000
    assert wire.ask("POST", "/medway/notices/choice/", words)[0] in (SHUT, 400), "more than any page of ours holds"
    assert wire.ask("GET", "/health/") == (200, '{"status": "ok"}')
