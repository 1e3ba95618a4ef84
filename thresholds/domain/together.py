"""One referral of several children: each is screened alone, and the most urgent of them decides where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thresholds.domain.screening import Screening
from thresholds.domain.terms import Flag, Route


@dataclass(frozen=True, slots=True)
class Together:
    """What the children's screenings come to.

    `indicated_level` is the highest of them, None where none indicates one. `route` is the most urgent. `flags` are
    all of theirs, in alphabetical order. `leading` is the place, from 0, of the child whose screening is the most
    urgent: by route, then by level, then by how many flags it carries; the first of equals.
    """

    indicated_level: int | None
    route: Route
    flags: tuple[Flag, ...]
    leading: int


def together(screenings: Sequence[Screening]) -> Together:
    """The screenings of one referral's children, in their order. ValueError where there is none.

    A child for whom nothing is chosen goes to the MASH, and takes the others along: nobody has looked at it yet.
    """
    if not screenings:
        raise ValueError("a referral tells of one child at least")
    leading = max(
        range(len(screenings)),
        key=lambda place: (
            screenings[place].route,
            screenings[place].indicated_level or 0,
            len(screenings[place].flags),
            -place,
        ),
    )
    return Together(
        indicated_level=max(each.indicated_level or 0 for each in screenings) or None,
        route=max(each.route for each in screenings),
        flags=tuple(sorted({flag for each in screenings for flag in each.flags})),
        leading=leading,
    )
