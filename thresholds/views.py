"""The published threshold, for everybody to read: the one in force, those before it, and each indicator's own page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from partnerships.access import open_to_all
from partnerships.models import Partnership
from partnerships.requests import PartnershipRequest
from thresholds.forms import SearchForm
from thresholds.loading import NoThreshold, load, version_in_force
from thresholds.matrix import found, levels_of, sections
from thresholds.models import SchemeVersion

PUBLIC = "Thresholds are published documents, for everybody who works with children and for families"


@open_to_all(PUBLIC)
@require_safe
def threshold(request: PartnershipRequest) -> HttpResponse:
    try:
        version = version_in_force(request.partnership, timezone.now())
    except NoThreshold:
        return render(request, "thresholds/none.html", status=404)
    return shown(request, version, timezone.now())


@open_to_all(PUBLIC)
@require_safe
def threshold_version(request: PartnershipRequest, version: str) -> HttpResponse:
    return shown(request, published_version(request.partnership, version), timezone.now())


@open_to_all(PUBLIC)
@require_safe
def threshold_indicator(request: PartnershipRequest, version: str, key: str) -> HttpResponse:
    row = published_version(request.partnership, version)
    scheme = load(row)
    indicator = scheme.indicator(key)
    if indicator is None:
        raise Http404
    return render(
        request,
        "thresholds/indicator.html",
        {
            "version": row,
            "standing": row.standing(timezone.now()),
            "scheme": scheme,
            "indicator": indicator,
            "levels": levels_of(scheme, (indicator.level, *indicator.shared_with)),
            "flags": [(flag.words, scheme.flag_rule(flag)) for flag in indicator.flags],
            "age_rules": [r for r in scheme.rules if indicator.key in getattr(r.parameters, "indicators", ())],
        },
    )


def shown(request: PartnershipRequest, version: SchemeVersion, at: dt.datetime) -> HttpResponse:
    """A whole version, narrowed by the search in the address."""
    scheme = load(version)
    searched = "q" in request.GET or "level" in request.GET
    form = SearchForm(request.GET if searched else None, scheme=scheme)
    indicators: Any = scheme.indicators
    if searched and form.is_valid():
        rank = form.cleaned_data["level"]
        indicators = found(scheme, form.cleaned_data["q"], int(rank) if rank else None)
    narrowed = len(indicators) != len(scheme.indicators)
    return render(
        request,
        "thresholds/threshold.html",
        {
            "version": version,
            "standing": version.standing(at),
            "scheme": scheme,
            "form": form,
            "searched": searched and form.is_valid(),
            "narrowed": narrowed,
            "found": len(indicators),
            "sections": sections(scheme, indicators),
            "history": published_versions(request.partnership, at),
        },
    )


def published_versions(partnership: Partnership, at: dt.datetime) -> list[tuple[SchemeVersion, str]]:
    """Every version that was ever published, the latest first, each with where it stands now."""
    rows = SchemeVersion.objects.of(partnership).exclude(state=SchemeVersion.State.DRAFT).order_by("-holds_from", "-pk")
    return [(row, row.standing(at)) for row in rows]


def published_version(partnership: Partnership, slug: str) -> SchemeVersion:
    row = SchemeVersion.objects.of(partnership).exclude(state=SchemeVersion.State.DRAFT).filter(slug=slug).first()
    if row is None:
        raise Http404
    return row
