"""Volume, levels, outcomes and timeliness. Each figure is counted over the rows that its list shows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncWeek

from partnerships.access import Actor
from partnerships.hours import LONDON
from referrals.domain.lifecycle import Outcome, State
from referrals.domain.reference import read_reference
from referrals.models import Clock, Decision, Referral
from referrals.reports.forms import NO_LEVEL, Timeliness
from referrals.triage.queries import HEAVY

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what opens the records behind it."""

    count: int
    query: str


@dataclass(frozen=True, slots=True)
class ClockFigures:
    """How one kind of clock was kept."""

    name: str
    figures: dict[Timeliness, Figure]


def figure(count: int, **filters: Any) -> Figure:
    return Figure(count, urlencode({name: value for name, value in filters.items() if value is not None}))


def start_of_week(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), LONDON)


def mondays(weeks: int, at: dt.datetime) -> list[dt.date]:
    """The Mondays of the last so many weeks, this one's last."""
    this = start_of_week(at.astimezone(LONDON).date())
    return [this - dt.timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]


def timely(how: Timeliness, at: dt.datetime) -> Q:
    """The condition on a clock."""
    return {
        Timeliness.IN_TIME: Q(met_at__isnull=False, met_at__lte=F("due_at")) & ~Q(stage=Clock.Stage.STOPPED),
        Timeliness.LATE: Q(met_at__isnull=False, met_at__gt=F("due_at")),
        Timeliness.RUNNING: Q(met_at__isnull=True, due_at__gte=at) | Q(met_at__isnull=True, paused_at__isnull=False),
        Timeliness.OVERDUE: Q(met_at__isnull=True, due_at__lt=at, paused_at__isnull=True),
    }[how]


def standing() -> QuerySet[Decision]:
    """The decisions that hold, one for each child of the referrals that are decided."""
    return Decision.objects.standing().filter(referral__state=State.DECIDED.value)


def standing_of(rows: QuerySet[Referral]) -> QuerySet[Decision]:
    """The same of these referrals alone."""
    return Decision.objects.standing().filter(referral__in=rows.filter(state=State.DECIDED.value).order_by()).order_by()


def referrals(actor: Actor, filters: Mapping[str, Any], *, at: dt.datetime) -> QuerySet[Referral]:
    """What a report with these filters counts, and what its list shows."""
    rows = Referral.objects.visible_to(actor)
    if q := filters.get("q"):
        reading = read_reference(q)
        return rows.filter(reference=reading.reference) if reading.valid else rows.filter(reference__icontains=q)
    if weeks := filters.get("weeks"):
        rows = rows.filter(received_at__gte=midnight(mondays(weeks, at)[0]))
    if monday := filters.get("week"):
        until = midnight(monday + dt.timedelta(days=7))
        rows = rows.filter(received_at__gte=midnight(monday), received_at__lt=until)
    if state := filters.get("state"):
        rows = rows.filter(state=state)
    if "indicated" in filters:
        rows = rows.filter(indicated_level=filters["indicated"] or None)
    if "decided" in filters:
        rows = rows.filter(state=State.DECIDED.value, decided_level=filters["decided"] or None)
    if outcome := filters.get("outcome"):
        rows = rows.filter(pk__in=standing().filter(outcome=outcome).values("referral"))
    if filters.get("differs"):
        rows = rows.filter(pk__in=standing().filter(differs=True).values("referral"))
    if filters.get("clock") or filters.get("timeliness"):
        clocks = Clock.objects.all()
        if slug := filters.get("clock"):
            clocks = clocks.filter(slug=slug)
        if how := filters.get("timeliness"):
            clocks = clocks.filter(timely(Timeliness(how), at))
        rows = rows.filter(pk__in=clocks.values("referral"))
    return rows


@dataclass(frozen=True, slots=True)
class Group:
    """How many referrals agree in all of these."""

    monday: dt.date
    state: str
    indicated: int | None
    decided: int | None
    count: int


def grouped(rows: QuerySet[Referral]) -> list[Group]:
    """The referrals counted once, by all that weeks, states and levels are told of. One query."""
    parts = ("week", "state", "indicated_level", "decided_level")
    found = rows.order_by().annotate(week=TruncWeek("received_at", tzinfo=LONDON)).values_list(*parts)
    return [Group(week.date(), *rest) for week, *rest in found.annotate(Count("pk"))]


def summed(groups: Iterable[Group], of: Callable[[Group], Any]) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    for each in groups:
        counts[of(each)] += each.count
    return counts


def by_week(groups: list[Group], weeks: int, *, at: dt.datetime) -> list[tuple[dt.date, Figure]]:
    """Each week of the period, also one in which nothing came."""
    counted = summed(groups, lambda each: each.monday)
    return [(monday, figure(counted[monday], weeks=weeks, week=monday.isoformat())) for monday in mondays(weeks, at)]


def by_state(groups: list[Group], weeks: int) -> list[tuple[State, Figure]]:
    counted = summed(groups, lambda each: each.state)
    return [(state, figure(counted[state.value], weeks=weeks, state=state.value)) for state in State]


def by_level(groups: list[Group], weeks: int, which: str) -> list[tuple[int | None, Figure]]:
    """`indicated` over all of the period, `decided` over what is decided; the highest first, none at the end."""
    if which == "decided":
        counted = summed((each for each in groups if each.state == State.DECIDED.value), lambda each: each.decided)
    else:
        counted = summed(groups, lambda each: each.indicated)
    ranks = sorted(counted, key=lambda rank: -(rank or 0))
    return [(rank, figure(counted[rank], weeks=weeks, **{which: NO_LEVEL if rank is None else rank})) for rank in ranks]


def by_outcome(rows: QuerySet[Referral], weeks: int) -> list[tuple[Outcome, Figure]]:
    counted = dict(standing_of(rows).values_list("outcome").annotate(Count("referral", distinct=True)))
    return [
        (outcome, figure(counted[outcome.value], weeks=weeks, outcome=outcome.value))
        for outcome in Outcome
        if outcome.value in counted
    ]


def differing(rows: QuerySet[Referral], weeks: int) -> Figure:
    """How many were decided on another level than the one indicated."""
    count = standing_of(rows).filter(differs=True).values("referral").distinct().count()
    return figure(count, weeks=weeks, differs="yes")


def by_clock(rows: QuerySet[Referral], weeks: int, *, at: dt.datetime) -> list[ClockFigures]:
    """Each limit: met in time, met late, running, overdue."""
    counts = {how.value: Count("pk", filter=timely(how, at)) for how in Timeliness}
    found: Any = (
        Clock.objects.filter(referral__in=rows.order_by())
        .order_by()
        .values("slug")
        .annotate(called=Max("name"), **counts)
        .order_by("slug")
    )
    return [
        ClockFigures(
            row["called"],
            {how: figure(row[how.value], weeks=weeks, clock=row["slug"], timeliness=how.value) for how in Timeliness},
        )
        for row in found
    ]


def listed(rows: QuerySet[Referral], number: int) -> tuple[list[Referral], bool]:
    """A page of the records behind a figure, the latest first, and whether there are more. Each has its `outcome`."""
    outcome = Decision.objects.standing().filter(referral=OuterRef("pk")).order_by("at").values("outcome")
    start = (number - 1) * PER_PAGE
    found: list[Any] = list(
        rows.select_related("team", "scheme_version", "agency")
        .defer(*HEAVY)
        .annotate(outcome=Subquery(outcome[:1]))
        .order_by("-received_at", "pk")[start : start + PER_PAGE + 1]
    )
    return found[:PER_PAGE], len(found) > PER_PAGE
