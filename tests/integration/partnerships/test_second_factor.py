"""Who needs a second factor reaches no page of a child without one; how one is set up, used, lost and guessed at."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from partnerships import mfa
from partnerships.models import Agency, AuditEntry, Membership, Session, User
from partnerships.permissions import Role
from referrals.models import Notice
from tests.factories import World, make_referral, make_world
from tests.integration.addresses import ADDRESSES, route_names
from tests.integration.everybody import FIRST, MISSING, everybody
from tests.integration.gate_table import knocks
from tests.integration.gate_walk import Caller, judge, walk, where

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def world() -> World:
    cache.clear()
    return make_world()


def by_password(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login_by_password(user)
    return client


def code(moment: float | None = None) -> str:
    return format_hotp_value(hotp_value(SECRET, int((moment or time.time()) // 30)))


def with_app(user: User) -> User:
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def sign_in(user: User, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    return client, client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def test_a_password_alone_opens_no_page_of_a_role_that_needs_more(
    legible_documents: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every address and method, on an own and a missing record, for every such role: who is not led to the
    second factor sees what is open to everybody, and no child.

    As far as the view for all of them (`test_gates.walk`), and the whole way for each address by one role, in turn.
    """
    world, people, told = everybody()
    roles = [role for role in Role if role.needs_second_factor]
    held = {role: replace(people["screener by a password alone"], user=world.person(role)) for role in roles}
    tried, wrong = 0, []
    told = {letter: told[letter] for letter in (FIRST, MISSING)}  # with every other: `test_gates.py`
    for role, person in held.items():
        for what, _, fault in walk(world, person, told, ADDRESSES):
            tried += 1
            if fault:
                wrong.append(f"{role.value}: {what}: {fault}")
    Caller.handler.load_middleware()
    callers = [Caller(person) for person in held.values()]
    for place, (route, pattern) in enumerate(ADDRESSES):
        filled = dict(knocks(set(route_names(route)), told))[FIRST]
        kwargs = {name: filled[name] for name in route_names(route) if name != "partnership"}
        for method in ("GET", "POST"):
            tried += 1
            caller = callers[place % len(callers)]
            fault = judge(caller, pattern, method, False, caller.ask(method, where(world, route, pattern, kwargs)))
            if fault and pattern.callback.gate:
                wrong.append(f"the whole way: {method} {route}: {fault}")
    with capsys.disabled():
        print(f"\n{tried:,} combinations with a password alone, {len(wrong)} wrong")
    assert tried > 3_500
    assert not wrong, "\n".join(wrong[:30])


def test_a_role_in_another_partnership_holds_back_here_too(world: World) -> None:
    screener = world.person(Role.SCREENER)
    other = make_world("othershire")
    Membership.objects.create(
        user=screener, partnership=other.partnership, role=Role.PRACTITIONER.value, agency=other.school
    )
    answer = by_password(screener).get(reverse("my_referrals", args=["othershire"]))
    assert "/accounts/2fa/" in answer["Location"]


def test_practitioners_need_one_where_their_agency_says_so(world: World) -> None:
    client = by_password(world.person(Role.PRACTITIONER))
    address = reverse("my_referrals", args=["testshire"])
    assert client.get(address).status_code == 200
    lead = Client()
    lead.force_login(world.person(Role.SAFEGUARDING_LEAD))
    lead.post(reverse("agency_factor", args=["testshire", world.school.slug]), {"required": "yes"})
    assert Agency.objects.get(pk=world.school.pk).second_factor_required
    assert "/accounts/2fa/" in client.get(address)["Location"]
    lifted = lead.post(reverse("agency_factor", args=["testshire", world.school.slug]), {"required": "no"}, follow=True)
    assert "Only the partnership’s admin" in lifted.content.decode(), "the admin may have asked for it"
    assert Agency.objects.get(pk=world.school.pk).second_factor_required
    lead.post(reverse("agency_factor", args=["testshire", world.practice.slug]), {"required": "yes"})
    assert not Agency.objects.get(pk=world.practice.pk).second_factor_required, "another agency is not hers"


def test_what_was_typed_before_the_factor_was_asked_for_is_given_back(world: World) -> None:
    answer = by_password(world.person(Role.SCREENER)).post(
        reverse("queue", args=["testshire"]), {"reason": "He flinched <b>"}
    )
    assert answer.status_code == 403 and b"He flinched &lt;b&gt;" in answer.content


