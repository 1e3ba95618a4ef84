"""Drawing decisions for a second, blind screening; who may do it; and doing it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from partnerships import audit
from partnerships.access import Actor
from partnerships.actions import Refused
from partnerships.each import for_each
from partnerships.models import AuditEntry, Partnership, User
from partnerships.trail import OPENED
from referrals.models import Decision, Referral, SecondScreening

LOOKED_BACK = dt.timedelta(days=2)
"""How long after a decision it can still be drawn: the drawing comes by every hour."""


def is_drawn(decision_id: Any, percent: int) -> bool:
    """Whether chance takes a decision. The same answer each time, and nobody who decides can foresee it."""
    mixed = hmac.new(settings.SECRET_KEY.encode(), f"second-screening:{decision_id}".encode(), hashlib.sha256)
    return int.from_bytes(mixed.digest()[:8], "big") % 10_000 < percent * 100


def draw_all(*, at: dt.datetime, only: int | None = None) -> int:
    """Draw from the latest decisions of every partnership that asks for it, or of one; how many were drawn."""
    return sum(for_each(lambda partnership: draw(partnership=partnership, at=at), only=only))


@transaction.atomic
def draw(*, partnership: Partnership, at: dt.datetime) -> int:
    if not partnership.second_screening_percent:
        return 0
    fresh = Decision.objects.standing().filter(
        partnership=partnership, at__gt=at - LOOKED_BACK, child__isnull=False, decided_level__isnull=False
    )
    new = fresh.filter(second_screening__isnull=True)
    taken = [row for row in new if is_drawn(row.pk, partnership.second_screening_percent)]
    SecondScreening.objects.bulk_create(
        (
            SecondScreening(
                partnership=partnership, referral_id=row.referral_id, child_id=row.child_id, decision=row, drawn_at=at
            )
            for row in taken
        ),
        ignore_conflicts=True,
    )
    return len(taken)


KNOWS_IT = tuple(verb for verb in OPENED if verb != "second_screening.read")
"""What whoever did it can't screen blind any more; the page of the second screening itself shows no decision."""


def waiting_for(actor: Actor) -> QuerySet[SecondScreening]:
    """What this person may screen blind: in reach, neither decided nor ever opened by them, nor any part of it."""
    mine_read = AuditEntry.objects.filter(partnership=actor.partnership, by=actor.user, verb__in=KNOWS_IT)
    opened, part = mine_read.filter(object_id=OuterRef("key")), mine_read.filter(concerns=OuterRef("referral"))
    rows = SecondScreening.objects.filter(screened_at__isnull=True)
    rows = rows.filter(referral__in=Referral.objects.visible_to(actor))
    mine = Decision.objects.filter(referral=OuterRef("referral"), by=actor.user)
    rows = rows.exclude(Exists(mine)).exclude(Q(referral__owner=actor.user) | Q(referral__decided_by=actor.user))
    return (
        rows.annotate(key=as_key("referral_id"))
        .exclude(Exists(opened))
        .exclude(Exists(part))
        .select_related("child", "referral")
    )


def as_key(field: str) -> Any:
    """A UUID column as the trail writes it: with hyphens, also where the database keeps it without."""
    from django.db import connection
    from django.db.models import CharField, Value
    from django.db.models.functions import Cast, Concat, Substr

    if connection.vendor == "postgresql":
        return Cast(field, CharField(max_length=36))
    parts: list[Any] = []
    for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)):
        parts += [Substr(Cast(field, CharField(max_length=32)), start, length), Value("-")]
    return Concat(*parts[:-1])


@transaction.atomic
def screen_second(
    *, screening: SecondScreening, actor: Actor, level: int, reason: str, by: User, at: dt.datetime
) -> SecondScreening:
    """Keep a second screener's level. Pressed twice, once; never by who decided or opened the referral."""
    row = SecondScreening.objects.select_for_update().filter(pk=screening.pk).first()
    if row and row.screened_at and (row.screened_by_id, row.level, row.reason) == (by.pk, level, reason):
        return row
    if row is None or row.screened_at:
        raise Refused("Somebody else has screened this one meanwhile.")
    if not waiting_for(actor).filter(pk=row.pk).exists():
        raise Refused("You know this referral already, so your screening would not be blind.")
    row.level, row.reason, row.screened_at, row.screened_by = level, reason, at, by
    row.save(update_fields=["level", "reason", "screened_at", "screened_by"])
    audit.record(
        partnership=row.partnership,
        verb="second_screening.done",
        noun="second_screening",
        object_id=row.pk,
        of=row.referral_id,
        detail={"referral": str(row.referral_id)},
        by=by,
        at=at,
    )
    return row
