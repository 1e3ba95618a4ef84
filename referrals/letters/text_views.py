"""Where an admin keeps the texts of the partnership's letters, and a second person approves them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from referrals.domain.letter import KINDS, KindOfLetter
from referrals.letters import texts_kept, writing
from referrals.letters.forms import ApproveForm, TextForm
from referrals.models import LetterText

Signed = Any


def the_kind(kind: str) -> KindOfLetter:
    if kind not in KINDS:
        raise Http404
    return KINDS[kind]


def the_draft(request: Signed, kind: str) -> LetterText | None:
    rows = LetterText.objects.filter(partnership=request.partnership, kind=kind).drafts()
    return rows.select_related("written_by", "partnership").first()


@gate(Permission.LETTER_EDIT, Permission.LETTER_APPROVE)
@require_safe
def letter_texts(request: Signed) -> HttpResponse:
    """Every kind of letter, whose words hold, and what waits for approval."""
    rows = LetterText.objects.filter(partnership=request.partnership).exclude(state=LetterText.State.SUPERSEDED)
    by_kind: dict[str, dict[str, LetterText]] = {}
    for row in rows.select_related("written_by", "approved_by"):
        by_kind.setdefault(row.kind, {})[row.state] = row
    lines = [{"kind": kind, **by_kind.get(kind.slug, {})} for kind in KINDS.values()]
    return render(request, "referrals/letters/texts.html", {"lines": lines})


@gate(Permission.LETTER_EDIT, Permission.LETTER_APPROVE)
@require_safe
def letter_text(request: Signed, kind: str) -> HttpResponse:
    """One kind: the text that holds, the draft beside it with a sample, and every version there was."""
    known, now, draft = the_kind(kind), timezone.now(), the_draft(request, kind)
    subject, body, version = writing.in_force(request.partnership, kind)
    show = texts_kept.preview
    context = {
        "kind": known,
        "version": version,
        "holds": show(request.partnership, kind, subject, body, by=request.user, at=now),
        "draft": draft,
        "sample": draft and show(request.partnership, kind, draft.subject, draft.body, by=request.user, at=now),
        "mistakes": draft and TextForm(kind=known, initial={"subject": draft.subject, "body": draft.body}).mistakes,
        "versions": LetterText.objects.filter(partnership=request.partnership, kind=kind)
        .exclude(state=LetterText.State.DRAFT)
        .select_related("written_by", "approved_by"),
        "may_edit": request.actor.can(Permission.LETTER_EDIT),
        "may_approve": request.actor.can(Permission.LETTER_APPROVE)
        and draft is not None
        and draft.written_by_id != request.user.pk,
    }
    return render(request, "referrals/letters/text.html", context)


@gate(Permission.LETTER_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def letter_text_edit(request: Signed, kind: str) -> HttpResponse:
    """Write the draft. It is kept with its mistakes, which the next page names."""
    known, draft = the_kind(kind), the_draft(request, kind)
    subject, body, _ = writing.in_force(request.partnership, kind)
    told = {"subject": draft.subject, "body": draft.body} if draft else {"subject": subject, "body": body}
    form = TextForm(request.POST if request.method == "POST" else None, kind=known, initial=told)
    seen, theirs = seen_in(request) if request.method == "POST" else draft.written_at if draft else None, None
    if form.is_valid():
        now = timezone.now()
        try:
            saved = texts_kept.save_draft(
                partnership=request.partnership,
                kind=kind,
                subject=form.cleaned_data["subject"],
                body=form.cleaned_data["body"],
                seen=seen,
                by=request.user,
                at=now,
            )
        except texts_kept.Refused as refused:
            form.add_error(None, str(refused))
            theirs = the_draft(request, kind)
            seen = theirs.written_at if theirs else None
        else:
            return saved_draft(request, saved, form, now)
    context = {"kind": known, "form": form, "theirs": theirs, "seen": seen.isoformat() if seen else ""}
    return render(request, "referrals/letters/text_edit.html", context, status=422 if form.errors else 200)


def saved_draft(request: Signed, saved: LetterText, form: TextForm, now: dt.datetime) -> HttpResponse:
    """To the draft with its sample; where it has no mistake, somebody else is asked to approve it."""
    if form.mistakes:
        messages.info(request, "The draft is saved. It can’t be approved yet: see below.")
    else:
        told_to = texts_kept.ask_for_approval(draft=saved, by=request.user, at=now)
        asked = "A second person was asked to approve it." if told_to else "Nobody else here can approve it yet."
        messages.success(request, f"The draft is saved. {asked}")
    return redirect("letter_text", partnership=request.partnership.slug, kind=saved.kind)


def seen_in(request: Signed) -> dt.datetime | None:
    """When the draft that the page showed was written."""
    form = ApproveForm(request.POST)
    return form.cleaned_data.get("seen") if form.is_valid() else None


@gate(Permission.LETTER_EDIT)
@require_POST
def letter_text_discard(request: Signed, kind: str) -> HttpResponse:
    the_kind(kind)
    draft = the_draft(request, kind)
    if draft is not None:
        try:
            texts_kept.discard(draft=draft, seen=seen_in(request), by=request.user, at=timezone.now())
        except texts_kept.Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, "The draft is gone. The text that held goes on holding.")
    return redirect("letter_text", partnership=request.partnership.slug, kind=kind)


@gate(Permission.LETTER_APPROVE)
@require_POST
def letter_text_approve(request: Signed, kind: str) -> HttpResponse:
    the_kind(kind)
    draft, seen = the_draft(request, kind), seen_in(request)
    if draft is None:
        messages.info(request, "No draft waits.")
    else:
        try:
            texts_kept.approve(draft=draft, seen_at=seen, by=request.user, at=timezone.now())
        except texts_kept.Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, "The text holds from now on. Letters that were sent stay as they were.")
    return redirect("letter_text", partnership=request.partnership.slug, kind=kind)
