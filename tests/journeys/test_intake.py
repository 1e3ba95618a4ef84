"""The form without script, in each of the four partnerships; several children, search, two windows.

With script it is walked in test_main_job.py.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.models import Partnership, User
from referrals.intake.indicator_search import Search
from referrals.management.commands.seed_demo import seed_partnership
from referrals.models import Child, Referral
from tests.journeys.telling import HAPPENED, Telling
from thresholds.loading import load, version_in_force

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SLUGS = ("medway", "northamptonshire", "thurrock", "sandwell")


@pytest.fixture(params=SLUGS)
def partnership(request: Any) -> Partnership:
    return seed_partnership(
        settings.BASE_DIR / "fixtures" / "partnerships" / f"{request.param}.yaml", at=timezone.now()
    )


def practitioner(partnership: Partnership) -> User:
    return User.objects.get(email=f"practitioner@{partnership.slug}.example")


def test_without_script(
    live: Any, partnership: Partnership, page_narrow_without_script: Page, sign_in: Any, assert_fits: Any
) -> None:
    page = page_narrow_without_script
    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    Telling(page, partnership.slug, lambda page, name: assert_fits(page), script=False).tell()
    with scope(partnership=partnership):
        referral = Referral.objects.get(referrer=practitioner(partnership))
        assert Child.objects.get(referral=referral).date_of_birth == dt.date(2019, 5, 1)
        assert referral.route == "mash"


@pytest.mark.parametrize("partnership", ["northamptonshire"], indirect=True)
def test_indicators_are_searched_without_script_and_nothing_ticked_is_lost(
    live: Any, partnership: Partnership, page_narrow_without_script: Page, sign_in: Any, assert_fits: Any
) -> None:
    page = page_narrow_without_script
    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    page.get_by_role("button", name="Start now").click()
    page.get_by_role("link", name="Indicators", exact=True).click()
    first = page.locator("main input[name=chosen]").first
    page.locator("details").first.locator("summary").click()
    first.check()
    key = first.get_attribute("value")
    page.get_by_label("Search the indicators").fill("alcohol")
    page.get_by_role("button", name="Search", exact=True).click()
    shown = page.locator(".door-indicators label.govuk-checkboxes__label:visible")
    assert shown.count() > 0
    assert all("alcohol" in text.lower() for text in shown.all_inner_texts())
    assert_fits(page)
    page.locator("main input[name=chosen]:visible").first.check()
    page.get_by_label("Search the indicators").fill("")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(f"#i-{key}")).to_be_checked()
    assert page.locator("main input[name=chosen]:checked").count() == 2


@pytest.mark.parametrize("partnership", ["medway"], indirect=True)
def test_three_siblings_one_after_the_other(
    live: Any,
    partnership: Partnership,
    page_narrow: Page,
    sign_in: Any,
    assert_axe_clean: Any,
    assert_fits: Any,
    shot: Any,
) -> None:
    """Ada's choice is made once; Bo's is the same; Cy's begins with it and differs. Each keeps its own."""
    page = page_narrow

    def look(name: str) -> None:
        shot(page, f"intake-siblings-{name}")
        assert_axe_clean(page)
        assert_fits(page)

    def save() -> None:
        page.get_by_role("button", name="Save and continue").click()

    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    page.get_by_role("button", name="Start now").click()
    draft = page.url
    for number, name in enumerate(("Ada", "Bo", "Cy"), start=1):
        page.goto(f"{draft}child/{number}/who/")
        page.get_by_label("First name").fill(name)
        save()
        page.goto(f"{draft}other-children/")
        if number < 3:
            page.get_by_label("Yes", exact=True).check()
            save()
    page.goto(f"{draft}worry/")
    page.get_by_label("What happened?").fill(HAPPENED)
    save()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is it like for Ada?")
    page.get_by_label("Domestic abuse").check()
    save()
    page.get_by_label("The same as for Ada: domestic abuse").check()
    look("impact-of-the-second")
    save()
    save()
    page.goto(f"{draft}child/1/indicators/")
    scheme = load(version_in_force(partnership, timezone.now()))
    key = next(each.key for each in scheme.indicators if each.level == 2)
    page.locator("details", has=page.locator(f"#i-{key}")).locator("summary").click()
    page.locator(f"#i-{key}").check()
    expect(page.locator("#so-far")).to_contain_text("Level 2")  # live, before anything is saved
    expect(page.locator("details", has=page.locator(f"#i-{key}")).locator("summary")).to_contain_text("(1 chosen)")
    look("level-live")
    for _ in range(3):
        save()
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the same fit Bo?")
    look("as-first")
    page.get_by_label("The same as for Ada", exact=True).check()
    save()
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the same fit Cy?")
    page.get_by_label("Nearly the same").check()
    save()
    expect(page.get_by_text("What you chose for Ada is ticked to begin with.")).to_be_visible()
    highest = max(scheme.indicators, key=lambda each: each.level)
    page.locator(f"#i-{highest.key}").evaluate("box => { box.closest('details').open = true; }")
    page.locator(f"#i-{highest.key}").check()
    for _ in range(3):
        save()
    expect(page.get_by_role("heading", level=1)).to_have_text("Domestic abuse")
    expect(page.locator("main")).to_contain_text("for Ada and Bo")
    look("concern")
    page.get_by_role("group", name="Is the risk high?").get_by_label("Yes").check()
    save()
    page.goto(f"{draft}check/")
    look("check")
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", name="Referral sent")).to_be_visible()
    look("sent")
    with scope(partnership=partnership):
        rows = {child.first_name: child for child in Child.objects.all()}
        assert [rows[name].indicated_level for name in ("Ada", "Bo", "Cy")] == [2, 2, highest.level]
        assert ["marac" in rows[name].flags for name in ("Ada", "Bo", "Cy")] == [True, True, False]
        assert [rows[name].chosen_indicators.count() for name in ("Ada", "Bo", "Cy")] == [1, 1, 2]


