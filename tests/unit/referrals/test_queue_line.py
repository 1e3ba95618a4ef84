"""A child's age, and why a level is indicated, in the few words of a queue's line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from referrals.letters.writing import listed, text
from referrals.models import Child, Referral
from referrals.standing import consent_words, earlier, why
from referrals.triage.rows import age, names
from tests import schemes

ON = dt.date(2026, 11, 24)
SCHEME = schemes.scheme()


@pytest.mark.parametrize(
    ("child", "said"),
    [
        ({"date_of_birth": dt.date(2019, 11, 24)}, "7 years"),
        ({"date_of_birth": dt.date(2019, 11, 25)}, "6 years"),
        ({"date_of_birth": dt.date(2024, 11, 24)}, "2 years"),
        ({"date_of_birth": dt.date(2024, 11, 25)}, "23 months"),
        ({"date_of_birth": dt.date(2026, 10, 24)}, "1 month"),
        ({"date_of_birth": dt.date(2026, 11, 24)}, "0 months"),
        ({"date_of_birth": dt.date(2020, 2, 29)}, "6 years"),
        ({"date_of_birth": dt.date(2027, 1, 1)}, "Date of birth lies ahead"),
        ({"expected_on": dt.date(2027, 1, 30)}, "Unborn, expected 30 January 2027"),
        ({"estimated_age": "5 or 6"}, "About 5 or 6"),
        ({"estimated_age": "About 4 years"}, "About 4 years"),
        ({"estimated_age": "about"}, "Age not known"),
        ({}, "Age not known"),
    ],
)
def test_age(child: dict[str, Any], said: str) -> None:
    assert age(Child(**child), ON) == said


def test_names_and_initials() -> None:
    robin, unborn, nobody = Child(first_name="Robin", last_name="Marlow"), Child(expected_on=ON), Child()
    assert names([robin, unborn]) == "Robin Marlow and 1 more"
    assert names([]) == "Name not known"
    assert [child.initials for child in (robin, unborn, nobody)] == [
        "R.M.",
        "an unborn child",
        "a child whose name is not known",
    ]
    assert Child(first_name="’Élodie").initials == "É."
    assert [listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a child",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("screening", "said"),
    [
        ({"reasons": [{"kind": "highest", "indicators": ["health-4-01"]}]}, "Health worry 1 of level 4"),
        (
            {"reasons": [{"kind": "highest", "indicators": ["health-4-01", "health-4-02"]}]},
            "Health worry 1 of level 4, and 1 more",
        ),
        ({"reasons": [{"kind": "highest", "indicators": ["gone"]}]}, "gone"),
        ({"reasons": [{"kind": "nothing_chosen", "indicators": []}]}, "No indicator chosen"),
        ({}, "No indicator chosen"),
        (None, "No indicator chosen"),
        ({"reasons": "what"}, "No indicator chosen"),
        ({"reasons": [3, None]}, "No indicator chosen"),
    ],
)
def test_why(screening: Any, said: str) -> None:
    assert why(screening, SCHEME) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"given": "yes"}, "Given"),
        ({"given": "no"}, "Not given"),
        ({"given": "not_asked", "reason": "significant_harm"}, "Not given, with a reason"),
        ({}, "Not known"),
    ],
)
def test_consent(given: dict[str, str], said: str) -> None:
    assert consent_words(Referral(answers={"consent": given})) == said
    assert consent_words(Referral(answers={"consent": given}, flags=["consent_to_settle"])) == "To be settled"


@pytest.mark.parametrize(("told", "count"), [(3, 3), (["2026-01-01", "2026-02-01"], 2), (None, 0), ({"odd": 1}, 0)])
def test_earlier_contacts(told: Any, count: int) -> None:
    assert earlier(Referral(screening={"facts": {"previous_contacts": told}})) == count


def test_what_a_screener_types_is_no_template() -> None:
    body = text("acknowledgement", words="{{ reference }} {% include 'x' %}", referrer="A", reference="MED-1")
    assert "{{ reference }} {% include 'x' %}" in body
    assert "\n\n\n" not in body
