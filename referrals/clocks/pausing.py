"""Stopping a clock with a reason, and letting it run on. No limit pauses by itself; a manager's word does it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships import audit
from partnerships.models import User
from referrals.clocks.actions import keep_next_due
from referrals.clocks.again import end_pause
from referrals.models import Clock, ClockPause, Event


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


def locked(clock: Clock) -> Clock:
    rows = Clock.objects.select_for_update(of=("self",)).select_related("partnership", "referral__scheme_version")
    return rows.get(pk=clock.pk)


@transaction.atomic
def pause(*, clock: Clock, reason: str, by: User, at: dt.datetime) -> Clock:
    """Stop a clock. While it stands still nobody is warned of it; what it has left it keeps. Pressed twice, once."""
    row = locked(clock)
    if not reason.strip():
        raise Refused("Say why the clock stands still: it is shown on the referral and in the report.")
    if row.met_at is not None:
        raise Refused(f"“{row.name}” is met already: there is nothing to pause.")
    there = ClockPause.objects.filter(clock=row, resumed_at__isnull=True).select_related("paused_by").first()
    if row.paused_at is not None and there is not None:
        if (there.paused_by_id, there.reason) == (by.pk, reason.strip()):
            return row
        who = there.paused_by.name if there.paused_by else "Somebody"
        raise Refused(f"{who} paused “{row.name}” already: {there.reason} What you wrote is not kept.")
    if row.due_at < at:
        raise Refused(f"“{row.name}” is overdue: pausing it now would mend nothing. Say why it is late instead.")
    ClockPause.objects.create(partnership=row.partnership, clock=row, reason=reason.strip(), paused_at=at, paused_by=by)
    row.paused_at, row.next_step_at = at, None
    row.save(update_fields=["paused_at", "next_step_at"])
    _told(row, "clock.paused", f"{by.name} paused “{row.name}”.", reason.strip(), by, at)
    return row


@transaction.atomic
def resume(*, clock: Clock, by: User | None, at: dt.datetime) -> Clock:
    """Let a clock run on with what it had left. One that is not paused stays as it is."""
    row = locked(clock)
    if row.paused_at is None or row.met_at is not None:
        return row
    end_pause(row, by=by, at=at)
    row.save()
    _told(row, "clock.resumed", f"{by.name if by else 'Front Door'} let “{row.name}” run on.", "", by, at)
    return row


def _told(row: Clock, verb: str, sentence: str, note: str, by: User | None, at: dt.datetime) -> None:
    keep_next_due(row.referral)
    Event.objects.create(
        partnership=row.partnership,
        referral=row.referral,
        kind=verb.replace(".", "_"),
        sentence=sentence,
        note=note,
        at=at,
        by=by,
    )
    audit.record(
        partnership=row.partnership,
        verb=verb,
        noun="referral",
        object_id=row.referral_id,
        detail={"limit": row.slug, "due_at": row.due_at.isoformat()},
        by=by,
        at=at,
    )
