"""The indicators of one scheme whose words come nearest to a wording of another's. A help to find, never a decision.

Words count by how rare they are in the scheme that is searched, cut to their stem; the order of words does not count.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

from thresholds.domain.scheme import Indicator, Scheme

STEM = 5
LEAST = 0.12
"""Below this share of the wording's weight, what is found has hardly a word in common."""

_SILENT = """
a an and any are as at be been but by can child children for from has have having in into is it its may no not of on or
other parent parents person that the their them there they this to under up when where which who whose with young such
than more some
"""
SILENT = frozenset(_SILENT.split())
"""Words that tell nothing of a worry."""


@lru_cache(maxsize=20_000)
def stems(text: str) -> frozenset[str]:
    """The words that tell something, each cut to its stem.

    >>> sorted(stems("Bruising in a child who is not mobile"))
    ['bruis', 'mobil']
    """
    return frozenset(word[:STEM] for word in re.findall(r"[a-z]+", text.casefold()) if word not in SILENT)


class Nearest:
    """A scheme made ready to be searched."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.words = {each.key: stems(each.label) for each in scheme.indicators}
        counts = Counter(word for words in self.words.values() for word in words)
        total = len(scheme.indicators)
        self.weight = {word: math.log(1 + total / count) for word, count in counts.items()}
        self.unknown = math.log(1 + total)

    def to(self, label: str, most: int = 3) -> tuple[Indicator, ...]:
        """The nearest few, the nearest first; none where hardly a word is shared."""
        wanted = stems(label)
        scored = [(self._likeness(wanted, self.words[each.key]), each) for each in self.scheme.indicators]
        found = sorted((pair for pair in scored if pair[0] >= LEAST), key=lambda pair: (-pair[0], pair[1].key))
        return tuple(each for _, each in found[:most])

    def _likeness(self, one: frozenset[str], other: frozenset[str]) -> float:
        shared = sum(self.weight.get(word, self.unknown) for word in one & other)
        whole = sum(self.weight.get(word, self.unknown) for word in one | other)
        return shared / whole if whole else 0.0


def nearest(scheme: Scheme, label: str, most: int = 3) -> tuple[Indicator, ...]:
    """The same for once; what was made ready stays with the scheme."""
    ready: Nearest | None = scheme.kept.get("nearest")
    if ready is None:
        ready = scheme.kept["nearest"] = Nearest(scheme)
    return ready.to(label, most)
