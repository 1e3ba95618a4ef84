"""A fifth partnership in a browser: by forms and one import, from nothing to its first screened referral."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.models import Invitation, Partnership, User
from partnerships.permissions import Role
from referrals import outbox
from referrals.models import Referral
from tests.integration.test_fifth_partnership import BY_FORMS, PASSWORD, at, document, helps_in_the_south, make, take_up

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LABEL = "Goes without a coat when the tide wind blows"
STORY = {
    "first_name": "Robin",
    "last_name": "Marlow",
    "postcode": "FE3 1AA",
    "happened": "Robin comes without a coat and is hungry.",
    "born": "born",
    "informed": "yes",
    "given": "yes",
    "safe": "yes",
}


def fill_in(page: Page, told: dict[str, str]) -> None:
    """Answer what of this page `told` knows, by the fields' names."""
    for name, value in told.items():
        fields = page.locator(f"main [name={name}]")
        if not value or not fields.count() or not fields.first.is_visible():
            choice = page.locator(f'main [name={name}][value="{value}"]')
            if choice.count() == 1:
                choice.check()
        elif fields.first.evaluate("field => field.tagName") == "SELECT":
            fields.first.select_option(value)
        elif fields.first.get_attribute("type") in ("radio", "checkbox"):
            page.locator(f'main [name={name}][value="{value}"]').check()
        else:
            fields.first.fill(value)


def leads(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name).click()


def test_a_fifth_partnership_from_nothing_to_its_first_screened_referral(
    live: Any,
    page_wide: Page,
    sign_in: Callable[[Page, User], None],
    assert_axe_clean: Callable[[Page], None],
    shot: Callable[[Page, str], None],
) -> None:
    page = page_wide
    make()
    partnership = Partnership.objects.get(slug="fenmarsh")

    def go(name: str, **parts: Any) -> None:
        page.goto(live.url + at(name, **parts))

    def seen(name: str) -> None:
        assert_axe_clean(page)
        shot(page, f"fifth-{name}")

    def become(email: str) -> None:
        page.context.clear_cookies()
        sign_in(page, User.objects.get(email=email))

    the_admin_takes_it_up(page, live.url, partnership)
    become("ada@fenmarsh.example")
    go("setup_checklist")
    expect(page.get_by_text("10 things still missing")).to_be_visible()
    seen("1-nothing-yet")
    for name, told in BY_FORMS:
        go(name)
        fill_in(page, told)
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator(".govuk-notification-banner")).to_be_visible()
    invite_people(page, go)
    one_import_read_and_agreed(page, go, become, seen)
    go("setup_checklist")
    expect(page.get_by_text("Everything is there for a first referral.")).to_be_visible()
    leads(page, "Open the front door")
    expect(page.get_by_text("The front door is open").first).to_be_visible()
    seen("4-open")

    become("practitioner@fenmarsh.example")
    tell(page, go)
    with scope(partnership=partnership):
        referral = Referral.objects.get()
    assert (referral.indicated_level, referral.route, referral.team.name) == (2, "early_help", "North Shore helpers")
    become("early_help@fenmarsh.example")
    go("queue_team", team=referral.team.slug)
    row = page.get_by_role("row").filter(has_text=referral.reference)
    expect(row).to_contain_text("Tier 2")
    page.get_by_role("link", name="Robin Marlow").click()
    expect(page.get_by_text(LABEL).first).to_be_visible()
    expect(page.get_by_text("Needing a hand").first).to_be_visible()
    seen("5-screened")


def the_admin_takes_it_up(page: Page, address: str, partnership: Partnership) -> None:
    """By the link of the email that the operator's command sent."""
    with scope(partnership=partnership):
        outbox.deliver_due(at=timezone.now())
    link = re.search(r"/accounts/invitation/\S+", mail.outbox[-1].body)
    assert link is not None
    page.goto(address + link[0])
    fill_in(page, {"name": "Ada Admin", "job_title": "Policy officer", "password": PASSWORD})
    leads(page, "Accept the invitation")
    page.wait_for_url(re.compile(r"^(?!.*/invitation/)"))
    assert User.objects.get(email="ada@fenmarsh.example").is_active


def invite_people(page: Page, go: Callable[..., None]) -> None:
    """One of each role that a first referral needs; each takes it up."""
    for role, where in (
        (Role.PRACTITIONER, {"agency": "saltings-school"}),
        (Role.SCREENER, {"team": "harbour-mash"}),
        (Role.EARLY_HELP, {"team": "north-shore-helpers"}),
        (Role.MANAGER, {}),
    ):
        email = f"{role.value}@fenmarsh.example"
        go("member_invite")
        fill_in(page, {"name": f"A {role.label}", "email": email, "role": role.value, **where})
        leads(page, "Send the invitation")
        expect(page.locator(".govuk-notification-banner")).to_be_visible()
        take_up(Invitation.objects.get(user__email=email))
    helps_in_the_south("early_help@fenmarsh.example")


def one_import_read_and_agreed(
    page: Page, go: Callable[..., None], become: Callable[[str], None], seen: Callable[[str], None]
) -> None:
    """The document as one file; a manager, who wrote none of it, approves; the admin publishes."""
    told = document()
    told["indicators"] = [
        {**each, "label": LABEL} if each["key"] == "family-2-03" else each for each in told["indicators"]
    ]
    go("threshold_import")
    page.get_by_label("The file").set_input_files(
        {"name": "fenmarsh.json", "mimeType": "application/json", "buffer": json.dumps(told).encode()}
    )
    leads(page, "Bring it in")
    page.wait_for_url("**/content/fenmarsh-2026/**")
    seen("2-brought-in")
    go("threshold_ask", version="fenmarsh-2026")
    page.get_by_label("From when it is published").check()
    page.get_by_label("What changed, and why").fill("Our own, for the first time.")
    leads(page, "Ask for approval")
    expect(page.get_by_text("somebody else has to answer")).to_be_visible()
    become("manager@fenmarsh.example")
    go("threshold_approval", version="fenmarsh-2026")
    seen("3-to-approve")
    page.get_by_label("Yes: it may be published").check()
    leads(page, "Send your answer")
    expect(page.get_by_text("You approved the draft.")).to_be_visible()
    become("ada@fenmarsh.example")
    go("threshold_versions")
    page.get_by_role("link", name="Lending a hand").first.click()
    leads(page, "Publish")
    leads(page, "Publish")
    expect(page.get_by_text("The threshold is published and in force from now.")).to_be_visible()


def tell(page: Page, go: Callable[..., None]) -> None:
    """A practitioner's first worry, from the emergency page to the confirmation."""
    go("refer_before")
    leads(page, "Start now")
    page.locator(".govuk-task-list a").first.click()
    for _ in range(30):
        if page.url.endswith("/check/"):
            break
        fill_in(page, STORY)
        chosen = page.locator('main input[name=chosen][value="family-2-03"]')
        if chosen.count():
            chosen.evaluate("box => box.closest('details')?.setAttribute('open', '')")
            chosen.check()
        before = page.url
        for _ in range(2):  # once more where a gentle question asks about what was left out
            if page.url == before:
                page.locator("main").get_by_role("button", name=re.compile("continue", re.IGNORECASE)).first.click()
    page.get_by_role("button", name="Send the").first.click()
    expect(page.locator(".govuk-panel")).to_be_visible()
    expect(page.locator("main")).to_contain_text("It is in the queue of North Shore helpers.")
