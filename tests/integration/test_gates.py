"""Every address × everybody × every record, held to the permission table and to the design's own table of records.

The walk is made from the URLconf: a view that names neither its permission nor why it is open fails, and so does an
address whose parts this file can't fill in. It goes two ways:

- *to the view*: each address, by GET, POST and HEAD, for each of 28 people (`everybody.people`) and each of 12 records,
  asks the URLconf's own callback with a request that the middleware has prepared for that person. What the gate
  refuses costs microseconds there, so that all of it can be asked. Each answer's words are searched for other records'
  children; what is refused writes nothing.
- *the whole way*, from the bytes of the request to those of the answer: for each address three of those who may come
  in, and three of those who may not, by turns; and for each address a foreign record, a hidden one and a missing one,
  whose answers are the same to the byte once what differs on every page (nonce, form token, the id that was asked for)
  is levelled.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from django.utils.regex_helper import _lazy_re_compile
from django_scopes import scope

from partnerships.access import gate
from partnerships.permissions import Permission, Role
from tests.factories import (
    World,
    make_attachment,
    make_check,
    make_draft,
    make_invitation,
    make_letter,
    make_person,
    make_referral,
    make_replayed_case,
    make_second_screening,
    make_support,
)
from tests.integration.everybody import ELSE, FIRST, FOREIGN, MISSING, NAMES, Person, everybody, signed_in

ACCOUNTS = "accounts/"
CANARY = NAMES[FIRST]


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each address of our own, as its route and pattern; sign-in's are the library's."""
    for each in (resolver or get_resolver()).url_patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            if not route.startswith(ACCOUNTS):
                yield from patterns(each, route)
        else:
            yield route, each


ADDRESSES = list(patterns())


def ungated(addresses: Iterable[tuple[str, URLPattern]]) -> list[str]:
    """Addresses whose view names no permission, or is open and does not say why."""
    wrong = []
    for route, pattern in addresses:
        named = getattr(pattern.callback, "gate", None)
        if named is None:
            wrong.append(f"{route} has no gate")
        elif named == () and not getattr(pattern.callback, "open_because", ""):
            wrong.append(f"{route} is open and does not say why")
    return wrong


def test_every_view_names_its_permission_or_says_why_it_is_open() -> None:
    assert len(ADDRESSES) > 150 and ungated(ADDRESSES) == []


