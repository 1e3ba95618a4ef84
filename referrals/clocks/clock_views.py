"""One clock's pages (why late, pause, run on, done), the day's report of what was late, and the wall-board."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.templatetags.page_parts import day
from referrals.clocks import actions, pausing, reading
from referrals.clocks.clock_forms import DayForm, PauseForm, WhyLateForm
from referrals.models import Clock, Referral
from referrals.triage.next_steps import works_in
from referrals.triage.queries import queues_for, sweep_seen

Signed = Any
WARNED = "Until then, or until you let it run on, nobody is warned of it."
ASKS = require_http_methods(["GET", "HEAD", "POST"])


def the_clock(request: Signed, referral_id: uuid.UUID, clock_id: int) -> Clock:
    """A clock of a referral that this person works on or answers for; any other is not found."""
    referral = Referral.objects.visible_to(request.actor).select_related("team").filter(pk=referral_id).first()
    if referral is None:
        raise Http404
    if not (request.actor.can(Permission.CLOCK_PAUSE) or works_in(request.actor, referral.team)):
        raise Http404
    rows = Clock.objects.select_related("partnership", "referral__partnership", "referral__team")
    clock = rows.filter(referral=referral, pk=clock_id).first()
    if clock is None:
        raise Http404
    return clock


def back(clock: Clock) -> HttpResponse:
    return redirect("referral", partnership=clock.referral.partnership.slug, referral_id=clock.referral_id)


@gate(Permission.REFERRAL_CLAIM, Permission.CLOCK_PAUSE)
@ASKS
def clock_why(request: Signed, referral_id: uuid.UUID, clock_id: int) -> HttpResponse:
    """Why a clock was not met in time: from a list, and in words."""
    clock, now = the_clock(request, referral_id, clock_id), timezone.now()
    if not clock.is_late(now):
        messages.info(request, f"“{clock.name}” is not late.")
        return back(clock)
    told = {"why": clock.late_why, "said": clock.late_words}
    form = WhyLateForm(request.POST if request.method == "POST" else None, initial=told)
    if form.is_valid():
        why, said = form.cleaned_data["why"], form.cleaned_data["said"]
        actions.say_why_late(clock=clock, why=why, said=said, by=request.user, at=now)
        messages.success(request, f"It is kept why “{clock.name}” was late.")
        return back(clock)
    return ask(request, clock, form, title="Why was it late?", button="Save the reason", now=now)


@gate(Permission.CLOCK_PAUSE)
@ASKS
def clock_pause(request: Signed, referral_id: uuid.UUID, clock_id: int) -> HttpResponse:
    clock, now = the_clock(request, referral_id, clock_id), timezone.now()
    latest = day(pausing.last_day(request.partnership, at=now))
    hint = f"{latest} at the latest. Then it runs on by itself, and you and those who have the referral are told."
    form = PauseForm(request.POST if request.method == "POST" else None, at=now, hints={"until": hint})
    if form.is_valid():
        try:
            pausing.pause(clock=clock, **form.cleaned_data, by=request.user, at=now)
        except pausing.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"“{clock.name}” stands still until {day(form.cleaned_data['until'])}. {WARNED}")
            return back(clock)
    return ask(request, clock, form, title="Pause this clock", button="Pause the clock", now=now)


def ask(request: Signed, clock: Clock, form: Any, *, title: str, button: str, now: dt.datetime) -> HttpResponse:
    context = {"clock": clock, "referral": clock.referral, "form": form, "heading": title, "button": button, "now": now}
    return render(request, "referrals/clocks/ask.html", context, status=422 if form.errors else 200)


@gate(Permission.CLOCK_PAUSE)
@require_POST
def clock_resume(request: Signed, referral_id: uuid.UUID, clock_id: int) -> HttpResponse:
    clock = pausing.resume(clock=the_clock(request, referral_id, clock_id), by=request.user, at=timezone.now())
    messages.success(request, f"“{clock.name}” runs on with what it had left.")
    return back(clock)


@gate(Permission.REFERRAL_CLAIM)
@require_POST
def clock_meet(request: Signed, referral_id: uuid.UUID, clock_id: int) -> HttpResponse:
    """Mark as done what nothing else on these pages meets, such as having reached somebody whose email came back."""
    clock = the_clock(request, referral_id, clock_id)
    if clock.slug not in reading.BY_HAND or not works_in(request.actor, clock.referral.team):
        raise Http404
    if actions.meet_by_hand(clock=clock, by=request.user, at=timezone.now()):
        messages.success(request, f"“{clock.name}” is noted as done.")
    else:
        messages.info(request, f"“{clock.name}” was noted as done already.")
    return back(clock)


@gate(Permission.REPORT_READ)
@require_safe
def late(request: Signed) -> HttpResponse:
    """A day's report of what was late and why. Each line opens the record."""
    now = timezone.now()
    on, today = DayForm.read(request.GET, at=now), timezone.localdate(now)
    step = dt.timedelta(days=1)
    return render(
        request,
        "referrals/clocks/late.html",
        {
            "report": reading.late_on(request.actor, on, at=now),
            "before": f"?day={on - step}",
            "after": f"?day={on + step}" if on < today else "",
            "now": now,
        },
    )


@gate(Permission.QUEUE_READ)
@require_safe
def wall(request: Signed, team: str) -> HttpResponse:
    """A team's clocks for a screen on the wall: it names no child, and shows itself anew each minute."""
    now = timezone.now()
    queue = next((each for each in queues_for(request.actor, at=now) if each.team.slug == team), None)
    if queue is None:
        raise Http404
    response = render(
        request,
        "referrals/clocks/wall.html",
        {
            "team": queue.team,
            "wall": reading.wall(request.actor, queue.team, at=now),
            "sweep": sweep_seen(at=now),
            "now": now,
        },
    )
    response["Refresh"] = "60"
    return response
