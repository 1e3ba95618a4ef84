"""A fifth partnership, from nothing to its first screened referral: one command, one file, and pages."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from partnerships import invitations
from partnerships.models import Agency, Invitation, Membership, Partnership, Team, User
from partnerships.permissions import Role
from referrals import outbox
from referrals.models import Referral
from tests import schemes
from tests.factories import make_world, send
from tests.integration.referrals.test_intake_views import telling

pytestmark = pytest.mark.django_db
PASSWORD = "a long and quiet word"
MAKE = {
    "name": "Isle of Fenmarsh Safeguarding Partnership",
    "short_name": "Fenmarsh",
    "prefix": "FEN",
    "admin": "ada@fenmarsh.example",
    "admin_name": "Ada Admin",
}


HELPER = {"kind": "early_help", "address": "", "email": "", "telephone": ""}
BY_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "partnership_edit",
        {"name": MAKE["name"], "short_name": "Fenmarsh", "local_authority": "Fenmarsh Council", "la_code": "998",
         "form_name": "Tell-us form", "document_marking": "OFFICIAL"},
    ),
    (
        "front_door_edit",
        {"front_door_name": "Lighthouse desk", "front_door_telephone": "01632 960300", "opens": "8am",
         "closes": "6pm", "out_of_hours_telephone": "01632 960301"},
    ),
    ("team_add", HELPER | {"name": "Harbour MASH", "kind": "mash", "postcodes": ""}),
    ("team_add", HELPER | {"name": "South Shore helpers", "postcodes": "FE1"}),
    ("team_add", HELPER | {"name": "North Shore helpers", "postcodes": "FE2, FE3 1"}),
    ("agency_add", {"name": "Saltings School", "kind": "school", "source_of_referral": "2A"}),
    ("contact_point_add", {"kind": "lado", "name": "The LADO", "telephone": "01632 960302"}),
    ("closure_day_add", {"on_day": "2", "on_month": "6", "on_year": "2027", "reason": "Regatta"}),
)  # fmt: skip
"""Everything that the admin keeps: the page, and what is filled in there."""


def document() -> dict[str, Any]:
    """A document of nobody: three steps called tiers, with other words than any of the four."""
    told = schemes.content()
    names = {1: "Getting on", 2: "Needing a hand", 3: "At risk"}
    told |= {
        "slug": "fenmarsh-2026",
        "partnership": "fenmarsh",
        "title": "Lending a hand: when to tell us",
        "document": "Lending a hand, Isle of Fenmarsh, 2026",
        "step_word": "tier",
    }
    told["levels"] = [each | {"name": names[each["rank"]]} for each in told["levels"][:3]]
    told["levels"][2] |= {"route": "mash", "statutory_basis": "both", "colour": "red"}
    told["indicators"] = [each for each in told["indicators"] if each["level"] <= 3]
    for rule in told["rules"]:
        parameters = rule["parameters"]
        if parameters.get("indicates", 0) > 3:
            parameters["indicates"] = 3
    told["rules"] = [rule for rule in told["rules"] if rule["key"] != "cluster-3"]
    for reason in told["consent_reasons"]:
        reason["accepted_at"] = [rank for rank in reason["accepted_at"] if rank <= 3]
    return told


def make(**changed: str) -> str:
    out = StringIO()
    call_command("create_partnership", changed.pop("slug", "fenmarsh"), **{**MAKE, **changed}, stdout=out)
    return out.getvalue()


def take_up(invitation: Invitation) -> Client:
    """Open the link of an invitation's email and choose a password; whoever opens records adds a second factor."""
    with scopes_disabled():
        invitations.accept(invitation=invitation, password=PASSWORD, by=None, at=timezone.now())
    client = Client()
    client.force_login(User.objects.get(pk=invitation.user_id))
    return client


def at(name: str, **parts: Any) -> str:
    return reverse(name, kwargs={"partnership": "fenmarsh", **parts})


def test_from_an_empty_start_to_a_screened_referral() -> None:
    make_world()
    assert "takes no referrals until it is opened" in make()
    partnership = Partnership.objects.get(slug="fenmarsh")
    with scope(partnership=partnership):
        outbox.deliver_due(at=timezone.now())
    told = mail.outbox[-1]
    assert told.to == ["ada@fenmarsh.example"]
    assert re.search(r"/accounts/invitation/\S+", told.body)
    admin = take_up(Invitation.objects.get())
    assert "Fenmarsh" not in Client().get("/").content.decode()

    page = admin.get(at("setup_checklist")).content.decode()
    assert "10 things still missing" in page
    set_up_by_pages(admin)
    people(partnership, admin)
    bring_in_the_threshold(admin)
    page = admin.get(at("setup_checklist"))
    assert "Everything is there for a first referral." in page.content.decode(), page.context["missing"]
    admin.post(at("setup_open"))
    assert "Fenmarsh" in Client().get("/").content.decode()

    referral = a_first_referral(partnership)
    assert referral.reference.startswith("FEN-")
    assert (referral.indicated_level, referral.route, referral.team.name) == (2, "early_help", "North Shore helpers")
    threshold = Client().get(at("threshold")).content.decode()
    assert "Tier 2" in threshold and "Needing a hand" in threshold


