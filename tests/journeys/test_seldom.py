"""Pages that few open and no other journey crosses: each looked at once, at both widths."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from partnerships.invitations import link
from partnerships.models import ClosureDay, Membership
from partnerships.permissions import Role
from referrals.additions import actions as additions
from referrals.models import Referral
from referrals.triage import actions
from tests.factories import (
    NOW,
    World,
    make_draft,
    make_invitation,
    make_person,
    make_referral,
    make_restricted,
    make_support,
    make_world,
)

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
Look = Callable[[Page, str], None]


@pytest.fixture
def world() -> World:
    return make_world()


def as_another(page: Page, sign_in: Callable[..., None], user: Any) -> None:
    page.context.clear_cookies()
    sign_in(page, user)


def look_at_each(page: Page, base: str, look: Look, pages: dict[str, tuple[str, str]]) -> None:
    """Open each page, by its name for the picture: where it is, and its heading."""
    for name, (path, heading) in pages.items():
        answer = page.goto(base + path)
        assert answer is not None and answer.status == 200, (name, answer and answer.status)
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        look(page, name)


def test_pages_of_those_who_screen_and_manage(
    world: World, live: Any, sign_in: Callable[..., None], page_wide: Page, look: Look
) -> None:
    page, screener = page_wide, world.person(Role.SCREENER)
    twin = {"nhs_number": "9990000018"}
    first = make_referral(world, indicators=("family-4-01",), child=twin)
    make_referral(world, child={**twin, "first_name": "Robyn"}, received_at=NOW - dt.timedelta(days=40))
    with scope(partnership=world.partnership):
        row = actions.claim(referral=first, by=screener, at=NOW)
        additions.ask_to_withdraw(
            referral=row, reason="The wrong child.", token="once", by=world.person(Role.PRACTITIONER), at=timezone.now()
        )
        other = Referral.objects.exclude(pk=first.pk).get()
        children = (first.children.get().pk, other.children.get().pk)
    hidden = make_referral(world)
    named = make_restricted(world, hidden)
    support = make_support(world)
    one = f"/testshire/triage/{first.pk}/"
    sign_in(page, screener)
    look_at_each(
        page,
        live.url,
        look,
        {
            "withdrawal": (f"{one}withdrawal/", "withdraw"),
            "lado": (f"{one}lado/", "LADO"),
            "history": (f"{one}history/", "One history"),
            "same-child": (f"{one}history/{children[0]}/{children[1]}/", "same child"),
            "second-list": ("/testshire/second/", "Second"),
            "wall": ("/testshire/queue/mash/wall/", "MASH"),
            "calendar": ("/testshire/calendar/", "Your due dates"),
        },
    )
    as_another(page, sign_in, named)
    look_at_each(page, live.url, look, {"restricted": (f"/testshire/triage/{hidden.pk}/restrict/", "Who may see")})
    as_another(page, sign_in, world.person(Role.MANAGER))
    look_at_each(
        page,
        live.url,
        look,
        {
            "trail": ("/testshire/trail/", "Audit trail"),
            "anomalies": ("/testshire/trail/anomalies/", "What is worth a question"),
            "reports": ("/testshire/reports/", "Reports"),
            "consistency": ("/testshire/reports/consistency/", "Consistency"),
            "support-read": (f"/testshire/early-help/{support.pk}/", "Robin Marlow"),
        },
    )


def test_pages_of_those_who_refer_and_of_the_admin(
    world: World, live: Any, sign_in: Callable[..., None], page_narrow: Page, look: Look
) -> None:
    page, draft = page_narrow, make_draft(world)
    lead, admin = world.person(Role.SAFEGUARDING_LEAD), world.person(Role.ADMIN)
    invitation = make_invitation(world)
    away = make_person(world, Role.SCREENER, team=world.mash)
    membership = Membership.objects.get(user=away)
    day = ClosureDay.objects.create(partnership=world.partnership, on=dt.date(2026, 12, 24), reason="Christmas Eve")
    mine = f"/testshire/refer/{draft.pk}/"
    sign_in(page, world.person(Role.PRACTITIONER))
    look_at_each(
        page,
        live.url,
        look,
        {
            "draft-discard": (f"{mine}discard/", "Do you want to discard this draft?"),
            "child-remove": (f"{mine}child/1/remove/", "Do you want to remove Robin Marlow"),
            "compare": ("/compare/", "The same worry in another area"),
        },
    )
    as_another(page, sign_in, lead)
    look_at_each(page, live.url, look, {"members-lead": ("/testshire/members/", "Members")})
    as_another(page, sign_in, admin)
    look_at_each(
        page,
        live.url,
        look,
        {
            "members": ("/testshire/members/", "Members"),
            "member": (f"/testshire/members/{membership.pk}/", away.name),
            "member-end": (f"/testshire/members/{membership.pk}/end/", "End"),
            "closure-remove": (f"/testshire/settings/closure-days/{day.pk}/remove/", "24 December 2026"),
            "agency": ("/testshire/settings/agencies/practice/", "Testshire Practice"),
            "undelivered": ("/testshire/settings/notices/", "Notices that did not arrive"),
            "letters": ("/testshire/letters/", "Letters"),
        },
    )
    page.context.clear_cookies()
    look_at_each(
        page,
        live.url,
        look,
        {
            "invitation": (link(invitation).removeprefix(settings.SITE_URL), ""),
            "reset": ("/accounts/password/reset/", "password"),
            "tell-before": ("/testshire/tell/", "worried"),
        },
    )
