"""What one published threshold document says, as frozen data.

A `Scheme` is one version of one partnership's document: its levels, domains, indicators, rules, clocks and guidance.
It is read from a file or from rows by others, and never changes. What each field means stands in
docs/threshold-files.md. `read_scheme` checks a scheme; building one by hand checks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from thresholds.domain.terms import (
    ENGINE_FLAGS,
    FLAGS_BY_BASIS,
    INDICATOR_FLAGS,
    Colour,
    Doing,
    Flag,
    Route,
    RuleKind,
    Starts,
    StatutoryBasis,
    StepWord,
    Unit,
)

__all__ = [
    "AgeParameters",
    "AlsoKnow",
    "ClusterParameters",
    "Colour",
    "ConsentParameters",
    "ConsentReason",
    "Doing",
    "Domain",
    "Duty",
    "ENGINE_FLAGS",
    "EscalationStage",
    "Evidence",
    "FLAGS_BY_BASIS",
    "Flag",
    "FlagParameters",
    "Frozen",
    "GoodReferral",
    "Guidance",
    "INDICATOR_FLAGS",
    "Indicator",
    "Level",
    "Limit",
    "NoParameters",
    "Parameters",
    "Route",
    "Rule",
    "RuleKind",
    "Scheme",
    "SeenBeforeParameters",
    "Starts",
    "StatutoryBasis",
    "StepWord",
    "Unit",
    "roots",
]

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Level:
    """One step of need. Rank 1 is the least."""

    rank: int
    name: str
    description: str
    colour: Colour
    statutory_basis: StatutoryBasis
    consent_needed: bool
    route: Route
    expected_response: str
    referrer_should: str
    source: str


@dataclass(frozen=True, slots=True)
class Domain:
    """A heading of the matrix. `same_as` names the first heading of the list that this one continues."""

    name: str
    parent: str | None = None
    same_as: str | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """One criterion of the document. `level` is the lowest rank whose list it stands in; `item` counts from 1."""

    key: str
    level: int
    domain: str
    item: int
    label: str
    source: str
    shared_with: tuple[int, ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class NoParameters:
    """For rules that need none: highest, judgement, danger, nothing_chosen."""


@dataclass(frozen=True, slots=True)
class ClusterParameters:
    """At least `count` indicators of exactly `level`, over `domains` top-level domains, indicate rank `indicates`."""

    level: int
    count: int
    domains: int
    indicates: int


@dataclass(frozen=True, slots=True)
class Duty:
    """What one sentence asks of the referrer, and what of a referral shows that it is done.

    done_by: each of these. documents: one of these as well, by the slug of the evidence. asks_more: the sentence asks
    for something besides that no referral can show, so that it stays to do.
    """

    sentence: str
    done_by: tuple[Doing, ...] = ()
    documents: tuple[str, ...] = ()
    asks_more: bool = False

    def is_done(self, done: Collection[Doing], added: Collection[str]) -> bool:
        """Whether nothing of it is left to do. done: what happened. added: the documents that are there."""
        shown = bool(self.done_by or self.documents) and not self.asks_more
        return shown and set(self.done_by) <= set(done) and (not self.documents or bool({*self.documents} & {*added}))


@dataclass(frozen=True, slots=True)
class FlagParameters:
    """The flag's sentence for the referrer and for the screener; `route` is the least a referral carrying it gets.

    done_by, documents, asks_more: of the sentence for the referrer, as `Duty` says.
    """

    flag: Flag
    referrer: str
    screener: str
    route: Route | None = None
    done_by: tuple[Doing, ...] = ()
    documents: tuple[str, ...] = ()
    asks_more: bool = False

    @property
    def duty(self) -> Duty:
        """What the sentence asks of the referrer."""
        return Duty(self.referrer, self.done_by, self.documents, self.asks_more)


@dataclass(frozen=True, slots=True)
class AgeParameters:
    """Any of `indicators`, and a child under `under_months` (or unborn, where `unborn`): at least rank `indicates`."""

    indicators: tuple[str, ...]
    under_months: int
    unborn: bool
    indicates: int


@dataclass(frozen=True, slots=True)
class ConsentParameters:
    """Flags under which consent is not asked after, once the route is the MASH."""

    settled_by_flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenBeforeParameters:
    """At least `at_least` contacts in the last `window_months`; `raises_to` a rank, or None to show it only."""

    window_months: int
    at_least: int
    raises_to: int | None = None


Parameters = (
    NoParameters | ClusterParameters | FlagParameters | AgeParameters | ConsentParameters | SeenBeforeParameters
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `local_default` is true where the document leaves it to judgement and the partnership chose."""

    key: str
    kind: RuleKind
    parameters: Parameters
    explanation: str
    source: str
    local_default: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A clock: so many units from the event that starts it. See `thresholds.domain.clock.due`."""

    slug: str
    name: str
    amount: int
    unit: Unit
    starts: Starts
    source: str
    local_default: bool = False


@dataclass(frozen=True, slots=True)
class ConsentReason:
    """Why there is no agreement. `accepted_at` lists the ranks at which going on without it is accepted."""

    slug: str
    label: str
    accepted_at: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the scheme asks to be attached, and when."""

    slug: str
    name: str
    when: str
    source: str


