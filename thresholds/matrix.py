"""A scheme laid out as a person reads it: domain by domain, in each the lists level by level."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from thresholds.domain.everyday import Look, reached
from thresholds.domain.scheme import Domain, Indicator, Level, Scheme


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of the document. `levels` are more than one where ranks share it."""

    levels: tuple[Level, ...]
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One domain or sub-domain with its lists; `under` names the domain above it."""

    domain: Domain
    under: str | None
    lists: tuple[Listed, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(each.key for listed in self.lists for each in listed.indicators)

    @property
    def anchor(self) -> str:
        return "domain-" + "-".join("".join(c if c.isalnum() else " " for c in self.domain.name.lower()).split())


def sections(scheme: Scheme, indicators: Collection[Indicator] | None = None) -> tuple[Section, ...]:
    """Every domain that has an indicator, in the document's order; `indicators` narrows what is shown."""
    shown = scheme.indicators if indicators is None else indicators
    grouped: dict[str, dict[tuple[int, ...], list[Indicator]]] = {}
    for each in shown:
        ranks = (each.level, *each.shared_with)
        grouped.setdefault(each.domain, {}).setdefault(ranks, []).append(each)
    return tuple(
        Section(
            domain,
            domain.parent,
            tuple(Listed(levels_of(scheme, ranks), tuple(lists[ranks])) for ranks in sorted(lists)),
        )
        for domain in scheme.domains
        if (lists := grouped.get(domain.name))
    )


def levels_of(scheme: Scheme, ranks: Collection[int]) -> tuple[Level, ...]:
    return tuple(level for level in scheme.levels if level.rank in ranks)


def found(scheme: Scheme, words: str, rank: int | None) -> tuple[Indicator, ...]:
    """The indicators that every word fits, in label or domain (`thresholds.domain.everyday`), at the rank."""
    look = Look(words)
    return tuple(
        each
        for each in scheme.indicators
        if (rank is None or rank in (each.level, *each.shared_with)) and reached(f"{each.label} {each.domain}", look)
    )
