"""How long the differences of two long drafts take, of what a draft may hold at most: `python -m bench.redline`.

One core, no database. The drafts are the tests' small scheme with as many long texts as go into a file of 1,000,000
bytes: every text in the second is another one of the same words (the worst), or the same with one sentence changed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests import schemes
from thresholds.domain.reading import read_scheme
from thresholds.domain.redline import redline

MOST_BYTES = 1_000_000
LONGEST = 19_000
FEW = ["the", "child", "is", "and", "of", "a", "to", "family", "at", "school", "home", "with", "not", "be", "in", "it"]


def text(words: list[str], chance: random.Random) -> str:
    told, long = [], 0
    while long < LONGEST:
        told.append(chance.choice(words) + (". " if len(told) % 15 == 14 else " "))
        long += len(told[-1])
    return "".join(told).strip()


def changed(before: str, chance: random.Random) -> str:
    sentences = before.split(". ")
    sentences[chance.randrange(len(sentences))] = "Somebody wrote another sentence here"
    return ". ".join(sentences)


def draft(texts: list[str]) -> Any:
    told = deepcopy(schemes.content())
    told.setdefault("guidance", {})["also"] = [
        {"name": f"Part {n}", "text": each, "source": "p. 1"} for n, each in enumerate(texts)
    ]
    return read_scheme(told)


def main() -> None:
    chance = random.Random(1)
    many = MOST_BYTES // LONGEST - 2
    words = [*FEW, *(f"word{n}" for n in range(300))]
    kinds: list[tuple[str, Callable[[str], str], list[str]]] = [
        ("one sentence of each changed", lambda each: changed(each, chance), words),
        ("each written anew, 316 words", lambda each: text(words, chance), words),
        ("each written anew, 16 words", lambda each: text(FEW, chance), FEW),
    ]
    for what, other, of in kinds:
        before = [text(of, chance) for _ in range(many)]
        pair = draft(before), draft([other(each) for each in before])
        started = time.perf_counter()
        entries = redline(*pair)
        took = time.perf_counter() - started
        print(
            f"{many} texts of {LONGEST:,} letters, {what}: {took:.2f} s, {len(entries)} differences, "
            f"{sum(len(each.spans) for each in entries):,} pieces",
            flush=True,
        )


if __name__ == "__main__":
    main()
