"""Handing out many referrals at once, and covering for a colleague who is away: nobody's referral stays stuck."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from partnerships import audit
from partnerships.access import actor_for
from partnerships.models import Partnership, User
from partnerships.permissions import Permission
from partnerships.staffing import managers, workers
from partnerships.templatetags.page_parts import day
from referrals import outbox
from referrals.clocks.sweep import team_members
from referrals.domain.lifecycle import Move, NotAllowed, State
from referrals.models import Absence, Referral
from referrals.triage.moves import Elsewhere, Refused, held, held_all, move, tell_one, tell_team
from referrals.triage.next_steps import works_in
from referrals.triage.restricted_notices import tell_by_reference
from referrals.triage.signing import signers

LONGEST_AWAY = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of one referral: done, or why not."""

    reference: str
    done: bool
    said: str
    pk: Any


def assign_many(
    *, partnership: Partnership, chosen: Mapping[Any, int], to: User, by: User, at: dt.datetime
) -> list[Assigned]:
    """Hand each of these to one person, each by itself: one that has moved on since does not hold up the others.

    chosen: the referral's key and the revision that was shown. What this person may not see is left out, unnamed.
    """
    actor = actor_for(by, partnership)
    rows = Referral.objects.visible_to(actor).filter(pk__in=list(chosen)).most_urgent_first()
    results = []
    for row in rows:
        try:
            assign(referral=row, to=to, seen=chosen[row.pk], by=by, at=at)
        except (Refused, NotAllowed) as refused:
            results.append(Assigned(row.reference, False, str(refused), row.pk))
        else:
            results.append(Assigned(row.reference, True, f"Assigned to {to.name}.", row.pk))
    return results


@transaction.atomic
def assign(*, referral: Referral, to: User, seen: int | None, by: User, at: dt.datetime) -> Referral:
    """Give a referral of one's queue, or as a manager of any, to somebody who works in it. Both are told."""
    row = held(referral)
    may_assign(row, by)
    if row.owner_id == to.pk:
        return row
    if not row.is_open:
        raise Refused(f"It is {State(row.state).label.lower()}.")
    if seen is not None and seen != row.revision:
        has_it = f"{row.owner.name} has it" if row.owner else "nobody has it"
        raise Refused(f"It has moved on since the list was shown: {has_it}. Nothing was changed.")
    can_take(row, to, at=at)
    before = row.owner
    said = f"{by.name} assigned it to {to.name}" + (f", from {before.name}" if before else "")
    move(
        referral=row,
        move=Move.CLAIM if row.state == State.WAITING.value else Move.REASSIGN,
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
                kind="assigned",
                subject="Front Door: a referral changed hands",
                said=f"Referral {row.reference} {words}: {by.name} assigned it.",
                at=at,
            )
    return row


def may_assign(referral: Referral, by: User) -> None:
    """Raise `Elsewhere` unless this person sees it and works in its queue, or answers for every queue."""
    actor = actor_for(by, referral.partnership)
    sees = Referral.objects.visible_to(actor).filter(pk=referral.pk).exists()
    theirs = works_in(actor, referral.team) or actor.can(Permission.REFERRAL_READ_ALL)
    if not (by.is_active and sees and theirs and actor.can(Permission.REFERRAL_ASSIGN)):
        raise Elsewhere(referral)


def can_take(referral: Referral, to: User, *, at: dt.datetime) -> None:
    """Raise `Refused` where this person does not work in its queue, or is away."""
    if to.pk not in {user.pk for user in team_members(referral)}:
        raise Refused(f"{to.name} does not work in the queue of {referral.team.name}. Choose somebody who does.")
    away = Absence.objects.holding(at).filter(user=to).select_related("cover").first()
    if away is not None:
        cover = f" {away.cover.name} covers." if away.cover else ""
        raise Refused(f"{to.name} is away until {day(away.until)}.{cover}")


@dataclass(frozen=True, slots=True)
class HandedBack:
    """How many went to the cover, and how many back to their queues. again: it had been said word for word."""

    to_cover: int
    to_queue: int
    again: bool = False


