"""Agreeing and publishing a draft: ask, approve or send back, publish."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import gate
from partnerships.forms import RevisionField
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from thresholds import actions, approval
from thresholds.domain.redline import proposed_note, redline
from thresholds.draft_views import effect_address
from thresholds.drafts import base_of, draft_of, in_force_or_none
from thresholds.editing.shown import read
from thresholds.forms import AnswerForm, AskForm
from thresholds.loading import load
from thresholds.models import SchemeVersion
from thresholds.refused import ChangedMeanwhile, Refused

UNPROCESSABLE = 422


@gate(Permission.THRESHOLD_PUBLISH)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_ask(request: PartnershipRequest, version: str) -> HttpResponse:
    """Check the changes, say from when and what changed, and ask a second person."""
    draft, at = draft_of(request.partnership, version), timezone.now()
    told = changes(draft, at)
    if told["scheme"] is None:
        return render(request, "thresholds/not_whole.html", {"draft": draft, "mistakes": told["mistakes"]}, status=409)
    before = approval.latest(draft)
    note = before.change_note if before else proposed_note(told["entries"])
    initial = {"revision": draft.revision, "change_note": note}
    form = AskForm(request.POST if request.method == "POST" else None, at=at, initial=initial)
    if form.is_valid():
        try:
            approval.ask(
                version=draft,
                holds_from=form.holds_from(),
                change_note=form.cleaned_data["change_note"],
                revision=form.cleaned_data["revision"],
                by=request.user,
                at=at,
            )
        except ChangedMeanwhile:
            draft.refresh_from_db()
            told = changes(draft, at)
            form = AskForm({**request.POST.dict(), "revision": draft.revision}, at=at)
            form.add_error(None, "A colleague changed this draft. Check the changes below, then ask.")
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Approval is asked for. Another admin or a manager answers.")
            return redirect("threshold_approval", partnership=request.partnership.slug, version=draft.slug)
    context = {
        **told,
        "draft": draft,
        "form": form,
        "hindrances": approval.hindrances(draft),
        "effect_href": effect_address(draft),
        "effect_seen": approval.effect_is_seen(draft),
        "second_people": approval.second_people(draft, request.user.pk, at),
    }
    return render(request, "thresholds/ask.html", context, status=UNPROCESSABLE if form.errors else 200)


def changes(draft: SchemeVersion, at: Any) -> dict[str, Any]:
    """What differs from the version in force, for whoever is to agree to it."""
    told, base = read(draft), base_of(draft, at)
    entries = redline(load(base), told.scheme) if base and told.scheme else ()
    return {
        "scheme": told.scheme,
        "mistakes": told.mistakes,
        "base": base,
        "entries": entries,
        "findings": told.findings,
        "in_force": in_force_or_none(draft.scheme.partnership, at),
    }


@gate(Permission.THRESHOLD_APPROVE)
@require_http_methods(["GET", "HEAD", "POST"])
def threshold_approval(request: PartnershipRequest, version: str) -> HttpResponse:
    """Read what would change, and approve it or send it back; then the way to publish what is approved."""
    draft, at = draft_of(request.partnership, version), timezone.now()
    round_ = approval.latest(draft)
    if round_ is None:
        raise Http404
    is_waiting = approval.waiting(draft) is not None
    initial = {"revision": draft.revision, "asked": round_.pk}
    form = AnswerForm(request.POST if request.method == "POST" else None, at=at, initial=initial)
    if form.is_valid():
        approves = form.cleaned_data["answer"] == "approve"
        try:
            approval.answer(
                version=draft,
                approves=approves,
                reason=form.cleaned_data["reason"],
                revision=form.cleaned_data["revision"],
                asked=form.cleaned_data["asked"],
                by=request.user,
                at=at,
            )
        except ChangedMeanwhile:
            form.add_error(None, "A colleague changed this draft while you read it. It has to be asked for anew.")
        except Refused as refused:
            form = AnswerForm({**request.POST.dict(), "asked": round_.pk}, at=at)
            form.add_error(None, str(refused))
        else:
            done = "You approved the draft. It can be published now." if approves else "The draft is sent back."
            messages.success(request, done)
            return redirect("threshold_approval", partnership=request.partnership.slug, version=draft.slug)
    context = {
        **changes(draft, at),
        "draft": draft,
        "round": round_,
        "waiting": is_waiting,
        "approved": approval.standing(draft),
        "void": round_.revision != draft.revision,
        "may_answer": is_waiting and approval.may_answer(draft, round_, request.user),
        "may_publish": request.actor.can(Permission.THRESHOLD_PUBLISH),
        "effect_href": effect_address(draft),
        "second_people": approval.second_people(draft, round_.asked_by_id, at),
        "form": form,
    }
    return render(request, "thresholds/approval.html", context, status=UNPROCESSABLE if form.errors else 200)


@gate(Permission.THRESHOLD_PUBLISH)
@require_POST
def threshold_withdraw(request: PartnershipRequest, version: str) -> HttpResponse:
    draft = draft_of(request.partnership, version)
    try:
        approval.withdraw(version=draft, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The request for approval is withdrawn.")
    return redirect("threshold_draft", partnership=request.partnership.slug, version=draft.slug)


@gate(Permission.THRESHOLD_PUBLISH)
@require_POST
def threshold_publish(request: PartnershipRequest, version: str) -> HttpResponse:
    """Publish what was approved."""
    draft, at = draft_of(request.partnership, version), timezone.now()
    revision = RevisionField().clean(request.POST.get("revision", ""))
    try:
        published = actions.publish(version=draft, revision=revision, by=request.user, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("threshold_draft", partnership=request.partnership.slug, version=draft.slug)
    now = published.holds_from == at
    messages.success(
        request,
        "The threshold is published and in force from now."
        if now
        else "The threshold is published. It will be in force from the date that was approved.",
    )
    return redirect("threshold_versions", partnership=request.partnership.slug)
