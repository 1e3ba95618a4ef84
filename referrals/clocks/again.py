"""Working a clock out again: after the calendar changed, and after a pause. The first answer is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from partnerships.models import User
from referrals.models import Clock, ClockPause
from thresholds.calendars import calendar_of
from thresholds.domain.clock import Calendar
from thresholds.domain.pausing import Pause, due_after_pauses
from thresholds.domain.scheme import Limit, Starts, Unit
from thresholds.loading import load

WARN_AT = 0.75
"""A clock is due soon when three quarters of its time have gone."""


def limit_of(clock: Clock) -> Limit | None:
    """What the clock counts: its own amount and unit, or its scheme's limit; None for an instant that was agreed."""
    if clock.amount is not None and clock.unit:
        return Limit(clock.slug, clock.name, clock.amount, Unit(clock.unit), Starts.RAISED, "")
    return load(clock.referral.scheme_version).limit(clock.slug)


def due_by(clock: Clock, calendar: Calendar, pauses: Iterable[ClockPause]) -> dt.datetime:
    """When the clock ends by this calendar, the pauses that are over taken out."""
    stood_still = [Pause(each.paused_at, each.resumed_at) for each in pauses if each.resumed_at]
    limit = limit_of(clock)
    if limit is not None:
        return due_after_pauses(limit, clock.started_at, stood_still, calendar)
    longer = sum((each.ended - each.began for each in stood_still if each.began <= clock.first_due_at), dt.timedelta())
    return clock.first_due_at + longer


def set_due(clock: Clock, due_at: dt.datetime, *, at: dt.datetime) -> bool:
    """Put a new end on an unmet clock, and what the sweep must do next; not stored. True where it moved.

    A clock that was overdue and now has time left is due soon again; whom it told is not told twice.
    """
    moved = due_at != clock.due_at
    clock.due_at = due_at
    clock.warn_at = clock.started_at + (due_at - clock.started_at) * WARN_AT
    if clock.paused_at is not None:
        clock.next_step_at = None
    elif clock.stage == Clock.Stage.RUNNING:
        clock.next_step_at = clock.warn_at
    elif clock.stage == Clock.Stage.DUE_SOON or due_at > at:
        clock.stage, clock.next_step_at = Clock.Stage.DUE_SOON, due_at
    return moved


def end_pause(clock: Clock, *, by: User | None, at: dt.datetime) -> None:
    """Let a paused clock run on with what it had left; not stored, but for its pause."""
    ClockPause.objects.filter(clock=clock, resumed_at__isnull=True).update(resumed_at=at, resumed_by=by)
    clock.paused_at = None
    set_due(clock, due_by(clock, calendar_of(clock.partnership), clock.pauses.all()), at=at)
