"""Every address × every role × own and foreign partnership, held to the permission table.

The walk is made from the URLconf: a view that names neither its permission nor why it is open fails, and so does an
address whose parts this file can't fill in. A foreign record, a missing record and a thing one may not do are all the
same *not found*.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_scopes import scope, scopes_disabled

from partnerships.permissions import Role
from referrals.models import Referral
from tests.factories import (
    NOW,
    World,
    make_attachment,
    make_check,
    make_draft,
    make_invitation,
    make_letter,
    make_person,
    make_referral,
    make_replayed_case,
    make_restricted,
    make_second_screening,
    make_support,
    make_world,
)

ACCOUNTS = "accounts/"
SIGNED_OUT, DEACTIVATED, FOREIGN = "signed out", "deactivated", "foreign"
CANARY = "Zephyrine"
SECRET = "Quillonette"
"""A child whom nobody who knocks may see: her name stands in no answer at all."""


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


@pytest.mark.parametrize(("route", "pattern"), ADDRESSES, ids=[route for route, _ in ADDRESSES])
def test_every_view_names_its_permission_or_says_why_it_is_open(route: str, pattern: URLPattern) -> None:
    gate = getattr(pattern.callback, "gate", None)
    assert gate is not None, f"{route} has no gate"
    if gate == ():
        assert getattr(pattern.callback, "open_because", ""), f"{route} is open and does not say why"


def parts(world: World) -> dict[str, Any]:
    """What fills in an address: one record of each kind of this partnership."""
    mash = make_referral(world, child={"first_name": CANARY})
    case = make_replayed_case(world, mash)
    draft = make_draft(world, child_name=CANARY)
    return {
        "partnership": world.partnership.slug,
        "referral_id": mash.pk,
        "draft_id": draft.pk,
        **asked_and_offered(world, mash),
        "letter_id": make_letter(world, mash).pk,
        "attachment_id": make_attachment(world, referral=mash, draft=draft).pk,
        "team": world.mash.slug,
        "version": world.version.slug,
        "key": "health-2-01",
        "noun": "indicator",
        "format": "yaml",
        "pk": world.version.indicators.first().pk,
        "slug": "worry",
        "group": "child",
        "number": 1,
        "stage": "sent",
        "what": "received",
        "code": "mash",
        "day": NOW.date().isoformat(),
        "closure_day_id": 1,
        "clock_id": clock_of(mash),
        "kind": "parents",
        "token": "no-such-token",
        "notice_id": uuid.UUID(int=9),
        "case_id": case.pk,
        "second_id": make_second_screening(world, mash).pk,
        "agency": world.school.slug,
        "point_id": world.partnership.contact_points.get_or_create(kind="lado", name="The LADO")[0].pk,
        "membership_id": make_person(world, Role.PRACTITIONER, agency=world.school).memberships.get().pk,
        "invitation_id": make_invitation(world).pk,
        "child_id": mash.children.get().pk,
        "other_child_id": make_referral(world, child={"first_name": CANARY}).children.get().pk,
        "link_id": 1,
        "access_id": 1,
        "absence_id": 1,
        "saved_view_id": 1,
    }


def restricted_parts(world: World) -> dict[str, Any]:
    """A record of this partnership that one screener alone may see, and none of those who knock."""
    row = make_referral(world, child={"first_name": SECRET}, referrer=make_person(world, Role.PRACTITIONER))
    make_restricted(world, row)
    return {
        "referral_id": row.pk,
        "letter_id": make_letter(world, row).pk,
        "attachment_id": make_attachment(world, referral=row, draft=make_draft(world)).pk,
        "clock_id": clock_of(row),
        "child_id": row.children.get().pk,
    }


def clock_of(referral: Any) -> int:
    with scope(partnership=referral.partnership):
        return int(referral.clocks.order_by("pk").values_list("pk", flat=True)[0])


def asked_and_offered(world: World, referral: Referral) -> dict[str, Any]:
    """A check with the school's own people, and a child that is offered to early help."""
    with scope(partnership=world.partnership):
        ask = make_check(world, referral)
        support = make_support(world)
    return {"ask_id": ask.pk, "support_id": support.pk, "name": "accept"}


def actors(own: World, other: World) -> dict[str, Any]:
    """Who knocks: each role of the partnership, each role of the other, nobody, and somebody who has left."""
    gone = make_person(own, Role.SCREENER, name="Gone", team=own.mash)
    gone.is_active = False
    gone.save()
    people: dict[str, Any] = {role.value: own.person(role) for role in Role}
    people |= {f"{FOREIGN} {role.value}": other.person(role) for role in Role}
    return people | {SIGNED_OUT: None, DEACTIVATED: gone}