def plain(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse(NAMES["B"])


def opened(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse()


opened.gate = ()  # type: ignore[attr-defined]


def test_a_view_without_a_gate_is_found() -> None:
    toys = [("plain/", path("plain/", plain, name="x")), ("open/", path("open/", opened, name="y"))]
    assert ungated(toys) == ["plain/ has no gate", "open/ is open and does not say why"]


# --- what other tests fill in addresses with ----------------------------------------------------------------------


def parts(world: World) -> dict[str, Any]:
    """What fills in an address: one record of each kind of this partnership."""
    mash = make_referral(world, child={"first_name": CANARY})
    case = make_replayed_case(world, mash)
    draft = make_draft(world, child_name=CANARY)
    return {
        **ELSE,
        "partnership": world.partnership.slug,
        "referral_id": mash.pk,
        "draft_id": draft.pk,
        **asked_and_offered(world, mash),
        "letter_id": make_letter(world, mash).pk,
        "attachment_id": make_attachment(world, referral=mash, draft=draft).pk,
        "team": world.mash.slug,
        "version": world.version.slug,
        "pk": world.version.indicators.first().pk,
        "clock_id": clock_of(mash),
        "notice_id": uuid.UUID(int=9),
        "case_id": case.pk,
        "second_id": make_second_screening(world, mash).pk,
        "agency": world.school.slug,
        "point_id": world.partnership.contact_points.get_or_create(kind="lado", name="The LADO")[0].pk,
        "membership_id": make_person(world, Role.PRACTITIONER, agency=world.school).memberships.get().pk,
        "invitation_id": make_invitation(world).pk,
        "child_id": mash.children.get().pk,
        "other_child_id": make_referral(world, child={"first_name": CANARY}).children.get().pk,
        "absence_id": 1,
        "saved_view_id": 1,
    }


def clock_of(referral: Any) -> int:
    with scope(partnership=referral.partnership):
        return int(referral.clocks.order_by("pk").values_list("pk", flat=True)[0])


def asked_and_offered(world: World, referral: Any) -> dict[str, Any]:
    """A check with the school's own people, and a child that is offered to early help."""
    with scope(partnership=world.partnership):
        ask = make_check(world, referral)
        support = make_support(world)
    return {"ask_id": ask.pk, "support_id": support.pk, "name": "accept"}


RECORDS = {
    "referral_id",
    "draft_id",
    "letter_id",
    "attachment_id",
    "case_id",
    "second_id",
    "membership_id",
    "invitation_id",
    "ask_id",
    "support_id",
}


def route_names(route: str) -> list[str]:
    return [part.split(">")[0].split(":")[-1] for part in route.split("<")[1:]]


# --- what the table says ------------------------------------------------------------------------------------------

FOLLOWING = {Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK, Permission.REFERRAL_SEND}
BY_ITSELF = {
    "support_id": "supports",
    "membership_id": "keeps",
    "invitation_id": "invites",
    "case_id": "effect",
    "second_id": "seconds",
    "notice_id": "resends",
    "saved_view_id": "views",
    "absence_id": "absences",
}
"""The part of an address that says whose record it is, and the person's set that it is held to."""
OF_THE_PARTNERSHIP = {"version", "pk", "agency", "team", "point_id"}
BELONGS = {"letter_id", "attachment_id", "clock_id", "child_id", "other_child_id", "ask_id", "access_id", "link_id"}
"""What is reached through a record, and is nothing by itself."""
TYPED = {"reason": "Words that were typed", "said": "More of them"}
ALLOWED_TO_FAIL = (404, 405)


def reach(person: Person, address: URLPattern, names: set[str]) -> str:
    """The records, by letter, that this person may reach by this address; every other is not found."""
    every = "".join(NAMES)
    if "draft_id" in names:
        return person.takes if address.name == "draft_take" else person.writes
    if "referral_id" in names:
        return person.follows if set(address.callback.gate) & FOLLOWING else person.works
    if "ask_id" in names:
        return person.answers
    for name, held in BY_ITSELF.items():
        if name in names:
            return str(getattr(person, held))
    return every.replace(FOREIGN, "") if names & OF_THE_PARTNERSHIP else every


def holds(person: Person, address: URLPattern) -> bool:
    named = address.callback.gate
    return named == () or any(each in role.permissions for role in person.roles for each in named)


def knocks(names: set[str], told: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records that an address can be about, by letter, with what fills it in.

    Where something is reached through a record, also one's own record with another's thing: `A/O`.
    """
    base = {**told[MISSING], **ELSE, **told[FIRST]}
    subject = names & ({"referral_id", "draft_id"} | set(BY_ITSELF) | OF_THE_PARTNERSHIP | BELONGS)
    yield FIRST, base
    for letter in told if subject else ():
        if letter != FIRST and subject & set(told[letter]):
            yield letter, {**base, **told[letter]}
    inner = names & BELONGS
    if inner and names & {"referral_id", "draft_id"}:
        for letter in sorted({"C", "R", FOREIGN, MISSING} & set(told)):
            if there := inner & set(told[letter]):
                yield f"{FIRST}/{letter}", {**base, **{name: told[letter][name] for name in there}}


# --- to the view --------------------------------------------------------------------------------------------------


class Prepared(BaseHandler):
    """The middleware of the settings with no view behind it: what reaches its end is a request as a view gets it."""

    def _get_response(self, request: HttpRequest) -> HttpResponse:
        self.handed = request
        return HttpResponse()


FACTORY = RequestFactory()
WRITES = _lazy_re_compile(r"(?:^|; )(INSERT|UPDATE|DELETE)\b")


class Visit:
    """One person at the door: asks views and gives what they answer."""

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
        request.resolver_match = SimpleNamespace(view_name=pattern.name, url_name=pattern.name, kwargs={})
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
    return "" if status in ALLOWED_TO_FAIL else f"should be not found, is {status}"


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
    world: World, person: Person, told: dict[str, dict[str, Any]], addresses: Iterable[tuple[str, URLPattern]]
) -> Iterator[tuple[str, bool, str]]:
    """Every address, method and record for one person: which it was, whether the table lets them, and what is wrong."""
    visit = Visit(world, person)
    with connection.execute_wrapper(visit.noting), scope(partnership=world.partnership):
        for route, pattern in addresses:
            names = set(route_names(route))
            unknown = names - {"partnership"} - set(ELSE) - set(told[MISSING]) - set(told[FIRST])
            assert not unknown, f"{route}: say in everybody.py what stands for {sorted(unknown)}"
            may, reached = holds(person, pattern), reach(person, pattern, names)
            # Past its gate a view answers HEAD by the code of GET. At the gate, one request will do for every record.
            methods = ("GET", "POST") if may else ("GET", "POST", "HEAD")
            once: dict[str, Any] = {}
            for letter, filled in knocks(names, told):
                kwargs = {name: filled[name] for name in names if name != "partnership"} | pattern.default_args
                inside = may and letter in reached
                for method in methods:
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


@pytest.mark.parametrize("half", [0, 1], ids=["first half", "second half"])
@pytest.mark.django_db
def test_every_address_for_everybody_and_every_record_holds_to_the_table(
    half: int, legible_documents: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """In two halves of the people, so that two cores share the walk."""
    world, people, told = everybody()
    people = dict(list(people.items())[half::2])
    tried: Counter[bool] = Counter()
    wrong = []
    for who, person in people.items():
        for what, inside, fault in walk(world, person, told, ADDRESSES):
            tried[inside] += 1
            if fault:
                wrong.append(f"{who}: {what}: {fault}")
    with capsys.disabled():
        print(
            f"\nto the view: {len(people)} people, {len(told)} records, {len(ADDRESSES)} addresses: "
            f"{tried[True]:,} combinations let in, {tried[False]:,} refused, {len(wrong)} wrong"
        )
    assert tried[False] > 40_000 and tried[True] > 1_500
    assert not wrong, "\n".join(wrong[:40])


def leaky(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """A view that says it has a gate, and has none."""
    return HttpResponse(NAMES["B"])


leaky.gate = (Permission.REFERRAL_READ,)  # type: ignore[attr-defined]


@gate(Permission.REFERRAL_READ)
def forgetful(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """A view behind its gate that forgets to ask whose record it is."""
    return HttpResponse()


@pytest.mark.django_db
def test_the_walk_finds_a_view_that_lets_in_whom_it_should_not(legible_documents: None) -> None:
    world, people, told = everybody()
    route, real = next(each for each in ADDRESSES if each[1].name == "referral")

    def faults(view: Any, who: str) -> set[str]:
        toy = path("triage/<uuid:referral_id>/", view, name=real.name)
        return {fault for _, _, fault in walk(world, people[who], told, [(route, toy)]) if fault}

    assert "tells of Barnabette" in faults(leaky, "checker") and "tells of Barnabette" in faults(leaky, "signed out")
    assert faults(forgetful, "screener") == {"should be not found, is 200"}
    assert faults(forgetful, "checker") == set(), "its gate holds"


# --- the whole way ------------------------------------------------------------------------------------------------

ONE_A_ROLE = (
    *("practitioner", "safeguarding lead", "screener", "early help", "senior", "checker", "manager", "admin"),
    "signed out",
)
BY_TURNS = 3
VARIES = _lazy_re_compile(rb'(nonce|csrfmiddlewaretoken" value|data-session-left)="[^"]*"')
EACH_TIME = ("X-Request-Id", "Set-Cookie", "Content-Security-Policy", "Content-Length")


class Caller:
    """One person whose requests go through everything, from the bytes of the request to those of the answer."""

    handler = BaseHandler()

    def __init__(self, person: Person) -> None:
        self.person = person
        self.cookies = {name: morsel.value for name, morsel in signed_in(person).cookies.items()}

    def ask(self, method: str, address: str) -> Any:
        made = getattr(FACTORY, method.lower())(address, TYPED if method == "POST" else None)
        made.COOKIES.update(self.cookies)
        made._dont_enforce_csrf_checks = True
        with undone(method == "POST"):
            return self.handler.get_response(made)


def levelled(answer: Any, address: str, kwargs: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs each time, and without the address and the keys that were asked for."""
    body = VARIES.sub(b"", content(answer))
    headers = {name: value for name, value in answer.headers.items() if name not in EACH_TIME}
    for asked in (address, *(str(value) for value in kwargs.values() if isinstance(value, uuid.UUID))):
        body = body.replace(asked.encode(), b"*")
        headers = {name: value.replace(asked, "*") for name, value in headers.items()}
    return answer.status_code, headers, body


def methods_of(who: str, inside: list[str]) -> tuple[str, ...]:
    """Two of those who may come in by every method; the others by GET, for what POST does is asked of the view."""
    if who in inside:
        return ("GET", "POST", "HEAD") if who in inside[:2] else ("GET",)
    return ("GET", "POST")


@pytest.mark.django_db
def test_the_whole_way_from_request_to_answer_and_alike_to_the_byte(
    legible_documents: None, capsys: pytest.CaptureFixture[str]
) -> None:
    world, people, told = everybody()
    Caller.handler.load_middleware()
    callers = {who: Caller(person) for who, person in people.items()}
    tried, alike, wrong = 0, 0, []
    for place, (route, pattern) in enumerate(ADDRESSES):
        names = set(route_names(route))
        records = dict(knocks(names, told))
        inside = [who for who in ONE_A_ROLE if holds(people[who], pattern)]
        refused = [who for who in people if not holds(people[who], pattern)]
        turns = [refused[(place + n * len(refused) // BY_TURNS) % len(refused)] for n in range(BY_TURNS) if refused]
        for who in [*inside[:BY_TURNS], *dict.fromkeys(turns)]:
            reached = reach(people[who], pattern, names) if who in inside else FIRST
            letter = next((each for each in records if each in reached), FIRST)
            kwargs = {name: records[letter][name] for name in names if name != "partnership"}
            address = where(world, route, pattern, kwargs)
            got = ""
            for method in methods_of(who, inside):
                answer = callers[who].ask(method, address)
                tried += 1
                fault = judge(callers[who], pattern, method, who in inside and letter in reached, answer)
                if method == "GET":
                    got = answer.status_code
                elif method == "HEAD" and answer.status_code != got:  # that it goes without its body is the server's
                    fault = f"HEAD is {answer.status_code}, GET {got}"
                if fault:
                    wrong.append(f"{who}: {method} {route} ({letter}): {fault}")
        for who in inside[:1] if MISSING in records else []:
            reached = reach(people[who], pattern, names)
            hidden = [each for each in records if each not in reached and each != MISSING]
            for method in ("GET", "POST"):
                answers = {}
                for letter in dict.fromkeys([*hidden[:1], *hidden[-1:], MISSING]):
                    kwargs = {name: records[letter][name] for name in names if name != "partnership"}
                    address = where(world, route, pattern, kwargs)
                    answers[letter] = levelled(callers[who].ask(method, address), address, kwargs)
                missing = answers.pop(MISSING)
                alike += len(answers)
                wrong += [
                    f"{who}: {method} {route}: {letter} and a missing record are answered differently"
                    for letter, answer in answers.items()
                    if answer != missing
                ]
    with capsys.disabled():
        print(f"\nthe whole way: {tried:,} requests, {alike} pairs alike to the byte, {len(wrong)} wrong")
    assert tried > 1_000 and alike > 200
    assert not wrong, "\n".join(wrong[:40])
