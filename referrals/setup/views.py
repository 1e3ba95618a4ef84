"""What is still missing before the front door can open; and opening it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from partnerships.access import gate
from partnerships.permissions import Permission
from partnerships.requests import PartnershipRequest
from partnerships.setup.actions import open_front_door
from referrals.setup.checklist import steps, still_missing


@gate(Permission.PARTNERSHIP_EDIT)
@require_safe
def setup_checklist(request: PartnershipRequest) -> HttpResponse:
    listed = steps(request.partnership, at=timezone.now())
    return render(
        request,
        "partnerships/setup/checklist.html",
        {
            "needed": [step for step in listed if step.needed],
            "useful": [step for step in listed if not step.needed],
            "missing": still_missing(listed),
        },
    )


@gate(Permission.PARTNERSHIP_EDIT)
@require_POST
def setup_open(request: PartnershipRequest) -> HttpResponse:
    at = timezone.now()
    if missing := still_missing(steps(request.partnership, at=at)):
        messages.warning(request, f"Not yet: {missing[0].missing}")
    else:
        open_front_door(partnership=request.partnership, by=request.user, at=at)
        messages.success(request, "The front door is open. The partnership stands on the first page.")
    return redirect("setup_checklist", partnership=request.partnership.slug)