@transaction.atomic
def mark_absent(
    *, partnership: Partnership, user: User, until: dt.datetime, cover: User | None, by: User, at: dt.datetime
) -> tuple[Absence, HandedBack]:
    """Somebody is away until an instant: what they have goes to the cover where that is possible, else to its queue.

    A referral that the cover may not take (another queue, restricted, away too) waits in its queue, whose people are
    told. Whom somebody else says to be away hears of it at once, and so do the managers. Raises `Refused` where the end
    has passed or lies more than a year ahead, or somebody is to cover for themselves. Said twice it is said once; what
    they have in hand by then goes too.
    """
    may_mark(partnership, user, by)
    if until <= at:
        raise Refused("The day on which they are back must lie ahead.")
    if until > at + LONGEST_AWAY:
        raise Refused(
            "That is more than a year ahead. Enter a day within a year: it can be said again then. Where somebody has "
            "left for good, ask the partnership’s admin to end their role."
        )
    if cover is not None and cover.pk == user.pk:
        raise Refused("Choose somebody else to cover.")
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)  # one word of somebody's absence at a time
    there = Absence.objects.holding(at).filter(partnership=partnership, user=user, until=until, cover=cover, by=by)
    if (standing := there.first()) is not None:
        handed = hand_back(partnership=partnership, user=user, cover=cover, why="is away", by=by, at=at)
        return standing, replace(handed, again=True)
    Absence.objects.filter(partnership=partnership, user=user, ended_at__isnull=True).update(ended_at=at, ended_by=by)
    absence = Absence.objects.create(partnership=partnership, user=user, cover=cover, until=until, at=at, by=by)
    handed = hand_back(partnership=partnership, user=user, cover=cover, why="is away", by=by, at=at)
    audit.record(
        partnership=partnership,
        verb="absence.marked",
        noun="user",
        object_id=user.pk,
        of=None,
        detail={
            "until": until,
            "cover": cover.pk if cover else None,
            "to_cover": handed.to_cover,
            "to_queue": handed.to_queue,
        },
        by=by,
        at=at,
    )
    if by.pk != user.pk:
        tell_of_absence(absence, handed, at=at)
    return absence, handed


def tell_of_absence(absence: Absence, handed: HandedBack, *, at: dt.datetime) -> None:
    """Whom a colleague said to be away, and the managers, hear of it: it may be a mistake, or worse."""
    user, by, until = absence.user, absence.by.name, day(absence.until)
    cover = f"{handed.to_cover} went to {absence.cover.name} and " if absence.cover else ""
    went = f"Of the referrals in hand, {cover}{handed.to_queue} went back to the queue. Nothing is assigned until then."
    page = settings.SITE_URL + reverse("absences", kwargs={"partnership": absence.partnership.slug})
    wrong = f"{by} said that {user.name} is away until {until}. {went}\n\nIf that is wrong, end it: {page}\n"
    here = f"{by} said that you are away until {until}. {went}\n\nIf you are at work, say that you are back: {page}\n"
    said = {each.pk: (each, wrong) for each in managers(absence.partnership)} | {user.pk: (user, here)}
    for person, words in said.values():
        if person.pk != absence.by_id:
            outbox.tell(
                partnership=absence.partnership,
                referral=None,
                kind="absent",
                to=person,
                key=f"absent:{absence.pk}:{person.pk}",
                subject="Front Door: somebody was said to be away",
                body=words,
                at=at,
            )


@transaction.atomic
def hand_back(
    *, partnership: Partnership, user: User, cover: User | None, why: str, by: User, at: dt.datetime
) -> HandedBack:
    """Take everything that somebody has from them: to the cover where it can be, else to its queue.

    What is proposed waits for its signature still: with the cover, who changes it if it is sent back; without one it
    stays in its author's name, those who sign are told again, and sent back it goes to the queue.
    """
    to_cover = to_queue = 0
    owned = Referral.objects.open().filter(partnership=partnership, owner=user).values_list("pk", flat=True)
    for row in held_all(partnership, owned):
        if row.owner_id != user.pk or not row.is_open:
            continue
        if cover is not None and _takes(row, cover, at):
            move(
                referral=row,
                move=Move.REASSIGN,
                sentence=f"{user.name} {why}: {cover.name} covers and has it now.",
                detail={"from": user.pk, "to": cover.pk},
                changes={"owner": cover, "owned_at": at},
                by=by,
                at=at,
            )
            tell_one(
                row,
                cover,
                kind="covered",
                subject="Front Door: a referral changed hands",
                said=f"Referral {row.reference} is now yours: you cover for {user.name}.",
                at=at,
            )
            to_cover += 1
        elif row.state == State.PROPOSED.value:
            tell_signers(row, user, why, at=at)
        else:
            move(
                referral=row,
                move=Move.RELEASE,
                sentence=f"{user.name} {why}: it is back in the queue of {row.team.name}.",
                detail={"from": user.pk},
                changes={"owner": None, "owned_at": None},
                by=by,
                at=at,
            )
            tell_team(row, by=by, at=at)
            tell_where_nobody_is_there(row, user, why, at=at)
            to_queue += 1
    return HandedBack(to_cover, to_queue)


