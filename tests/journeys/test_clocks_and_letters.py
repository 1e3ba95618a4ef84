"""Being late and saying why; notices; the words of a letter; in a real browser, wide and narrow, axe on each page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships.permissions import Role
from referrals import outbox
from referrals.clocks import sweep as clocks
from referrals.models import Clock, Letter, Notice
from tests.factories import make_letter, make_referral, make_world

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_late_told_and_answered(
    live: Any, request: Any, width: str, sign_in: Any, assert_axe_clean: Any, assert_fits: Any, shot: Any
) -> None:
    page, world, now = request.getfixturevalue(f"page_{width}"), make_world(), timezone.now()
    referral = make_referral(world, received_at=now - dt.timedelta(hours=30))
    with scope(partnership=world.partnership):
        clocks.sweep(at=now)
        outbox.deliver_due(at=now)
        clock = Clock.objects.get(referral=referral, slug="decide")
        Notice.objects.filter(to=world.person(Role.MANAGER)).update(state="dead", attempts=8, last_error="TimeoutError")
        letter = make_letter(world, referral)
        Letter.objects.filter(pk=letter.pk).update(kind="outcome")

    def seen(name: str, **where: Any) -> None:
        page.goto(live.url + reverse(name, kwargs={"partnership": world.partnership.slug, **where}))
        shot(page, f"clocks-{name}-{width}")
        assert_axe_clean(page)
        assert_fits(page)

    sign_in(page, world.person(Role.SCREENER))
    seen("notices")
    page.get_by_role("link", name="Something is overdue").first.click()
    shot(page, f"clocks-overdue-{width}")
    page.locator(f"a[href$='/clocks/{clock.pk}/why/']").click()
    page.get_by_role("button", name="Save the reason").click()
    assert_axe_clean(page)
    page.get_by_label("More came in than could be read in time").check()
    page.get_by_label("What happened? (optional)").fill("Nine came in that morning.")
    shot(page, f"clocks-why-{width}")
    page.get_by_role("button", name="Save the reason").click()
    assert page.get_by_text("Late because: More came in than could be read in time").count() == 1
    shot(page, f"clocks-referral-{width}")
    seen("wall", team="mash")
    seen("notices_choice")
    seen("calendar")
    seen("letter_new", referral_id=referral.pk, kind="parents")
    page.context.clear_cookies()
    sign_in(page, world.person(Role.MANAGER))
    page.goto(
        live.url + reverse("late", kwargs={"partnership": world.partnership.slug}) + f"?day={clock.due_at:%Y-%m-%d}"
    )
    assert page.get_by_text("Nine came in that morning.").count() == 1
    shot(page, f"clocks-late-{width}")
    assert_axe_clean(page)
    assert_fits(page)
    with scope(partnership=world.partnership):
        running = Clock.objects.get(referral=referral, slug="outcome_in_writing")
    seen("clock_pause", referral_id=referral.pk, clock_id=running.pk)
    page.get_by_label("Why does this clock stand still?").fill("The police asked us to wait.")
    page.get_by_role("button", name="Pause the clock").click()
    assert page.get_by_role("link", name="Enter the day on which it runs on").count() == 1
    assert_axe_clean(page)
    assert_fits(page)
    tomorrow = timezone.localdate(now) + dt.timedelta(days=1)
    for part, value in (("Day", tomorrow.day), ("Month", tomorrow.month), ("Year", tomorrow.year)):
        page.get_by_label(part, exact=True).fill(str(value))
    page.get_by_role("button", name="Pause the clock").click()
    assert page.get_by_text(f"stands still until {tomorrow.day} ").count() == 1
    shot(page, f"clocks-paused-{width}")
    assert_axe_clean(page)
    assert_fits(page)
    seen("evidence_pdf", referral_id=referral.pk)
    page.context.clear_cookies()
    sign_in(page, world.person(Role.ADMIN))
    seen("undelivered")
    page.get_by_role("button", name="Try again").first.click()
    assert page.get_by_text("It goes out again.").count() == 1
    seen("letter_texts")
    seen("letter_text", kind="outcome")
    page.get_by_role("button", name="Change the words").click()
    page.get_by_label("The letter").fill("Dear {{ referrer }}, {{ nobody }}")
    page.get_by_role("button", name="Save the draft and show it").click()
    assert page.get_by_text("There is no place called “nobody”").count() == 1
    shot(page, f"clocks-draft-{width}")
    assert_axe_clean(page)
    assert_fits(page)
    page.context.clear_cookies()
    sign_in(page, world.person(Role.PRACTITIONER))
    seen("letter", referral_id=referral.pk, letter_id=letter.pk)
    page.get_by_role("button", name="I see it differently").click()
    page.get_by_label("What do you see differently, and why?").fill("The baby was not seen.")
    shot(page, f"clocks-challenge-{width}")
    assert_axe_clean(page)
    page.get_by_role("button", name="Send", exact=True).click()
    assert page.get_by_text("Your challenge has been sent.").count() == 1
