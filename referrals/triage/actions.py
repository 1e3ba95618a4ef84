"""What a screener or an early help worker does with a referral before it is decided: take it, hand it on, move it.

Acknowledging and opening again stand in `decisions`, deciding in `deciding`, the second person's word in `signing`.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from partnerships.access import actor_for
from partnerships.models import Team, User
from partnerships.permissions import Permission
from referrals.clocks.sweep import team_members
from referrals.domain.lifecycle import Move, State
from referrals.intake.routing import the_default
from referrals.models import Referral
from referrals.triage.assigning import can_take
from referrals.triage.deciding import decide
from referrals.triage.decisions import acknowledge, lado_told, reopen
from referrals.triage.moves import (
    KINDS,
    Elsewhere,
    Refused,
    Stale,
    TakenBy,
    as_shown,
    at_work_on,
    fresh,
    held,
    in_nobody_elses_hands,
    locked,
    move,
    received_first,
    record,
    said_already,
    tell_one,
    tell_story,
    tell_team,
    to_team,
)
from referrals.triage.next_steps import BY_NAME
from referrals.triage.queries import first_to_take
from referrals.triage.signing import propose_step_down, send_back, sign_off, take_back

__all__ = [
    "Elsewhere",
    "Refused",
    "Stale",
    "TakenBy",
    "acknowledge",
    "claim",
    "claim_next",
    "colleagues",
    "decide",
    "lado_told",
    "pass_on",
    "reassign",
    "release",
    "reopen",
    "send_back",
    "sign_off",
    "step_down",
    "step_up",
    "take_back",
]

TRIES = 100
"""How often the most urgent referral may be gone before one gives up looking."""


@transaction.atomic
def claim(*, referral: Referral, by: User, at: dt.datetime) -> Referral:
    """Take a waiting referral by one conditional update. The loser of a race is told who has it (`TakenBy`)."""
    at_work_on(referral, by)
    taken = Referral.objects.filter(
        pk=referral.pk,
        partnership=referral.partnership_id,
        team=referral.team_id,
        state=State.WAITING.value,
        owner__isnull=True,
    ).update(state=State.IN_HAND.value, owner=by, owned_at=at, revision=F("revision") + 1)
    row = fresh(referral)
    if not taken:
        if row.owner_id == by.pk and row.state == State.IN_HAND.value:
            return row
        in_nobody_elses_hands(row, by)
        raise Refused(not_there(row))
    tell_story(row, KINDS[Move.CLAIM], f"{by.name} has begun to read it.", for_referrer=True, by=by, at=at)
    record(row, KINDS[Move.CLAIM], {"team": row.team.slug, "revision": row.revision}, by=by, at=at)
    return row


def not_there(referral: Referral) -> str:
    """Why a referral that was waiting here waits no more."""
    if referral.is_open:
        return f"Referral {referral.reference} has moved to the queue of {referral.team.name}."
    return f"Referral {referral.reference} is {State(referral.state).label.lower()}. Open it again to work on it."


def claim_next(*, team: Team, by: User, at: dt.datetime) -> Referral | None:
    """Take the most urgent referral of a queue that nobody has; None where there is none.

    Of a flood from one sender others do not wait: `first_to_take`.
    """
    actor = actor_for(by, team.partnership)
    for _ in range(TRIES):
        first = first_to_take(actor, team)
        if first is None:
            return None
        try:
            return claim(referral=first, by=by, at=at)
        except Refused:
            continue
    raise Refused("Colleagues are taking these referrals at this moment. Try again.")


@transaction.atomic
def release(*, referral: Referral, by: User, at: dt.datetime) -> Referral:
    """Give a referral back to its queue, whose people are told. Only who has it can."""
    row = locked(referral, by=by)
    if row.owner_id is None and row.state == State.WAITING.value:
        return row
    in_nobody_elses_hands(row, by)
    move(
        referral=row,
        move=Move.RELEASE,
        sentence=f"{by.name} gave it back to the queue of {row.team.name}.",
        changes={"owner": None, "owned_at": None},
        by=by,
        at=at,
    )
    tell_team(row, by=by, at=at)
    return row


def colleagues(referral: Referral) -> list[User]:
    """Who could have this referral: everybody of its queue but the one who has it, by name, each once."""
    people = {user.pk: user for user in team_members(referral) if user.pk != referral.owner_id}
    return sorted(people.values(), key=lambda user: user.name)


@transaction.atomic
def reassign(*, referral: Referral, to: User, seen: int | None = None, by: User, at: dt.datetime) -> Referral:
    """Hand a referral to a colleague of its queue, or take it over from one who is away. Both are told.

    seen: the revision that the form showed; where it has moved on since, `Stale`, unless `to` has it by now.
    """
    row = locked(referral, by=by)
    if row.owner_id == to.pk:
        return row
    as_shown(row, seen)
    if to.pk != by.pk:
        can_take(row, to, at=at)
    before = row.owner
    said = f"{by.name} took it over" if to.pk == by.pk else f"{by.name} handed it to {to.name}"
    if before and before.pk != by.pk:
        said += f" from {before.name}"
    move(
        referral=row,
        move=Move.REASSIGN,
        sentence=f"{said}.",
        detail={"from": before.pk if before else None, "to": to.pk},
        changes={"owner": to, "owned_at": at},
        by=by,
        at=at,
    )
    for person, words in ((to, "is now yours"), (before, f"is now with {to.name}")):
        if person and person.pk != by.pk:
            tell_one(
                row,
                person,
                kind="reassigned",
                subject="Front Door: a referral changed hands",
                said=f"Referral {row.reference} {words}: {by.name} reassigned it.",
                at=at,
            )
    return row


@transaction.atomic
def step_up(*, referral: Referral, reason: str, seen: int | None = None, by: User, at: dt.datetime) -> Referral:
    """From early help to the MASH. History and clocks go with it; the MASH is told; nobody has it yet."""
    row = locked(referral, by=by, needs=Permission.REFERRAL_STEP, seen=seen)
    if row.team.is_mash:
        raise Refused(f"Referral {row.reference} is with the MASH already.")
    in_nobody_elses_hands(row, by)
    mash = the_default(row.partnership, Team.Kind.MASH)
    return to_team(row, Move.STEP_UP, mash, "stepped it up", reason, by=by, at=at)


@transaction.atomic
def step_down(
    *, referral: Referral, reason: str, team: Team, seen: int | None = None, by: User, at: dt.datetime
) -> Referral:
    """Propose a step from the MASH to an early help team. It goes there once a second person signs it off."""
    row = locked(referral, by=by, needs=Permission.REFERRAL_STEP, seen=seen)
    if not row.team.is_mash:
        raise Refused(f"Referral {row.reference} is with {row.team.name} already.")
    if team.is_mash or team.partnership_id != row.partnership_id:
        raise Refused(f"{team.name} is no early help team of {row.partnership.name}.")
    in_nobody_elses_hands(row, by)
    received_first(row)
    return propose_step_down(row, team=team, reason=reason, by=by, at=at)


@transaction.atomic
def pass_on(
    *, referral: Referral, reason: str, team: Team, seen: int | None = None, by: User, at: dt.datetime
) -> Referral:
    """From one early help team to another, by who works there or, where nobody does, a manager. History and clocks go
    with it; that team is told; nobody has it yet. Pressed twice, once."""
    row = held(referral)
    actor = actor_for(by, row.partnership)
    sees = Referral.objects.visible_to(actor).filter(pk=row.pk).exists()
    if not (by.is_active and sees and BY_NAME["pass_on"].may(row, actor)):
        raise Elsewhere(row)
    if row.team_id == team.pk and said_already(row, [KINDS[Move.PASS_ON]], reason, by=by):
        return row
    as_shown(row, seen)
    if row.team.is_mash:
        raise Refused("The MASH steps a referral down to early help: that needs a second person.")
    if team.is_mash or team.partnership_id != row.partnership_id:
        raise Refused(f"{team.name} is no early help team of {row.partnership.name}.")
    if team.pk == row.team_id:
        raise Refused(f"Referral {row.reference} is with {row.team.name} already.")
    in_nobody_elses_hands(row, by)
    return to_team(row, Move.PASS_ON, team, "passed it on", reason, by=by, at=at)
