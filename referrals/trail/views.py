"""The audit trail as a manager reads it, and what in it is worth a question."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from partnerships import audit, trail
from partnerships.access import gate, proved_anew
from partnerships.models import AuditEntry, User
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from referrals.models import Referral
from referrals.reports.exports import harmless
from referrals.trail import anomalies
from referrals.trail.finding import of_record
from referrals.trail.forms import TrailForm

A_PAGE = 50


@gate(Permission.AUDIT_READ)
@require_safe
def audit_trail(request: PartnershipRequest) -> HttpResponse:
    """Who did what: by referral, by person, by day. Looking is itself in the trail."""
    form = TrailForm(request.GET or None)
    found = AuditEntry.objects.none()
    if not request.GET or form.is_valid():
        sought = sought_by(form) if request.GET else trail.Sought()
        found = trail.entries(request.partnership, sought)
        audit.record(
            partnership=request.partnership,
            verb="trail.read",
            noun="trail",
            object_id=sought.object_id[:64],
            of=None,
            by=request.user,
            at=timezone.now(),
        )
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    asked = request.GET.copy()
    asked.pop("page", None)
    told(rows)
    context = {"form": form, "page": page, "rows": rows, "asked": asked.urlencode()}
    return render(request, "referrals/trail/trail.html", context, status=422 if form.errors else 200)


MOST = 100_000
"""Entries of one file: a year of a busy partnership. Of more, the file says so in its last line."""
COLUMNS = ("entry", "at", "who", "email", "what", "kind", "on", "reference", "id", "request", "hash")


@gate(Permission.AUDIT_READ)
@proved_anew
@require_safe
def audit_export(request: PartnershipRequest) -> HttpResponseBase:
    """What was looked for in the trail as one CSV file, the latest first. That it was taken away is in the trail."""
    form = TrailForm(request.GET or None)
    if request.GET and not form.is_valid():
        return redirect(f"{reverse('audit_trail', args=[request.partnership.slug])}?{request.GET.urlencode()}")
    sought = sought_by(form) if request.GET else trail.Sought()
    found = trail.entries(request.partnership, sought)
    rows = list(found[: MOST + 1])
    audit.record(
        partnership=request.partnership,
        verb="trail.exported",
        noun="trail",
        object_id=sought.object_id[:64],
        of=None,
        detail={"entries": min(len(rows), MOST)},
        by=request.user,
        at=timezone.now(),
    )
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    told(rows[:MOST])
    for each in rows[:MOST]:
        writer.writerow([harmless(cell) for cell in line(each)])
    if len(rows) > MOST:
        writer.writerow([f"There are more than {MOST} entries: ask for fewer days."])
    response = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-trail-{request.partnership.slug}.csv"'
    return response


def line(entry: Any) -> tuple[str, ...]:
    """One entry as `COLUMNS`; times in UTC."""
    by = entry.by
    return (
        str(entry.sequence),
        entry.at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        by.name if by else "",
        by.known_email if by else "",
        entry.words,
        entry.verb,
        entry.thing,
        entry.reference,
        entry.object_id,
        entry.request_id,
        entry.hash,
    )


def told(rows: list[Any]) -> None:
    """Give each entry its words: what was done, on what, and the referral or the person that it speaks of."""
    known, people = references(rows), names(rows)
    for each in rows:
        each.words, each.thing = trail.words_of(each.verb), trail.thing_of(each.noun)
        of = each.object_id if each.object_id in known else referral_of(each)
        each.of_referral, each.reference = known.get(of, (of, ""))
        each.person = people.get(each.object_id, "")


def referral_of(entry: AuditEntry) -> str:
    """The id of the referral that an entry speaks of: what it concerns, itself, or by its detail."""
    if entry.concerns:
        return str(entry.concerns)
    if entry.noun in ("referral", "request"):
        return entry.object_id
    return str(entry.detail.get("referral") or "") if isinstance(entry.detail, dict) else ""


def names(rows: list[AuditEntry]) -> dict[str, str]:
    """The name of each person whose account these entries speak of."""
    ids = [pk for each in rows if each.noun == "user" and (pk := anomalies.read_id(each.object_id))]
    return {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "name")}


def sought_by(form: TrailForm) -> trail.Sought:
    return of_record(form.sought(record_id(form.cleaned_data.get("object_id") or "")))


def record_id(typed: str) -> str:
    """A referral's id by its reference; anything else is looked for as it was typed."""
    found = Referral.objects.filter(reference__iexact=typed).values_list("pk", flat=True).first() if typed else None
    return str(found) if found else typed


def references(rows: list[AuditEntry]) -> dict[str, tuple[str, str]]:
    """The id and the reference of each referral that these entries speak of, by its id and by its draft's."""
    ids = [pk for each in rows if (pk := anomalies.read_id(referral_of(each)))]
    found = Referral.objects.filter(Q(pk__in=ids) | Q(token__in=ids)).values_list("pk", "token", "reference")
    return {str(of): (str(pk), reference) for pk, token, reference in found for of in (token, pk)}


@gate(Permission.AUDIT_READ)
@require_safe
def audit_anomalies(request: PartnershipRequest) -> HttpResponse:
    """What of the last week a manager should ask about: own family name, many records, out of hours, a limit."""
    now = timezone.now()
    found = anomalies.find(request.partnership, since=now - anomalies.BACK)
    rows = Referral.objects.filter(pk__in=found.records).values_list("pk", "reference")
    by_id = {str(pk): reference for pk, reference in rows}
    shown = [{"anomaly": each, "reference": by_id.get(each.object_id, "")} for each in found.anomalies]
    where = request.partnership
    audit.record(partnership=where, verb="trail.anomalies_read", noun="trail", of=None, by=request.user, at=now)
    return render(request, "referrals/trail/anomalies.html", {"rows": shown, "opened": found.opened})
