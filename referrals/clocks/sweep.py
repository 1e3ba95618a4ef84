"""The sweep: moves each clock from running to due soon to overdue; the owner hears, then the team, then the managers.

A plain function. Beat calls it through `referrals.tasks`; `manage.py sweep --loop` calls it where broker or beat is
dead; two at once do no harm, since only who holds or changed a clock's row tells of its step.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django_scopes import scope

from partnerships import audit
from partnerships.each import for_each
from partnerships.models import Membership, Partnership, Team, User
from partnerships.permissions import Permission, Role
from partnerships.staffing import managers, workers
from referrals import health, outbox
from referrals.asking.chasing import chase
from referrals.clocks import words
from referrals.domain.lifecycle import State
from referrals.models import Clock, DisagreementStage, Referral, RestrictedAccess, Support

log = logging.getLogger(__name__)
BATCH = 1000
LONGEST = 40.0
"""Seconds after which a sweep leaves the rest to the next one: a task has 60."""

TO_THE_MANAGER = dt.timedelta(hours=1)
"""How long something may be overdue before the managers hear of it; a child in danger has no such hour."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many clocks took each step."""

    due_soon: int = 0
    overdue: int = 0
    to_the_manager: int = 0


TO_MANAGER = "to_the_manager"
Known = dict[object, list[User]]
"""Teams' members and the managers, as far as they were looked up in one sweep."""


@dataclass(slots=True)
class Round:
    """What one sweep knows of one partnership: whom it looked up, and the clocks that can't be moved."""

    partnership: Partnership
    known: Known = field(default_factory=dict)
    left_alone: set[int] = field(default_factory=set)


def sweep(*, at: dt.datetime, only: int | None = None) -> Swept:
    """Move what has something to do at this instant; a round of every partnership is noted.

    only: of this partnership alone, by its key.

    Children in danger come before all others, then what has waited longest; the partnerships take turns. Each batch
    stands by itself: what a sweep does not reach in `LONGEST`, or leaves where it is killed, the next one finds, and
    another that runs beside it takes what this one does not hold.
    """
    taken: Counter[str] = Counter()
    until = time.monotonic() + LONGEST
    rounds = for_each(Round, only=only)
    for danger in (True, False):
        busy = list(rounds)
        while busy:
            for each in list(busy):
                with scope(partnership=each.partnership):
                    steps = sweep_some(each, danger=danger, at=at)
                taken.update(steps)
                if not steps:
                    busy.remove(each)
                elif time.monotonic() > until:
                    return swept(taken, only, at=at)
    return swept(taken, only, at=at)


def swept(taken: Counter[str], only: int | None, *, at: dt.datetime) -> Swept:
    if only is None:
        health.beat("sweep", at=at)
    return Swept(taken[Clock.Stage.DUE_SOON], taken[Clock.Stage.OVERDUE], taken[TO_MANAGER])


def sweep_some(each: Round, *, danger: bool, at: dt.datetime) -> list[str]:
    """Take the next clocks of the partnership in scope one step on: the steps; none where nothing is to do.

    danger: only those of children in danger.
    """
    try:
        return steps_together(each, danger=danger, at=at)
    except DatabaseError:
        raise
    except Exception:
        log.exception("Some clocks of %s could not be moved together: each by itself", each.partnership.slug)
    steps = []
    for clock in joined(each, list(due_now(each.left_alone, at, danger=danger)[:BATCH])):
        try:
            steps.append(step(clock, at=at) or "")
        except DatabaseError:
            raise
        except Exception:  # one clock that can't be moved must not hold up the others
            log.exception("Clock %s could not be moved", clock.pk)
            each.left_alone.add(clock.pk)
            steps.append("")
    return steps


NEEDED = ("id", "reference", "partnership", "owner", "team", "state", "restricted", "immediate_danger", "referrer")
UNREAD = [f"referral__{each.name}" for each in Referral._meta.concrete_fields if each.name not in NEEDED]
"""What of a referral no step needs: much of it is long, and sealed."""


def due_now(left_alone: set[int], at: dt.datetime, *, danger: bool) -> QuerySet[Clock]:
    """What has something to do, oldest first, from the index `clock_sweep`."""
    rows = Clock.objects.filter(next_step_at__lte=at, met_at__isnull=True).exclude(pk__in=left_alone)
    if danger:
        rows = rows.filter(referral__immediate_danger=True)
    return rows.select_related("referral").defer(*UNREAD).order_by("next_step_at")


