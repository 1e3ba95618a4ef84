"""The screening engine: facts in, what a published threshold indicates out, with its reasons.

    screening = screen(scheme, read_facts({"indicators": ["health-3-02"], "on": "2026-11-24"}))
    screening.indicated_level, screening.route, screening.flags, screening.reasons

The engine indicates, a person decides. It is total (any facts give a result), deterministic, and leans towards the
MASH: nothing chosen, missing consent, immediate danger and the referrer's own higher judgement all lead there or up.
What each rule does stands in docs/threshold-files.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thresholds.domain.changes import Change, ChangeKind, changes
from thresholds.domain.facts import Child, Consent, Facts, FactsErrors, read_facts, read_facts_strictly, write_facts
from thresholds.domain.reasons import Reason, reasons
from thresholds.domain.scheme import Flag, Route, Scheme
from thresholds.domain.weighing import ROUTES, Tables

__all__ = [
    "Change",
    "ChangeKind",
    "Child",
    "Consent",
    "Facts",
    "FactsErrors",
    "Reason",
    "Screener",
    "Screening",
    "read_facts",
    "read_facts_strictly",
    "screen",
    "write_facts",
    "write_screening",
]


@dataclass(frozen=True, slots=True)
class Screening:
    """What a scheme indicates for some facts.

    `indicated_level` is a rank, None where no indicator of this version is chosen. `considered_level` is the higher of
    it and the referrer's judged level: the one for which consent is looked at. `flags` are in alphabetical order.
    `unknown_indicators` are keys that this version lacks. `would_change` is empty where it was not asked for.
    """

    indicated_level: int | None
    considered_level: int | None
    route: Route
    flags: tuple[Flag, ...]
    reasons: tuple[Reason, ...]
    would_change: tuple[Change, ...]
    unknown_indicators: tuple[str, ...]


class Screener:
    """A scheme made ready. Worth keeping for a run over many facts; `screen` keeps one with each scheme."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self._tables = Tables(scheme)

    def __call__(self, facts: Facts, *, explain: bool = True) -> Screening:
        """Screen. `explain=False` leaves out reasons and `would_change`: for replays, several times faster."""
        weighed = self._tables.weigh(facts)
        settled = weighed.settled
        return Screening(
            weighed.indicated or None,
            settled.considered or None,
            ROUTES[settled.route],
            self._tables.flags_of(settled.flags),
            reasons(self._tables, weighed) if explain else (),
            changes(self._tables, weighed) if explain else (),
            weighed.unknown,
        )


def screen(scheme: Scheme, facts: Facts, *, explain: bool = True) -> Screening:
    """What a scheme indicates for some facts: level, route, flags, the reason for each, and what would change it.

    Never raises for any facts. `explain=False` leaves `reasons` and `would_change` empty; level, route and flags are
    the same. The compiled scheme is kept with the scheme, so the first call costs more than the rest.
    """
    screener: Screener | None = scheme.kept.get("screener")
    if screener is None:
        screener = scheme.kept["screener"] = Screener(scheme)
    return screener(facts, explain=explain)


def write_screening(screening: Screening) -> dict[str, Any]:
    """The screening as plain JSON values: what `manage.py screen` prints and a referral keeps."""
    return {
        "indicated_level": screening.indicated_level,
        "considered_level": screening.considered_level,
        "route": screening.route.value,
        "flags": [flag.value for flag in screening.flags],
        "reasons": [
            {
                "rule": reason.rule,
                "kind": reason.kind.value,
                "indicators": list(reason.indicators),
                "because": reason.because,
                "source": reason.source,
            }
            for reason in screening.reasons
        ],
        "would_change": [
            {
                "sentence": change.sentence,
                "indicators": list(change.indicators),
                "level": change.level,
                "route": change.route.value,
                "kind": change.kind.value,
            }
            for change in screening.would_change
        ],
        "unknown_indicators": list(screening.unknown_indicators),
    }
