"""What in the trail is worth a question: found for the managers' page, and told to them once each.

A notice names the person, and nothing of what they read: that somebody opened a record of their own family name would
tell a child's name to every mailbox on the way. Who reads it goes to the page, behind the trail's own gate.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from partnerships import trail
from partnerships.each import for_each
from partnerships.hours import LONDON
from partnerships.models import AuditEntry, Partnership, User
from partnerships.staffing import managers
from referrals import outbox
from referrals.models import Child

BACK = dt.timedelta(days=7)
"""How far back the page looks."""
TOLD_BACK = dt.timedelta(days=2)
"""How far back is told of: a loop that stood still for a night or a day misses nothing, and nothing old comes again."""


@dataclass(frozen=True, slots=True)
class Found:
    """What stands out among so many readings, the latest first; `records`: the ids of the referrals that were read."""

    anomalies: list[trail.Anomaly]
    opened: int
    records: frozenset[uuid.UUID]


def find(partnership: Partnership, *, since: dt.datetime) -> Found:
    """Look through what a partnership's people did since an instant, within its scope."""
    opened = AuditEntry.objects.filter(partnership=partnership, verb__in=trail.OPENED, at__gte=since)
    opened = opened.select_related("by").order_by("at", "sequence")
    read = [each for each in opened if not trail.is_of_draft(each)]
    ids = frozenset(pk for each in read if (pk := read_id(trail.record_of(each))))
    names: dict[str, set[str]] = {}
    for referral_id, last_name in Child.objects.filter(referral_id__in=ids).values_list("referral_id", "last_name"):
        names.setdefault(str(referral_id), set()).add(last_name.strip().casefold())
    folded = {pk: frozenset(held - {""}) for pk, held in names.items()}
    found = trail.many_records(read) + trail.own_family_name(read, folded) + trail.out_of_hours(partnership, read)
    held_up = AuditEntry.objects.filter(partnership=partnership, verb=trail.REACHED, at__gte=since)
    found += trail.over_limits(held_up.select_related("by").order_by("at", "sequence"))
    return Found(sorted(found, key=lambda each: each.at, reverse=True), len(read), ids)


def read_id(told: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(told)
    except ValueError:
        return None


def tell_all(*, at: dt.datetime, only: int | None = None) -> int:
    """Tell each partnership's managers of what stands out and was not told before. How many notices were written."""
    return sum(for_each(lambda partnership: tell(partnership, at=at), only=only))


def tell(partnership: Partnership, *, at: dt.datetime) -> int:
    found = find(partnership, since=at - TOLD_BACK).anomalies
    told = 0
    for anomaly in reversed(found):
        told += sum(tell_one(partnership, anomaly, to, at=at) for to in managers(partnership) if to != anomaly.person)
    return told


def key_of(anomaly: trail.Anomaly) -> str:
    """What makes it this one: own name by record, the others by person and day, however often they are looked for."""
    what = anomaly.object_id if anomaly.kind == "name" else anomaly.at.astimezone(LONDON).date().isoformat()
    return f"anomaly:{anomaly.kind}:{anomaly.person.pk}:{what}"


def tell_one(partnership: Partnership, anomaly: trail.Anomaly, to: User, *, at: dt.datetime) -> bool:
    page = settings.SITE_URL + reverse("audit_anomalies", kwargs={"partnership": partnership.slug})
    when = anomaly.at.astimezone(LONDON)
    notice = outbox.tell(
        partnership=partnership,
        referral=None,
        kind="anomaly",
        to=to,
        key=f"{key_of(anomaly)}:{to.pk}",
        subject="Front Door: something in the audit trail is worth a question",
        body=f"How {anomaly.person.name} used Front Door on {when.day} {when:%B %Y} is worth a question. It may be "
        f"quite right: ask.\n\nWhat stands out is in the audit trail:\n{page}\n",
        at=at,
    )
    return notice is not None
