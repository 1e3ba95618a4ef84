"""Dates, limits, numbers and statuses in the same words on every page; links by what one may do."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.template import Context, Template

from partnerships import calling
from partnerships.access import Actor
from partnerships.calling import NO_NUMBER, ONLY_AT_NIGHT
from partnerships.models import Partnership, User
from partnerships.navigation import links
from partnerships.permissions import Permission, Role
from partnerships.statuses import STATUSES
from partnerships.templatetags import page_parts
from partnerships.templatetags.page_parts import LONGEST_LINE, MOST_LINES, pieces
from referrals.domain.lifecycle import Outcome, State
from referrals.models import Clock, Letter
from thresholds.domain.terms import Flag, Route
from thresholds.models import SchemeVersion

WINTER = dt.datetime(2026, 11, 24, 16, 30, tzinfo=dt.UTC)
SUMMER = dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)


def shown(template: str, **context) -> str:
    return Template("{% load page_parts %}" + template).render(Context(context))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (dt.date(2026, 11, 23), "23 November 2026"),
        (dt.date(2026, 3, 5), "5 March 2026"),
        (SUMMER, "2 July 2026"),
        ("2026-11-23", "23 November 2026"),
        ("2026-11-23T10:00:00Z", "23 November 2026"),
        ("about five years ago", "about five years ago"),
        (None, ""),
    ],
)
def test_days(value, words):
    assert shown("{{ value|day }}", value=value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (WINTER, "4:30pm"),
        (SUMMER, "12:30am"),
        (dt.time(16), "4pm"),
        (dt.time(0, 5), "12:05am"),
        (dt.time(12), "midday"),
        (dt.time(0), "midnight"),
        (dt.time(9, 5), "9:05am"),
        (None, ""),
    ],
)
def test_clock_times(value, words):
    assert shown("{{ value|clock_time }}", value=value) == words


def test_moments_are_londons():
    assert shown("{{ value|moment }}", value=WINTER) == "4:30pm on Tuesday 24 November 2026"
    assert shown("{{ value|moment }}", value=SUMMER) == "12:30am on Thursday 2 July 2026"
    assert shown("{{ value|moment }}", value=None) == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (3 * 1440 + 125, "3 days and 2 hours left"),
        (1440, "1 day left"),
        (61, "1 hour and 1 minute left"),
        (20, "20 minutes left"),
        (0.5, "less than a minute left"),
        (0, "due now"),
        (-0.5, "due now"),
        (-1, "1 minute overdue"),
        (-1500, "1 day and 1 hour overdue"),
    ],
)
def test_what_is_left_of_a_limit(minutes, words):
    assert shown("{% time_left due %}", due=WINTER + dt.timedelta(minutes=minutes), now=WINTER) == words


def test_no_limit_has_nothing_left():
    assert shown("{% time_left due %}", due=None, now=WINTER) == ""


def test_in_print_what_is_long_comes_in_blocks_and_no_letter_of_it_is_lost():
    """How long a block takes to lay out grows with the square of its length: ten thousand lines would take an hour."""
    assert shown("{{ text|in_print }}", text="one\ntwo <b>") == "one<br>two &lt;b&gt;"
    assert shown("{{ text|letter_in_print }}", text="one\ntwo\n\nthree") == "<p>one<br>two</p>\n<p>three</p>"
    lines = shown("{{ text|in_print }}", text="\n".join(f"line {n}" for n in range(10_000)))
    blocks = lines.removeprefix("<div>").removesuffix("</div>").split("</div><div>")
    assert max(block.count("<br>") for block in blocks) < MOST_LINES
    assert "<br>".join(blocks).split("<br>") == [f"line {n}" for n in range(10_000)]
    for text in ("she cried " * 2_000, "👨‍👩‍👧‍👦" * 2_800):
        parts = pieces(text.strip())
        assert max(map(len, parts)) <= LONGEST_LINE
        assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_paragraphs_keep_lines_and_run_nothing():
    assert shown("{{ text|paragraphs }}", text="one\ntwo\n\n<script>three</script>") == (
        '<p class="govuk-body">one<br>two</p>\n\n<p class="govuk-body">&lt;script&gt;three&lt;/script&gt;</p>'
    )


def test_numbers_are_to_be_pressed_and_words_around_them_stay():
    link = '<a class="govuk-link" href="tel:{}">{}</a>'
    assert shown("{{ text|telephone }}", text="0300 126 3000 or 0300 126 7000, option 1 <b>") == (
        link.format("03001263000", "0300\u00a0126\u00a03000")
        + " or "
        + link.format("03001267000", "0300\u00a0126\u00a07000")
        + ", option 1 &lt;b&gt;"
    )
    assert shown("{{ text|telephone }}", text="+44 1634 334466") == link.format(
        "+441634334466", "+44\u00a01634\u00a0334466"
    )
    assert shown("{{ text|telephone }}", text=None) == ""


def test_statuses_are_words_in_colour():
    assert shown("{% status 'clock' 'overdue' %}") == '<strong class="govuk-tag govuk-tag--red">Overdue</strong>'
    assert shown("{% status 'task' 'done' %}") == "Completed"
    assert shown("{% status 'clock' value %}", value="<b>_odd") == (
        '<strong class="govuk-tag govuk-tag--grey">&lt;b&gt; odd</strong>'
    )
    assert shown("{{ 'in_hand'|status_words:'progress' }}") == "Being read"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("state", State),
        ("progress", [*State, "draft"]),
        ("clock", [*Clock.Stage, "paused"]),
        ("outcome", Outcome),
        ("route", Route),
        ("flag", Flag),
        ("version", SchemeVersion.State),
        ("letter", [*Letter.Kind, "unread", "read"]),
    ],
)
def test_every_status_that_there_is_has_its_words(kind, values):
    assert set(STATUSES[kind]) == {str(getattr(value, "value", value)) for value in values}


def test_the_same_thing_has_the_same_words_wherever_it_is_told():
    for state in State:
        assert STATUSES["state"][state.value].words == state.label
    for outcome in Outcome:
        assert STATUSES["outcome"][outcome.value].words == outcome.label
    for flag in Flag:
        assert STATUSES["flag"][flag.value].words.casefold() == flag.words.casefold()
    for stage in Clock.Stage:
        assert STATUSES["clock"][stage.value].words == stage.label


TESTSHIRE = Partnership(slug="testshire", name="Testshire", front_door_name="Front Line")


def words(role: Role | None) -> list[str]:
    actor = Actor(User() if role else None, TESTSHIRE, permissions=role.permissions if role else frozenset())
    return [link.text for link in links(actor, TESTSHIRE, "/")]


def test_links_follow_what_one_may_do(monkeypatch):
    monkeypatch.setattr("partnerships.navigation.address", lambda name, partnership=None: f"/{name}/")
    assert words(Role.PRACTITIONER) == [
        "Tell of a worry",
        "Your referrals",
        "Notices",
        "Threshold",
        "Your account",
        "Sign out",
    ]
    assert words(Role.SCREENER) == [
        "Queue",
        "Search",
        "Key a contact",
        "Checks",
        "Notices",
        "Threshold",
        "Your account",
        "Sign out",
    ]
    assert words(Role.MANAGER) == [
        "Queue",
        "Search",
        "Sign-offs",
        "Checks",
        "Early help",
        "Notices",
        "Reports",
        "Audit trail",
        "Threshold content",
        "Threshold",
        "Your account",
        "Sign out",
    ]
    assert words(Role.ADMIN) == [
        "Notices",
        "Threshold content",
        "Members",
        "Settings",
        "Threshold",
        "Your account",
        "Sign out",
    ]
    assert words(None) == ["Tell of a worry", "Threshold", "Sign in"]


def test_the_page_that_one_is_on_is_marked():
    actor = Actor(None, None)
    assert [(each.text, each.current) for each in links(actor, None, "/accounts/login/")] == [("Sign in", True)]
    assert [each.active for each in links(actor, None, "/accounts/login/code/")] == [True]


def test_an_address_that_does_not_exist_is_left_out(monkeypatch):
    monkeypatch.setattr("partnerships.navigation.LINKS", (("Nowhere", "no_such_name", ()),))
    assert words(None) == ["Sign in"]


def partnership(**data) -> Partnership:
    return Partnership(front_door_name="Hub", opens=dt.time(9), closes=dt.time(16, 30), **data)


DOOR, NIGHT = {"front_door_telephone": "01632 960001"}, {"out_of_hours_telephone": "01632 960002"}
NOTE = {"hours_note": "See https://council.example.uk/door."}
WEEK = "Monday to Friday, 9am to 4:30pm"


@pytest.mark.parametrize(
    ("data", "is_open", "now", "at_any_time"),
    [
        (
            DOOR | NIGHT,
            True,
            "the Hub on 01632 960001 first.",
            f"the Hub on 01632 960001 ({WEEK}), out of hours 01632 960002 first.",
        ),
        (DOOR | NIGHT, False, "the Hub, out of hours, on 01632 960002 first.", None),
        (DOOR | NIGHT | NOTE, False, "the Hub, out of hours, on 01632 960002 first.", None),
        (DOOR, True, "the Hub on 01632 960001 first.", f"the Hub on 01632 960001 ({WEEK}) first."),
        (DOOR, False, f"the Hub on 01632 960001 ({WEEK}) first.", None),
        (DOOR | NOTE, False, f"the Hub first. {NOTE['hours_note']}", None),
        (
            NIGHT,
            True,
            f"the Hub on 01632 960002 first. {ONLY_AT_NIGHT}",
            "the Hub, out of hours, on 01632 960002 first.",
        ),
        (NIGHT, False, "the Hub, out of hours, on 01632 960002 first.", None),
        (NOTE, True, f"the Hub first. {NOTE['hours_note']}", f"the Hub first. {NOTE['hours_note']}"),
        ({}, False, f"the Hub first. {NO_NUMBER}", f"the Hub first. {NO_NUMBER}"),
        (
            DOOR | {"always_open": True},
            True,
            "the Hub on 01632 960001 first.",
            "the Hub on 01632 960001 (day and night) first.",
        ),
        (NIGHT | {"always_open": True}, True, "the Hub on 01632 960002 first.", None),
    ],
)
def test_a_sentence_says_whom_to_telephone_by_the_clock_with_or_without_each_number(data, is_open, now, at_any_time):
    """No number is shown as if it answered when it does not, and no sentence loses its end where there is none."""
    door = partnership(**data)
    assert calling.now(door, is_open).sentence("Telephone {} first.") == f"Telephone {now}"
    if at_any_time is not None:
        assert calling.at_any_time(door).sentence("Telephone {} first.") == f"Telephone {at_any_time}"
    context = {"partnership": door, "front_door_open": is_open}
    page = Template('{% load page_parts %}{% telephone_now "Telephone {} first." %}').render(Context(context))
    assert html.unescape(re.sub("<[^>]+>", "", page)).replace("\u00a0", " ") == f"Telephone {now}"
    told = re.findall("[0-9]{5} [0-9]{6}", now)
    assert re.findall('href="tel:([0-9]+)"', page) == [each.replace(" ", "") for each in told]
    assert ('href="https://council.example.uk/door"' in page) == ("council.example" in now)
    bar = Template('{% include "components/emergency.html" with partnership=p front_door_open=o only %}')
    text = bar.render(Context({"p": door, "o": is_open}))
    assert re.findall(r'href="tel:([0-9]+)', text) == ["999", *(each.replace(" ", "") for each in told)]
    assert "</a>. Then Hub" in text


def test_in_our_own_words_what_can_be_telephoned_is_a_link_and_a_year_is_none():
    told = page_parts.reachable("Call 999. By the Act of 1989, 743 & more: 0300 126 7000, https://a.example.uk/b, <b>.")
    assert re.findall(r'href="([^"]+)"', told) == ["tel:999", "tel:03001267000", "https://a.example.uk/b"]
    assert "1989, 743 &amp; more" in told
    assert "&lt;b&gt;." in told
    assert page_parts.advice("Call 101.\n\nThen <i>write</i>.").count('<p class="govuk-body">') == 2
    assert "<i>" not in page_parts.advice("<i>")


def test_nobody_needs_a_permission_that_does_not_exist():
    from partnerships.navigation import LINKS

    assert all(isinstance(each, Permission) for _, _, needed in LINKS for each in needed)


def test_rows_that_can_be_acted_on():
    assert page_parts.any_actions([{"actions": []}, {"actions": [1]}])
    assert not page_parts.any_actions([{"key": "x"}])
    assert not page_parts.any_actions(None)


@pytest.mark.parametrize(
    ("name", "within_a_sentence"),
    [
        ("Multi-Agency Safeguarding Hub (MASH)", "the Multi-Agency Safeguarding Hub (MASH)"),
        ("Single Point of Contact", "the Single Point of Contact"),
        ("First Response", "First Response"),
        ("Pointers", "Pointers"),
    ],
)
def test_the_front_door_within_a_sentence(name, within_a_sentence):
    assert Partnership(front_door_name=name).the_front_door == within_a_sentence
