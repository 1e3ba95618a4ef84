"""What somebody with an account, the source and bad intent tried, each held shut by a test.

`docs/security.md` tells the whole list; what stands here has no better place beside what it concerns.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core import mail
from django.core.checks import run_checks
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from partnerships import members
from partnerships.access import actor_for
from partnerships.actions import Refused
from partnerships.documents import fetcher
from partnerships.members import Post
from partnerships.middleware import RequestIdMiddleware
from partnerships.models import Invitation, Membership, User
from partnerships.permissions import Permission, Role
from referrals import outbox, post
from referrals.domain.audiences import Audience
from referrals.intake import actions as intake
from referrals.models import Decision, Draft, Letter, Notice, Referral
from referrals.triage.readers import working
from tests.factories import NOW, World, make_draft, make_letter, make_person, make_referral, make_world, send

PASSWORD = "correct horse battery"
WORRY = "He flinched when the door <b>banged</b>."


def as_(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def sign_in(person: User, password: str, address: str, **extra: Any) -> bool:
    answer = Client().post(
        reverse("account_login"), {"login": person.email, "password": password}, REMOTE_ADDR=address, **extra
    )
    return answer.status_code == 302


# --- accounts -----------------------------------------------------------------------------------------------------


def test_nobody_locks_a_screener_out_from_elsewhere(world: World) -> None:
    person = world.person(Role.SCREENER)
    assert not any(sign_in(person, "wrong", "203.0.113.9") for _ in range(9))
    assert not sign_in(person, PASSWORD, "203.0.113.9"), "the guesser goes on guessing"
    assert sign_in(person, PASSWORD, "198.51.100.7")


def test_one_who_guesses_does_not_lock_out_an_office(world: World) -> None:
    for n in range(20):
        Client().post(
            reverse("account_login"), {"login": f"{n}@nowhere.example", "password": "x"}, REMOTE_ADDR="203.0.113.8"
        )
    assert sign_in(world.person(Role.SCREENER), PASSWORD, "203.0.113.8")


def test_behind_a_proxy_each_address_is_counted_for_itself(world: World, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    person, forged = world.person(Role.SCREENER), "198.51.100.1, 203.0.113.7"
    assert not any(sign_in(person, "wrong", "10.0.0.1", HTTP_X_FORWARDED_FOR=forged) for _ in range(6))
    assert not sign_in(person, PASSWORD, "10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.2, 203.0.113.7")
    assert sign_in(person, PASSWORD, "10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.9")


def test_old_addresses_written_as_new_ones_are_not_one_place(world: World) -> None:
    """As a server or a proxy writes them that listens to both kinds at once."""
    person = world.person(Role.SCREENER)
    assert not any(sign_in(person, "wrong", "::ffff:203.0.113.9") for _ in range(6))
    assert not sign_in(person, PASSWORD, "203.0.113.9"), "the same place, however it is written"
    assert sign_in(person, PASSWORD, "::ffff:198.51.100.7")


def test_the_demonstrations_password_opens_nothing_outside_it(world: World, settings: Any) -> None:
    person = world.person(Role.SCREENER)
    person.set_password(settings.DEMO_PASSWORD)
    person.save()
    assert sign_in(person, settings.DEMO_PASSWORD, "203.0.113.5")
    settings.DEMO = False
    assert not sign_in(person, settings.DEMO_PASSWORD, "203.0.113.5")
    with pytest.raises(CommandError, match="demonstration mode only"):
        call_command("seed_demo")
    twice = {"password1": settings.DEMO_PASSWORD, "password2": settings.DEMO_PASSWORD}
    answer = as_(person).post(reverse("account_change_password"), {"oldpassword": settings.DEMO_PASSWORD, **twice})
    assert b"known to everybody" in answer.content


REAL = {"FRONT_DOOR_DEMO": "0", "SECRET_KEY": "x" * 60, "ENCRYPTION_KEYS": Fernet.generate_key().decode()}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"FRONT_DOOR_DEMO": "0", "SECRET_KEY": ""}, "Set SECRET_KEY"),
        ({**REAL, "EMAIL_URL": "consolemail://"}, "Set EMAIL_URL"),
        ({**REAL, "EMAIL_URL": "dummymail://"}, "Set EMAIL_URL"),
        ({"DATABASE_URL": "postgres://127.0.0.1:1/none"}, "The database can't be reached"),
        ({"ALLOWED_HOSTS": "frontdoor.medway.gov.uk"}, "serves no public name"),
        ({"ALLOWED_HOSTS": "*"}, "serves no public name"),
    ],
)
def test_a_setting_that_is_wrong_is_one_line(given: dict[str, str], says: str) -> None:
    command = [sys.executable, "manage.py", "verify_audit"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env={**os.environ, **given}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and not done.stdout
    assert says in done.stderr and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "page", ["email/", "confirm-email/", "confirm-email/abc/", "login/code/", "login/code/confirm/", "password/set/"]
)
def test_the_sign_in_librarys_other_pages_are_not_there(world: World, page: str) -> None:
    client = as_(world.person(Role.PRACTITIONER))
    assert client.get(f"/accounts/{page}").status_code == 404
    assert client.post(f"/accounts/{page}").status_code == 404


def test_nobody_moves_an_account_to_another_address(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    client, before = as_(person), person.email
    for what in ("action_add", "action_primary"):
        client.post("/accounts/email/", {what: "", "email": "screener@another.example"})
    person.refresh_from_db()
    assert person.email == before
    assert not mail.outbox


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "http:x.ex",
    ],
)
def test_signing_in_and_out_leads_nowhere_else(world: World, where: str) -> None:
    client = Client()
    typed = {"login": world.person(Role.PRACTITIONER).email, "password": PASSWORD, "next": where}
    assert client.post(reverse("account_login"), typed)["Location"] == "/testshire/"
    assert client.post(reverse("account_logout"), {"next": where})["Location"] == "/"


def test_a_forged_host_gets_into_no_link(world: World) -> None:
    person = world.person(Role.PRACTITIONER)
    Client().post(reverse("account_reset_password"), {"email": person.email}, HTTP_X_FORWARDED_HOST="evil.example")
    outbox.deliver_due(at=timezone.now())
    assert "evil.example" not in mail.outbox[0].body and settings.SITE_URL in mail.outbox[0].body
    assert Client().get("/", HTTP_HOST="evil.example").status_code == 400


def test_signing_out_empties_the_browsers_cache_and_its_back_button_shows_nothing(world: World) -> None:
    client = as_(world.person(Role.SCREENER))
    address = reverse("referral", args=["testshire", make_referral(world).pk])
    assert b"Robin" in client.get(address).content
    assert '"cache"' in client.post(reverse("account_logout"))["Clear-Site-Data"]
    assert client.get(address).status_code == 302


# --- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "address", "extra"),
    [
        ("get", "/", {}),
        ("get", "/testshire", {}),  # the slash is put to it before any view
        ("get", "/", {"HTTP_HOST": "evil.example"}),
        ("get", "/nowhere/at/all/", {}),
        ("get", "/static/nothing.css", {}),
        ("get", "/health/", {}),
        ("put", "/testshire/", {}),
        ("get", "/accounts/login/", {}),
        ("post", "/testshire/refer/start/", {}),
    ],
)
def test_every_answer_forbids_keeping_framing_and_foreign_script(
    world: World, method: str, address: str, extra: dict[str, str]
) -> None:
    answer = getattr(as_(world.person(Role.PRACTITIONER)), method)(address, **extra)
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_letters_subject_stands_in_no_title(world: World) -> None:
    """The browser's history, on a computer that others use, keeps titles."""
    referral = make_referral(world)
    letter = make_letter(world, referral)
    with scope(partnership=world.partnership):
        Letter.objects.filter(pk=letter.pk).update(subject="About Robin Marlow")
    page = as_(world.person(Role.PRACTITIONER)).get(reverse("letter", args=["testshire", referral.pk, letter.pk]))
    title, _, rest = page.content.decode().partition("</title>")
    assert "About Robin Marlow" in rest and "Robin" not in title and referral.reference in title


