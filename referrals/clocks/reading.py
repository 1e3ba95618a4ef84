"""What of the clocks is read: those of one referral, those that were late on a day, those of a team's wall-board."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from partnerships.access import Actor
from partnerships.hours import LONDON
from partnerships.models import Team
from partnerships.permissions import Permission
from referrals.clocks.words import called
from referrals.domain.lifecycle import State
from referrals.models import Clock, ClockPause, LateReason, Referral

BY_HAND = ("allocation_notice", "assessment", "not_reached")
"""What a person marks as done: limits that begin after the decision, and reaching somebody whose email came back."""

ON_A_WALL = 40


def of_referral(referral: Referral) -> list[Clock]:
    """A referral's clocks in the order in which they fall due, each with `paused_why`, `paused_until` and who gave the
    late reason."""
    pause = ClockPause.objects.filter(clock=OuterRef("pk"), resumed_at__isnull=True)
    return list(
        Clock.objects.filter(referral=referral)
        .select_related("met_by", "late_said_by")
        .annotate(
            why_it_stands=Subquery(pause.values("reason")[:1]), stands_until=Subquery(pause.values("until_at")[:1])
        )
        .order_by("due_at", "pk")
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A clock on the referral's page: how it stands, and what this person may do with it."""

    clock: Clock
    late: bool
    asks_why: bool
    may_pause: bool
    may_resume: bool
    may_meet: bool


def shown(clocks: list[Clock], actor: Actor, *, works_here: bool, at: dt.datetime) -> list[Shown]:
    pauses = actor.can(Permission.CLOCK_PAUSE)
    says_why = pauses or works_here
    rows = []
    for clock in clocks:
        late, running = clock.is_late(at), clock.met_at is None
        rows.append(
            Shown(
                clock,
                late,
                asks_why=late and says_why,
                may_pause=pauses and running and not late and clock.paused_at is None,
                may_resume=pauses and running and clock.paused_at is not None,
                may_meet=running and works_here and clock.slug in BY_HAND,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class LateDay:
    """What fell due on one London day and was not met in time, and what stood still on it."""

    day: dt.date
    clocks: list[Clock]
    paused: list[ClockPause]
    reasons: list[tuple[str, int]]
    fell_due: int

    @property
    def unexplained(self) -> int:
        return sum(not clock.late_why for clock in self.clocks)


def late_on(actor: Actor, day: dt.date, *, at: dt.datetime) -> LateDay:
    """What was late on a day, and why; three queries."""
    begins = dt.datetime.combine(day, dt.time(), LONDON)
    ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), LONDON)
    mine = Clock.objects.filter(referral__in=Referral.objects.visible_to(actor).order_by())
    due = mine.filter(due_at__gte=begins, due_at__lt=ends)
    clocks = list(
        due.filter(Q(met_at__gt=F("due_at")) | Q(met_at__isnull=True, paused_at__isnull=True, due_at__lt=at))
        .select_related("referral__team", "referral__owner", "met_by", "late_said_by")
        .order_by("due_at", "pk")
    )
    paused = list(
        ClockPause.objects.filter(clock__in=mine, paused_at__lt=ends)
        .filter(Q(resumed_at__isnull=True) | Q(resumed_at__gte=begins))
        .select_related("clock__referral", "paused_by")
    )
    counted = Counter(clock.late_why for clock in clocks)
    reasons = [(why.label, counted[why.value]) for why in LateReason if counted[why.value]]
    return LateDay(day, clocks, paused, reasons, due.count())


@dataclass(frozen=True, slots=True)
class Wall:
    """A team's clocks for a screen on the wall: counts, and what is due next, each by what it is called there. No
    child's name is read for it, and no agency's: a school's would tell whose child it is.
    """

    overdue: int
    due_soon: int
    running: int
    rows: list[tuple[Clock, str]]


def wall(actor: Actor, team: Team, *, at: dt.datetime) -> Wall:
    """The counting clocks of a team's open referrals, what is due first at the top."""
    open_here: QuerySet[Referral] = Referral.objects.visible_to(actor).open().filter(team=team).order_by()
    clocks = Clock.objects.filter(referral__in=open_here).counting()
    counted = clocks.order_by().aggregate(
        all=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lt=at)),
        due_soon=Count("pk", filter=Q(due_at__gte=at, warn_at__lte=at)),
    )
    overdue, soon = counted["overdue"], counted["due_soon"]
    first = clocks.select_related("referral__owner").order_by("due_at", "pk")[:ON_A_WALL]
    rows = [(clock, called(clock)) for clock in first]
    return Wall(overdue, soon, counted["all"] - overdue - soon, rows)


def own_due(actor: Actor) -> QuerySet[Clock]:
    """What falls due on the referrals that this person has in hand."""
    if actor.user is None:
        return Clock.objects.none()
    mine = Referral.objects.visible_to(actor).filter(owner=actor.user, state=State.IN_HAND.value).order_by()
    return Clock.objects.filter(referral__in=mine).counting().select_related("referral").order_by("due_at", "pk")
