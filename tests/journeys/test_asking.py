"""What the front door asks of others, in a real browser: the referrer, an agency's person, the board of who is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from referrals.models import Ask, Referral
from referrals.triage import actions
from tests.factories import NOW, World, make_referral, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
Look = Callable[[Page, str], None]


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def referral(world: World) -> Referral:
    """Taken by the screener."""
    made = make_referral(world, child={"nhs_number": "9990000018", "postcode": "TE1 1AA"})
    with scope(partnership=world.partnership):
        return actions.claim(referral=made, by=world.person(Role.SCREENER), at=NOW)


def as_another(page: Page, sign_in: Callable[..., None], user: Any) -> None:
    page.context.clear_cookies()
    sign_in(page, user)


def test_a_question_to_the_referrer_and_a_check_with_an_agency(
    world: World, referral: Referral, live: Any, sign_in: Callable[..., None], page_narrow: Page, look: Look
) -> None:
    page, screener, checker = page_narrow, world.person(Role.SCREENER), world.person(Role.CHECKER)
    address = f"{live.url}/testshire/triage/{referral.pk}/"
    sign_in(page, screener)

    page.goto(f"{address}ask/")
    look(page, "ask")
    page.get_by_role("button", name="Ask the referrer").click()
    expect(page.get_by_role("link", name="Write the question")).to_be_visible()
    look(page, "ask-error")
    page.get_by_label("What do you ask?").fill("Who collects Robin on Friday?")
    page.get_by_label("Soon", exact=True).check()
    page.get_by_role("button", name="Ask the referrer").click()
    expect(page.get_by_text("The referrer is asked.")).to_be_visible()

    page.goto(f"{address}check/")
    look(page, "check-ask")
    page.get_by_label("Testshire Primary").check()
    page.get_by_label("What do you need to know?").fill("Has the school seen marks before?")
    page.get_by_role("button", name="Ask these agencies").click()
    for message in ("Choose what they may see", "Choose the lawful basis", "Rate the risk before the checks"):
        expect(page.get_by_role("link", name=message)).to_be_visible()
    expect(page.get_by_label("What do you need to know?")).to_have_value("Has the school seen marks before?")
    look(page, "check-ask-error")
    page.get_by_role("group", name="What may they see?").get_by_role("checkbox").first.check()
    page.get_by_label("A public task").check()
    page.get_by_label("Urgent", exact=True).check()
    page.get_by_label("Medium: decide within the day’s limit").check()
    page.get_by_label("Why?").fill("One mark, and no word of how it came.")
    page.get_by_role("button", name="Ask these agencies").click()
    expect(page.get_by_text("The agencies are asked.")).to_be_visible()
    look(page, "asked-screener")

    # The school's own person sees this check alone, and answers it.
    as_another(page, sign_in, checker)
    page.goto(f"{live.url}/testshire/checks/")
    look(page, "checks")
    page.get_by_role("link", name=f"Check for referral {referral.reference}").click()
    expect(page.get_by_text("Has the school seen marks before?")).to_be_visible()
    expect(page.get_by_text("Robin Marlow")).to_be_visible()
    for hidden in ("9990000018", "One mark, and no word"):
        expect(page.locator("body")).not_to_contain_text(hidden)
    look(page, "check-answer")
    page.get_by_label("Yes, we hold information on the child or the family").check()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("link", name="Write what you know")).to_be_visible()
    look(page, "check-answer-error")
    page.get_by_label("What do you know that bears on this?").fill("A bruise in May; mother said a fall.")
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Your agency’s answer has been sent.")).to_be_visible()
    look(page, "checks-answered")
    assert page.goto(address).status == 404

    # The question is late by now: the board says who owes what.
    with scope(partnership=world.partnership):
        Ask.objects.questions().update(due_at=NOW - dt.timedelta(hours=3))
    as_another(page, sign_in, screener)
    page.goto(f"{live.url}/testshire/checks/board/")
    expect(page.get_by_text("Late: Referrers (1).")).to_be_visible()
    look(page, "board")

    as_another(page, sign_in, world.person(Role.PRACTITIONER))
    page.goto(f"{live.url}/testshire/referrals/{referral.pk}/")
    look(page, "track-asked")
    page.get_by_role("link", name="question").first.click()
    expect(page.get_by_text("Who collects Robin on Friday?")).to_be_visible()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("link", name="Write your answer")).to_be_visible()
    look(page, "question-error")
    page.get_by_label("Your answer").fill("Her grandmother, at three.")
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("link", name="Say whether a child may come to harm now")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_have_value("Her grandmother, at three.")
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_text("Your answer has been sent.")).to_be_visible()
    look(page, "track-answered")

    # What the answers changed: the risk is rated once more, and both ratings stand beside each other.
    as_another(page, sign_in, screener)
    page.goto(f"{address}risk/")
    page.get_by_role("button", name="Keep the rating").click()
    expect(page.get_by_role("link", name="Choose how great the risk looks")).to_be_visible()
    look(page, "risk-error")
    page.get_by_label("High: decide today").check()
    page.get_by_label("Why?").fill("The second mark in half a year.")
    page.get_by_role("button", name="Keep the rating").click()
    expect(page.get_by_text("The rating is kept.")).to_be_visible()
    for words in (
        "Her grandmother, at three.",
        "A bruise in May; mother said a fall.",
        "The second mark in half a year.",
    ):
        expect(page.get_by_text(words)).to_be_visible()
    look(page, "answered-screener")
    page.goto(f"{live.url}/testshire/checks/board/")
    expect(page.get_by_text("Nothing waits for an answer.")).to_be_visible()
    look(page, "board-empty")
