"""The queue: its list, its live counts, its filters, and what is done from it to many at once."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.models import Team
from partnerships.permissions import Permission
from partnerships.staffing import unstaffed
from referrals.models import Referral, SavedView
from referrals.triage import actions, assigning, queries, saving
from referrals.triage.filters import EVERYWHERE, FLAGS, Cursor, Filter, FilterForm, Show
from referrals.triage.moves import Refused
from referrals.triage.next_steps import works_in
from referrals.triage.queries import Queue
from referrals.triage.queue_forms import AssignForm, NarrowForm, SaveViewForm
from referrals.triage.rows import line

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


BESIDE = (
    ("absences", "Who is away", Permission.ABSENCE_MARK),
    ("break_glass", "Open a restricted referral in need", Permission.GLASS_BREAK),
)
"""What else the queue's page leads to: an address's name, its words, and who may."""


def here_of(request: Signed, slug: str, queues: list[Queue]) -> Queue:
    """The queue of an address; one that this person may not see is not found."""
    found = next((each for each in queues if each.slug == slug), None)
    if found is None:
        raise Http404
    return found


def address(request: Signed, slug: str, chosen: Filter) -> str:
    base = reverse("queue_team", kwargs={"partnership": request.partnership.slug, "team": slug})
    return f"{base}?{chosen.query}" if chosen.query else base


@gate(Permission.QUEUE_READ)
@require_safe
def queue(request: Signed) -> HttpResponse:
    """The first queue of this person."""
    queues = queries.queues_for(request.actor, at=timezone.now())
    if queues:
        return redirect("queue_team", partnership=request.partnership.slug, team=queues[0].slug)
    return render(request, "referrals/triage/no_queue.html")


@gate(Permission.QUEUE_READ)
@require_safe
def queue_team(request: Signed, team: str) -> HttpResponse:
    """Open referrals of one team, or of all that this person may see, the most urgent first."""
    now = timezone.now()
    queues = queries.with_all(queries.queues_for(request.actor, at=now))
    here = here_of(request, team, queues)
    chosen = FilterForm.read(request.GET)
    after, before = (Cursor.read(request.GET.get(name, "")) for name in ("after", "before"))
    found = queries.queue(request.actor, here.teams, chosen, after=after, before=before, at=now)
    base = f"{chosen.query}&" if chosen.query else ""
    return render(
        request,
        "referrals/triage/queue.html",
        {
            "queues": queues,
            "queue": here,
            "choices": choices(here, chosen),
            "chosen": chosen,
            "told": told(chosen),
            "total": here.counts[chosen.show],
            "lines": [line(referral, at=now) for referral in found.referrals],
            "previous_page": f"?{base}before={found.previous}" if found.previous else "",
            "next_page": f"?{base}after={found.next}" if found.next else "",
            "unstaffed": nobody_works_in(request, here, queues),
            "works_here": bool(here.team)
            and works_in(request.actor, here.team)
            and request.actor.can(Permission.REFERRAL_CLAIM),
            "may_assign": request.actor.can(Permission.REFERRAL_ASSIGN),
            "beside": [(name, words) for name, words, needed in BESIDE if request.actor.can(needed)],
            "sweep": queries.sweep_seen(at=now),
            "now": now,
        },
    )


def nobody_works_in(request: Signed, here: Queue, queues: list[Queue]) -> list[str]:
    """For who answers for every queue: of the teams shown, those in which nobody works though referrals go there."""
    if not request.actor.can(Permission.REFERRAL_READ_ALL):
        return []
    waiting = {each.team.pk for each in queues if each.team and each.open}
    return [each.name for each in unstaffed(here.teams) if each.retired_at is None or each.pk in waiting]


def choices(queue: Queue, chosen: Filter) -> list[dict[str, Any]]:
    """The parts of the queue to choose from, each with its count; what else is asked for stays asked."""
    return [
        {
            "show": show.value,
            "label": show.label,
            "count": queue.counts[show],
            "href": f"?{chosen.showing(show).query}" if chosen.showing(show).query else "?show=all",
            "current": show is chosen.show,
        }
        for show in Show
        if show is chosen.show or says_something(queue, show)
    ]


def says_something(queue: Queue, show: Show) -> bool:
    """What is rare is offered where there is some: restricted ones, and a flood from one sender to look past."""
    if show is Show.APART:
        return queue.counts[show] != queue.counts[Show.ALL]
    return show is not Show.RESTRICTED or queue.counts[show] > 0


def told(chosen: Filter) -> list[str]:
    """What a filter asks for, in words."""
    said = []
    if chosen.level is not None:
        said.append(f"level {chosen.level} indicated" if chosen.level else "no level indicated")
    if chosen.flag:
        said.append(f"flag: {FLAGS.get(chosen.flag, chosen.flag)}")
    if chosen.consent:
        said.append(f"consent: {chosen.consent.lower()}")
    if chosen.agency:
        said.append(f"from an agency whose name has “{chosen.agency}” in it")
    if chosen.owner is not None:
        said.append("one person’s")
    if chosen.seen:
        said.append("told of before")
    return said


@gate(Permission.QUEUE_READ)
@require_safe
def queue_counts(request: Signed, team: str) -> HttpResponse:
    """How full each part is now, for a page that stays open: numbers alone."""
    queues = queries.with_all(queries.queues_for(request.actor, at=timezone.now()))
    here_of(request, team, queues)
    return JsonResponse({each.slug: {show.value: count for show, count in each.counts.items()} for each in queues})


@gate(Permission.QUEUE_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def queue_filter(request: Signed, team: str) -> HttpResponse:
    """What else to ask of a queue, and the views that were kept. POST keeps this one under a name."""
    now = timezone.now()
    queues = queries.with_all(queries.queues_for(request.actor, at=now))
    here = here_of(request, team, queues)
    chosen = FilterForm.read(request.GET)
    options = queries.options(request.actor, here.teams, at=now)
    form = NarrowForm(initial=NarrowForm.asking(chosen), options=options)
    save = SaveViewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and save.is_valid():
        try:
            saving.save_view(
                partnership=request.partnership,
                team=here.team,
                name=save.cleaned_data["name"],
                chosen=chosen,
                shared=save.cleaned_data["shared"] == "yes",
                by=request.user,
                at=now,
            )
        except Refused as refused:
            save.add_error(None, str(refused))
        else:
            messages.success(request, "The view is kept. It stands at the top of the filters.")
            return redirect(f"{reverse('queue_filter', kwargs=where(request, here))}?{chosen.query}")
    views = queries.saved_views(request.actor, list(here.teams))
    return render(
        request,
        "referrals/triage/filter.html",
        {
            "queue": here,
            "form": form,
            "save": save,
            "chosen": chosen,
            "told": told(chosen),
            "views": [(view, address(request, slug_of(view), saving.filter_of(view))) for view in views],
            "back": address(request, here.slug, chosen),
        },
    )


def slug_of(view: SavedView) -> str:
    return view.team.slug if view.team else EVERYWHERE


def where(request: Signed, here: Queue) -> dict[str, str]:
    return {"partnership": request.partnership.slug, "team": here.slug}


@gate(Permission.QUEUE_READ)
@require_POST
def saved_view_forget(request: Signed, saved_view_id: int) -> HttpResponse:
    """Take out a view that one kept."""
    view = SavedView.objects.filter(pk=saved_view_id, by=request.user).select_related("team").first()
    if view is None:
        raise Http404
    saving.forget_view(view=view, by=request.user, at=timezone.now())
    messages.success(request, "The view is gone.")
    return redirect("queue_filter", partnership=request.partnership.slug, team=slug_of(view))


@gate(Permission.REFERRAL_CLAIM)
@require_POST
def queue_next(request: Signed, team: str) -> HttpResponse:
    """Take the most urgent referral that nobody has."""
    row = Team.objects.filter(partnership=request.partnership, slug=team).first()
    if row is None or not works_in(request.actor, row):
        raise Http404
    try:
        referral = actions.claim_next(team=row, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        referral = None
    else:
        if referral is None:
            messages.info(request, "Nothing waits here: somebody has each of these referrals.")
    if referral is None:
        return redirect("queue_team", partnership=request.partnership.slug, team=team)
    messages.success(request, f"Referral {referral.reference} is yours.")
    return redirect("referral", partnership=request.partnership.slug, referral_id=referral.pk)


MOST_AT_ONCE = 100


@gate(Permission.REFERRAL_ASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def queue_assign(request: Signed, team: str) -> HttpResponse:
    """Hand the chosen ones to one person: first to whom, then what became of each."""
    now = timezone.now()
    here = here_of(request, team, queries.with_all(queries.queues_for(request.actor, at=now)))
    chosen = FilterForm.read(request.GET)
    shown = picked(request.POST.getlist("chosen"))
    if request.method != "POST" or not shown:
        if request.method == "POST":
            messages.info(request, "Choose at least one referral in the list, then assign.")
        return redirect(address(request, here.slug, chosen))
    rows = list(
        Referral.objects.visible_to(request.actor)
        .filter(pk__in=shown, team__in=here.teams)
        .select_related("team", "owner")
        .defer(*queries.LONG)
        .prefetch_related("children")
        .most_urgent_first()
    )
    people = assigning.colleagues_of(request.partnership, request.user)
    away = assigning.away_now(people, request.partnership, at=now)
    form = AssignForm(request.POST if "to" in request.POST else None, people=people, away=away, me=request.user)
    results = None
    if "to" in request.POST and form.is_valid():
        results = assigning.assign_many(
            partnership=request.partnership,
            chosen={row.pk: shown[row.pk] for row in rows},
            to=form.person,
            by=request.user,
            at=now,
        )
    return render(
        request,
        "referrals/triage/assign.html",
        {
            "queue": here,
            "form": form,
            "lines": [(f"{row.pk}:{shown[row.pk]}", line(row, at=now)) for row in rows],
            "results": results,
            "gone": len(shown) - len(rows),
            "back": address(request, here.slug, chosen),
        },
    )


def picked(values: list[str]) -> dict[uuid.UUID, int]:
    """The rows that were ticked, each with the revision at which it was shown; what can't be read is left out."""
    found: dict[uuid.UUID, int] = {}
    for value in values[:MOST_AT_ONCE]:
        key, _, revision = value.partition(":")
        try:
            found[uuid.UUID(key)] = int(revision) if revision.isdecimal() and len(revision) < 9 else -1
        except ValueError:
            continue
    return found
