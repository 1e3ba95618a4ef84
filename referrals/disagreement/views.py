"""The pages of a disagreement: the referrer's, and the front door's. Both read the same record."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships.access import gate
from partnerships.forms import PageForm
from partnerships.permissions import Permission
from partnerships.requests import posted
from partnerships.rescued import rescued
from referrals.audiences import render_for
from referrals.disagreement import actions
from referrals.disagreement.forms import (
    ChallengeForm,
    MoveOnForm,
    NameForThemForm,
    NameForUsForm,
    ResolveForm,
    StageAnswerForm,
)
from referrals.domain.audiences import Audience
from referrals.intake.tracking import the_referral as the_tracked
from referrals.models import Disagreement, Referral
from referrals.reading import record_part_read
from referrals.referrers import for_referrer, whom_to_telephone
from referrals.triage.moves import Refused
from referrals.triage.next_steps import BY_NAME
from referrals.triage.readers import working
from referrals.triage.views import Signed, the_referral
from thresholds.loading import load

ASKS = require_http_methods(["GET", "HEAD", "POST"])
STEPS = ("answer", "name", "move-on", "resolve")
THEIR_STEPS = ("name-theirs", "move-on", "resolve")
NOT_NOW = "That can’t be done with this disagreement now, and what you typed was not saved. This is how it stands."


def latest(row: Referral) -> Disagreement | None:
    found = Disagreement.objects.filter(referral=row).select_related("raised_by", "resolved_by", "referral")
    people = ("stages__answered_by", "stages__moved_on_by", "stages__for_us")
    return found.prefetch_related(*people).order_by("-raised_at").first()


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@ASKS
def disagreement(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The referrer's page: challenge with one press; then how it stands, and on to the next stage or settled."""
    row, made = the_tracked(request, referral_id), None
    made = latest(row)
    challenges = request.method == "POST" and "step" not in request.POST
    if made is None or (not made.is_open and "again" in request.GET) or (made.is_open and challenges):
        return challenge(request, row)
    steps = THEIR_STEPS if request.method == "POST" or settles(request, row, made) else ("move-on",)
    return stage_page(request, row, made, "referrals/disagreement/referrer.html", "disagreement", steps)


def settles(request: Signed, row: Referral, made: Disagreement) -> bool:
    """Whether this person speaks for the agency at the stage that it is at, or nobody does yet."""
    stage = next((each for each in made.stages.all() if each.number == made.stage), None)
    return stage is None or not stage.for_them or actions.acts_for_them(made, row, stage, request.user)


def challenge(request: Signed, row: Referral) -> HttpResponse:
    """Where somebody else has challenged meanwhile, how that stands, beside what was typed."""
    form = ChallengeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.raise_disagreement(
                referral=row, words=form.cleaned_data["words"], by=request.user, at=timezone.now()
            )
        except Refused as refused:
            if (made := latest(row)) is None:
                raise
            why = str(refused)
            return stage_page(
                request, row, made, "referrals/disagreement/referrer.html", "disagreement", THEIR_STEPS, why
            )
        else:
            messages.success(request, "Your challenge has been sent. Whoever decided it is told, and their manager.")
            return redirect("disagreement", partnership=request.partnership.slug, referral_id=row.pk)
    stages = actions.stages_of(load(row.scheme_version))
    record_part_read(referral=row, part="disagreement", by=request.user, at=timezone.now())
    context = {"referral": row, "form": form, "stages": stages}
    return render_for(Audience.REFERRER, request, "referrals/disagreement/challenge.html", context)


