"""Versions and drafts in an admin's hands: the list, a draft's own page, trying it, what differs between two."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from thresholds import actions, approval
from thresholds.domain.reading import SchemeErrors
from thresholds.domain.redline import redline
from thresholds.domain.screening import screen
from thresholds.drafts import base_of, draft_of, of_partnership, scheme_in_force
from thresholds.editing.nouns import NOUNS, Table
from thresholds.editing.shown import change_lines, read
from thresholds.forms import DifferenceForm, MakeDraftForm, TryForm
from thresholds.loading import load
from thresholds.matrix import sections
from thresholds.models import SchemeVersion

UNPROCESSABLE = 422
LATEST = 8
"""How many changes the draft's page shows before it leads to all of them."""


@gate(Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)
@require_safe
def threshold_versions(request: PartnershipRequest) -> HttpResponse:
    at = timezone.now()
    rows = SchemeVersion.objects.of(request.partnership).select_related("created_by", "published_by", "based_on")
    drafts = (
        rows.filter(state=SchemeVersion.State.DRAFT).order_by("-created_at").prefetch_related("approvals__asked_by")
    )
    return render(
        request,
        "thresholds/versions.html",
        {
            "may_edit": request.actor.can(Permission.THRESHOLD_EDIT),
            "latest": rows.order_by("-pk").values_list("pk", flat=True).first() or 0,
            "drafts": [(draft, stands(draft)) for draft in drafts],
            "versions": [
                (row, row.standing(at))
                for row in rows.exclude(state=SchemeVersion.State.DRAFT).order_by("-holds_from", "-pk")
            ],
        },
    )


def stands(draft: SchemeVersion) -> str:
    """Where a draft's approval stands: none, asked, approved, sent_back, void (edited since)."""
    rounds = list(draft.approvals.all())
    if not rounds or rounds[0].answer == "withdrawn":
        return "none"
    if rounds[0].answer == "sent_back":
        return "sent_back"
    if rounds[0].revision != draft.revision:
        return "void"
    return rounds[0].answer or "asked"


@gate(Permission.THRESHOLD_EDIT)
@require_POST
def threshold_make_draft(request: PartnershipRequest, version: str) -> HttpResponse:
    row = of_partnership(request.partnership, version)
    if row.is_draft:
        raise Http404
    form = MakeDraftForm(request.POST)
    form.full_clean()
    draft = actions.draft_from(version=row, **form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, "The draft is made. Nothing changes for referrals until it is published.")
    return redirect("threshold_draft", partnership=request.partnership.slug, version=draft.slug)


@gate(Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)
@require_safe
def threshold_draft(request: PartnershipRequest, version: str) -> HttpResponse:
    """A draft's own page: what it consists of, what is wrong or odd, what was changed, what comes next."""
    draft, at = draft_of(request.partnership, version), timezone.now()
    told = read(draft)
    base = base_of(draft, at)
    changes = draft.changes.select_related("by")
    return render(
        request,
        "thresholds/draft.html",
        {
            "draft": draft,
            "read": told,
            "parts": parts(draft, told),
            "base": base,
            "may_edit": request.actor.can(Permission.THRESHOLD_EDIT),
            "round": approval.latest(draft),
            "stands": stands(draft),
            "effect_seen": approval.effect_is_seen(draft),
            "needs_effect": approval.needs_effect(draft),
            "effect_href": effect_address(draft),
            "lines": change_lines(changes[:LATEST]),
            "more": changes.count() > LATEST,
        },
    )


def effect_address(draft: SchemeVersion) -> str:
    """Where the draft's effect on past referrals is looked at; empty where there is no such page."""
    try:
        return reverse("threshold_effect", args=[draft.scheme.partnership.slug, draft.slug])
    except NoReverseMatch:
        return ""


