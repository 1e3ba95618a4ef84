"""Joiner, mover, leaver: who may let whom in, how long an invitation holds, and what ends in the same minute."""

from __future__ import annotations

import datetime as dt
import re
import threading
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from partnerships import invitations, members
from partnerships.access import actor_for
from partnerships.actions import Refused
from partnerships.members import Post
from partnerships.models import Agency, AuditEntry, Invitation, Membership, Session, Team, User
from partnerships.permissions import Role
from referrals.domain.lifecycle import OPEN, Outcome, State
from referrals.models import Decision, Notice, Referral, SignOff
from referrals.triage.actions import claim, decide, step_down
from tests.factories import NOW, World, make_check, make_draft, make_invitation, make_person, make_referral, make_world

pytestmark = pytest.mark.django_db
GOOD = "seven purple otters"


@pytest.fixture
def world() -> World:
    cache.clear()
    return make_world()


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def invite(client: Client, **typed: str) -> Any:
    told = {"name": "Nia New", "email": "nia@testshire.example", "role": "practitioner", "agency": "school", **typed}
    return client.post(reverse("member_invite", args=["testshire"]), told)


def link_told_to(email: str) -> str:
    with scopes_disabled():
        notice = Notice.objects.filter(to__email=email, kind="invitation").latest("created_at")
    return re.search(r"https?://[^/]+(/accounts/invitation/\S+)", notice.body)[1]


def test_somebody_new_is_invited_chooses_a_password_and_signs_in(world: World) -> None:
    assert invite(as_(world.person(Role.ADMIN))).status_code == 302
    link, browser = link_told_to("nia@testshire.example"), Client()
    page = browser.get(link).content.decode()
    assert "Practitioner, Testshire Primary" in page and "noindex" in page
    assert browser.get(link).status_code == 200, "looking takes nothing up"
    told = {"name": "Nia New", "job_title": "Teacher", "password": "password1234"}
    assert "tried first" in browser.post(link, told).content.decode()
    assert browser.post(link, {**told, "password": GOOD})["Location"] == reverse("account_login")
    assert browser.post(link, {**told, "password": "another good one"}).status_code == 404, "once"
    assert Client().get(link).status_code == 404
    signed_in = browser.post(reverse("account_login"), {"login": "nia@testshire.example", "password": GOOD})
    assert signed_in["Location"] == "/testshire/"
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"invitation.sent", "invitation.accepted", "role.given", "signin.made"} <= verbs


def test_an_invitation_expires_and_can_be_taken_back_or_sent_anew(world: World) -> None:
    admin = as_(world.person(Role.ADMIN))
    invite(admin)
    first = link_told_to("nia@testshire.example")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=7, seconds=1)):
        assert Client().get(first).status_code == 404
    row = Invitation.objects.get()
    assert admin.post(reverse("invitation_again", args=["testshire", row.pk])).status_code == 302
    second = link_told_to("nia@testshire.example")
    assert first != second and Client().get(first).status_code == 404 and Client().get(second).status_code == 200
    row = Invitation.objects.waiting().get()
    admin.post(reverse("invitation_withdraw", args=["testshire", row.pk]))
    assert Client().get(second).status_code == 404
    assert not User.objects.get(email="nia@testshire.example").is_active


@pytest.mark.parametrize("token", ["x", "a:b:c", "\x00", "%00", "../..", "é", "9" * 4000])
def test_a_made_up_link_opens_nothing(world: World, token: str) -> None:
    assert Client(raise_request_exception=False).get(f"/accounts/invitation/{token}/").status_code == 404


def test_who_has_an_account_takes_it_up_signed_in_and_nobody_else_can(world: World) -> None:
    other = make_world("othershire")
    known = other.person(Role.PRACTITIONER)
    invite(as_(world.person(Role.ADMIN)), email=known.email.upper())
    link = link_told_to(known.email)
    assert b"Sign in" in Client().get(link).content
    stolen = Client().post(link, {"name": "x", "job_title": "x", "password": GOOD})
    assert stolen.status_code == 409 and not known.memberships.filter(partnership=world.partnership).exists()
    assert as_(world.person(Role.PRACTITIONER)).post(link).status_code == 409
    assert as_(known).post(link).status_code in (302, 404, 409)


