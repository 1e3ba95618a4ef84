"""The same worry under several partnerships' thresholds, side by side. For whoever works in two areas, or whose family
moves. Nothing is stored or sent; the answers come in the body of the request, never in an address.

Indicators differ from area to area. What was picked in one's own list is never translated: for each other area its
nearest wordings are offered, and the practitioner picks what fits, or nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships.access import open_to_all
from partnerships.hours import LONDON
from partnerships.models import Partnership
from thresholds.domain.nearest import nearest
from thresholds.domain.scheme import FlagParameters, Indicator, Level, Scheme
from thresholds.domain.screening import Facts, Screening, screen
from thresholds.forms import CompareForm
from thresholds.loading import NoThreshold, load, version_in_force
from thresholds.matrix import Section, sections

MOST_CHOSEN = 20
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Area:
    """One partnership and its threshold in force."""

    partnership: Partnership
    scheme: Scheme

    @property
    def slug(self) -> str:
        return self.partnership.slug


@dataclass(frozen=True, slots=True)
class Match:
    """One indicator picked at home, what comes nearest to it there, and what was picked of that."""

    own: Indicator
    name: str
    offered: tuple[Indicator, ...]
    picked: str


@dataclass(frozen=True, slots=True)
class Side:
    """One area: what was picked there, and what it indicates; `told` is None where nothing was picked."""

    area: Area
    matches: tuple[Match, ...]
    sections: tuple[Section, ...]
    picked: tuple[Indicator, ...]
    told: Screening | None
    level: Level | None
    sentences: tuple[str, ...]
    more: frozenset[str] = frozenset()


def areas(at: dt.datetime) -> list[Area]:
    """Every partnership that takes referrals and has a threshold in force."""
    found = []
    for partnership in Partnership.objects.filter(takes_referrals=True):
        try:
            found.append(Area(partnership, load(version_in_force(partnership, at))))
        except NoThreshold:
            continue
    return found


@open_to_all("Thresholds are published documents; nothing of a child is asked, stored or sent")
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    every = areas(at)
    asked = (request.POST if request.method == "POST" else request.GET).get("area", "")
    home = next((area for area in every if area.slug == asked), None)
    told: dict[str, Any] = {"areas": every, "home": home}
    if home is None:
        return render(request, "thresholds/compare.html", told)
    form = CompareForm(request.POST if request.method == "POST" else None)
    chosen = known(home.scheme, request.POST.getlist("indicators"))[:MOST_CHOSEN]
    told |= {"form": form, "chosen": {each.key for each in chosen}, "sections": sections(home.scheme)}
    if request.method == "POST" and not chosen and form.is_valid():
        form.add_error(None, "Pick at least one indicator of your own area")
    if form.is_valid():
        facts = form.facts(at.astimezone(LONDON).date())
        told["sides"] = [
            side(area, home, chosen, request.POST, facts) for area in sorted(every, key=lambda a: a.slug != home.slug)
        ]
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "thresholds/compare.html", told, status=status)


def known(scheme: Scheme, keys: list[str]) -> list[Indicator]:
    """The indicators of these keys, each once; what the scheme lacks is left out."""
    return [found for key in dict.fromkeys(keys) if (found := scheme.indicator(key))]


def side(area: Area, home: Area, chosen: list[Indicator], said: Any, facts: Facts) -> Side:
    if area.slug == home.slug:
        return answered(area, (), tuple(chosen), facts, ())
    matches = []
    for own in chosen:
        name = f"{area.slug}--{own.key}"
        matches.append(Match(own, name, nearest(area.scheme, own.label), said.get(name, "")))
    more = said.getlist(f"{area.slug}--more")[:MOST_CHOSEN]
    picked = known(area.scheme, [match.picked for match in matches] + more)
    found = answered(area, tuple(matches), tuple(picked), facts, sections(area.scheme))
    return replace(found, more=frozenset(more))


def answered(
    area: Area, matches: tuple[Match, ...], picked: tuple[Indicator, ...], facts: Facts, laid_out: tuple[Section, ...]
) -> Side:
    if not picked:
        return Side(area, matches, laid_out, (), None, None, ())
    keys = tuple(each.key for each in picked)
    told = screen(area.scheme, Facts(keys, facts.children, None, facts.immediate_danger, facts.consent, on=facts.on))
    return Side(
        area, matches, laid_out, picked, told, area.scheme.level(told.indicated_level), tuple(sentences(area, told))
    )


def sentences(area: Area, told: Screening) -> list[str]:
    """What a referrer there must also do."""
    rules = [area.scheme.flag_rule(flag) for flag in told.flags]
    return [r.parameters.referrer for r in rules if r and isinstance(r.parameters, FlagParameters)]
