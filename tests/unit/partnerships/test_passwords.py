"""Known passwords are refused however they are dressed up; three words of one's own are not."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from partnerships.passwords import KnownPasswordValidator


@pytest.mark.parametrize(
    "known",
    [
        "password1234",
        "P@ssw0rd!2026",
        "123456789012",
        "qwertyuiop12",
        "letmeinletmein",
        "aaaaaaaaaaaaa",
        "ababababababab",
        "2026-sunshine-!!",
        "iloveyou2026!",
        "111111222222",
    ],
)
def test_a_known_password_is_refused(known: str) -> None:
    with pytest.raises(ValidationError, match="tried first"):
        KnownPasswordValidator().validate(known)


@pytest.mark.parametrize(
    "own", ["three random words", "seven purple otters", "correct horse battery", "kjH7-qpWx-22Lm"]
)
def test_ones_own_is_taken(own: str) -> None:
    KnownPasswordValidator().validate(own)


@pytest.mark.parametrize("ours", ["frontdoor2026", "Safeguarding2026!", "safeguarding.lead.1", "Child-Protection-99"])
def test_what_stands_on_every_page_is_refused(ours: str) -> None:
    with pytest.raises(ValidationError, match="stand on these pages"):
        KnownPasswordValidator().validate(ours)
