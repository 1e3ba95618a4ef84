"""The matcher against labelled pairs of children: how many it finds, how many it takes for another, kind by kind."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from referrals.domain.lookup import candidate_keys, stored_keys
from referrals.domain.matching import Person, Verdict, match
from tests.golden import make_matching

TABLE = Path(__file__).parents[2] / "golden" / "matching.csv"


def read() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def person(row: dict[str, str], side: str) -> Person:
    told = {name.removeprefix(side): value for name, value in row.items() if name.startswith(side)}
    born = told.pop("born")
    return Person(**told, date_of_birth=date.fromisoformat(born) if born else None)


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.3f}" if whole else "none"


def test_precision_and_recall(capsys: pytest.CaptureFixture[str]) -> None:
    kinds: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    unfound = []
    for row in read():
        a, b, same = person(row, "a_"), person(row, "b_"), row["same"] == "yes"
        kinds[same, row["kind"]][match(a, b).verdict.value] += 1
        if same and not (candidate_keys(a) & stored_keys(b) and candidate_keys(b) & stored_keys(a)):
            unfound.append(row["kind"])
    total: Counter[tuple[bool, str]] = Counter()
    for (same, _), verdicts in kinds.items():
        for verdict, count in verdicts.items():
            total[same, verdict] += count
    same_child = sum(count for (same, _), count in total.items() if same)
    certain, wrongly = total[True, Verdict.SAME.value], total[False, Verdict.SAME.value]
    shown = certain + total[True, Verdict.POSSIBLE.value]
    shown_wrongly = wrongly + total[False, Verdict.POSSIBLE.value]
    with capsys.disabled():
        print(f"\n{sum(total.values())} labelled pairs, {same_child} of them the same child")
        for (same, kind), verdicts in sorted(kinds.items(), key=lambda each: (not each[0][0], each[0][1])):
            said = ", ".join(f"{verdict} {count}" for verdict, count in sorted(verdicts.items()))
            print(f"  {'same child ' if same else 'another    '} {kind:<50} {said}")
        print(f"  joined without a person: precision {share(certain, certain + wrongly)}")
        print(f"  shown to a person:       precision {share(shown, shown + shown_wrongly)}", end="")
        print(
            f", recall {share(shown, same_child)}; found by their keys {share(same_child - len(unfound), same_child)}"
        )
    assert sum(total.values()) >= 300
    assert wrongly == 0, "no other child is ever joined without a person"
    assert shown / same_child >= 0.98 and shown / (shown + shown_wrongly) >= 0.9
    assert len(unfound) <= 2, unfound


def test_numbers_that_conflict_are_always_another_child() -> None:
    rows = [row for row in read() if "another NHS number" in row["kind"] or "another UPN" in row["kind"]]
    assert len(rows) >= 20
    assert {match(person(row, "a_"), person(row, "b_")).verdict for row in rows} == {Verdict.DIFFERENT}


def test_the_table_is_what_its_maker_writes() -> None:
    assert sum(1 for _ in make_matching.pairs()) == len(read())
    made = next(make_matching.pairs())
    assert made.a.first_name == read()[0]["a_first_name"]
