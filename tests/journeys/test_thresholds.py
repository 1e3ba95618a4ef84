"""An admin changes the threshold's wording, tries it and publishes it, in a real browser; everybody reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from tests.factories import World, make_person, make_world
from thresholds import actions

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
OLD = "Health worry 1 of level 2"
NEW = "Often hungry at school, or wears too little for the weather"


@pytest.fixture
def world() -> World:
    return make_world()


def leads(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def change_and_try(page: Page, address: str, look: Callable[[Page], Any]) -> None:
    """From the list of versions: a draft, new words, another place, a rule, a retired indicator, a trial."""
    page.goto(f"{address}/testshire/content/")
    look(page)
    leads(page, "Make a draft")
    expect(page.get_by_text("The draft is made.")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Indicators", exact=True).click()
    page.get_by_label("Find words").fill("health worry 2")
    leads(page, "Find")
    expect(page.get_by_text("6 of 36 indicators")).to_be_visible()
    look(page)
    page.get_by_role("link", name=f"Change {OLD}").click()
    look(page)
    box = page.get_by_label("The indicator in plain words")
    expect(box).to_have_value(OLD)
    box.fill("")
    leads(page, "Save")
    expect(page.get_by_role("link", name="Enter the indicator's wording")).to_be_visible()
    look(page)
    page.get_by_label("The indicator in plain words").fill(NEW)
    leads(page, "Save")
    expect(page.get_by_text("The change is saved in the draft.")).to_be_visible()
    leads(page, f"Move down {NEW}")
    expect(page.get_by_role("button", name=f"Move down {NEW}")).to_be_focused()
    look(page)
    page.get_by_role("link", name="Retire Health worry 3 of level 2").click()
    look(page)
    leads(page, "Retire it")
    expect(page.get_by_role("heading", name="Retired")).to_be_visible()
    look(page)
    page.get_by_role("link", name="The draft").click()
    a_rule(page, look)
    leads(page, "Try this draft")
    look(page)
    page.get_by_label(NEW).check()
    page.get_by_label("Yes", exact=True).check()
    leads(page, "See what it indicates")
    expect(page.get_by_text("Both answer alike.")).to_be_visible()
    expect(page.get_by_role("heading", name="Under this draft")).to_be_visible()
    expect(page.get_by_label(NEW)).to_be_checked()
    look(page)


def a_rule(page: Page, look: Callable[[Page], Any]) -> None:
    """A rule that can't fire is pointed out before it is added; mended, it reads as the screener will read it."""
    page.get_by_role("link", name="Rules", exact=True).click()
    look(page)
    page.get_by_text("Add a rule").click()
    page.get_by_role("link", name="Several indicators together", exact=True).click()
    page.get_by_label("Indicators of which level?").select_option("3")
    page.get_by_label("How many at least?").fill("12")
    page.get_by_label("Over how many domains at least?").fill("1")
    page.get_by_label("Which level do they indicate?").select_option("4")
    page.get_by_label("The explanation that people read").fill("Three together weigh more.")
    page.get_by_label("Where it stands in the document").fill("Decided by the board")
    page.get_by_label("This is a local default").check()
    leads(page, "Show how it will read")
    expect(
        page.get_by_text("It can't ever fire: it asks for 12 indicators of level 3, and there are 9.")
    ).to_be_visible()
    look(page)
    page.get_by_label("How many at least?").fill("3")
    leads(page, "Show how it will read")
    expect(page.locator("#preview")).to_contain_text("3 level 3 indicators are chosen, in 1 domain")
    expect(page.locator("#preview")).to_contain_text("Three together weigh more.")
    leads(page, "Add")
    expect(page.get_by_text("It is added to the draft.")).to_be_visible()
    page.get_by_role("link", name="The draft").click()


def ask(page: Page, look: Callable[[Page], Any]) -> None:
    page.get_by_role("link", name="The draft").click()
    look(page)
    leads(page, "Check changes and ask for approval")
    expect(page.locator("del").first).to_be_visible()
    look(page)
    leads(page, "Ask for approval")
    expect(page.get_by_role("link", name="Choose when it holds from")).to_be_visible()
    look(page)
    page.get_by_label("From when it is published").check()
    page.get_by_label("What changed, and why").fill("Hunger in plain words.")
    leads(page, "Ask for approval")
    expect(page.get_by_text("somebody else has to answer")).to_be_visible()
    look(page)


def approve(page: Page, address: str, look: Callable[[Page], Any]) -> None:
    """As a manager: read what changes, and approve."""
    page.goto(f"{address}/testshire/content/")
    page.get_by_role("link", name="Read and answer").click()
    expect(page.get_by_text("Hunger in plain words.")).to_be_visible()
    look(page)
    page.get_by_label("Yes: it may be published").check()
    leads(page, "Send your answer")
    expect(page.get_by_text("You approved the draft.")).to_be_visible()


def publish(page: Page, address: str, look: Callable[[Page], Any]) -> None:
    page.goto(f"{address}/testshire/content/")
    page.get_by_role("link", name="Threshold for tests").first.click()
    leads(page, "Publish")
    look(page)
    leads(page, "Publish")
    expect(page.get_by_text("The threshold is published and in force from now.")).to_be_visible()
    look(page)