def inside(client: Client) -> bool:
    """Whether the queue is open to this session."""
    return client.get(reverse("queue", args=["testshire"]), follow=True).request["PATH_INFO"].startswith("/testshire/")


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_and_then_asked_for(world: World) -> None:
    screener = world.person(Role.SCREENER)
    Membership.objects.create(user=screener, partnership=world.partnership, role=Role.MANAGER.value)
    client, answer = sign_in(screener)
    assert answer["Location"] == reverse("mfa_index")
    assert b"Your role needs one" in client.get(answer["Location"]).content
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200 and b"data:image/svg+xml" in page.content
    secret = client.session["mfa.totp.secret"]
    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert b"Check the code" in wrong.content
    made = format_hotp_value(hotp_value(secret, int(time.time() // 30)))
    assert not inside(client)
    assert client.post(reverse("mfa_activate_totp"), {"code": made}).status_code == 302
    stored = Authenticator.objects.get(user=screener, type="totp").data["secret"]
    assert secret not in stored and stored.startswith("gAAAA")
    assert inside(client), "this session proved it"
    assert b"recovery codes" in client.get(reverse("mfa_view_recovery_codes")).content
    export = client.get(reverse("audit_export", args=["testshire"]))
    assert export["Location"].startswith(reverse("mfa_reauthenticate")), "that it was added proves nothing asked anew"
    again, answer = sign_in(screener)
    assert answer["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in again.session, "half signed in is signed out"
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"signin.made", "second_factor.added"} <= verbs
    with scopes_disabled():
        assert Notice.objects.filter(to=screener, subject="Your second factor changed").exists()


def test_a_code_signs_in_once_and_a_recovery_code_once(world: World) -> None:
    screener = with_app(world.person(Role.SCREENER))
    now = code()
    client, _ = sign_in(screener)
    assert client.post(reverse("mfa_authenticate"), {"code": now}).status_code == 302
    assert inside(client)
    other, _ = sign_in(screener)
    replayed = other.post(reverse("mfa_authenticate"), {"code": now})
    assert b"Check the code" in replayed.content, "the same code a second time"
    spare = RecoveryCodes(Authenticator.objects.get(user=screener, type="recovery_codes")).get_unused_codes()[0]
    assert other.post(reverse("mfa_authenticate"), {"code": spare}).status_code == 302
    third, _ = sign_in(screener)
    assert third.post(reverse("mfa_authenticate"), {"code": spare}).status_code == 200


def test_codes_can_not_be_guessed(world: World) -> None:
    screener = with_app(world.person(Role.SCREENER))
    client, _ = sign_in(screener)
    for guess in range(6):
        client.post(reverse("mfa_authenticate"), {"code": f"00000{guess}"})
    answer = client.post(reverse("mfa_authenticate"), {"code": code()})
    assert b"too many tries" in answer.content
    assert AuditEntry.objects.filter(verb="second_factor.failed").exists()


def test_who_knows_the_password_does_not_keep_its_owner_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where the owner signs in from, nor in a session of theirs that is open, from wherever it is guessed."""
    monkeypatch.setattr(mfa, "FROM_ELSEWHERE", "13/1h/key")
    screener = with_app(world.person(Role.SCREENER))
    begins = int(time.time() // 30) * 30 + 30
    with time_machine.travel(begins, tick=False) as clock:
        mine, _ = sign_in(screener)
        assert mine.post(reverse("mfa_authenticate"), {"code": code()}).status_code == 302
        clock.move_to(begins + 60)
        for place in range(3):
            thief, _ = sign_in(screener, Client(REMOTE_ADDR=f"192.0.2.{place}"))
            for guess in range(6):
                answer = thief.post(reverse("mfa_authenticate"), {"code": f"{guess:06d}"})
            assert b"too many tries" in answer.content
        failed = AuditEntry.objects.filter(verb="second_factor.failed").count()
        assert failed == 12, "five by each, and so many by all that are new to the owner, whose first one counted"
        assert mine.post(reverse("mfa_reauthenticate"), {"code": code()}).status_code == 302, "in the open session"
        clock.move_to(begins + 90)
        again, _ = sign_in(screener)
        assert again.post(reverse("mfa_authenticate"), {"code": code()}).status_code == 302, (
            "from where they always are"
        )


def test_the_last_factor_stays_where_a_role_needs_one(world: World) -> None:
    screener, practitioner = with_app(world.person(Role.SCREENER)), with_app(world.person(Role.PRACTITIONER))
    for person, left in ((screener, True), (practitioner, False)):
        client, _ = sign_in(person)
        client.post(reverse("mfa_authenticate"), {"code": code()})
        page = client.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(user=person, type="totp").exists() is left, page.content


def test_what_takes_much_away_asks_anew_who_sits_there(world: World) -> None:
    """A session that was opened by a second factor long ago gives no evidence pack: a code within ten minutes does."""
    manager = with_app(world.person(Role.MANAGER))
    client = Client()
    client.force_login(manager)
    address = reverse("evidence_pdf", args=["testshire", make_referral(world).pk])
    asked = client.get(address)
    assert asked.status_code == 302 and asked["Location"] == f"{reverse('mfa_reauthenticate')}?next={address}"
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(address).status_code == 302, "a password is no second factor"
    assert client.post(reverse("mfa_reauthenticate"), {"code": "000000", "next": address}).status_code == 200
    assert client.get(address).status_code == 302
    assert client.post(reverse("mfa_reauthenticate"), {"code": code(), "next": address})["Location"] == address
    assert client.get(address).status_code == 200
    session = client.session
    for each in session["account_authentication_methods"]:
        each["at"] -= 601
    session.save()
    assert client.get(address).status_code == 302


def test_who_sits_at_an_open_session_makes_the_second_factor_theirs_by_no_password(world: World) -> None:
    """Where there is a factor, nothing less lets add, take off or renew one, nor proves anew who sits there."""
    manager = with_app(world.person(Role.MANAGER))
    client = Client()
    client.force_login(manager)  # with the app, and long ago
    password = reverse("account_reauthenticate")
    assert client.get(password)["Location"] == reverse("mfa_reauthenticate")
    client.post(password, {"password": PASSWORD})
    for name in ("mfa_add_webauthn", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"):
        assert client.get(reverse(name))["Location"].startswith(reverse("mfa_reauthenticate")), name
        assert client.post(reverse(name)).status_code in (302, 405), name
    assert Authenticator.objects.filter(user=manager).count() == 2
    client.post(reverse("mfa_reauthenticate"), {"code": code()})
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200


def test_a_factor_that_is_taken_off_ends_the_sign_ins_that_it_may_have_opened(world: World) -> None:
    person = with_app(world.person(Role.PRACTITIONER))
    there, _ = sign_in(person)
    there.post(reverse("mfa_authenticate"), {"code": code()})
    here = Client()
    here.force_login(person)
    here.prove_again()
    assert here.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert here.get(reverse("account")).status_code == 200 and there.get(reverse("account")).status_code == 302


def test_who_looks_at_the_recovery_codes_or_guesses_the_password_stands_in_the_trail(world: World) -> None:
    manager = with_app(world.person(Role.MANAGER))
    client = Client()
    client.force_login(manager)
    client.prove_again()
    codes = RecoveryCodes(Authenticator.objects.get(user=manager, type="recovery_codes")).get_unused_codes()
    for name in ("mfa_view_recovery_codes", "mfa_download_recovery_codes"):
        assert client.head(reverse(name)).status_code == 200, "whoever asks by HEAD reads nothing, and uses nothing up"
    once = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert all(each in once for each in codes) and "They are shown this once." in once
    again = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert not any(each in again for each in codes) and "are not shown again. 10 of 10 are left." in again
    assert client.get(reverse("mfa_download_recovery_codes"))["Location"] == reverse("mfa_view_recovery_codes")
    assert "Show the recovery codes" not in client.get(reverse("mfa_index")).content.decode()
    new = {"oldpassword": "a guess", "password1": "three random words", "password2": "three random words"}
    assert client.post(reverse("account_change_password"), new).status_code == 200
    Client().post(reverse("account_reset_password"), {"email": manager.email})
    trail = AuditEntry.objects.filter(object_id=str(manager.pk)).order_by("sequence").values_list("verb", flat=True)
    assert list(trail)[-3:] == ["second_factor.codes_shown", "signin.failed", "password.link_asked"]
    with scopes_disabled():
        assert Notice.objects.filter(to=manager, subject="Your recovery codes were shown").count() == 1


def test_whoever_has_no_factor_of_ours_signs_in_again_by_their_organisation(world: World) -> None:
    client = Client()
    client.force_login(world.person(Role.MANAGER))
    answer = client.get(reverse("evidence_pdf", args=["testshire", make_referral(world).pk]))
    assert answer.status_code == 403 and b"Sign in again first" in answer.content
    assert AuditEntry.objects.filter(verb="request.refused").exists()


def test_every_page_that_exports_asks_anew() -> None:
    """Whatever address is named an export or an evidence pack stands behind `proved_anew`."""
    asks = {pattern.name for _, pattern in ADDRESSES if getattr(pattern.callback, "proved_anew", False)}
    takes = {pattern.name for _, pattern in ADDRESSES if "export" in pattern.name or "evidence" in pattern.name}
    assert asks == takes >= {"evidence_pdf", "audit_export"}


def test_whoever_lost_everything_is_helped_by_their_admin(world: World) -> None:
    screener = with_app(world.person(Role.SCREENER))
    theirs = Client()
    theirs.force_login(screener)
    admin = Client()
    admin.force_login(world.person(Role.ADMIN))
    pk = screener.memberships.get().pk
    admin.post(reverse("member_factor_off", args=["testshire", pk]))
    assert not Authenticator.objects.filter(user=screener).exists()
    assert not Session.rows.filter(user=screener).exists()
    assert theirs.get(reverse("queue", args=["testshire"])).status_code == 302
    with scopes_disabled():
        assert Notice.objects.filter(to=screener, subject="Your second factor was taken off").exists()


@pytest.mark.parametrize(
    "credential",
    ["", "x", "[]", "{}", "null", '{"id": 1}', "[" * 3000, "9" * 5000, '{"rawId": "AA", "id": "AA", "type": "x"}',
     '{"response": {"userHandle": "////"}}', '{"response": 3}', '{"id":"\\ud800"}', "\x00"],
)  # fmt: skip
def test_no_answer_of_a_passkey_makes_a_page_fail(world: World, credential: str) -> None:
    client = Client(raise_request_exception=False)
    assert client.post(reverse("mfa_login_webauthn"), {"credential": credential}).status_code < 500
    signed_in = by_password(world.person(Role.SCREENER))
    session = signed_in.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(world.person(Role.SCREENER).pk)
    session.save()
    assert signed_in.get(reverse("mfa_add_webauthn")).status_code == 200
    answer = signed_in.post(reverse("mfa_add_webauthn"), {"name": "x", "credential": credential})
    assert answer.status_code == 200 and not Authenticator.objects.exists()


def test_a_code_that_somebody_looked_over_opens_nothing_a_second_time(world: World) -> None:
    """The app's code is taken for a minute and a half; it is good once for all of it, also with an empty cache."""
    screener = with_app(world.person(Role.SCREENER))
    begins = int(time.time() // 30) * 30 + 30
    with time_machine.travel(begins, tick=False) as clock:
        seen = code()
        mine, _ = sign_in(screener)
        assert mine.post(reverse("mfa_authenticate"), {"code": seen}).status_code == 302
        for after in (1, 31, 59):
            clock.move_to(begins + after)
            cache.clear()
            thief, _ = sign_in(screener)
            page = thief.post(reverse("mfa_authenticate"), {"code": seen})
            assert page.status_code == 200 and "Check the code" in page.content.decode()
        fresh = mine.post(reverse("mfa_reauthenticate"), {"code": seen})
        assert "Check the code" in fresh.content.decode(), "nor does it prove anew who sits there"
        clock.move_to(begins + 60)
        thief, _ = sign_in(screener)
        assert thief.post(reverse("mfa_authenticate"), {"code": code()}).status_code == 302, "the next one is good"


def test_the_code_that_set_an_app_up_signs_nobody_in(world: World, django_capture_on_commit_callbacks: Any) -> None:
    screener = world.person(Role.SCREENER)
    client, _ = sign_in(screener)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    made = format_hotp_value(hotp_value(secret, int(time.time() // 30)))
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("mfa_activate_totp"), {"code": made}).status_code == 302
    other, _ = sign_in(screener)
    assert other.post(reverse("mfa_authenticate"), {"code": made}).status_code == 200
