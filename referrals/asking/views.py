"""Asking: the screener's pages, the referrer's answer, the agency's own pages, and the board of what is late."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import gate
from partnerships.models import Agency
from partnerships.permissions import Permission
from partnerships.requests import posted
from referrals.additions.views import then
from referrals.asking import actions
from referrals.asking.extract import chosen, fields
from referrals.asking.forms import AnswerForm, CheckAnswerForm, CheckForm, QuestionForm, RiskForm
from referrals.asking.people import answering_agencies
from referrals.audiences import render_for
from referrals.domain.asking import Basis, Urgency
from referrals.domain.audiences import Audience
from referrals.domain.lifecycle import NotAllowed
from referrals.intake.tracking import the_referral as the_tracked
from referrals.models import Ask, Referral, RiskRating
from referrals.reading import record_part_read
from referrals.referrers import left
from referrals.triage.moves import Refused
from referrals.triage.next_steps import takes_back
from referrals.triage.step_views import ask as ask_step
from referrals.triage.views import Signed, back_to, the_referral

ASKS = require_http_methods(["GET", "HEAD", "POST"])
MOST = 200


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_ask(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """A question to the referrer."""
    row = the_referral(request, referral_id, "ask")
    form, gone = QuestionForm(posted(request)), left(row)
    asked = f"It is asked. {gone}" if gone else "The referrer is asked."
    return ask_step(
        request,
        row,
        "ask",
        form,
        lambda: actions.ask_referrer(
            referral=row,
            question=form.cleaned_data["question"],
            urgency=Urgency(form.cleaned_data["urgency"]),
            by=request.user,
            at=timezone.now(),
        ),
        done=f"{asked} The referral waits for others until there is an answer; you are told when there is.",
        more={"button": "Ask the referrer", "warnings": [gone] if gone else []},
    )


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_check(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """A check with agencies: whom, what, what they are shown, on what basis, how soon."""
    row = the_referral(request, referral_id, "check")
    form = CheckForm(
        posted(request),
        agencies=Agency.objects.current().filter(partnership=request.partnership),
        answering=answering_agencies(request.partnership),
        asked={each.agency_id: each.question for each in actions.open_checks(row)},
        fields=fields(row),
        rated=RiskRating.objects.filter(referral=row, stage=RiskRating.Stage.BEFORE).exists(),
    )
    return ask_step(
        request,
        row,
        "check",
        form,
        lambda: check(request, row, form),
        done="The agencies are asked. You are told when each answers; the board of checks shows who is late.",
        more={"button": "Ask these agencies"},
    )


def check(request: Signed, row: Referral, form: CheckForm) -> None:
    said, now = form.cleaned_data, timezone.now()
    if "rating" in said:
        actions.rate_risk(referral=row, rating=said["rating"], reason=said["reason"], by=request.user, at=now)
    actions.ask_agencies(
        referral=row,
        agencies=form.chosen_agencies,
        question=said["question"],
        extract=chosen(row, said["extract"]),
        basis=Basis(said["basis"]),
        urgency=Urgency(said["urgency"]),
        by=request.user,
        at=now,
    )


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_risk(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """How great the risk looks, before the checks or after them."""
    row = the_referral(request, referral_id, "risk")
    form = RiskForm(posted(request), stage=actions.stage_now(row))
    return ask_step(
        request,
        row,
        "risk",
        form,
        lambda: actions.rate_risk(
            referral=row,
            rating=form.cleaned_data["rating"],
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
        ),
        done="The rating is kept.",
        more={"button": "Keep the rating"},
    )


@gate(Permission.REFERRAL_CLAIM)
@require_POST
def ask_withdraw(request: Signed, referral_id: uuid.UUID, ask_id: uuid.UUID) -> HttpResponse:
    """Take back a question or a check."""
    row = the_referral(request, referral_id)
    asks = Ask.objects.readable_by(request.actor).filter(referral=row, pk=ask_id).select_related("team")
    asked = asks.first()
    if asked is None or not takes_back(request.actor, row, asked):
        raise Http404
    try:
        actions.withdraw_ask(ask=asked, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is withdrawn.")
    return back_to(row)


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@ASKS
def question_answer(request: Signed, referral_id: uuid.UUID, ask_id: uuid.UUID) -> HttpResponse:
    """The referrer answers a question."""
    row = the_tracked(request, referral_id)
    asked = Ask.objects.questions().filter(referral=row, pk=ask_id).select_related("asked_by").first()
    if asked is None:
        raise Http404
    form = AnswerForm(posted(request), children=row.children.all())
    if request.method == "POST" and form.is_valid():
        try:
            said = form.cleaned_data["answer"]
            actions.answer(ask=asked, answer=said, **form.told, by=request.user, at=timezone.now())
        except (Refused, NotAllowed) as refused:
            form.add_error(None, str(refused))
        else:
            sent = "Your answer has been sent. Whoever reads your referral is told."
            messages.success(request, f"{sent} {then(request, form.told['later'])}")
            return redirect("referral_track", partnership=request.partnership.slug, referral_id=row.pk)
    record_part_read(referral=row, part="question", by=request.user, at=timezone.now())
    context = {"referral": row, "ask": asked, "form": form, "now": timezone.now()}
    return render_for(Audience.REFERRER, request, "referrals/asking/question.html", context)


@gate(Permission.CHECK_ANSWER)
@require_safe
def checks(request: Signed) -> HttpResponse:
    """What one's own agency is asked, the soonest due first; then what it answered."""
    mine = Ask.objects.of_agency(request.actor).select_related("agency", "answered_by", "referral")
    waiting, now = list(mine.open().order_by("due_at", "pk")[:MOST]), timezone.now()
    return render_for(
        Audience.CHECKER,
        request,
        "referrals/asking/checks.html",
        {
            "open": waiting,
            "late": {each.pk for each in waiting if each.due_at < now},
            "answered": list(mine.filter(state=Ask.State.ANSWERED).order_by("-answered_at", "pk")[:50]),
            "now": now,
        },
    )