@gate(Permission.REFERRAL_DECIDE, Permission.REFERRAL_AUTHORISE)
@ASKS
def referral_disagreement(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The front door's page: what the referrer says, the stages, and the answer of this one."""
    row = the_referral(request, referral_id)
    step = BY_NAME["disagreement"]
    made = latest(row)
    if made is None or not step.may(row, request.actor):
        raise Http404
    return stage_page(request, row, made, "referrals/disagreement/front_door.html", "referral_disagreement", STEPS)


def stage_page(
    request: Signed,
    row: Referral,
    made: Disagreement,
    template: str,
    name: str,
    steps: tuple[str, ...],
    why: str = "",
) -> HttpResponse:
    """The record, with a form for each step that this side may take now. A form that is not sent stays empty.

    What was typed for a step that the other side, or a colleague, has overtaken is given back beside the record as it
    stands. why: that nothing can be done with what was sent.
    """
    sent = request.POST if request.method == "POST" and not why else None
    forms = forms_for(row, made, steps, sent)
    if sent is not None:
        step = sent.get("step", "")
        form = forms.get(step)
        if form is None:
            why = overtaken(made, sent)
        elif form.is_valid():
            try:
                DO[step](made, form, request)
            except Refused as refused:
                made = latest(row) or made
                if step in forms_for(row, made, steps, None) and form.cleaned_data.get("seen") == made.stage:
                    form.add_error(None, str(refused))
                else:
                    why = str(refused)
            else:
                messages.success(request, what_was_done(step, row, made))
                return redirect(name, partnership=request.partnership.slug, referral_id=row.pk)
    if why:
        messages.error(request, why)
        forms = forms_for(row, made, steps, None)
    record_part_read(referral=row, part="disagreement", by=request.user, at=timezone.now())
    shown = next((form for form in forms.values() if form.is_bound), None)
    gone_through = list(made.stages.all())
    changed = made.result == Disagreement.Result.CHANGED
    stages = actions.stages_of(load(row.scheme_version))
    return render_for(
        Audience.REFERRER if name == "disagreement" else working(request.actor),
        request,
        template,
        {
            "referral": row,
            "disagreement": made,
            "stages": gone_through,
            "answer_due": next((each for each in gone_through[-1:] if each.answered_at is None), None),
            "may_reopen": changed and BY_NAME["reopen"].shows(row, request.actor),
            "to_come": stages[made.stage :] if made.is_open else (),
            "forms": forms,
            "answer_form": forms.get("answer"),
            "name_form": forms.get("name") or forms.get("name-theirs"),
            "name_step": "name" if "name" in forms else "name-theirs",
            "move_form": forms.get("move-on"),
            "resolve_form": forms.get("resolve"),
            "form": shown,
            "typed": rescued(request) if why else [],
            "now": timezone.now(),
        },
        409 if why else 200,
    )


def overtaken(made: Disagreement, sent: QueryDict) -> str:
    """Why a step that the page offered can't be taken any more."""
    if not made.is_open:
        return actions.resolved_since(made)
    stage = next((each for each in made.stages.all() if each.number == made.stage), None)
    if stage and sent.get("seen") != str(stage.number):
        return actions.moved_since(stage)
    return NOT_NOW


def forms_for(
    row: Referral, made: Disagreement, steps: tuple[str, ...], posted: QueryDict | None
) -> dict[str, PageForm]:
    """The forms of the steps that can be taken now; the one that was sent is bound, so that its action can tell whether
    it was pressed twice."""
    last = made.stage >= len(actions.stages_of(load(row.scheme_version)))
    stage = next((each for each in made.stages.all() if each.number == made.stage), None)
    sent = posted.get("step") if posted is not None else None
    if not made.is_open:
        return {"resolve": ResolveForm(posted, last=last)} if sent == "resolve" else {}
    here: dict[str, Any] = {"seen": made.stage}
    found: dict[str, PageForm] = {}
    if "answer" in steps and stage and (stage.answered_at is None or sent == "answer"):
        found["answer"] = StageAnswerForm(posted if sent == "answer" else None, initial=here, auto_id="id_%s")
    if "name" in steps and stage:
        found["name"] = NameForUsForm(
            posted if sent == "name" else None,
            people=actions.people_for_us(row),
            initial={**here, "person": str(stage.for_us_id or "")},
        )
    if "name-theirs" in steps and stage:
        found["name-theirs"] = NameForThemForm(
            posted if sent == "name-theirs" else None,
            people=actions.people_for_them(row),
            initial={**here, "person": str(stage.for_them_user_id or "")},
        )
    if "move-on" in steps and (not last or sent == "move-on"):
        found["move-on"] = MoveOnForm(posted if sent == "move-on" else None, initial=here)
    if "resolve" in steps:
        found["resolve"] = ResolveForm(posted if sent == "resolve" else None, last=last)
    return found


def do_answer(made: Disagreement, form: PageForm, request: Signed) -> None:
    said = form.cleaned_data
    actions.answer_stage(
        disagreement=made,
        spoke=said["spoke"],
        answer=said["answer"],
        seen=said["seen"],
        by=request.user,
        at=timezone.now(),
    )


def do_name(made: Disagreement, form: NameForUsForm, request: Signed) -> None:
    seen = form.cleaned_data["seen"]
    actions.name_for_us(disagreement=made, person=form.chosen, seen=seen, by=request.user, at=timezone.now())


def do_name_theirs(made: Disagreement, form: NameForThemForm, request: Signed) -> None:
    actions.name_for_them(
        disagreement=made,
        person=form.chosen,
        other=form.cleaned_data["other"],
        seen=form.cleaned_data["seen"],
        by=request.user,
        at=timezone.now(),
    )


def do_move_on(made: Disagreement, form: PageForm, request: Signed) -> None:
    said = form.cleaned_data
    actions.move_on(disagreement=made, seen=said["seen"], because=said["because"], by=request.user, at=timezone.now())


def do_resolve(made: Disagreement, form: PageForm, request: Signed) -> None:
    said = form.cleaned_data
    actions.resolve(
        disagreement=made, result=said["result"], resolution=said["resolution"], by=request.user, at=timezone.now()
    )


DO: dict[str, Callable[[Disagreement, Any, Any], None]] = {
    "answer": do_answer,
    "name": do_name,
    "name-theirs": do_name_theirs,
    "move-on": do_move_on,
    "resolve": do_resolve,
}
DONE = {
    "name": "They are named, and told.",
    "name-theirs": "They are named. Whoever has an account here is told.",
    "answer": "The answer is on record, and the referrer is told.",
    "move-on": "It has gone on to the next stage. Both sides are told.",
    "resolve": "The resolution is on record. Both sides can read it.",
}
ALONE = {
    "answer": "The answer is on record.",
    "move-on": "It has gone on to the next stage.",
    "resolve": "The resolution is on record.",
}
"""The same where nobody follows it for the agency any more."""


def what_was_done(step: str, row: Referral, made: Disagreement) -> str:
    if step not in ALONE or for_referrer(row, made.raised_by):
        return DONE[step]
    return f"{ALONE[step]} Nobody of the agency can read it here. {whom_to_telephone(row)}"
