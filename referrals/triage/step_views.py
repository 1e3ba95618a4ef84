"""The pages on which a step asks something first: words for the referrer, a reason, a team, a colleague."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships.access import gate
from partnerships.forms import UNREAD, PageForm
from partnerships.models import Team
from partnerships.permissions import Permission
from partnerships.requests import posted
from referrals.domain.lifecycle import NotAllowed
from referrals.letters import writing
from referrals.models import Ask, Referral
from referrals.reading import record_part_read
from referrals.referrers import left
from referrals.triage import actions
from referrals.triage.assigning import assign
from referrals.triage.decisions import acknowledged, given_already
from referrals.triage.forms import (
    AcknowledgeForm,
    LadoForm,
    PassOnForm,
    ReasonForm,
    ReassignForm,
    ReopenForm,
    StepDownForm,
)
from referrals.triage.moves import Refused, Stale, moves_since
from referrals.triage.next_steps import BY_NAME, works_in
from referrals.triage.views import Signed, back_to, the_referral
from thresholds.domain.scheme import Flag

ASKS = require_http_methods(["GET", "HEAD", "POST"])


def ask(
    request: Signed,
    referral: Referral,
    name: str,
    form: PageForm,
    do: Callable[[], Any],
    *,
    done: str,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show a step's form, or take the step; where it can't be taken, say why and keep what was typed.

    Whatever shows it, the form tells of the referral: that it was shown is in the trail.
    """
    step = BY_NAME[name]
    if request.method != "POST" and not step.shows(referral, request.actor):
        messages.info(request, "That can't be done with this referral now. This is how it stands.")
        return back_to(referral)
    if request.method == "POST" and form.is_valid():
        try:
            do()
        except Stale as stale:
            return moved_on(request, stale.referral, name, form, more or {})
        except (Refused, NotAllowed) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, done)
            if Referral.objects.visible_to(request.actor).filter(pk=referral.pk).exists():
                return back_to(referral)
            return redirect("queue", partnership=request.partnership.slug)
    record_part_read(referral=referral, part=name, by=request.user, at=timezone.now())
    return render(
        request,
        "referrals/triage/step.html",
        {"referral": referral, "form": form, "step": step, **(more or {})},
    )