def read_it(page: Page, address: str, look: Callable[[Page], Any]) -> None:
    """As anybody: the whole threshold, a search, one indicator, the version before."""
    page.goto(f"{address}/testshire/threshold/")
    expect(page.locator("main")).to_contain_text(NEW)
    expect(page.locator("main")).not_to_contain_text(OLD)
    look(page)
    page.get_by_label("Search the indicators").fill("hungry SCHOOL")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 of 35 indicators")).to_be_visible()
    look(page)
    page.get_by_role("link", name=NEW).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NEW)
    expect(page.get_by_text("Health, level 2, item 1")).to_be_visible()
    look(page)
    page.get_by_role("link", name="The whole threshold").click()
    page.get_by_role("link", name="Threshold for tests, from 1 January 2026").click()
    expect(page.get_by_text("This threshold no longer holds.")).to_be_visible()
    expect(page.locator("main")).to_contain_text(OLD)
    look(page)


@pytest.fixture
def look(assert_axe_clean: Any, assert_fits: Any) -> Callable[[Page], None]:
    """Look at a page in both widths: axe finds nothing, and nothing is wider than the window."""

    def at_both_widths(page: Page) -> None:
        assert_axe_clean(page)
        assert_fits(page)
        page.set_viewport_size({"width": 320, "height": 900})
        assert_fits(page)
        page.set_viewport_size({"width": 1280, "height": 900})

    return at_both_widths


def whole_way(page: Page, live: Any, world: World, sign_in: Any, look: Callable[[Page], Any]) -> None:
    """Changed by an admin, approved by the manager, published, read by anybody."""
    sign_in(page, world.person(Role.ADMIN))
    change_and_try(page, live.url, look)
    ask(page, look)
    sign_in(page, world.person(Role.MANAGER))
    approve(page, live.url, look)
    sign_in(page, world.person(Role.ADMIN))
    publish(page, live.url, look)
    page.context.clear_cookies()
    read_it(page, live.url, look)


def test_from_draft_to_published(live: Any, world: World, page_wide: Page, sign_in: Any, look: Any) -> None:
    whole_way(page_wide, live, world, sign_in, look)


def test_from_draft_to_published_without_script(
    live: Any, world: World, page_without_script: Page, sign_in: Any
) -> None:
    whole_way(page_without_script, live, world, sign_in, lambda page: None)


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_the_calendar_and_the_front_door(
    live: Any, world: World, request: Any, sign_in: Any, assert_axe_clean: Any, assert_fits: Any, width: str
) -> None:
    page = request.getfixturevalue(f"page_{width}")
    sign_in(page, world.person(Role.ADMIN))
    page.goto(f"{live.url}/testshire/settings/")
    page.get_by_role("link", name="Add a closure day").click()
    assert_axe_clean(page)
    assert_fits(page)
    page.get_by_label("Day", exact=True).fill("14")
    page.get_by_label("Month").fill("9")
    page.get_by_label("Year").fill("2027")
    page.get_by_label("Why is the partnership closed?").fill("Training day")
    page.get_by_role("button", name="Add the day").click()
    expect(page.get_by_text("14 September 2027 is a closure day.")).to_be_visible()
    assert_axe_clean(page)
    assert_fits(page)
    page.get_by_role("link", name="Take out 14 September 2027").click()
    assert_axe_clean(page)
    page.get_by_role("button", name="Take it out").click()
    expect(page.get_by_text("14 September 2027 is a working day again.")).to_be_visible()
    page.get_by_role("link", name="Change the front door’s numbers and hours").click()
    assert_axe_clean(page)
    assert_fits(page)
    page.get_by_label("Telephone", exact=True).fill("01632 960777")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The front door is changed.")).to_be_visible()
    expect(page.locator("dl").last).to_contain_text("01632 960777")


def test_two_admins_at_one_draft(
    live: Any, world: World, browser: Any, page_wide: Page, sign_in: Any, look: Any
) -> None:
    """What a colleague saved meanwhile is shown beside one's own words; rows are dragged; typed words are not left."""
    draft = actions.draft_from(version=world.version, by=world.person(Role.ADMIN), at=timezone.now())
    other = make_person(world, Role.ADMIN, name="Other Admin")
    row = draft.indicators.get(key="health-2-01")
    address = f"{live.url}/testshire/content/{draft.slug}/"
    form = f"{address}part/indicator/{row.pk}/"
    sign_in(page_wide, world.person(Role.ADMIN))
    page_wide.goto(form)
    context = browser.new_context()
    colleague = context.new_page()
    sign_in(colleague, other)
    colleague.goto(form)
    colleague.get_by_label("The indicator in plain words").fill("The colleague’s words")
    leads(colleague, "Save")
    expect(colleague.get_by_text("The change is saved in the draft.")).to_be_visible()
    context.close()

    box = page_wide.get_by_label("The indicator in plain words")
    box.fill(NEW)
    asked: list[str] = []
    page_wide.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page_wide.get_by_role("link", name="Indicators", exact=True).click()
    expect(box).to_have_value(NEW)
    assert asked == ["beforeunload"]
    leads(page_wide, "Save")
    expect(page_wide.get_by_text("A colleague changed this while you were writing.").first).to_be_visible()
    expect(page_wide.get_by_text("The colleague’s words")).to_be_visible()
    expect(page_wide.get_by_label("The indicator in plain words")).to_have_value(NEW)
    look(page_wide)
    leads(page_wide, "Save")
    first = page_wide.locator("[data-row]", has_text=NEW)
    first.drag_to(page_wide.locator("[data-row]", has_text="Health worry 3 of level 2"))
    expect(page_wide.locator("[data-rows]", has_text=NEW).locator("[data-row]").last).to_contain_text(NEW)
    page_wide.goto(address)
    changes = page_wide.locator("main")
    for told in ("Other Admin changed", "changed the indicator", "moved the indicator"):
        expect(changes).to_contain_text(told)
    look(page_wide)