def signed_in(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


@pytest.mark.parametrize("half", [0, 1], ids=["first half", "second half"])
@pytest.mark.django_db
def test_every_address_for_everybody_holds_to_the_table(
    half: int, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    """Everybody knocks at every address; whoever holds its permission, with each kind of record and each method.

    In two halves of the people, so that two cores share the walk.
    """
    settings.REFUSED_IN_TRAIL = False  # thousands are refused here; that each is noted has a test of its own
    own, other = make_world("ownshire"), make_world("othershire")
    with scopes_disabled():
        ours, theirs = parts(own), parts(other)
        hidden = ours | restricted_parts(own)
    stand_in = {"own": ours, "foreign": theirs, "missing": MISSING, "restricted": hidden}
    tried, wrong = 0, []
    for who, user in list(actors(own, other).items())[half::2]:
        client = signed_in(user)
        for route, pattern in ADDRESSES:
            gate = pattern.callback.gate
            names = list(pattern.pattern.converters)
            full = route_names(route)
            unknown = [name for name in full if name not in ours]
            assert not unknown, f"{route}: say in parts() what stands for {unknown}"
            for record, method in knocks(who, gate, set(full)):
                kwargs = {name: ours[name] for name in full}
                for name in set(full) & RECORDS:
                    kwargs[name] = stand_in[record].get(name, ours[name])
                address = reverse(pattern.name, kwargs=kwargs)
                response = getattr(client, method)(address)
                tried += 1
                fault = judge(who, gate, own, record, response, names)
                if fault:
                    wrong.append(f"{who} {method.upper()} {address} ({record}): {response.status_code}, {fault}")
    with capsys.disabled():
        print(f"\n{tried:,} combinations of address, person and record tried, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong[:40])


def knocks(who: str, gate: tuple[Any, ...], names: set[str]) -> Iterator[tuple[str, str]]:
    """The records and methods that one person tries at one address.

    Who is refused is refused by the gate, before any record is looked at: one's own record shows it, where a foreign
    one could not. Who may come in tries every kind of record.
    """
    yield "own", "get"
    role = Role(who.removeprefix(f"{FOREIGN} ")) if who not in (SIGNED_OUT, DEACTIVATED) else None
    holds = gate == () or (role is not None and any(p in role.permissions for p in gate))
    if holds or role is None or not who.startswith(FOREIGN):
        yield "own", "post"
    if not holds or who.startswith(FOREIGN):
        return
    yield "own", "head"
    if names & RECORDS:
        for record in ("foreign", "missing"):
            yield record, "get"
            yield record, "post"
    if names & {"referral_id", "attachment_id"}:
        yield "restricted", "get"
        yield "restricted", "post"


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
MISSING = {name: uuid.UUID(int=7) for name in RECORDS} | {"membership_id": 10**9}


def route_names(route: str) -> list[str]:
    return [part.split(">")[0].split(":")[-1] for part in route.split("<")[1:]]


def judge(who: str, gate: tuple[Any, ...], own: World, record: str, response: Any, names: list[str]) -> str:
    """What is wrong with this answer, or nothing."""
    status = response.status_code
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if status == 503 and response.headers.get("X-Watched"):
        return ""  # operations are told that no loop runs: that is the answer, not an error
    if status >= 500:
        return "an error"
    if record != "own" and status == 200 and set(names) & RECORDS:
        return "a foreign or missing record was answered"
    if SECRET.encode() in body:
        return "a restricted child's name was shown"
    stranger = who in (SIGNED_OUT, DEACTIVATED) or who.startswith(FOREIGN)
    if stranger and CANARY.encode() in body:
        return "a child's name was shown"
    if gate == ():
        return ""
    if who in (SIGNED_OUT, DEACTIVATED):
        signed_out = status == 302 and "/accounts/login/" in response.headers["Location"]
        return "" if signed_out else "should lead to the sign-in page"
    allowed = not who.startswith(FOREIGN) and any(p in Role(who).permissions for p in gate)  # type: ignore[call-arg]
    if not allowed:
        return "" if status == 404 else "should be not found"
    if who == Role.ADMIN.value and CANARY.encode() in body:
        return "an admin saw a child"
    if record != "own":
        return "" if status in (404, 405) else "another's record should be not found"
    return ""
