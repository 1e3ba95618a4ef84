"""Holding rows still until a transaction ends, in one order, so that no two actions wait for one another.

The order: referrals by their keys, all that an action changes at once; with them the clocks that run on them; the head
of the audit trail last, for every entry takes that and keeps it to the end. Who held one referral, wrote to the trail,
and then held the next would keep the head from whoever has that next one, and wait for them: PostgreSQL refuses one of
the two. Before the referrals come a partnership's own facts, then a person (`partnerships.members`). Along a chain of
transfers the sender's referral is held before the receiver's, then the trails (`referrals.transfer.receiving`).

A row that hangs on a held one (an event, a notice) may be added by others meanwhile: their keys do not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from referrals.models import Clock, Referral


def hold(partnership: Any, keys: Iterable[Any]) -> list[Any]:
    """Hold these referrals of a partnership (or its key), and what runs on them: the keys of those that are there."""
    rows = Referral.objects.select_for_update(no_key=True).filter(partnership=partnership, pk__in=list(keys))
    found = list(rows.order_by("pk").values_list("pk", flat=True))
    if connection.features.has_select_for_update:  # SQLite holds the whole database
        clocks = Clock.objects.select_for_update(no_key=True).filter(referral__in=found, met_at__isnull=True)
        list(clocks.order_by("pk").values_list("pk", flat=True))
    return found
