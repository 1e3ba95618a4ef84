"""A practitioner tells of a worry, from the emergency page to the confirmation, in each of the four partnerships."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.models import Partnership, User
from referrals.management.commands.seed_demo import seed_partnership
from referrals.models import Child, Clock, Referral
from thresholds.loading import load, version_in_force

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SLUGS = ("medway", "northamptonshire", "thurrock", "sandwell")
MOST_PAGES = 20
CONDITIONAL = {"special", "worker-first"}
"""Pages that a plain referral does not have."""
HAPPENED = "Robin came in with a bruise the shape of a hand on the left arm, and would not say how."


@pytest.fixture(params=SLUGS)
def partnership(request: Any) -> Partnership:
    return seed_partnership(
        settings.BASE_DIR / "fixtures" / "partnerships" / f"{request.param}.yaml", at=timezone.now()
    )


def practitioner(partnership: Partnership) -> User:
    return User.objects.get(email=f"practitioner@{partnership.slug}.example")


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


class Telling:
    """One practitioner at the form: what is filled in on each page, by the page's slug."""

    def __init__(self, page: Page, partnership: Partnership, look: Callable[[Page, str], None]) -> None:
        self.page, self.partnership, self.look = page, partnership, look
        self.seen: list[str] = []

    def start(self, address: str) -> None:
        self.page.goto(f"{address}/{self.partnership.slug}/refer/")
        expect(self.page.locator("main").get_by_role("heading", name="Telephone")).to_be_visible()
        self.look(self.page, "before")
        self.page.get_by_role("button", name="Start now").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Tell of a worry")
        self.look(self.page, "tasks")
        self.page.get_by_role("link", name="The child", exact=True).click()

    def go_through(self) -> None:
        """Page after page until the answers are to be checked."""
        for _ in range(MOST_PAGES + 5):
            slug = self.page.url.split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[1]
            if slug == "check":
                return
            if slug not in self.seen:
                self.look(self.page, slug)
                getattr(self, f"fill_{slug.replace('-', '_')}", lambda: None)()
            self.seen.append(slug)
            self.page.get_by_role("button", name="Save and continue").click()
        raise AssertionError(f"the form does not end: {self.seen}")

    def fill_who(self) -> None:
        self.page.get_by_label("First name").fill("Robin")
        self.page.get_by_label("Last name").fill("Marlow")
        self.page.get_by_label("Yes", exact=True).check()
        for part, value in (("Day", "1"), ("Month", "may"), ("Year", "2019")):
            self.page.get_by_role("group", name="Date of birth").get_by_label(part).fill(value)

    def fill_home(self) -> None:
        self.page.get_by_label("Address", exact=True).fill("3 Sample Row")

    def fill_person(self) -> None:
        self.page.get_by_label("Name", exact=True).fill("Jo Marlow")
        self.page.get_by_label("Relationship to the child").fill("Mother")

    def fill_worry(self) -> None:
        self.page.get_by_role("button", name="Save and continue").click()
        self.page.get_by_role("link", name="Tell us what happened").click()
        expect(self.page.get_by_label("What happened?")).to_be_focused()
        self.look(self.page, "worry-missing")
        self.page.get_by_label("What happened?").fill(HAPPENED)
        self.page.get_by_label("I saw or heard it myself").check()

    def fill_impact(self) -> None:
        self.page.get_by_label("Yes, as far as I know").check()

    def fill_telephone(self) -> None:
        telephoned = self.page.get_by_role("group", name=re.compile("Has somebody telephoned"))
        telephoned.get_by_label("Yes", exact=True).check()
        at = timezone.localtime() - dt.timedelta(minutes=30)
        self.fill_date("On which day was the call?", at.date())
        self.page.get_by_label("At what time was the call?").fill(f"{at:%H:%M}")
        if self.page.get_by_role("group", name="On which day did the worry arise?").count():
            self.fill_date("On which day did the worry arise?", at.date())
            self.page.get_by_label("At what time did the worry arise?").fill(f"{at:%H:%M}")

    def fill_date(self, name: str, on: dt.date) -> None:
        group = self.page.get_by_role("group", name=name)
        for part, value in (("Day", on.day), ("Month", on.month), ("Year", on.year)):
            group.get_by_label(part).fill(str(value))

    def fill_indicators(self) -> None:
        """The last of the highest list, found under its domain, and the level that follows on *Update*."""
        scheme = load(version_in_force(self.partnership, timezone.now()))
        highest = max(scheme.indicators, key=lambda each: each.level)
        box = self.page.locator(f"#i-{highest.key}")
        self.page.locator("details", has=box).locator("summary").click()
        box.check()
        self.page.get_by_role("button", name=re.compile("^Update the")).click()
        expect(self.page.locator("#so-far")).to_contain_text(scheme.step(highest.level).capitalize())
        expect(self.page.locator(f"#i-{highest.key}")).to_be_checked()
        self.look(self.page, "indicators-so-far")

    def fill_consent(self) -> None:
        self.page.get_by_role("group", name="Do the parents").get_by_label("Yes").check()
        self.page.get_by_role("group", name="Do they agree").get_by_label("Yes").check()

    def send(self) -> Referral:
        self.look(self.page, "check")
        expect(self.page.locator("main")).to_contain_text(HAPPENED)
        self.page.get_by_role("button", name="Send the referral").click()
        expect(self.page.get_by_role("heading", name="Referral sent")).to_be_visible()
        self.look(self.page, "sent")
        with scope(partnership=self.partnership):
            return Referral.objects.get(referrer=practitioner(self.partnership))


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_from_the_emergency_page_to_the_reference(
    live: Any,
    request: Any,
    partnership: Partnership,
    sign_in: Any,
    assert_axe_clean: Any,
    assert_fits: Any,
    shot: Any,
    width: str,
) -> None:
    page = request.getfixturevalue(f"page_{width}")

    def look(page: Page, name: str) -> None:
        shot(page, f"intake-{partnership.slug}-{width}-{len(telling.seen):02}-{name}")
        assert_axe_clean(page)
        assert_fits(page)

    telling = Telling(page, partnership, look)
    sign_in(page, practitioner(partnership))
    telling.start(live.url)
    telling.go_through()
    assert len({*telling.seen} - CONDITIONAL) < MOST_PAGES, telling.seen
    referral = telling.send()
    expect(page.locator("main")).to_contain_text(referral.reference)
    with scope(partnership=partnership):
        assert Child.objects.get(referral=referral).date_of_birth == dt.date(2019, 5, 1)
        assert Clock.objects.get(referral=referral, slug="written_form").met_at == referral.received_at
        assert referral.route == "mash"
    page.get_by_role("link", name="Follow this referral").click()
    expect(page.locator("main")).to_contain_text("sent this referral")
    look(page, "track")
    page.get_by_role("link", name="Your referrals").first.click()
    look(page, "my-referrals")


