"""Views of the queue that somebody keeps under a name."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships import audit
from partnerships.models import Partnership, Team, User
from referrals.models import SavedView
from referrals.triage.filters import Filter, read_query
from referrals.triage.moves import Refused

MOST = 20


@transaction.atomic
def save_view(
    *, partnership: Partnership, team: Team | None, name: str, chosen: Filter, shared: bool, by: User, at: dt.datetime
) -> SavedView:
    """Keep a view; the same name again changes what it shows. Raises `Refused` at more than a handful."""
    mine = SavedView.objects.filter(partnership=partnership, by=by)
    if mine.exclude(team=team, name=name).count() >= MOST:
        raise Refused(f"You keep {MOST} views already. Take one out first.")
    view, _ = SavedView.objects.update_or_create(
        partnership=partnership,
        by=by,
        team=team,
        name=name,
        defaults={"query": chosen.query, "shared": shared, "at": at},
    )
    _record(view, "queue_view.saved", by=by, at=at)
    return view


@transaction.atomic
def forget_view(*, view: SavedView, by: User, at: dt.datetime) -> None:
    """Take a view out."""
    _record(view, "queue_view.forgotten", by=by, at=at)
    view.delete()


def filter_of(view: SavedView) -> Filter:
    return read_query(view.query)


def _record(view: SavedView, verb: str, *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=view.partnership,
        verb=verb,
        noun="queue_view",
        object_id=view.pk,
        of=None,
        detail={"team": view.team.slug if view.team else "all", "shared": view.shared},
        by=by,
        at=at,
    )
