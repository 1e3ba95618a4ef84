"""Reading a threshold file: every mistake at once, nothing but `SchemeErrors`, and written back as it was."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import schemes
from thresholds.domain.reading import SchemeErrors, read_scheme, write_scheme
from thresholds.domain.scheme import Flag, Route, RuleKind, Scheme, roots

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.dates()
    | st.sampled_from(["\x00", "\ud800", "1", 1, "health-1-01", "mash", "Health"])
    | st.builds(lambda: 10**5000)
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=4),
    max_leaves=10,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested data."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, part in inner for each in paths(part, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Nested data with one place replaced."""
    if not path:
        return new
    at = value
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return value


PATHS = paths(schemes.content())


def mistakes(content: Any, positions: dict[str, int] | None = None) -> list[str]:
    with pytest.raises(SchemeErrors) as caught:
        read_scheme(content, positions)
    return [str(mistake) for mistake in caught.value.mistakes]


class TestAnyInput:
    @settings(max_examples=200, deadline=None)
    @given(junk)
    def test_junk_is_named_never_raised(self, data: Any) -> None:
        with pytest.raises(SchemeErrors) as caught:
            read_scheme(data)
        assert str(caught.value).encode()

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(PATHS), junk), min_size=1, max_size=3))
    def test_a_scheme_with_junk_in_it_is_named_or_reads_whole(self, changes: list[tuple[Any, Any]]) -> None:
        content: Any = schemes.content()
        for path, new in changes:
            try:
                content = put(content, path, new)
            except (KeyError, IndexError, TypeError, AttributeError):
                continue
        try:
            scheme = read_scheme(content)
        except SchemeErrors as errors:
            assert errors.mistakes
            assert str(errors).encode()
        else:
            assert read_scheme(write_scheme(scheme)) == scheme

    def test_nesting_without_end(self) -> None:
        endless: list[Any] = []
        endless.append(endless)
        assert any("nesting without end" in each for each in mistakes(schemes.content() | {"plot_sheet": endless}))

    def test_what_is_left_out_is_named_or_means_nothing(self) -> None:
        """Each place of a whole scheme in turn."""
        for path in PATHS[1:]:
            content = schemes.content()
            at: Any = content
            for key in path[:-1]:
                at = at[key]
            del at[path[-1]]
            try:
                scheme = read_scheme(content)
            except SchemeErrors as errors:
                assert errors.mistakes
            else:
                assert read_scheme(write_scheme(scheme)) == scheme, path


class TestRoundTrip:
    def test_the_mapping_comes_back_as_it_was(self) -> None:
        content = schemes.content()
        assert write_scheme(read_scheme(content)) == content
        assert json.loads(json.dumps(write_scheme(schemes.scheme()))) == content

    def test_free_form_parts_come_back_whole(self) -> None:
        content = schemes.content() | {
            "plot_sheet": {"grades": ["low", {"from": 1, "to": None, "share": 0.5}], "used": True},
            "flag_notes": {"health-2-01": "A local reading."},
        }
        assert write_scheme(read_scheme(content)) == content
        assert hash(read_scheme(content)) == hash(read_scheme(content))

    def test_dates_may_be_dates_or_text(self) -> None:
        assert schemes.scheme(in_force_from=date(2026, 1, 1)) == schemes.scheme()


def changed(path: str, new: Any) -> Any:
    """The content with one place replaced, named as a mistake names it."""
    keys: list[Any] = []
    for part in path.replace("[", ".[").split("."):
        keys.append(int(part[1:-1]) if part.startswith("[") else part)
    return put(schemes.content(), tuple(keys), new)


