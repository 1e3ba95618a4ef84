"""Starting clocks and meeting them. A clock is one stored instant, computed when it starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Min

from partnerships import audit
from partnerships.models import User
from referrals import outbox
from referrals.clocks import words
from referrals.clocks.again import WARN_AT, end_pause
from referrals.domain.lifecycle import Outcome
from referrals.models import Clock, Event, LateReason, Referral
from thresholds.calendars import calendar_of
from thresholds.domain.clock import due
from thresholds.domain.scheme import Limit, Starts
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
"""The limits that run on a referral from its sending; others start with what they time (`start_limit`)."""


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
        clock = made(referral, limit.slug, limit.name, start, due(limit, start, calendar))
        if limit.slug == "written_form":
            clock.met_at, clock.met_by = starts["received"], by
            clock.stage, clock.next_step_at = Clock.Stage.MET, None
        clocks.append(clock)
    Clock.objects.bulk_create(clocks)
    keep_next_due(referral)
    return clocks


def made(referral: Referral, slug: str, name: str, start: dt.datetime, due_at: dt.datetime) -> Clock:
    """A clock that is not stored yet, its first answer kept."""
    warn_at = max(start, start + (due_at - start) * WARN_AT)
    return Clock(
        partnership=referral.partnership,
        referral=referral,
        slug=slug,
        name=name[:200],
        started_at=start,
        warn_at=warn_at,
        due_at=due_at,
        first_due_at=due_at,
        next_step_at=warn_at,
    )


@transaction.atomic
def start_clock(
    *,
    referral: Referral,
    slug: str,
    name: str,
    due_at: dt.datetime | None = None,
    limit: Limit | None = None,
    subject: object = "",
    started_at: dt.datetime | None = None,
    by: User | None = None,
    at: dt.datetime,
) -> Clock:
    """Start one clock outside the limits that run from sending: a check, a question, a plan review, an escalation.

    Give `due_at`, an instant that was agreed, or `limit`, from which it is worked out by the partnership's calendar and
    worked out again when that changes. subject: tells several of a kind on one referral apart (a key or slug, never a
    name of a person). started_at: where it began before `at`. A clock of that slug and subject that is there already
    is given back as it is: the first answer counts. The sweep warns of it like of any other.
    """
    if (due_at is None) == (limit is None):
        raise ValueError("a clock needs an instant or a limit, and not both")
    there = Clock.objects.filter(referral=referral, slug=slug, subject=str(subject)).first()
    if there is not None:
        return there
    start = started_at or at
    ends = due_at or due(limit, start, calendar_of(referral.partnership))  # type: ignore[arg-type]
    clock = made(referral, slug, name, start, ends)
    clock.subject = str(subject)
    if limit is not None:
        clock.amount, clock.unit = limit.amount, limit.unit.value
    clock.save(force_insert=True)
    _record(clock, "clock.started", {"due_at": clock.due_at.isoformat()}, by, at)
    keep_next_due(referral)
    return clock


def start_limit(
    *,
    referral: Referral,
    slug: str,
    subject: object = "",
    started_at: dt.datetime | None = None,
    by: User | None = None,
    at: dt.datetime,
) -> Clock | None:
    """Start one limit of the referral's own scheme whose time has come (`plan_review`, `allocation_notice`, …).

    None where the scheme has no such limit.
    """
    limit = load(referral.scheme_version).limit(slug)
    if limit is None:
        return None
    return start_clock(
        referral=referral, slug=slug, name=limit.name, limit=limit, subject=subject, started_at=started_at, by=by, at=at
    )


AFTER = {
    Outcome.ASSESSMENT_SECTION_17: ("allocation_notice", "assessment"),
}
"""The limits that an outcome starts, where the scheme has them."""


def start_after_decision(*, referral: Referral, outcome: Outcome, by: User | None, at: dt.datetime) -> None:
    """Start what the decision sets going, from the event that the scheme names: its receipt, or the decision."""
    for slug in AFTER.get(outcome, ()):
        limit = load(referral.scheme_version).limit(slug)
        if limit is not None:
            start = referral.received_at if limit.starts is Starts.RECEIVED else at
            start_limit(referral=referral, slug=slug, started_at=start, by=by, at=at)


@transaction.atomic
def meet_clock(
    *,
    referral: Referral,
    slug: str,
    subject: object = "",
    why: LateReason | str = "",
    said: str = "",
    by: User | None,
    at: dt.datetime,
    when: dt.datetime | None = None,
) -> bool:
    """Stop a clock, in time or late. False where it does not run or was met before: the first time counts.

    when: the instant that counts, where it is told later; never before the clock began.
    why, said: the reason where it is late and the person gave it at once; who gives none is asked by a notice.
    """
    clock = (
        Clock.objects.select_for_update(of=("self",))
        .filter(referral=referral, slug=slug, subject=str(subject), met_at__isnull=True)
        .first()
    )
    if clock is None:
        return False
    if clock.paused_at is not None:
        end_pause(clock, by=by, at=at)
    met = at if when is None else max(when, clock.started_at)
    clock.met_at, clock.met_by = met, by
    clock.stage, clock.next_step_at = Clock.Stage.MET, None
    clock.save()
    if clock.is_late(met):
        _record(clock, "clock.met_late", {"due_at": clock.due_at.isoformat()}, by, at)
        if why:
            say_why_late(clock=clock, why=why, said=said, by=by, at=at)
        elif by is not None and not clock.late_why and not words.support_of(clock):  # they may not open the referral
            ask_why(clock, by, at=at)
    keep_next_due(referral)
    return True


@transaction.atomic
def meet_by_hand(*, clock: Clock, by: User, at: dt.datetime) -> bool:
    """Note as done what no other step meets: one press, so the story and the trail say whose. False where it was."""
    if not meet_clock(referral=clock.referral, slug=clock.slug, subject=clock.subject, by=by, at=at):
        return False
    Event.objects.create(
        partnership=clock.partnership,
        referral=clock.referral,
        kind="clock_met",
        sentence=f"{by.name} noted “{words.called(clock)}” as done.",
        at=at,
        by=by,
    )
    _record(clock, "clock.met_by_hand", {"due_at": clock.due_at.isoformat()}, by, at)
    return True


@transaction.atomic
def stop_clocks(*, referral: Referral, by: User | None, at: dt.datetime) -> int:
    """Stop every clock of a referral that ends without an answer, such as a withdrawn one. How many ran.

    A stopped clock is neither met nor due: nobody is told of it, and it counts as in time with none. One that was
    overdue by then stays late: that it was so is a fact. Nobody is asked why.
    """
    running = list(Clock.objects.select_for_update(of=("self",)).filter(referral=referral).unmet())
    for clock in running:
        if clock.paused_at is not None:
            end_pause(clock, by=by, at=at)
        clock.met_at, clock.met_by = at, by
        clock.stage, clock.next_step_at = Clock.Stage.STOPPED, None
        clock.save()
        _record(clock, "clock.stopped", {"due_at": clock.due_at.isoformat()}, by, at)
    keep_next_due(referral)
    return len(running)


def ask_why(clock: Clock, who: User, *, at: dt.datetime) -> None:
    """A notice to whoever met a clock late: why? Once."""
    outbox.tell(
        partnership=clock.partnership,
        referral=clock.referral,
        kind="clock_late",
        to=who,
        key=f"late:{clock.pk}:{who.pk}",
        subject="Front Door: please say why something was late",
        body=words.ask_why(clock),
        at=at,
    )


@transaction.atomic
def say_why_late(*, clock: Clock, why: LateReason | str, said: str, by: User | None, at: dt.datetime) -> Clock:
    """Keep why a clock was not met in time; said again, it is corrected, and the trail keeps both."""
    clock.late_why, clock.late_words = LateReason(why).value, said.strip()
    clock.late_said_at, clock.late_said_by = at, by
    clock.save(update_fields=["late_why", "late_words", "late_said_at", "late_said_by"])
    who = by.name if by else "Front Door"
    Event.objects.create(
        partnership=clock.partnership,
        referral=clock.referral,
        kind="late_reason",
        sentence=f"{who} said why “{words.called(clock)}” was late: {LateReason(why).label}.",
        note=clock.late_words,
        at=at,
        by=by,
    )
    _record(clock, "clock.late_reason", {"why": clock.late_why}, by, at)
    return clock


def keep_next_due(referral: Referral) -> None:
    """Keep on the referral the earliest instant that falls due, by which its queue is sorted."""
    earliest = Clock.objects.filter(referral=referral).counting().aggregate(due=Min("due_at"))["due"]
    Referral.objects.filter(pk=referral.pk).update(next_due_at=earliest)
    referral.next_due_at = earliest


def _record(clock: Clock, verb: str, detail: dict[str, object], by: User | None, at: dt.datetime) -> None:
    audit.record(
        partnership=clock.partnership,
        verb=verb,
        noun="referral",
        object_id=clock.referral_id,
        of=clock.referral_id,
        detail={"limit": clock.slug, **detail},
        by=by,
        at=at,
    )
