"""How the gates are asked, of views (`Visit`) or all the way (`Caller`), and what is judged wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, reverse
from django.utils.regex_helper import _lazy_re_compile
from django_scopes import scope

from partnerships.middleware import page_above
from tests.factories import World
from tests.integration.addresses import route_names
from tests.integration.everybody import ELSE, FIRST, MISSING, NAMES, Person, signed_in
from tests.integration.gate_table import holds, knocks, reach

TYPED = {"reason": "Words that were typed", "said": "More of them"}
ALLOWED_TO_FAIL = (404, 405)
VARIES = _lazy_re_compile(rb'(nonce|csrfmiddlewaretoken" value|data-session-left)="[^"]*"')
EACH_TIME = ("X-Request-Id", "Set-Cookie", "Content-Security-Policy", "Content-Length")


class Prepared(BaseHandler):
    """The middleware of the settings with no view behind it: what reaches its end is a request as a view gets it."""

    def _get_response(self, request: HttpRequest) -> HttpResponse:
        self.handed = request
        return HttpResponse()


FACTORY = RequestFactory()
WRITES = _lazy_re_compile(r"(?:^|; )(INSERT|UPDATE|DELETE)\b")


class Visit:
    """One person at the door: asks views and gives what they answer."""

    address = "/"

    def __init__(self, world: World, person: Person) -> None:
        self.person, self.world = person, world
        self.cookies = {name: morsel.value for name, morsel in signed_in(person).cookies.items()}
        handler = Prepared()
        handler.load_middleware()
        asked = self.request("GET", reverse("home", args=[world.partnership.slug]))
        before = set(vars(asked))
        handler.get_response(asked)
        self.given = {name: held for name, held in vars(handler.handed).items() if name not in before}
        self.written = 0

    def request(self, method: str, address: str) -> Any:
        made = getattr(FACTORY, method.lower())(address, TYPED if method == "POST" else None)
        made.COOKIES.update(self.cookies)
        made._dont_enforce_csrf_checks = True
        return made

    def prepared(self, pattern: URLPattern, method: str, address: str) -> Any:
        request = self.request(method, address)
        vars(request).update(self.given)
        named = {"view_name": pattern.name, "url_name": pattern.name, "func": pattern.callback}
        request.resolver_match = SimpleNamespace(**named, kwargs={})
        return request

    def ask(self, pattern: URLPattern, request: Any, kwargs: dict[str, Any]) -> Any:
        """The answer of the view, or the `Http404` that it raised."""
        self.written = 0
        try:
            return pattern.callback(request, **kwargs)
        except Http404 as error:
            return error

    def noting(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.written += bool(WRITES.search(str(sql)))
        return execute(sql, params, many, context)


def judge(visit: Visit, pattern: URLPattern, method: str, inside: bool, answer: Any) -> str:
    """What is wrong with a view's answer, or nothing. inside: the table lets this person reach this record so."""
    person = visit.person
    if isinstance(answer, Http404):
        return "" if not inside or (pattern.name, method) not in SHOWN else "should be there"
    status, body = answer.status_code, content(answer)
    if status >= 500 and not answer.headers.get("X-Watched"):
        return "an error"
    others = sorted(name for letter, name in NAMES.items() if letter not in person.names and name.encode() in body)
    if others:
        return f"tells of {', '.join(others)}"
    if not person.roles and pattern.callback.gate != ():
        if person.user is not None and not person.by_password and person.user.is_active:
            return "" if status == 404 else "should be not found"
        kept = status == 403 and method == "POST"  # what was typed is given back on the way to signing in
        to = answer.headers.get("Location", "")
        wanted = "/accounts/2fa/" if person.by_password else "/accounts/login/"
        return "" if kept or (status == 302 and to.startswith(wanted)) else "should lead to the sign-in page"
    if inside:
        return "" if (pattern.name, method) not in SHOWN or status == 200 else f"should be shown, is {status}"
    above = method != "POST" and status == 302 and answer.headers["Location"] == page_above(visit.address)
    return "" if status in ALLOWED_TO_FAIL or above else f"should be not found, is {status}"


