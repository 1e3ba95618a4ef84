"""What of the clocks is seen and done on pages: why late, pauses, the day's report, the wall-board."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from partnerships.templatetags.page_parts import moment
from referrals.clocks import pausing
from referrals.clocks.actions import meet_clock, start_after_decision, start_clock
from referrals.domain.lifecycle import Outcome
from referrals.models import Clock, Event, Referral
from referrals.triage import actions
from tests.factories import NOW, World, make_check, make_referral, make_world

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world(time_machine: Any) -> Any:
    time_machine.move_to(NOW + 30 * HOUR, tick=False)
    made = make_world()
    with scope(partnership=made.partnership):
        yield made


def signed_in(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.person(role))
    return client


def at(world: World, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **kwargs})


def on(year: int, month: int, day: int) -> dict[str, str]:
    return {"until_day": str(day), "until_month": str(month), "until_year": str(year)}


def of(referral: Referral, slug: str = "decide") -> Clock:
    return Clock.objects.get(referral=referral, slug=slug)


def test_whoever_was_late_says_why_and_the_days_report_counts_it(world: World) -> None:
    referral = make_referral(world, child={"first_name": "Zephyrine"})
    other = make_referral(world)
    meet_clock(referral=referral, slug="decide", by=world.person(Role.SCREENER), at=NOW + 29 * HOUR)
    screener, manager = signed_in(world, Role.SCREENER), signed_in(world, Role.MANAGER)
    page = screener.get(at(world, "referral", referral_id=referral.pk)).content.decode()
    why = at(world, "clock_why", referral_id=referral.pk, clock_id=of(referral).pk)
    assert why in page and "Say why it is late" in page
    assert screener.post(why, {}).status_code == 422
    assert screener.post(why, {"why": "volume", "said": "Nine came in that morning."}).status_code == 302
    day = (NOW + 24 * HOUR).date()
    report = manager.get(at(world, "late"), {"day": day.isoformat()}).content.decode()
    assert "2 things fell due" in report or "4 things fell due" in report
    assert "More came in than could be read in time: 1" in report
    assert "1 of them without a reason yet" in report
    assert "Nine came in that morning." in report
    assert at(world, "referral", referral_id=other.pk) in report
    assert "Zephyrine" not in report
    assert screener.get(at(world, "late")).status_code == 404, "the report is the manager's"


def test_a_day_that_can_not_be_read_is_today(world: World) -> None:
    manager = signed_in(world, Role.MANAGER)
    for day in ("", "32", "2026-13-01", "9999-12-31", "0001-01-01", "\x00"):
        assert "Nothing was late" in manager.get(at(world, "late"), {"day": day}).content.decode()


def test_a_manager_pauses_with_a_reason_and_lets_it_run_on_and_a_screener_can_not(world: World) -> None:
    referral = make_referral(world, received_at=NOW + 28 * HOUR)
    clock = of(referral)
    manager, screener = signed_in(world, Role.MANAGER), signed_in(world, Role.SCREENER)
    pause = at(world, "clock_pause", referral_id=referral.pk, clock_id=clock.pk)
    resume = at(world, "clock_resume", referral_id=referral.pk, clock_id=clock.pk)
    assert screener.post(pause, {"reason": "x"}).status_code == 404
    assert manager.post(pause, {"reason": ""}).status_code == 422
    no_day = manager.post(pause, {"reason": "The police asked us to wait."})
    assert no_day.status_code == 422 and "Enter the day on which it runs on" in no_day.content.decode()
    too_late = manager.post(pause, {"reason": "The police asked us to wait.", **on(2027, 1, 30)}).content.decode()
    assert "at the latest, and until tomorrow at least" in too_late and "us to wait.</textarea>" in too_late
    assert "at the latest. Then it runs on by itself" in manager.get(pause).content.decode()
    day = timezone.localdate() + dt.timedelta(days=1)
    told = {"reason": "The police asked us to wait.", **on(day.year, day.month, day.day)}
    assert manager.post(pause, told).status_code == 302
    queue = screener.get(at(world, "queue_team", team="mash")).content.decode()
    assert f"A clock is paused until {day.day} " in queue
    page = screener.get(at(world, "referral", referral_id=referral.pk)).content.decode()
    assert "Paused" in page and "The police asked us to wait." in page
    assert "Let it run on" not in page
    assert manager.post(resume).status_code == 302
    assert of(referral).paused_at is None
    assert manager.get(resume)["Location"].startswith(f"/testshire/triage/{referral.pk}/")


def test_pausing_what_is_overdue_is_refused_with_what_was_typed_kept(world: World) -> None:
    referral = make_referral(world)
    pause = at(world, "clock_pause", referral_id=referral.pk, clock_id=of(referral).pk)
    answer = signed_in(world, Role.MANAGER).post(pause, {"reason": "I would rather not", **on(2026, 12, 1)})
    assert answer.status_code == 422
    assert "is overdue: pausing it now would mend nothing" in answer.content.decode()
    assert "I would rather not" in answer.content.decode()


def test_what_no_step_meets_is_noted_as_done_and_the_story_and_the_trail_say_by_whom(world: World) -> None:
    referral = make_referral(world)
    screener = world.person(Role.SCREENER)
    start_after_decision(referral=referral, outcome=Outcome.ASSESSMENT_SECTION_17, by=screener, at=NOW)
    assert not Clock.objects.filter(slug="assessment").exists(), "this threshold has no such limit"
    for slug, name in (("assessment", "Assessment"), ("plan_review", "Review")):
        start_clock(referral=referral, slug=slug, name=name, due_at=NOW + 40 * HOUR, at=NOW)
    client = signed_in(world, Role.SCREENER)
    met = at(world, "clock_meet", referral_id=referral.pk, clock_id=of(referral, "assessment").pk)
    assert met in client.get(at(world, "referral", referral_id=referral.pk)).content.decode()
    assert [client.post(met).status_code for _ in range(2)] == [302, 302], "a second press adds nothing"
    assert of(referral, "assessment").met_by == screener
    assert Event.objects.get(kind="clock_met").sentence == f"{screener.name} noted “Assessment” as done."
    assert AuditEntry.objects.get(verb="clock.met_by_hand").by == screener
    review = at(world, "clock_meet", referral_id=referral.pk, clock_id=of(referral, "plan_review").pk)
    assert client.post(review).status_code == 404, "early help reviews its plan, and says what it found"
    decide = at(world, "clock_meet", referral_id=referral.pk, clock_id=of(referral).pk)
    assert client.post(decide).status_code == 404, "the decision is met by deciding"


def test_a_clock_of_another_referral_or_queue_is_not_found(world: World) -> None:
    referral, other = make_referral(world), make_referral(world, team=world.early_help, indicators=("health-2-01",))
    crossed = at(world, "clock_why", referral_id=referral.pk, clock_id=of(other).pk)
    assert signed_in(world, Role.SCREENER).get(crossed).status_code == 404
    walled = at(world, "clock_why", referral_id=referral.pk, clock_id=of(referral).pk)
    assert signed_in(world, Role.EARLY_HELP).get(walled).status_code == 404


def test_the_wall_board_counts_the_teams_clocks_and_names_no_child(
    world: World, django_assert_max_num_queries: Any
) -> None:
    make_referral(world, child={"first_name": "Zephyrine", "last_name": "Quillfeather"})
    make_referral(world, received_at=NOW + 29 * HOUR)
    client = signed_in(world, Role.SCREENER)
    with django_assert_max_num_queries(12):
        answer = client.get(at(world, "wall", team="mash"))
    page = answer.content.decode()
    assert answer["Refresh"] == "60"
    assert "1 overdue" in page and "6 hours overdue" in page
    assert "Zephyrine" not in page and "Quillfeather" not in page
    assert client.get(at(world, "wall", team="early-help")).status_code == 404


def test_the_wall_board_does_not_name_the_school_that_is_asked_for_a_check(world: World) -> None:
    ask = make_check(world, make_referral(world))
    page = signed_in(world, Role.SCREENER).get(at(world, "wall", team="mash")).content.decode()
    assert "A check by an agency" in page and ask.agency and ask.agency.name not in page


def test_ones_due_dates_are_in_ones_calendar_by_a_private_address_that_can_be_ended(world: World) -> None:
    import re

    referral = make_referral(world, child={"first_name": "Zephyrine"})
    make_referral(world)
    screener = world.person(Role.SCREENER)
    Referral.objects.filter(pk=referral.pk).update(owner=screener, state="in_hand")
    client = signed_in(world, Role.SCREENER)
    page = client.post(at(world, "calendar")).content.decode()
    found = re.search(r"http://[^<]+/due\.ics", page)
    assert found
    address = found[0].split("8000", 1)[-1] if "8000" in found[0] else "/" + found[0].split("/", 3)[3]
    answer = Client().get(address)
    told = answer.content.decode()
    assert answer["Content-Type"].startswith("text/calendar") and told.count("BEGIN:VEVENT") == 3
    assert f"SUMMARY:Due: {referral.reference}" in told and "Zephyrine" not in told
    assert "Decide" not in told and "DTSTART:20261125T100000Z" in told
    assert found[0] not in client.get(at(world, "calendar")).content.decode(), "shown once"
    assert client.post(at(world, "calendar_end")).status_code == 302
    assert Client().get(address).status_code == 404
    client.post(at(world, "calendar"))
    assert Client().get(address).status_code == 404, "a new address is another"


def test_the_referrer_and_the_screener_see_each_clock_as_a_date_and_as_time_left(world: World) -> None:
    referral = make_referral(world, received_at=NOW + 28 * HOUR)
    both = "2pm on Thursday 26 November 2026", "22 hours left"
    pages = {
        Role.PRACTITIONER: [at(world, "referral_track", referral_id=referral.pk), at(world, "my_referrals")],
        Role.SCREENER: [
            at(world, "referral", referral_id=referral.pk),
            at(world, "queue_team", team=world.mash.slug),
            at(world, "wall", team=world.mash.slug),
        ],
    }
    for role, addresses in pages.items():
        for address in addresses:
            page = signed_in(world, role).get(address).content.decode()
            assert all(words in page for words in both), address


def test_what_stands_still_is_promised_to_the_referrer_no_more_and_is_never_overdue(
    world: World, time_machine: Any
) -> None:
    referral = make_referral(world, received_at=NOW + 28 * HOUR)
    clock = Clock.objects.get(referral=referral, slug="decide")
    now, manager = timezone.now(), world.person(Role.MANAGER)
    pausing.pause(clock=clock, reason="Snow.", until=dt.date(2026, 12, 1), by=manager, at=now)
    promised = moment(clock.due_at)
    acknowledges = at(world, "referral_acknowledge", referral_id=referral.pk)
    actions.claim(referral=referral, by=world.person(Role.SCREENER), at=now)
    assert "we aim to decide by" not in signed_in(world, Role.SCREENER).get(acknowledges).content.decode()
    time_machine.move_to(clock.due_at + HOUR, tick=False)
    track, mine = at(world, "referral_track", referral_id=referral.pk), at(world, "my_referrals")
    for address in (track, mine):
        page = signed_in(world, Role.PRACTITIONER).get(address).content.decode()
        assert promised not in page and "1 hour overdue" not in page, address
        assert ("put off for now" in page) == (address == track), "the list says what comes next of what is promised"
        assert "Snow." not in page, "why is for those who work on it"
