"""Two partnerships and a referral that one sends on to the other: what every test of it begins with."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client
from django_scopes import scope

from partnerships.permissions import Role
from referrals.domain.lifecycle import Outcome
from referrals.models import (
    Decision,
    Notice,
    Referral,
    SignOff,
)
from referrals.transfer import receiving
from referrals.triage import actions
from tests import schemes
from tests.factories import NOW, World, make_referral, sign

LATER = NOW + dt.timedelta(minutes=20)
NAME, SIBLING, SECRET = "Quillonette", "Marigoldine", "A colleague rang about the lodger."
WORDS = "A bruise on the arm, as wide as a hand."

ANSWERS = {
    "children": [
        {
            "who": {"first_name": "Kit", "last_name": "Marlow", "born": "born", "date_of_birth": "2015-03-04"},
            "indicators": {"chosen": ["health-2-01"]},
        },
        {
            "who": {"first_name": NAME, "last_name": "Marlow", "born": "born", "date_of_birth": "2019-05-01"},
            "home": {"same_home": "no", "postcode": "OT1 2AB"},
            "impact": {"safe": "yes", "concerns": ["fgm"]},
            "indicators": {"chosen": ["health-4-01"]},
            "evidence": {"evidence": {"health-4-01": "Seen at the gate."}},
            "judged": {"level": "4", "why": "He frightens her."},
        },
    ],
    "people": [{"person": {"name": "Jo Marlow", "relationship": "Mother"}}],
    "worry": {"happened": WORDS},
    "consent": {"given": "no", "reason": "significant_harm", "explain": "He would hear of it."},
}


def another_threshold() -> dict[str, Any]:
    """Another document: its indicators have other keys, though one is the same by chance; other reasons too."""
    content = schemes.content()
    content["slug"] = "othershire-2026"
    content["consent_reasons"] = []
    return content


def sent(worlds: tuple[World, World], *, answers: Any = None, **kwargs: Any) -> Referral:
    """A referral that a screener of the first partnership decided to send on to the other, whole; where it tells of
    danger, a senior signed that."""
    own, other = worlds
    row = make_referral(own, answers=answers or one_child(), child={"first_name": NAME}, **kwargs)
    sam = own.person(Role.SCREENER)
    with scope(partnership=own.partnership):
        row = actions.claim(referral=row, by=sam, at=NOW)
        to_other(row, other, by=sam)
        if SignOff.objects.waiting().filter(referral=row).exists():
            sign(own, row, at=LATER)
        return Referral.objects.get(pk=row.pk)


def one_child() -> dict[str, Any]:
    return {**ANSWERS, "children": [ANSWERS["children"][1]]}


def to_other(row: Referral, other: World, *, by: Any, **more: Any) -> Decision:
    said = {"outcome": Outcome.TRANSFER, "decided_level": None, "transfer_to": other.partnership, "reason": "Moved in."}
    return actions.decide(referral=row, **{**said, **more}, revision=row.revision, by=by, at=LATER)


def came_back(worlds: tuple[World, World]) -> tuple[Referral, Referral]:
    """Sent on, taken there, and sent on home again: the referral here, and what stands here of it a second time."""
    own, other = worlds
    row = sent(worlds)
    there, olga = arrived(other), other.person(Role.SCREENER)
    with scope(partnership=other.partnership):
        there = actions.claim(referral=there, by=olga, at=LATER)
        receiving.confirm_receipt(referral=there, by=olga, at=LATER)
        to_other(Referral.objects.get(pk=there.pk), own, by=olga)
    with scope(partnership=own.partnership):
        return row, Referral.objects.exclude(pk=row.pk).get()


def arrived(other: World) -> Referral:
    with scope(partnership=other.partnership):
        return Referral.objects.select_related("partnership", "team", "scheme_version").get()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told(world: World, kind: str) -> set[str]:
    with scope(partnership=world.partnership):
        return {each.to.name for each in Notice.objects.filter(kind=kind).select_related("to")}


def notices_of(world: World) -> list[Notice]:
    with scope(partnership=world.partnership):
        return list(Notice.objects.all())
