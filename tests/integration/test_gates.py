"""Every address × everybody × every record, held to the permission table and to the design's own table of records.

The walk is made from the URLconf: a view that names neither its permission nor why it is open fails, and so does an
address whose parts `everybody` can't fill in. It goes two ways:

- *to the view*: each address, by GET, POST and HEAD, for each of 29 people (`everybody.people`) and each of 12 records
  (past an open gate the first and a third of the others, by turns; all of them with `WALK=whole`), asks the URLconf's
  own callback with a request that the middleware has prepared for that person. What the gate refuses costs microseconds
  there, so that all of it can be asked. Each answer's words are searched for other records' children; what is refused
  writes nothing.
- *the whole way*, from the bytes of the request to those of the answer: for each address two of those who may come in,
  and two of those who may not, by turns; and for each address a foreign record, a hidden one and a missing one, whose
  answers are the same to the byte once what differs on every page (nonce, form token, the id that was asked for) is
  levelled.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from partnerships.access import gate
from partnerships.permissions import Permission
from tests.integration.addresses import ADDRESSES, route_names
from tests.integration.everybody import FIRST, MISSING, NAMES, everybody
from tests.integration.gate_table import holds, knocks, reach
from tests.integration.gate_walk import Caller, judge, levelled, methods_of, walk, where

TURNS = 1 if os.environ.get("WALK") == "whole" else 3


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
    for turn, (who, person) in enumerate(people.items()):
        for what, inside, fault in walk(world, person, told, ADDRESSES, turn, TURNS):
            tried[inside] += 1
            if fault:
                wrong.append(f"{who}: {what}: {fault}")
    with capsys.disabled():
        print(
            f"\nto the view: {len(people)} people, {len(told)} records, {len(ADDRESSES)} addresses: "
            f"{tried[True]:,} combinations let in, {tried[False]:,} refused, {len(wrong)} wrong"
        )
    assert tried[False] > 20_000 and tried[True] > 700
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


ONE_A_ROLE = (
    *("practitioner", "safeguarding lead", "screener", "early help", "senior", "checker", "manager", "admin"),
    "signed out",
)
BY_TURNS = 2


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
            nowhere = {name: records[MISSING][name] for name in names if name != "partnership"}
            callers[who].ask("GET", where(world, route, pattern, nowhere))  # shows what was left to say
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
