"""Answering beside the decision: the acknowledgement that a person gives, the LADO's telling, opening it again.

Deciding stands in `deciding`, the second person's word in `signing`, and what a decision brings in `settling`.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships.access import actor_for
from partnerships.models import User
from referrals.clocks.actions import meet_clock, start_clock
from referrals.domain.lifecycle import Move, State
from referrals.letters import actions as letters
from referrals.models import Child, Clock, Decision, Letter, Referral
from referrals.support.ending import end_with_referral
from referrals.triage.moves import Elsewhere, Refused, Stale, held, locked, move, record, tell_story
from referrals.triage.next_steps import BY_NAME
from thresholds.loading import load

AGAIN = "decide_again_"
"""What the slug of the clock begins with that runs on a referral opened again; a number follows."""


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


def last_decision(referral: Referral, child: Child) -> Decision | None:
    """The latest decision on this child, whether it holds, is proposed or only kept."""
    made = Decision.objects.filter(referral=referral, child=child).exclude(state=Decision.State.OVERTAKEN)
    return made.select_related("by").order_by("-at", "-pk").first()


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
    row = held(referral)
    actor = actor_for(by, row.partnership)
    sees = Referral.objects.visible_to(actor).filter(pk=row.pk).exists()
    if not (by.is_active and sees and BY_NAME["reopen"].may(row, actor)):
        raise Elsewhere(row)
    if seen is not None and seen != row.revision:
        raise Stale(row)
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
    Decision.objects.filter(referral=row).exclude(state=Decision.State.OVERTAKEN).update(state=Decision.State.OVERTAKEN)
    end_with_referral(row, by=by, at=at)
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
