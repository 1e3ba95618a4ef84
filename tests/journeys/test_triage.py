"""From the queue to the letter in a real browser: taken, read, acknowledged, decided; wide, narrow, without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.models import Referral
from referrals.triage import actions
from tests.factories import NOW, World, make_person, make_referral, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
Look = Callable[[Page], Any]
REASON = "The mark has the shape of a hand, and nobody can say how it came."
TOLD = "We meet the police and health today. Please keep to her usual day."
ANSWERS = {
    "worry": {"happened": "A mark on the arm.", "known_from": ["saw"]},
    "children": [{"impact": {"child_words": "I was bad."}}],
    "strengths": {"working_well": "An aunt who visits."},
    "consent": {"informed": "no", "given": "not_asked", "reason": "significant_harm"},
}


@pytest.fixture
def world() -> World:
    world = make_world()
    make_referral(world, child={"first_name": "Later"})
    make_referral(
        world,
        child={"first_name": "Urgent"},
        indicators=("health-4-01", "health-4-02", "family-3-01"),
        facts={"immediate_danger": True},
        answers=ANSWERS,
    )
    return world


def take_read_acknowledge_decide(page: Page, address: str, look: Look) -> None:
    """A screener's way, looking at every page of it."""
    page.goto(f"{address}/testshire/queue/")
    expect(page.locator("tbody tr").first).to_contain_text("Urgent Marlow")
    look(page)
    page.get_by_role("button", name="Take the most urgent one").click()
    expect(page.get_by_text("You have it.")).to_be_visible()
    for words in ("A mark on the arm.", "I was bad.", "An aunt who visits.", "Health worry 1 of level 4"):
        expect(page.get_by_text(words).first).to_be_visible()
    look(page)
    page.get_by_role("link", name="Acknowledge", exact=True).click()
    look(page)
    page.get_by_label("Your own words (optional)").fill("I ring at noon.")
    page.get_by_role("button", name="Send the acknowledgement").click()
    expect(page.get_by_text("The acknowledgement has been sent.")).to_be_visible()

    page.get_by_role("button", name="Decide").click()
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    look(page)
    page.get_by_role("button", name="Check the letter").click()
    expect(page.get_by_role("link", name="Give the reason for the decision")).to_be_visible()
    look(page)
    page.get_by_label("Level 4: Statutory").check()
    page.get_by_label("Strategy discussion (section 47)").check()
    page.get_by_label("Why? For the record").fill(REASON)
    page.get_by_label("What do you tell the referrer?").fill(TOLD)
    page.get_by_label("Primary need").select_option("N1")
    page.get_by_text("Factors, by the national codes").click()
    page.get_by_label("18C: Physical abuse by an adult").check()
    page.get_by_role("group", name="Who tells the parents or carers?").get_by_label("Nobody").check()
    page.get_by_label("What are they told, or why are they not told?").fill("The police speak with them first.")
    page.get_by_role("group", name="Who tells the child?").get_by_label("I do").check()
    page.get_by_role("button", name="Check the letter").click()
    expect(page.get_by_text("about U.M., which")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_label("Why? For the record")).to_have_value(REASON)
    page.get_by_role("button", name="Check the letter").click()
    page.get_by_role("button", name="Decide and send the letter").click()
    expect(page.get_by_text("is decided, and the letter has been sent")).to_be_visible()
    look(page)
    page.locator("summary", has_text="Outcome").click()
    expect(page.get_by_role("paragraph").filter(has_text=TOLD)).to_be_visible()


def referrer_reads(page: Page, address: str, look: Look) -> None:
    """What the referrer finds: both letters, and nothing of the reason."""
    page.goto(f"{address}/testshire/referrals/")
    page.locator("main li", has_text="Urgent Marlow").get_by_role("link").click()
    page.get_by_role("link", name="The outcome of your referral").click()
    expect(page.get_by_text(TOLD)).to_be_visible()
    expect(page.get_by_text(REASON)).to_have_count(0)
    look(page)


