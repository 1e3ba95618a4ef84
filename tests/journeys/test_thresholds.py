"""An admin changes the threshold's wording, tries it and publishes it, in a real browser; everybody reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from tests.factories import World, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
OLD = "Health worry 1 of level 2"
NEW = "Often hungry at school, or wears too little for the weather"


@pytest.fixture
def world() -> World:
    return make_world()


def reword_try_and_publish(page: Page, address: str, look: Callable[[Page], Any]) -> None:
    """From the list of versions to the published page, looking at every page on the way."""
    page.goto(f"{address}/testshire/content/")
    look(page)
    page.get_by_role("button", name="Make a draft").click()
    expect(page.get_by_text("The draft is made.")).to_be_visible()
    look(page)
    page.get_by_role("link", name=f"Reword {OLD}").click()
    look(page)
    box = page.get_by_label("The indicator in plain words")
    expect(box).to_have_value(OLD)
    box.fill("")
    page.get_by_role("button", name="Save the wording").click()
    expect(page.get_by_role("link", name="Enter the indicator's wording")).to_be_visible()
    look(page)
    page.get_by_label("The indicator in plain words").fill(NEW)
    page.get_by_role("button", name="Save the wording").click()
    expect(page.get_by_text("The wording is saved in the draft.")).to_be_visible()
    expect(page.locator("main")).to_contain_text(NEW)

    page.get_by_role("button", name="Try this draft").click()
    look(page)
    page.get_by_label(NEW).check()
    page.get_by_label("Yes", exact=True).check()
    page.get_by_role("button", name="See what it indicates").click()
    expect(page.get_by_text("Both answer alike.")).to_be_visible()
    expect(page.get_by_role("heading", name="Under this draft")).to_be_visible()
    expect(page.get_by_label(NEW)).to_be_checked()
    look(page)

    page.get_by_role("link", name="The draft").click()
    page.get_by_role("button", name="Check changes and publish").click()
    for text in (OLD, NEW):
        expect(page.locator("main").get_by_text(text, exact=True)).to_be_visible()
    look(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("link", name="Choose when it holds from")).to_be_visible()
    look(page)
    page.get_by_label("From now").check()
    page.get_by_label("What changed, and why").fill("Hunger in plain words.")
    page.get_by_role("button", name="Publish").click()
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
    expect(page.get_by_text("1 of 36 indicators")).to_be_visible()
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


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_from_draft_to_published(
    live: Any, world: World, request: Any, sign_in: Any, assert_axe_clean: Any, assert_fits: Any, width: str
) -> None:
    page = request.getfixturevalue(f"page_{width}")

    def look(page: Page) -> None:
        assert_axe_clean(page)
        assert_fits(page)

    sign_in(page, world.person(Role.ADMIN))
    reword_try_and_publish(page, live.url, look)
    page.context.clear_cookies()
    read_it(page, live.url, look)


def test_from_draft_to_published_without_script(
    live: Any, world: World, page_without_script: Page, sign_in: Any
) -> None:
    sign_in(page_without_script, world.person(Role.ADMIN))
    reword_try_and_publish(page_without_script, live.url, lambda page: None)
    page_without_script.context.clear_cookies()
    read_it(page_without_script, live.url, lambda page: None)


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
    expect(page.locator("dl")).to_contain_text("01632 960777")
