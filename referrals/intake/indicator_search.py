"""The search among a scheme's indicators on the form's page, with script and without: everyday words find them too."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from thresholds.domain.everyday import ENDINGS, EVERYDAY, LEAST, Look, reached
from thresholds.domain.scheme import Indicator, Scheme

EXAMPLES = ("bruise", "school", "alcohol", "hungry", "violence", "hygiene", "health")
SCRIPT = {"endings": ENDINGS, "least": LEAST, "everyday": EVERYDAY}
"""What the page's own script looks by, so that it finds what is found without it."""


@dataclass(frozen=True)
class Search:
    """What is looked for in one scheme; nothing at all where no word was typed."""

    scheme: Scheme
    typed: str = ""

    @cached_property
    def look(self) -> Look:
        return Look(self.typed)

    def fits(self, indicator: Indicator) -> bool:
        """Whether an indicator's words, or those of the domains that it stands in, fit what is looked for."""
        root = self.scheme.root(indicator.domain)
        return reached(f"{indicator.label} {indicator.domain} {root}", self.look)

    @cached_property
    def found(self) -> frozenset[str]:
        """The keys of those that fit."""
        return frozenset(each.key for each in self.scheme.indicators if self.fits(each))

    @cached_property
    def shown(self) -> frozenset[str]:
        """The keys of those to show: all of them where none fits, so that somebody can look for themselves."""
        return self.found or frozenset(each.key for each in self.scheme.indicators)

    @cached_property
    def count(self) -> int:
        """How many fit; the same words at the same step, which stand in two domains, count once."""
        return len({(each.label, each.level) for each in self.scheme.indicators if each.key in self.found})

    def context(self) -> dict[str, Any]:
        return {"find": self.typed, "found": self.count, "examples": examples(self.scheme), "search_by": SCRIPT}


def examples(scheme: Scheme) -> list[str]:
    """Three words that find something in this scheme."""
    return [word for word in EXAMPLES if Search(scheme, word).found][:3]


def also_under(scheme: Scheme) -> dict[str, str]:
    """Where the same words stand at the same step in another domain: a sentence that says so, by the key."""
    often = Counter((each.label, each.level) for each in scheme.indicators)
    twice = [each for each in scheme.indicators if often[each.label, each.level] > 1]
    return {
        each.key: "The same stands under "
        + " and ".join(
            other.domain for other in twice if other.label == each.label and other.level == each.level and other != each
        )
        + ". One is enough."
        for each in twice
    }
