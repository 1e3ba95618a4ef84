"""Working out a draft's effect, a chunk at a time, under a lease: a killed worker loses one chunk, and no figure.

What a chunk brings is written with the cursor in one short transaction, and only by whoever holds the lease. So a
chunk counts once, however many workers there are; a worker that was stopped or overtaken writes nothing more.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F

from partnerships import audit
from partnerships.each import for_each
from referrals.models import Replay, ReplayedCase
from referrals.replay.reading import Places, Read, cases, end_of_chunk
from thresholds.domain.reading import read_scheme
from thresholds.domain.replay import Replayer, read_shift, write_shift
from thresholds.loading import load

CHUNK = 2000
SLICE = dt.timedelta(seconds=5)
"""How long one turn of the worker lasts: the sweep and the notices wait for nothing longer."""
LEASE = dt.timedelta(seconds=45)
MOST_FAILURES = 3

log = logging.getLogger(__name__)
Now = Callable[[], dt.datetime]


def go_on(replay_id: Any, *, partnership: int, now: Now, length: dt.timedelta = SLICE, chunk: int = CHUNK) -> bool:
    """Take one turn at a replay of this partnership, by its key. True where there is more to do and this worker may.

    Another partnership's is a line in the log, as one that is not there, and nothing is read or written.
    """
    turns = for_each(lambda _: turn(replay_id, now=now, length=length, chunk=chunk), only=partnership)
    return any(turns)


def turn(replay_id: Any, *, now: Now, length: dt.timedelta = SLICE, chunk: int = CHUNK) -> bool:
    """One turn at a replay of the partnership in scope."""
    lease, at = uuid.uuid4(), now()
    free = Replay.objects.free(at).filter(pk=replay_id)
    if not free.update(state=Replay.State.RUNNING, lease=lease, lease_until=at + LEASE):
        if not Replay.objects.filter(pk=replay_id).exists():
            log.error("The partnership at work has no replay %s: nothing was done", replay_id)
        return False
    replay = Replay.objects.select_related("partnership", "baseline__scheme__partnership").get(pk=replay_id)
    try:
        return Turn(replay, lease, chunk).take(now, at + length)
    except Exception as error:
        log.exception("A replay failed")
        return give_up_or_wait(replay_id, lease, error, at=now())


def give_up_or_wait(replay_id: Any, lease: uuid.UUID, error: Exception, *, at: dt.datetime) -> bool:
    """After a failure: the next beat tries again, three times in all."""
    held = Replay.objects.open().filter(pk=replay_id, lease=lease)
    held.update(failures=F("failures") + 1, lease=None, lease_until=None, fault=type(error).__name__)
    over = Replay.objects.open().filter(pk=replay_id, failures__gte=MOST_FAILURES)
    over.update(state=Replay.State.FAILED, finished_at=at)
    return False


class Turn:
    """One worker's turn at one replay."""

    def __init__(self, replay: Replay, lease: uuid.UUID, chunk: int) -> None:
        self.replay, self.lease, self.chunk = replay, lease, chunk
        self.replayer = Replayer(load(replay.baseline), read_scheme(replay.content))
        self.places = Places(replay.partnership)
        self.shift = read_shift(replay.figures)

    def take(self, now: Now, until: dt.datetime) -> bool:
        while True:
            over = self.one_chunk(now)
            if over or over is None:
                return False
            if now() >= until:
                held = Replay.objects.filter(pk=self.replay.pk, lease=self.lease)
                return bool(held.update(lease=None, lease_until=None))

    def one_chunk(self, now: Now) -> bool | None:
        """Work out and write one chunk. True where it was the last, None where the lease is no longer ours."""
        replay = self.replay
        end = end_of_chunk(replay.partnership, replay.cursor, replay.until, self.chunk)
        read = Read()
        kept = list(cases(replay.partnership, replay.cursor, end, self.places, read))
        shift, changed = self.replayer.replay(each.case for each in kept)
        self.shift = self.shift.plus(shift)
        first = self.shift.children - shift.children
        over, at = end >= replay.until, now()
        written: dict[str, Any] = {
            "figures": write_shift(self.shift),
            "cursor": end,
            "done": F("done") + read.referrals,
            "left_out": F("left_out") + read.left_out,
            "lease_until": at + LEASE,
        }
        if over:
            written |= {"state": Replay.State.DONE, "finished_at": at, "lease": None, "lease_until": None}
        with transaction.atomic():
            if not Replay.objects.open().filter(pk=replay.pk, lease=self.lease).update(**written):
                return None
            ReplayedCase.objects.bulk_create(
                (
                    ReplayedCase(
                        partnership_id=replay.partnership_id,
                        replay_id=replay.pk,
                        child_id=kept[each.place].child_id,
                        place=first + each.place,
                        before_level=each.before.level,
                        after_level=each.after.level,
                        before_route=each.before.route,
                        after_route=each.after.route,
                        causes=each.causes,
                    )
                    for each in changed
                ),
                batch_size=1000,
            )
            if over:
                self.record(at)
        replay.cursor = end
        return over

    def record(self, at: dt.datetime) -> None:
        audit.record(
            partnership=self.replay.partnership,
            verb="threshold.replayed",
            noun="replay",
            object_id=self.replay.pk,
            of=None,
            detail={"children": self.shift.children, "changed": self.shift.changed},
            by=None,
            at=at,
        )


def go_on_with_all(*, now: Now, only: int | None = None) -> int:
    """One turn at each replay that nobody has in hand; how many there were. Beat calls it, and `sweep --loop`."""
    return sum(for_each(lambda partnership: turn_at_each(now=now), only=only))


def turn_at_each(*, now: Now) -> int:
    """Those of the partnership in scope."""
    waiting = list(Replay.objects.free(now()).order_by("asked_at").values_list("pk", flat=True))
    for pk in waiting:
        turn(pk, now=now)
    return len(waiting)