def looking(assert_axe_clean: Look, assert_fits: Look) -> Look:
    def look(page: Page) -> None:
        assert_fits(page)
        assert_axe_clean(page)

    return look


@pytest.mark.parametrize("width", ["page_wide", "page_narrow"])
def test_from_the_queue_to_the_letter(
    width: str,
    request: pytest.FixtureRequest,
    world: World,
    live: Any,
    sign_in: Callable[..., None],
    assert_axe_clean: Look,
    assert_fits: Look,
    shot: Callable[[Page, str], None],
) -> None:
    page = request.getfixturevalue(width)
    look = looking(assert_axe_clean, assert_fits)
    sign_in(page, world.person(Role.SCREENER))
    take_read_acknowledge_decide(page, live.url, look)
    shot(page, f"decided-{width}")
    page.context.clear_cookies()
    sign_in(page, world.person(Role.PRACTITIONER))
    referrer_reads(page, live.url, look)


def test_the_same_without_script(
    world: World, live: Any, sign_in: Callable[..., None], page_without_script: Page
) -> None:
    sign_in(page_without_script, world.person(Role.SCREENER))
    take_read_acknowledge_decide(page_without_script, live.url, lambda page: None)


def test_two_forms_open_the_slower_one_keeps_its_words(
    world: World,
    live: Any,
    sign_in: Callable[..., None],
    page_wide: Page,
    assert_axe_clean: Look,
) -> None:
    sol = make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    with scope(partnership=world.partnership):
        row = Referral.objects.get(immediate_danger=True)
        actions.claim(referral=row, by=world.person(Role.SCREENER), at=NOW)
    sign_in(page_wide, world.person(Role.SCREENER))
    page_wide.goto(f"{live.url}/testshire/triage/{row.pk}/decide/")
    page_wide.get_by_label("Level 3: Targeted").check()
    page_wide.get_by_label("Advice and information").check()
    page_wide.get_by_label("Why? For the record").fill(REASON)
    page_wide.get_by_label("What do you tell the referrer?").fill(TOLD)
    page_wide.get_by_label("Primary need").select_option("N0")
    for name in ("parents_told_by", "child_told_by"):
        page_wide.locator(f"input[name={name}][value=decider]").check()
    with scope(partnership=world.partnership):
        taken = actions.reassign(referral=row, to=sol, by=sol, at=NOW)
        actions.decide(
            referral=taken,
            decided_level=4,
            outcome=Outcome.STRATEGY_DISCUSSION,
            reason="The X-ray shows more.",
            told_referrer="",
            revision=taken.revision,
            by=sol,
            at=NOW,
        )
    page_wide.get_by_role("button", name="Check the letter").click()
    expect(page_wide.get_by_role("alert")).to_contain_text("The X-ray shows more.")
    expect(page_wide.get_by_label("Why? For the record")).to_have_value(REASON)
    assert_axe_clean(page_wide)


@pytest.mark.parametrize("width", ["page_wide", "page_narrow"])
def test_steps_and_reports_look_right(
    width: str,
    request: pytest.FixtureRequest,
    world: World,
    live: Any,
    sign_in: Callable[..., None],
    assert_axe_clean: Look,
    assert_fits: Look,
) -> None:
    page = request.getfixturevalue(width)
    look = looking(assert_axe_clean, assert_fits)
    with scope(partnership=world.partnership):
        row = Referral.objects.get(immediate_danger=True)
        actions.claim(referral=row, by=world.person(Role.SCREENER), at=NOW)
    sign_in(page, world.person(Role.SCREENER))
    for step in ("step-down", "reassign", "acknowledge"):
        page.goto(f"{live.url}/testshire/triage/{row.pk}/{step}/")
        look(page)
        if step != "acknowledge":
            page.locator("main form button").first.click()
            expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
            look(page)
    page.context.clear_cookies()
    sign_in(page, world.person(Role.MANAGER))
    for address in ("reports/", "reports/list/", "reports/list/?q=nowhere", f"triage/{row.pk}/"):
        page.goto(f"{live.url}/testshire/{address}")
        look(page)
