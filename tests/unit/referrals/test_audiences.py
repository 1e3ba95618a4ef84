"""What `seen_by` gives: a row's permitted fields, by whatever way they are asked for, and no other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import Context, Engine

from partnerships.models import Team, User
from referrals.additions.shown import Beside
from referrals.audiences import NotForThem, bare, seen_by
from referrals.domain.audiences import Audience, FieldClass
from referrals.domain.classes import answers_for
from referrals.models import Addendum, Ask, Child, Decision, Letter, Referral

MASH, HOME = Team(kind="mash", name="MASH"), Team(kind="early_help", name="Early Help")


def child() -> Child:
    return Child(first_name="Robin", last_name="Marlow", date_of_birth=dt.date(2019, 5, 1), address="1 The Row")


def refused(audience: Audience, thing: Any, *names: str) -> None:
    seen = seen_by(audience, thing)
    for name in names:
        with pytest.raises(NotForThem, match=name):
            getattr(seen, name)


def test_a_field_is_read_by_its_class(refusals: list[str]) -> None:
    robin = seen_by(Audience.PARENTS, child())
    assert robin.first_name == "Robin" and robin.at_home == "Robin"
    refused(Audience.PARENTS, child(), "address", "date_of_birth", "screening", "initials")
    assert seen_by(Audience.AGENCY, child()).initials == "R.M."
    refused(Audience.AGENCY, child(), "first_name", "last_name", "at_home")
    refused(Audience.NOTICE, child(), "first_name", "initials")
    assert len(refusals) == 9 and refusals[0] == "parents may not read Child.address (told)"
    assert not any("Row" in each or "Robin" in each for each in refusals), "the log holds no value"
    refusals.clear()


def test_a_property_works_on_what_is_left(refusals: list[str]) -> None:
    assert seen_by(Audience.HELPER, child()).name == "Robin Marlow"
    with pytest.raises(NotForThem, match="unborn"):
        _ = seen_by(Audience.PARENTS, child()).name
    refusals.clear()


def test_what_points_at_a_row_and_what_it_points_at_are_read_in_the_same_way(refusals: list[str]) -> None:
    made = Decision(child=child(), outcome="advice", reason="Because.", told_referrer="This.", by=User(name="Sam"))
    seen = seen_by(Audience.REFERRER, made)
    assert (seen.outcome, seen.told_referrer, seen.by.name, seen.child.name) == (
        "advice",
        "This.",
        "Sam",
        "Robin Marlow",
    )
    assert seen.get_outcome_display() == "advice"
    refused(Audience.REFERRER, made, "reason", "told_parents", "handover")
    refused(Audience.PARENTS, seen, "told_referrer", "decided_level")
    refused(Audience.REFERRER, seen.child, "screening", "facts")
    refusals.clear()


def test_the_sort_of_a_row_tells_its_class(refusals: list[str]) -> None:
    to_parents, to_referrer = Letter(kind="parents", body="To you"), Letter(kind="outcome", body="To them")
    assert seen_by(Audience.REFERRER, to_referrer).body == "To them"
    assert seen_by(Audience.PARENTS, to_parents).body == "To you"
    refused(Audience.REFERRER, to_parents, "body", "recipient")
    refused(Audience.PARENTS, to_referrer, "body")
    asked = {"question": "Seen?", "answer": "Yes", "kind": "check"}
    assert seen_by(Audience.CHECKER, Ask(team=MASH, **asked)).answer == "Yes"
    assert seen_by(Audience.EARLY_HELP, Ask(team=HOME, **asked)).answer == "Yes"
    refused(Audience.EARLY_HELP, Ask(team=MASH, **asked), "question", "extract", "answer")
    refused(Audience.CHECKER, Ask(kind="question", question="You?"), "question")
    refusals.clear()


def test_lists_and_records_hold_no_way_round(refusals: list[str]) -> None:
    letter = Letter(kind="parents", body="To you", safe_because="She said so")
    context = seen_by(
        Audience.REFERRER,
        {"letters": [letter], "more": ({"one": letter},), "beside": Beside(Addendum(text="More"), [])},
    )
    assert context["beside"].addendum.text == "More"
    page = Engine().from_string(
        "{% for each in letters %}{{ each.body }}{{ each.safe_because }}{% endfor %}{{ more.0.one.body }}|"
        "{{ beside.addendum.text }}{{ beside.addendum.token }}"
    )
    assert page.render(Context(context)) == "|More", "a refused field is empty on a page"
    assert [each.split(" may")[0] for each in refusals] == ["referrer"] * 4
    refusals.clear()


def test_pages_sets_and_generators_hold_no_way_round(refusals: list[str]) -> None:
    letter = Letter(kind="parents", body="To you", subject="S")
    page = Paginator([letter], 1).get_page(1)
    seen: Any = seen_by(Audience.REFERRER, {"page": page, "set": {letter}, "made": (each for each in [letter])})
    assert seen["page"].number == 1 and len(seen["page"]) == 1 and not seen["page"].has_next()
    for rows in (seen["page"], seen["set"], seen["made"], [seen["page"][0]], seen["page"].object_list):
        for each in rows:
            refused(Audience.REFERRER, each, "body")
    refused(Audience.REFERRER, seen["page"], "paginator")
    refusals.clear()


def test_a_name_that_is_no_field_is_refused() -> None:
    """What a query put on a row beside its fields has no class."""
    row = Referral(reference="TES-1")
    row.counted = 4  # type: ignore[attr-defined]
    seen: Any = seen_by(Audience.MASH, row)
    assert seen.reference == "TES-1" and str(seen) == "TES-1" and seen == row and bare(seen) is row
    with pytest.raises(AttributeError, match="has no counted"):
        _ = seen.counted
    with pytest.raises(AttributeError, match="is not changed"):
        seen.reference = "x"


def test_answers_come_without_those_that_are_not_read() -> None:
    told = {
        "children": [{"who": {"first_name": "Robin", "estimated_age": "7", "autosaved": True}, "poem": {"a": "b"}}],
        "people": [{"person": {"name": "Ann", "unsafe_because": "He listens"}}, "odd"],
        "family": {"household": "Four", "unsafe_what": "The flat"},
        "concern-fgm": {"any-question": "Said"},
        "worry": {"happened": "A bruise", "poem": "x"},
        "odd": "x",
    }
    reads = frozenset({FieldClass.NAME, FieldClass.TOLD})
    assert answers_for(reads, told) == {
        "children": [{"who": {"first_name": "Robin", "estimated_age": "7", "autosaved": True}, "poem": {}}],
        "people": [{"person": {"name": "Ann"}}, {}],
        "family": {"household": "Four"},
        "concern-fgm": {"any-question": "Said"},
        "worry": {"happened": "A bruise"},
    }
    typed = {"unsafe_because": "x" * 999, "date_of_birth": ["31", "2", ""], "poem": "x"}
    unread = {"people": [{"person": {"as_typed": typed}}], "evidence": {"as_typed": {"note-health-2-01": "Long"}}}
    assert answers_for(reads, unread) == {
        "people": [{"person": {"as_typed": {"date_of_birth": ["31", "2", ""]}}}],
        "evidence": {"as_typed": {"note-health-2-01": "Long"}},
    }, "what can't be read is of the class of its answer"
    row = Referral(answers=told)
    assert seen_by(Audience.HELPER, row).answers["people"] == [{"person": {"name": "Ann"}}, {}]
    assert seen_by(Audience.REFERRER, row).answers["people"][0]["person"]["unsafe_because"] == "He listens"
