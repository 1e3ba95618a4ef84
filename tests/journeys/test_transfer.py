"""Sent on to another partnership, wide; read and received there, narrow and without script; seen by the referrer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.models import Locality
from partnerships.permissions import Role
from referrals.models import Referral
from referrals.triage import actions
from tests.factories import NOW, make_referral, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
ANSWERS = {
    "children": [
        {
            "who": {"first_name": "Urgent", "last_name": "Marlow", "born": "born", "date_of_birth": "2019-05-01"},
            "home": {"postcode": "OT1 2AB"},
            "impact": {"child_words": "I was bad.", "next_seen_on": "2026-11-26", "next_seen_time": "15:15"},
            "indicators": {"chosen": ["health-4-01"]},
        }
    ],
    "worry": {"happened": "A mark on the arm.", "known_from": ["saw"]},
    "consent": {"informed": "no", "given": "not_asked", "reason": "significant_harm"},
}


def test_sent_on_received_there_and_seen_by_the_referrer(
    live: Any,
    sign_in: Callable[..., None],
    page_wide: Page,
    page_narrow_without_script: Page,
    look: Callable[[Page, str], None],
    assert_fits: Callable[[Page], None],
) -> None:
    own, other = make_world("ownshire"), make_world("othershire")
    Locality.objects.create(team=other.early_help, postcode_prefix="OT1")
    row = make_referral(own, answers=ANSWERS, child={"first_name": "Urgent", "postcode": "OT1 2AB"})
    with scope(partnership=own.partnership):
        actions.claim(referral=row, by=own.person(Role.SCREENER), at=NOW)

    page = page_wide
    sign_in(page, own.person(Role.SCREENER))
    page.goto(f"{live.url}/ownshire/triage/{row.pk}/decide/")
    page.get_by_label("No level").check()
    page.get_by_label("Transferred to another area").check()
    expect(page.get_by_text("is in the area of Othershire")).to_be_visible()
    look(page, "transfer-decide")
    page.get_by_label("Where is the child sent on to?").select_option("othershire")
    page.get_by_label("Primary need").select_option("N1")
    page.get_by_label("Why? For the record").fill("The family moved last week.")
    page.get_by_role("group", name="Who tells the parents or carers?").get_by_label("I do").check()
    page.get_by_role("group", name="Who tells the child?").get_by_label("I do").check()
    page.get_by_role("button", name="Check the letter").click()
    expect(
        page.get_by_text("Sent on to Othershire Safeguarding Children Partnership, with its history")
    ).to_be_visible()
    page.get_by_role("button", name="Decide and send the letter").click()
    expect(page.get_by_role("heading", name="Sent on to another area")).to_be_visible()
    expect(page.get_by_text("Not received yet")).to_be_visible()
    look(page, "transfer-sent")
    page.goto(f"{live.url}/ownshire/triage/{row.pk}/")
    look(page, "transfer-sender")

    there = page_narrow_without_script
    sign_in(there, other.person(Role.SCREENER))
    there.goto(f"{live.url}/othershire/queue/mash/")
    there.get_by_role("link", name="Urgent Marlow").click()
    expect(there.get_by_text("Nobody has confirmed yet that you have it.")).to_be_visible()
    assert_fits(there)
    there.get_by_role("button", name="Confirm that you have it, or send it back").click()
    expect(there.get_by_text("It is their threshold, not yours.")).to_be_visible()
    expect(there.get_by_text("The family moved last week.").first).to_be_visible()
    assert_fits(there)
    there.get_by_role("button", name="Answer Ownshire").click()
    expect(there.get_by_role("link", name="Say whether you have it or it goes back")).to_be_visible()
    there.get_by_label("Yes, I confirm that we have it").check()
    there.get_by_role("button", name="Answer Ownshire").click()
    expect(there.get_by_text("Ownshire Safeguarding Children Partnership knows now that you have it.")).to_be_visible()
    assert_fits(there)

    name = other.person(Role.SCREENER).name
    page.goto(f"{live.url}/ownshire/triage/{row.pk}/")
    expect(page.get_by_text(f"Received by {name}").first).to_be_visible()
    look(page, "transfer-received")
    page.context.clear_cookies()
    sign_in(page, own.person(Role.PRACTITIONER))
    page.goto(f"{live.url}/ownshire/referrals/{row.pk}/")
    expect(page.get_by_text(f"Received by {name}")).to_be_visible()
    page.context.clear_cookies()
    with scope(partnership=other.partnership):
        arrived = Referral.objects.get()
    sign_in(page, other.person(Role.SCREENER))
    page.goto(f"{live.url}/othershire/triage/{arrived.pk}/arrival/")
    expect(page.get_by_role("heading", name="Sent on by Ownshire Safeguarding Children Partnership")).to_be_visible()
    look(page, "transfer-bundle")
    page.goto(f"{live.url}/othershire/triage/{arrived.pk}/")
    look(page, "transfer-arrived")
