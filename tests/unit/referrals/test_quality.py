"""The six questions: what is good, thin or missing."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.domain.quality import Answered, Told, check, read_told

WHOLE = Told(
    parents_know=True,
    agreed=True,
    child_name="Amira Example",
    age="about 7",
    address="1 Example Road",
    family="Mother, and a brother of 4",
    other_practitioners="Ms Field, health visitor",
    concern="On Monday and again today she came without a coat or breakfast, was cold and cried when asked about home.",
    child_voice="She says that nobody was up this morning.",
    tried="We spoke to her mother twice and offered breakfast club.",
    referrer_name="R Teacher",
    telephone="01632 960000",
    available="Weekdays until 4pm",
)
CONSENT, DETAILS, PRACTITIONERS, CONCERN, TRIED, AVAILABILITY = range(6)


def test_a_whole_referral_lacks_nothing() -> None:
    checks = check(WHOLE)
    assert [each.state for each in checks] == [Answered.GOOD] * 6
    assert all(each.why and not each.add for each in checks)


def test_nothing_told_is_missing_six_times_and_says_what_to_add() -> None:
    checks = check(Told())
    assert [each.state for each in checks] == [Answered.MISSING] * 6
    assert all(each.add for each in checks)


@pytest.mark.parametrize(
    ("question", "changes", "expected", "add"),
    [
        (CONSENT, {"agreed": False}, Answered.THIN, "why they don't agree"),
        (CONSENT, {"agreed": False, "why_not": "It would put her at risk"}, Answered.GOOD, ""),
        (CONSENT, {"agreed": None}, Answered.THIN, "whether they agree"),
        (CONSENT, {"agreed": None, "parents_know": None, "why_not": "At risk"}, Answered.THIN, "whether the parents"),
        (DETAILS, {"address": " "}, Answered.THIN, "Add the address."),
        (DETAILS, {"address": "", "age": ""}, Answered.THIN, "estimated age and the address"),
        (PRACTITIONERS, {"other_practitioners": ""}, Answered.MISSING, "none known"),
        (CONCERN, {"concern": "Not well cared for."}, Answered.THIN, "what happened"),
        (CONCERN, {"child_voice": ""}, Answered.THIN, "what the child says"),
        (TRIED, {"tried": "Talked."}, Answered.THIN, "by whom"),
        (AVAILABILITY, {"available": ""}, Answered.THIN, "when you can be reached"),
        (AVAILABILITY, {"telephone": ""}, Answered.MISSING, "a telephone number"),
    ],
)
def test_each_question(question: int, changes: dict[str, Any], expected: Answered, add: str) -> None:
    checks = check(replace(WHOLE, **changes))
    assert checks[question].state is expected
    assert add in checks[question].add
    assert all(each.state is Answered.GOOD for place, each in enumerate(checks) if place != question)


@given(
    st.dictionaries(
        st.sampled_from([*(each.name for each in fields(Told)), "x"]), st.none() | st.booleans() | st.text()
    )
)
def test_any_answers_are_read_and_never_stop_anything(answers: dict[str, Any]) -> None:
    checks = check(read_told(answers))
    assert len(checks) == 6
    assert all((each.state is Answered.GOOD) == (each.add == "") for each in checks)
