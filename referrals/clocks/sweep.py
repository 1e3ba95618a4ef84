"""The sweep: moves each clock from running to due soon to overdue; the owner hears, then the team, then the managers.

A plain function. Beat calls it through `referrals.tasks`; `manage.py sweep --loop` calls it where broker or beat is
dead; two at once do no harm, since each step is one conditional update and only who made it tells of it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django_scopes import scope

from partnerships import audit
from partnerships.models import Membership, Partnership, User
from partnerships.permissions import Permission, Role
from referrals import health
from referrals.asking.chasing import chase
from referrals.clocks import words
from referrals.domain.lifecycle import State
from referrals.models import Clock, Referral, RestrictedAccess
from referrals.outbox import tell

log = logging.getLogger(__name__)
BATCH = 500


TO_THE_MANAGER = dt.timedelta(hours=1)
"""How long something may be overdue before the managers hear of it; a child in danger has no such hour."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many clocks took each step."""

    due_soon: int = 0
    overdue: int = 0
    to_the_manager: int = 0


def sweep(*, at: dt.datetime) -> Swept:
    """Move what has something to do at this instant, oldest first, and note that the sweep ran."""
    taken: Counter[str] = Counter()
    for partnership in Partnership.objects.all():
        with scope(partnership=partnership):
            left_alone: set[int] = set()
            while batch := list(
                Clock.objects.filter(next_step_at__lte=at, met_at__isnull=True)
                .exclude(pk__in=left_alone)
                .select_related("partnership", "referral__partnership", "referral__team", "referral__owner")
                .order_by("next_step_at")[:BATCH]
            ):
                for clock in batch:
                    try:
                        taken[step(clock, at=at) or ""] += 1
                    except DatabaseError:
                        raise
                    except Exception:  # one clock that can't be moved must not hold up the others
                        log.exception("Clock %s could not be moved", clock.pk)
                        left_alone.add(clock.pk)
    health.beat("sweep", at=at)
    return Swept(taken[Clock.Stage.DUE_SOON], taken[Clock.Stage.OVERDUE], taken[TO_MANAGER])


TO_MANAGER = "to_the_manager"


@transaction.atomic
def step(clock: Clock, *, at: dt.datetime) -> str | None:
    """Take one clock one step on, by one conditional update: the step's name, or None where it was taken.

    The steps: due soon, told to the owner, or to the team where nobody has it; overdue, told to the owner and the
    team; still overdue, told to the managers. A clock that passed several while no sweep ran takes each, in as many
    passes, and tells of each once.
    """
    if clock.stage == Clock.Stage.RUNNING:
        taken, stage, next_step_at = Clock.Stage.DUE_SOON.value, Clock.Stage.DUE_SOON, clock.due_at
    elif clock.stage == Clock.Stage.DUE_SOON:
        after = dt.timedelta(0) if clock.referral.immediate_danger else TO_THE_MANAGER
        taken, stage, next_step_at = Clock.Stage.OVERDUE.value, Clock.Stage.OVERDUE, clock.due_at + after
    else:
        taken, stage, next_step_at = TO_MANAGER, Clock.Stage.OVERDUE, None
    moved = Clock.objects.filter(
        pk=clock.pk, stage=clock.stage, next_step_at=clock.next_step_at, met_at__isnull=True
    ).update(stage=stage, next_step_at=next_step_at)
    if not moved:
        return None
    audit.record(
        partnership=clock.partnership,
        verb=f"clock.{taken}",
        noun="referral",
        object_id=clock.referral_id,
        detail={"limit": clock.slug, "due_at": clock.due_at.isoformat()},
        by=None,
        at=at,
    )
    for person in told_of(clock.referral, taken):
        tell(
            partnership=clock.partnership,
            referral=clock.referral,
            kind=f"clock_{stage}",
            to=person,
            key=f"clock:{clock.pk}:{stage}:{person.pk}",
            subject=SUBJECTS[stage],
            body=words.still_overdue(clock) if taken == TO_MANAGER else words.due(clock, stage),
            at=at,
        )
    if taken != TO_MANAGER:
        chase(clock, stage, at=at)
    return taken


SUBJECTS = {
    Clock.Stage.DUE_SOON: "Front Door: something is due soon",
    Clock.Stage.OVERDUE: "Front Door: something is overdue",
}


def told_of(referral: Referral, taken: str) -> list[User]:
    """Who hears of a step: the owner first, the team where nobody has it or it is overdue, the managers at last.

    What is proposed waits for a signature and not for its author: whoever may sign hears of each step as well.
    """
    if taken == TO_MANAGER:
        return managers(referral.partnership)
    people: dict[object, User] = {}
    if referral.owner_id and referral.owner:
        people[referral.owner_id] = referral.owner
    if not people or taken == Clock.Stage.OVERDUE:
        people |= {user.pk: user for user in team_members(referral)}
    if referral.state == State.PROPOSED.value and referral.owner:
        people |= {user.pk: user for user in unless_kept_out(referral, signers(referral, by=referral.owner))}
    return list(people.values())


def team_members(referral: Referral) -> list[User]:
    """Who works in the queue that the referral is in, whoever is active; of a restricted one, who is named on it."""
    held = Membership.objects.filter(partnership=referral.partnership, ended_at__isnull=True, user__is_active=True)
    if referral.team.is_mash:
        held = held.filter(role=Role.SCREENER.value)
    else:
        held = held.filter(role=Role.EARLY_HELP.value, team=referral.team)
    return unless_kept_out(referral, [membership.user for membership in held.select_related("user")])


def unless_kept_out(referral: Referral, people: list[User]) -> list[User]:
    """These people; of a restricted referral, those who are named on it."""
    if not referral.restricted:
        return people
    named = RestrictedAccess.objects.filter(referral=referral, kind=RestrictedAccess.Kind.NAMED)
    keys = set(named.holding(None).values_list("user", flat=True))
    return [person for person in people if person.pk in keys]


def signers(referral: Referral, *, by: User) -> list[User]:
    """Who may sign for this referral: the managers, and the seniors of its team; never the author."""
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


def managers(partnership: Partnership) -> list[User]:
    held = Membership.objects.filter(
        partnership=partnership, role=Role.MANAGER.value, ended_at__isnull=True, user__is_active=True
    )
    return [membership.user for membership in held.select_related("user")]
