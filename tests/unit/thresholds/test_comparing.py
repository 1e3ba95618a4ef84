"""What changed between two schemes is said completely, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schemes import content, scheme
from thresholds.domain.comparing import Difference, differences
from thresholds.domain.reading import read_scheme


def changed(part: str, place: int, **fields: Any) -> Any:
    told = content()
    told[part][place] |= fields
    return read_scheme(told)


def test_a_scheme_does_not_differ_from_itself_but_for_slug_and_dates() -> None:
    assert differences(scheme(), scheme()) == ()
    assert differences(scheme(), scheme(slug="other", in_force_from="2027-01-01", in_force_to="2028-01-01")) == ()


@pytest.mark.parametrize(
    ("part", "place", "fields", "expected"),
    [
        (
            "indicators",
            0,
            {"label": "New words"},
            Difference("Indicator", "health-1-01", "label", "Health worry 1 of level 1", "New words"),
        ),
        ("indicators", 0, {"flags": ["fgm"]}, Difference("Indicator", "health-1-01", "flags", "none", "fgm")),
        ("levels", 1, {"consent_needed": False}, Difference("Level", "2", "consent needed", "yes", "no")),
        ("limits", 1, {"amount": 48}, Difference("Clock", "decide", "amount", "24", "48")),
        (
            "rules",
            4,
            {"parameters": {"level": 2, "count": 5, "domains": 2, "indicates": 3}},
            Difference("Rule", "cluster-2", "parameters: count", "3", "5"),
        ),
        (
            "escalation_stages",
            1,
            {"limit_working_days": 9},
            Difference("Stage of a disagreement", "2", "limit working days", None, "9"),
        ),
    ],
)
def test_one_change_is_one_difference(part: str, place: int, fields: dict[str, Any], expected: Difference) -> None:
    assert differences(scheme(), changed(part, place, **fields)) == (expected,)


def test_what_is_new_and_what_is_gone() -> None:
    told = content()
    gone = told["indicators"].pop()
    smaller = read_scheme(told)
    assert differences(scheme(), smaller) == (Difference("Indicator", gone["key"], "", gone["label"], None),)
    assert differences(smaller, scheme()) == (Difference("Indicator", gone["key"], "", None, gone["label"]),)


def test_guidance_is_compared_text_by_text() -> None:
    after = scheme(guidance={**content()["guidance"], "after": "We write to you."})
    (difference,) = differences(scheme(), after)
    assert (difference.before, difference.after) == ("Someone answers.", "We write to you.")
    assert difference.field == "guidance: after"


def test_another_order_is_said() -> None:
    told = content()
    told["evidence"].append({"slug": "tool", "name": "Tool", "when": "Always", "source": "p. 6"})
    before = read_scheme(told)
    told["evidence"].reverse()
    assert differences(before, read_scheme(told)) == (Difference("Evidence", "", "order", "plan, tool", "tool, plan"),)