@dataclass(frozen=True, slots=True)
class EscalationStage:
    """One stage of a professional disagreement; None where the document sets no limit."""

    stage: int
    name: str
    people: str
    limit_working_days: int | None
    source: str


@dataclass(frozen=True, slots=True)
class GoodReferral:
    """One of the questions that a good referral answers, in the document's words of it."""

    question: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class AlsoKnow:
    """A duty or process beside the referral: MARAC, Prevent, the LADO …"""

    name: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the referrer is told. None where the document says nothing."""

    telephone_first: str | None = None
    consent: str | None = None
    good_referral: tuple[GoodReferral, ...] = ()
    practice_model: str | None = None
    scale: str | None = None
    before_referring: str | None = None
    after: str | None = None
    also: tuple[AlsoKnow, ...] = ()


@dataclass(frozen=True, slots=True)
class Frozen:
    """A free-form part of a file (plot sheet, notes on flags), kept whole and unread.

    `value` is a scalar, a tuple of `Frozen` for a list, or a tuple of (key, `Frozen`) pairs where `mapping` is true.
    """

    value: Any
    mapping: bool = False

    def plain(self) -> Any:
        """The same as dicts and lists."""
        if self.mapping:
            return {key: part.plain() for key, part in self.value}
        if isinstance(self.value, tuple):
            return [part.plain() for part in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Scheme:
    """One version of a partnership's threshold document. Lists keep the document's order."""

    slug: str
    partnership: str
    title: str
    document: str
    in_force_from: date
    in_force_to: date | None
    review_on: date | None
    step_word: StepWord
    levels: tuple[Level, ...]
    domains: tuple[Domain, ...]
    indicators: tuple[Indicator, ...]
    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...]
    consent_reasons: tuple[ConsentReason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    escalation_stages: tuple[EscalationStage, ...] = ()
    guidance: Guidance = Guidance()
    plot_sheet: Frozen | None = None
    flag_notes: Frozen | None = None
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Look-ups worked out once from the fields above, by name. Not part of the value; `replace` starts afresh."""

    def indicator(self, key: str) -> Indicator | None:
        """The indicator with that key, or None."""
        return self._table("indicators", lambda: {each.key: each for each in self.indicators}).get(key)

    def level(self, rank: int | None) -> Level | None:
        """The level of that rank, or None."""
        return self._table("levels", lambda: {each.rank: each for each in self.levels}).get(rank or 0)

    def limit(self, slug: str) -> Limit | None:
        """The limit with that slug, or None."""
        return self._table("limits", lambda: {each.slug: each for each in self.limits}).get(slug)

    def flag_rule(self, flag: Flag) -> Rule | None:
        """The rule that gives a flag its two sentences, or None."""
        return self._table("flag_rules", self._flag_rules).get(flag)

    def rules_of(self, kind: RuleKind) -> tuple[Rule, ...]:
        """The rules of one kind, in the file's order."""
        return tuple(rule for rule in self.rules if rule.kind is kind)

    @property
    def raised_by_contacts(self) -> bool:
        """Whether earlier contacts of the same child can raise its level."""
        seen = (rule.parameters for rule in self.rules)
        return any(isinstance(each, SeenBeforeParameters) and each.raises_to is not None for each in seen)

    def root(self, domain: str) -> str:
        """The top-level domain above a domain, by name. A name that the scheme lacks is its own root."""
        return self._table("roots", lambda: roots(self.domains)).get(domain, domain)

    def step(self, rank: int | None) -> str:
        """A rank inside a sentence: "level 3" or "tier 3"."""
        return f"no {self.step_word}" if rank is None else f"{self.step_word} {rank}"

    def _flag_rules(self) -> dict[Flag, Rule]:
        found: dict[Flag, Rule] = {}
        for rule in self.rules:
            if isinstance(rule.parameters, FlagParameters):
                found.setdefault(rule.parameters.flag, rule)
        return found

    def _table(self, name: str, build: Callable[[], Mapping[Key, Value]]) -> Mapping[Key, Value]:
        table: Mapping[Key, Value] | None = self.kept.get(name)
        if table is None:
            table = self.kept[name] = build()
        return table


def roots(domains: tuple[Domain, ...]) -> Mapping[str, str]:
    """Each domain's top-level domain: up through `same_as`, then `parent`. A circle ends where it began to repeat."""
    by_name = {domain.name: domain for domain in domains}
    found: dict[str, str] = {}
    for domain in domains:
        seen = {domain.name}
        at = domain
        while (above := at.same_as or at.parent) is not None and above in by_name and above not in seen:
            seen.add(above)
            at = by_name[above]
        found[domain.name] = at.name
    return found
