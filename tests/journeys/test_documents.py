"""Documents, with script and without: dropped or chosen, added with how far they are, refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from tests import hostile_files
from tests.factories import World, make_draft, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PLAN = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": hostile_files.pdf()}
PHOTO = {"name": "arm.heic", "mimeType": "image/heic", "buffer": hostile_files.heic()}
EVIL = {"name": "plan2.pdf", "mimeType": "application/pdf", "buffer": hostile_files.EXE}


@pytest.fixture
def world() -> World:
    return make_world()


def open_the_page(page: Page, live: Any, sign_in: Any, world: World) -> None:
    sign_in(page, world.person(Role.PRACTITIONER))
    page.goto(f"{live.url}/testshire/refer/{make_draft(world).pk}/attach/")


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_with_script_each_goes_at_once(
    live: Any, request: Any, world: World, sign_in: Any, assert_axe_clean: Any, assert_fits: Any, shot: Any, width: str
) -> None:
    page = request.getfixturevalue(f"page_{width}")
    open_the_page(page, live, sign_in, world)
    shot(page, f"documents-{width}-1-empty")
    assert_axe_clean(page)
    page.locator("input[name=file-other]").set_input_files([PLAN, PHOTO, EVIL])  # type: ignore[list-item]
    expect(page.get_by_role("status").filter(has_text="could not be added")).to_be_visible()
    expect(page.locator("[data-files]")).to_contain_text("“plan2.pdf” is a program, whatever its name says")
    expect(page.get_by_role("link", name="arm.heic", exact=True)).to_be_visible()
    shot(page, f"documents-{width}-2-added")
    assert_axe_clean(page)
    assert_fits(page)
    dropped = page.evaluate_handle(
        "() => { const held = new DataTransfer();"
        "held.items.add(new File(['%PDF-1.4 dropped %%EOF'], 'dropped.pdf', {type: 'application/pdf'})); return held; }"
    )
    for event in ("dragenter", "dragover", "drop"):
        page.locator("[data-files] [data-drop]").first.dispatch_event(event, {"dataTransfer": dropped})
    expect(page.get_by_role("link", name="dropped.pdf", exact=True)).to_be_visible()
    page.get_by_role("link", name="Remove plan.pdf").click()
    assert_axe_clean(page)
    page.get_by_role("button", name="Yes, remove it").click()
    expect(page.get_by_role("link", name="plan.pdf", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="Documents that go with it")).to_be_visible()


def test_a_lost_connection_is_said_and_the_file_stays_chosen(
    live: Any, world: World, page_wide: Page, sign_in: Any
) -> None:
    open_the_page(page_wide, live, sign_in, world)
    page_wide.route("**/attach/files/", lambda route: route.abort())
    page_wide.locator("input[name=file-other]").set_input_files([PLAN])  # type: ignore[list-item]
    expect(page_wide.get_by_role("status").filter(has_text="The connection was lost")).to_be_visible()
    page_wide.unroute("**/attach/files/")
    page_wide.get_by_role("button", name="Add these documents").click()
    expect(page_wide.get_by_role("link", name="plan.pdf", exact=True)).to_be_visible()


def test_without_script_the_page_itself_sends_them(
    live: Any, world: World, page_without_script: Page, sign_in: Any, shot: Any
) -> None:
    page = page_without_script
    open_the_page(page, live, sign_in, world)
    page.locator("#file-plan").set_input_files([PLAN])  # type: ignore[list-item]
    page.locator("input[name=file-other]").set_input_files([EVIL])  # type: ignore[list-item]
    page.get_by_label("Where can they be had?").fill("The school")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.get_by_label("Where can they be had?")).to_have_value("The school")
    expect(page.get_by_role("link", name="plan.pdf", exact=True)).to_be_visible()
    shot(page, "documents-without-script")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="Documents that go with it")).to_be_visible()
