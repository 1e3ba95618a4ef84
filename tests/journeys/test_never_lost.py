"""In a real browser: text is saved while it is typed, and survives a lost connection, a second window, a sign-out."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.forms import LongTextField
from partnerships.permissions import Role
from partnerships.typed import clean_text
from referrals.models import Draft, Referral
from referrals.public.forms import WorryForm
from tests.factories import World, make_draft, make_referral, make_world

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WORDS = "Robin had a bruise the shape of a hand."


@pytest.fixture
def world() -> World:
    return make_world()


def stored(world: World, draft: Draft) -> str:
    with scope(partnership=world.partnership):
        return Draft.objects.get(pk=draft.pk).answers.get("worry", {}).get("happened", "")


def test_typed_text_survives(
    live: Any, world: World, page_narrow: Page, sign_in: Any, assert_axe_clean: Any, assert_fits: Any, shot: Any
) -> None:
    page, draft = page_narrow, make_draft(world)
    user = world.person(Role.PRACTITIONER)
    sign_in(page, user)
    address = f"{live.url}/testshire/refer/{draft.pk}/worry/"
    page.goto(address)
    box, state = page.get_by_label("What happened?"), page.locator("[data-save-state]")
    box.press_sequentially("Robin had a bruise")
    expect(state).to_have_text(re.compile(r"^Saved at \d"))
    assert stored(world, draft) == "Robin had a bruise"
    shot(page, "never-lost-1-saved")
    assert_axe_clean(page)
    page.route("**/worry/", lambda route: route.abort())
    box.fill(WORDS)
    expect(state).to_contain_text("Not saved: there is no connection")
    expect(state).to_contain_text("Your text is kept here")
    shot(page, "never-lost-2-no-connection")
    assert_axe_clean(page)
    page.unroute("**/worry/")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(state).to_have_text(re.compile(r"^Saved at \d"))
    assert stored(world, draft) == WORDS

    second = page.context.new_page()
    second.goto(address)
    second.get_by_label("What happened?").fill(f"{WORDS} He cried.")
    expect(second.locator("[data-save-state]")).to_have_text(re.compile(r"^Saved at"))
    box.fill(f"{WORDS} He would not say how.")
    expect(state).to_contain_text("saved in another window")
    assert stored(world, draft) == f"{WORDS} He cried.", "never overwritten"
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_text("Nothing was overwritten")).to_be_visible()
    expect(page.get_by_label("What happened?")).to_have_value(f"{WORDS} He would not say how.")
    expect(page.get_by_text(f"{WORDS} He cried.")).to_be_visible()
    second.close()

    cookie = next(each for each in page.context.cookies() if each["name"] == "sessionid")
    import_module(settings.SESSION_ENGINE).SessionStore(session_key=cookie["value"]).delete()
    page.get_by_label("What happened?").fill(f"{WORDS} Both.")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    shot(page, "never-lost-3-signed-out")
    assert_axe_clean(page)
    assert_fits(page)
    page.get_by_role("link", name="Sign in and go on").or_(page.get_by_role("button", name="Sign in and go on")).click()
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("What happened?")).to_have_value(f"{WORDS} Both.")
    shot(page, "never-lost-4-back")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_have_count(0)
    assert stored(world, draft) == f"{WORDS} Both."


@pytest.mark.parametrize("script", [True, False])
def test_the_public_form(
    live: Any, request: Any, world: World, assert_axe_clean: Any, assert_fits: Any, shot: Any, script: bool
) -> None:
    page: Page = request.getfixturevalue("page_narrow" if script else "page_without_script")

    def look(name: str) -> None:
        shot(page, f"public-{'script' if script else 'plain'}-{name}")
        if script:
            assert_axe_clean(page)
            assert_fits(page)

    page.goto(f"{live.url}/testshire/tell/")
    look("1-before")
    expect(page.locator(".govuk-exit-this-page__button").first).to_have_attribute("href", "/testshire/tell/leave/")
    page.get_by_role("button", name="Start now").click()
    look("2-child")
    page.get_by_label("First name").fill("Robin")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    look("3-worry-missing")
    expect(page.get_by_role("link", name="Tell us what you are worried about")).to_be_visible()
    page.get_by_label("What are you worried about?").fill(WORDS)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Yes, as far as I know").check()
    page.get_by_role("button", name="Continue").click()
    look("4-you")
    page.get_by_label("Yes, but don’t tell the family").check()
    page.get_by_label("Your name").fill("Nora Neighbour")
    page.get_by_role("button", name="Continue").click()
    look("5-check")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="We have it")).to_be_visible()
    look("6-sent")
    with scope(partnership=world.partnership):
        assert Referral.objects.get().in_confidence


def test_after_sending_and_staff_keyed(
    live: Any, world: World, page_narrow: Page, sign_in: Any, assert_axe_clean: Any, assert_fits: Any, shot: Any
) -> None:
    page, referral = page_narrow, make_referral(world)

    def look(name: str) -> None:
        shot(page, f"after-{name}")
        assert_axe_clean(page)
        assert_fits(page)

    sign_in(page, world.person(Role.PRACTITIONER))
    page.goto(f"{live.url}/testshire/referrals/{referral.pk}/")
    page.get_by_role("link", name="Add information or a document").click()
    page.get_by_role("button", name="Add it to the referral").click()
    look("1-add-missing")
    page.get_by_label("What do you want to add?").fill(WORDS)
    page.get_by_label("Yes", exact=True).check()
    page.get_by_role("button", name="Add it to the referral").click()
    expect(page.locator("main")).to_contain_text("It goes before all others")
    look("2-track")
    page.get_by_role("link", name="Correct an answer").click()
    look("3-correct")
    page.go_back()
    page.get_by_role("link", name="Ask to withdraw it").click()
    page.get_by_label("Why do you want to withdraw it?").fill("The father asked me to.")
    look("4-withdraw")
    page.get_by_role("button", name="Ask to withdraw it").click()
    page.context.clear_cookies()
    sign_in(page, world.person(Role.SCREENER))
    page.goto(f"{live.url}/testshire/triage/{referral.pk}/")
    expect(page.locator("main")).to_contain_text(WORDS)
    look("5-triage")
    page.goto(f"{live.url}/testshire/key/")
    look("6-key")
    page.get_by_role("button", name="Save and go on to the form").click()
    look("7-key-missing")


def test_the_count_beside_a_box_is_the_one_that_is_enforced(live: Any, world: World, page_narrow: Page) -> None:
    page, field = page_narrow, WorryForm.base_fields["happened"]
    assert isinstance(field, LongTextField)
    page.goto(f"{live.url}/testshire/tell/")
    page.get_by_role("button", name="Start now").click()
    page.goto(f"{live.url}/testshire/tell/worry/")
    box, said = page.locator("#id_happened"), page.locator("#id_happened ~ .govuk-character-count__status")
    lines, joined = "He fell.\n" * 2_000, "👩‍👧" * 600 + "e\u0301\t\u00a0x"
    for end in ("x" * 2_000, "😀" * 2_000, "x\n" * 1_000, joined, "x" * 2_001, "😀" * 2_003):
        text = f" {lines}{end}\n \u00a0\n"
        box.evaluate("(box, text) => { box.value = text; box.dispatchEvent(new Event('input')); }", text)
        left = field.max_length - len(clean_text(text.replace("\n", "\r\n")))
        many = "" if abs(left) == 1 else "s"
        expect(said).to_have_text(
            f"You have {left:,} character{many} remaining"
            if left >= 0
            else f"You have {-left:,} character{many} too many"
        )
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#id_happened-error, .govuk-error-message").first).to_contain_text("You have typed 20,003.")
    box.evaluate("(box, text) => { box.value = text; }", f"{lines}{'😀' * 2_000}\n")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Yes, as far as I know")).to_be_visible()
