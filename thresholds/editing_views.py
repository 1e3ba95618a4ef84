"""Threshold content in an admin's hands: drafts, their wording, trying them, publishing them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.models import Partnership
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from thresholds import actions
from thresholds.domain.comparing import differences
from thresholds.domain.reading import SchemeErrors
from thresholds.domain.scheme import Scheme
from thresholds.domain.screening import screen
from thresholds.forms import WORDS, PublishForm, TryForm
from thresholds.loading import NoThreshold, load, version_in_force
from thresholds.matrix import sections
from thresholds.models import SchemeVersion

UNPROCESSABLE = 422


@gate(Permission.THRESHOLD_EDIT)
@require_safe
def threshold_versions(request: PartnershipRequest) -> HttpResponse:
    at = timezone.now()
    rows = SchemeVersion.objects.of(request.partnership).select_related("created_by", "published_by", "based_on")
    return render(
        request,
        "thresholds/versions.html",
        {
            "drafts": rows.filter(state=SchemeVersion.State.DRAFT).order_by("-created_at"),
            "versions": [
                (row, row.standing(at))
                for row in rows.exclude(state=SchemeVersion.State.DRAFT).order_by("-holds_from", "-pk")
            ],
        },
    )


@gate(Permission.THRESHOLD_EDIT)
@require_POST
def threshold_make_draft(request: PartnershipRequest, version: str) -> HttpResponse:
    row = of_partnership(request.partnership, version)
    if row.is_draft:
        raise Http404
    draft = actions.draft_from(version=row, by=request.user, at=timezone.now())
    messages.success(request, "The draft is made. Nothing changes for referrals until it is published.")
    return to_draft(draft)


@gate(Permission.THRESHOLD_EDIT)
@require_safe
def threshold_draft(request: PartnershipRequest, version: str) -> HttpResponse:
    draft = draft_of(request.partnership, version)
    scheme, mistakes = whole(draft)
    return render(
        request,
        "thresholds/draft.html",
        {
            "draft": draft,
            "scheme": scheme,
            "mistakes": mistakes,
            "levels": draft.levels.all(),
            "sections": sections(scheme) if scheme else (),
            "rows": {row.key: row.pk for row in draft.indicators.all()},
            "rules": draft.rules.all(),
            "limits": draft.limits.all(),
        },
    )


@gate(Permission.THRESHOLD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_reword(request: PartnershipRequest, version: str, noun: str, pk: int) -> HttpResponse:
    draft = draft_of(request.partnership, version)
    if noun not in actions.WORDING:
        raise Http404
    row = actions.WORDING[noun][0].objects.filter(version=draft, pk=pk).first()
    if row is None:
        raise Http404
    now = actions.words_of(noun, row)
    given = {**now, "seen": actions.fingerprint(now)}
    form = WORDS[noun](request.POST if request.method == "POST" else None, initial=given)
    meanwhile: dict[str, str] = {}
    if form.is_valid():
        words = {name: form.cleaned_data[name] for name in now}
        try:
            actions.reword(
                draft=draft,
                noun=noun,
                pk=pk,
                words=words,
                seen=form.cleaned_data["seen"],
                by=request.user,
                at=timezone.now(),
            )
        except actions.ChangedMeanwhile:
            row.refresh_from_db()
            meanwhile = actions.words_of(noun, row)
            form = WORDS[noun]({**words, "seen": actions.fingerprint(meanwhile)})
            form.add_error(None, "A colleague changed this wording while you were writing. Yours is kept below.")
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, "The wording is saved in the draft.")
            return redirect(to_draft(draft).url + f"#{noun}-{pk}")
    return render(
        request,
        "thresholds/reword.html",
        {"draft": draft, "noun": noun, "row": row, "form": form, "meanwhile": list(named(form, meanwhile))},
        status=UNPROCESSABLE if form.errors else 200,
    )


def named(form: Any, words: dict[str, str]) -> list[tuple[str, str]]:
    return [(form.fields[name].label, text) for name, text in words.items()]


@gate(Permission.THRESHOLD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_try(request: PartnershipRequest, version: str) -> HttpResponse:
    """Screen a made-up contact under the draft, beside the version in force. Nothing is stored."""
    draft = draft_of(request.partnership, version)
    scheme, mistakes = whole(draft)
    if scheme is None:
        return render(request, "thresholds/not_whole.html", {"draft": draft, "mistakes": mistakes}, status=409)
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


@gate(Permission.THRESHOLD_PUBLISH)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_publish(request: PartnershipRequest, version: str) -> HttpResponse:
    draft = draft_of(request.partnership, version)
    scheme, mistakes = whole(draft)
    if scheme is None:
        return render(request, "thresholds/not_whole.html", {"draft": draft, "mistakes": mistakes}, status=409)
    at = timezone.now()
    form = PublishForm(request.POST if request.method == "POST" else None, at=at, initial={"revision": draft.revision})
    if form.is_valid():
        revision = form.cleaned_data["revision"]
        try:
            published = actions.publish(
                version=draft,
                holds_from=form.holds_from(),
                change_note=form.cleaned_data["change_note"],
                revision=-1 if revision is None else revision,
                by=request.user,
                at=at,
            )
        except actions.ChangedMeanwhile as changed:
            draft.refresh_from_db()
            scheme = load(draft)
            form = PublishForm({**request.POST.dict(), "revision": draft.revision}, at=at)
            form.add_error(None, str(changed))
        except actions.Refused as refused:
            form.add_error("when", str(refused))
        else:
            now = published.holds_from == at
            messages.success(
                request,
                "The threshold is published and in force from now."
                if now
                else "The threshold is published. It will be in force from the date that you chose.",
            )
            return redirect("threshold_versions", partnership=request.partnership.slug)
    base = load(draft.based_on) if draft.based_on else scheme_in_force(request.partnership, at)
    return render(
        request,
        "thresholds/publish.html",
        {
            "draft": draft,
            "form": form,
            "base": base,
            "differences": differences(base, scheme) if base else (),
            "in_force": in_force_or_none(request.partnership, at),
        },
        status=UNPROCESSABLE if form.errors else 200,
    )


def of_partnership(partnership: Partnership, slug: str) -> SchemeVersion:
    row = SchemeVersion.objects.of(partnership).select_related("based_on", "scheme__partnership").filter(slug=slug)
    found = row.first()
    if found is None:
        raise Http404
    return found


def draft_of(partnership: Partnership, slug: str) -> SchemeVersion:
    row = of_partnership(partnership, slug)
    if not row.is_draft:
        raise Http404
    return row


def to_draft(draft: SchemeVersion) -> Any:
    return redirect("threshold_draft", partnership=draft.scheme.partnership.slug, version=draft.slug)


def whole(draft: SchemeVersion) -> tuple[Scheme | None, list[str]]:
    """The draft's scheme, or what is wrong with it."""
    try:
        return load(draft), []
    except SchemeErrors as errors:
        return None, [str(mistake) for mistake in errors.mistakes]


def in_force_or_none(partnership: Partnership, at: Any) -> SchemeVersion | None:
    try:
        return version_in_force(partnership, at)
    except NoThreshold:
        return None


def scheme_in_force(partnership: Partnership, at: Any) -> Scheme | None:
    version = in_force_or_none(partnership, at)
    return load(version) if version else None
