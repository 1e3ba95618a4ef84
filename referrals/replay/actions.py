"""What may be asked of a draft's effect: start working it out, stop it. The working out stands in `running`."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from partnerships import audit
from partnerships.models import Partnership, User
from referrals import nudging
from referrals.models import Replay
from referrals.replay.reading import in_reach, since_when
from thresholds.domain.reading import write_scheme
from thresholds.loading import NoThreshold, load, version_in_force
from thresholds.models import SchemeVersion


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


def baseline_of(version: SchemeVersion, at: dt.datetime) -> SchemeVersion:
    """What a draft is compared with: the version in force, or the one it was made from where none is."""
    try:
        return version_in_force(version.scheme.partnership, at)
    except NoThreshold:
        if version.based_on is None:
            raise Refused("There is no published threshold to compare this draft with.") from None
        return version.based_on


def start_replay(
    *, version: SchemeVersion, since: dt.date | None, until: dt.datetime | None = None, by: User, at: dt.datetime
) -> Replay:
    """Ask for a draft's effect on the referrals received since a day (None: all). The one that runs is given back.

    until: the last instant that counts; None for now.

    Raises `SchemeErrors` where the draft is not whole, `Refused` where there is nothing to compare it with.
    """
    if not version.is_draft:
        raise Refused("This version is published: its effect was looked at before.")
    partnership: Partnership = version.scheme.partnership
    baseline, content = baseline_of(version, at), write_scheme(load(version))
    try:
        with transaction.atomic():
            replay = Replay.objects.create(
                partnership=partnership,
                version=version,
                baseline=baseline,
                revision=version.revision,
                content=content,
                since=since,
                until=until or at,
                cursor=since_when(since),
                total=in_reach(partnership, since_when(since), until or at).count(),
                asked_at=at,
                asked_by=by,
            )
            detail = {"draft": version.slug, "revision": version.revision, "since": str(since or "")}
            record(replay, "threshold.replay_asked", detail, by=by, at=at)
            transaction.on_commit(lambda: nudge(replay))
    except IntegrityError:
        running = Replay.objects.of(version).open().first()
        if running is None:
            raise
        return running
    return replay


@transaction.atomic
def cancel_replay(*, replay: Replay, by: User, at: dt.datetime) -> bool:
    """Stop the working out. False where it was over already. What the worker has in hand comes to nothing."""
    stopped = Replay.objects.open().filter(pk=replay.pk)
    if not stopped.update(state=Replay.State.CANCELLED, cancelled_at=at, cancelled_by=by, lease=None, lease_until=None):
        return False
    record(replay, "threshold.replay_stopped", {"draft": replay.version.slug}, by=by, at=at)
    return True


def record(replay: Replay, verb: str, detail: dict[str, object], *, by: User | None, at: dt.datetime) -> None:
    audit.record(
        partnership=replay.partnership,
        verb=verb,
        noun="replay",
        object_id=replay.pk,
        of=None,
        detail=detail,
        by=by,
        at=at,
    )


def nudge(replay: Replay) -> None:
    """Ask a worker to go on now. Best effort: where the broker is away, the next beat goes on."""
    from referrals.tasks import go_on_with_replay

    nudging.nudge(go_on_with_replay, str(replay.pk), replay.partnership_id)
