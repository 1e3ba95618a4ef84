"""No partnership's content lets a referral without consent, on grounds of risk, go anywhere but to the MASH."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresholds.domain.scheme import Route
from thresholds.domain.screening import read_facts, screen
from thresholds.files import read_file

FIXTURES = sorted((Path(__file__).parents[3] / "fixtures").glob("*.yaml"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_without_consent_no_reason_leads_to_early_help_and_more_need_never_to_less(path: Path) -> None:
    scheme = read_file(path)
    reasons = [None, *(reason.slug for reason in scheme.consent_reasons)]
    first_of = {
        level.rank: next(i.key for i in scheme.indicators if i.level == level.rank or level.rank in i.shared_with)
        for level in scheme.levels
    }  # noqa: E501
    for reason in reasons:
        routes = [
            screen(
                scheme,
                read_facts({"indicators": [first_of[level.rank]], "consent": {"given": False, "reason": reason}}),
            ).route
            for level in scheme.levels
            if level.consent_needed
        ]
        assert Route.EARLY_HELP not in routes, f"{path.stem}: {reason}"
        assert routes == sorted(routes), f"{path.stem}: {reason} sends more need to a lesser place"
