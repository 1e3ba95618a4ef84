"""The sweep: moves each clock from running to due soon to overdue, with one notice to each person for each step.

A plain function. Beat calls it through `referrals.tasks`; `manage.py sweep --loop` calls it where broker or beat is
dead; two at once do no harm, since each step is one conditional update and only who made it tells of it.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships import audit
from partnerships.models import Membership, Partnership, User
from partnerships.permissions import Role
from referrals.models import Clock, Heartbeat, Referral
from referrals.outbox import tell

log = logging.getLogger(__name__)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    due_soon: int = 0
    overdue: int = 0


def sweep(*, at: dt.datetime) -> Swept:
    """Move what has something to do at this instant, oldest first, and note that the sweep ran."""
    due_soon = overdue = 0
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
                        stage = step(clock, at=at)
                    except DatabaseError:
                        raise
                    except Exception:  # one clock that can't be moved must not hold up the others
                        log.exception("Clock %s could not be moved", clock.pk)
                        left_alone.add(clock.pk)
                        continue
                    due_soon += stage == Clock.Stage.DUE_SOON
                    overdue += stage == Clock.Stage.OVERDUE
    Heartbeat.objects.update_or_create(name="sweep", defaults={"beat_at": at})
    return Swept(due_soon, overdue)


@transaction.atomic
def step(clock: Clock, *, at: dt.datetime) -> str | None:
    """Take one clock to the stage that holds at this instant, by one conditional update; None where it was taken.

    A clock that passed *due soon* and *overdue* while no sweep ran takes both steps, in two passes.
    """
    if clock.stage == Clock.Stage.RUNNING:
        stage, next_step_at = Clock.Stage.DUE_SOON, clock.due_at
    else:
        stage, next_step_at = Clock.Stage.OVERDUE, None
    moved = Clock.objects.filter(
        pk=clock.pk, stage=clock.stage, next_step_at=clock.next_step_at, met_at__isnull=True
    ).update(stage=stage, next_step_at=next_step_at)
    if not moved:
        return None
    referral = clock.referral
    audit.record(
        partnership=clock.partnership,
        verb=f"clock.{stage}",
        noun="referral",
        object_id=referral.pk,
        detail={"limit": clock.slug, "due_at": clock.due_at.isoformat()},
        by=None,
        at=at,
    )
    for person in told_of(referral, stage):
        tell(
            partnership=clock.partnership,
            referral=referral,
            kind=f"clock_{stage}",
            to=person,
            key=f"clock:{clock.pk}:{stage}:{person.pk}",
            subject=SUBJECTS[stage],
            body=body(clock, stage),
            at=at,
        )
    return stage


SUBJECTS = {
    Clock.Stage.DUE_SOON: "Front Door: something is due soon",
    Clock.Stage.OVERDUE: "Front Door: something is overdue",
}


def body(clock: Clock, stage: str) -> str:
    """Plain words and a link; no name, no worry."""
    referral = clock.referral
    when = timezone.localtime(clock.due_at)
    said = "is due at" if stage == Clock.Stage.DUE_SOON else "was due at"
    link = settings.SITE_URL + reverse(
        "referral", kwargs={"partnership": referral.partnership.slug, "referral_id": referral.pk}
    )
    return f"Referral {referral.reference}: “{clock.name}” {said} {clock_words(when)}.\n\nSign in to read it: {link}\n"


def clock_words(when: dt.datetime) -> str:
    hour = f"{when:%-I:%M}".removesuffix(":00") + f"{when:%p}".lower()
    return f"{hour} on {when:%A %-d %B %Y}"


def told_of(referral: Referral, stage: str) -> list[User]:
    """Who hears: the owner, or the team where nobody has it; the managers too once it is overdue."""
    people: dict[object, User] = {}
    if referral.owner_id and referral.owner:
        people[referral.owner_id] = referral.owner
    else:
        people |= {user.pk: user for user in team_members(referral)}
    if stage == Clock.Stage.OVERDUE:
        people |= {user.pk: user for user in managers(referral.partnership)}
    return list(people.values())


def team_members(referral: Referral) -> list[User]:
    """Who works in the queue that the referral is in, whoever is active."""
    held = Membership.objects.filter(partnership=referral.partnership, ended_at__isnull=True, user__is_active=True)
    if referral.team.is_mash:
        held = held.filter(role=Role.SCREENER.value)
    else:
        held = held.filter(role=Role.EARLY_HELP.value, team=referral.team)
    return [membership.user for membership in held.select_related("user")]


def managers(partnership: Partnership) -> list[User]:
    held = Membership.objects.filter(
        partnership=partnership, role=Role.MANAGER.value, ended_at__isnull=True, user__is_active=True
    )
    return [membership.user for membership in held.select_related("user")]
