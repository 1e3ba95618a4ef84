"""Deciding anew on a child who stayed, where others of its referral were sent on to another area.

Of such a referral some decisions hold while it is open: waiting for its receipt, or come back with one of the others.
Whoever tells then that a child who stayed is in danger, or that its early help is not enough, tells of somebody whom
nobody is about to decide on; and the receipt of the others would close it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from partnerships.models import User
from referrals.domain.lifecycle import Move, Outcome, State
from referrals.models import Child, Decision, Referral
from referrals.support.ending import end_with_referral
from referrals.triage.away import away
from referrals.triage.decisions import start_again
from referrals.triage.moves import move


def decide_anew(row: Referral, children: Sequence[Child], *, by: User, at: dt.datetime) -> bool:
    """Let what holds for those of these children who stayed hold no more, on a locked open referral: whether it did.

    Its owner has it again, with new clocks for deciding; where they are away it waits in its queue. What awaits its
    receipt goes on. A child who was sent on is decided where it is. Early help that was offered is offered no more.
    """
    made = Decision.objects.filter(referral=row, child__in=children, state=Decision.State.FINAL)
    stayed = made.exclude(outcome=Outcome.TRANSFER.value)
    keys = list(stayed.values_list("child", flat=True))
    if not keys:
        return False
    stayed.update(state=Decision.State.OVERTAKEN)
    end_with_referral(row, children=keys, by=by, at=at)
    if row.state == State.PROPOSED.value:
        said = "What was proposed is over: it was written before this was told."
        move(referral=row, move=Move.TAKE_BACK, sentence=said, changes={}, by=by, at=at)
    if row.state == State.SENT_ON.value:
        said = "It is being decided again for what was told since."
        changes = {"decided_level": None, "decided_at": None, "decided_by": None}
        move(referral=row, move=Move.TAKE_UP, sentence=said, changes=changes, by=by, at=at)
        start_again(row, at=at)
    if row.state == State.IN_HAND.value and away(row, at):
        sentence = f"{row.owner.name if row.owner else 'Nobody'} is away: it is in the queue of {row.team.name}."
        gone = {"owner": None, "owned_at": None}
        move(referral=row, move=Move.RELEASE, sentence=sentence, changes=gone, by=by, at=at)
    return True
