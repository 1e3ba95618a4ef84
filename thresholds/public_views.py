"""The threshold for everybody, beside reading it: as a document, its history, and each indicator's lasting address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from partnerships.access import open_to_all
from partnerships.documents import public_pdf
from partnerships.models import Partnership
from partnerships.requests import PartnershipRequest
from thresholds.domain.redline import Entry, redline
from thresholds.domain.scheme import Indicator, Level, Scheme
from thresholds.loading import load
from thresholds.matrix import levels_of, sections
from thresholds.models import SchemeVersion
from thresholds.views import PUBLIC, published_version, published_versions


@open_to_all(PUBLIC)
@require_safe
def threshold_pdf(request: PartnershipRequest, version: str) -> HttpResponse:
    """A published version as a tagged PDF. It never changes, and is made once a day at most."""
    row = published_version(request.partnership, version)
    made = public_pdf("thresholds/document.html", document(request.partnership, row))
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{row.slug}.pdf"'
    return answer


def document(partnership: Partnership, row: SchemeVersion) -> dict[str, Any]:
    scheme = load(row)
    return {"partnership": partnership, "version": row, "scheme": scheme, "sections": sections(scheme)}


@dataclass(frozen=True, slots=True)
class Edition:
    """One published version in the history: where it stands now, and what it changed of the one before it."""

    row: SchemeVersion
    standing: str
    before: SchemeVersion | None
    changes: tuple[Entry, ...]


@open_to_all(PUBLIC)
@require_safe
def threshold_history(request: PartnershipRequest) -> HttpResponse:
    rows = published_versions(request.partnership, timezone.now())
    if not rows:
        raise Http404
    editions = []
    for place, (row, standing) in enumerate(rows):
        before = rows[place + 1][0] if place + 1 < len(rows) else None
        changes = redline(load(before), load(row)) if before else ()
        editions.append(Edition(row, standing, before, changes))
    return render(request, "thresholds/history.html", {"editions": editions})


@dataclass(frozen=True, slots=True)
class Stood:
    """An indicator as one version has it."""

    row: SchemeVersion
    standing: str
    scheme: Scheme
    indicator: Indicator
    levels: tuple[Level, ...]


@open_to_all(PUBLIC)
@require_safe
def threshold_lasting_indicator(request: PartnershipRequest, key: str) -> HttpResponse:
    """The address that a letter or a lesson cites: what the indicator says now, and in which versions it stood."""
    stood = [
        Stood(row, standing, scheme, indicator, levels_of(scheme, (indicator.level, *indicator.shared_with)))
        for row, standing in published_versions(request.partnership, timezone.now())
        if (indicator := (scheme := load(row)).indicator(key))
    ]
    if not stood:
        raise Http404
    now = next((each for each in stood if each.standing == "in_force"), None)
    where = reverse("threshold_lasting_indicator", kwargs={"partnership": request.partnership.slug, "key": key})
    return render(
        request,
        "thresholds/lasting_indicator.html",
        {"shown": now or stood[0], "in_force": now, "stood": stood, "address": request.build_absolute_uri(where)},
    )
