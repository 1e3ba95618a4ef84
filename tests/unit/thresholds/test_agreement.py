"""Agreement as the literature works it out, and small numbers that no subtraction brings to light."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresholds.domain.agreement import SMALL, agreement, kappa, kappa_words, linear, quadratic, suppressed

COHEN_1960 = {
    (1, 1): 88, (1, 2): 14, (1, 3): 18,
    (2, 1): 10, (2, 2): 40, (2, 3): 10,
    (3, 1): 2, (3, 2): 6, (3, 3): 12,
}  # fmt: skip
"""Two judges, 200 cases, three categories: the table of both of Cohen's papers."""
COHEN_1968 = {frozenset((1, 2)): 1.0, frozenset((1, 3)): 3.0, frozenset((2, 3)): 6.0}
"""The weights of disagreement that the second paper gives them."""


def table(*rows: tuple[int, ...]) -> dict[tuple[int, int], int]:
    return {(r, c): count for r, row in enumerate(rows, 1) for c, count in enumerate(row, 1)}


def test_cohen_1960() -> None:
    assert kappa(COHEN_1960) == pytest.approx(0.492, abs=0.0006)
    assert agreement(COHEN_1960) == pytest.approx(0.70)


def test_cohen_1968_weighted() -> None:
    weighted = kappa(COHEN_1960, lambda one, other: COHEN_1968.get(frozenset((one, other)), 0.0))
    assert weighted == pytest.approx(0.348, abs=0.0005)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (table((20, 5), (10, 15)), 0.4),  # the grant proposals that textbooks use
        (table((45, 15), (25, 15)), 0.1304),  # the same agreement, 60 in 100, with other margins …
        (table((25, 35), (5, 35)), 0.2593),  # … gives another kappa
        (table((10, 0), (0, 7)), 1.0),
        (table((0, 5), (5, 0)), -1.0),
        (table((0, 0), (0, 0)), None),
        (table((9, 0), (0, 0)), None),
    ],
)
def test_worked_examples(counts: dict[tuple[int, int], int], expected: float | None) -> None:
    assert kappa(counts) == (None if expected is None else pytest.approx(expected, abs=0.0001))


def test_a_near_miss_weighs_less_than_a_far_one() -> None:
    near, far = table((5, 3, 0), (3, 5, 3), (0, 3, 5)), table((5, 0, 3), (3, 5, 3), (3, 0, 5))
    for weight in (linear, quadratic):
        assert kappa(near, weight) > kappa(far, weight)


@given(st.lists(st.integers(0, 60), min_size=4, max_size=4))
def test_with_two_levels_every_weight_is_the_same(counts: list[int]) -> None:
    two = table((counts[0], counts[1]), (counts[2], counts[3]))
    values = {None if (k := kappa(two, w)) is None else round(k, 9) for w in (linear, quadratic)}
    values.add(None if (k := kappa(two)) is None else round(k, 9))
    assert len(values) == 1


def test_the_words_for_its_size() -> None:
    assert [kappa_words(k) for k in (None, -0.2, 0.1, 0.41, 0.8, 0.9, 1.0)] == [
        "cannot be worked out",
        "no better than chance",
        "slight",
        "moderate",
        "substantial",
        "almost perfect",
        "almost perfect",
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=2, max_size=2))
def test_no_small_number_can_be_worked_out(grid: list[list[int]]) -> None:
    """By trying every table: each hidden small number could be at least two things."""
    shown = suppressed(grid)
    told = [cell for row in shown for cell in row]
    could: list[list[int]] = []
    for values in itertools.product(*(range(12) if cell is None else [cell] for row in shown[:2] for cell in row[:2])):
        other = [list(values[:2]), list(values[2:])]
        flat = [each for row in whole(other) for each in row]
        if all(cell is None or cell == value for cell, value in zip(told, flat, strict=True)):
            could.append(flat)
    for place, value in enumerate(each for row in whole(grid) for each in row):
        if 0 < value < SMALL:
            assert len({each[place] for each in could}) > 1, (grid, shown)


def whole(grid: list[list[int]]) -> list[list[int]]:
    full = [[*row, sum(row)] for row in grid]
    return [*full, [sum(column) for column in zip(*full, strict=True)]]


@given(st.lists(st.lists(st.integers(0, 90), min_size=3, max_size=3), min_size=1, max_size=6))
def test_what_is_shown_is_true_and_never_small(grid: list[list[int]]) -> None:
    for shown, true in zip(suppressed(grid), whole(grid), strict=True):
        for cell, value in zip(shown, true, strict=True):
            assert cell is None or (cell == value and not 0 < value < SMALL)


def test_large_numbers_are_all_shown() -> None:
    assert suppressed([[40, 13], [20, 10]]) == [[40, 13, 53], [20, 10, 30], [60, 23, 83]]
    assert suppressed([]) == []
