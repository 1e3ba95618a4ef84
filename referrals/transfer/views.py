"""The pages of a transfer: where it was sent and how it stands; and, where it arrived, what came along."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.rescued import rescued
from referrals.domain.lifecycle import NotAllowed
from referrals.models import Referral, Transfer
from referrals.reading import record_part_read, record_reading
from referrals.transfer import receiving
from referrals.transfer.forms import AnsweredForm, HandedForm, ReceiptForm
from referrals.triage.moves import Refused, fresh
from referrals.triage.next_steps import BY_NAME
from referrals.triage.page import arrival_of, transfers_of
from referrals.triage.views import Signed, back_to, the_referral

ASKS = require_http_methods(["GET", "HEAD", "POST"])


@gate(Permission.REFERRAL_DECIDE)
@ASKS
def referral_transfer(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """Where it was sent on to and how it stands. What goes by hand is written down here: how, to whom, their answer."""
    row, now = the_referral(request, referral_id, "transfer"), timezone.now()
    transfers = transfers_of(row)
    if not transfers:
        raise Http404
    sent = asked_of(transfers, request.POST.get("of", ""), request.POST, now) if request.method == "POST" else None
    why = OVERTAKEN if request.method == "POST" and sent is None else ""
    if sent is not None and sent[1].is_valid():
        try:
            said = write_down(*sent, request, now)
        except (Refused, NotAllowed) as refused:
            why = str(refused)
            transfers = transfers_of(row)
        else:
            messages.success(request, said)
            if Referral.objects.visible_to(request.actor).filter(pk=row.pk).exists():
                return back_to(row)
            return redirect("queue", partnership=request.partnership.slug)
    next_one = next((each for each in transfers if each.by_hand and each.is_awaited), None)
    of = stage_of(next_one) if next_one else ""
    asked = asked_of(transfers, of, None, now)
    if sent is not None and of == request.POST.get("of"):
        asked = sent
        if why:
            sent[1].add_error(None, why)
    elif request.method == "POST":
        why = why or OVERTAKEN
        messages.error(request, why)
    record_part_read(referral=row, part="transfer", by=request.user, at=now)
    return render(
        request,
        "referrals/transfer/transfer.html",
        {
            "referral": row,
            "transfers": transfers,
            "form": asked[1] if asked else None,
            "asked_of": next_one,
            "of": of,
            "told_since": receiving.told_since_sent(next_one) if next_one and not next_one.handed_at else None,
            "typed": rescued(request) if why and asked is not sent else [],
            "takes_summary": request.actor.can(Permission.SUMMARY_DOWNLOAD),
            "now": now,
        },
    )


OVERTAKEN = (
    "Somebody has written down more since you opened the page, and what you typed was not saved. Read how it stands."
)

Asked = tuple[Transfer, HandedForm | AnsweredForm]


def stage_of(transfer: Transfer) -> str:
    """Which transfer a form asks of, and what: a form that another has answered meanwhile is shown anew."""
    return f"{transfer.pk}:{'answer' if transfer.handed_at else 'handed'}"


def asked_of(transfers: Iterable[Transfer], of: str, posted: QueryDict | None, at: dt.datetime) -> Asked | None:
    """The transfer by hand that a form asks of, with that form: also one that is answered by now, which its action
    tells from a second press."""
    key, _, stage = of.partition(":")
    transfer = next((each for each in transfers if each.by_hand and str(each.pk) == key), None)
    if transfer is None:
        return None
    return transfer, (AnsweredForm if stage == "answer" else HandedForm)(posted, at=at)


def write_down(transfer: Transfer, form: HandedForm | AnsweredForm, request: Signed, at: dt.datetime) -> str:
    """Do what the form asked for; gives the sentence for the page."""
    told: dict[str, Any] = form.cleaned_data
    by, when = request.user, min(form.when, at)
    if isinstance(form, HandedForm):
        receiving.say_handed(transfer=transfer, how=told["how"], to=told["to"], when=when, by=by, at=at)
        return f"It is on record how it went to {transfer.to_name}. Write down their receipt when you have it."
    if told["answer"] == "back":
        receiving.note_refusal(transfer=transfer, who=told["who"], reason=told["reason"], when=when, by=by, at=at)
        return f"{transfer.to_name} does not take it: it is to be decided anew."
    receiving.note_receipt(transfer=transfer, who=told["who"], when=when, by=by, at=at)
    return f"{transfer.to_name} has it: that is on record."


@gate(Permission.REFERRAL_READ)
@ASKS
def referral_arrival(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """What was told, screened and decided where it came from; and the word that it is here, or that it goes back."""
    row, now = the_referral(request, referral_id), timezone.now()
    arrival = arrival_of(row)
    if arrival is None:
        raise Http404
    may_answer = BY_NAME["receipt"].may(row, request.actor)
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may_answer:
            raise Http404
        if form.is_valid():
            try:
                said = answer(row, form, request, now)
            except (Refused, NotAllowed) as refused:
                row, arrival = fresh(row), arrival_of(row) or arrival
                if arrival.is_awaited and row.is_open:
                    form.add_error(None, str(refused))
                else:
                    messages.error(request, str(refused))
            else:
                messages.success(request, said)
                return back_to(row)
    if request.method == "POST":
        record_part_read(referral=row, part="arrival", by=request.user, at=now)
    else:
        record_reading(referral=row, by=request.user, at=now)
    asks = may_answer and arrival.is_awaited and row.is_open
    return render(
        request,
        "referrals/transfer/arrival.html",
        {
            "referral": row,
            "arrival": arrival,
            "bundle": arrival.bundle,
            "form": form if asks else None,
            "typed": rescued(request) if request.method == "POST" and not asks else [],
            "now": now,
        },
    )


def answer(row: Referral, form: ReceiptForm, request: Signed, at: dt.datetime) -> str:
    if form.cleaned_data["answer"] == "back":
        arrival = receiving.send_back(referral=row, reason=form.cleaned_data["reason"], by=request.user, at=at)
        return f"It has gone back to {arrival.from_partnership.name}, with your reason."
    arrival = receiving.confirm_receipt(referral=row, by=request.user, at=at)
    return f"{arrival.from_partnership.name} knows now that you have it."
