"""What holds of every screening, whatever the facts; then each rule by example."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import schemes
from thresholds.domain.changes import MOST, ChangeKind
from thresholds.domain.scheme import Flag, Route, Scheme
from thresholds.domain.screening import (
    Child,
    Consent,
    Facts,
    FactsErrors,
    Screener,
    Screening,
    read_facts,
    read_facts_strictly,
    screen,
    write_facts,
    write_screening,
)
from thresholds.domain.terms import CONCERN_FLAGS
from thresholds.domain.together import together

ON = date(2026, 11, 24)
SCHEME = schemes.scheme()
RAISING = schemes.scheme(
    rules=[
        each if each["kind"] != "seen_before" else each | {"parameters": each["parameters"] | {"raises_to": 3}}
        for each in schemes.rules()
    ]
)
SCHEMES = st.booleans().map(lambda raises: RAISING if raises else SCHEME)
KEYS = [indicator.key for indicator in SCHEME.indicators]
YES = Consent(informed=True, given=True)

days = st.dates(date(2008, 1, 1), date(2028, 12, 31))
keys = st.sampled_from(KEYS)
children = st.builds(Child, st.none() | days, st.none() | days)
consents = st.builds(
    Consent,
    st.none() | st.booleans(),
    st.none() | st.booleans(),
    st.none() | st.sampled_from(["significant_harm", "not_reached", "made_up"]),
)
facts_strategy = st.builds(
    Facts,
    indicators=st.lists(keys | st.text(max_size=5), max_size=9).map(tuple),
    children=st.lists(children, max_size=3).map(tuple),
    judged_level=st.none() | st.integers(-1, 6),
    immediate_danger=st.sampled_from([False, False, True]),
    consent=consents,
    previous_contacts=st.integers(0, 4) | st.lists(days, max_size=4).map(tuple),
    child_in_need=st.sampled_from([False, False, True]),
    concerns=st.lists(st.sampled_from(sorted(CONCERN_FLAGS)), max_size=3, unique=True).map(tuple),
    on=st.none() | st.just(ON),
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates() | st.sampled_from(KEYS)
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4),
    max_leaves=12,
)
junk_facts = junk | st.dictionaries(st.sampled_from([*Facts.__slots__, "other"]), junk, max_size=9)


def level(screening: Screening) -> int:
    return screening.indicated_level or 0


class TestEveryScreening:
    @settings(max_examples=300, deadline=None)
    @given(SCHEMES, junk_facts)
    def test_any_facts_give_a_result(self, scheme: Scheme, data: Any) -> None:
        screening = screen(scheme, read_facts(data))
        json.dumps(write_screening(screening))
        assert screening.reasons
        try:
            assert read_facts_strictly(data) == read_facts(data)
        except FactsErrors as errors:
            assert errors.mistakes

    @settings(max_examples=200, deadline=None)
    @given(SCHEMES, facts_strategy, st.randoms(use_true_random=False))
    def test_order_and_repetition_change_nothing(self, scheme: Scheme, facts: Facts, dice: Any) -> None:
        known = [key for key in facts.indicators if key in KEYS]
        again = [*known, *known]
        dice.shuffle(again)
        turned = replace(facts, indicators=tuple(again), children=facts.children[::-1])
        assert screen(scheme, turned) == screen(scheme, replace(facts, indicators=tuple(known)))
        assert Screener(scheme)(facts) == screen(scheme, facts) == screen(scheme, facts)

    @settings(max_examples=200, deadline=None)
    @given(SCHEMES, facts_strategy)
    def test_without_explanation_the_rest_is_the_same(self, scheme: Scheme, facts: Facts) -> None:
        explained = screen(scheme, facts)
        assert replace(explained, reasons=(), would_change=()) == screen(scheme, facts, explain=False)

    @settings(max_examples=300, deadline=None)
    @given(SCHEMES, facts_strategy, keys)
    def test_one_more_indicator_never_lowers(self, scheme: Scheme, facts: Facts, key: str) -> None:
        before = screen(scheme, facts)
        after = screen(scheme, replace(facts, indicators=(*facts.indicators, key)))
        assert level(after) >= level(before)
        if before.indicated_level is not None:
            assert after.route >= before.route

    @settings(max_examples=300, deadline=None)
    @given(SCHEMES, facts_strategy, children)
    def test_one_more_child_never_lowers(self, scheme: Scheme, facts: Facts, child: Child) -> None:
        before = screen(scheme, facts)
        after = screen(scheme, replace(facts, children=(*facts.children, child)))
        assert level(after) >= level(before)
        assert after.route >= before.route

    @settings(max_examples=300, deadline=None)
    @given(SCHEMES, facts_strategy, st.sampled_from(sorted(CONCERN_FLAGS)))
    def test_a_special_concern_only_adds(self, scheme: Scheme, facts: Facts, flag: Flag) -> None:
        before = screen(scheme, replace(facts, concerns=()))
        after = screen(scheme, replace(facts, concerns=(flag,)))
        assert after.indicated_level == before.indicated_level
        assert after.route >= before.route
        assert set(before.flags) | {flag} == set(after.flags)
        assert any(reason.because.count(flag.words) for reason in after.reasons)

    @settings(max_examples=200, deadline=None)
    @given(SCHEMES, st.lists(facts_strategy, min_size=1, max_size=4))
    def test_of_several_children_the_most_urgent_decides(self, scheme: Scheme, several: list[Facts]) -> None:
        screenings = [screen(scheme, facts) for facts in several]
        all_of_them = together(screenings)
        assert (all_of_them.indicated_level or 0) == max(map(level, screenings))
        assert all_of_them.route == max(each.route for each in screenings)
        assert set(all_of_them.flags) == {flag for each in screenings for flag in each.flags}
        assert screenings[all_of_them.leading].route == all_of_them.route
        fewer = together(screenings[:1])
        assert (fewer.indicated_level or 0) <= (all_of_them.indicated_level or 0)
        assert fewer.route <= all_of_them.route

    @settings(max_examples=300, deadline=None)
    @given(SCHEMES, facts_strategy)
    def test_judgement_never_lowers_and_never_moves_the_indicated_level(self, scheme: Scheme, facts: Facts) -> None:
        unjudged = screen(scheme, replace(facts, judged_level=None))
        judged = screen(scheme, facts)
        assert judged.indicated_level == unjudged.indicated_level
        assert judged.route >= unjudged.route
        assert not {Flag.JUDGED_HIGHER, Flag.JUDGED_LOWER} <= set(judged.flags)

    @settings(max_examples=300, deadline=None)
    @given(SCHEMES, facts_strategy)
    def test_missing_consent_never_lowers_nor_reaches_early_help(self, scheme: Scheme, facts: Facts) -> None:
        missing = screen(scheme, replace(facts, consent=replace(facts.consent, given=None)))
        refused = screen(scheme, replace(facts, consent=replace(facts.consent, given=False)))
        agreed = screen(scheme, replace(facts, consent=YES))
        assert (missing.route, missing.flags) == (refused.route, refused.flags)
        assert missing.route >= agreed.route
        assert Flag.CONSENT_TO_SETTLE not in agreed.flags
        considered = scheme.level(missing.considered_level)
        if considered is not None and considered.consent_needed and facts.consent.reason != "significant_harm":
            assert missing.route is Route.MASH
        if Flag.CONSENT_TO_SETTLE in missing.flags:
            assert missing.route is Route.MASH

    @settings(max_examples=200, deadline=None)
    @given(SCHEMES, facts_strategy)
    def test_danger_is_always_for_the_mash(self, scheme: Scheme, facts: Facts) -> None:
        screening = screen(scheme, replace(facts, immediate_danger=True))
        assert screening.route is Route.MASH
        assert Flag.IMMEDIATE_DANGER in screening.flags
        assert Flag.CONSENT_TO_SETTLE not in screening.flags

    @settings(max_examples=200, deadline=None)
    @given(SCHEMES, facts_strategy)
    def test_nothing_chosen_is_not_screened_and_for_the_mash(self, scheme: Scheme, facts: Facts) -> None:
        screening = screen(scheme, facts)
        assert (screening.indicated_level is None) == (Flag.NOT_SCREENED in screening.flags)
        assert (screening.indicated_level is None) == (not set(facts.indicators) & set(KEYS))
        if screening.indicated_level is None:
            assert screening.route is Route.MASH

    @settings(max_examples=200, deadline=None)
    @given(SCHEMES, facts_strategy)
    def test_every_flag_has_a_reason_and_stands_in_order(self, scheme: Scheme, facts: Facts) -> None:
        screening = screen(scheme, facts)
        assert list(screening.flags) == sorted(set(screening.flags))
        because = {reason.rule for reason in screening.reasons} | {str(reason.kind) for reason in screening.reasons}
        by_rule = {
            Flag.IMMEDIATE_DANGER: "danger",
            Flag.CONSENT_TO_SETTLE: "consent",
            Flag.JUDGED_HIGHER: "judgement",
            Flag.JUDGED_LOWER: "judgement",
            Flag.NOT_SCREENED: "nothing_chosen",
            Flag.SEEN_BEFORE: "seen_before",
        }
        for flag in screening.flags:
            assert by_rule.get(flag, f"flag-{flag.replace('_', '-')}") in because
        for key in screening.unknown_indicators:
            assert any(key in reason.indicators for reason in screening.reasons)

    @settings(max_examples=300, deadline=None)
    @given(SCHEMES, facts_strategy)
    def test_what_would_change_is_true(self, scheme: Scheme, facts: Facts) -> None:
        screening = screen(scheme, facts)
        assert len(screening.would_change) <= MOST
        for change in screening.would_change:
            held_to(scheme, facts, screening, change)


def held_to(scheme: Scheme, facts: Facts, before: Screening, change: Any) -> None:
    """Do what a change says, and see that it comes out as it said."""
    chosen = set(facts.indicators)
    if change.kind is ChangeKind.NEXT_LEVEL:
        for indicator in scheme.indicators:
            if indicator.level == change.level:
                after = screen(scheme, replace(facts, indicators=(*facts.indicators, indicator.key)))
                assert level(after) >= change.level > level(before)
                assert after.route >= change.route
    elif change.kind is ChangeKind.CONSENT:
        given = Flag.CONSENT_TO_SETTLE in before.flags
        after = screen(scheme, replace(facts, consent=replace(facts.consent, given=given, reason=None)))
        assert after.route is change.route
        assert after.flags != before.flags
    elif change.kind is ChangeKind.AGE and set(change.indicators) <= chosen:
        baby = Child(date_of_birth=ON - timedelta(days=20))
        after = screen(scheme, replace(facts, on=ON, children=(*facts.children, baby)))
        assert level(after) >= change.level > level(before)
        assert after.route >= change.route
    elif change.kind is ChangeKind.AGE:
        for key in change.indicators:
            after = screen(scheme, replace(facts, indicators=(*facts.indicators, key)))
            assert level(after) >= change.level > level(before)
    elif change.kind is ChangeKind.CLUSTER:
        others = [each for each in scheme.indicators if each.key not in chosen]
        rank = next(each.level for each in scheme.indicators if each.key == change.indicators[0])
        spread = sorted((each for each in others if each.level == rank), key=lambda each: each.domain)
        more = (*spread[:1], *spread[-1:])
        after = screen(scheme, replace(facts, indicators=(*facts.indicators, *(each.key for each in more))))
        assert level(after) >= change.level > level(before)
    elif change.kind is ChangeKind.RESTS_ON and change.indicators:
        found = []
        for key in change.indicators:
            left = tuple(each for each in facts.indicators if each != key)
            found.append(screen(scheme, replace(facts, indicators=left)))
        assert max(level(after) for after in found) == (change.level or 0) < level(before)
        assert any((after.indicated_level, after.route) == (change.level, change.route) for after in found)
    elif change.kind is ChangeKind.JUDGED and Flag.JUDGED_HIGHER in before.flags and "Without" in change.sentence:
        assert screen(scheme, replace(facts, judged_level=None)).route is change.route
    elif change.kind is ChangeKind.JUDGED:
        rank = next(rank for rank in range(1, 5) if f"judged {scheme.step(rank)}" in change.sentence)
        after = screen(scheme, replace(facts, judged_level=rank))
        assert after.route is change.route
        assert after.route > before.route


def told(*indicators: str, **more: Any) -> Screening:
    return screen(SCHEME, Facts(**{"indicators": indicators, "consent": YES, "on": ON} | more))


class TestLevel:
    def test_one_indicator_is_enough(self) -> None:
        screening = told("health-1-01", "health-4-02")
        assert (screening.indicated_level, screening.route) == (4, Route.MASH)
        assert screening.flags == (Flag.SECTION_47,)
        assert "“Health worry 2 of level 4” is a level 4 indicator" in screening.reasons[0].because
        assert screening.reasons[0].source == "p. 4"

    def test_a_cluster_needs_its_number_and_its_spread(self) -> None:
        assert told("health-2-01", "learning-2-01").indicated_level == 2
        assert told("health-2-01", "learning-2-01", "health-2-02").indicated_level == 2, "one top-level domain only"
        screening = told("health-2-01", "learning-2-01", "family-2-03")
        assert screening.indicated_level == 3
        assert [reason.rule for reason in screening.reasons[:2]] == ["highest", "cluster-2"]

    def test_a_heading_that_continues_another_is_one_domain_with_it(self) -> None:
        content = schemes.content()
        content["domains"].append({"name": "Schooling", "parent": None, "same_as": "Learning"})
        for indicator in content["indicators"]:
            if indicator["domain"] == "Learning" and indicator["level"] == 2:
                indicator["domain"] = "Schooling"
        assert schemes.scheme(**content).root("Schooling") == "Development"

    @pytest.mark.parametrize(
        ("child", "expected"),
        [
            (Child(date_of_birth=date(2025, 11, 25)), 3),
            (Child(date_of_birth=date(2025, 11, 24)), 2),
            (Child(expected_on=date(2027, 2, 1)), 3),
            (Child(expected_on=date(2025, 11, 24)), 2),
            (Child(expected_on=date(2026, 11, 24)), 3),
            (Child(date_of_birth=date(2026, 12, 24)), 3),
            (Child(), 2),
        ],
    )
    def test_an_age_rule_on_the_day_that_it_turns(self, child: Child, expected: int) -> None:
        assert told("family-2-01", children=(Child(date_of_birth=date(2015, 1, 1)), child)).indicated_level == expected

    def test_an_unborn_child_is_flagged_until_the_expected_day(self) -> None:
        assert Flag.PRE_BIRTH in told("health-1-01", children=(Child(expected_on=ON + timedelta(days=1)),)).flags
        assert Flag.PRE_BIRTH not in told("health-1-01", children=(Child(expected_on=ON),)).flags

    def test_an_unborn_child_is_not_under_an_age_where_the_rule_does_not_say_so(self) -> None:
        assert told("health-3-02", children=(Child(expected_on=date(2027, 2, 1)),)).indicated_level == 3
        assert told("health-3-02", children=(Child(date_of_birth=date(2013, 11, 25)),)).indicated_level == 4

    def test_without_a_day_ages_are_unknown_and_an_expected_child_is_unborn(self) -> None:
        born = told("family-2-01", on=None, children=(Child(date_of_birth=date(2026, 11, 1)),))
        assert born.indicated_level == 2
        assert born.would_change[0].kind is ChangeKind.DATE
        expected = told("family-2-01", on=None, children=(Child(expected_on=date(2020, 1, 1)),))
        assert expected.indicated_level == 3
        assert "counts as unborn" in expected.would_change[0].sentence

    def test_earlier_contacts_inside_the_window(self) -> None:
        assert Flag.SEEN_BEFORE in told("health-1-01", previous_contacts=(date(2025, 11, 24), ON)).flags
        assert Flag.SEEN_BEFORE not in told("health-1-01", previous_contacts=(date(2025, 11, 23), ON)).flags
        assert Flag.SEEN_BEFORE not in told("health-1-01", previous_contacts=(ON + timedelta(days=1), ON)).flags
        assert Flag.SEEN_BEFORE in told(previous_contacts=2).flags
        assert screen(RAISING, Facts(indicators=("health-1-01",), previous_contacts=2)).indicated_level == 3
        assert screen(RAISING, Facts(previous_contacts=2)).indicated_level is None


class TestRoute:
    def test_a_higher_judgement_decides_the_route_alone(self) -> None:
        screening = told("health-1-01", judged_level=4)
        assert (screening.indicated_level, screening.considered_level, screening.route) == (1, 4, Route.MASH)
        assert screening.flags == (Flag.JUDGED_HIGHER,)

    def test_a_judged_level_beyond_the_scheme_counts_as_its_highest(self) -> None:
        screening = told("health-1-01", judged_level=9)
        assert (screening.considered_level, screening.route) == (4, Route.MASH)
        assert any("9 is not in this scheme" in reason.because for reason in screening.reasons)

    def test_a_lower_judgement_is_shown_and_nothing_else(self) -> None:
        screening = told("health-4-02", judged_level=1)
        assert (screening.indicated_level, screening.route) == (4, Route.MASH)
        assert screening.flags == (Flag.JUDGED_LOWER, Flag.SECTION_47)

    def test_a_child_in_need_by_the_referrers_word(self) -> None:
        screening = told("health-3-01", child_in_need=True)
        assert (screening.indicated_level, screening.route) == (3, Route.MASH)

    def test_a_flag_moves_the_route_and_never_the_level(self) -> None:
        screening = told("family-3-01")
        assert (screening.indicated_level, screening.route) == (3, Route.MASH)
        assert Flag.MARAC in screening.flags

    @pytest.mark.parametrize(
        ("indicator", "consent", "route", "held"),
        [
            ("health-1-01", Consent(), Route.ADVICE, False),
            ("health-2-01", YES, Route.EARLY_HELP, False),
            ("health-2-01", Consent(), Route.MASH, True),
            ("health-2-01", Consent(given=False, reason="not_reached"), Route.MASH, True),
            ("health-2-01", Consent(given=False, reason="made_up"), Route.MASH, True),
            ("health-2-01", Consent(given=False, reason="significant_harm"), Route.EARLY_HELP, False),
            ("health-4-01", Consent(given=False), Route.MASH, False),
        ],
    )
    def test_consent(self, indicator: str, consent: Consent, route: Route, held: bool) -> None:
        screening = told(indicator, consent=consent)
        assert screening.route is route
        assert (Flag.CONSENT_TO_SETTLE in screening.flags) is held

    def test_a_settling_flag_settles_only_what_is_for_the_mash_anyway(self) -> None:
        content = schemes.content()
        content["indicators"][0]["flags"] = ["section_47"]
        content["levels"][3]["consent_needed"] = True
        scheme = schemes.scheme(**content)
        low = screen(scheme, Facts(indicators=("health-1-01", "health-2-02"), on=ON))
        assert (low.route, Flag.CONSENT_TO_SETTLE in low.flags) == (Route.MASH, True)
        high = screen(scheme, Facts(indicators=("health-4-02",), on=ON))
        assert (high.route, Flag.CONSENT_TO_SETTLE in high.flags) == (Route.MASH, False)

    def test_consent_is_looked_at_for_the_judged_level_where_higher(self) -> None:
        screening = told("health-1-01", judged_level=2, consent=Consent())
        assert (screening.considered_level, screening.route) == (2, Route.MASH)
        assert screening.flags == (Flag.CONSENT_TO_SETTLE, Flag.JUDGED_HIGHER)

    def test_an_unknown_key_is_named_and_otherwise_ignored(self) -> None:
        screening = told("retired-1-01", "health-1-01")
        assert (screening.indicated_level, screening.unknown_indicators) == (1, ("retired-1-01",))
        assert "“retired-1-01”" in screening.reasons[0].because


class TestWouldChange:
    def test_what_the_level_rests_on(self) -> None:
        sentences = [change.sentence for change in told("health-1-01", "health-3-01").would_change]
        assert (
            "It is level 3 by “Health worry 1 of level 3” alone; without it, level 1 would be indicated." in sentences
        )

    def test_one_more_completes_a_cluster_in_another_domain(self) -> None:
        change = next(
            each for each in told("health-2-01", "health-2-02").would_change if each.kind is ChangeKind.CLUSTER
        )
        assert change.sentence == (
            "One more level 2 indicator, outside Development, would make 3 and indicate level 3."
        )
        assert (change.level, change.indicators) == (3, ("health-2-01", "health-2-02"))

    def test_the_documents_own_word_for_a_step(self) -> None:
        screening = screen(schemes.scheme(step_word="tier"), Facts(indicators=("health-2-01",), on=ON))
        text = json.dumps(write_screening(screening))
        assert "tier 2" in text
        assert "tier 3" in text


class TestReadingFacts:
    @settings(max_examples=200, deadline=None)
    @given(facts_strategy)
    def test_what_is_written_reads_back(self, facts: Facts) -> None:
        assert read_facts_strictly(json.loads(json.dumps(write_facts(facts)))) == facts

    def test_doubt_is_read_the_safe_way(self) -> None:
        facts = read_facts({"immediate_danger": "perhaps", "child_in_need": ["?"], "consent": {"given": "perhaps"}})
        assert facts.immediate_danger
        assert facts.child_in_need
        assert facts.consent.given is None

    def test_strictly_every_mistake_is_named(self) -> None:
        with pytest.raises(FactsErrors) as caught:
            read_facts_strictly(
                {
                    "indicator": [],
                    "children": [{"born": "2020"}, {"date_of_birth": "2020-02-30"}],
                    "judged_level": "three",
                    "on": "tomorrow",
                }
            )
        assert len(caught.value.mistakes) == 5
        assert "children[1].date_of_birth: expected a date such as 2026-11-24, found '2020-02-30'" in str(caught.value)

    def test_the_documented_shape(self) -> None:
        facts = read_facts_strictly(
            {
                "indicators": ["health-1-01"],
                "children": [{"date_of_birth": "2020-05-01"}, {"expected_on": date(2027, 2, 1)}],
                "judged_level": 3,
                "immediate_danger": False,
                "consent": {"informed": True, "given": True, "reason": None},
                "previous_contacts": ["2026-03-01", "2026-09-12"],
                "child_in_need": False,
                "on": "2026-11-24",
            }
        )
        assert facts.children == (Child(date(2020, 5, 1)), Child(expected_on=date(2027, 2, 1)))
        assert facts.previous_contacts == (date(2026, 3, 1), date(2026, 9, 12))
