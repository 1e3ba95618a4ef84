"""Stopping a clock with a reason until a day, and letting it run on.

No limit pauses by itself; a manager's word does it, until a day on which it runs on by itself. It stands still for
longer only where a manager looks at it again and says so again. Danger that is told ends every pause of its referral.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from partnerships import audit
from partnerships.each import for_each
from partnerships.hours import LONDON
from partnerships.models import Partnership, User
from partnerships.templatetags.page_parts import day
from referrals import outbox
from referrals.clocks import words
from referrals.clocks.actions import keep_next_due
from referrals.clocks.again import end_pause
from referrals.clocks.sweep import helping_by, told_of, unless_kept_out
from referrals.holding import hold
from referrals.models import Clock, ClockPause, Event, Referral
from thresholds.calendars import calendar_of

LONGEST = 10
"""Working days for which a clock stands still at most, until somebody looks at it again: our own default."""

WITHOUT_A_DAY = dt.timedelta(days=14)
"""How long one stands still that was paused before each pause had a day on which it ends."""


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


def locked(clock: Clock) -> Clock:
    """A clock, held after its referral, whose next due instant follows it."""
    hold(clock.partnership_id, [clock.referral_id])
    rows = Clock.objects.select_for_update(of=("self",)).select_related("partnership", "referral__scheme_version")
    return rows.get(pk=clock.pk)


def last_day(partnership: Partnership, *, at: dt.datetime) -> dt.date:
    """Until when a clock that is paused now may stand still."""
    return calendar_of(partnership).working_day_after(at.astimezone(LONDON).date(), LONGEST)


@transaction.atomic
def pause(*, clock: Clock, reason: str, until: dt.date, by: User, at: dt.datetime) -> Clock:
    """Stop a clock until the beginning of a day. While it stands still nobody is warned of it; what it has left it
    keeps. Pressed twice, once."""
    row = locked(clock)
    if not reason.strip():
        raise Refused("Say why the clock stands still: it is shown on the referral and in the report.")
    if row.met_at is not None:
        raise Refused(f"“{row.name}” is met already: there is nothing to pause.")
    until_at = dt.datetime.combine(until, dt.time(), LONDON)
    there = ClockPause.objects.filter(clock=row, resumed_at__isnull=True).select_related("paused_by").first()
    if row.paused_at is not None and there is not None:
        if (there.paused_by_id, there.reason, there.until_at) == (by.pk, reason.strip(), until_at):
            return row
        who = there.paused_by.name if there.paused_by else "Somebody"
        raise Refused(f"{who} paused “{row.name}” already: {there.reason} What you wrote is not kept.")
    if row.due_at < at:
        raise Refused(f"“{row.name}” is overdue: pausing it now would mend nothing. Say why it is late instead.")
    latest = last_day(row.partnership, at=at)
    if not at.astimezone(LONDON).date() < until <= latest:
        raise Refused(
            f"It can stand still until {day(latest)} at the latest, and until tomorrow at least. On that day look at "
            "it again, and pause it again if it must wait for longer."
        )
    ClockPause.objects.create(
        partnership=row.partnership, clock=row, reason=reason.strip(), paused_at=at, paused_by=by, until_at=until_at
    )
    row.paused_at, row.next_step_at = at, None
    row.save(update_fields=["paused_at", "next_step_at"])
    _told(row, "clock.paused", f"{by.name} paused “{words.called(row)}” until {day(until)}.", reason.strip(), by, at)
    return row


@transaction.atomic
def resume(*, clock: Clock, by: User, at: dt.datetime) -> Clock:
    """Let a clock run on with what it had left. One that is not paused stays as it is."""
    row = locked(clock)
    if row.paused_at is None or row.met_at is not None:
        return row
    end_pause(row, by=by, at=at)
    row.save()
    _told(row, "clock.resumed", f"{by.name} let “{words.called(row)}” run on.", "", by, at)
    return row


def run_on_in_danger(referral: Referral, *, by: User, at: dt.datetime) -> None:
    """Let what stands still of a held referral run on, since danger was told: who paused it did not know of that, and
    what stands still warns nobody."""
    for clock in Clock.objects.filter(referral=referral, paused_at__isnull=False, met_at__isnull=True):
        row = locked(clock)
        end_pause(row, by=by, at=at)
        row.save()
        said = f"“{words.called(row)}” runs on: it was said that a child may come to harm."
        _told(row, "clock.resumed", said, "", by, at)


def run_on(*, at: dt.datetime, only: int | None = None) -> int:
    """Let each clock run on whose pause is over, and tell those who have it: how many. only: of this partnership."""

    def of_one(partnership: Partnership) -> int:
        over = Q(until_at__lte=at) | Q(until_at__isnull=True, paused_at__lte=at - WITHOUT_A_DAY)
        pauses = ClockPause.objects.filter(over, resumed_at__isnull=True, clock__met_at__isnull=True)
        return sum(run_on_one(each, at=at) for each in pauses.select_related("clock", "paused_by"))

    return sum(for_each(of_one, only=only))


@transaction.atomic
def run_on_one(over: ClockPause, *, at: dt.datetime) -> bool:
    """False where somebody let it run on meanwhile. What it had left counts from the end of its pause, whenever the
    sweep finds it."""
    row = locked(over.clock)
    if not ClockPause.objects.filter(pk=over.pk, resumed_at__isnull=True).exists():
        return False
    end_pause(row, by=None, at=min(at, over.until_at or at))
    row.save()
    _told(row, "clock.resumed", f"The pause of “{words.called(row)}” is over: it runs on.", "", None, at)
    row = Clock.objects.select_related("partnership", "referral__team", "referral__owner", "referral__partnership").get(
        pk=row.pk
    )
    helping = {each.pk for each in helping_by(row)}
    people = {each.pk: each for each in (*told_of(row.referral, Clock.Stage.DUE_SOON, {}), *helping_by(row))}
    if over.paused_by and over.paused_by.is_active:
        people |= {each.pk: each for each in unless_kept_out(row.referral, [over.paused_by])}
    for person in people.values():
        outbox.tell(
            partnership=row.partnership,
            referral=row.referral,
            kind="clock_runs_on",
            to=person,
            key=f"clock_runs_on:{over.pk}:{person.pk}",
            subject="Front Door: what stood still runs on",
            body=words.runs_on(row, in_support=person.pk in helping),
            at=at,
        )
    return True


def _told(row: Clock, verb: str, sentence: str, note: str, by: User | None, at: dt.datetime) -> None:
    """sentence: it names no agency and no area, for the story goes on to who may not know whom the MASH asked."""
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
        of=row.referral_id,
        detail={"limit": row.slug, "due_at": row.due_at.isoformat()},
        by=by,
        at=at,
    )