SHOWN = {
    (name, "GET")
    for name in (
        *("referral", "referral_history", "referral_track", "refer_tasks", "support", "member", "check_answer"),
        *("threshold_effect_case", "triage_file", "referral_file", "draft_file", "letter"),
        *("referral_copy", "referral_summary", "matrix_pdf", "letter_pdf", "own_letter_pdf", "evidence_pdf"),
    )
}
"""Pages that are there whatever state a record is in: whoever may reach it is shown them."""


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def walk(
    world: World,
    person: Person,
    told: dict[str, dict[str, Any]],
    addresses: Iterable[tuple[str, URLPattern]],
    turn: int = 0,
    turns: int = 1,
) -> Iterator[tuple[str, bool, str]]:
    """Every address, method and record for one person: which it was, whether the table lets them, and what is wrong.

    turns: past a gate that is open to them, of so many records (but the first) one is tried by each method; which, the
    place of the address says, and `turn`.
    """
    visit = Visit(world, person)
    with connection.execute_wrapper(visit.noting), scope(partnership=world.partnership):
        for place, (route, pattern) in enumerate(addresses, turn):
            names = set(route_names(route))
            unknown = names - {"partnership"} - set(ELSE) - set(told[MISSING]) - set(told[FIRST])
            assert not unknown, f"{route}: say in everybody.py what stands for {sorted(unknown)}"
            may, reached = holds(person, pattern), reach(person, pattern, names)
            # Past its gate a view answers HEAD by the code of GET. At the gate, one request will do for every record.
            methods = ("GET", "POST") if may else ("GET", "POST", "HEAD")
            once: dict[str, Any] = {}
            for n, (letter, filled) in enumerate(knocks(names, told)):
                kwargs = {name: filled[name] for name in names if name != "partnership"} | pattern.default_args
                inside = may and letter in reached
                for m, method in enumerate(methods):
                    if may and letter != FIRST and (place + n + m) % turns:
                        continue
                    if may or method not in once:
                        once[method] = visit.prepared(pattern, method, where(world, route, pattern, kwargs))
                    with undone(method == "POST" and inside):
                        answer = visit.ask(pattern, once[method], kwargs)
                    fault = judge(visit, pattern, method, inside, answer)
                    if not inside and visit.written and "/" not in letter:
                        fault = fault or "something was written"
                    yield f"{method} {route} ({letter})", inside, fault


@contextmanager
def undone(changes: bool) -> Iterator[None]:
    """What is written within is taken back, so that the next who knocks finds every record as it was."""
    if not changes:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def where(world: World, route: str, pattern: URLPattern, kwargs: dict[str, Any]) -> str:
    more = {"partnership": world.partnership.slug} if "partnership" in route_names(route) else {}
    return reverse(pattern.name, kwargs={**kwargs, **more, **pattern.default_args})


class Caller:
    """One person whose requests go through everything, from the bytes of the request to those of the answer."""

    handler = BaseHandler()
    address = "/"
    """What was asked for last."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.cookies = {name: morsel.value for name, morsel in signed_in(person).cookies.items()}

    def ask(self, method: str, address: str) -> Any:
        self.address = address
        made = getattr(FACTORY, method.lower())(address, TYPED if method == "POST" else None)
        made.COOKIES.update(self.cookies)
        made._dont_enforce_csrf_checks = True
        with undone(method == "POST"):
            return self.handler.get_response(made)


def levelled(answer: Any, address: str, kwargs: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs each time, and without the address and the keys that were asked for."""
    body = VARIES.sub(b"", content(answer))
    headers = {name: value for name, value in answer.headers.items() if name not in EACH_TIME}
    if (leads := headers.get("Location")) and address.startswith(leads):
        headers["Location"] = f"{address.count('/') - leads.count('/')} above what was asked for"
    for asked in (address, *(str(value) for value in kwargs.values() if isinstance(value, uuid.UUID))):
        body = body.replace(asked.encode(), b"*")
        headers = {name: value.replace(asked, "*") for name, value in headers.items()}
    return answer.status_code, headers, body


def methods_of(who: str, inside: list[str]) -> tuple[str, ...]:
    """Two of those who may come in by every method; the others by GET, for what POST does is asked of the view."""
    if who in inside:
        return ("GET", "POST", "HEAD") if who in inside[:2] else ("GET",)
    return ("GET", "POST")
