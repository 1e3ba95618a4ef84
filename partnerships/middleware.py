"""What every request carries: an id, the partnership of its address, the actor, and the scope of its queries."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django_scopes import scope

from partnerships import account_events, afterwards, kept, known_browsers, limits, second_factor, sessions
from partnerships.access import actor_for
from partnerships.audit import record, request_id
from partnerships.instead import Instead
from partnerships.models import ClosureDay, Partnership

log = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Give the request an id that its audit entries and log lines share, and drop what nothing could read.

    An escaped NUL in a session's cookie (`"\\000"`) is one character after reading, at which PostgreSQL would fail. Our
    pages are UTF-8 and so is what a browser sends of them, whatever else a sender says that it is.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_id.set(uuid.uuid4().hex)
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\x00" not in value}
        request.encoding = "utf-8"
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id.get()
            afterwards.hand_over(request, response)
            known_browsers.hand_over(request, response)
            return response
        finally:
            request_id.reset(token)


class UnavailableMiddleware:
    """A database that can't be reached is 503 with the emergency numbers and the typed text, never 500."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, (OperationalError, InterfaceError)):
            from partnerships.views import unavailable

            log.exception("The database could not be reached")
            return unavailable(request)
        return None


class NoStoreMiddleware:
    """Nothing of a child stays in a browser's or a proxy's cache; signing out empties what the browser kept."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.method == "POST" and request.path_info == reverse("account_logout"):
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class SessionLimitsMiddleware:
    """A session that lay untouched too long, or is too old, ends here; one in use is noted.

    The page that tells how long is left does not count as use, else a page left open would keep itself alive; nor does
    one that the browser asks for again by itself, such as a wall board. The first
    answer after the end lets the browser forget the pages that it would bring back as they were, script or not.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        over, used_at = sessions.gone(request), None
        if request.user.is_authenticated:
            now = timezone.now()
            if sessions.LIMITS not in request.session:
                sessions.begin(request, request.user, now)
            elif sessions.remaining(request, now).seconds <= 0:
                account_events.session_ran_out(request, at=now)
                setattr(request, kept.RAN_OUT, request.user.pk)
                logout(request)
                over = True
            elif request.path_info != reverse("session_status") and "X-Background" not in request.headers:
                used_at = now  # but a page that looks for news by itself is nobody at work
        response = self.get_response(request)
        if used_at is not None and not response.has_header("Refresh"):
            sessions.touch(request, used_at)
        if request.method == "POST" and response.status_code == 302 and request.user.is_authenticated:
            kept.let_go(request)  # it has been put in again
        if over:
            response.headers.setdefault("Clear-Site-Data", '"cache"')  # not what was typed, which waits to go on
        return response


NOT_GIVEN = frozenset({403, 404, 405, 500, 503})
"""Noted one by one; of somebody over a limit the trail says so once (`partnerships.limits`)."""


def note_refused(request: HttpRequest, status: int) -> None:
    """Put what was refused or failed in the trail: by whom, on which record, by which page; never the address itself.

    A page that nobody has is no attempt on a record, so only a page of ours counts.
    """
    match = request.resolver_match
    if match is None or not settings.REFUSED_IN_TRAIL:
        return
    told = next((str(value) for name, value in match.kwargs.items() if name.endswith("_id")), "")
    try:
        record(
            partnership=request.partnership,  # type: ignore[attr-defined]
            verb="request.failed" if status >= 500 else "request.refused",
            noun="request",
            object_id=told[:64],
            detail={"page": match.view_name, "method": request.method, "status": status},
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
    except DatabaseError:  # the answer that says so is already made
        log.exception("A refused request could not be noted in the trail")


def page_above(path: str) -> str:
    """The nearest address above this one that there is: whoever reloads a button's address gets the page it is on."""
    while (path := path.rstrip("/").rpartition("/")[0] + "/") != "/":
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return path


class PartnershipMiddleware:
    """The partnership stands in the address (`/medway/…`); queries on children's rows are scoped to it.

    Outside a partnership's address no scope is set, and such a query raises. Views get `request.partnership` and
    `request.actor`, never the slug.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        partnership = self.named_in(request)
        request.partnership = partnership  # type: ignore[attr-defined]
        proved_twice = second_factor.passed(request)
        request.actor = actor_for(request.user, partnership, proved_twice=proved_twice)  # type: ignore[attr-defined]
        with scope(partnership=partnership) if partnership else scope():
            response = self.get_response(request)
        if partnership and request.user.is_authenticated and response.status_code in NOT_GIVEN:
            note_refused(request, response.status_code)
        if partnership and response.status_code == 405 and request.method in ("GET", "HEAD"):
            return redirect(page_above(request.path_info))
        return response

    def process_view(self, request: HttpRequest, view: Handler, args: list[Any], kwargs: dict[str, Any]) -> None:
        if kwargs.pop("partnership", None) is not None and request.partnership is None:  # type: ignore[attr-defined]
            raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return exception.answer(request) if isinstance(exception, Instead) else None

    @staticmethod
    def named_in(request: HttpRequest) -> Partnership | None:
        try:
            slug = resolve(request.path_info).kwargs.get("partnership")
        except Resolver404:
            return None
        if not slug:
            return None
        # Whether today is a closure day comes with the row: every page asks it.
        today = ClosureDay.objects.filter(partnership=OuterRef("pk"), on=timezone.localdate())
        return Partnership.objects.filter(slug=slug).annotate(closed_today=Exists(today)).first()


class RequestLimitsMiddleware:
    """Somebody who asks for more than a person can is told to wait, and what they typed is given back.

    After the partnership and the form's token, so that no other site counts against anybody.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Handler, *_: Any) -> HttpResponse | None:
        if over := limits.reached(request, view, timezone.now()):
            from partnerships.views import too_many

            return too_many(request, over.wait)
        return None
