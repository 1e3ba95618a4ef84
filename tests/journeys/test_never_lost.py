"""In a real browser: text is saved while it is typed, and survives a lost connection, a second window, a sign-out."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.forms import LongTextField
from partnerships.permissions import Role
from partnerships.typed import clean_text
from referrals.intake.actions import discard_draft
from referrals.models import Draft, Referral
from referrals.public.forms import WorryForm
from tests.factories import World, make_draft, make_referral, make_world
from tests.journeys.telling import SAVED

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
    expect(state).to_have_text(SAVED)
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
    expect(state).to_have_text(SAVED)
    assert stored(world, draft) == WORDS

    second = page.context.new_page()
    second.goto(address)
    second.get_by_label("What happened?").fill(f"{WORDS} He cried.")
    expect(second.locator("[data-save-state]")).to_have_text(SAVED)
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


COUNTS = """() => {
  window.told = [];
  window.answered = 0;
  const ask = window.fetch;
  window.fetch = (...what) => ask(...what).finally(() => { window.answered += 1; });
  const state = document.querySelector("[data-save-state]");
  new MutationObserver(() => window.told.push(state.textContent)).observe(state, { childList: true });
}"""


def run_until_answered(page: Page, milliseconds: int) -> None:
    """Let the page’s clock go on, then wait for the answer to the save that it asks for: it times the next one."""
    before, ends = page.evaluate("() => window.answered"), time.monotonic() + 20
    page.clock.run_for(milliseconds)
    while page.evaluate("() => window.answered") == before:
        assert time.monotonic() < ends, f"nothing was asked for within {milliseconds} ms"
        time.sleep(0.02)


def test_saving_goes_on_by_itself_after_the_server_was_away_and_after_a_page_that_did_not_come(
    live: Any, world: World, page_narrow: Page, sign_in: Any, assert_axe_clean: Any, shot: Any
) -> None:
    page, draft = page_narrow, make_draft(world)
    sign_in(page, world.person(Role.PRACTITIONER))
    page.clock.install()
    page.goto(f"{live.url}/testshire/refer/{draft.pk}/worry/")
    page.evaluate(COUNTS)
    box, state = page.get_by_label("What happened?"), page.locator("[data-save-state]")
    box.fill("One.")
    page.clock.run_for(3_000)
    expect(state).to_have_text(SAVED)

    asked: list[str] = []
    page.route("**/worry/", lambda route: (asked.append(route.request.method), route.fulfill(status=503))[1])
    box.fill("One. Two.")
    for wait in (3_000, 11_000, 21_000, 41_000, 81_000, 121_000, 121_000):
        run_until_answered(page, wait)
        expect(state).to_contain_text("Not saved: something went wrong. Your text is kept here")
        expect(state).to_contain_text("Saved last at ")
    assert len(asked) == 7, "less and less often"
    assert page.evaluate("() => window.told.length") == 2, "said once, however often it is tried"
    shot(page, "never-lost-5-server-away")
    assert_axe_clean(page)
    page.unroute("**/worry/")
    page.clock.run_for(121_000)
    expect(state).to_have_text(SAVED)
    assert stored(world, draft) == "One. Two."

    page.route("**/worry/", lambda route: route.fulfill(status=204))  # as where somebody stops the page that loads
    for typed, then in (("Three.", lambda: page.clock.run_for(25_000)), ("Four.", lambda: box.press_sequentially("!"))):
        box.fill(typed)
        with page.expect_response(lambda answer: answer.status == 204):
            page.get_by_role("button", name="Save and continue").click()
        page.unroute("**/worry/")
        then()
        page.clock.run_for(6_000)
        expect(state).to_have_text(SAVED)
        assert stored(world, draft).startswith(typed)
        page.route("**/worry/", lambda route: route.fulfill(status=204))
    page.unroute("**/worry/")
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/impact/")
    assert stored(world, draft) == "Four.!"


def test_the_button_waits_for_a_save_that_hangs_but_not_for_long_and_is_pressed_once(
    live: Any, world: World, page_narrow: Page, sign_in: Any, assert_axe_clean: Any, shot: Any
) -> None:
    page, draft = page_narrow, make_draft(world)
    sign_in(page, world.person(Role.PRACTITIONER))
    page.clock.install()
    page.goto(f"{live.url}/testshire/refer/{draft.pk}/worry/")
    hanging, sent = [], []

    def on_the_way(route: Any) -> None:
        autosave = "x-autosave" in route.request.headers
        (hanging if autosave else sent).append(route.request)
        if not autosave:
            route.continue_()

    page.route("**/worry/", on_the_way)
    page.get_by_label("What happened?").fill(WORDS)
    page.clock.run_for(3_000)
    button, state = page.get_by_role("button", name="Save and continue"), page.locator("[data-save-state]")
    button.dispatch_event("click")
    expect(state).to_have_text("Saving what you typed, then going on.")
    assert_axe_clean(page)
    shot(page, "never-lost-6-saving")
    page.clock.run_for(2_000)
    button.dispatch_event("click")  # somebody who can't wait
    assert (len(hanging), len(sent)) == (1, 0)
    page.clock.run_for(3_000)
    page.wait_for_url("**/impact/")
    assert [each.method for each in sent] == ["POST"]
    assert stored(world, draft) == WORDS


def test_what_is_typed_on_a_draft_that_is_gone_is_said_to_be_so_and_given_back(
    live: Any, world: World, page_narrow: Page, sign_in: Any
) -> None:
    page, draft = page_narrow, make_draft(world)
    sign_in(page, world.person(Role.PRACTITIONER))
    page.clock.install()
    page.goto(f"{live.url}/testshire/refer/{draft.pk}/worry/")
    with scope(partnership=world.partnership):
        discard_draft(draft=draft, by=world.person(Role.PRACTITIONER), at=timezone.now())
    box, state = page.get_by_label("What happened?"), page.locator("[data-save-state]")
    box.fill("A bruise that I saw.")
    page.clock.run_for(3_000)
    expect(state).to_contain_text("Not saved: this is not here any more.")
    page.clock.run_for(300_000)
    expect(state).not_to_contain_text("we try again")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator("main")).to_contain_text("A bruise that I saw.")


def test_a_public_form_switched_off_gives_back_what_was_typed_and_says_whom_to_telephone(
    live: Any, world: World, page_narrow: Page, assert_axe_clean: Any, assert_fits: Any, shot: Any
) -> None:
    page, rows = page_narrow, type(world.partnership).objects.filter(pk=world.partnership.pk)
    page.goto(f"{live.url}/testshire/tell/")
    rows.update(public_form=False)
    page.get_by_role("button", name="Start now").click()
    expect(page.get_by_role("heading", name="This form is not in use")).to_be_visible()
    rows.update(public_form=True)
    page.goto(f"{live.url}/testshire/tell/")
    page.get_by_role("button", name="Start now").click()
    page.get_by_label("First name").fill("Robin")
    page.context.clear_cookies(name="sessionid")  # two hours later
    rows.update(public_form=False)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("What you typed was not sent and is not saved.")).to_be_visible()
    expect(page.get_by_text("Robin")).to_be_visible()
    shot(page, "public-switched-off")
    assert_axe_clean(page)
    assert_fits(page)


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
