"""What each page takes, asks and stores. No database."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partnerships.fields import Written
from partnerships.models import Partnership
from referrals.intake import summary
from referrals.intake.answers import Answers, blank
from referrals.intake.inside import told_alone
from referrals.intake.pages import INSIDE, PAGES, Page, Step
from referrals.intake.situation import Situation
from referrals.public.forms import STEPS
from tests import schemes

AT = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
PARTNERSHIP = Partnership(front_door_name="Front Line", slug="testshire", name="Testshire")
FULL = {
    **blank(),
    "children": [{"indicators": {"chosen": ["health-2-01", "family-3-01", "gone-1-01"]}}],
    "involved": {"worker": "yes"},
}


def situation(answers: Any = None) -> Situation:
    return Situation(PARTNERSHIP, schemes.scheme(), Answers(answers or FULL), AT)


def of_child(who: dict[str, str]) -> Situation:
    """A draft of one child, of whom this is told."""
    return situation({**blank(), "children": [{"who": who}]})


def page(slug: str) -> Page:
    return next(page for page in PAGES if page.slug == slug)


def form(slug: str, posted: dict[str, Any], *, answers: Any = None, number: int = 1, **kwargs: Any) -> Any:
    data = QueryDict(mutable=True)
    for name, value in posted.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return page(slug).form(data, situation=situation(answers), number=number, **kwargs)


@pytest.mark.parametrize("slug", [page.slug for page in PAGES if page.slug != "worry"])
def test_nothing_has_to_be_answered(slug: str) -> None:
    assert form(slug, {}).is_valid()


def test_only_the_worry_must_be_told_and_even_that_can_wait() -> None:
    asked = form("worry", {"happened": "  \n "})
    assert not asked.is_valid() and asked.errors["happened"] == ["Tell us what happened, in a sentence at least"]
    assert form("worry", {}, later=True).is_valid()


UNREADABLE = {"called_whom": "x" * 500, "called_on_day": "31 February", "called_time": "12:61pm"}
AS_TYPED_THERE = {
    "called_whom": "x" * 500, "called_on": ["31 February", "", ""], "called_time": "12:61pm",
}  # fmt: skip


def test_what_stands_inside_an_answer_beside_the_chosen_one_is_kept_as_it_was_typed() -> None:
    asked = form("telephone", {"telephoned": "no", **UNREADABLE})
    assert asked.is_valid(), "nobody sees what was not chosen: it stops nobody"
    stored = asked.to_store()
    assert stored["as_typed"] == AS_TYPED_THERE
    assert {stored[name] for name in AS_TYPED_THERE} == {""}, "and is no answer"

    again = page("telephone").form(situation=situation(), stored=stored)
    assert again["called_on"].value() == ["31 February", "", ""]
    assert (again["called_time"].value(), again["called_whom"].value()) == ("12:61pm", "x" * 500)
    assert not again.unread(), "nobody is asked after it while it stays beside the chosen answer"

    chosen = form("telephone", {"telephoned": "yes", **UNREADABLE}, stored=stored)
    assert set(chosen.errors) == set(AS_TYPED_THERE)
    right = {"called_whom": "Jo", "called_on_day": "23 November 2026", "called_time": "noon"}
    mended = form("telephone", {"telephoned": "yes", **right}, stored=stored)
    assert mended.is_valid()
    assert mended.to_store() == {
        "telephoned": "yes", "called_on": "2026-11-23", "called_time": "12:00", "called_whom": "Jo",
    }  # fmt: skip


def test_a_box_counts_where_no_answer_was_chosen_at_all() -> None:
    assert set(form("telephone", UNREADABLE).errors) == set(AS_TYPED_THERE), "without script it was seen"


def test_what_stands_beside_the_chosen_answer_is_not_told() -> None:
    involved = {"worker": "no", "worker_name": "Sal", "lead": "yes", "lead_name": "Jo"}
    who = {
        "born": "unborn",
        "date_of_birth": "2019-05-03",
        "as_typed": {"estimated_age": "a" * 99, "expected_on": ["x"]},
    }
    raw = {"children": [{"who": who}, "odd"], "involved": involved, "worry": "odd"}
    assert told_alone(raw, INSIDE) == {
        "children": [{"who": {"born": "unborn", "as_typed": {"expected_on": ["x"]}}}, "odd"],
        "involved": {"worker": "no", "lead": "yes", "lead_name": "Jo"},
        "worry": "odd",
    }
    unanswered = {"involved": {"worker": "", "worker_name": "Sal"}}
    assert told_alone(unanswered, INSIDE) == unanswered


def test_what_was_saved_while_it_could_not_be_read_is_asked_after_and_shown_as_it_was_typed() -> None:
    stored = {
        "telephoned": "yes",
        "called_on": "",
        "as_typed": {"called_on": ["31", "2", "2026"], "called_time": "noonish"},
    }
    again = page("telephone").form(situation=situation(), stored=stored)
    assert [("call" in each, "can’t be read yet" in each) for each in again.unread()] == [(True, True)] * 2
    rows, unanswered = summary.field_rows(situation(), Step(page("telephone")), stored)
    assert [row.value for row in rows] == ["Yes", "“31 2 2026”, as it was typed", "“noonish”, as it was typed"]


@pytest.mark.parametrize("slug", [page.slug for page in PAGES] + [step.slug for step in STEPS])
def test_each_message_of_a_page_names_its_own_question(slug: str) -> None:
    """The summary lists them apart from their boxes: two that read alike say nothing of which to mend."""
    step = next((each for each in STEPS if each.slug == slug), None)
    form_of = step.form if step else page(slug).form
    told = {"at": AT} if step else {"situation": situation(), "number": 1}
    texts = {name: "x" * 25_000 for name, field in form_of(**told).fields.items() if isinstance(field, Written)}
    messages = [message for errors in form_of(texts, **told).errors.values() for message in errors]
    assert len(set(messages)) == len(messages) >= len(texts)
    assert not [each for each in messages if "the or " in each or ", if you" in each or "known as to" in each[:22]]


def test_a_baby_not_yet_born_is_asked_nothing_that_only_a_child_can_answer() -> None:
    here = of_child({"born": "unborn", "last_name": "Marlow"})
    home = page("home").form(situation=here, number=1)
    impact = page("impact").form(situation=here, number=1)
    assert "school" not in home.fields and home.fields["whereabouts"].label == "Where is the mother now?"
    assert "child_words" not in impact.fields
    assert "the mother next seen" in impact.fields["next_seen_on"].label
    born = of_child({"born": "born", "first_name": "Robyn"})
    assert "school" in page("home").form(situation=born, number=1).fields
    assert "child_words" in page("impact").form(situation=born, number=1).fields


def test_who_knows_no_date_of_birth_is_told_the_way_on_and_an_age_says_how_old() -> None:
    asked = form("who", {"born": "born", "date_of_birth_year": "2019"})
    assert "say about how old below" in asked.errors["date_of_birth"][0]
    for age, doubted in (("x", True), ("soon", True), ("about 4", False), ("a baby", False), ("four or five", False)):
        here = of_child({"born": "born", "first_name": "Robyn", "estimated_age": age})
        found = page("who").form(situation=here, number=1).doubts()
        assert bool(found) == doubted, (age, found)


def test_every_message_is_our_own() -> None:
    wrong = {
        "date_of_birth_day": "31", "date_of_birth_month": "2", "date_of_birth_year": "2020",
        "born": "born", "first_name": "x" * 500,
    }  # fmt: skip
    asked = form("who", wrong)
    assert not asked.is_valid()
    assert "February 2020 has 29 days" in asked.errors["date_of_birth"][0]
    assert asked.errors["first_name"] == ["Shorten the first name to 100 characters or fewer. You have typed 500."]
    assert asked["first_name"].value() == "x" * 500, "what was typed is kept"


def test_what_stands_inside_an_answer_not_chosen_is_no_error() -> None:
    wrong = {"born": "unborn", "date_of_birth_day": "31", "date_of_birth_month": "2", "date_of_birth_year": "2020"}
    asked = form("who", wrong)
    assert asked.is_valid() and asked.told()["date_of_birth"] == ""


def test_a_call_to_come_is_a_slip() -> None:
    call = {"telephoned": "yes", "called_on_day": "24", "called_on_month": "11", "called_on_year": "2026"}
    late = form("telephone", {**call, "called_time": "11:59pm"})
    assert not late.is_valid() and late.errors["called_time"] == ["The time of the call must have passed"]
    assert form("telephone", {**call, "called_time": "9am"}).is_valid()
    assert form("telephone", {**call, "telephoned": "no", "called_time": "11:59pm"}).is_valid()


@pytest.mark.parametrize(
    ("slug", "child", "says"),
    [
        ("details", {"details": {"nhs_number": "943 476 5918"}}, "NHS number"),
        ("details", {"details": {"nhs_number": "943 476 5919"}}, ""),
        ("details", {"details": {"upn": "B123456789012"}}, "UPN"),
        ("who", {"who": {"born": "born", "date_of_birth": "1950-01-01"}}, "older than 25"),
        ("who", {"who": {"born": "unborn", "expected_on": "2029-01-01"}}, "ten months"),
        ("home", {"home": {"postcode": "ME4"}}, "whole postcode"),
        ("home", {"home": {"postcode": "me4 6ab"}}, ""),
    ],
)
def test_doubts_ask_and_stop_nobody(slug: str, child: dict[str, Any], says: str) -> None:
    here = situation({**blank(), "children": [child]})
    found = page(slug).form(situation=here, number=1, stored=child[slug]).doubts()
    assert bool(found) is bool(says)
    assert not says or says in found[0]
    stored = {name: str(value) for name, value in child[slug].items() if not name.endswith(("birth", "_on"))}
    assert form(slug, stored, answers={**blank(), "children": [child]}).is_valid()


def test_indicators_are_stored_in_the_documents_order_and_old_ones_kept() -> None:
    stored = {"chosen": ["gone-1-01"]}
    asked = form("indicators", {"chosen": ["gone-1-01", "family-3-01", "health-2-01"]}, stored=stored)
    assert asked.is_valid()
    assert asked.told() == {"chosen": ["health-2-01", "family-3-01", "gone-1-01"]}
    assert not form("indicators", {"chosen": ["never-there"]}).is_valid()


def test_a_note_outlives_its_indicator() -> None:
    stored = {"evidence": {"health-2-01": "Old", "learning-2-01": "Kept"}}
    asked = form("evidence", {"note-health-2-01": "New", "note-family-3-01": ""}, stored=stored)
    assert asked.is_valid()
    assert asked.told() == {"evidence": {"health-2-01": "New", "learning-2-01": "Kept"}}
    assert "note-gone-1-01" not in asked.fields


def test_section_17_is_asked_where_the_scheme_knows_it() -> None:
    assert "in_need" in form("judged", {}).fields
    plain = [schemes.level(rank, f"L{rank}", "green", "none", False, "advice") for rank in (1, 2, 3, 4)]
    rules = [rule for rule in schemes.rules() if rule["parameters"].get("flag") != "section_17"]
    without = Situation(PARTNERSHIP, schemes.scheme(levels=plain, rules=rules), Answers(FULL), AT)
    assert "in_need" not in page("judged").form({}, situation=without).fields


def test_the_scale_says_which_end_is_which() -> None:
    assert "10 is not worried" in form("next", {}).fields["scale"].help_text
    told = {**schemes.content()["guidance"], "scale": "0 is safe here."}
    other = Situation(PARTNERSHIP, schemes.scheme(guidance=told), Answers(FULL), AT)
    assert page("next").form({}, situation=other).fields["scale"].help_text == "0 is safe here."


TYPED = st.text(max_size=30) | st.sampled_from(["\x00", "\ud800", "31", "2", "yes", "no", "born", "16:30", "😀" * 9])


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
@pytest.mark.parametrize("slug", [page.slug for page in PAGES])
def test_whatever_is_typed_is_answered_and_what_is_stored_can_be_shown(slug: str, data: st.DataObject) -> None:
    empty = form(slug, {})
    names = [
        each
        for name in empty.fields
        for each in ([f"{name}_day", f"{name}_month", f"{name}_year"] if "_on" in name or "birth" in name else [name])
    ]
    posted = data.draw(st.dictionaries(st.sampled_from(names or ["x"]), st.lists(TYPED, max_size=3), max_size=8))
    asked = form(slug, posted)
    if not asked.is_valid():
        assert all(message for messages in asked.errors.values() for message in messages)
        assert "This field" not in str(asked.errors)
        return
    told = json.loads(json.dumps(asked.told()))
    json.dumps(told, ensure_ascii=False).encode("utf-8")
    step = Step(page(slug), 1 if page(slug).group else 0)
    answers = step.place.write(FULL, told)
    summary.card(situation(answers), step)
    again = page(slug).form(situation=situation(answers), number=1, stored=told)
    assert str(again.as_p()) is not None


def test_what_is_one_for_the_family_has_room_for_what_differs() -> None:
    several = {**FULL, "children": [*FULL["children"], {}]}
    for slug, name in (
        ("worry", "happened"),
        ("strengths", "working_well"),
        ("tried", "tried"),
        ("consent", "explain"),
    ):
        assert "differs between the children" in form(slug, {}, answers=several).fields[name].help_text
        assert "differs" not in form(slug, {}).fields[name].help_text


def test_a_tick_of_an_earlier_form_is_shown_as_what_it_became() -> None:
    assert form("impact", {}, stored={"concerns": ["marac", "fgm"]}).initial["concerns"] == ["domestic_abuse", "fgm"]
