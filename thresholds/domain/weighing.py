"""The engine's arithmetic: a scheme compiled to tables, and facts weighed against it.

Sentences stand in `reasons` and `changes`.

Ranks are plain numbers with 0 for none; flags are bits of one number; routes are 0 advice, 1 early help, 2 MASH.
Screening a case then costs a few dozen steps, which is what lets a draft be replayed over years of referrals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from thresholds.domain.facts import Child, Facts
from thresholds.domain.scheme import (
    FLAGS_BY_BASIS,
    AgeParameters,
    ClusterParameters,
    ConsentParameters,
    Flag,
    FlagParameters,
    Route,
    Rule,
    RuleKind,
    Scheme,
    SeenBeforeParameters,
)
from thresholds.domain.terms import CONCERN_FLAGS

ROUTES = tuple(Route)
MASH = ROUTES.index(Route.MASH)
FLAGS = tuple(sorted(Flag))
BIT = {flag: 1 << place for place, flag in enumerate(FLAGS)}
NAMED = {flag: BIT[flag] for flag in CONCERN_FLAGS}
"""The flags that a referrer may raise by their own word."""

NO_RANKS: frozenset[int] = frozenset()
DANGER, HELD, HIGHER, LOWER, UNSCREENED, UNBORN, SEEN = (
    BIT[flag]
    for flag in (
        Flag.IMMEDIATE_DANGER,
        Flag.CONSENT_TO_SETTLE,
        Flag.JUDGED_HIGHER,
        Flag.JUDGED_LOWER,
        Flag.NOT_SCREENED,
        Flag.PRE_BIRTH,
        Flag.SEEN_BEFORE,
    )
)


class Tally(NamedTuple):
    """What a choice of indicators adds up to. Lists are by rank, from 0; `ages` has a bit for each age rule touched."""

    picked: list[int]
    counts: list[int]
    roots: list[int]
    flags: int
    ages: int
    top: int


class Settled(NamedTuple):
    """Where a level leads. `accepted` is why missing consent holds nothing up: "reason", "flags", "danger" or "".

    `held_at` is the rank whose missing consent does hold it up, 0 for none.
    """

    considered: int
    route: int
    flags: int
    accepted: str
    held_at: int


@dataclass(slots=True)
class Weighed:
    """One set of facts, weighed. `young` has a bit for each age rule that a child's age meets; `seen` is a count,
    `is_seen` whether it is enough to be shown, `concerns` the flags that the referrer's own word raises."""

    facts: Facts
    tally: Tally
    unknown: tuple[str, ...]
    young: int
    unborn: bool
    seen: int
    is_seen: bool
    judged: int
    indicated: int
    settled: Settled
    concerns: int = 0


