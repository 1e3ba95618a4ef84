"""The manager's page: how much came, how it was decided, whether it was in time; and the records behind each figure."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.templatetags.page_parts import day
from referrals.domain.lifecycle import Outcome, State
from referrals.reports import queries
from referrals.reports.forms import NO_LEVEL, WEEKS, ReportFilter, Timeliness
from referrals.triage.queries import sweep_seen
from referrals.triage.rows import level_words
from thresholds.domain.scheme import Scheme
from thresholds.loading import NoThreshold, load, version_in_force

DEFAULT_WEEKS = 12


@gate(Permission.REPORT_READ)
@require_safe
def reports(request: Any) -> HttpResponse:
    now = timezone.now()
    told, _ = ReportFilter.read(request.GET)
    weeks = told.get("weeks", DEFAULT_WEEKS)
    rows = queries.referrals(request.actor, {"weeks": weeks}, at=now)
    groups, scheme = queries.grouped(rows), scheme_now(request, now)
    return render(
        request,
        "referrals/reports/reports.html",
        {
            "weeks": weeks,
            "choices": WEEKS,
            "by_week": queries.by_week(groups, weeks, at=now),
            "by_state": queries.by_state(groups, weeks),
            "indicated": named(queries.by_level(groups, weeks, "indicated"), scheme, "indicated"),
            "decided": named(queries.by_level(groups, weeks, "decided"), scheme, "decided on"),
            "outcomes": queries.by_outcome(rows, weeks),
            "differing": queries.differing(rows, weeks),
            "clocks": queries.by_clock(rows, weeks, at=now),
            "timeliness": list(Timeliness),
            "sweep": sweep_seen(at=now),
            "now": now,
        },
    )


def scheme_now(request: Any, at: dt.datetime) -> Scheme | None:
    """The threshold in force, for the names of its levels; none where the partnership has none yet."""
    try:
        return load(version_in_force(request.partnership, at))
    except NoThreshold:
        return None


def level_name(scheme: Scheme | None, rank: int | None, how: str) -> str:
    if scheme is None:
        return f"Level {rank}" if rank else f"No level {how}"
    if rank is None:
        return f"No {scheme.step_word} {how}"
    return level_words(scheme, rank) if scheme.level(rank) else f"{scheme.step_word.value.capitalize()} {rank}"


def named(
    levels: list[tuple[int | None, queries.Figure]], scheme: Scheme | None, how: str
) -> list[tuple[str, queries.Figure]]:
    return [(level_name(scheme, rank, how), figure) for rank, figure in levels]


@gate(Permission.REPORT_READ)
@require_safe
def reports_list(request: Any) -> HttpResponse:
    """The records behind a figure, or what a search for a reference finds; the only one found is opened."""
    now = timezone.now()
    told, readable = ReportFilter.read(request.GET)
    number = told.pop("page", 1)
    found, more = queries.listed(queries.referrals(request.actor, told, at=now), number)
    if told.get("q") and len(found) == 1 and number == 1:
        return redirect("referral", partnership=request.partnership.slug, referral_id=found[0].pk)
    kept = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in told.items()}
    return render(
        request,
        "referrals/reports/list.html",
        {
            "lines": [
                {
                    "referral": row,
                    "indicated": level_words(load(row.scheme_version), row.indicated_level),
                    "decided": level_words(load(row.scheme_version), row.decided_level) if row.decided_level else "",
                }
                for row in found
            ],
            "told": words(told, scheme_now(request, now)),
            "readable": readable,
            "q": told.get("q", ""),
            "previous_page": f"?{urlencode({**kept, 'page': number - 1})}" if number > 1 else "",
            "next_page": f"?{urlencode({**kept, 'page': number + 1})}" if more else "",
        },
    )


def words(told: dict[str, Any], scheme: Scheme | None) -> list[str]:
    """The filters in words, for the head of the list."""
    if "q" in told:
        return [f"reference {told['q']}"]
    said = []
    if "week" in told:
        said.append(f"received in the week of {day(told['week'])}")
    elif "weeks" in told:
        said.append(f"received in the last {told['weeks']} weeks")
    if "state" in told:
        said.append(State(told["state"]).label.lower())
    for name, how in (("indicated", "indicated"), ("decided", "decided on")):
        if name in told:
            rank = None if told[name] == NO_LEVEL else told[name]
            said.append(level_name(scheme, rank, how) + (f", {how}" if rank else ""))
    if "outcome" in told:
        said.append(Outcome(told["outcome"]).label)
    if "differs" in told:
        said.append("decided otherwise than indicated")
    if "clock" in told:
        limit = scheme.limit(told["clock"]) if scheme else None
        said.append(limit.name if limit else told["clock"].replace("_", " "))
    if "timeliness" in told:
        said.append(Timeliness(told["timeliness"]).label.lower())
    return said
