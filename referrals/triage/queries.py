"""Queues: which a person may see, how full they are, a page of one, and what stands beside a referral in its list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery

from partnerships.access import Actor, actor_for
from partnerships.models import Team
from partnerships.permissions import Permission, Role
from referrals.domain.lifecycle import State
from referrals.models import Child, Clock, ClockPause, Heartbeat, Referral, SavedView
from referrals.standing import CONSENT_SAID
from referrals.triage.filters import EVERYWHERE, FLAGS, Cursor, Filter, Show
from thresholds.loading import NoThreshold, load, version_in_force

PER_PAGE = 25
HEAVY = ("scheme_version__guidance", "scheme_version__plot_sheet", "scheme_version__flag_notes")
"""What a list of referrals does not need of the threshold version: `load` keeps that."""

LONG = ("answers", "screening", "referrer_details", *HEAVY)
"""What a line of a queue does not need: its words are kept on the row."""

IN_A_LINE = (
    "id",
    "partnership_id",
    "referral_id",
    "order",
    "first_name",
    "last_name",
    "date_of_birth",
    "unborn",
    "expected_on",
    "estimated_age",
)


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of one team, or of all of them together (`team` is None), and how many referrals are in each part."""

    team: Any
    teams: tuple[Team, ...]
    counts: dict[Show, int]

    @property
    def open(self) -> int:
        return self.counts[Show.ALL]

    @property
    def slug(self) -> str:
        return self.team.slug if self.team else EVERYWHERE

    @property
    def name(self) -> str:
        return self.team.name if self.team else "All queues"


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of a queue. `previous` and `next`: the cursors of the pages beside it, None where there is none."""

    referrals: list[Referral]
    previous: Cursor | None
    next: Cursor | None


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


def queues_for(actor: Actor, *, at: dt.datetime) -> list[Queue]:
    """Every queue that this person may see, the MASH first, each with its counts. Two queries."""
    teams = sorted(teams_of(actor), key=lambda team: (not team.is_mash, team.name))
    parts: dict[str, Any] = {
        show.value: Count("pk", filter=show.condition(actor.user, at)) if show is not Show.ALL else Count("pk")
        for show in Show
    }
    counted: dict[int, Any] = {
        row["team"]: row
        for row in Referral.objects.open()
        .filter(team__in=[team.pk for team in teams])
        .unless_restricted(actor)
        .order_by()
        .values("team")
        .annotate(**parts)
    }
    return [
        Queue(team, (team,), {show: counted.get(team.pk, {}).get(show.value, 0) for show in Show}) for team in teams
    ]


def with_all(queues: list[Queue]) -> list[Queue]:
    """The queues and, where there are several, all of them together at the end."""
    if len(queues) < 2:
        return queues
    teams = tuple(each.team for each in queues if each.team)
    return [*queues, Queue(None, teams, {show: sum(each.counts[show] for each in queues) for show in Show})]


def listed(actor: Actor, teams: tuple[Team, ...], chosen: Filter, *, at: dt.datetime) -> QuerySet[Referral]:
    """What a list holds, in its order: danger above all, by what is due; then who is next seen; then what is due."""
    rows = Referral.objects.open().unless_restricted(actor).filter(chosen.condition(actor.user, at))
    if len(teams) == 1:
        return rows.filter(team=teams[0]).most_urgent_first()
    return rows.filter(partnership=actor.partnership, team__in=[team.pk for team in teams]).most_urgent_first()


def queue(
    actor: Actor,
    teams: tuple[Team, ...],
    chosen: Filter,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    at: dt.datetime,
) -> QueuePage:
    """A page of a list, from a place on or up to one. Two queries: rows, and their children.

    A page is found from its first referral, not by counting from the front: the deepest costs what the first does, and
    nothing is shown twice or left out where a colleague takes one meanwhile.
    """
    rows = listed(actor, teams, chosen, at=at)
    if before is not None:
        found = lines(rows.filter(before.before).reverse())
        if len(found) > PER_PAGE:
            return QueuePage(found[1:], Cursor.at(found[1]), Cursor.at(found[-1]))
        after = None  # fewer are left in front than fill a page: show the first one
    found = lines(rows.filter(after.after) if after is not None else rows)
    shown = found[:PER_PAGE]
    more = Cursor.at(shown[-1]) if len(found) > PER_PAGE else None
    return QueuePage(shown, Cursor.at(shown[0]) if after is not None and shown else None, more)


def lines(rows: QuerySet[Referral]) -> list[Referral]:
    """A page of rows and one more, each with `next_clock`, the name of what is due next, `stands_until`, the day until
    which a clock of it is paused, and what its line needs."""
    next_clock = Clock.objects.filter(referral=OuterRef("pk")).counting().order_by("due_at").values("name")
    paused = ClockPause.objects.filter(clock__referral=OuterRef("pk"), resumed_at__isnull=True, until_at__isnull=False)
    return list(
        Referral.objects.filter(pk__in=rows.values("pk")[: PER_PAGE + 1])
        .select_related("owner", "agency", "team", "scheme_version")
        .defer(*LONG)
        .annotate(
            next_clock=Subquery(next_clock[:1]),
            stands_until=Subquery(paused.order_by("until_at").values("until_at")[:1]),
        )
        .prefetch_related(Prefetch("children", Child.objects.only(*IN_A_LINE)))
        .most_urgent_first()
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """The keys of the referrals in front of and behind one in a list."""

    previous: Any
    next: Any


def beside(referral: Referral, actor: Actor, teams: tuple[Team, ...], chosen: Filter, *, at: dt.datetime) -> Beside:
    """What stands in front of and behind a referral, whether or not it fits the list still. One query."""
    rows, here = listed(actor, teams, chosen, at=at), Cursor.at(referral)
    both = {
        "previous": Subquery(rows.filter(here.before).reverse().values("pk")[:1]),
        "next": Subquery(rows.filter(here.after).values("pk")[:1]),
    }
    return Beside(*Referral.objects.filter(pk=referral.pk).order_by().values_list(*both.values()).get())


def waiting_for(actor: Actor, team: Team) -> QuerySet[Referral]:
    """What nobody of the team has taken yet and this person may see, the most urgent first."""
    rows = Referral.objects.in_queue(team).unless_restricted(actor)
    return rows.filter(state=State.WAITING.value, owner__isnull=True)


def first_to_take(actor: Actor, team: Team) -> Referral | None:
    """The most urgent that nobody has, so that many from one sender do not bury what others told of.

    Of what is as urgent, others go first. What says that a child is in danger goes before what does not, as always;
    where it is one of many from one sender, by turns: of each two that the team takes, one is somebody else's.
    """
    waiting = waiting_for(actor, team)
    apart, flood = waiting.filter(arrival_note="").first(), waiting.exclude(arrival_note="").first()
    if flood is None or apart is None or apart.urgency <= flood.urgency:
        return apart or flood
    taken = Referral.objects.filter(team=team, owned_at__isnull=False).order_by("-owned_at")
    last = taken.values_list("arrival_note", flat=True).first()
    return apart if last else flood


def saved_views(actor: Actor, teams: list[Team]) -> list[SavedView]:
    """The views that this person kept, and those that were shared with everybody of these queues.

    A name may tell of a child. One of all queues is shown to whoever sees every queue that its author sees.
    """
    shared = Q(shared=True) & (Q(team__in=teams) | Q(team__isnull=True))
    rows = SavedView.objects.filter(Q(by=actor.user) | shared).select_related("team", "by")
    own = set(teams_of(actor))
    theirs: dict[Any, set[Team]] = {}
    found = []
    for view in rows:
        if view.team is None and view.by_id != getattr(actor.user, "pk", None):
            if view.by_id not in theirs:
                theirs[view.by_id] = set(teams_of(actor_for(view.by, actor.partnership)))
            if not theirs[view.by_id] or not theirs[view.by_id] <= own:
                continue
        found.append(view)
    return found[:40]


def options(actor: Actor, teams: tuple[Team, ...], *, at: dt.datetime) -> dict[str, list[tuple[str, str]]]:
    """What there is to choose from in a filter: the threshold's own steps, flags, consent, who has one. Two queries."""
    rows = Referral.objects.open().unless_restricted(actor).filter(team__in=teams, owner__isnull=False)
    owners = rows.order_by("owner__name").values_list("owner", "owner__name").distinct()
    levels: list[tuple[str, str]] = []
    if actor.partnership is not None:
        try:
            scheme = load(version_in_force(actor.partnership, at))
        except NoThreshold:
            pass
        else:
            word = scheme.step_word.value.capitalize()
            levels = [(str(each.rank), f"{word} {each.rank}: {each.name}") for each in scheme.levels]
    return {
        "level": [*levels, ("0", "None indicated")],
        "flag": sorted(FLAGS.items(), key=lambda each: each[1]),
        "consent": [(said, said) for said in CONSENT_SAID],
        "owner": [(str(pk), name) for pk, name in owners],
    }


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
