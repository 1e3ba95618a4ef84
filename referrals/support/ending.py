"""How early help ends, and what ends with it: the clock of its acceptance, or of its review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from partnerships import audit
from partnerships.models import User
from referrals.clocks.actions import meet_clock
from referrals.models import Referral, Support

SLUG, ACCEPTED = "plan_review", "support_accepted"


def subject(row: Support, number: int) -> str:
    """What tells a review's clock from those of the other children and the other reviews."""
    return f"{row.pk}:{number}"


def end(row: Support, referral: Referral, ending: str, words: str, *, by: User, at: dt.datetime) -> None:
    """Close a locked row with its outcome, and meet the clock of what was next: its acceptance, or a review."""
    row.state, row.ending, row.closing_words = Support.State.CLOSED, ending, words.strip()
    row.closed_at, row.closed_by, row.next_review_at = at, by, None
    row.save()
    meet_clock(referral=referral, slug=ACCEPTED, subject=subject(row, 0), by=by, at=at)
    meet_clock(referral=referral, slug=SLUG, subject=subject(row, row.reviews.count() + 1), by=by, at=at)
    audited(row, "closed", {"ending": ending}, by=by, at=at)


OVERTAKEN = "The referral was opened again before this was accepted."


def end_with_referral(referral: Referral, *, children: Sequence[Any] | None = None, by: User, at: dt.datetime) -> None:
    """Where a decided referral is opened again, early help that nobody has accepted is offered no more.

    children: the keys of those who are decided anew, where it is not all.
    """
    offered = Support.objects.filter(referral=referral, state=Support.State.OFFERED)
    for row in offered if children is None else offered.filter(child__in=children):
        end(row, referral, Support.Ending.ANOTHER, OVERTAKEN, by=by, at=at)


def audited(support: Support, what: str, detail: dict[str, object], *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=support.partnership,
        verb=f"support.{what}",
        noun="support",
        object_id=support.pk,
        of=support.referral_id,
        detail={"referral": support.referral_id, **detail},
        by=by,
        at=at,
    )
