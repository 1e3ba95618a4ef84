"""Answering: the acknowledgement that a person gives, the decision with its reason, and opening a referral again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships.models import User
from partnerships.permissions import Permission
from referrals.clocks.actions import meet_clock, start_after_decision, start_clock
from referrals.domain.lifecycle import Move, Outcome, State
from referrals.letters import actions as letters
from referrals.models import Clock, Decision, Letter, Referral
from referrals.triage.moves import Refused, Stale, TakenBy, locked, move, record, tell_story
from thresholds.loading import load

AGAIN = "decide_again_"
"""What the slug of the clock begins with that runs on a referral opened again; a number follows."""

ANSWERED = ("decide", "decision_told", "decision_signed", "outcome_in_writing", "acknowledge")
"""What a decision with its letter meets. The letter is a named person's word: whoever had none yet has it now."""


@transaction.atomic
def acknowledge(*, referral: Referral, words: str, by: User, at: dt.datetime) -> Letter:
    """A named person's word that the referral is being read: a letter, a notice, the clock met. Given once."""
    row = locked(referral, by=by)
    given = Letter.objects.filter(referral=row, kind=Letter.Kind.ACKNOWLEDGEMENT).first()
    if given is not None:
        return given
    if not row.is_open:
        stands = State(row.state).label.lower()
        raise Refused(f"Referral {row.reference} is {stands}: it needs no acknowledgement any more.")
    letter = letters.write_acknowledgement(referral=row, words=words, by=by, at=at)
    meet_clock(referral=row, slug="acknowledge", by=by, at=at)
    tell_story(row, "acknowledged", f"{by.name} acknowledged it.", for_referrer=True, by=by, at=at)
    record(row, "acknowledged", {"letter": letter.pk}, by=by, at=at)
    return letter


@transaction.atomic
def decide(
    *,
    referral: Referral,
    decided_level: int | None,
    outcome: Outcome,
    reason: str,
    told_referrer: str,
    revision: int | None,
    by: User,
    at: dt.datetime,
) -> Decision:
    """Decide, write the outcome letter and meet the clocks, in one transaction. Only who has the referral can.

    revision: the referral's when the form was shown; another raises `Stale` and changes nothing. The same decision
    sent twice is made once.
    """
    row = locked(referral, by=by, needs=Permission.REFERRAL_DECIDE)
    made = last_decision(row)
    if row.state == State.DECIDED.value and made and same(made, decided_level, outcome, reason, told_referrer, by):
        return made
    if revision != row.revision:
        raise Stale(row)
    if row.owner_id != by.pk and row.is_open:
        if row.owner_id:
            raise TakenBy(row)
        raise Refused("Take this referral first, so that nobody else decides it meanwhile.")
    scheme = load(row.scheme_version)
    if decided_level is not None and scheme.level(decided_level) is None:
        raise Refused(f"Choose a {scheme.step_word} of the threshold under which this referral was screened.")
    if not reason.strip():
        raise Refused("Give the reason for the decision.")
    decision = Decision(
        partnership=row.partnership,
        referral=row,
        decided_level=decided_level,
        indicated_level=row.indicated_level,
        outcome=outcome.value,
        reason=reason,
        differs=decided_level != row.indicated_level,
        told_referrer=told_referrer,
        at=at,
        by=by,
    )
    move(
        referral=row,
        move=Move.DECIDE,
        sentence=f"{by.name} decided: {outcome.label}.",
        for_referrer=True,
        detail={
            "decision": decision.pk,
            "decided_level": decided_level,
            "indicated_level": row.indicated_level,
            "outcome": outcome.value,
            "differs": decision.differs,
        },
        changes={"decided_level": decided_level, "decided_at": at, "decided_by": by},
        by=by,
        at=at,
    )
    decision.save(force_insert=True)
    letters.write_outcome(referral=row, decision=decision, by=by, at=at)
    meet_answered(row, outcome, by=by, at=at)
    return decision


def last_decision(referral: Referral) -> Decision | None:
    """The decision that holds."""
    return Decision.objects.filter(referral=referral).select_related("by").order_by("-at", "-pk").first()


def same(
    made: Decision, decided_level: int | None, outcome: Outcome, reason: str, told_referrer: str, by: User
) -> bool:
    """Whether a decision is the one that was made already: the button pressed twice."""
    before = (made.decided_level, made.outcome, made.reason, made.told_referrer, made.by_id)
    return before == (decided_level, outcome.value, reason, told_referrer, by.pk)


def meet_answered(referral: Referral, outcome: Outcome, *, by: User, at: dt.datetime) -> None:
    """Meet every clock that the decision and its letter answer; the LADO's where it passed the referral there."""
    running = Clock.objects.filter(referral=referral, met_at__isnull=True).values_list("slug", flat=True)
    for slug in list(running):
        lado = slug == "lado" and outcome is Outcome.LADO
        if slug in ANSWERED or slug.startswith(AGAIN) or lado:
            meet_clock(referral=referral, slug=slug, by=by, at=at)
    start_after_decision(referral=referral, outcome=outcome, by=by, at=at)


@transaction.atomic
def lado_told(*, referral: Referral, note: str, by: User, at: dt.datetime) -> bool:
    """Note that the LADO has been told, and meet that clock. False where it does not run or was met before."""
    row = locked(referral, by=by)
    if not meet_clock(referral=row, slug="lado", by=by, at=at):
        return False
    tell_story(row, "lado_told", f"{by.name} told the LADO.", note=note, by=by, at=at)
    record(row, "lado_told", {}, by=by, at=at)
    return True


@transaction.atomic
def reopen(*, referral: Referral, reason: str, seen: int | None = None, by: User, at: dt.datetime) -> Referral:
    """Put a referral that was decided or withdrawn back into its queue, with a new clock for deciding.

    The decision that was made stays in its history.
    """
    row = locked(referral, by=by, needs=Permission.REFERRAL_DECIDE, seen=seen)
    if not reason.strip():
        raise Refused("Say why it is opened again.")
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
    tell_story(row, "open_again", "It is being looked at again.", for_referrer=True, by=None, at=at)
    start_deciding_again(row, at=at)
    return row


def start_deciding_again(referral: Referral, *, at: dt.datetime) -> Clock | None:
    """A clock of its own for the new decision, as long as the first; the first one's answer stays as it was."""
    limit = load(referral.scheme_version).limit("decide")
    if limit is None:
        return None
    times = Clock.objects.filter(referral=referral, slug__startswith=AGAIN).count() + 1
    return start_clock(
        referral=referral,
        slug=f"{AGAIN}{times}",
        name=f"{limit.name}, opened again",
        limit=limit,
        at=at,
    )
