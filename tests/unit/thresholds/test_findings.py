"""A rule that is said never to fire never does, whatever the contact; any other fires for the contact made up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import schemes
from thresholds.domain.findings import FindingKind, findings
from thresholds.domain.reading import SchemeErrors, read_scheme
from thresholds.domain.rule_words import example, fires, preview, sentence
from thresholds.domain.scheme import AgeParameters, ClusterParameters, Flag, FlagParameters, RuleKind, Scheme
from thresholds.domain.screening import Child, Consent, Facts, screen

KEYS = [row["key"] for row in schemes.content()["indicators"]]
ON = date(2026, 11, 24)
cluster = st.fixed_dictionaries(
    {
        "level": st.integers(1, 3),
        "count": st.integers(2, 6),
        "domains": st.integers(1, 4),
        "indicates": st.integers(2, 4),
    }
).filter(lambda told: told["indicates"] > told["level"] and told["domains"] <= told["count"])
age = st.fixed_dictionaries(
    {
        "indicators": st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True),
        "under_months": st.integers(0, 240),
        "unborn": st.booleans(),
        "indicates": st.integers(1, 4),
    }
).filter(lambda told: told["unborn"] or told["under_months"])


@st.composite
def some_schemes(draw: Any) -> Scheme:
    """Fewer indicators, other clusters, ages, flags and levels."""
    told = schemes.content()
    told["indicators"] = [row for row in told["indicators"] if draw(st.booleans())] or told["indicators"]
    counted: dict[Any, int] = {}
    for row in told["indicators"]:
        counted[row["level"], row["domain"]] = row["item"] = counted.get((row["level"], row["domain"]), 0) + 1
        row["flags"] = draw(st.sampled_from([[], ["lado"], ["neglect_tool"], ["section_47"]]))
    for level in told["levels"]:
        level["consent_needed"] = draw(st.booleans())
    there = {row["key"] for row in told["indicators"]}
    kept = [rule for rule in told["rules"] if rule["kind"] not in ("cluster", "age")]
    added = [schemes.rule(f"c{n}", "cluster", draw(cluster)) for n in range(draw(st.integers(1, 3)))]
    for n in range(draw(st.integers(0, 2))):
        parameters = draw(age)
        parameters["indicators"] = [key for key in parameters["indicators"] if key in there]
        if parameters["indicators"]:
            added.append(schemes.rule(f"a{n}", "age", parameters))
    told["rules"] = kept + added
    return read_scheme(told)


contacts = st.builds(
    Facts,
    indicators=st.lists(st.sampled_from(KEYS), max_size=8, unique=True).map(tuple),
    children=st.lists(
        st.one_of(
            st.integers(0, 6000).map(lambda days: Child(date_of_birth=ON - timedelta(days))),
            st.just(Child(expected_on=ON + timedelta(30))),
        ),
        max_size=2,
    ).map(tuple),
    judged_level=st.sampled_from([None, 1, 2, 3, 4]),
    immediate_danger=st.booleans(),
    consent=st.sampled_from([Consent(given=True), Consent(given=False), Consent()]),
    previous_contacts=st.integers(0, 3),
    on=st.just(ON),
)


@settings(max_examples=150, deadline=None)
@given(some_schemes(), st.lists(contacts, min_size=5, max_size=15))
def test_what_never_fires_never_does(scheme: Scheme, tried: list[Facts]) -> None:
    found = findings(scheme)
    never = {each.rule for each in found if each.kind is FindingKind.NEVER}
    idle = {each.rule for each in found if each.kind is FindingKind.CONTRADICTS}
    told = [screen(scheme, facts) for facts in tried]
    for rule in scheme.rules:
        if rule.key in never:
            assert not fires(scheme, rule), rule.key
            if isinstance(rule.parameters, FlagParameters):
                assert all(rule.parameters.flag not in each.flags for each in told), rule.key
            else:
                assert all(reason.rule != rule.key for each in told for reason in each.reasons), rule.key
        elif isinstance(rule.parameters, FlagParameters):
            ranks = {each.level for each in scheme.indicators}
            unmoved = {Flag.JUDGED_HIGHER: ranks == {4}, Flag.JUDGED_LOWER: ranks == {1}}
            assert fires(scheme, rule) or unmoved.get(rule.parameters.flag), rule.key
        elif rule.key in idle and isinstance(rule.parameters, ClusterParameters):
            assert all(reason.rule != rule.key for each in told for reason in each.reasons), rule.key


@settings(max_examples=100, deadline=None)
@given(some_schemes())
def test_every_rule_has_a_sentence_and_those_that_can_fire_a_preview(scheme: Scheme) -> None:
    odd = {each.rule for each in findings(scheme)}
    for rule in scheme.rules:
        assert sentence(scheme, rule).endswith(".")
        if rule.key in odd or isinstance(rule.parameters, FlagParameters | AgeParameters):
            continue
        if rule.kind is RuleKind.JUDGEMENT and {each.level for each in scheme.indicators} == {4}:
            continue  # nothing stands above the only level that can be indicated
        if isinstance(rule.parameters, ClusterParameters):
            facts = example(scheme, rule)
            assert facts
            assert len(facts.indicators) == rule.parameters.count
            continue
        assert rule.explanation in preview(scheme, rule), rule.key


def test_the_preview_is_the_engines_own_reason() -> None:
    scheme = schemes.scheme()
    rules = {rule.key: rule for rule in scheme.rules}
    assert preview(scheme, rules["cluster-2"]) == (
        "3 level 2 indicators are chosen, in 2 domains: 3 in 2 domains indicate level 3. This is what cluster-2 means."
    )
    assert preview(scheme, rules["baby"]) == (
        "“Family worry 1 of level 2”, with a child under 1 year or unborn, indicates at least level 3. "
        "This is what baby means."
    )


def rules_with(*more: dict[str, Any]) -> Scheme:
    told = schemes.content()
    return read_scheme(told | {"rules": [*told["rules"], *more]})


def cluster_rule(level: int, count: int, domains: int, indicates: int) -> dict[str, Any]:
    parameters = {"level": level, "count": count, "domains": domains, "indicates": indicates}
    return schemes.rule("odd", "cluster", parameters)


def age_rule(indicates: int, under: int, *keys: str, unborn: bool = False) -> dict[str, Any]:
    parameters = {"indicators": list(keys), "under_months": under, "unborn": unborn, "indicates": indicates}
    return schemes.rule("odd", "age", parameters)


@pytest.mark.parametrize(
    ("rule", "kind", "said"),
    [
        (cluster_rule(2, 10, 1, 4), "never", "asks for 10 indicators of level 2, and there are 9"),
        (cluster_rule(2, 4, 3, 4), "never", "in 3 domains, and they stand in 2"),
        (cluster_rule(2, 4, 2, 3), "adds_nothing", "adds nothing to cluster-2"),
        (cluster_rule(3, 5, 2, 4), "adds_nothing", "adds nothing to cluster-3"),
        (cluster_rule(2, 2, 1, 4), "contradicts", "contradicts odd, which asks for less and indicates level 4"),
        (age_rule(2, 12, "health-2-01"), "adds_nothing", "indicates level 2 or more by itself"),
        (age_rule(4, 12, "health-2-01", "health-4-01"), "adds_nothing", "adds nothing to “Health worry 1 of level 4”"),
        (age_rule(3, 216, "health-2-01"), "adds_nothing", "takes in every child"),
        (age_rule(4, 24, "family-2-01", unborn=True), "contradicts", "contradicts odd"),
    ],
)
def test_what_is_odd_is_said(rule: dict[str, Any], kind: str, said: str) -> None:
    found = set(findings(rules_with(rule))) - set(findings(schemes.scheme()))
    assert any(each.kind == kind and said in each.sentence for each in found), found


def test_a_draft_that_is_not_whole_has_findings_too() -> None:
    told = schemes.content()
    told["indicators"] = [row for row in told["indicators"] if row["key"] != "health-3-02"]
    with pytest.raises(SchemeErrors) as caught:
        read_scheme(told)
    assert caught.value.scheme is not None
    found = findings(caught.value.scheme, retired=["health-3-02"])
    of_ages = [each for each in found if each.rule == "under-13"]
    assert [(each.rule, each.kind.value) for each in of_ages] == [("under-13", "retired"), ("under-13", "never")]
    assert "retired: health-3-02" in of_ages[0].sentence


@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(-5, 5), lambda s: st.lists(s, max_size=3)))
def test_nothing_makes_it_raise(value: Any) -> None:
    for section in ("levels", "domains", "indicators", "rules", "limits", "consent_reasons"):
        try:
            scheme = read_scheme(schemes.content() | {section: value})
        except SchemeErrors as errors:
            scheme = errors.scheme  # type: ignore[assignment]
        if scheme is not None:
            findings(scheme)


def test_a_flag_of_a_level_that_only_a_rule_comes_to_is_raised() -> None:
    """No indicator of level 3, but one of level 2 that is level 3 for a baby: section 17 is raised then."""
    told = schemes.content()
    told["indicators"] = [row for row in told["indicators"] if row["key"] == "health-2-02"]
    told["indicators"][0]["item"] = 1
    idle = schemes.rule("c0", "cluster", {"level": 1, "count": 6, "domains": 1, "indicates": 2})
    told["rules"] = [rule for rule in told["rules"] if rule["kind"] not in ("cluster", "age")] + [idle]
    without = read_scheme(told)
    young = {"indicators": ["health-2-02"], "under_months": 12, "unborn": False, "indicates": 3}
    told["rules"] = [*told["rules"], schemes.rule("a0", "age", young)]
    with_rule = read_scheme(told)
    key = next(
        rule.key
        for rule in with_rule.rules
        if isinstance(rule.parameters, FlagParameters) and rule.parameters.flag is Flag.SECTION_17
    )
    baby = Facts(indicators=("health-2-02",), children=(Child(date_of_birth=ON),), on=ON)
    for scheme in (without, with_rule):
        never = {each.rule for each in findings(scheme) if each.kind is FindingKind.NEVER}
        raised = Flag.SECTION_17 in screen(scheme, baby).flags
        assert raised == (scheme is with_rule) and (key in never) <= (not raised)
    assert key not in {each.rule for each in findings(with_rule)}