def joined(each: Round, clocks: list[Clock]) -> list[Clock]:
    """These clocks with their partnership, teams and owners: of those there are few, and each is read once."""
    teams = Team.objects.in_bulk({clock.referral.team_id for clock in clocks})
    owners = User.objects.in_bulk({clock.referral.owner_id for clock in clocks if clock.referral.owner_id})
    for clock in clocks:
        clock.partnership = clock.referral.partnership = each.partnership
        clock.referral.team = teams[clock.referral.team_id]
        if clock.referral.owner_id:
            clock.referral.owner = owners[clock.referral.owner_id]
    return clocks


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a clock: its name, the stage that it leads to, and when the next one is."""

    taken: str
    stage: Clock.Stage
    next_step_at: dt.datetime | None


def next_of(clock: Clock) -> Step:
    """The steps: due soon, told to the owner, or to the team where nobody has it; overdue, told to the owner and the
    team; still overdue, told to the managers. A clock that passed several while no sweep ran takes each, in as many
    passes, and tells of each once.
    """
    if clock.stage == Clock.Stage.RUNNING:
        return Step(Clock.Stage.DUE_SOON.value, Clock.Stage.DUE_SOON, clock.due_at)
    if clock.stage == Clock.Stage.DUE_SOON:
        return Step(Clock.Stage.OVERDUE.value, Clock.Stage.OVERDUE, clock.due_at + grace(clock))
    return Step(TO_MANAGER, Clock.Stage.OVERDUE, None)


def grace(clock: Clock) -> dt.timedelta:
    return dt.timedelta(0) if clock.referral.immediate_danger else TO_THE_MANAGER


@transaction.atomic
def steps_together(of: Round, *, danger: bool, at: dt.datetime) -> list[str]:
    """Take up to `BATCH` clocks one step on, in a few statements for all of them: the steps, one a clock.

    The rows are held first, and rows that another sweep holds are passed over, so that each step is taken once. The
    trail comes last: whoever else writes to it waits only for that.
    """
    rows = due_now(of.left_alone, at, danger=danger).select_for_update(of=("self",), skip_locked=True)
    steps = [(clock, next_of(clock)) for clock in joined(of, list(rows[:BATCH]))]
    if not steps:
        return []
    alike: dict[tuple[str, dt.timedelta], list[int]] = {}
    for clock, each in steps:
        alike.setdefault((each.taken, grace(clock)), []).append(clock.pk)
    for (taken, after), keys in alike.items():
        moved = Clock.objects.filter(pk__in=keys)
        if taken == Clock.Stage.DUE_SOON:
            moved.update(stage=Clock.Stage.DUE_SOON, next_step_at=F("due_at"))
        elif taken == Clock.Stage.OVERDUE:
            moved.update(stage=Clock.Stage.OVERDUE, next_step_at=F("due_at") + after)
        else:
            moved.update(next_step_at=None)
    told = [words_of(clock, each, told_of(clock.referral, each.taken, of.known)) for clock, each in steps]
    outbox.tell_all(partnership=of.partnership, words=list(chain(*told)), at=at)
    for clock, each in steps:
        if each.taken != TO_MANAGER:
            chase(clock, each.stage, at=at)
    entries = [
        audit.Told(f"clock.{each.taken}", "referral", clock.referral_id, what(clock), of=clock.referral_id)
        for clock, each in steps
    ]
    audit.record_all(partnership=of.partnership, entries=entries, by=None, at=at)
    return [each.taken for _, each in steps]


@transaction.atomic
def step(clock: Clock, *, at: dt.datetime) -> str | None:
    """Take one clock one step on, by one conditional update: the step's name, or None where it was taken."""
    each = next_of(clock)
    moved = Clock.objects.filter(
        pk=clock.pk, stage=clock.stage, next_step_at=clock.next_step_at, met_at__isnull=True
    ).update(stage=each.stage, next_step_at=each.next_step_at)
    if not moved:
        return None
    audit.record(
        partnership=clock.partnership,
        verb=f"clock.{each.taken}",
        noun="referral",
        object_id=clock.referral_id,
        of=clock.referral_id,
        detail=what(clock),
        by=None,
        at=at,
    )
    heard = told_of(clock.referral, each.taken, {})
    outbox.tell_all(partnership=clock.partnership, words=words_of(clock, each, heard), at=at)
    if each.taken != TO_MANAGER:
        chase(clock, each.stage, at=at)
    return each.taken


def what(clock: Clock) -> dict[str, object]:
    return {"limit": clock.slug, "due_at": clock.due_at.isoformat()}