MISTAKES = [
    ("slug", "Test Shire", "found 'Test Shire', expected a name of small letters"),
    ("title", " ", "title: found nothing, expected text"),
    ("title", 7, "title: found 7, expected text"),
    ("document", "a\x00b", "expected text without control characters"),
    ("in_force_from", "2026-02-30", "found '2026-02-30', expected a date such as 2024-12-01"),
    ("in_force_to", "2025-01-01", "in_force_to: found 2025-01-01, expected a day from in_force_from (2026-01-01) on"),
    ("step_word", "stage", "found 'stage', expected one of level, tier"),
    ("levels[1].rank", 1, "levels[1].rank: found 1, expected 2"),
    ("levels[1].rank", True, "levels[1].rank: found true, expected a whole number"),
    ("levels[0].route", "police", "levels[0].route: found 'police', expected one of advice, early_help, mash"),
    ("levels[3].route", "advice", "levels[3].route: found advice, expected at least early_help"),
    ("levels[0].consent_needed", "no", "found 'no', expected true or false"),
    ("domains[1].name", "Learning", "domains[2].name: found 'Learning' again, as in domains[1], expected each once"),
    ("domains[1].parent", "Nowhere", "domains[1].parent: found 'Nowhere', expected the name of a domain"),
    ("domains[0].parent", "Health", "domains[0].parent: found a circle from 'Development' to itself"),
    ("domains[0].same_as", "Family", "domains[0].same_as: found 'Family', expected the name of a domain further up"),
    ("indicators[3].level", 7, "indicators[3].level: found 7, expected one of the ranks 1, 2, 3, 4"),
    ("indicators[3].domain", "Health ", "indicators[3].item: found 1, expected 4: rank 1 of 'Health' holds 4"),
    ("indicators[3].domain", "Housing", "indicators[3].domain: found 'Housing', expected the name of a domain"),
    ("indicators[3].key", "health-1-01", "indicators[3].key: found 'health-1-01' again, as in indicators[0]"),
    ("indicators[1].item", 5, "indicators[1].item: found 5, expected 2: rank 1 of 'Health' holds 3"),
    ("indicators[3].flags", ["danger"], "indicators[3].flags[0]: found 'danger', expected one of"),
    ("indicators[3].flags", ["seen_before"], "indicators[3].flags: found seen_before, expected any of"),
    ("indicators[3].flags", ["fgm", "fgm"], "indicators[3].flags: found 'fgm' twice, expected each entry once"),
    ("indicators[3].shared_with", [1], "indicators[3].shared_with: found 1, expected ranks above its level, 1"),
    ("indicators[3].shared_with", 4, "indicators[3].shared_with: found 4, expected a list"),
    ("rules[0].kind", "lowest", "rules[0].kind: found 'lowest', expected one of highest"),
    ("rules[0].kind", "danger", "rules: found 2 rules of kind danger, expected exactly one"),
    ("rules[0].parameters", {"level": 1}, "rules[0].parameters.level: found unknown key 'level'"),
    ("rules[4].parameters.count", 1, "rules[4].parameters.count: found 1, expected a whole number from 2"),
    ("rules[4].parameters.indicates", 2, "rules[4].parameters.indicates: found 2, expected a rank above 2"),
    ("rules[4].parameters.domains", 4, "rules[4].parameters.domains: found 4, expected at most the count, 3"),
    ("rules[6].parameters.indicators", ["x"], "rules[6].parameters.indicators[0]: found 'x', expected the key"),
    ("rules[6].parameters.indicates", 9, "rules[6].parameters.indicates: found 9, expected one of the ranks"),
    ("rules[9].parameters.raises_to", 9, "rules[9].parameters.raises_to: found 9, expected one of the ranks"),
    ("rules[10].parameters.flag", "fgm", "rules: found no flag rule for consent_to_settle, expected one"),
    ("rules[10].parameters.flag", "fgm", "rules[12].parameters.flag: found fgm a second time"),
    ("rules[10].parameters.route", "home", "rules[10].parameters.route: found 'home', expected one of"),
    ("rules[10].parameters.done_by", ["fax"], "rules[10].parameters.done_by[0]: found 'fax', expected one of call"),
    ("rules[10].parameters.documents", ["x"], "rules[10].parameters.documents[0]: found 'x', expected the slug of"),
    ("rules[10].parameters.asks_more", "so", "rules[10].parameters.asks_more: found 'so', expected true or false"),
    ("limits[0].slug", "thanks", "limits: found no limit acknowledge, expected all of"),
    ("limits[0].unit", "days", "limits[0].unit: found 'days', expected one of clock_hours"),
    ("limits[0].amount", 10**9, "limits[0].amount: found 1000000000, expected a whole number from 1 to 10,000"),
    ("consent_reasons[0].accepted_at", [9], "consent_reasons[0].accepted_at: found 9, expected one of the ranks"),
    ("escalation_stages[1].stage", 1, "escalation_stages[1].stage: found 1 again"),
    ("guidance.also[0].text", None, "guidance.also[0].text: found nothing, expected text"),
    ("guidance.wisdom", "x", "guidance.wisdom: found unknown key 'wisdom', expected any of after, also"),
    ("levels", [], "levels: found none, expected a list of levels"),
    ("indicators", None, "indicators: found none, expected a list of indicators"),
]


class TestMistakes:
    @pytest.mark.parametrize(("path", "new", "expected"), MISTAKES, ids=[f"{each[0]}={each[1]!r}" for each in MISTAKES])
    def test_a_mistake_says_where_what_and_what_instead(self, path: str, new: Any, expected: str) -> None:
        found = mistakes(changed(path, new))
        assert any(expected in each for each in found), found

    def test_a_rule_left_out_is_missed(self) -> None:
        for kind in RuleKind:
            rules = [rule for rule in schemes.rules() if rule["kind"] != kind]
            if kind is not RuleKind.AGE:
                assert any(kind in each for each in mistakes(schemes.content() | {"rules": rules}))

    def test_all_mistakes_at_once_by_line(self) -> None:
        content = changed("indicators[3].flags", ["danger"]) | {"title": None, "step_word": "stage"}
        found = mistakes(content, {"step_word": 8, "indicators[3].flags": 60, "title": 3})
        assert [each.split(":")[0] for each in found] == ["line 3", "line 8", "line 60"]

    def test_one_unreadable_part_is_one_mistake(self) -> None:
        assert mistakes(changed("indicators[35]", "health")) == ["indicators[35]: found 'health', expected a mapping"]
        assert mistakes([]) == ["the file: found a list of 0, expected a mapping"]


class TestScheme:
    def test_look_ups(self) -> None:
        scheme = schemes.scheme()
        assert scheme.indicator("health-2-01") is scheme.indicators[9]
        assert scheme.indicator("gone") is None
        assert (scheme.level(2), scheme.level(None), scheme.level(9)) == (scheme.levels[1], None, None)
        assert scheme.root("Health") == scheme.root("Learning") == "Development"
        assert scheme.root("Family") == "Family"
        assert scheme.step(3) == "level 3"
        rule = scheme.flag_rule(Flag.LADO)
        assert rule is not None
        assert rule.key == "flag-lado"

    def test_look_ups_are_no_part_of_the_value(self) -> None:
        used, fresh = schemes.scheme(), schemes.scheme()
        used.indicator("health-2-01")
        assert used == fresh
        assert hash(used) == hash(fresh)

    def test_a_circle_of_domains_built_by_hand_ends(self) -> None:
        scheme: Scheme = schemes.scheme()
        first, second = scheme.domains[:2]
        circle = (type(first)("A", "B"), type(second)("B", "A"))
        assert set(roots(circle)) == {"A", "B"}

    def test_routes_are_ordered_by_urgency(self) -> None:
        assert Route.ADVICE < Route.EARLY_HELP < Route.MASH
        assert sorted(Route) == list(Route)