@gate(Permission.CHECK_ANSWER)
@ASKS
def check_answer(request: Signed, ask_id: uuid.UUID) -> HttpResponse:
    """One check: the question, the extract, the basis, and the answer. Nothing else of the referral.

    Of one that was withdrawn nothing is shown any more; what somebody was writing then is taken or given back.
    """
    mine = Ask.objects.of_agency(request.actor)
    asked = mine.select_related("asked_by", "agency", "partnership", "answered_by", "team").filter(pk=ask_id).first()
    if asked is None or (asked.state == Ask.State.WITHDRAWN and request.method != "POST"):
        raise Http404
    form = CheckAnswerForm(posted(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            actions.answer(
                ask=asked,
                answer=said["answer"],
                knows=said["knows"],
                **form.told,
                by=request.user,
                at=timezone.now(),
            )
        except (Refused, NotAllowed) as refused:
            form.add_error(None, str(refused))
        else:
            sent = "Your agency’s answer has been sent. The front door is told."
            messages.success(request, f"{sent} {then(request, form.told['later'])}")
            return redirect("checks", partnership=request.partnership.slug)
    elif request.method != "POST":
        actions.record_check_reading(ask=asked, by=request.user, at=timezone.now())
    context: dict[str, Any] = {"ask": asked, "form": form, "basis": Basis(asked.basis).label, "now": timezone.now()}
    return render_for(Audience.CHECKER, request, "referrals/asking/check.html", context)


@gate(Permission.REFERRAL_READ)
@require_safe
def checks_board(request: Signed) -> HttpResponse:
    """Every open check and question of the referrals that one may read: who is late comes first."""
    readable = Referral.objects.visible_to(request.actor).open().values("pk")
    rows = (
        Ask.objects.open()
        .readable_by(request.actor)
        .filter(referral__in=readable)
        .select_related("agency", "referral__owner", "asked_by")
        .order_by("due_at", "pk")[:MOST]
    )
    now = timezone.now()
    lines = [{"ask": each, "late": each.due_at < now} for each in rows]
    late: dict[str, int] = {}
    for line in lines:
        if line["late"]:
            who = line["ask"].agency.name if line["ask"].agency else "Referrers"
            late[who] = late.get(who, 0) + 1
    return render(
        request,
        "referrals/asking/board.html",
        {"lines": lines, "late": sorted(late.items(), key=lambda each: (-each[1], each[0])), "now": now},
    )
