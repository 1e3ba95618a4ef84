"""What of the content has a hand in it when a case comes out otherwise under another version.

A cause is named `part:key`, such as `indicators:health-3-02` or `rules:cluster-2`. Candidates are the parts that differ
and bear on the case. Where there are several, each is put alone into the version before: those that move the case by
themselves are the causes; where none does, all of them are, together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from thresholds.domain.facts import Facts
from thresholds.domain.scheme import (
    AgeParameters,
    ClusterParameters,
    Flag,
    FlagParameters,
    Route,
    RuleKind,
    Scheme,
    SeenBeforeParameters,
)
from thresholds.domain.weighing import BIT, HELD, SEEN, Tables, Weighed

KEYS: dict[str, Callable[[Any], Any]] = {
    "indicators": lambda each: each.key,
    "rules": lambda each: each.key,
    "levels": lambda each: each.rank,
    "consent_reasons": lambda each: each.slug,
}


class Causes:
    """The differences of two versions that can move a case, made ready."""

    def __init__(self, before: Tables, after: Tables) -> None:
        self.before, self.after = before, after
        old, new = before.scheme, after.scheme
        self.indicators = _differing(
            old,
            new,
            "indicators",
            lambda scheme, each: (each.level, frozenset(each.flags), scheme.root(each.domain)),
        )
        self.rules = _differing(old, new, "rules", lambda scheme, each: (each.kind, _bearing(each.parameters)))
        self.levels = _differing(
            old, new, "levels", lambda scheme, each: (each.route, each.consent_needed, each.statutory_basis)
        )
        self.reasons = _differing(old, new, "consent_reasons", lambda scheme, each: frozenset(each.accepted_at))
        self._alone: dict[str, Tables] = {}

    def of(self, facts: Facts, one: Weighed, two: Weighed) -> tuple[str, ...]:
        """What moves this case, in the order indicators, rules, levels, reasons."""
        found = self._candidates(facts, one, two)
        if len(found) < 2:
            return found or ("levels:",)
        was = (one.indicated, one.settled.route)
        alone = []
        for cause in found:
            weighed = self._with(cause).weigh(facts)
            if (weighed.indicated, weighed.settled.route) != was:
                alone.append(cause)
        return tuple(alone) or found

    def _candidates(self, facts: Facts, one: Weighed, two: Weighed) -> tuple[str, ...]:
        found = [f"indicators:{key}" for key in dict.fromkeys(facts.indicators) if key in self.indicators]
        found += [f"rules:{key}" for key in self.rules if self._bears(key, one, two)]
        ranks = {one.indicated, one.settled.considered, two.indicated, two.settled.considered}
        found += [f"levels:{rank}" for rank in self.levels if rank in ranks]
        if facts.consent.reason in self.reasons:
            found.append(f"consent_reasons:{facts.consent.reason}")
        return tuple(found)

    def _bears(self, key: str, one: Weighed, two: Weighed) -> bool:
        """Whether a differing rule speaks of this case in either version."""
        for tables, weighed in ((self.before, one), (self.after, two)):
            for rule in tables.scheme.rules:
                if rule.key != key:
                    continue
                match rule.parameters:
                    case ClusterParameters() as cluster:
                        held = cluster.level <= tables.top and tables.is_cluster(weighed.tally, cluster)
                    case AgeParameters(indicators=named):
                        held = bool(set(named) & set(weighed.facts.indicators))
                    case FlagParameters(flag=flag):
                        held = bool(weighed.settled.flags & BIT[flag])
                    case SeenBeforeParameters():
                        held = bool(weighed.settled.flags & SEEN)
                    case _:
                        held = rule.kind is not RuleKind.CONSENT or bool((one.settled.flags ^ two.settled.flags) & HELD)
                if held:
                    return True
        return False

    def _with(self, cause: str) -> Tables:
        """The version before, with one part of the version after."""
        tables = self._alone.get(cause)
        if tables is None:
            part, _, key = cause.partition(":")
            tables = self._alone[cause] = Tables(_with_part(self.before.scheme, self.after.scheme, part, key))
        return tables


def _bearing(parameters: Any) -> Any:
    """What of a rule's parameters can move a case: a flag's sentences can't."""
    return (parameters.flag, parameters.route) if isinstance(parameters, FlagParameters) else parameters


