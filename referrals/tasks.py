"""What Celery runs. Each task is a thin door to a plain function, which `manage.py sweep --loop` calls as well.

Each works partnership by partnership, one scope at a time. `partnership`: the key of one to work for alone; without it,
as beat calls them, each in its turn. A task that is given a row is given its partnership too, and touches no other's.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from partnerships import anchors
from referrals import nudging, watch
from referrals.attachments import sweep as attachments
from referrals.consistency import sampling
from referrals.documents import making
from referrals.replay import running as replays
from referrals.retention import actions as retention
from referrals.trail import anomalies


@shared_task(name="referrals.tasks.deliver")
def deliver(partnership: int | None = None) -> None:
    """Deliver the notices that are waiting."""
    watch.deliver(at=timezone.now(), only=partnership)


@shared_task(name="referrals.tasks.sweep")
def sweep(partnership: int | None = None) -> None:
    """Move each clock that has something to do."""
    watch.sweep(at=timezone.now(), only=partnership)


@shared_task(name="referrals.tasks.scan")
def scan(partnership: int | None = None) -> None:
    """Ask the virus scanner about each attachment that it has not answered for."""
    attachments.scan_waiting(at=timezone.now(), only=partnership)


@shared_task(name="referrals.tasks.tidy")
def tidy() -> None:
    """Take away files that no attachment of any partnership speaks of any more."""
    attachments.tidy(at=timezone.now())


@shared_task(name="referrals.tasks.purge")
def purge(partnership: int | None = None) -> None:
    """Delete what the schedule says, and remind of drafts that will go in a week."""
    retention.remind(at=timezone.now(), only=partnership)
    retention.purge(at=timezone.now(), dry_run=False, only=partnership)


@shared_task(name="referrals.tasks.go_on_with_replay")
def go_on_with_replay(replay_id: str, partnership: int) -> None:
    """Take a turn at a replay, then stand in line again for the next, so that nothing else waits for long."""
    if replays.go_on(replay_id, partnership=partnership, now=timezone.now):
        go_on_with_replay.apply_async(args=[replay_id, partnership], retry=False)


@shared_task(name="referrals.tasks.go_on_with_all_replays")
def go_on_with_all_replays(partnership: int | None = None) -> None:
    """Take up each replay that no worker has in hand, such as one whose worker was killed."""
    replays.go_on_with_all(now=timezone.now, only=partnership)


@shared_task(name="referrals.tasks.make_documents", time_limit=making.LONGEST)
def make_documents(partnership: int | None = None) -> None:
    """Make the documents that wait, and take away those that nobody asked for in a day."""
    if making.make_waiting(at=timezone.now(), only=partnership):
        nudging.nudge(make_documents, *([] if partnership is None else [partnership]), expires=60)  # there may be more
    making.purge(at=timezone.now(), only=partnership)


@shared_task(name="referrals.tasks.draw_second_screenings")
def draw_second_screenings(partnership: int | None = None) -> None:
    """Draw from the latest decisions for a second, blind screening."""
    sampling.draw_all(at=timezone.now(), only=partnership)


@shared_task(name="referrals.tasks.anchor")
def anchor(partnership: int | None = None) -> None:
    """Note the head of each audit trail outside the database, once a day."""
    anchors.anchor(at=timezone.now(), only=partnership)


@shared_task(name="referrals.tasks.tell_anomalies")
def tell_anomalies(partnership: int | None = None) -> None:
    """Tell the managers what in the trail is worth a question."""
    anomalies.tell_all(at=timezone.now(), only=partnership)
