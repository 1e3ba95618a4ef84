"""Changing the calendar that running clocks stand on, and working them out again, in one transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Min

from partnerships import actions as partnership_actions
from partnerships import audit
from partnerships.models import Partnership, User
from partnerships.staffing import managers
from referrals import outbox
from referrals.clocks.again import due_by, set_due
from referrals.holding import hold
from referrals.models import Clock, Referral
from thresholds.calendars import calendar_of

BATCH = 500


@dataclass(frozen=True, slots=True)
class Recomputed:
    """How many running clocks were looked at, and how many of them moved."""

    running: int
    moved: int


@transaction.atomic
def add_closure_day(*, partnership: Partnership, on: dt.date, reason: str, by: User, at: dt.datetime) -> Recomputed:
    """Add a closure day; every running clock of the partnership is worked out again, its first answer kept."""
    hold_running(partnership)
    partnership_actions.add_closure_day(partnership=partnership, on=on, reason=reason, by=by, at=at)
    done = recompute_all(partnership=partnership, by=by, at=at)
    tell_managers(partnership, [f"{on:%-d %B %Y} is a closure day ({reason})"], done, by=by, at=at)
    return done


@transaction.atomic
def remove_closure_day(*, partnership: Partnership, pk: int, by: User, at: dt.datetime) -> Recomputed:
    """Take a closure day out; running clocks are worked out again. A day that is gone already changes nothing."""
    hold_running(partnership)
    if not partnership_actions.remove_closure_day(partnership=partnership, pk=pk, by=by, at=at):
        return Recomputed(0, 0)
    done = recompute_all(partnership=partnership, by=by, at=at)
    tell_managers(partnership, ["a closure day was taken out"], done, by=by, at=at)
    return done


@transaction.atomic
def change_front_door(*, partnership: Partnership, changes: dict[str, Any], by: User, at: dt.datetime) -> Recomputed:
    """Change the front door's numbers or hours; where the hours changed, clocks in working hours move."""
    hold_running(partnership)
    before = {name: getattr(partnership, name) for name in changes}
    changed = partnership_actions.change_front_door(partnership=partnership, changes=changes, by=by, at=at)
    partnership.refresh_from_db()
    if not changed:
        return Recomputed(0, 0)
    done = recompute_all(partnership=partnership, by=by, at=at)
    said = [
        f"{words}: “{shown(before[name])}” became “{shown(getattr(partnership, name))}”"
        for name, words in TOLD.items()
        if name in before and before[name] != getattr(partnership, name)
    ]
    tell_managers(partnership, said, done, by=by, at=at)
    return done


TOLD = {
    "front_door_telephone": "the front door’s number",
    "out_of_hours_telephone": "the number out of hours",
    "opens": "it opens at",
    "closes": "it closes at",
    "always_open": "answered day and night",
}
"""What of the front door everybody goes by, and what the managers hear of where it changes."""


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:%H:%M}" if isinstance(value, dt.time) else str(value)


def tell_managers(partnership: Partnership, said: list[str], done: Recomputed, *, by: User, at: dt.datetime) -> None:
    """The numbers that every page shows, or clocks that run, are changed by one person: the managers hear of it.

    Before the front door is open nobody goes by them yet.
    """
    if not said or not partnership.takes_referrals:
        return
    moved = f" {done.moved} of {done.running} running clocks moved by it." if done.moved else ""
    for manager in managers(partnership):
        if manager.pk != by.pk:
            outbox.tell(
                partnership=partnership,
                referral=None,
                kind="front_door",
                to=manager,
                key=f"front_door:{at.isoformat()}:{manager.pk}",
                subject="Front Door: numbers, hours or closure days changed",
                body=f"{by.name} changed this: {'; '.join(said)}.{moved}\n\n"
                f"If that is wrong, ask {by.name} or the partnership’s admin now: every page goes by it.\n",
                at=at,
            )


def hold_running(partnership: Partnership) -> None:
    """Hold every referral on which a clock runs, before the trail and the partnership are written to."""
    Partnership.objects.select_for_update(no_key=True).only("pk").get(pk=partnership.pk)
    running = Clock.objects.filter(partnership=partnership).unmet().order_by().values_list("referral", flat=True)
    hold(partnership.pk, set(running))


@transaction.atomic
def recompute_all(*, partnership: Partnership, by: User | None, at: dt.datetime) -> Recomputed:
    """Work every clock that is not met out again by the calendar as it is now."""
    calendar = calendar_of(partnership)
    running, moved = 0, []
    clocks = Clock.objects.filter(partnership=partnership).unmet().select_for_update(of=("self",))
    clocks = clocks.select_related("referral__scheme_version").prefetch_related("pauses")
    for clock in clocks.iterator(chunk_size=BATCH):
        running += 1
        if set_due(clock, due_by(clock, calendar, clock.pauses.all()), at=at):
            moved.append(clock)
    Clock.objects.bulk_update(moved, ["due_at", "warn_at", "stage", "next_step_at"], batch_size=BATCH)
    keep_next_due_of(partnership, {clock.referral_id for clock in moved})
    if moved:
        audit.record(
            partnership=partnership,
            verb="clocks.recomputed",
            noun="partnership",
            object_id=partnership.slug,
            of=None,
            detail={"running": running, "moved": len(moved)},
            by=by,
            at=at,
        )
    return Recomputed(running, len(moved))


def keep_next_due_of(partnership: Partnership, referral_ids: set[Any]) -> None:
    """Keep on each referral its earliest instant that is not met, by which its queue is sorted."""
    listed = list(referral_ids)
    for start in range(0, len(listed), BATCH):
        earliest = dict(
            Clock.objects.filter(partnership=partnership, referral_id__in=listed[start : start + BATCH])
            .counting()
            .order_by()
            .values_list("referral_id")
            .annotate(due=Min("due_at"))
        )
        referrals = list(Referral.objects.filter(pk__in=earliest))
        for referral in referrals:
            referral.next_due_at = earliest[referral.pk]
        Referral.objects.bulk_update(referrals, ["next_due_at"], batch_size=BATCH)
