"""A decision that needs a second person, on several children, in a real browser: written, sent back, signed, read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from referrals.models import Referral
from referrals.triage import actions
from tests.factories import NOW, World, add_child, make_person, make_referral, make_world
from thresholds.domain.screening import read_facts

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
Look = Callable[[Page, str], None]
AGREES_NOT = {"consent": {"informed": True, "given": False}}


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def two_children(world: World) -> Referral:
    """Taken by the screener: two children at level 3, whose family does not agree."""
    referral = make_referral(world, indicators=("health-3-01",), facts=AGREES_NOT, team=world.mash)
    with scope(partnership=world.partnership):
        add_child(
            world,
            referral,
            read_facts(referral.screening["facts"]),
            referral.screening,
            ("health-3-01",),
            {"first_name": "Wren", "last_name": "Marlow", "order": 2},
        )
        actions.acknowledge(referral=referral, words="", by=world.person(Role.SCREENER), at=NOW)
        return actions.claim(referral=referral, by=world.person(Role.SCREENER), at=NOW)


def tell_family(page: Page, *, parents: str, child: str) -> None:
    for group, what, said in (
        ("Who tells the parents or carers?", "What are they told, or why are they not told?", parents),
        ("Who tells the child?", "What is the child told, or why not?", child),
    ):
        page.get_by_role("group", name=group).get_by_label("I do" if said else "The referrer").check()
        page.get_by_label(what).fill(said)


def as_another(page: Page, sign_in: Callable[..., None], user: Any) -> None:
    page.context.clear_cookies()
    sign_in(page, user)


def test_two_children_one_by_one_sent_back_changed_and_signed(
    world: World,
    two_children: Referral,
    live: Any,
    sign_in: Callable[..., None],
    page_wide: Page,
    look: Look,
) -> None:
    page, senior = page_wide, world.person(Role.SENIOR)
    address = f"{live.url}/testshire/triage/{two_children.pk}/"
    sign_in(page, world.person(Role.SCREENER))

    # Early help for one, without the family's agreement: nothing is kept before somebody's authority stands there.
    page.goto(f"{address}decide/")
    look(page, "children-none-decided")
    page.get_by_role("link", name="Robin Marlow").click()
    expect(page.get_by_role("heading", name="Decide: Robin Marlow")).to_be_visible()
    expect(page.locator("input:checked")).to_have_count(0)
    look(page, "child-decide")
    page.get_by_label("Level 3: Targeted").check()
    page.get_by_label("Early help", exact=True).check()
    page.get_by_label("Which early help team takes it on?").select_option(label="Early Help")
    page.get_by_label("What does that team need to know?").fill("A dog in the yard: ring first.")
    page.get_by_label("Primary need").select_option("N4")
    page.get_by_label("Why? For the record").fill("Mother is worn out and says no to a worker for now.")
    page.get_by_label("What do you tell the referrer?").fill("Early Help rings you on Thursday.")
    tell_family(page, parents="That Early Help will offer again.", child="")
    page.get_by_role("button", name="Keep this decision").click()
    expect(page.get_by_role("link", name="The family has not agreed. Say who authorised")).to_be_visible()
    look(page, "child-decide-without-authority")
    page.get_by_label("Who authorised going on").select_option(label=senior.name)
    page.get_by_label("Why does it go on without their agreement?").fill("Robin is alone at night.")
    page.get_by_role("button", name="Keep this decision").click()
    expect(page.get_by_text("What you decided of this child is kept. It is not sent yet.")).to_be_visible()
    look(page, "children-one-decided")

    # No further action for the other: its author can only propose it.
    page.get_by_role("link", name="Wren Marlow").click()
    expect(page.get_by_role("heading", name="Decide: Wren Marlow")).to_be_visible()
    page.get_by_label("Level 1: Universal").check()
    page.get_by_label("No further action").check()
    page.get_by_label("Primary need").select_option("N9")
    page.get_by_label("Why? For the record").fill("Wren lives with an aunt.")
    page.get_by_label("What do you tell the referrer?").fill("Wren is safe with an aunt.")
    tell_family(page, parents="", child="")
    page.get_by_role("button", name="Keep this decision").click()
    expect(page.get_by_role("heading", name="Decide, child by child")).to_be_visible()
    look(page, "children-all-decided")
    page.get_by_role("button", name="Propose to a second person").click()
    expect(page.get_by_text("It waits for a second person now.")).to_be_visible()
    look(page, "proposed-author")
    page.goto(f"{address}sign-off/")
    expect(page.get_by_role("heading", name="Sign off, or send back")).to_have_count(0)

    # The second person sends it back; its author changes it, takes it back once more, and proposes again.
    as_another(page, sign_in, senior)
    page.goto(f"{live.url}/testshire/sign-offs/")
    look(page, "sign-offs")
    page.get_by_role("link", name="Robin Marlow").click()
    expect(page.get_by_role("heading", name="Sign off, or send back")).to_be_visible()
    look(page, "sign-off")
    page.get_by_label("I send it back").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("link", name="Say why it goes back")).to_be_visible()
    look(page, "sign-off-error")
    page.get_by_label("Your reason or remark").fill("Who saw Wren at the aunt’s?")
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_text("has gone back to its author")).to_be_visible()
    as_another(page, sign_in, world.person(Role.SCREENER))
    page.goto(address)
    expect(page.get_by_text("Who saw Wren at the aunt’s?").first).to_be_visible()
    look(page, "sent-back-author")
    expect(page.get_by_text("Sent back to be changed:")).to_be_visible()
    page.goto(f"{address}decide/2/")
    expect(page.get_by_label("Why? For the record")).to_have_value("Wren lives with an aunt.")
    page.get_by_label("Why? For the record").fill("Wren lives with an aunt. School saw her there on Monday.")
    page.get_by_role("button", name="Keep this decision").click()
    page.get_by_role("button", name="Propose to a second person").click()
    expect(page.get_by_text("It waits for a second person now.")).to_be_visible()
    page.get_by_role("button", name="Take it back to change it").click()
    expect(page.get_by_text("The proposal is yours again.")).to_be_visible()
    as_another(page, sign_in, senior)
    page.goto(f"{live.url}/testshire/sign-offs/")
    expect(page.locator("main")).not_to_contain_text("Robin Marlow")
    look(page, "sign-offs-empty")
    as_another(page, sign_in, world.person(Role.SCREENER))
    page.goto(f"{address}decide/")
    page.get_by_role("button", name="Propose to a second person").click()
    expect(page.get_by_text("It waits for a second person now.")).to_be_visible()

    as_another(page, sign_in, senior)
    page.goto(f"{address}sign-off/")
    page.get_by_label("I sign it off").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_text("is signed off, and what was to be sent has gone out")).to_be_visible()
    look(page, "signed")

    # The referrer reads one letter about both.
    as_another(page, sign_in, world.person(Role.PRACTITIONER))
    page.goto(f"{live.url}/testshire/referrals/{two_children.pk}/")
    page.get_by_role("link", name="The outcome of your referral").click()
    for words in ("Early Help rings you on Thursday.", "Wren is safe with an aunt."):
        expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_text("worn out")).to_have_count(0)
    look(page, "letter-two-children")


def test_a_stale_form_of_one_of_two_children_keeps_its_words_and_shows_theirs(
    world: World,
    two_children: Referral,
    live: Any,
    sign_in: Callable[..., None],
    page_narrow_without_script: Page,
    assert_fits: Callable[[Page], None],
) -> None:
    """Handed over to a cover while the form stood open; without script, on a telephone."""
    page, sol = page_narrow_without_script, make_person(world, Role.SCREENER, name="Sol Second", team=world.mash)
    address = f"{live.url}/testshire/triage/{two_children.pk}/"
    sign_in(page, world.person(Role.SCREENER))
    page.goto(f"{address}decide/2/")
    page.get_by_label("Why? For the record").fill("What I typed")
    page.get_by_label("Level 3: Targeted").check()
    page.get_by_label("Child and family assessment").check()
    page.get_by_label("Primary need").select_option("N1")
    page.get_by_label("Who authorised going on").select_option(label=world.person(Role.SENIOR).name)
    page.get_by_label("Why does it go on without their agreement?").fill("Alone at night.")
    tell_family(page, parents="", child="")
    sign_in_other = page.context.browser.new_context(viewport={"width": 320, "height": 900}).new_page()
    sign_in(sign_in_other, sol)
    sign_in_other.goto(f"{live.url}/testshire/absences/")
    sign_in_other.get_by_label("Who is away?").select_option(label=world.person(Role.SCREENER).name)
    for part, value in (("Day", "7"), ("Month", "12"), ("Year", "2026")):
        sign_in_other.get_by_label(part).fill(value)
    sign_in_other.get_by_label("Who covers? (optional)").select_option(label="Sol Second")
    sign_in_other.get_by_role("button", name="Save").click()
    expect(sign_in_other.get_by_text("1 went to the cover")).to_be_visible()
    sign_in_other.context.close()
    page.get_by_role("button", name="Keep this decision").click()
    expect(page.get_by_role("alert")).to_contain_text("Sol Second")
    expect(page.get_by_label("Why? For the record")).to_have_value("What I typed")
    assert_fits(page)


@pytest.mark.parametrize("width", ["page_wide", "page_narrow"])
def test_what_was_told_of_danger_stands_above_the_signature(
    width: str, request: pytest.FixtureRequest, world: World, live: Any, sign_in: Callable[..., None], look: Look
) -> None:
    page = request.getfixturevalue(width)
    told = {"children": [{"impact": {"safe": "no", "impact": "She hides."}}], "worry": {"happened": "He has a bat."}}
    referral = make_referral(world, facts={"immediate_danger": True}, answers=told)
    with scope(partnership=world.partnership):
        actions.claim(referral=referral, by=world.person(Role.SCREENER), at=NOW)
    address = f"{live.url}/testshire/triage/{referral.pk}/"
    sign_in(page, world.person(Role.SCREENER))
    page.goto(f"{address}decide/")
    page.get_by_label("Level 4: Statutory").check()
    page.get_by_label("Advice and information").check()
    page.get_by_label("Primary need").select_option("N1")
    page.get_by_label("Why? For the record").fill("The police are with her.")
    page.get_by_label("What do you tell the referrer?").fill("The police are with her.")
    tell_family(page, parents="That we rang.", child="")
    page.get_by_role("button", name="Check the letter").click()
    expect(page.get_by_text("What keeps the child safe now waits for no signature")).to_be_visible()
    look(page, f"danger-preview-{width}")
    page.get_by_role("button", name="Propose to a second person").click()
    expect(page.get_by_text("It waits for a second person now.")).to_be_visible()
    as_another(page, sign_in, world.person(Role.SENIOR))
    page.goto(f"{address}sign-off/")
    expect(page.get_by_role("heading", name="What was told of danger")).to_be_visible()
    expect(page.get_by_text("He has a bat.")).to_be_visible()
    look(page, f"danger-sign-off-{width}")
    page.get_by_label("I sign it off").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_text("is signed off, and what was to be sent has gone out")).to_be_visible()