def test_a_lead_invites_into_her_agency_alone_and_gives_no_other_role(world: World) -> None:
    lead = as_(world.person(Role.SAFEGUARDING_LEAD))
    assert invite(lead, agency="").status_code == 302, "her agency is the only one, and not asked for"
    assert Invitation.objects.get().agency == world.school
    for typed in ({"role": "screener", "team": "mash"}, {"role": "admin"}, {"role": "checker"}, {"role": "nothing"}):
        assert invite(lead, email="x@y.example", **typed).status_code == 422
    invite(lead, email="z@y.example", agency="practice")
    assert Invitation.objects.get(user__email="z@y.example").agency == world.school, "what is posted beside is nothing"
    theirs = make_person(world, Role.PRACTITIONER, agency=world.practice).memberships.get()
    for name in ("member", "member_end", "member_sign_out", "member_factor_off"):
        assert lead.post(reverse(name, args=["testshire", theirs.pk])).status_code == 404
    theirs.refresh_from_db()
    assert theirs.ended_at is None
    page = lead.get(reverse("members", args=["testshire"])).content.decode()
    assert theirs.user.email not in page and world.person(Role.SCREENER).email not in page


def test_nobody_changes_or_invites_themselves(world: World) -> None:
    admin = world.person(Role.ADMIN)
    client, own = as_(admin), admin.memberships.get()
    assert client.post(reverse("member_end", args=["testshire", own.pk])).status_code == 422
    assert client.post(reverse("member", args=["testshire", own.pk]), {"role": "manager"}).status_code == 422
    assert invite(client, email=admin.email.upper(), role="manager").status_code == 422
    assert set(admin.memberships.values_list("role", "ended_at")) == {("admin", None)}


@pytest.mark.both_databases
@pytest.mark.parametrize("letter", ["\u0131", "\u0130", "\u017f", "\u212a"])
def test_an_address_of_letters_that_look_alike_is_nobodys(world: World, letter: str) -> None:
    """PostgreSQL takes some of them for one's own, and a role would come to whoever gives it."""
    admin = world.person(Role.ADMIN)
    User.objects.filter(pk=admin.pk).update(email="risk@testshire.example")
    plain = {"\u0131": "i", "\u0130": "i", "\u017f": "s", "\u212a": "k"}[letter]
    page = invite(as_(admin), email="risk@testshire.example".replace(plain, letter, 1), role="manager", agency="")
    assert page.status_code == 422 and not Invitation.objects.exists()


def test_managers_are_told_when_somebody_may_open_childrens_records(world: World) -> None:
    invite(as_(world.person(Role.ADMIN)), role="screener", agency="", team="mash")
    Client().post(
        link_told_to("nia@testshire.example"), {"name": "Nia New", "job_title": "Social worker", "password": GOOD}
    )
    with scopes_disabled():
        told = Notice.objects.get(to=world.person(Role.MANAGER), kind="role-given")
    assert "Nia New" in told.body and "MASH screener, MASH" in told.body


def test_a_leavers_access_work_and_invitations_end_in_the_same_minute(world: World) -> None:
    screener = world.person(Role.SCREENER)
    referral, client = make_referral(world), as_(screener)
    with scope(partnership=world.partnership):
        claim(referral=referral, by=screener, at=referral.received_at)
    held, admin = screener.memberships.get(), as_(world.person(Role.ADMIN))
    page = admin.get(reverse("member_end", args=["testshire", held.pk])).content.decode()
    assert "goes back to its queue: 1 referral" in page
    assert admin.post(reverse("member_end", args=["testshire", held.pk])).status_code == 302
    assert not Session.rows.filter(user=screener).exists()
    assert client.get(reverse("queue", args=["testshire"])).status_code == 302
    screener.refresh_from_db()
    assert not screener.is_active
    with scope(partnership=world.partnership):
        row = Referral.objects.get(pk=referral.pk)
        assert row.owner is None and row.state == "waiting"
    assert AuditEntry.objects.filter(verb="account.closed").exists()


def in_every_state(world: World, person: User) -> dict[str, Referral]:
    """One referral in each state in which somebody has it, and a step down that waits for its signature."""
    told = {"decided_level": None, "reason": "Read whole.", "told_referrer": "Why."}
    rows = {}
    for name in ("in_hand", "proposed", "step_down", "sent_on"):
        row = rows[name] = claim(referral=make_referral(world), by=person, at=NOW)
        if name == "step_down":
            step_down(referral=row, reason="Early help fits.", team=world.early_help, by=person, at=NOW)
        elif name != "in_hand":
            outcome = Outcome.NO_FURTHER_ACTION if name == "proposed" else Outcome.TRANSFER
            elsewhere = "Kent" if name == "sent_on" else ""
            decide(
                referral=row, **told, outcome=outcome, transfer_elsewhere=elsewhere, revision=row.revision,
                by=person, at=NOW,
            )  # fmt: skip
    return rows


