"""What may be done to a partnership's own facts: its front door's numbers and hours, its closure days.

Running clocks follow the calendar: pages go through `referrals.clocks.actions`, which calls these and works the clocks
out again in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from partnerships import audit
from partnerships.models import ClosureDay, Partnership, User

FRONT_DOOR = (
    "front_door_name",
    "front_door_telephone",
    "out_of_hours_telephone",
    "opens",
    "closes",
    "always_open",
    "hours_note",
)


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


@transaction.atomic
def change_front_door(*, partnership: Partnership, changes: dict[str, Any], by: User, at: dt.datetime) -> bool:
    """Change the front door's name, numbers or hours. True where something changed; every page shows it at once."""
    unknown = set(changes) - set(FRONT_DOOR)
    if unknown:
        raise Refused(f"{', '.join(sorted(unknown))} is nothing of the front door's.")
    row = Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)
    before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
    if not before:
        return False
    for name in before:
        setattr(row, name, changes[name])
    if row.opens >= row.closes:
        raise Refused("The front door must open before it closes.")
    row.full_clean()
    row.save(update_fields=list(before))
    audit.record(
        partnership=row,
        verb="front_door.changed",
        noun="partnership",
        object_id=row.slug,
        detail={"before": before, "after": {name: changes[name] for name in before}},
        by=by,
        at=at,
    )
    return True


@transaction.atomic
def add_closure_day(*, partnership: Partnership, on: dt.date, reason: str, by: User, at: dt.datetime) -> ClosureDay:
    """Add a day on which the partnership does not work. A day that is there already is `Refused`."""
    day, new = ClosureDay.objects.get_or_create(partnership=partnership, on=on, defaults={"reason": reason})
    if not new:
        raise Refused(f"{on:%-d %B %Y} is a closure day already: {day.reason}.")
    record_day(day, "closure_day.added", by=by, at=at)
    return day


@transaction.atomic
def remove_closure_day(*, partnership: Partnership, pk: int, by: User, at: dt.datetime) -> bool:
    """Take a closure day out again. False where it is gone already."""
    day = ClosureDay.objects.select_for_update().filter(partnership=partnership, pk=pk).first()
    if day is None:
        return False
    record_day(day, "closure_day.removed", by=by, at=at)
    day.delete()
    return True


def record_day(day: ClosureDay, verb: str, *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=day.partnership,
        verb=verb,
        noun="closure_day",
        object_id=day.on,
        detail={"on": day.on.isoformat(), "reason": day.reason},
        by=by,
        at=at,
    )
