"""Judged, indicated and decided level of the same children against each other, counted; and the records behind it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncMonth

from partnerships.access import Actor
from partnerships.hours import LONDON
from referrals.models import Decision, Referral, SecondScreening
from thresholds.domain.agreement import agreement, kappa, kappa_words, linear, suppressed

LEAST = 20
"""Of fewer pairs no agreement is told: it would say more about chance than about people."""

NOBODY = "No agency"


class Pair(StrEnum):
    """Which two levels are compared; the values stand in addresses."""

    INDICATED = "indicated"
    JUDGED = "judged"
    JUDGED_INDICATED = "judged-indicated"

    @property
    def columns(self) -> tuple[str, str]:
        """The columns of a decision that hold the one and the other."""
        return {
            Pair.INDICATED: ("child__indicated_level", "decided_level"),
            Pair.JUDGED: ("child__judged_level", "decided_level"),
            Pair.JUDGED_INDICATED: ("child__judged_level", "child__indicated_level"),
        }[self]

    @property
    def words(self) -> tuple[str, str]:
        return {
            Pair.INDICATED: ("Indicated", "Decided"),
            Pair.JUDGED: ("Judged", "Decided"),
            Pair.JUDGED_INDICATED: ("Judged", "Indicated"),
        }[self]

    @property
    def label(self) -> str:
        return {
            Pair.INDICATED: "Indicated by the threshold, decided by the screener",
            Pair.JUDGED: "Judged by the referrer, decided by the screener",
            Pair.JUDGED_INDICATED: "Judged by the referrer, indicated by the threshold",
        }[self]


WAYS = ("same", "higher", "lower")


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure and what opens its records; None: too few to be told."""

    count: int | None
    query: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far the two agree over so many pairs; None where there are too few."""

    pairs: int
    share: float | None
    plain: float | None
    weighted: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One agency or month: same, higher, lower (the other than the one) and all."""

    name: str
    cells: tuple[Cell, ...]
    agreed: Agreed


def decided(actor: Actor, *, since: dt.datetime, pair: Pair) -> QuerySet[Decision]:
    """The decisions that hold, of children in reach, where both levels are there."""
    rows = Decision.objects.standing().filter(child__isnull=False, referral__received_at__gte=since)
    one, other = pair.columns
    rows = rows.filter(referral__in=Referral.objects.visible_to(actor))
    return rows.exclude(Q(**{f"{one}__isnull": True}) | Q(**{f"{other}__isnull": True}))


def counted(rows: QuerySet[Decision], pair: Pair) -> list[tuple[str, dt.date, int, int, int]]:
    """(agency, month, the one level, the other, how many), by the database."""
    one, other = pair.columns
    found = (
        rows.order_by()
        .annotate(month=TruncMonth("referral__received_at", tzinfo=LONDON))
        .values_list("referral__agency__name", "month", one, other)
        .annotate(n=Count("pk"))
    )
    return [(agency or NOBODY, month.date(), a, b, n) for agency, month, a, b, n in found]


def agreed(table: Counter[tuple[int, int]]) -> Agreed:
    """Kappa plain and weighted by the levels between, where there are enough pairs."""
    pairs = sum(table.values())
    if pairs < LEAST:
        return Agreed(pairs, None, None, None, f"fewer than {LEAST}: too few to say")
    plain = kappa(table)
    return Agreed(pairs, agreement(table), plain, kappa(table, linear), kappa_words(plain))


def matrix(table: Counter[tuple[int, int]], ranks: list[int], *, exact: bool, query: dict[str, Any]) -> list[Any]:
    """Rows (rank, cells with the total last), and a last row of totals with rank None."""
    grid = [[table[one, other] for other in ranks] for one in ranks]
    shown = whole(grid) if exact else suppressed(grid)
    made = []
    for r, row in enumerate(shown):
        one = ranks[r] if r < len(ranks) else None
        cells = []
        for c, count in enumerate(row):
            other = ranks[c] if c < len(ranks) else None
            parts = {**query, "one": one, "other": other}
            opens = urlencode({name: value for name, value in parts.items() if value is not None})
            cells.append(Cell(count, opens if count else ""))
        made.append((one, cells))
    return made


def lines(
    rows: Iterable[tuple[str, Counter[tuple[int, int]], dict[str, Any]]], *, exact: bool, query: dict[str, Any]
) -> list[Line]:
    """Each agency or month: how many the same, higher and lower, small numbers hidden over all of them together."""
    listed = list(rows)
    grid = [
        [
            sum(n for (a, b), n in table.items() if a == b),
            sum(n for (a, b), n in table.items() if b > a),
            sum(n for (a, b), n in table.items() if b < a),
        ]
        for _, table, _ in listed
    ]
    shown = whole(grid) if exact else suppressed(grid)
    made = []
    for (name, table, parts), counts in zip(listed, shown, strict=False):
        cells = tuple(
            Cell(count, urlencode({**query, **parts, **({"way": way} if way else {})}) if count else "")
            for count, way in zip(counts, (*WAYS, ""), strict=True)
        )
        told = agreed(table)
        hidden = None in counts and not exact
        made.append(Line(name, cells, Agreed(told.pairs, None, None, None, "not shown") if hidden else told))
    return made


def whole(grid: list[list[int]]) -> list[list[int | None]]:
    full: list[list[int | None]] = [[*row, sum(row)] for row in grid]
    return [*full, [sum(column) for column in zip(*[[*row, sum(row)] for row in grid], strict=True)]] if grid else []


def behind(rows: QuerySet[Decision], pair: Pair, told: dict[str, Any]) -> QuerySet[Decision]:
    """The records of one figure."""
    one, other = pair.columns
    if "one" in told:
        rows = rows.filter(**{one: told["one"]})
    if "other" in told:
        rows = rows.filter(**{other: told["other"]})
    if agency := told.get("agency"):
        rows = (
            rows.filter(referral__agency__isnull=True)
            if agency == NOBODY
            else rows.filter(referral__agency__name=agency)
        )
    if month := told.get("month"):
        start = dt.datetime(month.year, month.month, 1, tzinfo=LONDON)
        end = dt.datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=LONDON)
        rows = rows.filter(referral__received_at__gte=start, referral__received_at__lt=end)
    way = {"same": other, "higher": f"{other}__gt", "lower": f"{other}__lt"}.get(told.get("way", ""))
    return rows.filter(**{way: F(one)}) if way else rows


def second_table(actor: Actor, *, since: dt.datetime) -> Counter[tuple[int, int]]:
    """What blind second screening found: first decided level against the second."""
    rows = SecondScreening.objects.filter(screened_at__gte=since, referral__in=Referral.objects.visible_to(actor))
    pairs = rows.order_by().values_list("decision__decided_level", "level").annotate(n=Count("pk"))
    return Counter({(first, second): n for first, second, n in pairs})
