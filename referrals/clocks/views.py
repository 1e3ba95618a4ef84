"""A partnership's settings: its front door, its teams, its closure days. What changes the calendar moves the clocks."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from partnerships.access import gate
from partnerships.actions import FRONT_DOOR, Refused
from partnerships.hours import LONDON, bank_holidays
from partnerships.models import ClosureDay
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from partnerships.setup.forms import SOURCES
from partnerships.shown_before import refuse_stale, seal_of
from partnerships.staffing import unstaffed
from referrals.clocks import calendar_actions
from referrals.clocks.calendar_actions import Recomputed
from referrals.clocks.forms import ClosureDayForm, FrontDoorForm


@gate(Permission.PARTNERSHIP_EDIT)
@require_safe
def partnership_settings(request: PartnershipRequest) -> HttpResponse:
    partnership = request.partnership
    today = timezone.now().astimezone(LONDON).date()
    teams = list(partnership.teams.prefetch_related("localities"))
    return render(
        request,
        "partnerships/settings.html",
        {
            "days": partnership.closure_days.filter(on__gte=today),
            "past_days": partnership.closure_days.filter(on__lt=today).order_by("-on"),
            "teams": teams,
            "unstaffed": unstaffed(teams),
            "contact_points": partnership.contact_points.all(),
            "agencies": partnership.agencies.all(),
            "census": dict(SOURCES),
        },
    )


@gate(Permission.PARTNERSHIP_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def front_door_edit(request: PartnershipRequest) -> HttpResponse:
    partnership = request.partnership
    now = {name: getattr(partnership, name) for name in FRONT_DOOR}
    form = FrontDoorForm(request.POST if request.method == "POST" else None, initial=now)
    stale = refuse_stale(request, form)
    if not stale and form.is_valid():
        try:
            done = calendar_actions.change_front_door(
                partnership=partnership, changes=form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"The front door is changed. {moved(done)}".strip())
            return redirect("partnership_settings", partnership=partnership.slug)
    status = 409 if stale else 422 if form.errors else 200
    return render(request, "partnerships/front_door.html", {"form": form, "seen": seal_of(form)}, status=status)


@gate(Permission.PARTNERSHIP_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def closure_day_add(request: PartnershipRequest) -> HttpResponse:
    partnership = request.partnership
    form = ClosureDayForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        on, reason = form.cleaned_data["on"], form.cleaned_data["reason"]
        try:
            if on.weekday() >= 5 or on in bank_holidays():
                raise Refused(f"{on:%-d %B %Y} is a weekend or a bank holiday: the clocks pass over it already.")
            done = calendar_actions.add_closure_day(
                partnership=partnership, on=on, reason=reason, by=request.user, at=timezone.now()
            )
        except Refused as refused:
            form.add_error("on", str(refused))
        else:
            messages.success(request, f"{on:%-d %B %Y} is a closure day. {moved(done)}".strip())
            return redirect("partnership_settings", partnership=partnership.slug)
    return render(request, "partnerships/closure_day.html", {"form": form}, status=200 if not form.errors else 422)


@gate(Permission.PARTNERSHIP_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def closure_day_remove(request: PartnershipRequest, pk: int) -> HttpResponse:
    partnership = request.partnership
    day = ClosureDay.objects.filter(partnership=partnership, pk=pk).first()
    if day is None:
        raise Http404
    if request.method == "POST":
        done = calendar_actions.remove_closure_day(partnership=partnership, pk=pk, by=request.user, at=timezone.now())
        messages.success(request, f"{day.on:%-d %B %Y} is a working day again. {moved(done)}".strip())
        return redirect("partnership_settings", partnership=partnership.slug)
    return render(request, "partnerships/closure_day_remove.html", {"day": day})


def moved(done: Recomputed) -> str:
    if not done.moved:
        return ""
    return "One running clock moved." if done.moved == 1 else f"{done.moved} running clocks moved."