@pytest.mark.parametrize("partnership", ["sandwell"], indirect=True)
def test_indicators_are_searched_with_script(
    live: Any, partnership: Partnership, page_narrow: Page, sign_in: Any
) -> None:
    page = page_narrow
    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    page.get_by_role("button", name="Start now").click()
    page.get_by_role("link", name="Indicators", exact=True).click()
    page.get_by_label("Search the indicators").fill("alcohol")
    expect(page.get_by_role("status").filter(has_text="fit")).to_contain_text(
        re.compile(r"^\d+ indicators? fits? “alcohol”$")
    )
    shown = page.locator(".door-indicators label.govuk-checkboxes__label:visible")
    assert shown.count() > 0
    assert all("alcohol" in text.lower() for text in shown.all_inner_texts())
    page.get_by_role("button", name="Show all indicators").click()
    expect(page.get_by_role("status").filter(has_text="fit")).to_have_count(0)


@pytest.mark.parametrize("partnership", ["northamptonshire"], indirect=True)
def test_the_script_finds_what_is_found_without_it(
    live: Any, partnership: Partnership, page_narrow: Page, sign_in: Any, shot: Any
) -> None:
    page, scheme = page_narrow, load(version_in_force(partnership, timezone.now()))
    sign_in(page, practitioner(partnership))
    page.goto(f"{live.url}/{partnership.slug}/refer/")
    page.get_by_role("button", name="Start now").click()
    page.get_by_role("link", name="Indicators", exact=True).click()
    said = page.locator("[data-indicator-count]")
    for word in ("bruise", "injuries", "hungry", "domestic", "hit", "unborn", "Abuses, of the child’s"):
        page.get_by_label("Search the indicators").fill(word)
        number = Search(scheme, word).count
        expect(said).to_have_text(f"{number} {'indicator fits' if number == 1 else 'indicators fit'} “{word}”")
    page.get_by_label("Search the indicators").fill("xylophone")
    expect(said).to_contain_text("Nothing fits “xylophone”. Try another word")
    domains = page.locator(".door-indicators details")
    assert page.locator(".door-indicators details:visible").count() == domains.count() > 0
    shot(page, "intake-nothing-fits")


@pytest.mark.parametrize("partnership", ["medway"], indirect=True)
def test_two_windows_lose_nothing(
    live: Any, partnership: Partnership, page_wide: Page, sign_in: Any, assert_axe_clean: Any, shot: Any
) -> None:
    sign_in(page_wide, practitioner(partnership))
    page_wide.goto(f"{live.url}/{partnership.slug}/refer/")
    page_wide.get_by_role("button", name="Start now").click()
    page_wide.get_by_role("link", name="Your worry", exact=True).click()
    second = page_wide.context.new_page()
    second.goto(page_wide.url)
    page_wide.get_by_label("What happened?").fill("The first window's words")
    page_wide.get_by_role("button", name="Save and come back later").click()
    second.get_by_label("What happened?").fill("The second window's words")
    second.get_by_role("button", name="Save and continue").click()
    expect(second.get_by_text("Nothing was overwritten")).to_be_visible()
    expect(second.get_by_text("The first window's words")).to_be_visible()
    expect(second.get_by_label("What happened?")).to_have_value("The second window's words")
    assert_axe_clean(second)
    shot(second, "intake-two-windows")
    second.get_by_role("button", name="Save and continue").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("What is it like for the child?")
