"""Letters to parents, a partner agency, another area; and the referrer's answer to a letter."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import Actor, gate
from partnerships.permissions import Permission
from partnerships.requests import posted
from referrals.audiences import render_for
from referrals.domain.audiences import Audience
from referrals.domain.letter import KINDS
from referrals.intake.summary import situation_of
from referrals.intake.tracking import the_referral as followed
from referrals.letters import actions, receipts
from referrals.letters.forms import ChallengeForm, OthersForm, ParentsForm
from referrals.models import Event, Letter, Referral
from referrals.reading import record_part_read
from referrals.triage.moves import JOINED, Refused, Stale, moves_since
from referrals.triage.next_steps import works_in

Signed = Any
TO_OTHERS = ("parents", "agency", "transfer")


@gate(Permission.REFERRAL_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def letter_new(request: Signed, referral_id: uuid.UUID, kind: str) -> HttpResponse:
    """Write to somebody without an account. To parents only where it is safe: asked here, and recorded."""
    rows = Referral.objects.visible_to(request.actor).select_related(*JOINED).prefetch_related("children")
    referral = rows.filter(pk=referral_id).first()
    if referral is None or kind not in TO_OTHERS or not works_in(request.actor, referral.team):
        raise Http404
    asks = ParentsForm if kind == "parents" else OthersForm
    form = asks(posted(request), referral=referral)
    now, moved = timezone.now(), None
    if form.is_valid():
        try:
            return written(request, referral, kind, form.cleaned_data, at=now)
        except Stale as stale:
            moved = moves_since(stale.referral, form.cleaned_data["revision"], request.actor)
            referral = stale.referral
            # Whether it is safe is asked anew: what happened since may be why it is not.
            form.data = {**request.POST.dict(), "revision": str(referral.revision), "safe": ""}
        except Refused as refused:
            form.add_error(None, str(refused))
    record_part_read(referral=referral, part="letter", by=request.user, at=now)
    context = {
        "referral": referral,
        "kind": KINDS[kind],
        "form": form,
        "moved": moved,
        "cautions": situation_of(referral).answers.cautions,
        "not_safe": found_unsafe(referral, request.actor) if kind == "parents" else None,
        "sample": actions.sample_to_others(referral, kind, by=request.user),
    }
    return render(request, "referrals/letters/new.html", context, status=422 if form.errors else 200)


def found_unsafe(referral: Referral, actor: Actor) -> Event | None:
    """When somebody last found that the parents could not safely be written to."""
    found = Event.objects.readable_by(actor).filter(referral=referral, kind="letter_not_safe")
    return found.order_by("-at", "-pk").first()


def written(request: Signed, referral: Referral, kind: str, told: dict[str, Any], *, at: dt.datetime) -> HttpResponse:
    """The letter is kept, or that it was not safe to write."""
    if told.get("safe") == "no":
        actions.not_safe_to_write(referral=referral, because=told["safe_because"], by=request.user, at=at)
        messages.success(request, "It is recorded that writing to the parents is not safe. No letter was written.")
    else:
        actions.write_to_others(
            referral=referral,
            kind=Letter.Kind(kind),
            recipient=told["recipient"],
            words=told["words"],
            safe_because=told.get("safe_because", ""),
            seen=told["revision"],
            token=told["token"],
            by=request.user,
            at=at,
        )
        messages.success(request, "The letter is written and kept. Print it from this page and send it.")
    return redirect("referral", partnership=request.partnership.slug, referral_id=referral.pk)


def the_letter(request: Signed, referral_id: uuid.UUID, letter_id: uuid.UUID) -> Letter:
    """An outcome letter of a referral that this person follows."""
    referral = followed(request, referral_id)
    rows = Letter.objects.filter(referral=referral, kind=Letter.Kind.OUTCOME)
    letter = rows.select_related("sent_by", "partnership", "referral__owner", "referral__partnership").filter(
        pk=letter_id
    )
    found = letter.first()
    if found is None:
        raise Http404
    return found


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_POST
def letter_agree(request: Signed, referral_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponse:
    letter = the_letter(request, referral_id, letter_id)
    try:
        kept = receipts.answer(letter=letter, how=Letter.Answer.AGREED, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        if kept:
            messages.success(request, "Thank you. Whoever decided sees that you agree.")
        else:
            messages.info(request, "This letter has been answered already.")
    return redirect("letter", partnership=request.partnership.slug, referral_id=referral_id, letter_id=letter_id)


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_http_methods(["GET", "HEAD", "POST"])
def letter_challenge(request: Signed, referral_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponse:
    """Say that one sees it differently, and why. It is right to challenge a decision about a child."""
    letter = the_letter(request, referral_id, letter_id)
    form = ChallengeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        words, now = form.cleaned_data["words"], timezone.now()
        try:
            receipts.answer(letter=letter, how=Letter.Answer.CHALLENGED, words=words, by=request.user, at=now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Your challenge has been sent. Whoever decided it is told, and their manager.")
            return redirect("disagreement", partnership=request.partnership.slug, referral_id=referral_id)
    record_part_read(referral=letter.referral, part="challenge", by=request.user, at=timezone.now())
    context = {"letter": letter, "referral": letter.referral, "form": form}
    status = 422 if form.errors else 200
    return render_for(Audience.REFERRER, request, "referrals/letters/challenge.html", context, status)
