"""Whatever the provider answers, or does not: the notice waits, is given up or opens a task; no other waits for it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from partnerships.permissions import Role
from referrals import outbox, post
from referrals.models import Clock, Notice
from tests.factories import NOW, World, make_referral
from tests.integration.referrals.test_outbox import fresh, tell
from tests.mail_system import MailSystem

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("in_scope")]
MINUTE = dt.timedelta(minutes=1)
KEY = "test-" + "-".join(["11111111-2222-3333-4444-555555555555"] * 2)


class Notify(ThreadingHTTPServer):
    """Answers as GOV.UK Notify does; `answers` says what to whom: a status with a message, or `hang`."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str] | str] = {}
        self.taken: list[str] = []
        super().__init__(("127.0.0.1", 0), Asked)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Asked(BaseHTTPRequestHandler):
    server: Notify

    def log_message(self, *args: Any) -> None:
        pass

    def say(self, status: int, told: Any) -> None:
        body = json.dumps(told).encode()
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def do_POST(self) -> None:  # noqa: N802
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.answers.get(told["email_address"], (201, ""))
        if answer == "hang":
            time.sleep(2)
            return
        status, words = answer
        if status == 201:
            self.server.taken.append(told["reference"])
            self.say(201, {"id": told["reference"]})
        else:
            self.say(status, {"status_code": status, "errors": [{"error": "An error", "message": words}]})

    def do_GET(self) -> None:  # noqa: N802
        reference = self.path.split("reference=")[-1].split("&")[0]
        known = reference in self.server.taken
        self.say(200, {"notifications": [{"reference": reference, "status": "sending"}] if known else []})


@pytest.fixture
def notify(settings: Any) -> Iterator[Notify]:
    server = Notify()
    settings.NOTIFY_API_KEY, settings.NOTIFY_TEMPLATE_ID = KEY, "template"
    settings.NOTIFY_URL, settings.EMAIL_TIMEOUT = f"http://127.0.0.1:{server.server_port}", 0.5
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "answer",
    [
        (400, "Template has changed"),
        (403, "Your system clock must be accurate to within 30 seconds"),
        (429, "Exceeded rate limit"),
        (500, "Internal"),
        "hang",
    ],
    ids=["400", "403", "429", "500", "hangs"],
)
def test_a_notice_that_is_not_taken_waits_and_goes_later_and_the_others_go_now(
    world: World, notify: Notify, answer: Any
) -> None:
    screener, manager = world.person(Role.SCREENER), world.person(Role.MANAGER)
    poor, sound = tell(world, "a", to=screener), tell(world, "b", to=manager)
    notify.answers[screener.email] = answer
    delivered = outbox.deliver_due(at=NOW)
    assert (delivered.sent, delivered.failed) == (1, 1)
    assert notify.taken == [str(sound.pk)]
    assert (fresh(poor).state, fresh(poor).attempts) == (Notice.State.WAITING, 1)
    assert fresh(poor).last_error
    notify.answers.clear()
    assert outbox.deliver_due(at=NOW + 5 * MINUTE).sent == 1
    assert notify.taken == [str(sound.pk), str(poor.pk)]


def test_an_address_that_notify_refuses_comes_back_at_once_and_opens_a_task(world: World, notify: Notify) -> None:
    referral, teacher = make_referral(world), world.person(Role.PRACTITIONER)
    Notice.objects.all().delete()
    notice = tell(world, "a", referral=referral, to=teacher)
    notify.answers[teacher.email] = (400, "email_address Not a valid email address")
    assert outbox.deliver_due(at=NOW).failed == 1
    assert fresh(notice).state == Notice.State.BOUNCED
    assert Clock.objects.filter(referral=referral, slug="not_reached").count() == 1
    outbox.deliver_due(at=NOW + 5 * MINUTE)
    assert notify.taken == [] and Clock.objects.filter(slug="not_reached").count() == 1


def test_a_poisoned_row_is_given_up_in_the_end_and_holds_up_nobody(
    world: World, notify: Notify, monkeypatch: Any
) -> None:
    screener, real = world.person(Role.SCREENER), post.Notify.send

    def send(provider: Any, notice: Notice) -> None:
        if notice.key == "poisoned":
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
        real(provider, notice)

    monkeypatch.setattr(post.Notify, "send", send)
    poisoned, at = tell(world, "poisoned", to=screener), NOW
    for number in range(outbox.MOST_ATTEMPTS):
        sound = tell(world, f"sound-{number}", to=screener)
        assert outbox.deliver_due(at=at).sent == 1
        assert fresh(sound).state == Notice.State.SENT
        at += dt.timedelta(days=1)
    assert (fresh(poisoned).state, fresh(poisoned).last_error) == (Notice.State.DEAD, "UnicodeEncodeError")


@pytest.mark.parametrize(("point", "doubted"), [("data", False), ("taken", True)])
def test_a_mail_system_that_hangs_is_left_and_asked_again(
    world: World, settings: Any, tmp_path: Path, point: str, doubted: bool
) -> None:
    hangs = [point]

    def at(where: str) -> None:
        if where in hangs:
            hangs.remove(where)
            time.sleep(2)

    system = MailSystem(at)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", system.port, 0.5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.POST_BOOK_DIR = tmp_path
    first, second = tell(world, "a"), tell(world, "b", to=world.person(Role.MANAGER))
    delivered = outbox.deliver_due(at=NOW)
    assert (delivered.sent, delivered.failed) == (1, 1), "the other goes by a connection of its own"
    assert fresh(first).last_error == "SMTPServerDisconnected" and fresh(second).state == Notice.State.SENT
    assert outbox.deliver_due(at=NOW + 5 * MINUTE).sent == 1
    assert bool(fresh(first).doubted_at) is doubted, "what it took before it hung, nobody knows"
    assert system.taken[str(first.pk)] == 1 + doubted
    system.stop()