def parts(draft: SchemeVersion, told: Any) -> list[dict[str, Any]]:
    """Each part of a draft: how many, how many retired, how many local defaults, how many oddities."""
    found = []
    for noun in NOUNS.values():
        part: dict[str, Any] = {"noun": noun, "count": None, "retired": 0, "local": 0, "odd": 0}
        if isinstance(noun, Table):
            rows = noun.model._default_manager.filter(version=draft)
            counts: dict[str, Any] = {"all": Count("pk")}
            if noun.retires:
                counts["retired"] = Count("pk", filter=Q(retired_at__isnull=False))
            if "local_default" in noun.columns:
                counts["local"] = Count("pk", filter=Q(local_default=True, retired_at__isnull=True))
            part |= rows.aggregate(**counts)
            part["count"] = part["all"] - part["retired"]
        elif noun.added:
            part["count"] = len(noun.rows(draft))
        if noun.slug == "rule":
            part["odd"] = len({each.rule for each in told.findings if each.rule})
        found.append(part)
    return found


@gate(Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_try(request: PartnershipRequest, version: str) -> HttpResponse:
    """Screen a made-up contact under the draft, beside the version in force. Nothing is stored."""
    draft = draft_of(request.partnership, version)
    told = read(draft)
    scheme = told.scheme
    if scheme is None:
        return render(request, "thresholds/not_whole.html", {"draft": draft, "mistakes": told.mistakes}, status=409)
    at = timezone.now()
    form = TryForm(request.POST if request.method == "POST" else None, scheme=scheme, at=at)
    results = []
    if form.is_valid():
        facts = form.facts()
        in_force = scheme_in_force(request.partnership, at)
        results = [("Under this draft", scheme, screen(scheme, facts))]
        if in_force:
            results.append(("Under the threshold in force", in_force, screen(in_force, facts)))
    chosen, laid_out = set(form["indicators"].value() or ()), sections(scheme)
    return render(
        request,
        "thresholds/try.html",
        {
            "draft": draft,
            "scheme": scheme,
            "form": form,
            "chosen": chosen,
            "sections": laid_out,
            "opened": {each.anchor for each in laid_out if chosen & set(each.keys)} or {laid_out[0].anchor},
            "results": [
                {"title": title, "scheme": each, "told": told, "level": each.level(told.indicated_level)}
                for title, each, told in results
            ],
            "differs": len(results) == 2 and decisive(results[0][2]) != decisive(results[1][2]),
        },
        status=UNPROCESSABLE if form.errors else 200,
    )


def decisive(told: Any) -> tuple[Any, ...]:
    return told.indicated_level, told.route, told.flags


@gate(Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)
@require_safe
def threshold_difference(request: PartnershipRequest) -> HttpResponse:
    """A redline of any two versions of this partnership, drafts among them."""
    at = timezone.now()
    rows = list(SchemeVersion.objects.of(request.partnership).order_by("-created_at", "-pk"))
    form = DifferenceForm(request.GET if request.GET else None, versions=[named(row, at) for row in rows])
    context: dict[str, Any] = {"form": form, "entries": None}
    if form.is_valid():
        by_slug = {row.slug: row for row in rows}
        before, after = (by_slug[form.cleaned_data[name]] for name in ("before", "after"))
        context |= difference(before, after)
    return render(request, "thresholds/difference.html", context)


def difference(before: SchemeVersion, after: SchemeVersion) -> dict[str, Any]:
    """What differs between two versions, or which of them is not whole and so can't be compared."""
    schemes, broken = [], []
    for row in (before, after):
        try:
            schemes.append(load(row))
        except SchemeErrors:
            broken.append(row)
    entries = redline(*schemes) if not broken else None
    return {"before": before, "after": after, "entries": entries, "broken": broken}


def named(row: SchemeVersion, at: dt.datetime) -> tuple[str, str]:
    words = {"draft": "draft", "waiting": "published, not yet in force", "in_force": "in force", "ended": "ended"}
    return row.slug, f"{row.slug} ({words[row.standing(at)]})"