def words_of(clock: Clock, each: Step, people: list[User]) -> list[outbox.Word]:
    """What these people read of a step, whoever was named to act at the stage of a disagreement, and who gives the
    early help that is to be accepted or reviewed."""
    helping = {person.pk: person for person in ([] if each.taken == TO_MANAGER else helping_by(clock))}
    heard = {person.pk: person for person in [*people, *named_at(clock)]} | helping
    body = words.still_overdue(clock) if each.taken == TO_MANAGER else words.due(clock, each.stage)
    theirs = words.due_in_support(clock, each.stage) if helping else body
    return [
        outbox.Word(
            referral=clock.referral,
            kind=f"clock_{each.stage}",
            to=person,
            key=f"clock:{clock.pk}:{each.stage}:{person.pk}",
            subject=SUBJECTS[each.stage],
            body=theirs if person.pk in helping else body,
        )
        for person in heard.values()
    ]


SUBJECTS = {
    Clock.Stage.DUE_SOON: "Front Door: something is due soon",
    Clock.Stage.OVERDUE: "Front Door: something is overdue",
}


def told_of(referral: Referral, taken: str, known: Known) -> list[User]:
    """Who hears of a step: the owner first, the team where nobody has it or it is overdue, the managers at last.

    Where nobody works in the team, the managers hear of each step.

    What is proposed waits for a signature and not for its author: whoever may sign hears of each step as well.
    """
    if taken == TO_MANAGER:
        if TO_MANAGER not in known:
            known[TO_MANAGER] = managers(referral.partnership)
        return known[TO_MANAGER]
    people: dict[object, User] = {}
    if referral.owner_id and referral.owner:
        people[referral.owner_id] = referral.owner
    if not people or taken == Clock.Stage.OVERDUE:
        key = referral.pk if referral.restricted else referral.team_id
        if key not in known:
            known[key] = team_hears(referral)
        people |= {user.pk: user for user in known[key]}
    if referral.state == State.PROPOSED.value and referral.owner:
        people |= {user.pk: user for user in signers(referral, by=referral.owner)}
    return list(people.values())


def named_at(clock: Clock) -> list[User]:
    """Who was named to act at the stage of a disagreement that this clock times: it is they who are late."""
    made, _, number = clock.subject.partition(":")
    if clock.slug != "escalation_stage" or not number.isdecimal():
        return []
    stages = DisagreementStage.objects.filter(disagreement_id=made, number=int(number), for_us__is_active=True)
    return [each.for_us for each in stages.select_related("for_us") if each.for_us]


def helping_by(clock: Clock) -> list[User]:
    """Who works in the team to which the early help that this clock times was offered: it is they who are late."""
    support = words.support_of(clock)
    found = Support.objects.filter(pk=support, referral=clock.referral_id).select_related("team") if support else []
    return [person for each in found for person in unless_kept_out(clock.referral, workers(each.team))]


def team_members(referral: Referral) -> list[User]:
    """Who works in the queue that the referral is in, whoever is active; of a restricted one, who is named on it."""
    return unless_kept_out(referral, workers(referral.team))


def team_hears(referral: Referral) -> list[User]:
    """Who hears of a referral that nobody has: who works in its queue; where nobody does, the managers.

    Of a restricted one, who of them is named on it.
    """
    return team_members(referral) or unless_kept_out(referral, managers(referral.partnership))


def unless_kept_out(referral: Referral, people: list[User]) -> list[User]:
    """These people; of a restricted referral, those who are named on it."""
    if not referral.restricted:
        return people
    named = RestrictedAccess.objects.filter(referral=referral, kind=RestrictedAccess.Kind.NAMED)
    keys = set(named.holding(None).values_list("user", flat=True))
    return [person for person in people if person.pk in keys]


def signers(referral: Referral, *, by: User) -> list[User]:
    """Who can sign for this referral; of a restricted one, who of them is named on it. They are told and offered."""
    return unless_kept_out(referral, signers_by_role(referral, by=by))


def signers_by_role(referral: Referral, *, by: User) -> list[User]:
    """Whose role it is to sign for this referral: the managers, and the seniors of its team; never the author."""
    roles = [role.value for role in Role if Permission.REFERRAL_AUTHORISE in role.permissions]
    held = Membership.objects.filter(
        partnership=referral.partnership, role__in=roles, ended_at__isnull=True, user__is_active=True
    ).select_related("user")
    people = {
        each.user_id: each.user
        for each in held
        if each.user_id != by.pk and (each.role == Role.MANAGER.value or each.team_id == referral.team_id)
    }
    return sorted(people.values(), key=lambda person: person.name)
