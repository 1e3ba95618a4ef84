"""The first page, the pages that stand where another could not, and the health page."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from partnerships.access import open_to_all
from partnerships.kept import keep, made_for_another
from partnerships.models import Partnership
from partnerships.rescued import posted, rescued


@open_to_all("The first page: which partnership?")
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "partnerships/index.html", {"partnerships": taking_referrals()})


@open_to_all("Whoever has no account is told who invites, and whom to telephone now")
def no_account(request: HttpRequest) -> HttpResponse:
    return render(request, "account/signup_closed.html", {"partnerships": taking_referrals()})


def taking_referrals() -> QuerySet[Partnership]:
    return Partnership.objects.filter(takes_referrals=True)


@open_to_all("Shown where a form was open too long; keeps what was typed")
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    told = rescued(request)
    # Kept only for somebody whose session came with the request: it was not posted from elsewhere.
    held = bool(told) and request.user.is_authenticated and not made_for_another(request) and keep(request)
    return render(request, "partnerships/form_expired.html", {"typed": told, "kept": held}, status=403)


@open_to_all("Pages of the sign-in library that Front Door does not have")
def closed(request: HttpRequest) -> HttpResponse:
    raise Http404


@open_to_all("The library's list of passkeys stands on the page of second factors")
def to_second_factor(request: HttpRequest) -> HttpResponse:
    return redirect("mfa_index")


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what could not be read at all. Django's own page would read it once more, and fail."""
    return HttpResponse(render_to_string("400.html", {}), status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, and what was typed: a draft may be discarded, a role may end, while somebody writes."""
    return render(request, "404.html", {"typed": rescued(request)}, status=404)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: how long to wait, and what was typed, to send again from this very page."""
    context = {
        "typed": rescued(request),
        "fields": posted(request),
        "pressed": request.method == "POST",
        "files": request.content_type == "multipart/form-data",
        "minutes": -(-seconds // 60),
    }
    answer = render(request, "partnerships/too_many.html", context, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: whom to telephone, and what was typed, to copy or send again. Stands without a database."""
    return HttpResponse(
        render_to_string("503.html", {"typed": rescued(request, ask=False)}), status=503, headers={"Retry-After": "60"}
    )


def failed(request: HttpRequest) -> HttpResponse:
    """500: the same. Where it was the database that failed, outside any view, it is a 503."""
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        return unavailable(request)
    return HttpResponse(render_to_string("500.html", {"typed": rescued(request, ask=False)}), status=500)
