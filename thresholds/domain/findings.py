"""What is odd about a scheme though it is whole: a rule that can't ever fire, one that adds nothing, two that disagree.

A mistake (see `consistency`) keeps a draft from being used; a finding is pointed out and left to the admin. Nothing
here raises, whatever the scheme: a draft that is not whole has findings too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from thresholds.domain.reasons import under_age
from thresholds.domain.rule_words import is_raised, listed_at
from thresholds.domain.scheme import (
    AgeParameters,
    ClusterParameters,
    ConsentParameters,
    Flag,
    FlagParameters,
    Rule,
    Scheme,
    SeenBeforeParameters,
)

GROWN = 216
"""Months of the eighteenth birthday: an age rule from there on means every child."""


class FindingKind(StrEnum):
    """What is odd."""

    NEVER = "never"
    ADDS_NOTHING = "adds_nothing"
    CONTRADICTS = "contradicts"
    RETIRED = "retired"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing pointed out. `rule` is the key of the rule it is about, empty where it is about a level or a reason."""

    kind: FindingKind
    rule: str
    sentence: str


def findings(scheme: Scheme, retired: Collection[str] = ()) -> tuple[Finding, ...]:
    """Everything odd, in the order of the rules. `retired`: keys of indicators that the draft has retired."""
    found: list[Finding] = []
    for rule in scheme.rules:
        match rule.parameters:
            case ClusterParameters() as cluster:
                found += _cluster(scheme, rule, cluster)
            case AgeParameters() as age:
                found += _age(scheme, rule, age, retired)
            case FlagParameters() as flag:
                found += _flag(scheme, rule, flag)
            case ConsentParameters() as consent:
                found += _consent(scheme, rule, consent)
            case SeenBeforeParameters() as seen:
                found += _seen(scheme, rule, seen)
    found += _between_clusters(scheme)
    found += _between_ages(scheme)
    found += _levels(scheme)
    found += _reasons(scheme)
    return tuple(found)


def _cluster(scheme: Scheme, rule: Rule, cluster: ClusterParameters) -> Iterator[Finding]:
    step = scheme.step(cluster.level)
    listed = listed_at(scheme, cluster.level)
    roots = {scheme.root(each.domain) for each in listed}
    if len(listed) < cluster.count:
        yield Finding(
            FindingKind.NEVER,
            rule.key,
            f"It can't ever fire: it asks for {cluster.count} indicators of {step}, and there are {len(listed)}.",
        )
    elif len(roots) < cluster.domains:
        yield Finding(
            FindingKind.NEVER,
            rule.key,
            f"It can't ever fire: it asks for {step} indicators in {cluster.domains} domains, "
            f"and they stand in {len(roots)}.",
        )
    elif cluster.indicates <= cluster.level:
        yield Finding(
            FindingKind.ADDS_NOTHING, rule.key, f"It adds nothing: one indicator of {step} indicates as much by itself."
        )


def _between_clusters(scheme: Scheme) -> Iterator[Finding]:
    """Of two clusters of one level: the one that asks for no more and gives as much leaves the other nothing to do."""
    clusters = [(rule, rule.parameters) for rule in scheme.rules if isinstance(rule.parameters, ClusterParameters)]
    for (one, a), (other, b) in combinations(clusters, 2):
        if a.level != b.level:
            continue
        for (less_rule, less), (more_rule, more) in (((one, a), (other, b)), ((other, b), (one, a))):
            if less.count > more.count or less.domains > more.domains:
                continue
            if less.indicates > more.indicates:
                same = (less.count, less.domains) == (more.count, more.domains)
                asks = "the same" if same else "less"
                yield Finding(
                    FindingKind.CONTRADICTS,
                    more_rule.key,
                    f"It contradicts {less_rule.key}, which asks for {asks} and indicates "
                    f"{scheme.step(less.indicates)}: this one never decides.",
                )
                break
            if less.indicates == more.indicates:
                yield Finding(
                    FindingKind.ADDS_NOTHING,
                    more_rule.key,
                    f"It adds nothing to {less_rule.key}, which asks for no more and indicates the same.",
                )
                break


