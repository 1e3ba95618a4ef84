"""What a scheme's flags tell the referrer is read before sending and after: it never asks for the form itself."""

from __future__ import annotations

import re

import pytest
import yaml
from django.conf import settings

SLUGS = ("medway-2024", "medway-2015", "northamptonshire-2018", "thurrock-2023", "sandwell-2021")


@pytest.mark.parametrize("slug", SLUGS)
def test_no_flag_asks_for_the_form(slug: str) -> None:
    content = yaml.safe_load((settings.BASE_DIR / "fixtures" / f"{slug}.yaml").read_text(encoding="utf-8"))
    told = [rule["parameters"]["referrer"] for rule in content["rules"] if rule["parameters"].get("referrer")]
    assert told, "the file has flags"
    for sentence in told:
        assert not re.search(r"\bsend (this|the)( online)? form\b", sentence, re.IGNORECASE), sentence
