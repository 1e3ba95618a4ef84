"""The referrer's pages after sending, and the screener's answer to the wish to withdraw."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from partnerships import calling
from partnerships.access import gate
from partnerships.hours import is_open
from partnerships.kept import kept, let_go
from partnerships.permissions import Permission
from referrals.additions import actions
from referrals.additions.corrected import mistake_in
from referrals.additions.forms import AnswerWithdrawalForm, CorrectionForm, InformationForm, WithdrawForm
from referrals.additions.wish import open_wish
from referrals.attachments import taking
from referrals.audiences import render_for
from referrals.domain.audiences import Audience
from referrals.domain.danger import Later
from referrals.domain.lifecycle import NotAllowed
from referrals.intake import addresses, summary
from referrals.intake.answers import Answers
from referrals.intake.in_whose_name import the_only
from referrals.intake.tracking import the_referral
from referrals.models import Referral
from referrals.reading import record_part_read
from referrals.referrers import speaks_for_referrer
from referrals.triage.moves import Refused
from referrals.triage.step_views import ask, flag_warnings
from referrals.triage.views import the_referral as the_referral_in_triage
from thresholds.loading import load

Signed = Any
"""A request that passed the gate: it carries `partnership` and `actor` (partnerships.middleware)."""

ASKS = require_http_methods(["GET", "HEAD", "POST"])
TRACKS = (Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)


def typed(request: Signed) -> Any:
    """What was posted, or typed on this page before signing in again; None where the page is new."""
    return request.POST if request.method == "POST" else kept(request)


def back_to(referral: Referral) -> HttpResponse:
    return redirect("referral_track", partnership=referral.partnership.slug, referral_id=referral.pk)


@gate(*TRACKS)
@ASKS
def referral_add(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Add information, with documents if there are any. Whatever can't be taken of these, the words are kept."""
    referral, now = the_referral(request, referral_id), timezone.now()
    scheme = load(referral.scheme_version)
    children = list(referral.children.all())
    form = InformationForm(typed(request), at=now, children=children)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        files = taking.files_of(request, scheme)
        try:
            added = actions.add_information(
                referral=referral,
                text=told["text"],
                later=Later(told["danger"]),
                children=[child for child in children if str(child.pk) in told.get("children", ())],
                files=files,
                token=told["token"],
                by=request.user,
                at=now,
            )
        except (Refused, NotAllowed) as refused:
            form.add_error(None, str(refused))
        else:
            let_go(request)
            return after_adding(request, referral, [*added.refused, *taking.nameless(request)], Later(told["danger"]))
    record_part_read(referral=referral, part="add", by=request.user, at=now)
    context = {"referral": referral, "form": form}
    return render_for(Audience.REFERRER, request, "referrals/additions/add.html", context)


def after_adding(request: Signed, referral: Referral, refused: list[Any], later: Later) -> HttpResponse:
    messages.success(request, f"What you added is there now, and whoever works on it is told. {then(request, later)}")
    for each in refused:
        messages.error(request, f"Not added: {each.sentence}")
    return back_to(referral)


def then(request: Signed, later: Later) -> str:
    """What somebody is to do who said that of a child after sending, and what we do."""
    now = calling.now(request.partnership, is_open(request.partnership, timezone.now()))
    return {
        Later.NOW: "It goes before all others. Call 999 if you have not yet.",
        Later.UNSURE: now.sentence("If you are not sure that the child is safe, telephone {}."),
        Later.GROWN: now.sentence("A person reads it and decides what happens. If it gets worse, telephone {}."),
        Later.NO: "",
    }[later]


