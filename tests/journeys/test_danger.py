"""A child may come to harm: whoever tells of it says that 999 was called at one press, and loses no word."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from referrals.models import Draft
from tests.factories import World, make_draft, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WORDS = "His gran comes each evening."


@pytest.fixture
def world() -> World:
    return make_world()


def in_danger(world: World) -> Draft:
    draft = make_draft(world)
    with scope(partnership=world.partnership):
        draft.answers = {**draft.answers, "children": [{"who": {"first_name": "Robin"}, "impact": {"safe": "no"}}]}
        draft.save()
    return draft


def was_called(world: World, draft: Draft) -> bool:
    with scope(partnership=world.partnership):
        draft.refresh_from_db()
    return "called-999" in draft.answers


@pytest.mark.parametrize("page_name", ["page_narrow", "page_narrow_without_script", "page_wide"])
def test_called_at_one_press_and_never_by_enter(
    live: Any, world: World, sign_in: Any, request: Any, assert_axe_clean: Any, assert_fits: Any, page_name: str
) -> None:
    page: Page = request.getfixturevalue(page_name)
    draft = in_danger(world)
    sign_in(page, world.person(Role.PRACTITIONER))
    address = f"{live.url}/testshire/refer/{draft.pk}/"
    page.goto(f"{address}child/1/who/")
    page.get_by_label("Last name").fill("Marlow")
    page.get_by_label("Last name").press("Enter")
    expect(page).to_have_url(f"{address}child/1/details/")
    assert not was_called(world, draft), "Enter saves the page, as everywhere"
    page.goto(f"{address}strengths/")
    if page_name != "page_narrow_without_script":
        assert_axe_clean(page)
    assert_fits(page)
    page.locator("main textarea").first.fill(WORDS)
    page.get_by_role("button", name="I have called 999").click()
    expect(page).to_have_url(f"{address}strengths/")
    expect(page.locator("main textarea").first).to_have_value(WORDS)
    expect(page.get_by_text("that you have called 999")).to_be_visible()
    expect(page.get_by_role("button", name="I have called 999")).to_have_count(0)
    assert was_called(world, draft)
    assert_fits(page)
