"""Whether the work behind the pages goes on: for operations to watch, and for the loops to watch one another.

Nothing here is about a child: ages in seconds, counts, and whether each part answers.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min
from django_scopes import scopes_disabled

from referrals.models import Clock, Heartbeat, Notice

log = logging.getLogger(__name__)

LOOPS = ("sweep", "deliver")
ROUNDS = 3
"""A loop that was not seen for three of its rounds stands still."""
AHEAD = dt.timedelta(seconds=30)
"""A loop seen this far in the future runs where the clock is ahead: it warns early, and hides that it stops."""
UNSWEPT = dt.timedelta(minutes=5)
UNSENT = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Health:
    """How the work behind stands. Ages are in seconds; None where there is nothing to measure."""

    database: str
    broker: str
    sweep_age: int | None = None
    deliver_age: int | None = None
    outbox_waiting: int | None = None
    outbox_oldest_age: int | None = None
    outbox_given_up: int | None = None
    clocks_unswept: int | None = None
    oldest_unswept_age: int | None = None
    faults: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        return {"status": "ok" if self.is_well else "failing", **asdict(self), "faults": list(self.faults)}


def look(*, at: dt.datetime) -> Health:
    """Ask each part. A database that does not answer is a finding, not an error."""
    broker = broker_answers()
    try:
        return with_database(broker, at)
    except DatabaseError as error:
        log.error("Health: the database does not answer (%s)", type(error).__name__)
        return Health("down", broker, faults=("The database does not answer.",))


def with_database(broker: str, at: dt.datetime) -> Health:
    beats = dict(Heartbeat.objects.filter(name__in=LOOPS).values_list("name", "beat_at"))
    with scopes_disabled():  # counts over every partnership; no row is read
        waiting = Notice.objects.filter(state=Notice.State.WAITING, digest=False)
        oldest = waiting.filter(next_attempt_at__lte=at).aggregate(oldest=Min("next_attempt_at"))["oldest"]
        unswept = Clock.objects.filter(next_step_at__lte=at, met_at__isnull=True)
        count, first = unswept.count(), unswept.aggregate(first=Min("next_step_at"))["first"]
        backlog, dead = waiting.count(), Notice.objects.filter(state=Notice.State.DEAD).count()
    faults = [
        *([] if broker == "ok" else ["The broker does not answer: notices wait for the next sweep loop."]),
        *[f"The {name} loop stands still." for name in LOOPS if stands_still(beats.get(name), at)],
        *[f"The {name} loop runs on a machine whose clock is ahead." for name in LOOPS if ahead(beats.get(name), at)],
        *(["Clocks that fell due were not swept."] if first and at - first > UNSWEPT else []),
        *(["Notices wait that should have gone out."] if oldest and at - oldest > UNSENT else []),
    ]
    return Health(
        database="ok",
        broker=broker,
        sweep_age=age(beats.get("sweep"), at),
        deliver_age=age(beats.get("deliver"), at),
        outbox_waiting=backlog,
        outbox_oldest_age=age(oldest, at),
        outbox_given_up=dead,
        clocks_unswept=count,
        oldest_unswept_age=age(first, at),
        faults=tuple(faults),
    )


def age(instant: dt.datetime | None, at: dt.datetime) -> int | None:
    return None if instant is None else max(0, int((at - instant).total_seconds()))


def stands_still(beat_at: dt.datetime | None, at: dt.datetime) -> bool:
    return beat_at is None or at - beat_at > dt.timedelta(seconds=ROUNDS * settings.SWEEP_SECONDS)


def ahead(beat_at: dt.datetime | None, at: dt.datetime) -> bool:
    return beat_at is not None and beat_at - at > AHEAD


def broker_answers() -> str:
    """Whether a nudge could go out: Redis answers a ping within a second, or the broker's folder can be written."""
    if not settings.REDIS_URL:
        return "ok" if os.access(settings.VAR_DIR / "broker", os.W_OK) else "down"
    import redis

    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError:
        return "down"
    return "ok"


def beat(name: str, *, at: dt.datetime) -> None:
    """Note that a loop came by."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": at})
