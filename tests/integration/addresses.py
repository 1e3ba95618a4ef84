"""Every address of the portal, and what fills its parts in: one record of each kind. For all that walk the URLconf."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django_scopes import scope

from partnerships.permissions import Role
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
from tests.integration.everybody import ELSE, FIRST, NAMES

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
