"""Starting clocks and meeting them. A clock is one stored instant, computed when it starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Min

from partnerships.models import User
from referrals.models import Clock, Referral
from thresholds.calendars import calendar_of
from thresholds.domain.clock import due
from thresholds.domain.scheme import Limit
from thresholds.loading import load

RUN_ON_A_REFERRAL = (
    "acknowledge",
    "decide",
    "outcome_in_writing",
    "decision_told",
    "decision_signed",
    "written_form",
    "lado",
)
"""The limits that run on a referral from its sending; others start with what they time."""
WARN_AT = 0.75
"""A clock is due soon when three quarters of its time have gone."""


def starts_now(limit: Limit, referral: Referral, starts: Mapping[str, dt.datetime | None]) -> dt.datetime | None:
    """When this limit starts on this referral, or None where it does not run on it.

    The written form's clock runs only where a call, or the moment of the worry, came before it; the LADO's only where
    the referral carries that flag.
    """
    if limit.slug not in RUN_ON_A_REFERRAL:
        return None
    if limit.slug == "lado":
        return starts["received"] if "lado" in referral.flags else None
    if limit.slug == "written_form":
        return starts.get(limit.starts.value) if limit.starts.value != "received" else None
    return starts["received"]


@transaction.atomic
def start_clocks(
    *, referral: Referral, starts: Mapping[str, dt.datetime | None], by: User | None, at: dt.datetime
) -> list[Clock]:
    """Start what the referral's own scheme version says. starts: `received`, and where known `called`, `concern`.

    The written form is met by being sent: its clock is stored as met (in time or late) at the moment of receipt.
    """
    scheme = load(referral.scheme_version)
    calendar = calendar_of(referral.partnership)
    clocks = []
    for limit in scheme.limits:
        start = starts_now(limit, referral, starts)
        if start is None:
            continue
        due_at = due(limit, start, calendar)
        warn_at = start + (due_at - start) * WARN_AT
        clock = Clock(
            partnership=referral.partnership,
            referral=referral,
            slug=limit.slug,
            name=limit.name,
            started_at=start,
            warn_at=warn_at,
            due_at=due_at,
            first_due_at=due_at,
            next_step_at=warn_at,
        )
        if limit.slug == "written_form":
            clock.met_at, clock.met_by = starts["received"], by
            clock.stage, clock.next_step_at = Clock.Stage.MET, None
        clocks.append(clock)
    Clock.objects.bulk_create(clocks)
    keep_next_due(referral)
    return clocks


@transaction.atomic
def meet_clock(*, referral: Referral, slug: str, by: User | None, at: dt.datetime) -> bool:
    """Stop a clock, in time or late. False where it does not run or was met before: the first time counts."""
    met = Clock.objects.filter(referral=referral, slug=slug, met_at__isnull=True).update(
        met_at=at, met_by=by, stage=Clock.Stage.MET, next_step_at=None
    )
    if met:
        keep_next_due(referral)
    return bool(met)


def keep_next_due(referral: Referral) -> None:
    """Keep on the referral the earliest instant that is not met, by which its queue is sorted."""
    earliest = Clock.objects.filter(referral=referral, met_at__isnull=True).aggregate(due=Min("due_at"))["due"]
    Referral.objects.filter(pk=referral.pk).update(next_due_at=earliest)
    referral.next_due_at = earliest


@transaction.atomic
def recompute(*, clock: Clock, by: User | None, at: dt.datetime) -> bool:
    """Work a running clock out again after the calendar changed; the first answer is kept. True where it moved."""
    limit = load(clock.referral.scheme_version).limit(clock.slug)
    if limit is None or clock.met_at is not None:
        return False
    due_at = due(limit, clock.started_at, calendar_of(clock.partnership))
    if due_at == clock.due_at:
        return False
    clock.due_at = due_at
    clock.warn_at = clock.started_at + (due_at - clock.started_at) * WARN_AT
    if clock.stage == Clock.Stage.RUNNING:
        clock.next_step_at = clock.warn_at
    elif clock.stage == Clock.Stage.DUE_SOON:
        clock.next_step_at = due_at
    clock.save(update_fields=["due_at", "warn_at", "next_step_at"])
    keep_next_due(clock.referral)
    return True
