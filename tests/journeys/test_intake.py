"""A practitioner tells of a worry, from the emergency page to the confirmation, in each of the four partnerships."""

from __future__ import annotations

import datetime as dt
import re
import time
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
"""Pages that a plain referral does not have, beside those of special concerns."""
TOO_LONG = "x" * 25_000
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
        self.in_error = False
        self.typed = 0

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
                if self.in_error:
                    self.go_wrong(slug)
                getattr(self, f"fill_{slug.replace('-', '_')}", lambda: None)()
            self.seen.append(slug)
            self.page.get_by_role("button", name="Save and continue").click()
        raise AssertionError(f"the form does not end: {self.seen}")

    def go_wrong(self, slug: str) -> None:
        """Write too much into the page's first box, look at the error and how it is said, and take it back."""
        box = self.page.locator("main form input[type=text], main form textarea").locator("visible=true").first
        if slug == "indicators" or not box.count():
            return
        box.evaluate("(box, text) => { box.removeAttribute('maxlength'); box.value = text; }", TOO_LONG)
        self.page.get_by_role("button", name="Save and continue").click()
        expect(self.page.get_by_role("heading", name="There is a problem")).to_be_visible()
        self.look(self.page, f"{slug}-wrong")
        box.fill("")

    def type(self, label: str, text: str) -> None:
        """Type as a person does, letter by letter."""
        self.page.get_by_label(label, exact=True).press_sequentially(text)
        self.typed += len(text)

    def fill_who(self) -> None:
        self.type("First name", "Robin")
        self.type("Last name", "Marlow")
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
        self.type("What happened?", HAPPENED)
        self.page.get_by_label("I saw or heard it myself").check()

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

    def fill_impact(self) -> None:
        self.page.get_by_label("Yes, as far as I know").check()
        self.type("What does it do to Robin?", "Holds the arm still and does not want to be touched.")
        self.type("What does Robin say?", "I fell. I did not fall.")

    def fill_tried(self) -> None:
        self.type("What have you or others done already?", "Our safeguarding lead has talked with Robin.")

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


@pytest.mark.parametrize(
    ("width", "partnership"),
    [*(("narrow", slug) for slug in SLUGS), ("wide", "thurrock")],
    indirect=["partnership"],
)
def test_from_the_emergency_page_to_the_reference(
    live: Any,
    request: Any,
    partnership: Partnership,
    sign_in: Any,
    assert_axe_clean: Any,
    assert_fits: Any,
    shot: Any,
    width: str,
    capsys: Any,
) -> None:
    """On a small screen in each partnership, every page clean for axe, in one of them in error too."""
    page = request.getfixturevalue(f"page_{width}")
    began = time.monotonic()

    def look(page: Page, name: str) -> None:
        shot(page, f"intake-{partnership.slug}-{width}-{len(telling.seen):02}-{name}")
        assert_axe_clean(page)
        assert_fits(page)

    telling = Telling(page, partnership, look)
    telling.in_error = partnership.slug == "sandwell"
    sign_in(page, practitioner(partnership))
    telling.start(live.url)
    telling.go_through()
    pages = {slug for slug in telling.seen if slug not in CONDITIONAL and not slug.startswith("concern-")}
    assert len(pages) < MOST_PAGES, telling.seen
    with capsys.disabled():
        seconds = time.monotonic() - began
        print(
            f"\n{partnership.slug}, {width}: {len(pages) + 1} pages with the check, {telling.typed} letters typed, "
            f"{seconds:.0f} s by the machine, axe at every page"
        )
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


def test_without_script(
    live: Any, partnership: Partnership, page_narrow_without_script: Page, sign_in: Any, assert_fits: Any
) -> None:
    page = page_narrow_without_script
    telling = Telling(page, partnership, lambda page, name: assert_fits(page))
    telling.fill_worry = lambda: page.get_by_label("What happened?").fill(HAPPENED)  # type: ignore
    sign_in(page, practitioner(partnership))
    telling.start(live.url)
    telling.go_through()
    telling.send()


