"""The outbox: asked before sent again, leases looked at twice, digests, bounces, what was given up; the portal."""

from __future__ import annotations

import datetime as dt
import email
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse

from partnerships.models import AuditEntry
from partnerships.permissions import Role
from referrals import bounces, digests, outbox, watch
from referrals import post as posts
from referrals.clocks import sweep as clocks
from referrals.health import look
from referrals.models import Clock, Heartbeat, Notice, NoticeChoice
from referrals.notices.words import why_not
from tests.factories import NOW, World, make_referral

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("in_scope")]
MINUTE = dt.timedelta(minutes=1)


class Notified:
    """A provider that keeps what it was handed by reference, as GOV.UK Notify does; it can die after taking it."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.dies = False

    def send_email_notification(self, **told: Any) -> None:
        self.taken.append({**told, "status": "sending"})
        if self.dies:
            raise ConnectionResetError

    def get_all_notifications(self, *, template_type: str, reference: str) -> dict[str, Any]:
        return {"notifications": [each for each in self.taken if each["reference"] == reference]}


@pytest.fixture
def notified(monkeypatch: Any) -> Notified:
    client = Notified()
    monkeypatch.setattr(outbox, "provider", lambda: posts.Notify(client, "template"))
    return client


def tell(world: World, key: str = "a", kind: str = "test", referral: Any = None, to: Any = None) -> Notice:
    notice = outbox.tell(
        partnership=world.partnership,
        referral=referral,
        kind=kind,
        to=to or world.person(Role.SCREENER),
        key=key,
        subject="Front Door: something to read",
        body="Sign in to read it.",
        at=NOW,
    )
    assert notice is not None
    return notice


def fresh(notice: Notice) -> Notice:
    return Notice.objects.get(pk=notice.pk)


def test_a_provider_that_took_it_and_died_is_asked_and_not_handed_it_twice(world: World, notified: Notified) -> None:
    notice = tell(world)
    notified.dies = True
    assert outbox.deliver_due(at=NOW).failed == 1
    notified.dies = False
    assert outbox.deliver_due(at=NOW + 5 * MINUTE).sent == 1
    assert [each["reference"] for each in notified.taken] == [str(notice.pk)]
    assert fresh(notice).state == Notice.State.SENT


def test_a_worker_that_was_killed_between_sending_and_noting_it_does_not_double_it(
    world: World, notified: Notified
) -> None:
    notice = tell(world)
    assert outbox.take(notice, NOW) and outbox.begin(notice, NOW)
    posts.Notify(notified, "template").send(notice)  # and here the worker is killed
    outbox.deliver_due(at=NOW + outbox.LEASE + MINUTE)
    assert len(notified.taken) == 1 and fresh(notice).state == Notice.State.SENT


def test_a_worker_whose_lease_ran_out_does_not_send(world: World, notified: Notified) -> None:
    slow, quick = tell(world), None
    assert outbox.take(slow, NOW)
    quick = fresh(slow)
    later = NOW + outbox.LEASE + MINUTE
    assert outbox.take(quick, later)
    assert not outbox.send(slow, later, post=posts.Notify(notified, "template"))
    assert notified.taken == []
    assert outbox.send(quick, later, post=posts.Notify(notified, "template"))
    assert len(notified.taken) == 1


def test_what_the_provider_could_not_deliver_opens_a_task(world: World, notified: Notified) -> None:
    referral = make_referral(world)
    notice = tell(world, referral=referral, to=world.person(Role.PRACTITIONER))
    outbox.deliver_due(at=NOW)
    notified.taken[0]["status"] = "permanent-failure"
    outbox.deliver_due(at=NOW + 5 * MINUTE)
    assert fresh(notice).state == Notice.State.BOUNCED
    task = Clock.objects.get(referral=referral, slug="not_reached")
    assert task.due_at == dt.datetime(2026, 11, 25, 23, 59, 59, tzinfo=dt.UTC)
    assert "Practitioner" not in task.name
    outbox.deliver_due(at=NOW + 10 * MINUTE)
    assert Clock.objects.filter(slug="not_reached").count() == 1


def test_a_bounce_that_the_mail_system_received_is_taken_in(world: World) -> None:
    referral = make_referral(world)
    notice = tell(world, referral=referral)
    outbox.deliver_due(at=NOW)
    assert mail.outbox[0].extra_headers["Message-ID"] == f"<{notice.pk}@front-door>"
    bounce = email.message_from_string(
        "From: MAILER-DAEMON\nSubject: Undelivered\nContent-Type: multipart/report; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nNo such mailbox.\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: <{notice.pk}@front-door>\nSubject: x\n\nx\n--b--\n"
    )
    assert bounces.bounce(bounce, at=NOW)
    assert fresh(notice).state == Notice.State.BOUNCED
    assert not bounces.bounce(bounce, at=NOW), "taken in once"
    assert not bounces.bounce(email.message_from_string("Subject: Hello\n\nHello"), at=NOW)


def test_word_of_a_child_in_danger_that_came_back_is_told_to_the_managers_at_once(world: World) -> None:
    referral, manager = make_referral(world), world.person(Role.MANAGER)
    referral.immediate_danger = True
    referral.save()
    notice = tell(world, "a", referral=referral, kind="danger")
    outbox.deliver_due(at=NOW)
    bounces.came_back(notice=notice, why="No such mailbox", at=NOW)
    told = Notice.objects.get(kind="danger_unheard")
    assert told.to == manager and not told.digest and notice.to.name in told.body and referral.reference in told.body
    outbox.deliver_due(at=NOW)
    bounces.came_back(notice=told, why="No such mailbox", at=NOW)
    assert Notice.objects.filter(kind="danger_unheard").count() == 1, "theirs comes back too: nobody is told for ever"


def test_an_address_that_is_refused_for_good_is_not_tried_eight_times(world: World, monkeypatch: Any) -> None:
    class Refuses(BaseEmailBackend):
        def send_messages(self, messages: Any) -> None:
            raise smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"no such user")})

    monkeypatch.setattr(posts, "get_connection", Refuses)
    notice = tell(world, referral=make_referral(world))
    assert outbox.deliver_due(at=NOW).failed == 1
    assert (fresh(notice).state, fresh(notice).last_error) == (Notice.State.BOUNCED, "refused, 550")
    assert Clock.objects.filter(slug="not_reached").exists()


def test_a_delivery_connects_once_and_a_leave_taking_that_fails_doubles_nothing(world: World, monkeypatch: Any) -> None:
    did: list[str] = []

    class Abrupt(BaseEmailBackend):
        def open(self) -> bool:
            did.append("connected")
            assert not Notice.objects.filter(begun_at__isnull=False).exists(), "a handing-over begins connected"
            return True

        def send_messages(self, messages: Any) -> int:
            did.append("sent")
            return len(messages)

        def close(self) -> None:
            did.append(f"{Notice.objects.filter(state=Notice.State.SENT).count()} marked")
            raise ConnectionResetError

    monkeypatch.setattr(posts, "get_connection", Abrupt)
    for key in "abc":
        tell(world, key)
    assert outbox.deliver_due(at=NOW).sent == 3
    assert did == ["connected", "sent", "sent", "sent", "3 marked"]
    assert outbox.deliver_due(at=NOW + MINUTE).sent == 0


def test_one_email_each_morning_for_who_chose_it_and_what_can_not_wait_comes_at_once(world: World) -> None:
    screener = world.person(Role.SCREENER)
    digests.choose(partnership=world.partnership, how=NoticeChoice.How.DIGEST, by=screener, at=NOW)
    held = [tell(world, "a"), tell(world, "b")]
    urgent = tell(world, "c", kind="clock_overdue")
    outbox.deliver_due(at=NOW)
    assert len(mail.outbox) == 1 and fresh(urgent).state == Notice.State.SENT
    morning = digests.next_digest(NOW)
    assert f"{morning:%H:%M}" == "08:00" and morning > NOW
    for _ in range(3):
        outbox.deliver_due(at=morning)
    assert [message.subject for message in mail.outbox[1:]] == ["Front Door: 2 notices since yesterday"]
    assert {fresh(each).state for each in held} == {Notice.State.SENT}
    assert fresh(held[0]).digested_in == fresh(held[1]).digested_in is not None


@pytest.mark.parametrize(
    "kind",
    [
        "check",
        "question",
        "chased",
        "glass",
        "allegation",
        "named",
        "restricted",
        "absent",
        "second_factor-taken_off",
        "role-given",
        "invitation",
    ],
)
def test_what_warns_of_somebody_waits_for_no_morning(world: World, kind: str) -> None:
    """A restricted record opened in need, a second factor taken off: who is told hears while it still matters."""
    screener = world.person(Role.SCREENER)
    digests.choose(partnership=world.partnership, how=NoticeChoice.How.DIGEST, by=screener, at=NOW)
    notice = tell(world, "a", kind=kind)
    assert not notice.digest and outbox.deliver_due(at=NOW).sent == 1


def test_nothing_of_a_child_in_danger_waits_for_a_morning(world: World) -> None:
    screener = world.person(Role.SCREENER)
    digests.choose(partnership=world.partnership, how=NoticeChoice.How.DIGEST, by=screener, at=NOW)
    calm, danger = make_referral(world), make_referral(world)
    danger.immediate_danger = True
    one: dict[str, Any] = {"kind": "assigned", "to": screener, "subject": "s", "body": "b"}
    words = [outbox.Word(referral=row, key=f"many:{row.pk}", **one) for row in (calm, danger)]
    outbox.tell_all(partnership=world.partnership, words=words, at=NOW)
    for row in (calm, danger):
        outbox.tell(partnership=world.partnership, referral=row, key=f"one:{row.pk}", at=NOW, **one)
    waits = dict(Notice.objects.filter(kind="assigned").values_list("key", "digest"))
    assert waits == {f"{way}:{row.pk}": row is calm for way in ("one", "many") for row in (calm, danger)}


def test_who_wants_them_at_once_again_gets_what_was_held_back(world: World) -> None:
    screener = world.person(Role.SCREENER)
    digests.choose(partnership=world.partnership, how=NoticeChoice.How.DIGEST, by=screener, at=NOW)
    tell(world)
    digests.choose(partnership=world.partnership, how=NoticeChoice.How.AT_ONCE, by=screener, at=NOW)
    assert outbox.deliver_due(at=NOW).sent == 1


def test_a_backlog_of_hundreds_goes_out_in_one_delivery(world: World) -> None:
    for n in range(130):
        tell(world, str(n))
    assert outbox.deliver_due(at=NOW).sent == 130


def test_the_loops_watch_one_another_and_tell_the_admin_once(world: World) -> None:
    make_referral(world)
    Heartbeat.objects.create(name="sweep", beat_at=NOW)
    later = NOW + dt.timedelta(hours=25)
    for _ in range(3):
        watch.deliver(at=later)
    assert Clock.objects.filter(slug="decide", stage=Clock.Stage.OVERDUE).exists(), "the other loop swept"
    told = Notice.objects.filter(kind="stood_still")
    assert [each.to for each in told] == [world.person(Role.ADMIN)]
    Heartbeat.objects.filter(name="deliver").update(beat_at=NOW)
    tell(world)
    watch.sweep(at=later + 10 * MINUTE)
    assert Notice.objects.get(kind="test").state == Notice.State.SENT, "the other loop delivered"


def test_operations_see_what_stands_still(world: World, client: Client, settings: Any, tmp_path: Any) -> None:
    (tmp_path / "broker").mkdir()
    settings.VAR_DIR, settings.REDIS_URL = tmp_path, ""
    clocks.sweep(at=NOW)
    outbox.deliver_due(at=NOW)
    assert look(at=NOW).is_well
    make_referral(world, child={"first_name": "Zephyrine"})
    tell(world)
    found = look(at=NOW + dt.timedelta(hours=30))
    assert (found.sweep_age, found.outbox_waiting, found.clocks_unswept) == (30 * 3600, 1, 2)
    assert len(found.faults) == 4
    answer = client.get(reverse("health_watch"))
    assert answer.status_code in (200, 503) and answer.json()["database"] == "ok"
    assert "Zephyrine" not in answer.content.decode()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert look(at=NOW).broker == "down"


def test_a_database_that_is_away_is_a_finding_and_no_error(client: Client, monkeypatch: Any) -> None:
    from django.db import OperationalError

    from referrals import health

    def away(*args: Any) -> Any:
        raise OperationalError("away")

    monkeypatch.setattr(health, "with_database", away)
    answer = client.get(reverse("health_watch"))
    assert (answer.status_code, answer.json()["database"]) == (503, "down")


def signed_in(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.person(role))
    return client


def at(world: World, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"partnership": world.partnership.slug, **kwargs})


def test_notices_stand_in_the_portal_with_their_count_and_opening_the_referral_reads_them(world: World) -> None:
    referral = make_referral(world)
    tell(world, "a", referral=referral)
    tell(world, "b")
    tell(world, "c", to=world.person(Role.MANAGER))
    client = signed_in(world, Role.SCREENER)
    page = client.get(at(world, "notices")).content.decode()
    assert "Notices (2)" in page and page.count(">New<") == 2
    assert at(world, "referral", referral_id=referral.pk) in page
    page = client.get(at(world, "referral", referral_id=referral.pk)).content.decode()
    assert "Notices (1)" in page
    assert client.post(at(world, "notices_read")).status_code == 302
    assert "Notices (" not in client.get(at(world, "notices")).content.decode()
    assert Notice.objects.filter(read_at__isnull=True).count() == 1, "the manager's stays unread"


def test_each_chooses_how_to_hear(world: World) -> None:
    client = signed_in(world, Role.PRACTITIONER)
    assert client.post(at(world, "notices_choice"), {}).status_code == 422
    assert client.post(at(world, "notices_choice"), {"how": "digest"}).status_code == 302
    assert "one email each morning" in client.get(at(world, "notices")).content.decode()


def test_the_admin_sees_what_was_given_up_without_a_child_and_tries_it_again(world: World) -> None:
    referral = make_referral(world, child={"first_name": "Zephyrine"})
    notice = tell(world, referral=referral)
    Notice.objects.filter(pk=notice.pk).update(state=Notice.State.DEAD, attempts=8, last_error="TimeoutError")
    client = signed_in(world, Role.ADMIN)
    page = client.get(at(world, "undelivered")).content.decode()
    assert "Given up after 8 attempts: the mail system did not answer in time (TimeoutError)" in page
    assert referral.reference not in page and "Zephyrine" not in page
    assert client.post(at(world, "try_again", notice_id=notice.pk)).status_code == 302
    assert outbox.deliver_due(at=NOW + dt.timedelta(days=900)).sent >= 1
    assert fresh(notice).state == Notice.State.SENT
    assert signed_in(world, Role.MANAGER).get(at(world, "undelivered")).status_code == 404


def test_what_did_not_arrive_is_dealt_with_by_a_reason_in_the_trail_and_leaves_the_count(world: World) -> None:
    dead, sent = tell(world), tell(world, "b")
    Notice.objects.filter(pk=dead.pk).update(state=Notice.State.BOUNCED)
    Notice.objects.filter(pk=sent.pk).update(state=Notice.State.SENT)
    client, listed = signed_in(world, Role.ADMIN), at(world, "undelivered")
    assert "1 did not arrive" in client.get(listed).content.decode()
    address = at(world, "notice_dealt_with", notice_id=dead.pk)
    assert address in client.get(listed).content.decode()
    empty = client.post(address, {"how": "  "})
    assert empty.status_code == 422 and "Say what was done about it" in empty.content.decode()
    assert client.post(address, {"how": "Telephoned them."}).status_code == 302
    late = client.post(address, {"how": "Another word."})
    assert late.status_code == 422 and "Another word." in late.content.decode()
    row, admin = fresh(dead), world.person(Role.ADMIN)
    assert (row.dealt_with_how, row.dealt_with_by, row.state) == ("Telephoned them.", admin, Notice.State.BOUNCED)
    trail = AuditEntry.objects.get(verb="notice.dealt_with")
    assert (trail.by, trail.object_id, trail.detail["how"]) == (admin, str(dead.pk), "Telephoned them.")
    page = client.get(listed).content.decode()
    assert "Nothing is left to deal with." in page and "Telephoned them." in page and address not in page
    assert client.post(at(world, "try_again", notice_id=dead.pk)).status_code == 302
    assert fresh(dead).state == Notice.State.BOUNCED, "what is dealt with does not go out again"
    client.post(at(world, "notice_dealt_with", notice_id=sent.pk), {"how": "x"})
    assert fresh(sent).dealt_with_at is None, "what was sent has nothing to deal with"
    for role in (Role.MANAGER, Role.SCREENER, Role.PRACTITIONER):
        assert signed_in(world, role).post(address, {"how": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("state", "error", "reads"),
    [
        ("bounced", "refused, 550", "Came back: the address was refused (550)"),
        ("bounced", "the mail system sent it back", "Came back: the mail system sent it back"),
        ("dead", "gaierror", "Given up after 8 attempts: the mail system could not be reached (gaierror)"),
        ("dead", "NeverHeardOf", "Given up after 8 attempts (NeverHeardOf)"),
        ("dead", "InDoubt", "In doubt: it may have gone. Ask them, or send it again"),
    ],
)
def test_why_it_did_not_arrive_is_said_in_words(state: str, error: str, reads: str) -> None:
    assert why_not(Notice(state=state, last_error=error, attempts=8)) == reads
