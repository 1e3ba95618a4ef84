"""What a scheme's flags tell the referrer is read before sending and after: it never asks for the form itself."""

from __future__ import annotations

import csv
import re
from functools import cache
from typing import Any

import pytest
import yaml
from django.conf import settings

from thresholds.domain.reading import read_scheme, write_scheme
from thresholds.domain.rule_words import done_sentence
from thresholds.domain.scheme import Doing, Duty, FlagParameters, Scheme
from thresholds.domain.terms import Flag

SLUGS = ("medway-2024", "medway-2015", "northamptonshire-2018", "thurrock-2023", "sandwell-2021")
TABLE = settings.BASE_DIR / "tests" / "golden" / "duties.csv"


@cache
def content_of(slug: str) -> Any:
    return yaml.safe_load((settings.BASE_DIR / "fixtures" / f"{slug}.yaml").read_text(encoding="utf-8"))


@cache
def scheme_of(slug: str) -> Scheme:
    return read_scheme(content_of(slug))


def duty(scheme: Scheme, flag: str) -> Duty:
    rule = scheme.flag_rule(Flag(flag))
    assert rule is not None and isinstance(rule.parameters, FlagParameters)
    return rule.parameters.duty


@pytest.mark.parametrize("slug", SLUGS)
def test_no_flag_asks_for_the_form(slug: str) -> None:
    told = [rule["parameters"]["referrer"] for rule in content_of(slug)["rules"] if rule["parameters"].get("referrer")]
    assert told, "the file has flags"
    for sentence in told:
        assert not re.search(r"\bsend (this|the)( online)? form\b", sentence, re.IGNORECASE), sentence


def test_what_is_done_by_then_is_done_by_the_golden_table() -> None:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) >= 25 and {row["scheme"] for row in rows} == set(SLUGS)
    found = {
        (row["case"], row["scheme"]): duty(scheme_of(row["scheme"]), row["flag"]).is_done(
            {Doing(each) for each in row["happened"].split()}, row["documents"].split()
        )
        for row in rows
    }
    assert found == {(row["case"], row["scheme"]): row["done"] == "yes" for row in rows}


def test_the_words_of_a_sentence_decide_nothing() -> None:
    """An admin's own sentence is done by what they say of it, whatever it begins with or leaves out."""
    told = write_scheme(scheme_of("thurrock-2023"))
    rule = next(each for each in told["rules"] if each["parameters"].get("flag") == "section_47")
    rule["parameters"]["referrer"] = "Ring us, please."
    scheme = read_scheme(told)
    assert duty(scheme, "section_47").is_done({Doing.CALL}, ())
    assert done_sentence(scheme, duty(scheme, "section_47")) == (
        "It counts as done where somebody telephoned the front door."
    )
    assert done_sentence(scheme, duty(scheme, "prevent")) == "Nothing shows that it is done."
    assert done_sentence(scheme, duty(scheme, "section_17")) == (
        "It counts as done where the form was sent and Evidence of what has been done so far was added. "
        "It asks for more, which stays to do."
    )
    del rule["parameters"]["done_by"]
    assert not duty(read_scheme(told), "section_47").is_done({Doing.CALL, Doing.FORM}, ())