@gate(*TRACKS)
@ASKS
def referral_correct(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Correct one answer, with a reason."""
    referral, now = the_referral(request, referral_id), timezone.now()
    answers = answered(referral)
    form = CorrectionForm(
        typed(request),
        at=now,
        answers=[(each, each) for each in answers],
        mistake=lambda about, text: mistake_in(referral, answers.get(about, ""), text),
    )
    if request.method == "POST" and form.is_valid():
        try:
            where = answers.get(form.cleaned_data["about"], "")
            actions.correct(referral=referral, **form.cleaned_data, answer=where, by=request.user, at=now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            let_go(request)
            messages.success(request, "Your correction stands beside what you sent, and whoever works on it is told.")
            return back_to(referral)
    record_part_read(referral=referral, part="correct", by=request.user, at=now)
    context = {"referral": referral, "form": form}
    return render_for(Audience.REFERRER, request, "referrals/additions/correct.html", context)


def answered(referral: Referral) -> dict[str, str]:
    """Each question that was answered, under its section, of whom it was asked, and where its answer stands."""
    found: dict[str, str] = {}
    situation = summary.situation_of(referral)
    for card in summary.cards(situation):
        page, number = card.step.page, card.step.number
        whom = asked_of(situation.answers, page.group, number)
        for row in card.rows:
            name = f"{page.section.title}: {row.key}"
            if whom and whom not in name:
                name = f"{name} ({whom})"
            if name[:200] in found:
                name = f"{card.title}: {row.key}"
            place = f"{page.group}/{number}/{page.slug}" if page.group else page.slug
            found.setdefault(name[:200], f"{place}/{row.name}" if row.name else "")
    return found


def asked_of(answers: Answers, group: str, number: int) -> str:
    """Which of several children, or which person, a page asked after; empty where there is no doubt."""
    if group == "child":
        found = [each.short for each in answers.children if each.number == number]
        return found[0] if found and len(answers.children) > 1 else ""
    return next((each.called for each in answers.people if group and each.number == number), "")


@gate(*TRACKS)
@ASKS
def referral_withdraw(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Ask to withdraw, with a reason."""
    referral, now = the_referral(request, referral_id), timezone.now()
    if request.method != "POST" and not speaks_for_referrer(referral, request.user):
        messages.info(request, actions.not_theirs_to_withdraw(referral))
        return back_to(referral)
    form = WithdrawForm(typed(request), at=now)
    if request.method == "POST" and form.is_valid():
        try:
            actions.ask_to_withdraw(referral=referral, **form.cleaned_data, by=request.user, at=now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            let_go(request)
            messages.success(request, "A person reads why, and answers you. Until then the referral stays open.")
            return back_to(referral)
    record_part_read(referral=referral, part="withdraw", by=request.user, at=now)
    context = {"referral": referral, "form": form}
    return render_for(Audience.REFERRER, request, "referrals/additions/withdraw.html", context)


@gate(Permission.REFERRAL_SEND)
@require_POST
def referral_sibling(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Begin a new referral for a brother or sister, with what holds for the whole family."""
    referral = the_referral(request, referral_id)
    agencies = request.actor.sends_for
    agency = referral.agency if referral.agency in agencies else the_only(agencies)
    draft = actions.tell_of_a_sibling(referral=referral, agency=agency, by=request.user, at=timezone.now())
    messages.success(request, "The family’s details are in this new draft. Tell us of the other child.")
    return redirect(addresses.of_tasks(draft))


@gate(Permission.REFERRAL_DECIDE)
@ASKS
def referral_withdrawal(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """A screener's answer to the wish to withdraw."""
    row, now = the_referral_in_triage(request, referral_id, "withdrawal"), timezone.now()
    form = AnswerWithdrawalForm(request.POST if request.method == "POST" else None, referral=row)
    asked = open_wish(row)
    warnings = [f"{asked.by.name} says: {asked.reason}", *flag_warnings(row)] if asked else []
    if row.immediate_danger:
        warnings.append(actions.DECIDED_NOT_WITHDRAWN)
    return ask(
        request,
        row,
        "withdrawal",
        form,
        lambda: actions.answer_withdrawal(
            referral=row,
            agreed=form.cleaned_data["agreed"] == "yes",
            reason=form.cleaned_data["reason"],
            seen=form.seen,
            by=request.user,
            at=now,
        ),
        done="The referrer is told.",
        more={"button": "Answer", "warnings": warnings},
    )
