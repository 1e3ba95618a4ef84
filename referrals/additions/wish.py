"""The wish to withdraw: how it is settled, by a screener's answer or by what was told since, and who hears of it."""

from __future__ import annotations

import datetime as dt

from partnerships.models import User
from referrals import outbox
from referrals.intake.sending import address
from referrals.models import Addendum, Referral
from referrals.referrers import for_referrer
from referrals.triage.moves import record, tell_story


def open_wish(row: Referral) -> Addendum | None:
    """The wish that nobody has answered, if there is one."""
    wishes = Addendum.objects.filter(referral=row, kind=Addendum.Kind.WITHDRAWAL, settled_at__isnull=True)
    return wishes.select_related("by").first()


def settle_wish(row: Referral, asked: Addendum, *, agreed: bool, by: User, at: dt.datetime) -> None:
    """It waits for nobody's answer any more."""
    asked.settled_at, asked.settled_by, asked.agreed = at, by, agreed
    asked.save(update_fields=["settled_at", "settled_by", "agreed"])
    row.withdrawal_asked_at = None
    row.save(update_fields=["withdrawal_asked_at"])


def tell_settled(row: Referral, asked: Addendum, told: str, *, by: User, at: dt.datetime) -> None:
    """told: what the referrer reads of it in the story."""
    tell_story(row, "withdrawal_answered", told, for_referrer=True, by=None, at=at)
    record(row, "withdrawal_answered", {"addendum": asked.pk, "agreed": asked.agreed}, by=by, at=at)
    for person in for_referrer(row, asked.by):
        who = "you" if person.pk == asked.by_id else asked.by.name
        if person.pk != by.pk:
            outbox.tell(
                partnership=row.partnership,
                referral=row,
                kind="withdrawal",
                to=person,
                key=f"withdrawal:{asked.pk}:{person.pk}",
                subject=f"Front Door: {who} asked to withdraw referral {row.reference}",
                body=f"What {who} asked of referral {row.reference} is settled.\n\n"
                f"Sign in to read it: {address(row.partnership, 'referral_track', row)}\n",
                at=at,
            )


def end_wish(row: Referral, *, by: User, at: dt.datetime) -> None:
    """Danger, doubt or a new worry was told on the referrer's side since: nobody agrees any more that it ends."""
    asked = open_wish(row)
    if asked is None:
        return
    settle_wish(row, asked, agreed=False, by=by, at=at)
    said = f"The wish to withdraw it is settled: it goes on, for what {by.name} told since."
    tell_story(row, "withdrawal_refused", said, by=by, at=at)
    told = f"{asked.by.name} asked to withdraw it. We go on with it, for what was told since."
    tell_settled(row, asked, told, by=by, at=at)