def tell_where_nobody_is_there(row: Referral, user: User, why: str, *, at: dt.datetime) -> None:
    """A restricted referral waits for whoever is named on it. Where all of them are away, the managers hear at once."""
    if not row.restricted:
        return
    named = {each.pk for each in team_members(row)}
    away = set(Absence.objects.holding(at).filter(user__in=named).values_list("user", flat=True))
    if named - away:
        return
    said = (
        f"{user.name} {why}, and nobody else who is there is named on referral {row.reference}: it waits where nobody "
        "sees it. Where it can’t wait, open it in need, and name somebody who goes on with it."
    )
    for person in managers(row.partnership):
        if person.pk not in named:
            tell_by_reference(
                row, person, "a restricted referral waits unseen", said, of=f"away-{user.pk}-{at:%y%m%d%H%M}", at=at
            )


def tell_signers(row: Referral, author: User, why: str, *, at: dt.datetime) -> None:
    """A proposal whose author is away: who may sign hears that it waits for them alone."""
    for person in signers(row, by=author):
        tell_one(
            row,
            person,
            kind="sign_off_alone",
            of=f"-{at:%y%m%d%H%M%S}",
            subject="Front Door: something waits for your signature",
            said=f"{author.name} {why}. What they proposed for referral {row.reference} waits for a second person: "
            "signed, it holds; sent back, it goes to the queue.",
            at=at,
        )


def _takes(row: Referral, cover: User, at: dt.datetime) -> bool:
    try:
        can_take(row, cover, at=at)
    except Refused:
        return False
    return True


@transaction.atomic
def end_absence(*, partnership: Partnership, absence: Absence, by: User, at: dt.datetime) -> bool:
    """They are back. What went to others stays with them. False where it had ended."""
    may_mark(partnership, absence.user, by)
    ended = Absence.objects.filter(pk=absence.pk, ended_at__isnull=True).update(ended_at=at, ended_by=by)
    if ended:
        audit.record(
            partnership=partnership,
            verb="absence.ended",
            noun="user",
            object_id=absence.user_id,
            of=None,
            by=by,
            at=at,
        )
    return bool(ended)


def may_mark(partnership: Partnership, user: User, by: User) -> None:
    """Raise `Refused` unless it is oneself, somebody of a queue that one works in, or one answers for all of them."""
    if user.pk not in {each.pk for each in colleagues_of(partnership, by)}:
        raise Refused("Choose somebody who works in one of your queues.")


def colleagues_of(partnership: Partnership, by: User) -> list[User]:
    """Everybody who works in the queues that this person works in or answers for, by name, themselves included."""
    actor = actor_for(by, partnership)
    if not actor.can(Permission.ABSENCE_MARK):
        return []
    people: dict[Any, User] = {}
    for team in partnership.teams.all():
        if works_in(actor, team) or actor.can(Permission.REFERRAL_READ_ALL):
            people |= {each.pk: each for each in workers(team)}
    return sorted(people.values(), key=lambda each: each.name)


def away_now(people: Iterable[User], partnership: Partnership, *, at: dt.datetime) -> dict[Any, Absence]:
    """Of these people, who is away."""
    found = Absence.objects.holding(at).filter(partnership=partnership, user__in=[each.pk for each in people])
    return {each.user_id: each for each in found.select_related("cover", "user")}
