"""Do referrers, threshold and screeners agree? Figures for managers, the records behind each, the blind sample."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from partnerships import audit
from partnerships.access import gate
from partnerships.actions import Refused
from partnerships.hours import LONDON
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from partnerships.setup.actions import set_second_screening
from referrals.consistency import queries, sampling
from referrals.consistency.forms import MONTHS, ConsistencyFilter, RateForm, SecondForm
from referrals.consistency.queries import Pair
from referrals.intake import summary
from referrals.intake.situation import Situation
from referrals.triage.rows import level_words
from thresholds.domain.scheme import Scheme
from thresholds.loading import load

DEFAULT_MONTHS = 12
PER_PAGE = 25
UNPROCESSABLE = 422
HIDDEN = ("indicators", "evidence", "judged", "special")
"""Pages of the form that a second screener does not see: they say what the threshold makes of it."""


@gate(Permission.REPORT_READ)
@require_safe
def consistency(request: PartnershipRequest) -> HttpResponse:
    now = timezone.now()
    told = ConsistencyFilter.read(request.GET)
    pair, months, exact = Pair(told.get("pair", Pair.INDICATED)), told.get("months", DEFAULT_MONTHS), "exact" in told
    since = months_back(now, months)
    found = queries.counted(queries.decided(request.actor, since=since, pair=pair), pair)
    table: Counter[tuple[int, int]] = Counter()
    agencies: dict[str, Counter[tuple[int, int]]] = {}
    by_month: dict[dt.date, Counter[tuple[int, int]]] = {}
    for agency, month, one, other, n in found:
        for counter in (table, agencies.setdefault(agency, Counter()), by_month.setdefault(month, Counter())):
            counter[one, other] += n
    second = queries.second_table(request.actor, since=since)
    query = {"pair": pair.value, "months": months}
    ranks = ranks_of(table)
    return render(
        request,
        "referrals/consistency/consistency.html",
        {
            "pair": pair,
            "pairs": list(Pair),
            "months": months,
            "choices": MONTHS,
            "exact": exact,
            "agreed": queries.agreed(table),
            "ranks": ranks,
            "matrix": queries.matrix(table, ranks, exact=exact, query=query),
            "agencies": queries.lines(
                ((name, agencies[name], {"agency": name}) for name in sorted(agencies)), exact=exact, query=query
            ),
            "by_month": queries.lines(
                (
                    (f"{month:%B %Y}", by_month[month], {"month": month.isoformat()})
                    for month in sorted(by_month, reverse=True)
                ),
                exact=exact,
                query=query,
            ),
            "second": queries.agreed(second),
            "second_ranks": ranks_of(second),
            "second_matrix": queries.matrix(second, ranks_of(second), exact=exact, query={}),
            "percent": request.partnership.second_screening_percent,
        },
    )


def ranks_of(table: Counter[tuple[int, int]]) -> list[int]:
    return sorted({rank for pair in table for rank in pair})


def months_back(at: dt.datetime, months: int) -> dt.datetime:
    """The first moment of the month so many months ago, this one counted."""
    here = at.astimezone(LONDON)
    number = here.year * 12 + here.month - months
    return dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=LONDON)


@gate(Permission.REPORT_READ)
@require_safe
def consistency_list(request: PartnershipRequest) -> HttpResponse:
    """The records behind one figure."""
    now = timezone.now()
    told = ConsistencyFilter.read(request.GET)
    number = told.pop("page", 1)
    pair = Pair(told.get("pair", Pair.INDICATED))
    rows = queries.decided(request.actor, since=months_back(now, told.get("months", DEFAULT_MONTHS)), pair=pair)
    rows = queries.behind(rows, pair, told).select_related("referral__scheme_version", "referral__agency", "child")
    start = (number - 1) * PER_PAGE
    found = list(rows.order_by("-referral__received_at", "pk")[start : start + PER_PAGE + 1])
    kept = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in told.items()}
    return render(
        request,
        "referrals/consistency/list.html",
        {
            "pair": pair,
            "lines": [line(row) for row in found[:PER_PAGE]],
            "previous_page": f"?{urlencode({**kept, 'page': number - 1})}" if number > 1 else "",
            "next_page": f"?{urlencode({**kept, 'page': number + 1})}" if len(found) > PER_PAGE else "",
        },
    )


def line(row: Any) -> dict[str, Any]:
    scheme = load(row.referral.scheme_version)
    return {
        "referral": row.referral,
        "judged": level_words(scheme, row.child.judged_level) if row.child.judged_level else "Not judged",
        "indicated": level_words(scheme, row.child.indicated_level) if row.child.indicated_level else "None",
        "decided": level_words(scheme, row.decided_level) if row.decided_level else "None",
    }


@gate(Permission.PARTNERSHIP_EDIT, Permission.REPORT_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def consistency_rate(request: PartnershipRequest) -> HttpResponse:
    partnership = request.partnership
    form = RateForm(
        request.POST if request.method == "POST" else None, initial={"percent": partnership.second_screening_percent}
    )
    if form.is_valid():
        percent = form.cleaned_data["percent"]
        set_second_screening(partnership=partnership, percent=percent, by=request.user, at=timezone.now())
        messages.success(request, f"Of 100 decided children, {percent} are screened a second time.")
        to = "consistency" if request.actor.can(Permission.REPORT_READ) else "partnership_settings"
        return redirect(to, partnership=partnership.slug)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "referrals/consistency/rate.html", {"form": form}, status=status)


@gate(Permission.REFERRAL_DECIDE)
@require_safe
def second_screenings(request: PartnershipRequest) -> HttpResponse:
    rows = sampling.waiting_for(request.actor).order_by("drawn_at")[:PER_PAGE]
    return render(request, "referrals/consistency/second_list.html", {"rows": rows})


@gate(Permission.REFERRAL_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def second_screening(request: PartnershipRequest, second_id: Any) -> HttpResponse:
    """One child of one referral, as it was sent; without decision, indicated level, or what came after."""
    row = sampling.waiting_for(request.actor).select_related("referral__scheme_version").filter(pk=second_id).first()
    if row is None:
        raise Http404
    scheme, at = load(row.referral.scheme_version), timezone.now()
    form = SecondForm(request.POST if request.method == "POST" else None, scheme=scheme)
    if form.is_valid():
        try:
            sampling.screen_second(
                screening=row,
                actor=request.actor,
                level=int(form.cleaned_data["level"]),
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=at,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Your screening is kept. Managers see it in sum, beside the first.")
            return redirect("second_screenings", partnership=request.partnership.slug)
    elif request.method == "GET":
        audit.record(
            partnership=request.partnership,
            verb="second_screening.read",
            noun="second_screening",
            object_id=row.pk,
            of=row.referral_id,
            detail={"referral": str(row.referral_id)},
            by=request.user,
            at=at,
        )
    situation = summary.situation_of(row.referral)
    cards = [card for card in summary.cards(situation) if card.step.page.slug not in HIDDEN]
    return render(
        request,
        "referrals/consistency/second.html",
        {"row": row, "form": form, "sections": summary.by_section(cards), "chosen": labels(row, scheme, situation)},
        status=UNPROCESSABLE if form.errors else 200,
    )


def labels(row: Any, scheme: Scheme, situation: Situation) -> list[tuple[str, str]]:
    """What the referrer chose for this child and saw of it, without the level at which it stands."""
    seen = situation.answers.worry_of(row.child.order).evidence
    found = (scheme.indicator(key) for key in row.child.facts.get("indicators", []))
    return [(each.label, seen.get(each.key, "")) for each in found if each]
