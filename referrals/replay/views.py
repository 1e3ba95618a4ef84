"""A draft's effect on past referrals: started, watched, read. An admin sees cases by their facts, never a child."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from partnerships import audit
from partnerships.access import Actor, gate
from partnerships.hours import LONDON
from partnerships.models import Partnership
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from referrals.models import Replay, ReplayedCase
from referrals.replay import actions, figures
from referrals.replay.forms import CaseFilter, MonthsForm, SinceForm
from thresholds.approval import see_effect
from thresholds.domain.causes import cause_words
from thresholds.domain.facts import Facts, read_facts
from thresholds.domain.reading import SchemeErrors, read_scheme
from thresholds.domain.replay import UNBORN, age_band, read_shift
from thresholds.domain.scheme import Scheme
from thresholds.domain.screening import screen
from thresholds.loading import load
from thresholds.models import SchemeVersion

MAY = (Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)
PER_PAGE = 25
UNPROCESSABLE = 422


@gate(*MAY)
@require_safe
def threshold_effect(request: PartnershipRequest, version: str) -> HttpResponse:
    row = version_of(request.partnership, version)
    return shown(request, row, form_for(request.actor)(at=timezone.now()))


@gate(*MAY)
@require_POST
def threshold_effect_start(request: PartnershipRequest, version: str) -> HttpResponse:
    row, at = version_of(request.partnership, version), timezone.now()
    form = form_for(request.actor)(request.POST, at=at)
    if not form.is_valid():
        return shown(request, row, form, status=UNPROCESSABLE)
    try:
        actions.start_replay(version=row, since=form.day(), until=form.until(), by=request.user, at=at)
    except actions.Refused as refused:
        messages.warning(request, str(refused))
    except SchemeErrors as errors:
        messages.warning(request, f"This draft is not whole: {errors.mistakes[0]}")
    return to_effect(row)


@gate(*MAY)
@require_POST
def threshold_effect_stop(request: PartnershipRequest, version: str) -> HttpResponse:
    row = version_of(request.partnership, version)
    replay = Replay.objects.of(row).open().first()
    if replay and actions.cancel_replay(replay=replay, by=request.user, at=timezone.now()):
        messages.success(request, "It is stopped. Nothing of it is kept as a result.")
    return to_effect(row)


@gate(*MAY)
@require_safe
def threshold_effect_progress(request: PartnershipRequest, version: str) -> HttpResponse:
    """How far it is, for the script that watches."""
    row = version_of(request.partnership, version)
    replay = Replay.objects.filter(version=row).only("state", "done", "total").order_by("-asked_at").first()
    if replay is None:
        return JsonResponse({"state": "none", "done": 0, "total": 0, "open": False})
    told = {"state": replay.state, "done": replay.done, "total": replay.total, "open": replay.is_open}
    return JsonResponse(told)


def form_for(actor: Actor) -> type[SinceForm] | type[MonthsForm]:
    """From when referrals are gone through, as this person may say it."""
    return SinceForm if actor.can(Permission.REPORT_READ) else MonthsForm


def shown(
    request: PartnershipRequest, row: SchemeVersion, form: SinceForm | MonthsForm, status: int = 200
) -> HttpResponse:
    """The latest replay of the version, or what to do to have one. Whoever looks at a result has seen the effect."""
    replay = Replay.objects.of(row).first()
    told: dict[str, Any] = {"version": row, "replay": replay, "form": form}
    if replay and replay.state == Replay.State.DONE:
        told |= results(replay, exact=request.actor.can(Permission.REPORT_READ))
        if request.method == "GET":
            see_effect(version=row, revision=replay.revision, by=request.user, at=timezone.now())
    return render(request, "referrals/replay/effect.html", told, status=status)


def results(replay: Replay, *, exact: bool) -> dict[str, Any]:
    shift, (before, after) = read_shift(replay.figures), both(replay)
    return {
        "shift": shift,
        "before": before,
        "after": after,
        "levels": figures.levels(shift, before, after),
        "routes": figures.routes(shift),
        "groups": figures.groups(shift, exact=exact),
        "exact": exact,
        "flags": figures.flags(shift),
        "causes": figures.causes(shift, before, after),
        "charts": figures.charts(shift),
        "width": figures.WIDTH,
        "height": figures.HEIGHT,
        "stale": replay.version.is_draft and replay.revision != replay.version.revision,
    }


@gate(*MAY)
@require_safe
def threshold_effect_cases(request: PartnershipRequest, version: str) -> HttpResponse:
    """The cases by their keys, which are drawn: in an order that tells of no time."""
    row = version_of(request.partnership, version)
    replay = finished(row)
    told = CaseFilter.read(request.GET)
    number = told.pop("page", 1)
    start = (number - 1) * PER_PAGE
    rows = ReplayedCase.objects.shown().filter(replay=replay, **told).order_by("pk")
    found = list(rows[start : start + PER_PAGE + 1])
    before, after = both(replay)
    return render(
        request,
        "referrals/replay/cases.html",
        {
            "version": row,
            "lines": [
                {"case": each, "n": n, "moves": moves(each, before, after), "because": because(each, before, after)}
                for n, each in enumerate(found[:PER_PAGE], start + 1)
            ],
            "count": rows.count(),
            "first": start + 1,
            "previous_page": f"?{urlencode({**told, 'page': number - 1})}" if number > 1 else "",
            "next_page": f"?{urlencode({**told, 'page': number + 1})}" if len(found) > PER_PAGE else "",
        },
    )


@gate(*MAY)
@require_safe
def threshold_effect_case(request: PartnershipRequest, version: str, case_id: Any) -> HttpResponse:
    """One case by its facts, under both versions, with the reasons. The reading is in the trail."""
    row = version_of(request.partnership, version)
    rows = ReplayedCase.objects.shown().filter(replay__version=row, partnership=request.partnership)
    case = rows.select_related("replay__version", "replay__baseline", "child__referral").filter(pk=case_id).first()
    if case is None:
        raise Http404
    before, after = both(case.replay)
    facts = read_facts(case.child.facts)
    if request.method == "GET":
        audit.record(
            partnership=request.partnership,
            verb="replayed_case.read",
            noun="replayed_case",
            object_id=case.pk,
            of=case.child.referral_id,
            by=request.user,
            at=timezone.now(),
        )
    sides = [("Under the threshold in force", before), ("Under this draft", after)]
    return render(
        request,
        "referrals/replay/case.html",
        {
            "version": row,
            "case": case,
            "said": said(case, facts, before, after),
            "chosen": chosen(facts, before, after),
            "because": because(case, before, after),
            "sides": [
                {
                    "title": title,
                    "scheme": scheme,
                    "told": (told := screen(scheme, facts)),
                    "level": scheme.level(told.indicated_level),
                }
                for title, scheme in sides
            ],
            "may_open": request.actor.can(Permission.REFERRAL_READ_ALL),
        },
    )


def moves(case: ReplayedCase, before: Scheme, after: Scheme) -> list[str]:
    """What changes, in words."""
    told = []
    if case.before_level != case.after_level:
        told.append(f"{before.step(case.before_level or None)} to {after.step(case.after_level or None)}")
    if case.before_route != case.after_route:
        told.append(f"{route_words(case.before_route)} to {route_words(case.after_route)}")
    return told


def route_words(value: str) -> str:
    return {"mash": "the MASH", "early_help": "early help"}.get(value, value)


def because(case: ReplayedCase, before: Scheme, after: Scheme) -> list[str]:
    return [cause_words(cause, before, after) for cause in case.causes]


def chosen(facts: Facts, before: Scheme, after: Scheme) -> list[tuple[str, str]]:
    """Each indicator: where it stands before and in the draft, and its words."""
    rows = []
    for key in dict.fromkeys(facts.indicators):
        one, two = before.indicator(key), after.indicator(key)
        label = (two or one).label if two or one else key  # type: ignore[union-attr]
        was = before.step(one.level) if one else "not there"
        now = after.step(two.level) if two else "not there"
        rows.append((label, was if was == now else f"{was}, in the draft {now}"))
    return rows


def said(case: ReplayedCase, facts: Facts, before: Scheme, after: Scheme) -> list[tuple[str, str]]:
    """What else the engine is told of the child, without a date or a name."""
    child, yes_no = case.child, {True: "Yes", False: "No", None: "Not known"}
    on = facts.on or child.referral.received_at.astimezone(LONDON).date()
    reason = next((r.label for s in (after, before) for r in s.consent_reasons if r.slug == facts.consent.reason), "")
    earlier = facts.previous_contacts
    rows = [
        ("Age", UNBORN if child.unborn else age_band(child.date_of_birth, child.expected_on, on)),
        ("Judged by the referrer", before.step(facts.judged_level) if facts.judged_level else "Not judged"),
        ("In immediate danger", yes_no[facts.immediate_danger]),
        ("Parents agree", yes_no[facts.consent.given]),
        ("Earlier contacts", str(earlier if isinstance(earlier, int) else len(earlier))),
    ]
    if reason:
        rows.insert(4, ("Reason for going on without agreement", reason))
    if facts.child_in_need:
        rows.append(("Child in need, says the referrer", "Yes"))
    if concerns := facts.concerns:
        rows.append(("Special concerns named", ", ".join(flag.words for flag in concerns)))
    return rows


def both(replay: Replay) -> tuple[Scheme, Scheme]:
    return load(replay.baseline), read_scheme(replay.content)


def version_of(partnership: Partnership, slug: str) -> SchemeVersion:
    rows = SchemeVersion.objects.of(partnership).select_related("based_on", "scheme__partnership")
    row = rows.filter(slug=slug).first()
    if row is None:
        raise Http404
    return row


def finished(version: SchemeVersion) -> Replay:
    replay = Replay.objects.of(version).first()
    if replay is None or replay.state != Replay.State.DONE:
        raise Http404
    return replay


def to_effect(version: SchemeVersion) -> Any:
    return redirect("threshold_effect", partnership=version.scheme.partnership.slug, version=version.slug)
