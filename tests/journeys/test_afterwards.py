"""After a decision, in a real browser: a professional disagreement through its stages, and early help to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.triage import actions
from tests.factories import NOW, World, make_referral, make_support, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
Look = Callable[[Page, str], None]


@pytest.fixture
def world() -> World:
    return make_world()


def as_another(page: Page, sign_in: Callable[..., None], user: Any) -> None:
    page.context.clear_cookies()
    sign_in(page, user)


def open_and_fill(page: Page, summary: str, label: str, words: str) -> None:
    """A form that is folded away, and its text."""
    page.get_by_text(summary).click()
    page.get_by_label(label).fill(words)


def test_a_disagreement_begins_with_one_press_and_goes_through_its_stages(
    world: World, live: Any, sign_in: Callable[..., None], page_wide: Page, look: Look
) -> None:
    page, screener = page_wide, world.person(Role.SCREENER)
    referral = make_referral(world)
    with scope(partnership=world.partnership):
        row = actions.claim(referral=referral, by=screener, at=NOW)
        actions.decide(
            referral=row,
            decided_level=4,
            outcome=Outcome.ASSESSMENT_SECTION_17,
            reason="One mark.",
            told_referrer="We assess.",
            revision=row.revision,
            by=screener,
            at=NOW,
        )
    mine = f"{live.url}/testshire/referrals/{referral.pk}/"
    sign_in(page, world.person(Role.PRACTITIONER))
    page.goto(mine)
    look(page, "track-decided")
    page.goto(f"{mine}disagreement/")
    look(page, "challenge")
    page.get_by_role("button", name="Challenge the decision").click()
    expect(page.get_by_role("link", name="Say in a sentence how you see it")).to_be_visible()
    look(page, "challenge-error")
    page.get_by_label("How do you see it?").fill("The police should be there from the first day.")
    page.get_by_role("button", name="Challenge the decision").click()
    expect(page.get_by_text("Your challenge has been sent.")).to_be_visible()
    look(page, "challenged-referrer")

    as_another(page, sign_in, screener)
    theirs = f"{live.url}/testshire/triage/{referral.pk}/"
    page.goto(theirs)
    page.get_by_role("link", name="The referrer disagrees: read and answer").click()
    expect(page.get_by_text("The police should be there from the first day.")).to_be_visible()
    look(page, "disagreement")
    page.get_by_label("What does the front door answer?").fill("They come on Monday.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("link", name="Say who talked with whom, and when")).to_be_visible()
    expect(page.get_by_label("What does the front door answer?")).to_have_value("They come on Monday.")
    look(page, "disagreement-error")
    page.get_by_label("Who talked with whom, and when?").fill("Sam and the head, today at noon")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("The answer is on record, and the referrer is told.")).to_be_visible()

    as_another(page, sign_in, world.person(Role.PRACTITIONER))
    page.goto(f"{mine}disagreement/")
    look(page, "answered-referrer")
    open_and_fill(page, "We still differ", "Why does it go on to the next stage?", "Monday is too late.")
    page.get_by_role("button", name="Go on to the next stage").click()
    expect(page.get_by_text("It has gone on to the next stage.")).to_be_visible()
    expect(page.get_by_text("Stage 2: Board")).to_be_visible()

    as_another(page, sign_in, world.person(Role.MANAGER))
    page.goto(f"{theirs}disagreement/")
    page.get_by_text("It is resolved: record how").click()
    page.get_by_role("button", name="Record the resolution").click()
    expect(page.get_by_role("link", name="Choose how it was resolved")).to_be_visible()
    look(page, "resolve-error")
    page.get_by_label("The decision is looked at again").check()
    page.get_by_label("What was agreed?").fill("A strategy discussion today.")
    page.get_by_role("button", name="Record the resolution").click()
    expect(page.get_by_text("The resolution is on record.")).to_be_visible()
    look(page, "resolved-manager")
    as_another(page, sign_in, world.person(Role.PRACTITIONER))
    page.goto(f"{mine}disagreement/")
    expect(page.get_by_text("A strategy discussion today.")).to_be_visible()
    look(page, "resolved-referrer")


def test_early_help_from_accepting_to_closing_and_stepping_up(
    world: World, live: Any, sign_in: Callable[..., None], page_narrow: Page, look: Look
) -> None:
    page = page_narrow
    make_support(world)
    make_support(world, child={"first_name": "Wren"})
    sign_in(page, world.person(Role.EARLY_HELP))
    page.goto(f"{live.url}/testshire/early-help/")
    look(page, "supports")
    page.get_by_role("link", name="Robin Marlow").click()
    expect(page.get_by_text("Next: accept it, with a lead practitioner and a plan, by ")).to_be_visible()
    look(page, "support-offered")
    page.get_by_role("button", name="Accept, with a lead practitioner and a plan").click()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_role("link", name="Write the plan, or its first steps")).to_be_visible()
    look(page, "support-accept-error")
    page.get_by_label("Who is the lead practitioner?").fill("Lee Lead")
    page.get_by_label("Their agency").fill("Testshire Primary")
    page.get_by_label("Their telephone number").fill("01632 960321")
    page.get_by_label("The plan").fill("Breakfast club on school days; Lee rings each Friday.")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("Early help has begun.")).to_be_visible()
    look(page, "support-active")
    page.get_by_role("button", name="Review the plan").click()
    page.get_by_role("button", name="Keep the review").click()
    expect(page.get_by_role("link", name="Say how it goes")).to_be_visible()
    look(page, "support-review-error")
    page.get_by_label("Better").check()
    page.get_by_label("What changed, what the child says, and what was agreed").fill("She eats at school now.")
    page.get_by_role("button", name="Keep the review").click()
    expect(page.get_by_text("The review is kept, and the next one is dated.")).to_be_visible()
    page.get_by_role("link", name="Close early help").click()
    page.get_by_role("button", name="Close early help").click()
    expect(page.get_by_role("link", name="Choose how it ends")).to_be_visible()
    look(page, "support-close-error")
    page.get_by_label("Needs met").check()
    page.get_by_label("What came of it?").fill("Breakfast every day, and no more late mornings.")
    page.get_by_role("button", name="Close early help").click()
    expect(page.get_by_text("Early help is closed.")).to_be_visible()
    look(page, "support-closed")

    page.goto(f"{live.url}/testshire/early-help/")
    page.get_by_role("link", name="Wren Marlow").click()
    page.get_by_role("link", name="Step up to the MASH").click()
    page.get_by_role("button", name="Step up to the MASH").click()
    expect(page.get_by_role("link", name="Say why: the MASH reads it first")).to_be_visible()
    look(page, "support-step-up-error")
    page.get_by_label("Why does it go to the MASH?").fill("A new bruise, seen this morning.")
    page.get_by_role("button", name="Step up to the MASH").click()
    expect(page.get_by_text("The referral is with the MASH now, with its history.")).to_be_visible()
    look(page, "support-stepped-up")
    page.goto(f"{live.url}/testshire/early-help/")
    look(page, "supports-empty")
