"""What the permission table and the design's table of records say of an address: who may reach what by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern

from partnerships.permissions import Permission
from tests.integration.everybody import ELSE, FIRST, FOREIGN, MISSING, NAMES, Person

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