def set_up_by_pages(admin: Client) -> None:
    """Everything that the admin keeps, by forms."""
    for name, told in BY_FORMS:
        answer = admin.post(at(name), told)
        assert answer.status_code == 302, (name, answer.content.decode()[-3000:])


def people(partnership: Partnership, admin: Client) -> None:
    """The admin invites a person for each role, and each takes it up."""
    mash = Team.objects.get(partnership=partnership, kind="mash")
    helpers = Team.objects.get(partnership=partnership, name="North Shore helpers")
    school = Agency.objects.get(partnership=partnership)
    for n, (role, where) in enumerate(
        (
            (Role.PRACTITIONER, {"agency": school.slug}),
            (Role.SCREENER, {"team": mash.slug}),
            (Role.EARLY_HELP, {"team": helpers.slug}),
            (Role.MANAGER, {}),
        )
    ):
        told = {"name": f"Person {n}", "email": f"person{n}@fenmarsh.example", "role": role.value, **where}
        answer = admin.post(at("member_invite"), told)
        assert answer.status_code == 302, answer.content.decode()[-2500:]
        take_up(Invitation.objects.get(user__email=told["email"]))
    page = admin.get(at("setup_checklist")).content.decode()
    assert "Nobody works in South Shore helpers yet." in page, "which takes what no other team does"
    helps_in_the_south("person2@fenmarsh.example")


def helps_in_the_south(email: str) -> None:
    """Somebody who works in one early help team works in the other as well."""
    south = Team.objects.get(name="South Shore helpers")
    Membership.objects.create(
        user=User.objects.get(email=email), partnership=south.partnership, role=Role.EARLY_HELP.value, team=south
    )


def bring_in_the_threshold(admin: Client) -> None:
    """One import; a manager, who wrote none of it, approves; the admin publishes."""
    file = SimpleUploadedFile("fenmarsh.json", json.dumps(document()).encode())
    draft = admin.post(at("threshold_import"), {"file": file})
    assert draft.status_code == 302, draft.content.decode()[-2500:]
    version = draft["Location"].rstrip("/").rsplit("/", 1)[-1]
    asked = admin.post(at("threshold_ask", version=version), {"when": "now", "change_note": "Ours.", "revision": 0})
    assert asked.status_code == 302, asked.content.decode()[-2500:]
    manager = Client()
    manager.force_login(User.objects.get(email="person3@fenmarsh.example"))
    refused = send(admin, at("threshold_approval", version=version), answer="approve", revision="0")
    assert refused.status_code != 302, "nobody approves their own"
    send(manager, at("threshold_approval", version=version), answer="approve")
    published = admin.post(at("threshold_publish", version=version), {"revision": 0}, follow=True)
    assert "published" in published.content.decode()


def a_first_referral(partnership: Partnership) -> Referral:
    """By the form's own pages, as a practitioner."""
    client = Client()
    client.force_login(User.objects.get(email="person0@fenmarsh.example"))
    draft, _ = telling(
        client,
        "fenmarsh",
        who={"first_name": "Robin", "last_name": "Marlow", "born": "born"},
        home={"postcode": "FE3 1AA"},
        worry={"happened": "Robin comes without a coat and is hungry."},
        indicators={"chosen": "family-2-03"},
        consent={"informed": "yes", "given": "yes"},
    )
    client.post(f"{draft}send/")
    with scope(partnership=partnership):
        return Referral.objects.get()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"slug": "Fen marsh"}, "can't stand in an address"),
        ({"slug": "accounts"}, "can't stand in an address"),
        ({"slug": "testshire"}, "There is a partnership testshire already"),
        ({"prefix": "fen"}, "is no prefix"),
        ({"prefix": "TES"}, "belong to another partnership already"),
        ({"admin": "nobody"}, "is no email address"),
        ({"name": " "}, "Say what the partnership is called"),
    ],
)
def test_what_the_command_refuses(changed: dict[str, str], message: str) -> None:
    make_world()
    with pytest.raises(CommandError, match=message):
        make(**changed)
    assert Partnership.objects.count() == 1 and not Invitation.objects.exists()
