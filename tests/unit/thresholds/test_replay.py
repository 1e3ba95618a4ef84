"""The shift that a draft would bring, against a plain loop over `screen`; and what is said to have a hand in it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import schemes
from thresholds.domain.causes import cause_words
from thresholds.domain.facts import Child, Consent, Facts
from thresholds.domain.reading import read_scheme
from thresholds.domain.replay import AGE_BANDS, Case, Replayer, Shift, age_band, read_shift, write_shift
from thresholds.domain.scheme import Scheme
from thresholds.domain.screening import screen

MONDAY = dt.date(2026, 11, 23)
BEFORE = schemes.scheme()


def edited(change: Any) -> Scheme:
    told = schemes.content()
    change(told)
    return read_scheme(told)


def raise_worry(told: dict[str, Any]) -> None:
    """One indicator moves up; lists are counted anew."""
    moved = next(each for each in told["indicators"] if each["key"] == "health-2-03")
    moved["level"], moved["item"] = 3, 4
    told["indicators"].sort(key=lambda each: (each["level"], each["domain"] != "Health", each["domain"], each["item"]))


def harder_cluster(told: dict[str, Any]) -> None:
    next(rule for rule in told["rules"] if rule["key"] == "cluster-2")["parameters"]["count"] = 4


def both(told: dict[str, Any]) -> None:
    raise_worry(told)
    harder_cluster(told)


def level_3_to_the_mash(told: dict[str, Any]) -> None:
    told["levels"][2]["route"] = "mash"


def without_a_worry(told: dict[str, Any]) -> None:
    told["indicators"] = [each for each in told["indicators"] if each["key"] != "family-4-03"]


KEYS = [each.key for each in BEFORE.indicators]
FACTS = st.builds(
    Facts,
    indicators=st.lists(st.sampled_from([*KEYS, "of-another-version"]), max_size=5).map(tuple),
    children=st.lists(
        st.builds(Child, date_of_birth=st.none() | st.dates(dt.date(2009, 1, 1), dt.date(2026, 11, 20))), max_size=1
    ).map(tuple),
    judged_level=st.none() | st.integers(1, 4),
    immediate_danger=st.booleans(),
    consent=st.builds(Consent, given=st.none() | st.booleans(), reason=st.sampled_from([None, "significant_harm"])),
    previous_contacts=st.integers(0, 3),
    on=st.just(MONDAY),
)
CASES = st.lists(
    st.builds(
        Case,
        facts=FACTS,
        referral=st.integers(1, 6),
        week=st.just(MONDAY),
        agency=st.sampled_from(["School", "Practice"]),
        age_band=st.sampled_from(AGE_BANDS),
        sex=st.sampled_from(["F", "M", ""]),
        queues=st.just(("East", "East", "Hub")),
    ),
    max_size=12,
).map(lambda cases: sorted(cases, key=lambda case: case.referral))


def naive(before: Scheme, after: Scheme, cases: list[Case]) -> Shift:
    """The same figures, the slow way."""
    levels, routes, groups, load = Counter(), Counter(), Counter(), Counter()
    most: dict[Any, list[Any]] = {}
    changed = 0
    for case in cases:
        one, two = screen(before, case.facts), screen(after, case.facts)
        was, now = one.indicated_level or 0, two.indicated_level or 0
        levels[was, now] += 1
        routes[one.route.value, two.route.value] += 1
        moved = [way for way, yes in (("up", now > was), ("down", now < was), ("route", one.route != two.route)) if yes]
        changed += bool(moved)
        for way in ["all", *moved]:
            for kind, name in (("agency", case.agency), ("age", case.age_band), ("sex", case.sex)):
                groups[kind, name, way] += 1
        pair = most.setdefault(case.referral, [one.route, two.route])
        pair[0], pair[1] = max(pair[0], one.route), max(pair[1], two.route)
    for one_route, two_route in most.values():
        for when, route in (("before", one_route), ("after", two_route)):
            load[MONDAY.isoformat(), "Hub" if route == "mash" else "East", when] += 1
    return Shift(len(cases), len(most), changed, levels=levels, routes=routes, groups=groups, load=load)


@pytest.mark.parametrize("change", [raise_worry, harder_cluster, both, level_3_to_the_mash, without_a_worry])
@settings(max_examples=40, deadline=None)
@given(cases=CASES)
def test_the_figures_are_those_of_a_plain_loop(change: Any, cases: list[Case]) -> None:
    after = edited(change)
    shift, changed = Replayer(BEFORE, after).replay(cases)
    slow = naive(BEFORE, after, cases)
    for name in ("children", "referrals", "changed", "levels", "routes", "groups", "load"):
        assert getattr(shift, name) == getattr(slow, name), name
    assert len(changed) == shift.changed
    assert all(each.causes for each in changed)
    assert read_shift(write_shift(shift)) == shift


@settings(max_examples=30, deadline=None)
@given(cases=CASES, cut=st.integers(0, 12))
def test_parts_add_up_to_the_whole(cases: list[Case], cut: int) -> None:
    while 0 < cut < len(cases) and cases[cut - 1].referral == cases[cut].referral:
        cut += 1  # a referral is never torn apart
    replayer = Replayer(BEFORE, edited(both))
    whole, _ = replayer.replay(cases)
    parts = replayer.replay(cases[:cut])[0].plus(replayer.replay(cases[cut:])[0])
    assert write_shift(parts) == write_shift(whole)


@given(cases=CASES)
def test_a_draft_that_changes_nothing_moves_nothing(cases: list[Case]) -> None:
    shift, changed = Replayer(BEFORE, schemes.scheme()).replay(cases)
    assert (shift.changed, shift.flags_only, changed, shift.causes) == (0, 0, (), Counter())


def causes(after: Scheme, *indicators: str, **facts: Any) -> list[str]:
    told = Facts(indicators=indicators, consent=Consent(given=True), on=MONDAY, **facts)
    _, changed = Replayer(BEFORE, after).replay([Case(told, 1, MONDAY)])
    return [cause_words(cause, BEFORE, after) for each in changed for cause in each.causes]


def test_what_has_a_hand_in_it_is_said_in_words() -> None:
    assert causes(edited(raise_worry), "health-2-03") == ["“Health worry 3 of level 2” moves from level 2 to level 3."]
    three = ("health-2-01", "learning-2-01", "family-2-03")
    assert causes(edited(harder_cluster), *three) == [
        "The rule “This is what cluster-2 means” is changed: count 3 before, 4 now."
    ]
    assert causes(edited(level_3_to_the_mash), "health-3-01") == [
        "Level 3 is changed: route early help before, the MASH now."
    ]
    assert causes(edited(without_a_worry), "family-4-03") == [
        "“Family worry 3 of level 4” is taken out; it stood at level 4."
    ]


def test_of_several_changes_only_the_one_that_moves_the_case_is_named() -> None:
    def more(told: dict[str, Any]) -> None:
        both(told)
        flagged = next(each for each in told["indicators"] if each["key"] == "health-2-02")
        flagged["flags"] = ["exploitation"]

    assert causes(edited(more), "health-2-03", "health-2-02") == [
        "“Health worry 3 of level 2” moves from level 2 to level 3."
    ]


def test_a_child_whose_indicators_the_draft_lacks_is_counted() -> None:
    shift, _ = Replayer(BEFORE, edited(without_a_worry)).replay([Case(Facts(("family-4-03",), on=MONDAY), 1, MONDAY)])
    assert (shift.strangers, shift.levels) == (1, Counter({(4, 0): 1}))


def test_flags_alone_are_counted_beside() -> None:
    def flagged(told: dict[str, Any]) -> None:
        next(each for each in told["indicators"] if each["key"] == "health-2-02")["flags"] = ["exploitation"]

    facts = Facts(("health-2-02",), consent=Consent(given=True), on=MONDAY)
    shift, changed = Replayer(BEFORE, edited(flagged)).replay([Case(facts, 1, MONDAY), Case(facts, 2, MONDAY)])
    assert (shift.changed, shift.flags_only, changed) == (0, 2, ())
    assert shift.flags == Counter({("exploitation", "gained"): 2})


def test_a_referral_goes_where_its_most_urgent_child_goes() -> None:
    agreed = Consent(given=True)
    cases = [
        Case(Facts((key,), consent=agreed, on=MONDAY), 1, MONDAY, queues=("East", "West", "Hub"))
        for key in ("health-1-01", "health-3-01", "health-2-01")
    ]
    shift, _ = Replayer(BEFORE, edited(level_3_to_the_mash)).replay(cases)
    assert shift.load == Counter({("2026-11-23", "West", "before"): 1, ("2026-11-23", "Hub", "after"): 1})
    assert replace(cases[0], week=MONDAY) == cases[0]


@pytest.mark.parametrize(
    ("born", "expected", "band"),
    [
        (None, None, "Not known"),
        (None, dt.date(2027, 1, 1), "Unborn"),
        (dt.date(2025, 11, 24), None, "Under 1"),
        (dt.date(2025, 11, 23), None, "1 to 4"),
        (dt.date(2021, 11, 23), None, "5 to 9"),
        (dt.date(2016, 11, 23), None, "10 to 15"),
        (dt.date(2010, 11, 24), None, "10 to 15"),
        (dt.date(2010, 11, 23), None, "16 and over"),
    ],
)
def test_age_bands(born: dt.date | None, expected: dt.date | None, band: str) -> None:
    assert age_band(born, expected, MONDAY) == band
