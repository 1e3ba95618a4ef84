"""A partnership's own front page, and where each role starts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from partnerships.access import open_to_all
from partnerships.permissions import Role

STARTS = (
    (Role.SCREENER, "queue"),
    (Role.EARLY_HELP, "queue"),
    (Role.SENIOR, "sign_offs"),
    (Role.CHECKER, "checks"),
    (Role.MANAGER, "reports"),
    (Role.ADMIN, "threshold_versions"),
    (Role.SAFEGUARDING_LEAD, "my_referrals"),
    (Role.PRACTITIONER, "my_referrals"),
)
"""Where a role starts; of several roles, the first in this order."""


@open_to_all("A partnership's front page: whom to telephone, and where to tell of a worry")
@require_safe
def home(request: Any) -> HttpResponse:
    start = next((name for role, name in STARTS if role.value in request.actor.roles), "")
    address = address_of(start, request.partnership.slug)
    if address:
        return redirect(address)
    return render(
        request,
        "referrals/home.html",
        {"threshold": address_of("threshold", request.partnership.slug), "sign_in": reverse("account_login")},
    )


def address_of(name: str, slug: str) -> str:
    """The address of a partnership's page by its name; empty where there is no such page."""
    try:
        return reverse(name, kwargs={"partnership": slug}) if name else ""
    except NoReverseMatch:
        return ""