@pytest.mark.parametrize("how", ["end", "move", "keeps_signing"])
def test_whatever_somebody_has_in_hand_their_role_ends(world: World, how: str) -> None:
    """Proposed, sent on or in hand: none of it holds the role open, and none of it stays with who is gone."""
    sam = world.person(Role.SCREENER)
    with scope(partnership=world.partnership):
        rows = in_every_state(world, sam)
        states = {each.state for each in Referral.objects.filter(owner=sam)}
        assert states == {each.value for each in OPEN if each is not State.WAITING}
        if how == "keeps_signing":  # sees all of the queue still, and works in it no more
            Membership.objects.create(user=sam, partnership=world.partnership, role="senior", team=world.mash)
    held = Membership.objects.get(user=sam, role="screener")
    admin = as_(world.person(Role.ADMIN))
    page = reverse("member_end", args=["testshire", held.pk])
    assert "is taken back, and what they wrote is kept for who decides it now: 2 referrals." in (
        admin.get(page).content.decode()
    )
    if how == "move":
        page = reverse("member", args=["testshire", held.pk])
    assert admin.post(page, {"role": "early_help", "team": "early-help"}).status_code == 302
    held.refresh_from_db()
    assert held.ended_at
    with scope(partnership=world.partnership):
        assert not Referral.objects.filter(owner=sam).exists()
        after = {name: Referral.objects.get(pk=row.pk) for name, row in rows.items()}
        assert [row.state for row in after.values()] == ["waiting", "waiting", "waiting", "sent_on"]
        assert not SignOff.objects.waiting().exists() and not after["proposed"].waiting_for
        assert Decision.objects.get(referral=after["proposed"]).state == "recorded", "what was written is kept"
        sol = make_person(world, Role.SCREENER, team=world.mash)
        assert claim(referral=after["proposed"], by=sol, at=NOW).owner == sol


def test_a_leads_invitations_end_with_her_and_her_drafts_are_told_of(world: World) -> None:
    lead = world.person(Role.SAFEGUARDING_LEAD)
    invite(as_(lead))
    make_draft(world, by=lead)
    link, admin = link_told_to("nia@testshire.example"), as_(world.person(Role.ADMIN))
    address = reverse("member_end", args=["testshire", lead.memberships.get().pk])
    assert "began 1 referral and did not send" in admin.get(address).content.decode()
    admin.post(address)
    assert Client().get(link).status_code == 404


def test_a_mover_has_the_new_role_and_not_the_old(world: World) -> None:
    screener, admin = world.person(Role.SCREENER), as_(world.person(Role.ADMIN))
    held, client = screener.memberships.get(), as_(screener)
    moved = admin.post(
        reverse("member", args=["testshire", held.pk]), {"role": "early_help", "team": "early-help", "agency": ""}
    )
    assert moved.status_code == 302 and client.get(reverse("queue", args=["testshire"])).status_code == 302
    assert [(each.role, each.team) for each in Membership.objects.filter(user=screener, ended_at=None)] == [
        ("early_help", world.early_help)
    ]
    assert as_(screener).get(reverse("queue_team", args=["testshire", "mash"])).status_code == 404


def test_two_who_take_one_invitation_up_at_once_make_one_role(world: World) -> None:
    invitation = make_invitation(world)
    told = {"name": "A", "job_title": "B", "password": GOOD, "by": None, "at": invitation.invited_at}
    invitations.accept(invitation=invitation, **told)
    with pytest.raises(Refused):
        invitations.accept(invitation=invitation, **told)
    assert invitation.user.memberships.count() == 1


