"""What decisions that hold bring: the referral decided, the letter written, the clocks met."""

from __future__ import annotations

import datetime as dt

from partnerships.models import User
from referrals.clocks.actions import meet_clock, start_after_decision
from referrals.domain.lifecycle import Move, Outcome
from referrals.letters import actions as letters
from referrals.models import Clock, Decision, Referral, Transfer
from referrals.support.actions import offer
from referrals.transfer import restricted_since
from referrals.transfer.sending import going_on, hold_all, send_on
from referrals.triage.moves import move, tell_one
from referrals.triage.restricting import pass_to_the_lado

ANSWERED = ("decide", "decision_told", "decision_signed", "outcome_in_writing", "acknowledge")
"""What a decision with its letter meets. The letter is a named person's word: whoever had none yet has it now."""


def settle(row: Referral, decisions: list[Decision], *, author: User, by: User, at: dt.datetime) -> None:
    """Let these decisions hold, one for each child of a locked referral.

    author: who decided, and signs the letter. by: whose word made it hold: the author's, or the second person's.
    """
    signed = "" if by == author else f", and {by.name} signed it off"
    levels = [each.decided_level for each in decisions if each.decided_level is not None]
    outcomes = list(dict.fromkeys(Outcome(each.outcome) for each in decisions))
    stands_open = restricted_since.to_be_told(row) if Outcome.LADO in outcomes and not row.restricted else []
    hold_all(row, decisions, also=[each.partnership for each, _ in stands_open])
    move(
        referral=row,
        move=Move.SEND_ON if going_on(decisions) or receipt_awaited(row) else Move.DECIDE,
        sentence=f"{author.name} decided{signed}: {'; '.join(each.label for each in outcomes)}.",
        for_referrer=True,
        detail={
            "decisions": [
                {
                    "decision": each.pk,
                    "child": each.child_id,
                    "decided_level": each.decided_level,
                    "indicated_level": each.indicated_level,
                    "outcome": each.outcome,
                    "differs": each.differs,
                    **({"authorised_by": each.authorised_by_id} if each.authorised_by_id else {}),
                }
                for each in decisions
            ]
        },
        changes={"decided_level": max(levels, default=None), "decided_at": at, "decided_by": author},
        by=by,
        at=at,
    )
    Decision.objects.filter(pk__in=[each.pk for each in decisions]).update(state=Decision.State.FINAL)
    for each in decisions:
        each.state = Decision.State.FINAL
    offer(row, decisions, by=author, at=at)
    tell_authorities(row, decisions, author=author, at=at)
    if Outcome.LADO in outcomes:
        pass_to_the_lado(row, [author, by], by=author, at=at)
        if row.restricted:
            restricted_since.tell(stands_open, row, by=author, at=at)
    letters.write_outcome(referral=row, decisions=decisions, by=author, at=at)
    if going_on(decisions):
        send_on(row, decisions, author=author, at=at)
    meet_answered(row, outcomes, signed_by=by, by=author, at=at)


def receipt_awaited(row: Referral) -> bool:
    """Whether others of its children were sent on before, and nobody has said there yet that they have them."""
    return Transfer.objects.awaited().filter(referral=row).exists()


def tell_authorities(row: Referral, decisions: list[Decision], *, author: User, at: dt.datetime) -> None:
    """Whoever is named as the authority hears of it: it goes on without the family's agreement in their name."""
    for person in {each.authorised_by_id: each.authorised_by for each in decisions if each.authorised_by}.values():
        if person and person.pk != author.pk:
            tell_one(
                row,
                person,
                kind="authorised",
                subject="Front Door: a decision goes on without consent in your name",
                said=f"{author.name} decided referral {row.reference}. It goes on without the family’s agreement, and "
                "names you as who authorised that. Read the reason, and say at once if it is not yours.",
                at=at,
            )


def meet_answered(referral: Referral, outcomes: list[Outcome], *, signed_by: User, by: User, at: dt.datetime) -> None:
    """Meet every clock that the decision and its letter answer; the LADO's where it passed the referral there.

    A proposal meets none: until it is signed, nothing is decided. The signature's own clock is met by who signed.
    """
    answered = [*ANSWERED, "lado"] if Outcome.LADO in outcomes else ANSWERED
    for clock in Clock.objects.filter(referral=referral).unmet().of_promises(answered):
        meets = signed_by if clock.promise == "decision_signed" else by
        meet_clock(referral=referral, slug=clock.slug, subject=clock.subject, by=meets, at=at)
    for outcome in outcomes:
        start_after_decision(referral=referral, outcome=outcome, by=by, at=at)
