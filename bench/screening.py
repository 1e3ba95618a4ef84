"""How many screenings a second one core does: `python -m bench.screening`.

A plausible mix of contacts on medway-2024, or on the tests' small scheme where that file is not there: one to eight
indicators, one to three children, sometimes a judged level, missing consent, earlier contacts, danger.
"""

from __future__ import annotations

import random
import time
from datetime import date, timedelta
from pathlib import Path

import yaml

from tests import schemes
from thresholds.domain.reading import read_scheme
from thresholds.domain.scheme import Scheme
from thresholds.domain.screening import Child, Consent, Facts, screen

ON = date(2026, 11, 24)
CASES = 2_000
REACH = 20_000


def bench_scheme() -> Scheme:
    path = Path(__file__).resolve().parents[1] / "fixtures" / "medway-2024.yaml"
    return read_scheme(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else schemes.scheme()


def contacts(scheme: Scheme, number: int, seed: int = 1) -> list[Facts]:
    """The same mix for the same seed."""
    dice = random.Random(seed)
    keys = [indicator.key for indicator in scheme.indicators]
    return [contact(dice, keys, len(scheme.levels)) for _ in range(number)]


def contact(dice: random.Random, keys: list[str], levels: int) -> Facts:
    children = tuple(Child(ON - timedelta(days=dice.randrange(0, 6000))) for _ in range(dice.choice((1, 1, 2, 3))))
    return Facts(
        indicators=tuple(dice.sample(keys, dice.choice((1, 2, 3, 3, 4, 5, 6, 8)))),
        children=(*children, Child(expected_on=ON + timedelta(days=60))) if dice.random() < 0.05 else children,
        judged_level=dice.choice((None, None, *range(1, levels + 1))),
        immediate_danger=dice.random() < 0.03,
        consent=Consent(informed=True, given=dice.choice((True, True, True, False, None))),
        previous_contacts=tuple(ON - timedelta(days=dice.randrange(700)) for _ in range(dice.choice((0, 0, 0, 1, 3)))),
        child_in_need=dice.random() < 0.05,
        on=ON,
    )


def rate(scheme: Scheme, facts: list[Facts], *, explain: bool) -> float:
    """Screenings a second of processor time: the best of five runs over the mix."""
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for each in facts:
            screen(scheme, each, explain=explain)
        best = min(best, time.process_time() - started)
    return len(facts) / best


def main() -> None:
    scheme = bench_scheme()
    facts = contacts(scheme, CASES)
    print(f"{scheme.slug}: {len(scheme.indicators)} indicators, one core, to reach {REACH:,} a second")
    print(f"  level, route and flags           {rate(scheme, facts, explain=False):>9,.0f} a second")
    print(f"  with reasons and what would change {rate(scheme, facts, explain=True):>7,.0f} a second")


if __name__ == "__main__":
    main()
