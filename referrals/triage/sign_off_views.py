"""The second person's pages: what waits for one's signature, and the answer."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import Actor, gate
from partnerships.permissions import Permission
from partnerships.requests import posted
from partnerships.statuses import STATUSES
from referrals.domain.lifecycle import Move, NotAllowed
from referrals.letters import writing
from referrals.letters.writing import Decided
from referrals.models import Event, Referral, SignOff
from referrals.reading import record_part_read, record_reading
from referrals.triage import actions
from referrals.triage.danger_told import danger_told
from referrals.triage.forms import SignOffForm
from referrals.triage.moves import KINDS, Refused, Stale, moves_since, news_since
from referrals.triage.page import decision_lines
from referrals.triage.rows import names
from referrals.triage.signing import DECIDED_WITH
from referrals.triage.step_views import flag_warnings
from referrals.triage.views import Signed, back_to, the_referral
from thresholds.loading import load

MOST = 200


@gate(Permission.REFERRAL_AUTHORISE)
@require_safe
def sign_offs(request: Signed) -> HttpResponse:
    """Everything that waits for this person's signature, the longest waiting first."""
    waiting = (
        SignOff.objects.for_(request.actor)
        .select_related("referral", "proposed_by", "team")
        .prefetch_related("decisions", "referral__children")
        .order_by("proposed_at", "pk")[:MOST]
    )
    lines = [
        {"sign_off": each, "who": names(list(each.referral.children.all())), "what": what(each)} for each in waiting
    ]
    return render(request, "referrals/triage/sign_offs.html", {"lines": lines, "now": timezone.now()})


def what(proposal: SignOff) -> str:
    """What is proposed, in a few words."""
    if proposal.team:
        return f"Step down to {proposal.team.name}"
    outcomes = dict.fromkeys(STATUSES["outcome"][each.outcome].words for each in proposal.decisions.all())
    return "; ".join(outcomes)


@gate(Permission.REFERRAL_AUTHORISE)
@require_http_methods(["GET", "HEAD", "POST"])
def referral_sign_off(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Read what is proposed, then sign it off or send it back."""
    row = the_referral(request, referral_id, "sign_off")
    proposals = SignOff.objects.filter(referral=row).select_related("proposed_by", "team").order_by("-proposed_at")
    proposal = proposals.waiting().first() or proposals.first()
    if proposal is None:
        raise Http404
    now_read = {"read": str(proposal.pk), "revision": str(row.revision)}
    form, template = SignOffForm(posted(request), initial=now_read), "referrals/triage/sign_off.html"
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["read"] not in ("", str(proposal.pk)):
            form = SignOffForm({**request.POST.dict(), **now_read})
            form.add_error(None, "It was proposed anew since you read it. Read it again, then give your answer.")
            record_part_read(referral=row, part="sign_off", by=request.user, at=timezone.now())
            return render(request, template, context(request, row, proposal, form))
        try:
            return answered(request, row, proposal, form.cleaned_data)
        except Stale as stale:
            happened = moves_since(stale.referral, form.cleaned_data["revision"], request.actor)
            form.data = {**request.POST.dict(), **now_read, "revision": str(stale.referral.revision)}
            record_part_read(referral=row, part="sign_off", by=request.user, at=timezone.now())
            return render(request, template, context(request, stale.referral, proposal, form) | {"moved": happened})
        except (Refused, NotAllowed) as refused:
            form.add_error(None, str(refused))
    elif request.method != "POST":
        if proposal.state != SignOff.State.WAITING or proposal.proposed_by_id == request.user.pk:
            messages.info(request, "Nothing of this referral waits for your signature. This is how it stands.")
            return back_to(row)
        record_reading(referral=row, by=request.user, at=timezone.now())
    if request.method == "POST":
        record_part_read(referral=row, part="sign_off", by=request.user, at=timezone.now())
    return render(request, template, context(request, row, proposal, form))


def context(request: Signed, row: Referral, proposal: SignOff, form: SignOffForm) -> dict[str, Any]:
    made = list(proposal.decisions.select_related(*DECIDED_WITH, "sign_off"))
    letter = None
    if made:
        letter = writing.outcome(row, decided=[Decided.of(each) for each in made], by=proposal.proposed_by)
    return {
        "referral": row,
        "sign_off": proposal,
        "decisions": decision_lines(made, load(row.scheme_version)),
        "letter": letter,
        "form": form,
        "since": since_proposed(row, proposal, request.actor),
        "warnings": flag_warnings(row),
        "danger_told": danger_told(row, request.actor),
    }


def since_proposed(row: Referral, proposal: SignOff, actor: Actor) -> list[Event]:
    """What was told of it, and what moved it, since it was proposed: its author had not read that."""
    proposed = Event.objects.filter(referral=row, kind=KINDS[Move.PROPOSE], at=proposal.proposed_at).last()
    return news_since(row, proposal.proposed_at, actor, first=proposed.pk + 1) if proposed else []


def answered(request: Signed, row: Referral, proposal: SignOff, said: dict[str, Any]) -> HttpResponse:
    signs = said["answer"] == "sign"
    now = timezone.now()
    if signs:
        actions.sign_off(sign_off=proposal, said=said["said"], seen=said["revision"], by=request.user, at=now)
    else:
        actions.send_back(sign_off=proposal, said=said["said"], by=request.user, at=now)
    done = "is signed off, and what was to be sent has gone out" if signs else "has gone back to its author"
    messages.success(request, f"Referral {row.reference} {done}.")
    if Referral.objects.visible_to(request.actor).filter(pk=row.pk).exists():
        return back_to(row)
    return redirect("sign_offs", partnership=request.partnership.slug)


@gate(Permission.REFERRAL_DECIDE, Permission.REFERRAL_STEP)
@require_POST
def referral_take_back(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The author takes the proposal back, to change it."""
    row = the_referral(request, referral_id, "take_back")
    try:
        actions.take_back(referral=row, by=request.user, at=timezone.now())
    except (Refused, NotAllowed) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The proposal is yours again. What you wrote is kept; nothing of it was sent.")
    return back_to(row)
