"""Documents to take away: each download is a line of the trail, and no file's name tells of a child."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from partnerships.access import gate, proved_anew
from partnerships.hours import LONDON
from partnerships.permissions import Permission
from partnerships.templatetags.page_parts import moment
from referrals.audiences import seen_by
from referrals.documents import evidence
from referrals.documents.forms import InstantForm
from referrals.documents.serving import serve
from referrals.domain.audiences import Audience
from referrals.intake.answers import Answers
from referrals.intake.plot import sheet
from referrals.intake.tracking import the_referral as followed
from referrals.models import Letter, Referral
from referrals.triage.moves import JOINED
from referrals.triage.readers import working
from thresholds.loading import load
from thresholds.matrix import sections

Signed = Any


def worked_on(request: Signed, referral_id: uuid.UUID) -> Referral:
    rows = Referral.objects.visible_to(request.actor).select_related(*JOINED, "agency").prefetch_related("children")
    referral = rows.filter(pk=referral_id).first()
    if referral is None:
        raise Http404
    return referral


@gate(Permission.SUMMARY_DOWNLOAD)
@require_safe
def matrix_pdf(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The partnership's whole matrix with what was chosen marked in it."""
    referral = worked_on(request, referral_id)
    chosen: dict[str, list[str]] = {}
    several = len(referral.children.all()) > 1
    for each in referral.chosen_indicators.select_related("indicator", "child"):
        called = each.child.name if several and each.child else ""
        chosen.setdefault(each.indicator.key, []).append(called)
    scheme = load(referral.scheme_version)
    context = {
        "title": f"Threshold matrix of referral {referral.reference}",
        "scheme": scheme,
        "chosen": {key: ", ".join(name for name in names if name) for key, names in chosen.items()},
        "sections": sections(scheme),
        "count": len(chosen),
    }
    return serve(request, working(request.actor), referral, "matrix", "referrals/documents/matrix.html", context)


@gate(Permission.SUMMARY_DOWNLOAD)
@require_safe
def plot_sheet_pdf(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The document's own plot sheet, filled in for each child; not found where the document has none."""
    return plot_sheet_of(request, worked_on(request, referral_id), working(request.actor))


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_safe
def own_plot_sheet_pdf(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The same for the referrer: nothing stands on it but what they chose."""
    return plot_sheet_of(request, followed(request, referral_id), Audience.REFERRER)


def plot_sheet_of(request: Signed, referral: Referral, audience: Audience) -> HttpResponse:
    referral = seen_by(audience, referral)
    scheme, told = load(referral.scheme_version), Answers(referral.answers)
    children = [{"child": each, "sheet": sheet(scheme, told.worry_of(each.order))} for each in referral.children.all()]
    if not any(each["sheet"] for each in children):
        raise Http404
    context = {"title": f"Plot sheet of referral {referral.reference}", "scheme": scheme, "children": children}
    return serve(request, audience, referral, "plot_sheet", "referrals/documents/plot_sheet.html", context)


@gate(Permission.REFERRAL_READ)
@require_safe
def letter_pdf(request: Signed, referral_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponse:
    """A letter on paper, for whoever works on the referral: to print and post."""
    referral = worked_on(request, referral_id)
    found = Letter.objects.filter(referral=referral, pk=letter_id).first()
    return letter_of(request, working(request.actor), referral, found)


@gate(Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)
@require_safe
def own_letter_pdf(request: Signed, referral_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponse:
    """A letter to the referrer, for themselves to keep."""
    referral = followed(request, referral_id)
    found = Letter.objects.to_referrer().filter(referral=referral, pk=letter_id).first()
    return letter_of(request, Audience.REFERRER, referral, found)


def letter_of(request: Signed, audience: Audience, referral: Referral, letter: Letter | None) -> HttpResponse:
    if letter is None:
        raise Http404
    context = {"title": letter.subject, "letter": letter, "as_of": letter.sent_at}
    return serve(request, audience, referral, "letter", "referrals/documents/letter.html", context)


@gate(Permission.EVIDENCE_DOWNLOAD)
@proved_anew
@require_safe
def evidence_pdf(request: Signed, referral_id: uuid.UUID) -> HttpResponse:
    """The evidence pack: asks for which instant, then gives the pack as it stood then."""
    referral, now = worked_on(request, referral_id), timezone.now()
    asked = "make" in request.GET
    form = InstantForm(request.GET if asked else None, at=now)
    form.helper.disable_csrf = True  # it asks by its address, which changes nothing
    if not (asked and form.is_valid()):
        context = {"referral": referral, "form": form}
        return render(request, "referrals/documents/evidence_ask.html", context, status=422 if asked else 200)
    day, hour = form.cleaned_data["on"], form.cleaned_data["time"]
    at = dt.datetime.combine(day, hour or dt.time(23, 59, 59), LONDON) if day else now
    if at < referral.received_at:
        form.add_error(
            "on", f"It had not been sent by then, but at {moment(referral.received_at)}: give a later day or time"
        )
        context = {"referral": referral, "form": form}
        return render(request, "referrals/documents/evidence_ask.html", context, status=422)
    told = {
        **evidence.pack(referral, request.actor, at=min(at, now)),
        "title": f"Evidence pack of referral {referral.reference}",
    }
    if at >= now:  # now is when something last happened: the same pack, asked for again, is the same file
        told["at"] = told["as_of"]
    return serve(request, Audience.MANAGER, referral, "evidence_pack", "referrals/documents/evidence.html", told)
