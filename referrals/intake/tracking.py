"""The practitioner's pages: drafts and referrals, what became of one, its letters, its copy as a PDF."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from partnerships.access import Actor, gate
from partnerships.permissions import Permission
from referrals.additions.shown import after_sending
from referrals.audiences import render_for, seen_by
from referrals.documents.serving import serve
from referrals.domain.audiences import Audience
from referrals.domain.lifecycle import State
from referrals.intake import afterwards, shown, summary
from referrals.letters.reading import open_letter
from referrals.letters.receipts import may_agree
from referrals.models import Ask, Disagreement, Draft, Event, Letter, Referral
from referrals.reading import record_reading
from referrals.referrers import speaks_for_referrer

PER_PAGE = 25
READER = Audience.REFERRER
Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""


def left_behind(actor: Actor) -> list[str]:
    """The agencies for which this person sent referrals and tells of worries no more, by name."""
    mine = Referral.objects.filter(partnership=actor.partnership, referrer=actor.user, agency__isnull=False)
    gone = mine.exclude(pk__in=Referral.objects.sent_by(actor).values("pk")).order_by("agency__name")
    return list(gone.values_list("agency__name", flat=True).distinct())


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_safe
def my_referrals(request: Signed) -> HttpResponse:
    """Drafts to go on with, and what was sent, the newest first."""
    rows = (
        Referral.objects.sent_by(request.actor)
        .select_related("referrer", "agency")
        .prefetch_related("children", "clocks")
        .order_by("-received_at", "pk")
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    questions, now = afterwards.first_questions(page), timezone.now()
    drafts = Draft.objects.visible_to(request.actor).unsent()
    shared = Draft.objects.shared_with(request.actor).select_related("partnership", "started_by")
    return render_for(
        READER,
        request,
        "referrals/intake/my_referrals.html",
        {
            "drafts": [shown.draft_line(draft) for draft in drafts],
            "shared": [shown.draft_line(draft) for draft in shared],
            "lines": [afterwards.line(seen_by(READER, referral), questions.get(referral.pk)) for referral in page],
            "page": page,
            "left_behind": left_behind(request.actor),
            "may_send": request.actor.can(Permission.REFERRAL_SEND),
            "follows_agency": request.actor.can(Permission.AGENCY_TRACK),
            "now": now,
        },
    )


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_safe
def referral_track(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """What was sent, where it stands, what comes next and by when, and the letters."""
    referral, now = the_referral(request, referral_id), timezone.now()
    record_reading(referral=referral, by=request.user, at=now)
    may_withdraw = speaks_for_referrer(referral, request.user)
    referral = seen_by(READER, referral)
    situation = summary.situation_of(referral)
    context = {
        **afterwards.sent_context(referral, now=now),
        "may_send": request.actor.can(Permission.REFERRAL_SEND),
        "next": afterwards.NEXT[State(referral.state)],
        "events": Event.objects.filter(referral=referral, for_referrer=True),
        "beside": after_sending(referral, "referral_file", reader=request.user),
        "letters": Letter.objects.filter(referral=referral).to_referrer(),
        "challenged": Disagreement.objects.filter(referral=referral).order_by("-raised_at").first(),
        "questions": (questions := list(Ask.objects.questions().filter(referral=referral))),
        "may_withdraw": may_withdraw,
        "asked_now": any(each.state == Ask.State.OPEN for each in questions),
        "sections": summary.by_section(summary.cards(situation)),
    }
    return render_for(READER, request, "referrals/intake/track.html", context)


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_safe
def referral_copy(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """What was sent, as a PDF. Its file name tells nothing of the child."""
    referral = seen_by(READER, the_referral(request, referral_id))
    situation = summary.situation_of(referral)
    context = {
        "title": f"Referral {referral.reference}",
        "sections": summary.by_section(summary.cards(situation)),
        "ways": afterwards.ways(referral, situation),
        "beside": after_sending(referral, "referral_file", reader=request.user),
    }
    return serve(request, READER, referral, "copy", "referrals/documents/referral.html", context)


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_safe
def letter(request: Signed, referral_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponse:
    """A letter as it was sent. That it was opened, and by whom, is kept."""
    referral = the_referral(request, referral_id)
    written: Letter = get_object_or_404(
        Letter.objects.filter(referral=referral).to_referrer().select_related("sent_by", "answered_by"), pk=letter_id
    )
    open_letter(letter=written, by=request.user, at=timezone.now())
    written.referral = referral
    context = {"referral": referral, "letter": written, "may_agree": may_agree(written, request.user)}
    return render_for(READER, request, "referrals/intake/letter.html", context)


def the_referral(request: HttpRequest, referral_id: uuid.UUID) -> Referral:
    """One of those that this person may follow; any other is not found."""
    rows = Referral.objects.sent_by(request.actor)  # type: ignore[attr-defined]
    referral = rows.select_related("partnership", "agency", "team", "scheme_version").filter(pk=referral_id).first()
    if referral is None:
        raise Http404
    return referral
