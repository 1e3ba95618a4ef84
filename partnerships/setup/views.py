"""The admin's pages for agencies, teams, contact points and the partnership's own name. One form a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import gate
from partnerships.actions import Refused
from partnerships.models import Agency, ContactPoint, Team
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest, posted
from partnerships.setup import actions
from partnerships.setup.forms import AgencyForm, ContactPointForm, PartnershipForm, TeamForm
from partnerships.shown_before import refuse_stale, seal_of

UNPROCESSABLE = 422
forms_only = require_http_methods(["GET", "HEAD", "POST"])


def asked(
    request: PartnershipRequest,
    form: Any,
    *,
    title: str,
    save: Callable[[dict[str, Any]], str],
    row: Any = None,
    take_out: str = "",
    button: str = "Save",
) -> HttpResponse:
    """The page of one form. `save` does it and says what was done; what it refuses stands above the form."""
    stale = refuse_stale(request, form)
    if not stale and form.is_valid():
        try:
            done = save(dict(form.cleaned_data))
        except Refused as refused:
            form.add_error(None, str(refused))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, done)
            return to_settings(request)
    return render(
        request,
        "partnerships/setup/form.html",
        {
            "form": form,
            "heading": title,
            "row": row,
            "take_out": take_out,
            "button": button,
            "seen": seal_of(form),
        },
        status=409 if stale else UNPROCESSABLE if form.errors else 200,
    )


def to_settings(request: PartnershipRequest) -> HttpResponse:
    return redirect("partnership_settings", partnership=request.partnership.slug)


@gate(Permission.PARTNERSHIP_EDIT)
@forms_only
def partnership_edit(request: PartnershipRequest) -> HttpResponse:
    partnership, at = request.partnership, timezone.now()
    form = PartnershipForm(posted(request), initial={n: getattr(partnership, n) for n in actions.PARTNERSHIP})

    def save(told: dict[str, Any]) -> str:
        actions.change_partnership(partnership=partnership, changes=told, by=request.user, at=at)
        return "The partnership’s name and form are saved."

    return asked(request, form, title="Name and form", save=save)


@gate(Permission.PARTNERSHIP_EDIT)
@forms_only
def agency_add(request: PartnershipRequest) -> HttpResponse:
    def save(told: dict[str, Any]) -> str:
        agency = actions.add_agency(partnership=request.partnership, told=told, by=request.user, at=timezone.now())
        return f"{agency.name} is added."

    return asked(request, AgencyForm(posted(request)), title="Add an agency", save=save, button="Add the agency")


@gate(Permission.PARTNERSHIP_EDIT)
@forms_only
def agency_edit(request: PartnershipRequest, agency: str) -> HttpResponse:
    row = found(request.partnership.agencies.filter(slug=agency))
    initial = {name: getattr(row, name) for name in actions.AGENCY}

    def save(told: dict[str, Any]) -> str:
        actions.change_agency(agency=row, changes=told, by=request.user, at=timezone.now())
        return f"{row.name} is saved."

    form = AgencyForm(posted(request), initial=initial)
    return asked(request, form, title=row.name, save=save, row=row, take_out="agency_take_out")


@gate(Permission.PARTNERSHIP_EDIT)
@require_POST
def agency_take_out(request: PartnershipRequest, agency: str) -> HttpResponse:
    return taken_out(request, found(request.partnership.agencies.filter(slug=agency)))


@gate(Permission.PARTNERSHIP_EDIT)
@forms_only
def team_add(request: PartnershipRequest) -> HttpResponse:
    def save(told: dict[str, Any]) -> str:
        postcodes = told.pop("postcodes")
        team = actions.add_team(
            partnership=request.partnership, told=told, postcodes=postcodes, by=request.user, at=timezone.now()
        )
        return f"{team.name} is added."

    return asked(request, TeamForm(posted(request)), title="Add a team", save=save, button="Add the team")


@gate(Permission.PARTNERSHIP_EDIT)
@forms_only
def team_edit(request: PartnershipRequest, team: str) -> HttpResponse:
    row = found(request.partnership.teams.filter(slug=team))
    initial = {name: getattr(row, name) for name in actions.TEAM}
    initial["postcodes"] = ", ".join(row.localities.values_list("postcode_prefix", flat=True))

    def save(told: dict[str, Any]) -> str:
        postcodes = told.pop("postcodes", [])
        actions.change_team(team=row, changes=told, postcodes=postcodes, by=request.user, at=timezone.now())
        return f"{row.name} is saved."

    form = TeamForm(posted(request), team=row, initial=initial)
    return asked(request, form, title=row.name, save=save, row=row, take_out="team_take_out")


@gate(Permission.PARTNERSHIP_EDIT)
@require_POST
def team_take_out(request: PartnershipRequest, team: str) -> HttpResponse:
    return taken_out(request, found(request.partnership.teams.filter(slug=team)))


def taken_out(request: PartnershipRequest, row: Agency | Team) -> HttpResponse:
    """Out of use, or, where its page showed it as retired, into use again."""
    at, name = timezone.now(), row.name
    restores = request.POST.get("what", "restore" if row.retired_at else "take_out") == "restore"
    try:
        if restores:
            actions.restore(row=row, by=request.user, at=at)
            messages.success(request, f"{name} is in use again.")
        elif actions.take_out(row=row, by=request.user, at=at) == "deleted":
            messages.success(request, f"{name} is deleted: no record named it.")
        else:
            messages.success(request, f"{name} is retired: records name it, so it is kept, and chosen for nothing new.")
    except Refused as refused:
        messages.warning(request, str(refused))
    return to_settings(request)


@gate(Permission.PARTNERSHIP_EDIT)
@forms_only
def contact_point_add(request: PartnershipRequest) -> HttpResponse:
    def save(told: dict[str, Any]) -> str:
        point = actions.add_contact_point(
            partnership=request.partnership, told=told, by=request.user, at=timezone.now()
        )
        return f"{point.name} is added."

    form = ContactPointForm(posted(request))
    return asked(request, form, title="Add a contact point", save=save, button="Add the contact point")


@gate(Permission.PARTNERSHIP_EDIT)
@forms_only
def contact_point_edit(request: PartnershipRequest, point_id: int) -> HttpResponse:
    row = point_of(request, point_id)
    form = ContactPointForm(posted(request), initial={name: getattr(row, name) for name in actions.CONTACT_POINT})

    def save(told: dict[str, Any]) -> str:
        actions.change_contact_point(point=row, changes=told, by=request.user, at=timezone.now())
        return f"{row.name} is saved."

    return asked(request, form, title=row.name, save=save, row=row, take_out="contact_point_remove")


@gate(Permission.PARTNERSHIP_EDIT)
@require_POST
def contact_point_remove(request: PartnershipRequest, point_id: int) -> HttpResponse:
    row = point_of(request, point_id)
    name = row.name
    actions.remove_contact_point(point=row, by=request.user, at=timezone.now())
    messages.success(request, f"{name} is deleted.")
    return to_settings(request)


@gate(Permission.PARTNERSHIP_EDIT)
@require_POST
def contact_point_up(request: PartnershipRequest, point_id: int) -> HttpResponse:
    row = point_of(request, point_id)
    actions.move_contact_point_up(point=row, by=request.user, at=timezone.now())
    return redirect(to_settings(request).headers["Location"] + "#contact-points")


def found(rows: Any) -> Any:
    row = rows.select_related("partnership").first()
    if row is None:
        raise Http404
    return row


def point_of(request: PartnershipRequest, pk: int) -> ContactPoint:
    if pk >= 2**63:
        raise Http404
    point: ContactPoint = found(request.partnership.contact_points.filter(pk=pk))
    return point