def moved_on(request: Signed, referral: Referral, name: str, form: PageForm, more: dict[str, Any]) -> HttpResponse:
    """The form again with everything that was typed, beside what happened since it was shown. Nothing was changed."""
    happened = moves_since(referral, form.cleaned_data.get("revision", UNREAD), request.actor)
    record_part_read(referral=referral, part=name, by=request.user, at=timezone.now())
    form.data = {**request.POST.dict(), "revision": str(referral.revision)}
    return render(
        request,
        "referrals/triage/step.html",
        {"referral": referral, "form": form, "step": BY_NAME[name], "moved": happened, **more},
    )


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_acknowledge(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """A named person's word to the referrer, with the letter as it will read."""
    row = the_referral(request, referral_id, "acknowledge")
    if request.method != "POST" and (given := acknowledged(row)):
        messages.info(request, given_already(given, request.user))
        return back_to(row)
    form, gone = AcknowledgeForm(posted(request), referral=row), left(row)
    return ask(
        request,
        row,
        "acknowledge",
        form,
        lambda: actions.acknowledge(
            referral=row,
            words=form.cleaned_data["words"],
            seen=form.seen,
            by=request.user,
            at=timezone.now(),
        ),
        done="The acknowledgement has been sent.",
        more={
            "letter": writing.acknowledgement(row, words="", by=request.user),
            "button": "Send the acknowledgement",
            "warnings": [gone] if gone else [],
        },
    )


@gate(Permission.REFERRAL_CLAIM)
@ASKS
def referral_lado(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Note that the LADO was told."""
    row = the_referral(request, referral_id, "lado")
    form = LadoForm(posted(request))
    return ask(
        request,
        row,
        "lado",
        form,
        lambda: actions.lado_told(referral=row, note=form.cleaned_data["note"], by=request.user, at=timezone.now()),
        done="It is noted that the LADO was told.",
        more={"button": "Save"},
    )


@gate(Permission.REFERRAL_STEP)
@ASKS
def referral_step_up(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    row = the_referral(request, referral_id, "step_up")
    form = ReasonForm(posted(request), referral=row)
    return ask(
        request,
        row,
        "step_up",
        form,
        lambda: actions.step_up(
            referral=row, reason=form.cleaned_data["reason"], seen=form.seen, by=request.user, at=timezone.now()
        ),
        done=f"Referral {row.reference} is with the MASH now, with its history. Its clocks run on.",
        more={"button": "Step up to the MASH"},
    )


@gate(Permission.REFERRAL_STEP)
@ASKS
def referral_step_down(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """To early help; where consent is not settled, or harm was said, the page says so first."""
    row = the_referral(request, referral_id, "step_down")
    teams = Team.objects.current().filter(partnership=request.partnership, kind=Team.Kind.EARLY_HELP)
    form = StepDownForm(posted(request), referral=row, teams=teams)
    return ask(
        request,
        row,
        "step_down",
        form,
        lambda: actions.step_down(
            referral=row,
            reason=form.cleaned_data["reason"],
            seen=form.seen,
            team=form.chosen_team,
            by=request.user,
            at=timezone.now(),
        ),
        done=f"The step down of {row.reference} is proposed. It stays here until a second person signs it off.",
        more={"button": "Propose the step down", "warnings": [*flag_warnings(row), *checks_left(row)]},
    )


def checks_left(referral: Referral) -> list[str]:
    """The checks that would stay open behind a referral: their answers are the team's that asked."""
    rows = Ask.objects.open().checks().filter(referral=referral, team=referral.team).select_related("agency")
    who = [each.agency.name for each in rows if each.agency]
    return [
        f"{name} has not answered your check yet. The answer will come to whoever asked, not to early help: wait for "
        "it, or withdraw the check."
        for name in who
    ]


@gate(Permission.HELP_GIVE_ON)
@ASKS
def referral_pass_on(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """From one early help team to another: by who works there, or a manager."""
    row = the_referral(request, referral_id, "pass_on")
    others = Team.objects.current().filter(partnership=request.partnership, kind=Team.Kind.EARLY_HELP)
    teams = others if request.method == "POST" else others.exclude(pk=row.team_id)  # pressed twice, it is there already
    form = PassOnForm(posted(request), referral=row, teams=teams)
    return ask(
        request,
        row,
        "pass_on",
        form,
        lambda: actions.pass_on(
            referral=row,
            reason=form.cleaned_data["reason"],
            seen=form.seen,
            team=form.chosen_team,
            by=request.user,
            at=timezone.now(),
        ),
        done=f"Referral {row.reference} is with the other team now, with its history. Its clocks run on.",
        more={"button": "Pass it on"},
    )


WARNED_OF = {
    Flag.IMMEDIATE_DANGER: "It was said that a child is in danger now.",
    Flag.CONSENT_TO_SETTLE: "Consent is not settled: early help needs the family’s agreement.",
    Flag.SECTION_47: "An indicator of significant harm (section 47) was chosen.",
    Flag.STRATEGY_DISCUSSION: "An indicator was chosen that asks for a strategy discussion.",
}
"""What a screener is reminded of before a referral leaves the MASH, or is decided."""


def flag_warnings(referral: Referral) -> list[str]:
    return [sentence for flag, sentence in WARNED_OF.items() if flag.value in referral.flags]


@gate(Permission.REFERRAL_ASSIGN)
@ASKS
def referral_reassign(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Hand it on, or take it over from a colleague who is away; a manager hands it to somebody of its queue."""
    row = the_referral(request, referral_id, "reassign")
    form = ReassignForm(
        posted(request),
        referral=row,
        people=actions.colleagues(row),
        me=request.user,
    )
    hands_over = actions.reassign if row.owner_id and works_in(request.actor, row.team) else assign
    return ask(
        request,
        row,
        "reassign",
        form,
        lambda: hands_over(referral=row, to=form.person, seen=form.seen, by=request.user, at=timezone.now()),
        done=f"Referral {row.reference} has changed hands.",
        more={"button": "Hand it over"},
    )


@gate(Permission.REFERRAL_REOPEN)
@ASKS
def referral_reopen(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    row = the_referral(request, referral_id, "reopen")
    form = ReopenForm(posted(request), referral=row)
    return ask(
        request,
        row,
        "reopen",
        form,
        lambda: actions.reopen(
            referral=row, reason=form.cleaned_data["reason"], seen=form.seen, by=request.user, at=timezone.now()
        ),
        done=f"Referral {row.reference} waits in the queue again.",
        more={"button": "Open it again"},
    )
