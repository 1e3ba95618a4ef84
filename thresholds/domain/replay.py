"""Past contacts under two versions of a threshold: cases in, the shift out.

    shift, changed = Replayer(before, after).replay(cases)

A case is one child of one referral. Both versions screen the same facts, so that what differs is the content alone.
Level and route are counted a child; the load of the queues a referral, which goes where its most urgent child goes.
Shifts of parts of the cases are added up by `plus`, where no referral is torn apart between parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from thresholds.domain.causes import Causes
from thresholds.domain.facts import Child, Facts
from thresholds.domain.scheme import Flag, Scheme
from thresholds.domain.weighing import FLAGS, ROUTES, Tables, Weighed, age_in_months

UNBORN, NOT_KNOWN = "Unborn", "Not known"
BANDS = ((12, "Under 1"), (60, "1 to 4"), (120, "5 to 9"), (192, "10 to 15"))
AGE_BANDS = (UNBORN, *(name for _, name in BANDS), "16 and over", NOT_KNOWN)
"""The bands of the Children in Need census, youngest first."""

UP, DOWN = "up", "down"


@dataclass(frozen=True, slots=True)
class Case:
    """One child of one referral. `queues` are where it would go on advice, early help and MASH, by name.

    Children of one referral follow one another and share its `referral` and its `queues`. `week` is the Monday.
    """

    facts: Facts
    referral: object
    week: date
    agency: str = ""
    age_band: str = NOT_KNOWN
    sex: str = ""
    queues: tuple[str, str, str] = ("advice", "early_help", "mash")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one version says of a case. Level 0 is none."""

    level: int
    route: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A case whose level or route differs: its place among the cases given, both answers, and what has a hand in it."""

    place: int
    before: Answer
    after: Answer
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """What moves, counted. Keys:

    levels  (before, after), 0 for none · routes (before, after) · flags (flag, "gained" or "lost")
    groups  (kind, name, "all", "up", "down" or "route") with kind "agency", "age" or "sex"
    load    (Monday as text, queue, "before" or "after"), a referral
    causes  (cause, "up", "down" or "route")
    """

    children: int = 0
    referrals: int = 0
    changed: int = 0
    flags_only: int = 0
    strangers: int = 0
    """Children none of whose indicators the draft knows, while the version before knows some."""
    levels: Counter[tuple[int, int]] = field(default_factory=Counter)
    routes: Counter[tuple[str, str]] = field(default_factory=Counter)
    flags: Counter[tuple[str, str]] = field(default_factory=Counter)
    groups: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    load: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def plus(self, other: Shift) -> Shift:
        """Both together."""
        told: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in (*NUMBERS, *TABLES)}
        return Shift(**told)


NUMBERS = ("children", "referrals", "changed", "flags_only", "strangers")
TABLES = ("levels", "routes", "flags", "groups", "load", "causes")


def write_shift(shift: Shift) -> dict[str, Any]:
    """The shift as plain JSON values, in a settled order: `read_shift(write_shift(shift)) == shift`."""
    return {name: getattr(shift, name) for name in NUMBERS} | {
        name: [[*key, count] for key, count in sorted(getattr(shift, name).items())] for name in TABLES
    }


def read_shift(data: dict[str, Any]) -> Shift:
    """What `write_shift` wrote; nothing at all is an empty shift."""
    told: dict[str, Any] = {name: int(data.get(name, 0)) for name in NUMBERS}
    told |= {name: Counter({tuple(row[:-1]): row[-1] for row in data.get(name, [])}) for name in TABLES}
    return Shift(**told)


def age_band(born: date | None, expected: date | None, on: date) -> str:
    """The band in which a child was on a day."""
    months = age_in_months(Child(born, expected), on)
    if months is None:
        return NOT_KNOWN
    if months < 0:
        return UNBORN
    return next((name for under, name in BANDS if months < under), AGE_BANDS[-2])


def direction(before: Answer, after: Answer) -> str:
    """Up or down, by level, then by route. The level before and after being the same, the route speaks."""
    if before.level != after.level:
        return UP if after.level > before.level else DOWN
    return UP if after.route > before.route else DOWN


class Replayer:
    """Two versions made ready."""

    def __init__(self, before: Scheme, after: Scheme) -> None:
        self.before, self.after = Tables(before), Tables(after)
        self.causes = Causes(self.before, self.after)

    def replay(self, cases: Iterable[Case]) -> tuple[Shift, tuple[Changed, ...]]:
        """The shift of these cases, and those that change, in their order."""
        shift = _Sum()
        changed: list[Changed] = []
        for place, case in enumerate(cases):
            one = self.before.weigh(case.facts)
            two = self.after.weigh(case.facts)
            moved = one.indicated != two.indicated or one.settled.route != two.settled.route
            if moved:
                causes = self.causes.of(case.facts, one, two)
                changed.append(Changed(place, answer(self.before, one), answer(self.after, two), causes))
            shift.add(case, one, two, changed[-1] if moved else None)
        return shift.done(), tuple(changed)


def answer(tables: Tables, weighed: Weighed) -> Answer:
    route = ROUTES[weighed.settled.route].value
    return Answer(weighed.indicated, route, tables.flags_of(weighed.settled.flags))


class _Sum:
    """A shift while it is added up: plain counters, for speed."""

    def __init__(self) -> None:
        self.shift: dict[str, Counter[Any]] = {name: Counter() for name in TABLES}
        self.numbers: Counter[str] = Counter()
        self.referral: object = self
        self.routes = (0, 0)
        self.where: tuple[str, Sequence[str]] = ("", ())

    def add(self, case: Case, one: Weighed, two: Weighed, changed: Changed | None) -> None:
        from_route, to_route = one.settled.route, two.settled.route
        if case.referral != self.referral:
            self.close()
            self.referral, self.routes = case.referral, (from_route, to_route)
            self.where = (case.week.isoformat(), case.queues)
        else:
            self.routes = (max(self.routes[0], from_route), max(self.routes[1], to_route))
        self.numbers["children"] += 1
        self.shift["levels"][one.indicated, two.indicated] += 1
        self.shift["routes"][ROUTES[from_route].value, ROUTES[to_route].value] += 1
        for kind, name in (("agency", case.agency), ("age", case.age_band), ("sex", case.sex)):
            self.shift["groups"][kind, name, "all"] += 1
        if one.settled.flags != two.settled.flags:
            self.flags(one.settled.flags, two.settled.flags)
            self.numbers["flags_only"] += changed is None
        if changed is not None:
            self.changed(case, changed)
        if not two.tally.picked and one.tally.picked:
            self.numbers["strangers"] += 1

    def flags(self, before: int, after: int) -> None:
        for place, flag in enumerate(FLAGS):
            if (before ^ after) >> place & 1:
                self.shift["flags"][flag.value, "gained" if after >> place & 1 else "lost"] += 1

    def changed(self, case: Case, changed: Changed) -> None:
        self.numbers["changed"] += 1
        before, after = changed.before, changed.after
        ways = [UP if after.level > before.level else DOWN] if before.level != after.level else []
        ways += ["route"] if before.route != after.route else []
        for way in ways:
            for kind, name in (("agency", case.agency), ("age", case.age_band), ("sex", case.sex)):
                self.shift["groups"][kind, name, way] += 1
            for cause in changed.causes:
                self.shift["causes"][cause, way] += 1

    def close(self) -> None:
        """The referral that is over goes to a queue each way."""
        if self.referral is self:
            return
        week, queues = self.where
        self.numbers["referrals"] += 1
        self.shift["load"][week, queues[self.routes[0]], "before"] += 1
        self.shift["load"][week, queues[self.routes[1]], "after"] += 1

    def done(self) -> Shift:
        self.close()
        told: dict[str, Any] = {name: self.numbers[name] for name in NUMBERS} | self.shift
        return Shift(**told)