def test_the_list_asks_no_query_a_member(world: World, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        make_person(world, Role.PRACTITIONER, agency=world.school)
    admin = as_(world.person(Role.ADMIN))
    with django_assert_max_num_queries(14):
        page = admin.get(reverse("members", args=["testshire"]))
    assert page.content.decode().count("Change or end") == 12 + len(Role)


def test_a_second_factor_is_taken_off_by_whoever_answers_for_every_role_behind_it(world: World) -> None:
    """A lead whose practitioner screens as well, an admin whose screener is a manager elsewhere: neither does."""
    other = make_world("othershire")
    both = make_person(world, Role.PRACTITIONER, agency=world.school)
    Membership.objects.create(user=both, partnership=world.partnership, role=Role.SCREENER.value, team=world.mash)
    elsewhere = make_person(world, Role.SCREENER, team=world.mash)
    Membership.objects.create(user=elsewhere, partnership=other.partnership, role=Role.MANAGER.value)
    for person in (both, elsewhere):
        TOTP.activate(person, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")

    def taken_off(by: Role, person: User, role: Role) -> bool:
        held = person.memberships.get(partnership=world.partnership, role=role.value)
        as_(world.person(by)).post(reverse("member_factor_off", args=["testshire", held.pk]))
        return not Authenticator.objects.filter(user=person).exists()

    assert not taken_off(Role.SAFEGUARDING_LEAD, both, Role.PRACTITIONER)
    assert not taken_off(Role.ADMIN, elsewhere, Role.SCREENER)
    assert taken_off(Role.ADMIN, both, Role.SCREENER)
    elsewhere.memberships.filter(partnership=other.partnership).update(ended_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert taken_off(Role.ADMIN, elsewhere, Role.SCREENER)


def test_what_takes_nothing_new_is_offered_to_nobody(world: World) -> None:
    """A team or an agency that was taken out is kept for the records that name it, and chosen for nothing more."""
    gone = Team.objects.create(
        partnership=world.partnership, name="Closed Team", slug="closed", kind=Team.Kind.EARLY_HELP, retired_at=NOW
    )
    old = Agency.objects.create(partnership=world.partnership, name="Closed School", slug="closed-school")
    with scope(partnership=world.partnership):
        referral = make_referral(world)
        claim(referral=referral, by=world.person(Role.SCREENER), at=NOW)
    admin, screener = as_(world.person(Role.ADMIN)), as_(world.person(Role.SCREENER))
    triage = f"/testshire/triage/{referral.pk}"
    pages = (
        (admin, reverse("member_invite", args=["testshire"])),
        (screener, f"{triage}/decide/"),
        (screener, f"{triage}/step-down/"),
        (screener, "/testshire/key/"),
    )
    assert "Closed School" in admin.get(pages[0][1]).content.decode()
    Agency.objects.filter(pk=old.pk).update(retired_at=NOW)
    for client, address in pages:
        answer = client.get(address)
        assert answer.status_code == 200 and "Closed" not in answer.content.decode(), address
    sent = invite(admin, role="early_help", team=gone.slug, agency="")
    assert sent.status_code == 422 and not Invitation.objects.filter(name="Nia New").exists()
    assert invite(admin, agency=old.slug).status_code == 422
    with scope(partnership=world.partnership), pytest.raises(Refused, match="takes on nobody new"):
        members.may_give(actor_for(world.person(Role.ADMIN), world.partnership), Post(Role.EARLY_HELP, None, gone))


def test_who_is_taken_on_by_another_agency_leaves_the_first_in_everybodys_sight(world: World) -> None:
    pat, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    asks = make_person(world, Role.SAFEGUARDING_LEAD, name="Lea Practice", agency=world.practice)
    assert invite(as_(asks), email=pat.email, name=pat.name, agency="practice").status_code == 302
    assert as_(pat).post(link_told_to(pat.email)).status_code == 302
    assert pat.memberships.get().agency == world.practice
    trail = AuditEntry.objects.filter(object_id=str(pat.pk)).order_by("sequence").values_list("verb", "detail__agency")
    assert list(trail)[-2:] == [("role.ended", "school"), ("role.given", "practice")]
    with scopes_disabled():
        assert [each.to for each in Notice.objects.filter(kind="role-moved")] == [lead]


def test_who_takes_a_stricter_role_up_while_signed_in_has_its_limits_from_then(world: World) -> None:
    pat = world.person(Role.PRACTITIONER)
    mine, elsewhere = as_(pat), as_(pat)
    for client in (mine, elsewhere):
        assert client.get(reverse("my_referrals", args=["testshire"])).status_code == 200
    invite(as_(world.person(Role.ADMIN)), email=pat.email, name=pat.name, role="screener", agency="", team="mash")
    assert mine.post(link_told_to(pat.email)).status_code == 302
    idle, longest = Role.SCREENER.session_limits
    limits = mine.session["limits"]
    lasts = dt.datetime.fromisoformat(limits["ends"]) - dt.datetime.fromisoformat(limits["started"])
    assert (limits["idle"], lasts.total_seconds()) == (idle, longest)
    assert elsewhere.get(reverse("my_referrals", args=["testshire"])).status_code == 302, "signed out"


def test_a_lead_who_leads_elsewhere_now_invites_nobody_into_the_first_agency(world: World) -> None:
    lead, asks = world.person(Role.SAFEGUARDING_LEAD), world.person(Role.ADMIN)
    invite(as_(lead))
    link = link_told_to("nia@testshire.example")
    invite(as_(asks), email=lead.email, name=lead.name, role="safeguarding_lead", agency="practice")
    as_(lead).post(link_told_to(lead.email))
    assert lead.memberships.get().agency == world.practice
    assert Client().get(link).status_code == 404


def test_nobody_takes_back_another_agencys_invitation_by_inviting_the_same_person(world: World) -> None:
    other = make_person(world, Role.SAFEGUARDING_LEAD, name="Lea Practice", agency=world.practice)
    invite(as_(world.person(Role.SAFEGUARDING_LEAD)))
    link = link_told_to("nia@testshire.example")
    invite(as_(other), agency="practice")
    assert Client().get(link).status_code == 200
    invite(as_(world.person(Role.SAFEGUARDING_LEAD)), agency="school")
    assert Client().get(link).status_code == 404, "one's own is sent anew, and the old link opens nothing"


def ends(by: User, person: User) -> Any:
    return as_(by).post(reverse("member_end", args=["testshire", person.memberships.get(ended_at=None).pk]))


def taken_up(link: str, name: str) -> Any:
    return Client().post(link, {"name": name, "job_title": "Teacher", "password": GOOD})


def with_every_way_in(user: User) -> User:
    TOTP.activate(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"})
    SocialAccount.objects.create(user=user, provider="police", uid="42")
    return user


def ways_in(user: User) -> int:
    return Authenticator.objects.filter(user=user).count() + SocialAccount.objects.filter(user=user).count()


def test_an_account_that_is_closed_is_opened_by_nothing_of_its_own_again(world: World) -> None:
    pat = with_every_way_in(world.person(Role.PRACTITIONER))
    ends(world.person(Role.ADMIN), pat)
    assert ways_in(pat) == 0
    closed = AuditEntry.objects.get(verb="account.closed")
    assert closed.detail == {"factors": 3, "organisations": 1}
    with_every_way_in(pat)  # as accounts that were closed before are
    invite(as_(world.person(Role.ADMIN)), email=pat.email, name=f" {pat.name.upper()}")
    assert taken_up(link_told_to(pat.email), pat.name).status_code == 302
    pat.refresh_from_db()
    assert pat.is_active and ways_in(pat) == 0, "who comes back has their own account, and sets a factor up anew"


@pytest.mark.parametrize(("invited_as", "comes_as"), [("Nora New", "Nora New"), (None, "Nora New"), ("Nora New", None)])
def test_who_is_invited_under_a_leavers_address_gets_nothing_of_the_leavers(
    world: World, invited_as: str | None, comes_as: str | None
) -> None:
    """A lead's mailbox is handed on with the post: what the first one wrote, and by what they came in, is not."""
    pat, admin = world.person(Role.PRACTITIONER), world.person(Role.ADMIN)
    address, name = pat.email, pat.name
    referral = make_referral(world, referrer=pat)
    make_draft(world, by=pat)
    ends(admin, pat)
    with_every_way_in(pat)
    other = make_world("othershire")
    waits = Invitation.objects.create(
        partnership=other.partnership, user=pat, name=name, role="practitioner", agency=other.school,
        invited_at=NOW, invited_by=other.person(Role.ADMIN), expires_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip
    invite(as_(admin), email=address, name=invited_as or name)
    assert taken_up(link_told_to(address), comes_as or name).status_code == 302
    pat.refresh_from_db()
    after = User.objects.get(email=address)
    assert after.pk != pat.pk and ways_in(after) == 0
    assert (pat.is_active, pat.name, pat.known_email) == (False, name, address)
    browser = Client()
    signed_in = browser.post(reverse("account_login"), {"login": address, "password": GOOD})
    assert signed_in["Location"] == "/testshire/"
    assert referral.reference not in browser.get(reverse("my_referrals", args=["testshire"])).content.decode()
    waits.refresh_from_db()
    assert waits.user == after, "no link is left that would open the closed account again"
    trail = as_(world.person(Role.MANAGER)).get(reverse("audit_trail", args=["testshire"]), {"person": address})
    assert AuditEntry.objects.filter(verb="account.address_passed_on", object_id=str(pat.pk)).exists()
    assert trail.status_code == 200 and "left.invalid" not in trail.content.decode()


def test_a_leaver_does_not_come_back_by_an_invitation_that_waits(world: World) -> None:
    pat, admin, lead = (world.person(role) for role in (Role.PRACTITIONER, Role.ADMIN, Role.SAFEGUARDING_LEAD))
    asks = make_person(world, Role.SAFEGUARDING_LEAD, name="Lea Practice", agency=world.practice)
    invite(as_(asks), email=pat.email, name=pat.name, agency="practice")
    elsewhere = link_told_to(pat.email)
    invite(as_(admin), email=pat.email, name=pat.name, role="manager", agency="")
    manager = link_told_to(pat.email)
    end_page = reverse("member_end", args=["testshire", pat.memberships.get().pk])
    assert "Their invitation to be" not in as_(lead).get(end_page).content.decode(), "none of hers"
    page = as_(admin).get(end_page).content.decode()
    assert "Their invitation to be Manager" in page
    assert "Their invitation to be Practitioner, Testshire Practice, sent by Lea Practice, is taken back too." in page
    ends(admin, pat)
    for link in (elsewhere, manager):
        assert taken_up(link, pat.name).status_code == 404
    assert AuditEntry.objects.filter(verb="invitation.withdrawn").count() == 2
    with scopes_disabled():
        assert [each.to for each in Notice.objects.filter(kind="invitation-ended")] == [asks]


def test_a_lead_who_ends_a_role_takes_back_her_own_agencys_invitations_alone(world: World) -> None:
    pat, lead = world.person(Role.PRACTITIONER), world.person(Role.SAFEGUARDING_LEAD)
    asks = make_person(world, Role.SAFEGUARDING_LEAD, name="Lea Practice", agency=world.practice)
    invite(as_(asks), email=pat.email, name=pat.name, agency="practice")
    ends(lead, pat)
    assert taken_up(link_told_to(pat.email), pat.name).status_code == 302, "who moves on to the practice gets there"
    assert pat.memberships.get(ended_at=None).agency == world.practice


def test_a_lead_ends_nobodys_role_in_another_agency_by_moving_them_in_hers(world: World) -> None:
    lead, admin = world.person(Role.SAFEGUARDING_LEAD), world.person(Role.ADMIN)
    both = make_person(world, Role.SAFEGUARDING_LEAD, name="Em Both", agency=world.practice)
    here = Membership.objects.create(
        user=both, partnership=world.partnership, role=Role.PRACTITIONER.value, agency=world.school
    )
    for by in (lead, admin):
        moved = as_(by).post(
            reverse("member", args=["testshire", here.pk]), {"role": "safeguarding_lead", "agency": "school"}
        )
        assert moved.status_code == 422
        assert "Em Both is safeguarding lead in another agency already" in moved.content.decode()
    held = both.memberships.filter(ended_at=None).values_list("role", "agency__slug")
    assert set(held) == {("safeguarding_lead", "practice"), ("practitioner", "school")}
    # Asked, they may move. They are told what it ends; and where nobody leads there any more, the admins are.
    invite(as_(lead), email=both.email, name=both.name, role="safeguarding_lead")
    link = link_told_to(both.email)
    assert "You are Safeguarding lead, Testshire Practice now" in as_(both).get(link).content.decode()
    assert "Testshire Practice" not in Client().get(link).content.decode()
    as_(both).post(link)
    with scopes_disabled():
        told = Notice.objects.get(kind="role-moved")
    assert told.to == admin and "no safeguarding lead there now" in told.body


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_admins_who_end_each_other_at_once_leave_one() -> None:
    world = make_world()
    pair = [world.person(Role.ADMIN), make_person(world, Role.ADMIN)]
    held = [each.memberships.get() for each in pair]
    asked = threading.Barrier(2)
    said: list[Any] = []

    def end(one: int) -> None:
        try:
            asked.wait(5)
            said.append(members.end(membership=held[1 - one], by=pair[one], at=timezone.now()))
        except Refused as refused:
            said.append(str(refused))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=end, args=[one]) for one in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(map(str, said)) == ["None", "Your own role has ended meanwhile, and so nothing was changed."]
    assert Membership.objects.filter(role=Role.ADMIN.value, ended_at=None, user__is_active=True).count() == 1


def test_an_invitation_to_what_was_taken_out_meanwhile_opens_nothing(world: World) -> None:
    invite(as_(world.person(Role.ADMIN)))
    Agency.objects.filter(pk=world.school.pk).update(retired_at=NOW)
    answer = taken_up(link_told_to("nia@testshire.example"), "Nia New")
    assert answer.status_code == 409 and "takes on nobody new" in answer.content.decode()
    assert Invitation.objects.waiting().exists() and not User.objects.get(email="nia@testshire.example").is_active


@pytest.mark.parametrize(
    "name", ["Confirm at https://evil.example", "www.evil.example", "a@b.uk", "evil.uk/x", "\u202eaiN"]
)
def test_nobody_is_called_by_what_leads_somewhere(world: World, name: str) -> None:
    """The portal's own emails begin with the name of who invites."""
    admin = as_(world.person(Role.ADMIN))
    assert invite(admin, name=name).status_code == 422 and not Invitation.objects.exists()
    invite(admin, name="Zoë St.John-O’Neill")
    refused = taken_up(link_told_to("nia@testshire.example"), name)
    assert refused.status_code == 422 and "without the address of a page" in refused.content.decode()


def test_one_person_sends_no_more_invitations_than_an_agency_has_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_A_DAY", {False: 1, True: 2})
    lead = as_(world.person(Role.SAFEGUARDING_LEAD))
    assert invite(lead).status_code == 302
    second = invite(lead, email="two@testshire.example")
    assert second.status_code == 422 and "1 invitations within a day" in second.content.decode()
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=1, seconds=1)):
        assert invite(as_(world.person(Role.SAFEGUARDING_LEAD)), email="two@testshire.example").status_code == 302


@pytest.mark.parametrize(
    "password", ["nianew2026!!", "Nia New 12345", "testshireprimary", "Testshire2026!", "nia@testshire1"]
)
def test_ones_own_name_and_where_one_works_are_no_password(world: World, password: str) -> None:
    """They stand on every letter."""
    invite(as_(world.person(Role.ADMIN)), name="N.")
    told = {"name": "Nia New", "job_title": "Teacher", "password": password}
    answer = Client().post(link_told_to("nia@testshire.example"), told)
    assert answer.status_code == 422 and not User.objects.get(email="nia@testshire.example").is_active
    assert Client().post(link_told_to("nia@testshire.example"), {**told, "password": GOOD}).status_code == 302


def test_who_asked_an_agency_hears_when_nobody_answers_there_any_more(world: World) -> None:
    """The check would wait for its clock, and the child with it."""
    checker, admin, screener = (world.person(role) for role in (Role.CHECKER, Role.ADMIN, Role.SCREENER))
    second = make_person(world, Role.CHECKER, agency=world.school)
    make_check(world, make_referral(world))

    def told() -> list[User]:
        with scopes_disabled():
            return [each.to for each in Notice.objects.filter(kind="nobody_checks")]

    end_page = reverse("member_end", args=["testshire", checker.memberships.get().pk])
    assert "answers checks" not in as_(admin).get(end_page).content.decode(), "a colleague does"
    ends(admin, second)
    assert told() == []
    assert (
        "Nobody else at Testshire Primary answers checks, and 1 check waits"
        in as_(admin).get(end_page).content.decode()
    )
    ends(admin, checker)
    assert told() == [screener]
    with scopes_disabled():
        assert "Primary" not in Notice.objects.get(kind="nobody_checks").body


def test_where_who_asked_an_agency_has_left_somebody_who_is_there_hears_that_nobody_answers(world: World) -> None:
    checker, admin, screener = (world.person(role) for role in (Role.CHECKER, Role.ADMIN, Role.SCREENER))
    colleague = make_person(world, Role.SCREENER, team=world.mash)
    make_check(world, make_referral(world))
    ends(admin, screener)
    ends(admin, checker)
    with scopes_disabled():
        assert [each.to for each in Notice.objects.filter(kind="nobody_checks")] == [colleague]
