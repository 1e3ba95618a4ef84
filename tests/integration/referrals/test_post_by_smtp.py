"""Email by SMTP, which can't be asked: a postman that outlives its worker, its book, and what is in doubt still."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from partnerships.permissions import Role
from referrals import outbox, post
from referrals.models import Notice
from referrals.notices.actions import try_again
from referrals.post_book import KEPT, Entry, PostBook, instant
from tests.factories import NOW, World
from tests.mail_system import MailSystem

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("in_scope")]
ROOT = Path(__file__).resolve().parents[3]
MINUTE = dt.timedelta(minutes=1)
AFTER_LEASE = NOW + outbox.LEASE + MINUTE


@pytest.fixture
def mail_system(settings: Any, tmp_path: Path) -> Iterator[MailSystem]:
    made = MailSystem()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.POST_BOOK_DIR = tmp_path / "book"
    yield made
    made.stop()
    for postman in post._idle:
        postman.dismiss()
    post._idle.clear()


def tell(world: World, key: str = "a", body: str = "Sign in to read it.") -> Notice:
    notice = outbox.tell(
        partnership=world.partnership,
        referral=None,
        kind="test",
        to=world.person(Role.SCREENER),
        key=key,
        subject="Front Door: something to read",
        body=body,
        at=NOW,
    )
    assert notice is not None
    return notice


def fresh(notice: Notice) -> Notice:
    return Notice.objects.get(pk=notice.pk)


def soon(true: Callable[[], Any]) -> Any:
    until = time.monotonic() + 20
    while not (found := true()):
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)
    return found


class Stop:
    """Stands at one point of the first conversation until it is let go."""

    def __init__(self, at: str) -> None:
        self.point, self.reached, self.go = at, threading.Event(), threading.Event()

    def __call__(self, point: str) -> None:
        if point == self.point and not self.reached.is_set():
            self.reached.set()
            self.go.wait(20)


WORKER = """
import json, sys
from referrals.postman import Postman
postman = Postman()
for request in json.load(sys.stdin):
    print(json.dumps(postman.ask(**request)), flush=True)
