"""Answering beside the decision: the acknowledgement that a person gives, the LADO's telling, opening it again.

Deciding stands in `deciding`, the second person's word in `signing`, and what a decision brings in `settling`.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships.access import actor_for
from partnerships.models import User
from partnerships.templatetags.page_parts import moment
from referrals.clocks.actions import meet_clock, start_clock
from referrals.clocks.sweep import team_members
from referrals.domain.lifecycle import Move, State
from referrals.letters import actions as letters
from referrals.models import Child, Clock, Decision, Letter, Referral
from referrals.models.clock import AGAIN
from referrals.support.ending import end_with_referral
from referrals.triage.moves import (
    Elsewhere,
    Refused,
    as_shown,
    held,
    locked,
    move,
    record,
    said_already,
    tell_one,
    tell_story,
    tell_team,
)
from referrals.triage.next_steps import BY_NAME
from thresholds.loading import load

PROMISED_AGAIN = ("decide", "decision_told", "decision_signed", "outcome_in_writing")
"""The limits that run anew where a referral is opened again: what is decided now is told again, as the first was."""


@transaction.atomic
def acknowledge(*, referral: Referral, words: str, seen: int | None = None, by: User, at: dt.datetime) -> Letter:
    """A named person's word that the referral is being read: a letter, a notice, the clock met. Given once.

    seen: the revision that a form showed, if one did: what was told since may make its words untrue, and then it is
    `Stale`.
    Raises `Refused` where a colleague gave it, or where there are words that the letter does not hold.
    """
    row = locked(referral, by=by)
    given = acknowledged(row)
    if given is not None:
        if given.sent_by_id == by.pk and " ".join(words.split()) in " ".join(given.body.split()):
            return given
        raise Refused(given_already(given, by))
    if not row.is_open:
        stands = State(row.state).label.lower()
        raise Refused(f"Referral {row.reference} is {stands}: it needs no acknowledgement any more.")
    as_shown(row, seen)
    letter = letters.write_acknowledgement(referral=row, words=words, by=by, at=at)
    for clock in Clock.objects.filter(referral=row).unmet().of_promises(["acknowledge"]):
        meet_clock(referral=row, slug=clock.slug, by=by, at=at)
    tell_story(row, "acknowledged", f"{by.name} acknowledged it.", for_referrer=True, by=by, at=at)
    record(row, "acknowledged", {"letter": letter.pk}, by=by, at=at)
    return letter


def acknowledged(referral: Referral) -> Letter | None:
    """The acknowledgement that was given, if any."""
    given = Letter.objects.filter(referral=referral, kind=Letter.Kind.ACKNOWLEDGEMENT)
    return given.select_related("sent_by").first()


def given_already(given: Letter, by: User) -> str:
    who = "You" if given.sent_by_id == by.pk else given.sent_by.name
    return (
        f"{who} acknowledged it at {moment(given.sent_at)}, and that is done once: nothing was sent now. To tell the "
        "referrer more, ask them a question, or telephone."
    )


def last_decision(referral: Referral, child: Child) -> Decision | None:
    """The latest decision on this child, whether it holds, is proposed or only kept."""
    made = Decision.objects.filter(referral=referral, child=child).exclude(state=Decision.State.OVERTAKEN)
    return made.select_related("by").order_by("-at", "-pk").first()


@transaction.atomic
def lado_told(*, referral: Referral, note: str, by: User, at: dt.datetime) -> bool:
    """Note that the LADO has been told, and meet that clock: whether it ran. Each note is kept; pressed twice, once."""
    row = locked(referral, by=by)
    met = meet_clock(referral=row, slug="lado", by=by, at=at)
    if met or not said_already(row, ["lado_told"], note, by=by):
        tell_story(row, "lado_told", f"{by.name} told the LADO.", note=note, by=by, at=at)
        record(row, "lado_told", {}, by=by, at=at)
    return met


@transaction.atomic
def reopen(*, referral: Referral, reason: str, seen: int | None = None, by: User, at: dt.datetime) -> Referral:
    """Put a referral that was decided or withdrawn back into its queue, with new clocks for what is owed again.

    The decision that was made stays in its history. Those of its queue are told, and whoever decided it.
    """
    row = held(referral)
    actor = actor_for(by, row.partnership)
    sees = Referral.objects.visible_to(actor).filter(pk=row.pk).exists()
    if not (by.is_active and sees and BY_NAME["reopen"].may(row, actor)):
        raise Elsewhere(row)
    as_shown(row, seen)
    if not reason.strip():
        raise Refused("Say why it is opened again.")
    decided_by = row.decided_by
    move(
        referral=row,
        move=Move.REOPEN,
        sentence=f"{by.name} opened it again.",
        note=reason,
        detail={"team": row.team.slug},
        changes={
            "owner": None,
            "owned_at": None,
            "decided_level": None,
            "decided_at": None,
            "decided_by": None,
        },
        by=by,
        at=at,
    )
    Decision.objects.filter(referral=row).exclude(state=Decision.State.OVERTAKEN).update(state=Decision.State.OVERTAKEN)
    end_with_referral(row, by=by, at=at)
    tell_story(row, "open_again", "It is being looked at again.", for_referrer=True, by=None, at=at)
    start_again(row, at=at)
    tell_team(row, by=by, at=at)
    if decided_by and decided_by.pk != by.pk:
        tell_who_decided(row, decided_by, by=by, at=at)
    return row


def tell_who_decided(row: Referral, person: User, *, by: User, at: dt.datetime) -> None:
    """That it is opened again, where they may read it and do not hear of it with its queue."""
    reads = Referral.objects.visible_to(actor_for(person, row.partnership)).filter(pk=row.pk).exists()
    if person.is_active and reads and person.pk not in {each.pk for each in team_members(row)}:
        tell_one(
            row,
            person,
            kind="reopened",
            subject="Front Door: a referral that you decided was opened again",
            said=f"{by.name} opened referral {row.reference} again, which you had decided. The reason is in its story.",
            at=at,
        )


def start_again(referral: Referral, *, at: dt.datetime) -> list[Clock]:
    """Clocks of their own for what is owed anew, as long as the first; the first ones' answers stay as they were.

    Deciding and telling run again each time. That a person has it is said once, by an acknowledgement or an outcome:
    that clock runs again only where a referral was withdrawn before anybody had said so.
    """
    by_name = (Letter.Kind.ACKNOWLEDGEMENT, Letter.Kind.OUTCOME)
    given = Letter.objects.filter(referral=referral, kind__in=by_name).exists()
    clocks = []
    for slug in PROMISED_AGAIN if given else (*PROMISED_AGAIN, "acknowledge"):
        limit = load(referral.scheme_version).limit(slug)
        if limit is None:
            continue
        times = Clock.objects.filter(referral=referral, slug__startswith=slug + AGAIN).count() + 1
        name = f"{limit.name}, opened again"
        clocks.append(start_clock(referral=referral, slug=f"{slug}{AGAIN}{times}", name=name, limit=limit, at=at))
    return clocks
