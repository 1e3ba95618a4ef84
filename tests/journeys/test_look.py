"""The frame of every page in a real browser: wide, narrow, without script."""

from __future__ import annotations

import pytest
from django.urls import reverse

from partnerships.permissions import Role
from tests.factories import make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

PASSWORD = "three random words"


@pytest.fixture
def person():
    found = make_world().person(Role.PRACTITIONER)
    found.set_password(PASSWORD)
    found.save()
    return found


@pytest.fixture(params=["wide", "narrow"])
def page(request):
    return request.getfixturevalue(f"page_{request.param}")


@pytest.mark.parametrize(
    "address",
    ["/", "/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/testshire/", "/nowhere/"],
)
def test_axe_finds_nothing_and_nothing_is_cut_off(live, person, page, address, assert_axe_clean, assert_fits, shot):
    page.goto(live.url + address)
    shot(page, f"{address.strip('/').replace('/', '-') or 'index'}-{page.viewport_size['width']}")
    assert_axe_clean(page)
    assert_fits(page)


def test_a_mistake_is_said_first_and_leads_to_its_box(live, person, page, assert_axe_clean, assert_fits):
    page.goto(live.url + reverse("account_login"))
    page.get_by_label("Email address").fill("ann at school")
    page.get_by_role("button", name="Sign in", exact=True).click()
    summary = page.locator(".govuk-error-summary")
    assert summary.evaluate("summary => summary === document.activeElement")
    assert_axe_clean(page)
    assert_fits(page)
    summary.get_by_role("link", name="Enter your password").click()
    assert page.locator("#id_password").evaluate("box => box === document.activeElement")
    assert page.get_by_label("Email address").input_value() == "ann at school"


def test_a_password_can_be_looked_at(live, person, page_narrow):
    page_narrow.goto(live.url + reverse("account_login"))
    box = page_narrow.locator("#id_password")
    assert box.get_attribute("type") == "password"
    page_narrow.get_by_role("button", name="Show password").click()
    assert box.get_attribute("type") == "text"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_forms_first_box_is_on_a_telephones_first_screen(
    live, person, sign_in, request, script, assert_axe_clean, assert_fits, shot
):
    page = request.getfixturevalue("page_narrow" if script else "page_narrow_without_script")
    page.set_viewport_size({"width": 320, "height": 568})

    def looked_at() -> None:
        box = page.locator("main form").locator("input:visible, textarea:visible").first.bounding_box()
        shot(page, f"first-screen-{page.url.rstrip('/').rpartition('/')[2]}{'' if script else '-without-script'}")
        assert box["y"] + 24 < 568, page.url
        assert_fits(page)

    page.goto(live.url + "/testshire/tell/")
    page.get_by_role("button", name="Start now").click()
    looked_at()
    sign_in(page, person)
    page.goto(live.url + "/testshire/refer/")
    page.get_by_role("button", name="Start now").click()
    draft = page.url
    for each in ("child/1/who", "worry"):
        page.goto(f"{draft}{each}/")
        looked_at()
    if script:
        assert_axe_clean(page)


def test_the_menu_of_a_small_screen_opens(live, person, page_narrow):
    page_narrow.goto(live.url + "/")
    link = page_narrow.get_by_role("navigation").get_by_role("link", name="Sign in")
    assert not link.is_visible()
    page_narrow.get_by_role("button", name="Menu").click()
    assert link.is_visible()


def test_signing_in_and_out_needs_no_script(live, person, page_without_script):
    page = page_without_script
    page.goto(live.url + "/")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("link", name="Sign in").is_visible()


def test_the_head_of_a_page_follows_who_reads_it(live, person, page_wide, sign_in, assert_axe_clean):
    page_wide.goto(live.url + "/testshire/threshold/")
    links = page_wide.get_by_role("navigation", name="Menu").get_by_role("link")
    assert links.all_inner_texts()[-1] == "Sign in"
    sign_in(page_wide, person)
    page_wide.reload()
    assert links.all_inner_texts()[-1] == "Sign out"
    assert "Queue" not in links.all_inner_texts()
    assert_axe_clean(page_wide)


def test_the_keyboard_reaches_the_content_first(live, person, page_wide):
    page_wide.goto(live.url + "/")
    page_wide.keyboard.press("Tab")
    skip = page_wide.get_by_role("link", name="Skip to main content")
    assert skip.evaluate("link => link === document.activeElement")
    page_wide.keyboard.press("Enter")
    assert page_wide.evaluate("() => document.activeElement.id") == "main-content"