def _differing(old: Scheme, new: Scheme, part: str, told: Callable[[Scheme, Any], Any]) -> dict[Any, None]:
    """The keys of what is new, gone or different, in the order of the new version, then of the old."""
    olds, news = ({KEYS[part](each): told(scheme, each) for each in getattr(scheme, part)} for scheme in (old, new))
    return {key: None for key in {**news, **olds} if olds.get(key) != news.get(key)}


def _with_part(old: Scheme, new: Scheme, part: str, key: str) -> Scheme:
    named = KEYS[part]
    fresh = [each for each in getattr(new, part) if str(named(each)) == key]
    there = any(str(named(each)) == key for each in getattr(old, part))
    kept = [
        each if str(named(each)) != key else fresh[0] for each in getattr(old, part) if str(named(each)) != key or fresh
    ]
    changed: dict[str, Any] = {part: tuple(kept if there else [*kept, *fresh])}
    return replace(old, **changed)


def cause_words(cause: str, before: Scheme, after: Scheme) -> str:
    """A cause as a sentence that an admin reads: what it was, and what it is now."""
    part, _, key = cause.partition(":")
    if not key:
        return f"There are {len(after.levels)} {after.step_word}s, not {len(before.levels)}."
    old, new = (
        next((each for each in getattr(scheme, part) if str(KEYS[part](each)) == key), None)
        for scheme in (before, after)
    )
    if old is None and new is None:
        return f"{key} is in neither version."
    if part == "indicators":
        return _indicator_words(before, after, old, new)
    name = {"rules": "The rule", "levels": "", "consent_reasons": "The reason"}[part]
    called = after.step(int(key)).capitalize() if part == "levels" else f"{name} “{_said(new or old)}”"
    if old is None:
        return f"{called} is new."
    if new is None:
        return f"{called} is gone."
    pairs = (old.parameters, new.parameters) if part == "rules" else (old, new)
    return f"{called} is changed: {_changes(*pairs) or 'its kind'}."


def _indicator_words(before: Scheme, after: Scheme, old: Any, new: Any) -> str:
    label = f"“{(new or old).label.rstrip('.')}”"
    if old is None:
        return f"{label} is new, at {after.step(new.level)}."
    if new is None:
        return f"{label} is taken out; it stood at {before.step(old.level)}."
    said = []
    if old.level != new.level:
        said.append(f"moves from {before.step(old.level)} to {after.step(new.level)}")
    if gained := [flag.words for flag in new.flags if flag not in old.flags]:
        said.append(f"now raises {', '.join(gained)}")
    if lost := [flag.words for flag in old.flags if flag not in new.flags]:
        said.append(f"no longer raises {', '.join(lost)}")
    if not said:
        said.append(f"counts under {after.root(new.domain)}, not {before.root(old.domain)}")
    return f"{label} {', and '.join(said)}."


def _said(row: Any) -> str:
    return str(getattr(row, "explanation", "") or getattr(row, "label", "")).rstrip(".")


SILENT = (
    "referrer",
    "screener",
    "done_by",
    "documents",
    "asks_more",
    "name",
    "description",
    "expected_response",
    "referrer_should",
    "source",
    "colour",
)


def _changes(old: Any, new: Any) -> str:
    """The fields that differ, each with before and after."""
    if type(old) is not type(new) or not is_dataclass(old):
        return ""
    pairs = [(each.name, getattr(old, each.name), getattr(new, each.name)) for each in fields(old)]
    return "; ".join(
        f"{name.replace('_', ' ')} {_value(was)} before, {_value(now)} now"
        for name, was, now in pairs
        if was != now and name not in SILENT
    )


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_value(each) for each in value) or "none"
    if isinstance(value, Flag | Route):
        return value.words
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value).replace("_", " ")