"""


def a_worker_begins(notice: Notice, mail_system: MailSystem, book: PostBook) -> subprocess.Popen[bytes]:
    """A process of its own that leases the notice, begins, and asks its postman to hand it over."""
    assert outbox.take(notice, NOW) and outbox.begin(notice, NOW, book=book.name())
    where = {"host": "127.0.0.1", "port": mail_system.port, "user": "", "password": "", "tls": False, "ssl": False}
    connect = {"do": "connect", "book": str(book.folder), **where, "cert": None, "key": None, "seconds": 10}
    message = f"Message-ID: <{notice.pk}@front-door>\r\n\r\nHello.\r\n"
    send = {
        "do": "send",
        "notice": str(notice.pk),
        "begun": instant(NOW),
        "until": time.time() + 60,
        "from": "door@example.test",
        "to": "sam@example.test",
        "message": base64.b64encode(message.encode()).decode(),
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert worker.stdin
    worker.stdin.write(json.dumps([connect, send]).encode())
    worker.stdin.close()
    return worker


def postman_of(worker: subprocess.Popen[bytes]) -> int:
    assert worker.stdout
    return int(json.loads(worker.stdout.readline())["pid"])


def test_it_goes_out_as_it_was_written_and_the_book_says_so(world: World, mail_system: MailSystem) -> None:
    notice = tell(world, body=".A dot begins this line.\nŻółć, émile, 你好 🌱\n..\n.\nthe end")
    assert outbox.deliver_due(at=NOW).sent == 1
    told = message_from_bytes(mail_system.messages[0].encode(), policy=policy.default)
    assert told["Message-ID"] == f"<{notice.pk}@front-door>" and told["To"] == notice.to.email
    assert told["Subject"] == notice.subject
    assert told.get_content().splitlines() == notice.body.splitlines()
    row, book = fresh(notice), post.BySMTP()
    assert (row.state, row.begun_on, row.doubted_at) == (Notice.State.SENT, book.book, None)
    assert book.kept.says(str(row.pk), instant(row.begun_at)) is Entry.TAKEN
    assert outbox.deliver_due(at=AFTER_LEASE).sent == 0
    assert sum(mail_system.taken.values()) == 1


def test_one_postman_and_one_connection_for_a_delivery(world: World, mail_system: MailSystem) -> None:
    for key in "abc":
        tell(world, key)
    assert outbox.deliver_due(at=NOW).sent == 3
    assert [word[:4] for word in mail_system.said].count("ehlo") == 1
    first = post._idle[0]
    tell(world, "d")
    assert outbox.deliver_due(at=NOW).sent == 1
    assert post._idle == [first], "the same postman goes again"
    soon(lambda: mail_system.said.count("quit") + mail_system.said.count("QUIT") == 2)


def test_a_worker_killed_while_the_mail_system_makes_up_its_mind_doubles_nothing(
    world: World, mail_system: MailSystem, settings: Any
) -> None:
    mail_system.at = stop = Stop("taken")
    notice, book = tell(world), PostBook(settings.POST_BOOK_DIR)
    worker = a_worker_begins(notice, mail_system, book)
    assert stop.reached.wait(20)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    stop.go.set()
    soon(lambda: book.says(str(notice.pk), instant(NOW)) is Entry.TAKEN)
    assert outbox.deliver_due(at=AFTER_LEASE).sent == 1
    assert mail_system.taken == {str(notice.pk): 1}
    row = fresh(notice)
    assert (row.state, row.doubted_at) == (Notice.State.SENT, None)


def both_killed(mail_system: MailSystem, book: PostBook, notice: Notice, where: str) -> None:
    """A worker and its postman, killed while the mail system stands there."""
    mail_system.at = stop = Stop(where)
    worker = a_worker_begins(notice, mail_system, book)
    postman = postman_of(worker)
    assert stop.reached.wait(20)
    for pid in (worker.pid, postman):
        os.kill(pid, signal.SIGKILL)
    worker.wait()
    stop.go.set()


@pytest.mark.parametrize("how", ["again", "hold"])
def test_where_the_postman_too_was_killed_it_is_in_doubt_and_the_setting_says_what_then(
    world: World, mail_system: MailSystem, settings: Any, how: str
) -> None:
    settings.MAIL_IN_DOUBT = how
    notice, book = tell(world), PostBook(settings.POST_BOOK_DIR)
    both_killed(mail_system, book, notice, "taken")
    assert book.says(str(notice.pk), instant(NOW)) is Entry.HANDING_OVER
    delivered = outbox.deliver_due(at=AFTER_LEASE)
    row = fresh(notice)
    assert row.doubted_at is not None
    client = Client()
    client.force_login(world.person(Role.ADMIN))
    Notice.objects.filter(pk=row.pk).update(doubted_at=dt.datetime.now(dt.UTC))
    page = client.get(reverse("undelivered", kwargs={"partnership": world.partnership.slug})).content.decode()
    assert "1 notice was in doubt" in page
    if how == "again":
        assert delivered.sent == 1 and mail_system.taken == {str(notice.pk): 2}, "twice, under one Message-ID"
        assert "its reader may have it twice" in page
        return
    assert (delivered.sent, row.state) == (0, Notice.State.DEAD)
    assert mail_system.taken == {str(notice.pk): 1}
    assert "In doubt: it may have gone" in page and "held back until an admin said" in page
    assert try_again(notice=fresh(notice), by=world.person(Role.ADMIN), at=AFTER_LEASE)
    assert outbox.deliver_due(at=AFTER_LEASE).sent == 1, "the admin's word counts"


def test_killed_before_the_last_dot_it_is_known_not_to_have_gone(
    world: World, mail_system: MailSystem, settings: Any
) -> None:
    settings.MAIL_IN_DOUBT = "hold"
    notice, book = tell(world), PostBook(settings.POST_BOOK_DIR)
    both_killed(mail_system, book, notice, "data")
    assert outbox.deliver_due(at=AFTER_LEASE).sent == 1
    assert mail_system.taken == {str(notice.pk): 1} and fresh(notice).doubted_at is None


def test_a_frozen_postman_that_wakes_too_late_hands_nothing_over(
    world: World, mail_system: MailSystem, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(post, "IN_HAND", -1.0)
    notice = tell(world)
    assert outbox.deliver_due(at=NOW).failed == 1
    assert not mail_system.taken and fresh(notice).last_error == "TimeoutError"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_right_after_is_waited_for_and_the_book_remembers(
    world: World, mail_system: MailSystem, monkeypatch: Any
) -> None:
    notice, real, away = tell(world), Notice.save, [2]

    def save(row: Notice, *args: Any, **kwargs: Any) -> None:
        if away[0]:
            away[0] -= 1
            raise OperationalError("the database system is shutting down")
        real(row, *args, **kwargs)

    monkeypatch.setattr(Notice, "save", save)
    assert outbox.deliver_due(at=NOW).sent == 1, "it came back while the worker waited"
    assert fresh(notice).state == Notice.State.SENT
    second = tell(world, "b")
    away[0] = 1000
    monkeypatch.setattr(outbox, "MARKING", 0.0)
    with pytest.raises(OperationalError):
        outbox.deliver_due(at=NOW)
    away[0] = 0
    assert fresh(second).state == Notice.State.WAITING
    assert outbox.deliver_due(at=AFTER_LEASE).sent == 1
    assert mail_system.taken == {str(notice.pk): 1, str(second.pk): 1}


def test_what_another_host_began_is_left_to_it_for_a_while_and_then_in_doubt(
    world: World, mail_system: MailSystem
) -> None:
    notice = tell(world)
    assert outbox.take(notice, NOW) and outbox.begin(notice, NOW, book="a-book-elsewhere")
    assert outbox.deliver_due(at=AFTER_LEASE) == outbox.Delivered(0, 0)
    assert outbox.deliver_due(at=AFTER_LEASE + 10 * MINUTE).sent == 1
    assert fresh(notice).doubted_at is not None


def test_an_address_refused_for_good_comes_back_and_the_next_notice_goes(world: World, mail_system: MailSystem) -> None:
    notice, admin = tell(world), world.person(Role.ADMIN)
    other = tell(world, "b")
    Notice.objects.filter(pk=other.pk).update(to=admin)
    mail_system.refuses = {notice.to.email: "550 no such user"}
    outcome = outbox.deliver_due(at=NOW)
    assert (outcome.sent, outcome.failed) == (1, 1)
    assert (fresh(notice).state, fresh(notice).last_error) == (Notice.State.BOUNCED, "refused, 550")
    assert mail_system.taken == {str(other.pk): 1}


def test_what_the_mail_system_refused_after_the_dot_is_tried_again_and_not_in_doubt(
    world: World, mail_system: MailSystem
) -> None:
    notice = tell(world)
    mail_system.answer = "451 try later"
    assert outbox.deliver_due(at=NOW).failed == 1
    mail_system.answer = "250 taken"
    assert outbox.deliver_due(at=NOW + 5 * MINUTE).sent == 1
    assert mail_system.taken == {str(notice.pk): 1} and fresh(notice).doubted_at is None


def test_a_mail_system_that_hangs_up_or_is_away_is_tried_again(world: World, mail_system: MailSystem) -> None:
    notice = tell(world)
    mail_system.stop()
    assert outbox.deliver_due(at=NOW).failed == 1
    assert (fresh(notice).last_error, fresh(notice).begun_at) == ("ConnectionRefusedError", None)


def test_the_book_names_nobody_and_old_pages_go(world: World, mail_system: MailSystem, settings: Any) -> None:
    folder = Path(settings.POST_BOOK_DIR)
    PostBook(folder).name()
    today = dt.datetime.now(dt.UTC).date()
    old, kept = (folder / f"{today - KEPT - dt.timedelta(days=days)}.log" for days in (1, 0))
    old.write_text("x")
    kept.write_text("x")
    notice = tell(world)
    outbox.deliver_due(at=NOW)
    written = b"".join(page.read_bytes() for page in folder.iterdir())
    for word in (b"@", notice.subject.encode(), notice.to.name.encode(), b"Sign in"):
        assert word not in written
    assert not old.exists() and kept.exists()
    assert {page.stat().st_mode & 0o77 for page in folder.glob("2026-11-24.log")} == {0}


def test_a_torn_line_counts_for_nothing_and_hides_no_other(tmp_path: Path) -> None:
    book = PostBook(tmp_path)
    book.write(Entry.HANDING_OVER, "one", instant(NOW))
    with book.page(instant(NOW)).open("ab") as page:
        page.write(b"2026-11-24T09:00:00+00:00 taken on")
    assert book.says("one", instant(NOW)) is Entry.HANDING_OVER
    book.write(Entry.TAKEN, "one", instant(NOW))
    assert book.says("one", instant(NOW)) is Entry.TAKEN
    assert book.says("one", instant(NOW + MINUTE)) is None, "another handing-over of the same notice"


def test_where_the_book_can_not_be_written_emails_go_all_the_same(
    world: World, mail_system: MailSystem, settings: Any, caplog: Any
) -> None:
    Path(settings.POST_BOOK_DIR).write_text("a file where the folder should be")
    notice = tell(world)
    assert outbox.deliver_due(at=NOW).sent == 1
    assert fresh(notice).begun_on == "" and "can't be written" in caplog.text


def test_by_starttls_and_with_a_password(
    world: World, mail_system: MailSystem, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    certificate = tmp_path / "door.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(certificate), "-out", str(tmp_path / "cert")]
    subprocess.run(["openssl", *made, *names], check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + (tmp_path / "cert").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    secure = MailSystem(context=context)
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "localhost", secure.port, True
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "door", "secret"
    tell(world)
    assert outbox.deliver_due(at=NOW).failed == 1, "a certificate that nobody vouches for"
    assert not any(word.startswith("AUTH") for word in secure.said)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
    post._idle.clear()
    assert outbox.deliver_due(at=NOW + 5 * MINUTE).sent == 1
    assert [word[:10] for word in secure.said if word.startswith("AUTH")] == ["AUTH PLAIN"]
    secure.stop()
