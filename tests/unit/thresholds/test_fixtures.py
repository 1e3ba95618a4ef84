"""Every scheme that the project ships reads without a mistake, is written back as it was, and screens soundly."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from bench.screening import contacts
from thresholds.domain.reading import read_scheme, write_scheme
from thresholds.domain.scheme import Scheme
from thresholds.domain.screening import Facts, screen
from thresholds.files import read_file

FIXTURES = sorted((Path(__file__).resolve().parents[3] / "fixtures").glob("*.yaml"))
every_fixture = pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)


@cache
def read(path: Path) -> Scheme:
    return read_file(path)


def mixed(scheme: Scheme) -> list[Facts]:
    """A plausible mix, with every reason for going on without consent among it."""
    dice = random.Random(7)
    reasons = [None, "made_up", *(reason.slug for reason in scheme.consent_reasons)]
    return [
        replace(
            facts,
            indicators=facts.indicators[: dice.randrange(9)],
            consent=replace(facts.consent, reason=dice.choice(reasons)),
            immediate_danger=False,
        )
        for facts in contacts(scheme, 1_500)
    ]


@every_fixture
def test_reads_and_round_trips(path: Path) -> None:
    scheme = read(path)
    assert scheme.slug == path.stem
    written = write_scheme(scheme)
    assert read_scheme(json.loads(json.dumps(written))) == scheme
    assert write_scheme(read_scheme(written)) == written
    assert read_scheme(yaml.safe_load(yaml.safe_dump(written, allow_unicode=True, sort_keys=False))) == scheme


@every_fixture
def test_the_referrers_judgement_never_lowers(path: Path) -> None:
    scheme = read(path)
    for facts in mixed(scheme):
        routes = [
            screen(scheme, replace(facts, judged_level=judged), explain=False).route
            for judged in (None, *(level.rank for level in scheme.levels))
        ]
        assert all(route >= routes[0] for route in routes), facts
        assert routes[1:] == sorted(routes[1:]), facts


@every_fixture
def test_one_more_indicator_never_lowers_the_level_nor_with_consent_the_route(path: Path) -> None:
    scheme = read(path)
    dice = random.Random(8)
    for facts in mixed(scheme):
        key = dice.choice(scheme.indicators).key
        before = screen(scheme, facts, explain=False)
        after = screen(scheme, replace(facts, indicators=(*facts.indicators, key)), explain=False)
        assert (after.indicated_level or 0) >= (before.indicated_level or 0), facts
        if facts.consent.given and before.indicated_level:
            assert after.route >= before.route, facts


@every_fixture
def test_missing_consent_never_lowers(path: Path) -> None:
    scheme = read(path)
    for facts in mixed(scheme):
        agreed = screen(scheme, replace(facts, consent=replace(facts.consent, given=True)), explain=False)
        assert screen(scheme, facts).route >= agreed.route, facts
