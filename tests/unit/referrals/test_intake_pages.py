"""The form as data: its order, who sees which page, how far it is. No database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.models import Partnership
from referrals.intake import summary
from referrals.intake.answers import GROUPS, Answers, Place, blank, seal, without
from referrals.intake.concerns import CONCERNS, Concern
from referrals.intake.pages import PAGES, Progress, find, is_saved, neighbours, steps, tasks
from referrals.intake.plot import sheet
from referrals.intake.routing import prefixes
from referrals.intake.screened import screen_children
from referrals.intake.situation import Situation
from tests import schemes
from thresholds.domain.scheme import Flag, Frozen

AT = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
PARTNERSHIP = Partnership(front_door_name="Front Line", slug="testshire", name="Testshire")


def situation(answers: Any = None, scheme: Any = None) -> Situation:
    return Situation(PARTNERSHIP, scheme or schemes.scheme(), Answers(blank() if answers is None else answers), AT)


def of_child(**pages: Any) -> dict[str, Any]:
    """A draft of one child with these pages of its own."""
    return {**blank(), "children": [pages]}


def slugs(here: Situation) -> list[str]:
    return [step.page.slug for step in steps(here)]


def test_the_order_is_that_in_which_a_worried_person_thinks() -> None:
    assert slugs(situation()) == [
        "who", "details", "home", "other-children", "person", "family", "you", "involved", "worry", "impact",
        "telephone", "strengths", "next", "indicators", "judged", "tried", "consent", "attach",
    ]  # fmt: skip


def test_a_plain_referral_of_one_child_takes_at_most_twenty_pages() -> None:
    plain = of_child(indicators={"chosen": ["health-2-02"]})
    assert len(steps(situation(plain))) + 1 <= 20, "with the one that checks"


def test_no_page_is_stored_where_a_list_is() -> None:
    assert not {page.slug for page in PAGES if not page.group} & set(GROUPS.values())
    assert len({(page.group, page.slug) for page in PAGES}) == len(PAGES)
    reserved = {"check", "send", "sent", "discard", "start", "remove"}
    assert not {page.slug for page in PAGES} & reserved, "addresses of their own"


def test_each_child_and_person_has_pages_of_its_own() -> None:
    here = situation({"children": [{"judged": {"level": "2"}}, {}], "people": [{}, {}, {}]})
    assert [(s.page.slug, s.number) for s in steps(here) if s.page.group == "child"] == [
        ("who", 1), ("details", 1), ("home", 1), ("who", 2), ("details", 2), ("home", 2), ("impact", 1), ("impact", 2),
        ("indicators", 1), ("judged", 1), ("as-first", 2), ("indicators", 2), ("judged", 2),
    ]  # fmt: skip
    assert [s.number for s in steps(here) if s.page.group == "person"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("answers", "slug"),
    [
        (of_child(indicators={"chosen": ["health-2-01"]}), "evidence"),
        (of_child(indicators={"chosen": ["family-3-01"]}), "concern-domestic-abuse"),
        (of_child(impact={"concerns": ["prevent"]}), "concern-radicalisation"),
        ({"children": [{"who": {"born": "unborn"}}]}, "special"),
    ],
)
def test_a_page_appears_where_it_is_called_for(answers: dict[str, Any], slug: str) -> None:
    assert slug not in slugs(situation())
    assert slug in slugs(situation({**blank(), **answers}))


def test_an_indicator_that_the_threshold_lacks_calls_for_no_evidence() -> None:
    assert "evidence" not in slugs(situation(of_child(indicators={"chosen": ["gone-1-01"]})))


def test_the_childs_worker_comes_first_where_the_document_says_so() -> None:
    answers = {**blank(), "involved": {"worker": "yes"}}
    told = schemes.content()
    assert "worker-first" not in slugs(situation(answers))
    told["guidance"]["before_referring"] = "Talk with the social worker first."
    assert "worker-first" in slugs(situation(answers, schemes.scheme(guidance=told["guidance"])))
    assert "worker-first" not in slugs(situation(None, schemes.scheme(guidance=told["guidance"])))


def test_when_the_worry_arose_is_asked_where_the_written_form_runs_from_then() -> None:
    limits = [limit for limit in schemes.content()["limits"] if limit["slug"] != "written_form"]
    from_concern = [*limits, schemes.limit("written_form", 1, "clock_hours", "concern")]
    from_receipt = [*limits, schemes.limit("written_form", 1, "clock_hours", "received")]
    step = find(situation(), "telephone")
    assert step is not None
    for listed, asked in ((from_concern, True), (from_receipt, False)):
        here = situation(None, schemes.scheme(limits=listed))
        assert ("concern_on" in step.page.form(situation=here).fields) is asked
        assert (here.written_form is not None) is asked


def test_progress_counts_pages() -> None:
    first = tasks(situation())[0]
    assert (first.section.slug, first.progress, first.step.page.slug) == ("child", Progress.NOT_STARTED, "who")
    started = situation({**blank(), "children": [{"who": {}}]})
    assert (tasks(started)[0].progress, tasks(started)[0].step.page.slug) == (Progress.IN_PROGRESS, "details")
    done = {**blank(), "children": [{"who": {}, "details": {}, "home": {}}], "other-children": {"another": "no"}}
    assert tasks(situation(done))[0].progress is Progress.DONE
    wanted = {**done, "other-children": {"another": ""}}
    assert tasks(situation(wanted))[0].progress is Progress.IN_PROGRESS


def test_neighbours_lead_through_the_form() -> None:
    here = situation()
    ordered = steps(here)
    assert neighbours(here, ordered[0]) == (None, ordered[1])
    assert neighbours(here, ordered[-1]) == (ordered[-2], None)


def test_a_place_that_is_not_there_is_said_so() -> None:
    assert find(situation(), "who", "child", 2) is None
    with pytest.raises(LookupError):
        Place("who", "child", 2).write(blank(), {})
    assert Place("who", "child", 1).write(blank(), {"first_name": "Kit"})["children"] == [
        {"who": {"first_name": "Kit"}}
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
PAGE_NAMES = [page.slug for page in PAGES] + list(GROUPS.values())


@given(st.dictionaries(st.sampled_from(PAGE_NAMES), JSON) | JSON)
def test_any_answers_can_be_read_screened_and_shown(raw: Any) -> None:
    here = situation(raw)
    screened = screen_children(here.answers, here.scheme, on=AT.date())
    assert {each.screening.route for each in screened} <= {"advice", "early_help", "mash"}
    assert here.together.leading < len(screened)
    assert seal(dict(here.answers.raw)) == seal(dict(here.answers.raw))
    for step in steps(here):
        is_saved(here, step)
    summary.cards(here)
    summary.quality(here, referrer_name="Tess", telephone="")
    tasks(here)


@given(st.sets(st.sampled_from([indicator.key for indicator in schemes.scheme().indicators]), max_size=8), st.data())
def test_a_ticked_concern_never_lowers_anything(keys: set[str], data: st.DataObject) -> None:
    ticked = data.draw(st.lists(st.sampled_from([flag.value for flag in Flag]), unique=True))
    chosen = {"chosen": sorted(keys)}
    without = situation(of_child(indicators=chosen)).together
    with_them = situation(of_child(indicators=chosen, impact={"concerns": ticked})).together
    assert with_them.indicated_level == without.indicated_level
    assert with_them.route >= without.route and set(with_them.flags) >= set(without.flags)


@pytest.mark.parametrize(
    ("postcode", "expected"),
    [
        ("ME4 6AB", ["ME46AB", "ME46", "ME4"]),
        ("me10 1aa", ["ME101AA", "ME101", "ME10"]),
        ("ME4", ["ME4"]),
        ("ME4 6", ["ME46", "ME4"]),
        ("SW1A 1AA", ["SW1A1AA", "SW1A1", "SW1A"]),
        ("ZZ99 3VZ", []),
        ("", []),
        ("near the park", []),
        ("\x00", []),
    ],
)
def test_postcodes_are_compared_by_whole_districts(postcode: str, expected: list[str]) -> None:
    assert prefixes(postcode) == expected


@given(st.text(max_size=20))
def test_any_postcode_is_read(postcode: str) -> None:
    assert isinstance(prefixes(postcode), list)


def test_danger_calls_and_concerns_are_read_as_instants() -> None:
    page = {"telephoned": "yes", "called_on": "2026-07-01", "called_time": "09:30"}
    answers = Answers({"telephone": page, "children": [{}, {"impact": {"safe": "no"}}]})
    assert answers.in_danger
    assert answers.called_at == dt.datetime(2026, 7, 1, 8, 30, tzinfo=dt.UTC)
    assert Answers({"telephone": {**page, "telephoned": "no"}}).called_at is None
    assert Answers({"telephone": {**page, "called_time": ""}}).called_at is None
    assert Answers({"telephone": {"concern_on": "2026-01-01", "concern_time": "00:05"}}).concern_at is not None


def test_an_unborn_child_with_no_date_is_unborn_for_the_engine() -> None:
    screening = situation(of_child(who={"born": "unborn"}, indicators={"chosen": ["family-2-01"]})).together
    assert screening.indicated_level == 3 and Flag.PRE_BIRTH in screening.flags


THREE = {
    **blank(),
    "children": [
        {
            "who": {"first_name": "Ada", "born": "born", "date_of_birth": "2009-01-01"},
            "home": {"address": "1 High Street", "postcode": "TE1 2AB"},
            "impact": {"safe": "yes", "concerns": ["prevent"]},
            "indicators": {"chosen": ["health-3-02"]},
            "evidence": {"evidence": {"health-3-02": "What Ada told"}},
            "judged": {"level": "3", "why": "It fits"},
        },
        {
            "who": {"first_name": "Bo", "born": "born", "date_of_birth": "2020-01-01"},
            "home": {"same_home": "yes"},
            "impact": {"safe": "no", "concerns": ["same"]},
            "as-first": {"fits": "own"},
            "indicators": {"chosen": ["health-2-02"]},
        },
        {"who": {"first_name": "Cy"}, "home": {"same_home": "yes"}, "as-first": {"fits": "same"}},
    ],
}


def test_each_child_is_screened_by_its_own_facts_alone() -> None:
    here = situation(THREE)
    ada, bo, cy = here.screened
    assert [each.screening.indicated_level for each in here.screened] == [3, 2, 3], "Bo's age raises nothing of Ada's"
    assert (ada.facts.immediate_danger, bo.facts.immediate_danger) == (False, True)
    assert ada.facts.concerns == bo.facts.concerns == (Flag.PREVENT,) and cy.facts.concerns == ()
    assert cy.facts.indicators == ("health-3-02",) and cy.facts.judged_level == 3
    assert here.together.indicated_level == 3 and here.together.route == "mash"
    assert {Flag.IMMEDIATE_DANGER, Flag.PREVENT} <= set(here.together.flags)
    young = situation({**THREE, "children": [{**THREE["children"][1], "indicators": {"chosen": ["health-3-02"]}}]})
    assert young.together.indicated_level == 4


def test_three_siblings_are_not_three_times_the_work() -> None:
    one = len(steps(situation({**THREE, "children": THREE["children"][:1]})))
    as_first = {"who": {"first_name": "Di"}, "as-first": {"fits": "same"}}
    three = len(steps(situation({**THREE, "children": [THREE["children"][0], as_first, as_first]})))
    assert three - one == 2 * 5, "who, more, home, what it is like, and one page for the threshold"


def test_where_nothing_was_chosen_for_the_first_no_child_is_asked_whether_it_is_the_same() -> None:
    for judged, asked in (({}, False), ({"level": "unsure"}, False), ({"level": "2"}, True)):
        here = situation({**blank(), "children": [{"judged": judged}, {}]})
        assert (find(here, "as-first", "child", 2) is not None) is asked
    said = situation({**blank(), "children": [{}, {"as-first": {"fits": "same"}}]})
    step = find(said, "as-first", "child", 2)
    assert step is not None, "what was said before can be changed"
    labels = [str(each.label) for each in step.page.form(situation=said, number=2).fields["fits"].choices]
    assert labels[0].endswith(": nothing so far")


def test_nothing_is_taken_over_unless_it_was_said() -> None:
    silent = {**THREE, "children": [THREE["children"][0], {"who": {"first_name": "Bo"}}]}
    worry = Answers(silent).worry_of(2)
    assert (worry.indicators, worry.judged_level, worry.concerns) == ((), None, ())
    begun = {**THREE, "children": [THREE["children"][0], {"as-first": {"fits": "start"}}]}
    assert Answers(begun).worry_of(2).indicators == ("health-3-02",), "the first's until it is saved"
    saved = {**THREE, "children": [THREE["children"][0], {"as-first": {"fits": "start"}, "indicators": {"chosen": []}}]}
    assert Answers(saved).worry_of(2).indicators == ()


def test_what_was_the_same_stays_when_the_first_child_goes() -> None:
    left = without(THREE, "child", 1)
    before, after = Answers(THREE), Answers(left)
    assert [child.first_name for child in after.children] == ["Bo", "Cy"]
    for old, new in ((2, 1), (3, 2)):
        was, now = before.worry_of(old), after.worry_of(new)
        for name in ("indicators", "evidence", "judged_level", "judged_why", "concerns", "safe"):
            assert getattr(was, name) == getattr(now, name), (old, name)
        assert before.children[old - 1].address == after.children[new - 1].address == "1 High Street"
    assert without({"children": [{"who": {}}]}, "child", 1)["children"] == [{}]


@given(st.dictionaries(st.sampled_from(PAGE_NAMES), JSON), st.integers(0, 3))
def test_any_child_can_be_taken_out_of_any_answers(raw: Any, number: int) -> None:
    count = len(Answers(raw).group("children"))
    if not 1 <= number <= count:
        with pytest.raises(LookupError):
            without(raw, "child", number)
        return
    assert len(Answers(without(raw, "child", number)).group("children")) == max(count - 1, 1)


def test_an_unborn_child_is_said_to_be_one() -> None:
    here = situation(of_child(who={"born": "unborn", "last_name": "Marlow"}))
    titles = {step.page.slug: step.title(here) for step in steps(here)}
    assert titles["details"] == "More about Unborn baby Marlow" and "the unborn baby" in titles["impact"]


def test_domestic_abuse_is_high_risk_only_where_the_referrer_says_so() -> None:
    told = of_child(impact={"concerns": ["domestic_abuse"]})
    assert Flag.MARAC not in situation(told).together.flags and "concern-domestic-abuse" in slugs(situation(told))
    high = {**told, "concern-domestic-abuse": {"high_risk": "yes"}}
    assert Flag.MARAC in situation(high).together.flags
    other = {**high, "children": [{"impact": {"concerns": ["none"]}}]}
    assert Flag.MARAC not in situation(other).together.flags, "ticked for no child any more"


@pytest.mark.parametrize("concern", CONCERNS, ids=lambda concern: concern.slug)
def test_each_special_concern_asks_shows_and_points(concern: Concern) -> None:
    here = situation({**blank(), "children": [{"impact": {"concerns": [concern.tick]}}, {}]})
    step = find(here, concern.page)
    assert step is not None and concern.duty and len(concern.signs) >= 3 and 3 <= len(concern.asks) <= 5
    assert [child.number for child in here.children_with(concern)] == [1]
    form = step.page.form(situation=here, stored={"done": "Told the police"})
    assert [*form.fields][-1] == "done" and {ask.name for ask in concern.asks} < {*form.fields}
    if concern.tick != "domestic_abuse":
        assert concern.flag in here.together.flags, "raised whether or not the scheme has a rule for it"


def test_whoever_is_in_touch_with_the_family_is_warned() -> None:
    answers = Answers(
        {
            "people": [
                {"person": {"name": "Jo", "safe_to_call": "no", "unsafe_because": "He listens"}},
                {"person": {"name": "Al", "alleged": "yes"}},
            ],
            "family": {
                "not_told": "yes",
                "not_told_who": "The father",
                "unsafe": "no",
                "unsafe_what": "left over",
                "visit": "yes",
            },
        }
    )
    assert answers.cautions == [
        ("Must not be told", "The father"),
        ("Risk to somebody who visits", "Not said further"),
        ("Not safe to telephone: Jo", "He listens"),
        ("Said to be a source of harm", "Al"),
    ]


def test_what_the_document_wants_telephoned_is_said_until_it_was() -> None:
    told = {**of_child(indicators={"chosen": ["health-4-01"]}), "worry": {"happened": "A bruise"}}
    assert situation(told).telephone_is_due
    assert not situation({**told, "telephone": {"telephoned": "yes"}}).telephone_is_due
    low = {**told, **of_child(indicators={"chosen": ["health-1-01"]})}
    assert not situation(low).telephone_is_due
    assert situation({**low, **of_child(impact={"safe": "unsure"})}).telephone_is_due


SHEET = {
    "columns": [
        {"name": "Tier 1", "levels": [1], "grade": "universal"},
        *({"name": "Tier 2", "levels": [2], "grade": grade} for grade in ("low", "medium", "high")),
        *({"name": "Tier 3 and 4", "levels": [3, 4], "grade": grade} for grade in ("low", "medium", "high")),
    ],
    "rows": [{"name": name, "domain": name} for name in ("Health", "Learning", "Family")],
}


def test_the_plot_sheet_is_filled_in_from_what_was_chosen_and_graded() -> None:
    scheme = schemes.scheme(plot_sheet=SHEET)
    chosen = {"chosen": ["health-1-01", "family-2-01", "family-4-01"]}
    here = situation(of_child(indicators=chosen), scheme)
    plotted = sheet(scheme, here.answers.worry_of(1))
    assert plotted is not None
    words = {row.name: plotted.words(row) for row in plotted.rows}
    assert words == {"Health": "Tier 1, universal", "Learning": "", "Family": "Tier 3 and 4, not graded"}
    assert [sum(cell.span for cell in cells) for _, cells in plotted.lines] == [7, 7, 7]
    step = find(here, "evidence", "child", 1)
    assert step is not None
    form = step.page.form({"grade-1": "medium"}, situation=here, number=1)
    assert "grade-2" not in form.fields and form.is_valid(), "only a step that has grades asks for one"
    assert form.told() == {"evidence": {}, "grades": {"Family": "medium"}}
    graded = situation(of_child(indicators=chosen, evidence=form.told()), scheme)
    cards = [card for card in summary.cards(graded) if card.sheet]
    assert [(row.key, row.value) for row in cards[0].rows] == [
        ("Health", "Tier 1, universal"),
        ("Family", "Tier 3 and 4, medium"),
    ]
    assert sheet(schemes.scheme(), here.answers.worry_of(1)) is None


def freeze(value: Any) -> Frozen:
    if isinstance(value, dict):
        return Frozen(tuple((key, freeze(part)) for key, part in value.items()), mapping=True)
    return Frozen(tuple(freeze(part) for part in value)) if isinstance(value, list) else Frozen(value)


@given(JSON | st.fixed_dictionaries({"columns": JSON, "rows": JSON}))
def test_any_plot_sheet_is_read(told: Any) -> None:
    plotted = sheet(replace(schemes.scheme(), plot_sheet=freeze(told)), situation(THREE).answers.worry_of(1))
    assert plotted is None or len(plotted.lines) == len(plotted.rows) >= len(plotted.to_grade)
