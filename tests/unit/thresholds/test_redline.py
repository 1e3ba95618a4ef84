"""A redline says everything that differs and nothing else, word by word and in sentences."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import schemes
from thresholds.domain.reading import SchemeErrors, read_scheme, write_scheme
from thresholds.domain.redline import Mark, What, proposed_note, redline, words_between
from thresholds.domain.terms import Flag

LADO = schemes.flag_rule(Flag.LADO)["parameters"]
NOT_TOLD = ("slug", "partnership", "in_force_from", "in_force_to")
words = st.text(st.sampled_from("ab,. \n"), max_size=30)


@given(words, words)
def test_a_redline_holds_both_texts_whole(before: str, after: str) -> None:
    spans = words_between(before, after)
    assert "".join(span.text for span in spans if span.kind is not Mark.INSERTED) == before
    assert "".join(span.text for span in spans if span.kind is not Mark.DELETED) == after
    assert all(span.text for span in spans)
    assert (before == after) == all(span.kind is Mark.SAME for span in spans)


@given(words, words, st.integers(0, 40))
def test_a_redline_holds_both_texts_whole_however_little_is_compared(before: str, after: str, most: int) -> None:
    spans = words_between(before, after, most=most)
    assert "".join(span.text for span in spans if span.kind is not Mark.INSERTED) == before
    assert "".join(span.text for span in spans if span.kind is not Mark.DELETED) == after
    assert all(span.text for span in spans)
    assert all(a.kind is not b.kind for a, b in pairwise(spans))


def test_of_a_long_text_the_words_are_marked_in_the_sentences_that_differ() -> None:
    """A text of few words has so many equal pairs that not all are compared."""
    lines = [f"The child is at home and the family is at home with the child {n}. " for n in range(400)]
    before = "".join(lines)
    lines[50], lines[300] = "The child is at school 50. ", "Nobody is at home. "
    spans = words_between(before, "".join(lines))
    told = [(span.kind.value, span.text) for span in spans if span.kind is not Mark.SAME]
    assert ("inserted", "school ") in told and ("inserted", "Nobody ") in told
    assert sum(len(text) for _, text in told) < 200, told


def test_where_even_sentences_are_too_many_it_is_marked_from_the_first_to_the_last_word_that_differs() -> None:
    same = "a. " * 400
    (first, gone, come, last) = words_between(f"{same}b. {same}c. {same}", f"{same}d. {same}e. {same}", most=100)
    assert (gone.text, come.text) == (f"b. {same}c. ", f"d. {same}e. ") and first.text == last.text == same


def test_of_many_long_texts_the_shorter_are_compared_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thresholds.domain.redline.PAIRS_IN_ALL", 40)
    told = schemes.content()
    before = deepcopy(told)
    told["indicators"][0]["label"] = "x y " * 20 + "z"
    before["indicators"][0]["label"] = "y x " * 20 + "z"
    told["indicators"][1]["label"], before["indicators"][1]["label"] = "Often hungry", "Always hungry"
    entries = [each for each in redline(read_scheme(before), read_scheme(told)) if each.part == "Indicators"]
    short = next(each for each in entries if each.title == "Often hungry")
    assert [span.text for span in short.spans] == ["Always ", "Often ", "hungry"]
    assert all(each.texts == () for each in entries)


def test_words_are_marked_one_by_one() -> None:
    spans = words_between("Often hungry at school", "Often very hungry at home")
    assert [(span.kind.value, span.text) for span in spans] == [
        ("same", "Often "),
        ("inserted", "very "),
        ("same", "hungry at "),
        ("deleted", "school"),
        ("inserted", "home"),
    ]


TEXT = st.sampled_from(["One", "Other words", "A third text of five"])
EDITS: dict[str, Any] = {
    "levels": {"name": TEXT, "route": st.sampled_from(["early_help", "mash"]), "consent_needed": st.booleans()},
    "indicators": {"label": TEXT, "flags": st.sampled_from([[], ["lado"], ["lado", "marac"], ["marac", "lado"]])},
    "rules": {"explanation": TEXT, "source": TEXT, "local_default": st.booleans()},
    "limits": {"amount": st.integers(1, 3), "unit": st.sampled_from(["clock_hours", "working_days"])},
    "consent_reasons": {"label": TEXT, "accepted_at": st.sampled_from([[], [2], [2, 3]])},
    "evidence": {"name": TEXT, "when": TEXT},
    "escalation_stages": {"name": TEXT, "limit_working_days": st.sampled_from([None, 1, 2])},
}


@st.composite
def edited(draw: Any) -> Any:
    """A scheme with a few things changed, moved or taken out."""
    told = schemes.content()
    for _ in range(draw(st.integers(0, 3))):
        section = draw(st.sampled_from([*EDITS, "domains", "guidance", "title"]))
        if section == "title":
            told["title"] = draw(TEXT)
        elif section == "guidance":
            told["guidance"][draw(st.sampled_from(["after", "consent", "scale"]))] = draw(TEXT)
            told["guidance"]["also"][0]["text"] = draw(TEXT)
        else:
            rows = told[section]
            if not rows:
                continue
            place = draw(st.integers(0, len(rows) - 1))
            match draw(st.sampled_from(["change", "move", "remove"])):
                case "change" if section in EDITS:
                    name = draw(st.sampled_from(sorted(EDITS[section])))
                    rows[place][name] = draw(EDITS[section][name])
                case "change" if section == "domains":
                    renamed(told, rows[place]["name"], draw(TEXT))
                case "move":
                    rows.insert(draw(st.integers(0, len(rows) - 1)), rows.pop(place))
                case "remove":
                    rows.pop(place)
    counted: dict[Any, int] = {}
    for row in told["indicators"]:
        counted[row["level"], row["domain"]] = counted.get((row["level"], row["domain"]), 0) + 1
        row["item"] = counted[row["level"], row["domain"]]
    try:
        return read_scheme(told)
    except SchemeErrors:
        return schemes.scheme()


@given(edited(), edited())
def test_everything_that_differs_is_told_and_nothing_else(before: Any, after: Any) -> None:
    plain = [{k: v for k, v in write_scheme(each).items() if k not in NOT_TOLD} for each in (before, after)]
    for told in plain:
        for row in told["indicators"]:
            del row["item"]
    entries = redline(before, after)
    assert bool(entries) == (plain[0] != plain[1])
    assert all(
        each.title and (each.sentence or each.spans or each.what in (What.ADDED, What.RETIRED)) for each in entries
    )
    assert bool(proposed_note(entries)) == bool(entries)


def renamed(told: Any, old: str, new: str) -> Any:
    """The same content with one heading called otherwise, wherever it is named."""
    for row in told["domains"]:
        row.update({part: new for part in ("name", "parent", "same_as") if row.get(part) == old})
    for row in told["indicators"]:
        if row["domain"] == old:
            row["domain"] = new
    return told


def test_a_heading_called_otherwise_is_reworded_and_its_indicators_stay() -> None:
    told = renamed(schemes.content(), "Health", "Growth")
    (entry,) = redline(schemes.scheme(), read_scheme(told))
    assert (entry.part, entry.what, entry.title, entry.weighty) == ("Domains", What.REWORDED, "Growth", False)
    assert [(each.kind, each.text) for each in entry.spans] == [(Mark.DELETED, "Health"), (Mark.INSERTED, "Growth")]


def test_headings_joined_into_a_new_one_are_retired() -> None:
    told = schemes.content()
    for old in ("Health", "Family"):
        renamed(told, old, "Everything")
    told["domains"] = list({each["name"]: each for each in told["domains"]}.values())
    counted: dict[Any, int] = {}
    for row in told["indicators"]:
        where = row["level"], row["domain"]
        row["item"] = counted[where] = counted.get(where, 0) + 1
    entries = [each for each in redline(schemes.scheme(), read_scheme(told)) if each.part == "Domains"]
    assert {(each.what, each.title) for each in entries} >= {
        (What.ADDED, "Everything"),
        (What.RETIRED, "Health"),
        (What.RETIRED, "Family"),
    }


def changed(**by: Any) -> Any:
    told = schemes.content()
    for section, (place, values) in by.items():
        told[section][place].update(values)
    return read_scheme(told)


@pytest.mark.parametrize(
    ("by", "title", "sentence"),
    [
        ({"levels": (2, {"route": "mash"})}, "Level 3: Targeted", "It now goes to the MASH; it went to early help."),
        ({"levels": (1, {"consent_needed": False})}, "Level 2: Early help", "Consent is no longer needed."),
        (
            {"rules": (4, {"parameters": {"level": 2, "count": 2, "domains": 1, "indicates": 3}})},
            "Rule cluster-2",
            "Now: At least 2 indicators of level 2, over at least 1 domain, indicate level 3. "
            "Before: At least 3 indicators of level 2, over at least 2 domains, indicate level 3.",
        ),
        (
            {
                "rules": (
                    6,
                    {"parameters": {"indicators": ["family-2-01"], "under_months": 12, "unborn": True, "indicates": 3}},
                )
            },
            "Rule baby",
            "Now: With a child under 1 year or unborn, 1 indicator means at least level 3. "
            "Before: With a child under 1 year or unborn, any of 2 indicators means at least level 3.",
        ),
        (
            {"limits": (0, {"amount": 4, "unit": "working_hours"})},
            "Acknowledge",
            "Now within 4 working hours from when the referral is received; "
            "before within 1 working day from when the referral is received.",
        ),
        (
            {"rules": (17, {"parameters": {**LADO, "done_by": ["call"], "documents": ["plan"], "asks_more": True}})},
            "Rule flag-lado",
            "Now: It counts as done where somebody telephoned the front door and Plan was added. It asks for more, "
            "which stays to do. Before: Nothing shows that it is done.",
        ),
        (
            {"indicators": (9, {"flags": ["lado"]})},
            "Health worry 1 of level 2",
            "It now raises: a person in a position of trust (LADO). It no longer raises: neglect tool to attach.",
        ),
        (
            {"consent_reasons": (1, {"accepted_at": [2]})},
            "The parents can't be reached",
            "Accepted at level 2. Before: accepted at no level.",
        ),
        (
            {"escalation_stages": (0, {"limit_working_days": 2})},
            "Managers",
            "The limit is now 2 working days; it was 5 working days.",
        ),
    ],
)
def test_what_is_no_wording_is_told_in_a_sentence(by: Any, title: str, sentence: str) -> None:
    (entry,) = redline(schemes.scheme(), changed(**by))
    assert (entry.title, entry.sentence) == (title, sentence)


def test_one_that_moved_is_named_and_the_others_are_not() -> None:
    told = schemes.content()
    rows = told["indicators"]
    rows[0]["item"], rows[1]["item"], rows[2]["item"] = 3, 1, 2
    rows.insert(2, rows.pop(0))
    (entry,) = redline(schemes.scheme(), read_scheme(told))
    assert (entry.what, entry.title) == (What.MOVED, "Health worry 1 of level 1")
    assert entry.sentence == "It now stands after “Health worry 3 of level 1”."


def test_added_retired_and_raised_to_another_level() -> None:
    told = schemes.content()
    gone = told["indicators"].pop()
    raised = deepcopy(told["indicators"][2])
    told["indicators"][2:3] = []
    raised |= {"level": 2, "item": 4}
    told["indicators"].insert(11, raised)
    entries = redline(schemes.scheme(), read_scheme(told))
    assert [(e.what, e.title, e.weighty) for e in entries] == [
        (What.MOVED, "Health worry 3 of level 1", True),
        (What.RETIRED, gone["label"], True),
    ]
    assert entries[0].sentence == "It moved from level 1 to level 2."
    note = proposed_note(entries)
    assert "Indicators taken out: “Family worry 3 of level 4”." in note
    assert "It moved from level 1 to level 2." in note
