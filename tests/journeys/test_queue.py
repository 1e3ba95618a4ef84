"""Two screeners at once on one queue: filters, next in the list, the loser told, one history, restricted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from partnerships.permissions import Role
from tests.factories import World, make_person, make_referral, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
Look = Callable[..., Any]
TREES = ("Alder", "Birch", "Cedar")
HOME = {"postcode": "ME4 4TR", "address": "12 Made Up Road"}


@pytest.fixture
def world() -> World:
    world = make_world()
    make_referral(world, child={"first_name": "Urgent", **HOME}, facts={"immediate_danger": True})
    make_referral(world, child={"first_name": "Trusted", **HOME}, indicators=("family-4-01",))
    make_referral(world, child={"first_name": "Urgant", **HOME}, indicators=("health-2-02",))
    for name in TREES:
        make_referral(world, child={"first_name": name})
    return world


def test_two_screeners_on_one_queue(
    world: World,
    live: Any,
    browser: Browser,
    sign_in: Callable[..., None],
    page_wide: Page,
    page_narrow: Page,
    assert_axe_clean: Look,
    assert_fits: Look,
    shot: Look,
) -> None:
    sam, sol = page_wide, page_narrow
    sign_in(sam, world.person(Role.SCREENER))
    sign_in(sol, make_person(world, Role.SCREENER, name="Sol Second", team=world.mash))
    queue = f"{live.url}/testshire/queue/mash/"

    def look(page: Page, name: str) -> None:
        shot(page, f"queue-{name}-{page.viewport_size['width']}")
        assert_fits(page)
        assert_axe_clean(page)

    for page in (sam, sol):
        page.goto(queue)
        expect(page.locator("tbody tr").first).to_contain_text("Urgent Marlow")
        look(page, "list")

    # Sam narrows the list, keeps the view, and stays within it from page to page.
    sam.get_by_role("link", name="Filter, and views that were kept").click()
    sam.get_by_label("Flag", exact=True).select_option("lado")
    look(sam, "filter")
    sam.get_by_role("button", name="Show").click()
    expect(sam.locator("tbody tr")).to_have_count(1)
    sam.get_by_role("link", name="Change the filter").click()
    sam.get_by_label("Name of the view").fill("Trust")
    sam.get_by_label("Everybody who works in this queue").check()
    sam.get_by_role("button", name="Keep the view").click()
    expect(sam.get_by_role("link", name="Trust", exact=True)).to_be_visible()
    look(sam, "kept")
    sol.goto(f"{queue}filter/")
    sol.get_by_role("link", name="Trust", exact=True).click()
    expect(sol.locator("tbody tr")).to_have_count(1)
    sol.go_back()
    sol.go_forward()
    expect(sol.locator("tbody tr")).to_have_count(1)

    # Both open the same one; Sam takes it, Sol is told who has it.
    for page in (sam, sol):
        page.goto(queue)
        page.get_by_role("link", name="Urgent Marlow").click()
        expect(page.get_by_role("link", name="Next in the list")).to_be_visible()
    sam.get_by_role("button", name="Take this referral").click()
    sol.get_by_role("button", name="Take this referral").click()
    expect(sol.get_by_text("has referral", exact=False).first).to_be_visible()
    look(sam, "referral")
    look(sol, "loser")

    # A note, when the child is next seen, one history and a word on whether it is the same child.
    sam.get_by_role("link", name="Add a note").click()
    sam.get_by_label("Note", exact=True).fill("Rang the school.")
    look(sam, "note")
    sam.get_by_role("button", name="Save the note").click()
    expect(sam.get_by_text("Rang the school.")).to_be_visible()
    sol.goto(sam.url)
    sol.get_by_role("link", name="One history of the child").first.click()
    look(sol, "history")
    sam.get_by_role("link", name="One history of the child").first.click()
    look(sam, "history")
    sam.get_by_role("link", name="Compare the two").first.click()
    look(sam, "compare")
    sam.get_by_label("Yes, link the two").check()
    sam.get_by_label("How do you know?").fill("The school says so.")
    sam.get_by_role("button", name="Save").click()
    expect(sam.get_by_text("The school says so.")).to_be_visible()

    # Many at once, one of them gone meanwhile.
    sol.goto(queue)
    for name in TREES:
        sol.locator("tr", has_text=name).get_by_role("checkbox").check()
    sam.goto(queue)
    sam.get_by_role("link", name="Birch Marlow").click()
    sam.get_by_role("button", name="Take this referral").click()
    sol.get_by_role("button", name="Assign those that are ticked").click()
    look(sol, "assign")
    sol.get_by_label("Who takes them?").select_option(label="Sol Second (you)")
    sol.get_by_role("button", name="Assign", exact=True).click()
    expect(sol.get_by_text("It has moved on since the list was shown")).to_be_visible()
    expect(sol.get_by_text("Assigned to Sol Second.")).to_have_count(2)
    look(sol, "assigned")

    # Restricted to Sam: gone from Sol's list, found by no search, opened in need.
    sam.get_by_role("link", name="Restrict who may see it").click()
    sam.get_by_label("(you)").check()
    sam.get_by_label("Why is it restricted?").fill("A colleague's family.")
    look(sam, "restrict")
    sam.get_by_role("button", name="Restrict it").click()
    expect(sam.get_by_text("It is restricted now.")).to_be_visible()
    reference = sam.locator(".govuk-caption-l").inner_text().removeprefix("Referral ").strip()
    sam.get_by_role("link", name="Who may see it").click()
    look(sam, "restricted")
    sol.goto(f"{live.url}/testshire/search/")
    sol.get_by_label("Name", exact=True).fill("Birch")
    sol.get_by_role("button", name="Search").click()
    expect(sol.get_by_text("Nothing that you may see fits.")).to_be_visible()
    look(sol, "search")
    sol.get_by_label("Name", exact=True).fill("Urgint Marlo")
    sol.get_by_role("button", name="Search").click()
    expect(sol.locator("tbody tr").first).to_contain_text("Urgent Marlow")
    look(sol, "found")
    sol.goto(f"{live.url}/testshire/restricted/open/")
    look(sol, "glass")
    sol.get_by_label("Reference of the referral").fill(reference)
    sol.get_by_label("Why do you need to open it now?").fill("Her aunt rang.")
    sol.get_by_role("button", name="Open it for an hour").click()
    expect(sol.get_by_text("It is open to you for an hour.")).to_be_visible()
    sol.goto(f"{live.url}/testshire/absences/")
    look(sol, "absences")
