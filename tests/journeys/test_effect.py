"""A draft's effect, the comparison of areas, consistency and set-up, in a real browser, with and without script."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.permissions import Role
from referrals.models import Decision, Replay
from referrals.replay import running
from tests import schemes
from tests.factories import World, make_referral, make_world
from thresholds import actions
from thresholds.domain.reading import read_scheme
from thresholds.models import SchemeVersion

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world() -> World:
    """Thirty decided referrals of the last months, none of this one, and a draft that moves some of them."""
    world, chance, now = make_world(), random.Random(2), timezone.now()
    other = schemes.content() | {"slug": "othershire-2026", "step_word": "tier"}
    make_world("othershire", content=other)
    keys = [each["key"] for each in schemes.content()["indicators"]]
    for n in range(30):
        referral = make_referral(
            world, indicators=tuple(chance.sample(keys, 2)), received_at=now - dt.timedelta(days=2 * n + 32)
        )
        with scope(partnership=world.partnership):
            child = referral.children.get()
            Decision.objects.create(
                partnership=world.partnership,
                referral=referral,
                child=child,
                decided_level=min(4, (child.indicated_level or 1) + (n % 4 == 0)),
                indicated_level=child.indicated_level,
                outcome="advice",
                reason="Because.",
                at=now,
                by=world.person(Role.SCREENER),
            )
    return world


@pytest.fixture
def draft(world: World) -> SchemeVersion:
    told = schemes.content() | {"slug": "testshire-draft", "partnership": "testshire"}
    told["levels"][2]["route"] = "mash"
    next(rule for rule in told["rules"] if rule["key"] == "cluster-2")["parameters"]["count"] = 2
    return actions.import_draft(content=read_scheme(told), by=world.person(Role.ADMIN), at=timezone.now())


def work(world: World) -> None:
    """The worker's turn."""
    with scope(partnership=world.partnership):
        replay = Replay.objects.latest("asked_at").pk
    while running.go_on(replay, partnership=world.partnership.pk, now=timezone.now):
        pass


def see_the_effect(page: Page, address: str, world: World, look: Any, *, script: bool) -> None:
    page.goto(f"{address}/testshire/content/testshire-draft/effect/")
    page.get_by_label("The last 12 whole months").check()
    look(page, "effect-ask")
    page.get_by_role("button", name="Work it out").click()
    expect(page.get_by_text("0 of 30 referrals")).to_be_visible()
    look(page, "effect-progress")
    work(world)
    if not script:
        page.get_by_role("link", name="See how far it is now").click()
    expect(page.get_by_role("heading", name="What has a hand in it")).to_be_visible()
    look(page, "effect")
    page.get_by_role("link", name="of 30 children").click()
    look(page, "effect-cases")
    page.get_by_role("link", name="From").first.click()
    expect(page.get_by_role("heading", name="Under this draft")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Robin")
    look(page, "effect-case")


def compare(page: Page, address: str, look: Any) -> None:
    page.goto(f"{address}/compare/")
    look(page, "compare-areas")
    page.get_by_role("link", name="Testshire").click()
    page.locator("summary", has_text="Health").click()
    page.get_by_label("Health worry 2 of level 2").check()
    page.get_by_label("Yes", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Nothing is picked here yet")).to_be_visible()
    page.get_by_role("radio", name="(tier").first.check()
    page.get_by_role("button", name="Compare again").click()
    expect(page.get_by_text("Nothing is picked here yet")).not_to_be_visible()
    look(page, "compare")


def read_in_public(page: Page, address: str, look: Any) -> None:
    for path, name in (("threshold/history/", "history"), ("threshold/indicator/health-2-01/", "indicator")):
        page.goto(f"{address}/testshire/{path}")
        look(page, name)


def keep_it_true(page: Page, address: str, look: Any) -> None:
    page.goto(f"{address}/testshire/settings/set-up/")
    look(page, "setup-checklist")
    page.goto(f"{address}/testshire/settings/")
    look(page, "settings")
    page.get_by_role("link", name="Add a team").click()
    page.get_by_label("Name").fill("West")
    page.get_by_label("What goes to early help").check()
    page.get_by_label("Postcodes that it serves").fill("Westville")
    page.get_by_role("button", name="Add the team").click()
    expect(page.get_by_role("link", name="WESTVILLE is no postcode district")).to_be_visible()
    look(page, "team-wrong")
    page.get_by_label("Postcodes that it serves").fill("")
    page.get_by_role("button", name="Add the team").click()
    expect(page.get_by_text("West is added.")).to_be_visible()
    for link, name in (("Add an agency", "agency"), ("Add a contact point", "contact-point")):
        page.goto(f"{address}/testshire/settings/")
        page.get_by_role("link", name=link).click()
        look(page, name)


def test_everything_is_seen(
    live: Any,
    world: World,
    draft: SchemeVersion,
    page_narrow: Page,
    sign_in: Any,
    assert_axe_clean: Any,
    assert_fits: Any,
    shot: Any,
) -> None:
    """One walk, gone on a narrow screen; each page of it is looked at on a wide one too."""
    page = page_narrow

    def look(page: Page, name: str) -> None:
        for width, wide in ((1280, "wide"), (320, "narrow")):
            page.set_viewport_size({"width": width, "height": 900})
            shot(page, f"{name}-{wide}")
            assert_axe_clean(page)
            assert_fits(page)

    compare(page, live.url, look)
    read_in_public(page, live.url, look)
    sign_in(page, world.person(Role.ADMIN))
    see_the_effect(page, live.url, world, look, script=True)
    keep_it_true(page, live.url, look)
    page.context.clear_cookies()
    sign_in(page, world.person(Role.MANAGER))
    page.goto(f"{live.url}/testshire/reports/consistency/?exact=1")
    look(page, "consistency")
    page.get_by_role("link", name="children: open them").first.click()
    look(page, "consistency-list")


def test_the_effect_and_the_comparison_without_script(
    live: Any, world: World, draft: SchemeVersion, page_without_script: Page, sign_in: Any
) -> None:
    page = page_without_script
    compare(page, live.url, lambda page, name: None)
    sign_in(page, world.person(Role.ADMIN))
    see_the_effect(page, live.url, world, lambda page, name: None, script=False)
