"""Queues: which a person may see, how full they are, and a page of one, without a query a row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from partnerships.access import Actor
from partnerships.models import Team, User
from partnerships.permissions import Permission, Role
from referrals.domain.lifecycle import State
from referrals.models import Clock, Heartbeat, Referral

PER_PAGE = 25
HEAVY = ("scheme_version__guidance", "scheme_version__plot_sheet", "scheme_version__flag_notes")
"""What a list of referrals does not need of the threshold version: `load` keeps that."""

DEEPEST = 4000
"""The last page that is looked up: behind it lies nothing that anybody reads page by page."""


class Show(StrEnum):
    """What of a queue is shown."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    DANGER = "danger"

    @property
    def label(self) -> str:
        return SHOWN[self]


SHOWN = {
    Show.ALL: "All open",
    Show.MINE: "Mine",
    Show.UNASSIGNED: "Nobody has it",
    Show.OVERDUE: "Overdue",
    Show.DANGER: "In danger",
}


@dataclass(frozen=True, slots=True)
class Queue:
    """One team's queue and how many referrals are in it."""

    team: Team
    counts: dict[Show, int]

    @property
    def open(self) -> int:
        return self.counts[Show.ALL]


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of a queue. `first` and `last` count from 1 within what is shown; 0 where nothing is."""

    referrals: list[Referral]
    number: int
    more: bool

    @property
    def first(self) -> int:
        return (self.number - 1) * PER_PAGE + 1 if self.referrals else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * PER_PAGE + len(self.referrals)


def teams_of(actor: Actor) -> QuerySet[Team]:
    """The teams whose queues this person may see: the MASH's for a screener, one's own, or all for who reads all."""
    if actor.partnership is None or actor.user is None or not actor.can(Permission.QUEUE_READ):
        return Team.objects.none()
    teams = Team.objects.filter(partnership=actor.partnership)
    if actor.can(Permission.REFERRAL_READ_ALL):
        return teams
    mine = Q(pk__in=actor.team_ids)
    if Role.SCREENER.value in actor.roles:
        mine |= Q(kind=Team.Kind.MASH)
    return teams.filter(mine)


def shown(show: Show, user: User | None, at: dt.datetime) -> Q:
    """The condition that each choice stands for, on open referrals."""
    conditions = {
        Show.ALL: Q(),
        Show.MINE: Q(owner=user),
        Show.UNASSIGNED: Q(owner__isnull=True),
        Show.OVERDUE: Q(next_due_at__lt=at),
        Show.DANGER: Q(immediate_danger=True),
    }
    return conditions[show]


def queues_for(actor: Actor, *, at: dt.datetime) -> list[Queue]:
    """Every queue that this person may see, the MASH first, each with its counts. Two queries."""
    teams = list(teams_of(actor))
    counted: dict[int, Any] = {
        row["team"]: row
        for row in Referral.objects.open()
        .filter(team__in=teams)
        .order_by()
        .values("team")
        .annotate(
            **{
                show.value: Count("pk", filter=shown(show, actor.user, at)) if show is not Show.ALL else Count("pk")
                for show in Show
            }
        )
    }
    return [
        Queue(team, {show: counted.get(team.pk, {}).get(show.value, 0) for show in Show})
        for team in sorted(teams, key=lambda team: (not team.is_mash, team.name))
    ]


def queue(actor: Actor, team: Team, show: Show, *, page: int, at: dt.datetime) -> QueuePage:
    """A page of a team's queue: danger above all, then what is due first. Two queries: rows, and their children.

    Each row carries `next_clock`, the name of what is due next.
    """
    number = max(1, min(page, DEEPEST))
    start = (number - 1) * PER_PAGE
    keys = (
        Referral.objects.visible_to(actor)
        .in_queue(team)
        .filter(shown(show, actor.user, at))
        .values("pk")[start : start + PER_PAGE + 1]
    )
    next_clock = Clock.objects.filter(referral=OuterRef("pk")).counting().order_by("due_at").values("name")
    rows = list(
        Referral.objects.filter(pk__in=keys)
        .select_related("owner", "agency", "scheme_version")
        .defer(*HEAVY)
        .annotate(next_clock=Subquery(next_clock[:1]))
        .prefetch_related("children")
        .most_urgent_first()
    )
    return QueuePage(rows[:PER_PAGE], number, len(rows) > PER_PAGE)


def waiting_for(team: Team) -> QuerySet[Referral]:
    """What nobody of the team has taken yet, the most urgent first."""
    return Referral.objects.in_queue(team).filter(state=State.WAITING.value, owner__isnull=True)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Whether the background sweep runs, and when it last did."""

    last: dt.datetime | None
    stopped: bool


def sweep_seen(*, at: dt.datetime) -> Sweep:
    """A sweep that was not seen for three of its rounds has stopped: clocks are right, but nobody is being warned."""
    last = Heartbeat.objects.filter(name="sweep").values_list("beat_at", flat=True).first()
    too_old = last is None or at - last > dt.timedelta(seconds=3 * settings.SWEEP_SECONDS)
    return Sweep(last, too_old)
