"""A practitioner at the guided form: what is filled in on each page, in any partnership, with script and without."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

MOST_PAGES = 20
SAVED = re.compile(r"^Saved at (\d{1,2}(:\d\d)?[ap]m|midday|midnight)")
"""What a page says once what was typed is stored, at whatever time of day: midday and midnight stand by name."""
INJURIES = {
    "medway": ("child-developmental-needs-3-14", "Level 3"),
    "northamptonshire": ("family-4-15", "Level 4"),
    "thurrock": ("basic-care-3-04", "Tier 3"),
    "sandwell": ("health-4-05", "Level 4"),
}
"""For each partnership, the indicator of an injury that may not be an accident, and the level that it indicates."""

OWN = {
    "before",
    "tasks",
    "telephone",
    "indicators",
    "so-far",
    "evidence",
    "judged",
    "consent",
    "attach",
    "check",
    "sent",
}
"""Pages on which the four partnerships differ; the others are the same for all."""

CONDITIONAL = {"special", "worker-first"}
"""Pages that a plain referral does not have, beside those of special concerns."""

TOO_LONG = "x" * 25_000
FIRST, LAST = "Wilhelmina", "Ashgrove"
HAPPENED = "On Monday she came to school with a bruise the shape of a hand on her upper arm."
IMPACT = "She flinches when somebody raises an arm."
CHILD_WORDS = "I was bad so it is all right."
TRIED = "Our safeguarding lead spoke with her and wrote down her words."


class Telling:
    """One practitioner at the form. `look` is called on every page, and once more where it was filled in wrongly.

    goes_wrong  whether a page, by its slug, is first filled in so that it can't be taken
    seconds     of filling in and going on, without the looking
    """

    def __init__(
        self,
        page: Page,
        slug: str,
        look: Callable[[Page, str], None],
        *,
        script: bool = True,
        goes_wrong: Callable[[str], bool] = lambda slug: False,
    ) -> None:
        self.page, self.slug, self.script, self.goes_wrong = page, slug, script, goes_wrong
        self.looked, self.seen = look, []
        self.typed, self.began, self.looking = 0, time.monotonic(), 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began - self.looking

    @property
    def pages(self) -> int:
        """Pages of a plain referral of one child, with that of the answers to check."""
        return 1 + len({slug for slug in self.seen if slug not in CONDITIONAL and not slug.startswith("concern-")})

    def look(self, name: str) -> None:
        began = time.monotonic()
        self.looked(self.page, name)
        self.looking += time.monotonic() - began

    def tell(self) -> str:
        """From the emergency page to the confirmation; gives the reference."""
        self.start()
        self.go_through()
        return self.send()

    def start(self) -> None:
        expect(self.page.get_by_text("call 999").first).to_be_visible()
        expect(self.page.locator("main").get_by_role("heading", name="Telephone")).to_be_visible()
        self.look("before")
        self.page.get_by_role("button", name="Start now").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Tell of a worry")
        self.look("tasks")
        self.page.get_by_role("link", name="The child", exact=True).click()

    def go_through(self) -> None:
        """Page after page until the answers are to be checked."""
        for _ in range(MOST_PAGES + 5):
            slug = self.page.url.split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[1]
            if slug == "check":
                return
            if slug not in self.seen:
                self.look(slug)
                if self.goes_wrong(slug):
                    self.go_wrong(slug)
                getattr(self, f"fill_{slug.replace('-', '_')}", lambda: None)()
            self.seen.append(slug)
            self.go_on()
        raise AssertionError(f"the form does not end: {self.seen}")

    def go_on(self) -> None:
        self.page.get_by_role("button", name="Save and continue").click()

    def go_wrong(self, slug: str) -> None:
        """Write too much into the page's first box, look at the error and how it is said, and take it back."""
        began = time.monotonic()
        box = self.page.locator("main form input[type=text], main form textarea").locator("visible=true").first
        if slug == "indicators" or not box.count():
            return
        box.evaluate("(box, text) => { box.removeAttribute('maxlength'); box.value = text; }", TOO_LONG)
        self.go_on()
        expect(self.page.get_by_role("heading", name="There is a problem")).to_be_visible()
        self.looked(self.page, f"{slug}-wrong")
        box.fill("")
        self.looking += time.monotonic() - began

    def type(self, label: str, text: str) -> None:
        """Type as a person does, letter by letter."""
        self.page.get_by_label(label, exact=True).press_sequentially(text)
        self.typed += len(text)

    def fill_who(self) -> None:
        self.type("First name", FIRST)
        self.type("Last name", LAST)
        self.page.get_by_label("Yes", exact=True).check()
        for part, value in (("Day", "1"), ("Month", "may"), ("Year", "2019")):
            self.page.get_by_role("group", name="Date of birth").get_by_label(part).fill(value)

    def fill_home(self) -> None:
        self.type("Address", "3 Sample Row")

    def fill_person(self) -> None:
        self.type("Name", f"Gwen {LAST}")
        self.type("Relationship to the child", "Mother")

    def fill_worry(self) -> None:
        if self.script:
            self.go_on()
            self.page.get_by_role("link", name="Tell us what happened").click()
            expect(self.page.get_by_label("What happened?")).to_be_focused()
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
        self.type(f"What does it do to {FIRST}?", IMPACT)
        self.type(f"What does {FIRST} say?", CHILD_WORDS)

    def fill_strengths(self) -> None:
        self.type("What works well?", "Her aunt collects her twice a week and notices when something is wrong.")

    def fill_next(self) -> None:
        self.type("What needs to happen?", "Somebody must see her arm today.")
        self.page.get_by_label("2", exact=True).check()

    def fill_tried(self) -> None:
        self.type("What have you or others done already?", TRIED)

    def fill_indicators(self) -> None:
        """Found under its domain; the level that follows on *Update*."""
        key, step = INJURIES[self.slug]
        box = self.page.locator(f"#i-{key}")
        self.page.locator("details", has=box).locator("summary").click()
        box.check()
        self.page.get_by_role("button", name=re.compile("^Update the")).click()
        expect(self.page.locator("#so-far")).to_contain_text(step)
        expect(self.page.locator(f"#i-{key}")).to_be_checked()
        self.look("so-far")

    def fill_consent(self) -> None:
        self.page.get_by_role("group", name="Do the parents").get_by_label("Yes").check()
        self.page.get_by_role("group", name="Do they agree").get_by_label("Yes").check()

    def send(self) -> str:
        self.look("check")
        expect(self.page.get_by_role("heading", name="Check your answers, then send")).to_be_visible()
        for words in (HAPPENED, IMPACT, CHILD_WORDS, TRIED):
            expect(self.page.locator("main")).to_contain_text(words)
        self.page.get_by_role("button", name="Send the referral").click()
        expect(self.page.get_by_role("heading", name="Referral sent")).to_be_visible()
        self.look("sent")
        return self.page.locator(".govuk-panel strong").inner_text()


def send_in_short(page: Page, slug: str) -> str:
    """What happened and one indicator, and nothing else; gives the reference."""
    page.get_by_role("button", name="Start now").click()
    draft = page.url
    page.goto(f"{draft}worry/")
    page.get_by_label("What happened?").fill(HAPPENED)
    page.get_by_role("button", name="Save and continue").click()
    page.goto(f"{draft}child/1/indicators/")
    page.locator(f"#i-{INJURIES[slug][0]}").evaluate("box => { box.closest('details').open = true; box.click(); }")
    page.get_by_role("button", name="Save and continue").click()
    page.goto(f"{draft}check/")
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", name="Referral sent")).to_be_visible()
    return page.locator(".govuk-panel strong").inner_text()
