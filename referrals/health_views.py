"""For operations and their machines: is the site up, and does the work behind it go on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from partnerships.access import open_to_all
from partnerships.models import Partnership
from referrals.health import look


@open_to_all("Operations: is the site up, and is its database there; a load balancer asks it")
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    Partnership.objects.exists()
    return JsonResponse({"status": "ok"})


@open_to_all("Operations: database, broker, loops, outbox and clocks, as ages and counts; nothing of a child")
@require_safe
def health_watch(request: HttpRequest) -> HttpResponse:
    """200 where everything goes on, 503 where something stands still; JSON either way."""
    found = look(at=timezone.now())
    headers = {"X-Watched": "front-door"}  # tells this 503 from one that a proxy or the site itself gave
    return JsonResponse(found.as_json(), status=200 if found.is_well else 503, headers=headers)