def _age(scheme: Scheme, rule: Rule, age: AgeParameters, retired: Collection[str]) -> Iterator[Finding]:
    known = [each for key in age.indicators if (each := scheme.indicator(key))]
    gone = [key for key in age.indicators if scheme.indicator(key) is None]
    if gone:
        named = ", ".join(gone)
        what = "retired" if all(key in retired for key in gone) else "retired or not there"
        yield Finding(
            FindingKind.RETIRED,
            rule.key,
            f"It names {'an indicator that is' if len(gone) == 1 else 'indicators that are'} {what}: {named}.",
        )
    if not known:
        yield Finding(FindingKind.NEVER, rule.key, "It can't ever fire: none of its indicators can be chosen.")
        return
    if age.under_months <= 0 and not age.unborn:
        yield Finding(FindingKind.NEVER, rule.key, "It can't ever fire: no child is of its age.")
        return
    if all(each.level >= age.indicates for each in known):
        yield Finding(
            FindingKind.ADDS_NOTHING,
            rule.key,
            f"It adds nothing: each of its indicators indicates {scheme.step(age.indicates)} or more by itself.",
        )
    elif high := [each for each in known if each.level >= age.indicates]:
        labels = ", ".join(f"“{each.label}”" for each in high[:3]) + (f" and {len(high) - 3} more" if high[3:] else "")
        yield Finding(
            FindingKind.ADDS_NOTHING,
            rule.key,
            f"It adds nothing to {labels}, which {'indicates' if len(high) == 1 else 'indicate'} as much already.",
        )
    if age.under_months >= GROWN:
        yield Finding(
            FindingKind.ADDS_NOTHING,
            rule.key,
            "Its age takes in every child, so the indicators could stand at the higher level themselves.",
        )


def _between_ages(scheme: Scheme) -> Iterator[Finding]:
    """The same indicator, a younger child, and less: the rule for the younger never decides."""
    ages = [(rule, rule.parameters) for rule in scheme.rules if isinstance(rule.parameters, AgeParameters)]
    for (one, a), (other, b) in combinations(ages, 2):
        for (rule, age), (wide_rule, wide) in (((one, a), (other, b)), ((other, b), (one, a))):
            shared = set(age.indicators) & set(wide.indicators)
            inside = age.under_months <= wide.under_months and (wide.unborn or not age.unborn)
            if shared and inside and age.indicates < wide.indicates:
                yield Finding(
                    FindingKind.CONTRADICTS,
                    rule.key,
                    f"It contradicts {wide_rule.key}: for a child {under_age(age)}, {', '.join(sorted(shared))} "
                    f"indicates {scheme.step(wide.indicates)} by that rule, and less by this one.",
                )
                break


def _flag(scheme: Scheme, rule: Rule, said: FlagParameters) -> Iterator[Finding]:
    flag = said.flag
    if not is_raised(scheme, flag):
        yield Finding(
            FindingKind.NEVER,
            rule.key,
            f"Nothing raises it: no indicator carries {flag.words}, and no level that can be come to stands on it.",
        )
        return
    if flag is Flag.CONSENT_TO_SETTLE and not any(level.consent_needed for level in scheme.levels):
        yield Finding(FindingKind.NEVER, rule.key, "Nothing raises it: no level needs consent.")


def _consent(scheme: Scheme, rule: Rule, consent: ConsentParameters) -> Iterator[Finding]:
    if not any(level.consent_needed for level in scheme.levels):
        yield Finding(FindingKind.NEVER, rule.key, "It can't ever fire: no level needs consent.")
        return
    for flag in consent.settled_by_flags:
        if not is_raised(scheme, flag):
            yield Finding(FindingKind.ADDS_NOTHING, rule.key, f"It names {flag.words}, which nothing raises.")


def _seen(scheme: Scheme, rule: Rule, seen: SeenBeforeParameters) -> Iterator[Finding]:
    ranks = [each.level for each in scheme.indicators]
    if seen.raises_to is not None and ranks and seen.raises_to <= min(ranks):
        yield Finding(
            FindingKind.ADDS_NOTHING,
            rule.key,
            f"It raises nothing: any indicator indicates {scheme.step(seen.raises_to)} by itself.",
        )


def _levels(scheme: Scheme) -> Iterator[Finding]:
    reached = {rank for each in scheme.indicators for rank in (each.level, *each.shared_with)}
    for rule in scheme.rules:
        for name in ("indicates", "raises_to"):
            reached.add(getattr(rule.parameters, name, None) or 0)
    for level in scheme.levels:
        if level.rank not in reached:
            step = scheme.step(level.rank).capitalize()
            yield Finding(
                FindingKind.UNREACHED,
                "",
                f"{step} ({level.name}) has no indicator and no rule leads to it: only a judgement reaches it.",
            )


def _reasons(scheme: Scheme) -> Iterator[Finding]:
    needing = {level.rank for level in scheme.levels if level.consent_needed}
    for reason in scheme.consent_reasons:
        if reason.accepted_at and not needing.intersection(reason.accepted_at):
            steps = ", ".join(scheme.step(rank) for rank in reason.accepted_at)
            yield Finding(
                FindingKind.ADDS_NOTHING,
                "",
                f"The reason “{reason.label}” is accepted at {steps} alone, where no consent is needed.",
            )
