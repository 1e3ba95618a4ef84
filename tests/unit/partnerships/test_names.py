"""What teams and front doors are called within a sentence."""

from __future__ import annotations

import pytest

from partnerships.models.partnership import within_a_sentence


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Multi-Agency Safeguarding Hub (MASH)", "the Multi-Agency Safeguarding Hub (MASH)"),
        ("Single Point of Contact in the MASH", "the Single Point of Contact in the MASH"),
        ("Prevention and Support Service (PASS) West", "the Prevention and Support Service (PASS) West"),
        ("The Front Desk", "The Front Desk"),
        ("First Response", "First Response"),
        (
            "First Response and the Multi Agency Safeguarding Hub (MASH)",
            "First Response and the Multi Agency Safeguarding Hub (MASH)",
        ),
        ("Family Solutions, Chatham", "Family Solutions, Chatham"),
        ("Early Help, north locality", "Early Help, north locality"),
    ],
)
def test_a_name_takes_an_article_where_it_is_the_name_of_a_kind(name: str, said: str) -> None:
    assert within_a_sentence(name) == said