def test_an_answer_without_a_database_is_not_kept_either(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("gone")

    client = as_(world.person(Role.PRACTITIONER))
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", gone)
    answer = client.post(reverse("refer_start", args=["testshire"]), {"happened": WORRY})
    assert answer.status_code == 503 and b"He flinched" in answer.content
    assert "no-store" in answer["Cache-Control"]


# --- words that must not be lost ----------------------------------------------------------------------------------


def worry_page(draft: Draft) -> str:
    return reverse("refer_page", kwargs={"partnership": "testshire", "draft_id": draft.pk, "slug": "worry"})


def gives_back(answer: Any) -> bool:
    page = answer.content.decode()
    return "He flinched when the door &lt;b&gt;banged&lt;/b&gt;." in page and "<b>banged" not in page


def test_whoever_is_signed_out_while_writing_gets_every_word_back(world: World) -> None:
    answer = Client().post(worry_page(make_draft(world)), {"happened": WORRY, "seen": "0123"})
    assert answer.status_code == 403 and gives_back(answer)
    page = answer.content.decode()
    assert "You are signed out" in page and "/accounts/login/?next=/testshire/refer/" in page
    assert "0123" not in page


def test_a_page_that_went_away_while_somebody_wrote_gives_the_words_back(world: World) -> None:
    client, draft = as_(world.person(Role.PRACTITIONER)), make_draft(world)
    client.post(reverse("refer_discard", args=["testshire", draft.pk]))
    answer = client.post(worry_page(draft), {"happened": WORRY})
    assert answer.status_code == 404 and gives_back(answer)


def test_a_role_that_ends_while_somebody_writes_is_gone_at_once_and_loses_no_word(world: World) -> None:
    person, draft = world.person(Role.PRACTITIONER), make_draft(world)
    client = as_(person)
    Membership.objects.filter(user=person).update(ended_at=NOW - dt.timedelta(days=3000))
    answer = client.post(worry_page(draft), {"happened": WORRY})
    assert answer.status_code == 404 and gives_back(answer)
    draft_now = draft
    with scope(partnership=world.partnership):
        draft_now.refresh_from_db()
    assert "worry" not in draft_now.answers


def test_a_reason_for_what_was_stepped_down_meanwhile_is_given_back(world: World) -> None:
    referral, client = make_referral(world), as_(world.person(Role.SCREENER))
    with scope(partnership=world.partnership):
        Referral.objects.filter(pk=referral.pk).update(team=world.early_help)
    answer = client.post(reverse("referral_decide", args=["testshire", referral.pk]), {"reason": WORRY})
    assert answer.status_code == 404 and gives_back(answer)


# --- another's record ---------------------------------------------------------------------------------------------


def state_of(referral: Referral) -> tuple[Any, ...]:
    with scope(partnership=referral.partnership):
        now = Referral.objects.get(pk=referral.pk)
    return now.state, now.owner_id, now.team_id, now.agency_id, now.partnership_id, now.referrer_id, now.revision


def test_what_is_posted_beside_the_question_changes_nothing(world: World) -> None:
    other = make_world("othershire")
    stranger = other.person(Role.SCREENER)
    evil = {
        **{name: str(stranger.pk) for name in ("owner", "owner_id", "started_by", "referrer", "decided_by")},
        **{name: str(other.mash.pk) for name in ("team", "team_id")},
        **{name: str(other.school.pk) for name in ("agency", "agency_id")},
        **{name: str(other.partnership.pk) for name in ("partnership", "partnership_id")},
        "state": "decided",
        "revision": "7",
        "sent_at": "2020-01-01",
        "id": str(stranger.pk),
        "group": "person",
        "immediate_danger": "on",
        "went_through_mash": "on",
        "answers": "{}",
        "number": "9",
        "slug": "who",
    }
    person = world.person(Role.PRACTITIONER)
    client = as_(person)
    address = client.post(reverse("refer_start", args=["testshire"]), evil)["Location"]
    page = client.get(f"{address}worry/").content.decode()
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    assert client.post(f"{address}worry/", {**evil, "happened": WORRY, "seen": seen}).status_code == 302
    with scope(partnership=world.partnership):
        draft = Draft.objects.get()
        assert (draft.agency, draft.started_by, draft.sent_at) == (world.school, person, None)
        assert set(draft.answers) == {"children", "people", "worry"}
        assert not set(draft.answers["worry"]) & set(evil)
    client.post(f"{address}send/", evil)
    with scope(partnership=world.partnership):
        referral = Referral.objects.get()
    before = ("waiting", None, world.mash.pk, world.school.pk, world.partnership.pk, person.pk, 0)
    assert state_of(referral) == before
    screener, one = as_(world.person(Role.SCREENER)), f"/testshire/triage/{referral.pk}/"
    screener.post(f"{one}claim/", evil)
    mine = ("in_hand", world.person(Role.SCREENER).pk, *before[2:6], 1)
    assert state_of(referral) == mine
    for step, typed in (
        ("reassign", {"to": str(stranger.pk)}),
        ("reassign", {"to": str(world.person(Role.EARLY_HELP).pk)}),
        ("step-down", {"team": world.mash.slug, "reason": "x"}),
        ("step-down", {"team": str(other.early_help.pk), "reason": "x"}),
    ):
        assert screener.post(f"{one}{step}/", {**evil, **typed}).status_code == 200
        assert state_of(referral) == mine


def test_only_who_has_it_decides_and_only_once(world: World) -> None:
    one = f"/testshire/triage/{make_referral(world).pk}/"
    mine, colleague = as_(world.person(Role.SCREENER)), as_(make_person(world, Role.SCREENER, team=world.mash))
    decision = {
        "decided_level": "4",
        "outcome": "strategy_discussion",
        "primary_need": "N1",
        "reason": WORRY,
        "told_referrer": "Keep watching.",
        "parents_told_by": "worker",
        "child_told_by": "worker",
    }

    def decides(client: Client, revision: int) -> bool:
        client.post(f"{one}decide/", {**decision, "revision": str(revision)})
        with scope(partnership=world.partnership):
            return Decision.objects.exists()

    assert not decides(mine, 0), "nobody has it"
    mine.post(f"{one}claim/")
    assert not decides(colleague, 1), "a colleague has it"
    assert not decides(mine, 0), "the form is stale"
    for other in (Role.EARLY_HELP, Role.PRACTITIONER, Role.MANAGER, Role.ADMIN):
        assert not decides(as_(world.person(other)), 1), other
    assert decides(mine, 1)
    for client, revision in ((mine, 1), (mine, 2), (colleague, 2)):
        client.post(f"{one}decide/", {**decision, "reason": "Another", "revision": str(revision)})
    with scope(partnership=world.partnership):
        assert Decision.objects.get().reason == WORRY
        assert Letter.objects.filter(kind=Letter.Kind.OUTCOME).count() == 1


@pytest.mark.parametrize("other", [Role.LADO, Role.ADMIN, Role.CHECKER], ids=lambda role: role.value)
def test_a_role_that_reads_no_queue_takes_nobody_through_the_fire_wall(world: World, other: Role) -> None:
    """What early help may do, it may in its own team, not in that of another role, whatever is written there."""
    erin, referral = world.person(Role.EARLY_HELP), make_referral(world)
    Membership.objects.create(user=erin, partnership=world.partnership, role=other.value, team=world.mash)
    client = as_(erin)
    for name, key in (("queue_team", "mash"), ("referral", referral.pk)):
        assert client.get(reverse(name, args=["testshire", key])).status_code == 404
    with scope(partnership=world.partnership):
        actor = actor_for(erin, world.partnership)
        assert working(actor) is Audience.EARLY_HELP and actor.team_ids == {world.early_help.pk}
        assert actor.teams_for(Permission.SUPPORT_KEEP) == {world.early_help.pk}


def test_a_role_that_works_in_no_queue_is_given_in_no_team(world: World) -> None:
    admin = as_(world.person(Role.ADMIN))
    told = {"name": "Nia New", "email": "nia@testshire.example", "role": "lado", "agency": "", "team": "mash"}
    assert admin.post(reverse("member_invite", args=["testshire"]), told).status_code == 302
    assert Invitation.objects.get().team is None
    with scope(partnership=world.partnership), pytest.raises(Refused, match="in no team"):
        members.may_give(actor_for(world.person(Role.ADMIN), world.partnership), Post(Role.LADO, None, world.mash))


def test_the_mash_is_walled_off_from_early_help_by_every_way(world: World) -> None:
    child = {"first_name": "Wren", "last_name": "Zephyrine"}
    hidden = make_referral(world, child=child)
    theirs = make_referral(world, child=child, indicators=("health-2-01",), team=world.early_help)
    client = as_(world.person(Role.EARLY_HELP))
    for address in (
        "/testshire/queue/mash/",
        f"/testshire/triage/{hidden.pk}/",
        f"/testshire/triage/{hidden.pk}/decide/",
    ):
        assert client.get(f"/testshire/{address}").status_code == 404
    for step in ("claim", "release", "acknowledge", "lado", "reassign", "step-up", "step-down", "reopen", "decide"):
        before = state_of(hidden)
        typed = {"reason": "x", "note": "x", "words": "x", "team": "early-help", "revision": "0"}
        assert client.post(f"/testshire/triage/{hidden.pk}/{step}/", typed).status_code == 404, step
        assert state_of(hidden) == before
    queue = client.get("/testshire/queue/early-help/").content.decode()
    assert theirs.reference in queue and hidden.reference not in queue
    assert "/queue/mash/" not in queue
    page = client.get(f"/testshire/triage/{theirs.pk}/").content.decode()
    assert hidden.reference not in page and str(hidden.pk) not in page
    assert client.get(f"/testshire/triage/{theirs.pk}/summary.pdf").status_code == 404
    send(client, f"/testshire/triage/{theirs.pk}/step-up/", reason="Harm")
    assert client.get(f"/testshire/triage/{theirs.pk}/").status_code == 404, "stepped up, it is the MASH's"


def test_a_colleagues_and_another_agencys_draft_is_not_there(world: World) -> None:
    draft = make_draft(world)
    for agency in (world.school, world.practice):
        client = as_(make_person(world, Role.PRACTITIONER, agency=agency))
        lead = as_(make_person(world, Role.SAFEGUARDING_LEAD, agency=agency))
        for each in (client, lead):
            for page in ("", "check/", "send/", "sent/", "discard/", "worry/", "child/1/who/", "child/1/remove/"):
                for answer in (each.get, each.post):
                    assert answer(f"/testshire/refer/{draft.pk}/{page}").status_code in (404, 405)
    with scope(partnership=world.partnership):
        draft.refresh_from_db()
        assert draft.sent_at is None and draft.discarded_at is None and not Referral.objects.exists()


def test_a_discarded_draft_is_never_sent(world: World) -> None:
    draft, client = make_draft(world), as_(world.person(Role.PRACTITIONER))
    with scope(partnership=world.partnership):
        Draft.objects.update(answers={**draft.answers, "worry": {"happened": WORRY}})
    client.post(f"/testshire/refer/{draft.pk}/discard/")
    assert client.post(f"/testshire/refer/{draft.pk}/send/").status_code == 404
    with scope(partnership=world.partnership):
        assert not Referral.objects.exists()


def test_a_draft_discarded_twice_at_once_is_put_away_and_nothing_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, draft, discard = as_(world.person(Role.PRACTITIONER)), make_draft(world), intake.discard_draft

    def as_the_other_press_comes_first(**how: Any) -> None:
        discard(**how)
        discard(**how)

    monkeypatch.setattr(intake, "discard_draft", as_the_other_press_comes_first)
    answer = client.post(f"/testshire/refer/{draft.pk}/discard/")
    assert answer.status_code == 302 and answer["Location"] == "/testshire/referrals/"
    assert client.get(f"/testshire/refer/{draft.pk}/").status_code == 404


def test_no_form_is_taken_from_another_site(world: World) -> None:
    referral = make_referral(world)
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.person(Role.SCREENER))
    before = state_of(referral)
    for step in ("claim", "decide", "step-down"):
        assert client.post(f"/testshire/triage/{referral.pk}/{step}/", {"reason": "x"}).status_code == 403
    assert client.post(reverse("account_logout")).status_code == 403
    assert state_of(referral) == before


