"""The form as data: its order, who sees which page, how far it is. No database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.models import Partnership
from referrals.intake import summary
from referrals.intake.answers import GROUPS, Answers, Place, blank, seal
from referrals.intake.pages import PAGES, Progress, find, is_saved, neighbours, steps, tasks
from referrals.intake.routing import prefixes
from referrals.intake.screened import screen_answers
from referrals.intake.situation import Situation
from tests import schemes
from thresholds.domain.scheme import Flag

AT = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
PARTNERSHIP = Partnership(front_door_name="Front Line", slug="testshire", name="Testshire")


def situation(answers: Any = None, scheme: Any = None) -> Situation:
    return Situation(PARTNERSHIP, scheme or schemes.scheme(), Answers(blank() if answers is None else answers), AT)


def slugs(here: Situation) -> list[str]:
    return [step.page.slug for step in steps(here)]


def test_the_order_is_that_in_which_a_worried_person_thinks() -> None:
    assert slugs(situation()) == [
        "who", "details", "home", "other-children", "person", "family", "you", "involved", "worry", "safe-now",
        "impact", "strengths", "next", "indicators", "judged", "tried", "consent", "attach",
    ]  # fmt: skip


def test_a_plain_referral_of_one_child_takes_at_most_twenty_pages() -> None:
    plain = {**blank(), "indicators": {"chosen": ["health-2-02"]}}
    assert len(steps(situation(plain))) + 1 <= 20, "with the one that checks"


def test_no_page_is_stored_where_a_list_is() -> None:
    assert not {page.slug for page in PAGES if not page.group} & set(GROUPS.values())
    assert len({(page.group, page.slug) for page in PAGES}) == len(PAGES)
    reserved = {"check", "send", "sent", "discard", "start", "remove"}
    assert not {page.slug for page in PAGES} & reserved, "addresses of their own"


def test_each_child_and_person_has_pages_of_its_own() -> None:
    here = situation({"children": [{}, {}], "people": [{}, {}, {}]})
    assert [(s.page.slug, s.number) for s in steps(here) if s.page.group == "child"] == [
        ("who", 1), ("details", 1), ("home", 1), ("who", 2), ("details", 2), ("home", 2),
    ]  # fmt: skip
    assert [s.number for s in steps(here) if s.page.group == "person"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("answers", "slug"),
    [
        ({"indicators": {"chosen": ["health-2-01"]}}, "evidence"),
        ({"indicators": {"chosen": ["family-3-01"]}}, "special"),
        ({"worry": {"concerns": ["prevent"]}}, "special"),
        ({"children": [{"who": {"born": "unborn"}}]}, "special"),
    ],
)
def test_a_page_appears_where_it_is_called_for(answers: dict[str, Any], slug: str) -> None:
    assert slug not in slugs(situation())
    assert slug in slugs(situation({**blank(), **answers}))


def test_an_indicator_that_the_threshold_lacks_calls_for_no_evidence() -> None:
    assert "evidence" not in slugs(situation({**blank(), "indicators": {"chosen": ["gone-1-01"]}}))


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
    step = find(situation(), "safe-now")
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
    _, screening = screen_answers(here.answers, here.scheme, on=AT.date())
    assert screening.route in ("advice", "early_help", "mash")
    assert seal(dict(here.answers.raw)) == seal(dict(here.answers.raw))
    for step in steps(here):
        is_saved(here, step)
    summary.cards(here)
    summary.quality(here, referrer_name="Tess", telephone="")
    tasks(here)


@given(st.sets(st.sampled_from([indicator.key for indicator in schemes.scheme().indicators]), max_size=8), st.data())
def test_a_ticked_concern_never_lowers_anything(keys: set[str], data: st.DataObject) -> None:
    ticked = data.draw(st.lists(st.sampled_from([flag.value for flag in Flag]), unique=True))
    answers = {**blank(), "indicators": {"chosen": sorted(keys)}}
    scheme = schemes.scheme()
    _, without = screen_answers(Answers(answers), scheme, on=AT.date())
    _, with_them = screen_answers(Answers({**answers, "worry": {"concerns": ticked}}), scheme, on=AT.date())
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
    page = {"safe": "no", "telephoned": "yes", "called_on": "2026-07-01", "called_time": "09:30"}
    answers = Answers({"safe-now": page})
    assert answers.in_danger
    assert answers.called_at == dt.datetime(2026, 7, 1, 8, 30, tzinfo=dt.UTC)
    assert Answers({"safe-now": {**page, "telephoned": "no"}}).called_at is None
    assert Answers({"safe-now": {**page, "called_time": ""}}).called_at is None
    assert Answers({"safe-now": {"concern_on": "2026-01-01", "concern_time": "00:05"}}).concern_at is not None


def test_an_unborn_child_with_no_date_is_unborn_for_the_engine() -> None:
    _, screening = screen_answers(
        Answers({"children": [{"who": {"born": "unborn"}}], "indicators": {"chosen": ["family-2-01"]}}),
        schemes.scheme(),
        on=AT.date(),
    )
    assert screening.indicated_level == 3 and Flag.PRE_BIRTH in screening.flags