class Tables:
    """One scheme, compiled. Build it once; `weigh` is then cheap and changes nothing."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        indicators = scheme.indicators
        self.keys = [each.key for each in indicators]
        self.index = {key: place for place, key in enumerate(self.keys)}
        self.quoted = [f"“{each.label.rstrip('.')}”" for each in indicators]
        self.rank = [each.level for each in indicators]
        self.flags = [sum(BIT[flag] for flag in set(each.flags)) for each in indicators]
        names = sorted({scheme.root(each.domain) for each in indicators})
        self.root_names = names
        root_bits = {name: 1 << place for place, name in enumerate(names)}
        self.root = [root_bits[scheme.root(each.domain)] for each in indicators]

        self.levels = {level.rank: level for level in scheme.levels}
        raises = [
            getattr(rule.parameters, name, None) or 0 for rule in scheme.rules for name in ("indicates", "raises_to")
        ]
        self.top = max([*self.levels, *self.rank, *raises, 0])
        self.consent_at = frozenset(rank for rank, level in self.levels.items() if level.consent_needed)
        self.level_route = {rank: ROUTES.index(level.route) for rank, level in self.levels.items()}
        basis = ((rank, FLAGS_BY_BASIS[level.statutory_basis]) for rank, level in self.levels.items())
        self.level_flag = {rank: BIT[flag] for rank, flag in basis if flag is not None}
        self.listed = [0] * (self.top + 1)
        self.listed_roots = [0] * (self.top + 1)
        for rank, root in zip(self.rank, self.root, strict=True):
            self.listed[rank] += 1
            self.listed_roots[rank] |= root
        self.steps = steps = [scheme.step(rank or None) for rank in range(self.top + 1)]
        self.leads = {
            rank: f"{steps[rank].capitalize()}, {level.name}, goes to {level.route.words}."
            for rank, level in self.levels.items()
        }
        self.one_more = [f"Any one {step} indicator would be enough for {step}." for step in steps]
        self._read_rules(scheme)

    def _read_rules(self, scheme: Scheme) -> None:
        self.clusters: list[tuple[Rule, ClusterParameters]] = []
        self.ages: list[tuple[Rule, AgeParameters]] = []
        self.flag_routes: list[tuple[int, int]] = []
        self.settled_by = 0
        self.seen: SeenBeforeParameters | None = None
        self.rule: dict[RuleKind, Rule] = {}
        self.flag_rule: dict[Flag, Rule] = {}
        for rule in scheme.rules:
            self.rule.setdefault(rule.kind, rule)
            if isinstance(rule.parameters, FlagParameters):
                self.flag_rule.setdefault(rule.parameters.flag, rule)
            match rule.parameters:
                case ClusterParameters() as cluster if cluster.level <= self.top:
                    self.clusters.append((rule, cluster))
                case AgeParameters() as age:
                    self.ages.append((rule, age))
                case FlagParameters(flag=flag, route=Route() as route):
                    self.flag_routes.append((BIT[flag], ROUTES.index(route)))
                case ConsentParameters(settled_by_flags=flags):
                    self.settled_by = sum(BIT[flag] for flag in set(flags))
                case SeenBeforeParameters() as seen:
                    self.seen = seen
        self.touches = [0] * len(self.keys)
        for place, (_, age) in enumerate(self.ages):
            for key in set(age.indicators) & self.index.keys():
                self.touches[self.index[key]] |= 1 << place
        self.routing = sum({bit for bit, _ in self.flag_routes})
        self._flags_of: dict[int, tuple[Flag, ...]] = {}
        self.accepted_at = {reason.slug: frozenset(reason.accepted_at) for reason in scheme.consent_reasons}

    def weigh(self, facts: Facts) -> Weighed:
        """The level, route and flags of any facts."""
        index = self.index
        picked = {index[key] for key in facts.indicators if key in index}
        unknown = tuple(dict.fromkeys(key for key in facts.indicators if key not in index))
        tally = self.tally(sorted(picked))
        young, unborn = self._children(facts.children, facts.on)
        seen = self._earlier(facts)
        is_seen = self.seen is not None and seen >= max(self.seen.at_least, 1)
        indicated = self.level_of(tally, young, is_seen)
        judged = facts.judged_level or 0
        judged = min(judged, self.top) if judged > 0 else 0
        concerns = 0
        for flag in facts.concerns:
            concerns |= NAMED.get(flag, 0)
        weighed = Weighed(facts, tally, unknown, young, unborn, seen, is_seen, judged, indicated, NOWHERE, concerns)
        weighed.settled = self.settle(weighed, indicated, tally.flags, judged, facts.consent.given is True)
        return weighed

    def tally(self, picked: list[int]) -> Tally:
        """Add up a choice of indicators, given as places in the scheme, each once."""
        counts = [0] * (self.top + 1)
        roots = counts.copy()
        flags = ages = top = 0
        for place in picked:
            rank = self.rank[place]
            counts[rank] += 1
            roots[rank] |= self.root[place]
            flags |= self.flags[place]
            ages |= self.touches[place]
            if rank > top:
                top = rank
        return Tally(picked, counts, roots, flags, ages, top)

    def level_of(self, tally: Tally, young: int, seen: bool) -> int:
        """The rank indicated: the highest of what highest, cluster, age and seen before give; 0 for nothing chosen."""
        rank = tally.top
        if not tally.picked:
            return 0
        for _, cluster in self.clusters:
            if cluster.indicates > rank and self.is_cluster(tally, cluster):
                rank = cluster.indicates
        if met := tally.ages & young:
            for place, (_, age) in enumerate(self.ages):
                if met >> place & 1 and age.indicates > rank:
                    rank = age.indicates
        if seen and self.seen is not None and (self.seen.raises_to or 0) > rank:
            rank = self.seen.raises_to or 0
        return rank

    def is_cluster(self, tally: Tally, cluster: ClusterParameters) -> bool:
        """Whether the choice holds the cluster."""
        return (
            tally.counts[cluster.level] >= cluster.count and tally.roots[cluster.level].bit_count() >= cluster.domains
        )

    def settle(self, weighed: Weighed, indicated: int, flags: int, judged: int, agreed: bool) -> Settled:
        """The route and every flag of a level: by judgement, danger, need, flag rules and consent, in that order."""
        facts = weighed.facts
        considered = indicated
        route = self.level_route.get(indicated, 0)
        flags |= self.level_flag.get(indicated, 0)
        if not indicated:
            flags |= UNSCREENED
            route = MASH
            considered = judged
        elif judged > indicated:
            flags |= HIGHER
            considered = judged
            if self.level_route.get(judged, 0) > route:
                route = self.level_route[judged]
        elif 0 < judged < indicated:
            flags |= LOWER
        if weighed.unborn:
            flags |= UNBORN
        if weighed.is_seen:
            flags |= SEEN
        if facts.immediate_danger:
            flags |= DANGER
            route = MASH
        if facts.child_in_need:
            route = MASH
        by_indicators = flags
        flags |= weighed.concerns
        if flags & self.routing:
            for bit, at_least in self.flag_routes:
                if flags & bit and at_least > route:
                    route = at_least
        if agreed:
            return Settled(considered, route, flags, "", 0)
        accepted = self.accepted_at.get(facts.consent.reason or "", NO_RANKS)
        said = ""
        if considered in self.consent_at:
            if facts.immediate_danger:
                said = "danger"
            elif considered in accepted:
                said = "reason"
            elif route == MASH and by_indicators & self.settled_by:
                said = "flags"
            else:
                return Settled(considered, MASH, flags | HELD, "", considered)
        if 0 < indicated < considered and route < MASH:
            # A higher judgement moves the route up only: consent that a lower level waits for is still waited for.
            for rank in range(indicated, considered):
                if rank in self.consent_at and rank not in accepted:
                    return Settled(considered, MASH, flags | HELD, "", rank)
        return Settled(considered, route, flags, said, 0)

    def flags_of(self, bits: int) -> tuple[Flag, ...]:
        """Bits as flags, in alphabetical order."""
        flags = self._flags_of.get(bits)
        if flags is None:
            flags = self._flags_of[bits] = tuple(flag for flag, bit in BIT.items() if bits & bit)
        return flags

    def _children(self, children: Sequence[Child], on: date | None) -> tuple[int, bool]:
        young = 0
        unborn = False
        for child in children:
            months = age_in_months(child, on)
            if months is None:
                continue
            if months < 0:
                unborn = True
            for place, (_, age) in enumerate(self.ages):
                if age.unborn if months < 0 else months < age.under_months:
                    young |= 1 << place
        return young, unborn

    def _earlier(self, facts: Facts) -> int:
        """Earlier contacts inside the window, its first day counted; all of them where the day is not known."""
        contacts, on = facts.previous_contacts, facts.on
        if isinstance(contacts, int):
            return max(contacts, 0)
        if on is None or self.seen is None:
            return len(contacts)
        window = self.seen.window_months
        return sum(day <= on and not _is_over(day, on, window) for day in contacts)


def age_in_months(child: Child, on: date | None) -> int | None:
    """Completed months on a day; -1 for a child not yet born; None where it can't be told.

    An expected date that has passed counts as a birth on that day, a date of birth still to come as an expected date.
    Without a day, a child who is expected counts as unborn and one who is born has no known age.
    """
    born = child.date_of_birth or child.expected_on
    if born is None:
        return None
    if on is None:
        return None if child.date_of_birth else -1
    if born > on:
        return -1
    return (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)


def _is_over(day: date, on: date, months: int) -> bool:
    """Whether more than so many months have passed."""
    passed = (on.year - day.year) * 12 + on.month - day.month
    return passed > months or (passed == months and on.day > day.day)


NOWHERE = Settled(0, MASH, UNSCREENED, "", 0)
"""Before anything is weighed: no level, and so to the MASH."""