# --- wire and post ------------------------------------------------------------------------------------------------


def test_a_cookie_that_no_database_can_look_up_never_reaches_one() -> None:
    request = RequestFactory().get("/", HTTP_COOKIE='sessionid="a\\000b"; csrftoken=kept')
    assert "\x00" in request.COOKIES["sessionid"]
    kept: dict[str, str] = {}

    def view(asked: HttpRequest) -> HttpResponse:
        kept.update(asked.COOKIES)
        return HttpResponse()

    RequestIdMiddleware(view)(request)
    assert kept == {"csrftoken": "kept"}


def test_a_slow_mail_system_lets_no_second_delivery_take_what_is_being_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scope(partnership=world.partnership):
        for n in range(4):
            outbox.tell(
                partnership=world.partnership,
                referral=None,
                kind="test",
                to=world.person(Role.SCREENER),
                key=str(n),
                subject="Front Door",
                body="A notice",
                at=NOW,
            )
    clock, free = [0.0], []

    class Slow(BaseEmailBackend):
        def send_messages(self, messages: list[Any]) -> int:
            key = messages[0].extra_headers["Message-ID"][1:].partition("@")[0]
            clock[0] += 50  # the fourth is sent 200 seconds after the first was begun: later than the first lease
            moment = NOW + dt.timedelta(seconds=clock[0])
            free.append(Notice.objects.deliverable(moment).filter(pk=key).exists())
            return 1

    monkeypatch.setattr(post, "get_connection", Slow)
    monkeypatch.setattr(outbox.time, "monotonic", lambda: clock[0])
    assert outbox.deliver_due(at=NOW).sent == 4
    assert free == [False] * 4


@pytest.mark.parametrize("where", ["http://127.0.0.1:9/x.png", "file:///etc/passwd", "//127.0.0.1:9/x", "ftp://x/y"])
def test_a_pdf_fetches_nothing(where: str) -> None:
    with pytest.raises(ValueError, match="protocol|UR[IL]|url"):
        fetcher().fetch(where)


def test_the_deployment_check_speaks_of_demonstration_mode(db: None, settings: Any) -> None:
    def said() -> list[str]:
        return [each.id for each in run_checks(tags=["security"], include_deployment_checks=True)]

    assert "front_door.E001" in said()
    settings.DEMO = False
    assert "front_door.E001" not in said()