def test_without_script(live: Any, partnership: Partnership, page_without_script: Page, sign_in: Any) -> None:
    telling = Telling(page_without_script, partnership, lambda page, name: None)
    telling.fill_worry = lambda: page_without_script.get_by_label("What happened?").fill(HAPPENED)  # type: ignore
    sign_in(page_without_script, practitioner(partnership))
    telling.start(live.url)
    telling.go_through()
    telling.send()


@pytest.mark.parametrize("partnership", ["sandwell"], indirect=True)
def test_indicators_are_searched_with_script(
    live: Any, partnership: Partnership, page_narrow: Page, sign_in: Any
) -> None:
    page = page_narrow
    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    page.get_by_role("button", name="Start now").click()
    page.get_by_role("link", name="Indicators", exact=True).click()
    page.get_by_label("Search the indicators").fill("alcohol")
    expect(page.get_by_role("status").filter(has_text="fit")).to_contain_text(re.compile(r"^\d+ indicators? fits?$"))
    shown = page.locator(".door-indicators label.govuk-checkboxes__label:visible")
    assert shown.count() > 0
    assert all("alcohol" in text.lower() for text in shown.all_inner_texts())
    page.get_by_label("Search the indicators").fill("")
    expect(page.get_by_role("status").filter(has_text="fit")).to_have_count(0)


@pytest.mark.parametrize("partnership", ["medway"], indirect=True)
def test_two_windows_lose_nothing(
    live: Any, partnership: Partnership, page_wide: Page, sign_in: Any, assert_axe_clean: Any, shot: Any
) -> None:
    sign_in(page_wide, practitioner(partnership))
    page_wide.goto(f"{live.url}/{partnership.slug}/refer/")
    page_wide.get_by_role("button", name="Start now").click()
    page_wide.get_by_role("link", name="Your worry", exact=True).click()
    second = page_wide.context.new_page()
    second.goto(page_wide.url)
    page_wide.get_by_label("What happened?").fill("The first window's words")
    page_wide.get_by_role("button", name="Save and come back later").click()
    second.get_by_label("What happened?").fill("The second window's words")
    second.get_by_role("button", name="Save and continue").click()
    expect(second.get_by_text("Nothing was overwritten")).to_be_visible()
    expect(second.get_by_text("The first window's words")).to_be_visible()
    expect(second.get_by_label("What happened?")).to_have_value("The second window's words")
    assert_axe_clean(second)
    shot(second, "intake-two-windows")
    second.get_by_role("button", name="Save and continue").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("What is it like for the child?")
