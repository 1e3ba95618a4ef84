"""How far two people, or a person and the engine, agree on the level of the same cases; and what may be told of few.

A table counts pairs: `{(rank by the one, rank by the other): how many}`.

Sources: J. Cohen, "A coefficient of agreement for nominal scales" (1960) and "Weighted kappa" (1968); the words for
its size are those of Landis and Koch (1977), which are a convention, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Table = Mapping[tuple[int, int], int]
Weight = Callable[[int, int], float]

SMALL = 5
"""Counts from 1 to below this can point at a child."""

WORDS = (
    (0.0, "no better than chance"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (1.0, "almost perfect"),
)


def plain(one: int, other: int) -> float:
    """Every disagreement weighs the same."""
    return float(one != other)


def linear(one: int, other: int) -> float:
    """A disagreement weighs by the number of levels between."""
    return float(abs(one - other))


def quadratic(one: int, other: int) -> float:
    """A disagreement weighs by the square of the levels between."""
    return float((one - other) ** 2)


def kappa(table: Table, weight: Weight = plain) -> float | None:
    """Agreement beyond chance: 1 for all, 0 for as much as chance gives, below 0 for less.

    `weight` says how much a disagreement weighs, 0 on agreement. None where chance alone leaves nothing to disagree
    about (no case, or both used one and the same level throughout).
    """
    total = sum(table.values())
    if not total:
        return None
    rows: dict[int, int] = {}
    columns: dict[int, int] = {}
    for (one, other), count in table.items():
        rows[one] = rows.get(one, 0) + count
        columns[other] = columns.get(other, 0) + count
    observed = sum(weight(one, other) * count for (one, other), count in table.items()) / total
    chance = sum(weight(one, other) * a * b for one, a in rows.items() for other, b in columns.items()) / total**2
    return None if chance == 0 else 1 - observed / chance


def agreement(table: Table) -> float | None:
    """The share on which both say the same, 0 to 1; None without a case."""
    total = sum(table.values())
    return sum(count for (one, other), count in table.items() if one == other) / total if total else None


def kappa_words(value: float | None) -> str:
    """The size of a kappa in words."""
    if value is None:
        return "cannot be worked out"
    return next((words for most, words in WORDS if value <= most), WORDS[-1][1])


Grid = Sequence[Sequence[int]]
Hidden = list[list[int | None]]


def suppressed(grid: Grid) -> Hidden:
    """A table of counts for the public, with its totals as a last row and a last column; None is "not shown".

    Counts from 1 to 4 are hidden, and as many others that none of those can be found by subtracting: not by a total,
    and not because what is left over leaves only one answer.

    >>> suppressed([[40, 3], [20, 10]])
    [[None, None, 43], [None, None, 30], [60, 13, 73]]
    """
    full = [[*row, sum(row)] for row in grid]
    if not full:
        return []
    full.append([sum(column) for column in zip(*full, strict=True)])
    height, width = len(full), len(full[0])
    small = {(r, c) for r in range(height) for c in range(width) if 0 < full[r][c] < SMALL}
    hidden = set(small)
    lines = [[(r, c) for c in range(width)] for r in range(height)]
    lines += [[(r, c) for r in range(height)] for c in range(width)]
    while small and (line := _leaking(full, hidden, small, lines)):
        hidden.add(_best(full, line, hidden, lines))
    return [[None if (r, c) in hidden else full[r][c] for c in range(width)] for r in range(height)]


Cell = tuple[int, int]


def _best(full: list[list[int]], line: list[Cell], hidden: set[Cell], lines: list[list[Cell]]) -> Cell:
    """What else of a line to hide: not a nought if it can be, best where the crossing line hides something already."""
    cells = [at for at in line if at not in hidden]
    cells = [at for at in cells if full[at[0]][at[1]]] or cells
    crossed = {at for other in lines if other is not line and any(each in hidden for each in other) for at in other}
    return min(cells, key=lambda at: (at not in crossed, full[at[0]][at[1]], at))


def _leaking(full: list[list[int]], hidden: set[Cell], small: set[Cell], lines: list[list[Cell]]) -> list[Cell] | None:
    """A line through which a hidden count can be worked out and in which more could be hidden, or None."""
    counts = [(sum(at in hidden for at in line), line) for line in lines]
    for count, line in counts:
        if count == 1 and len(line) > 1:
            return line
    found = _found_out(full, hidden, small, lines)
    through = [(count, place) for place, (count, line) in enumerate(counts) if found in line and count < len(line)]
    return lines[min(through)[1]] if through else None


def _found_out(full: list[list[int]], hidden: set[Cell], small: set[Cell], lines: list[list[Cell]]) -> Cell | None:
    """A small count that a reader can work out: tighten what each hidden cell may be, line by line, until it rests."""
    most = full[-1][-1]
    low, high = dict.fromkeys(hidden, 0), dict.fromkeys(hidden, most)
    moved = True
    while moved:
        moved = False
        for line in lines:
            sign = {at: (-1 if place == len(line) - 1 else 1) for place, at in enumerate(line)}
            unknown = [at for at in line if at in hidden]
            known = sum(sign[at] * full[at[0]][at[1]] for at in line if at not in hidden)
            for at in unknown:
                rest = [other for other in unknown if other != at]
                least = -known - sum(_most(sign[o], low[o], high[o]) for o in rest)
                greatest = -known - sum(_least(sign[o], low[o], high[o]) for o in rest)
                if sign[at] < 0:
                    least, greatest = -greatest, -least
                if least > low[at] or greatest < high[at]:
                    low[at], high[at] = max(low[at], least), min(high[at], greatest)
                    moved = True
    return next((at for at in sorted(small) if low[at] == high[at]), None)


def _most(sign: int, low: int, high: int) -> int:
    return high if sign > 0 else -low


def _least(sign: int, low: int, high: int) -> int:
    return low if sign > 0 else -high