@pytest.mark.parametrize("partnership", ["northamptonshire"], indirect=True)
def test_indicators_are_searched_without_script_and_nothing_ticked_is_lost(
    live: Any, partnership: Partnership, page_narrow_without_script: Page, sign_in: Any, assert_fits: Any
) -> None:
    page = page_narrow_without_script
    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    page.get_by_role("button", name="Start now").click()
    page.get_by_role("link", name="Indicators", exact=True).click()
    first = page.locator("main input[name=chosen]").first
    page.locator("details").first.locator("summary").click()
    first.check()
    key = first.get_attribute("value")
    page.get_by_label("Search the indicators").fill("alcohol")
    page.get_by_role("button", name="Search", exact=True).click()
    shown = page.locator(".door-indicators label.govuk-checkboxes__label:visible")
    assert shown.count() > 0
    assert all("alcohol" in text.lower() for text in shown.all_inner_texts())
    assert_fits(page)
    page.locator("main input[name=chosen]:visible").first.check()
    page.get_by_label("Search the indicators").fill("")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(f"#i-{key}")).to_be_checked()
    assert page.locator("main input[name=chosen]:checked").count() == 2


@pytest.mark.parametrize("partnership", ["medway"], indirect=True)
def test_three_siblings_one_after_the_other(
    live: Any,
    partnership: Partnership,
    page_narrow: Page,
    sign_in: Any,
    assert_axe_clean: Any,
    assert_fits: Any,
    shot: Any,
) -> None:
    """Ada's choice is made once; Bo's is the same; Cy's begins with it and differs. Each keeps its own."""
    page = page_narrow

    def look(name: str) -> None:
        shot(page, f"intake-siblings-{name}")
        assert_axe_clean(page)
        assert_fits(page)

    def save() -> None:
        page.get_by_role("button", name="Save and continue").click()

    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    page.get_by_role("button", name="Start now").click()
    draft = page.url
    for number, name in enumerate(("Ada", "Bo", "Cy"), start=1):
        page.goto(f"{draft}child/{number}/who/")
        page.get_by_label("First name").fill(name)
        save()
        page.goto(f"{draft}other-children/")
        if number < 3:
            page.get_by_label("Yes", exact=True).check()
            save()
    page.goto(f"{draft}worry/")
    page.get_by_label("What happened?").fill(HAPPENED)
    save()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is it like for Ada?")
    page.get_by_label("Domestic abuse").check()
    save()
    page.get_by_label("The same as for Ada: domestic abuse").check()
    look("impact-of-the-second")
    save()
    save()
    page.goto(f"{draft}child/1/indicators/")
    scheme = load(version_in_force(partnership, timezone.now()))
    key = next(each.key for each in scheme.indicators if each.level == 2)
    page.locator("details", has=page.locator(f"#i-{key}")).locator("summary").click()
    page.locator(f"#i-{key}").check()
    expect(page.locator("#so-far")).to_contain_text("Level 2")  # live, before anything is saved
    expect(page.locator("details", has=page.locator(f"#i-{key}")).locator("summary")).to_contain_text("(1 chosen)")
    look("level-live")
    for _ in range(3):
        save()
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the same fit Bo?")
    look("as-first")
    page.get_by_label("The same as for Ada", exact=True).check()
    save()
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the same fit Cy?")
    page.get_by_label("Nearly the same").check()
    save()
    expect(page.get_by_text("What you chose for Ada is ticked to begin with.")).to_be_visible()
    highest = max(scheme.indicators, key=lambda each: each.level)
    page.locator(f"#i-{highest.key}").evaluate("box => { box.closest('details').open = true; }")
    page.locator(f"#i-{highest.key}").check()
    for _ in range(3):
        save()
    expect(page.get_by_role("heading", level=1)).to_have_text("Domestic abuse")
    expect(page.locator("main")).to_contain_text("for Ada and Bo")
    look("concern")
    page.get_by_role("group", name="Is the risk high?").get_by_label("Yes").check()
    save()
    page.goto(f"{draft}check/")
    look("check")
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", name="Referral sent")).to_be_visible()
    look("sent")
    with scope(partnership=partnership):
        rows = {child.first_name: child for child in Child.objects.all()}
        assert [rows[name].indicated_level for name in ("Ada", "Bo", "Cy")] == [2, 2, highest.level]
        assert ["marac" in rows[name].flags for name in ("Ada", "Bo", "Cy")] == [True, True, False]
        assert [rows[name].chosen_indicators.count() for name in ("Ada", "Bo", "Cy")] == [1, 1, 2]


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
