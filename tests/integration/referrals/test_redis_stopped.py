"""Redis freezes, dies, is full or is emptied while referrals are sent: each is safe, the page answers, the notices
follow."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery import Celery, current_app
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_scopes import scope
from kombu import Connection

from partnerships.documents import public_pdf
from partnerships.models import Partnership
from partnerships.permissions import Role
from referrals import nudging
from referrals.management.commands import sweep as command
from referrals.models import Notice, Referral
from tests.factories import World, make_draft

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.redis,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server, to start and stop it"),
]
QUICK = 2.0
"""Seconds: a broker that hangs holds a page for a minute where nothing limits it."""


class OwnRedis:
    """A Redis of one test's own: started, frozen and killed by its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=2)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while True:
            try:
                self.client.ping()
                return
            except redis.RedisError:
                assert time.monotonic() < until and self.process.poll() is None, "Redis did not start"
                time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def goes(self, how: str) -> None:
        if how == "frozen":
            self.process.send_signal(signal.SIGSTOP)
        elif how == "dead":
            self.kill()
        elif how == "full":
            self.client.config_set("maxmemory", "1")  # and nothing may be thrown out to make room
        else:
            self.client.flushall()

    def comes_back(self, how: str) -> None:
        if how == "frozen":
            self.process.send_signal(signal.SIGCONT)
        elif how == "dead":
            self.start()
        elif how == "full":
            self.client.config_set("maxmemory", "0")

    def nudges(self) -> list[str]:
        """The tasks that wait in the broker, by name; taken out of it."""
        found = []
        while message := self.client.rpop("celery"):
            found.append(str(json.loads(message)["headers"]["task"]))
        return found


@pytest.fixture
def broker(tmp_path: Path, settings: Any) -> Iterator[OwnRedis]:
    """Redis as broker and as cache, with the portal's own limits on waiting for it."""
    server, before = OwnRedis(tmp_path), current_app._get_current_object()
    settings.CELERY_BROKER_URL, settings.CELERY_BROKER_TRANSPORT_OPTIONS = server.url, settings.REDIS_TRANSPORT
    own = {**settings.REDIS_CACHE["OPTIONS"], "FILES": str(tmp_path / "cache")}  # what another test counted is no guess
    settings.CACHES = {"default": {**settings.REDIS_CACHE, "LOCATION": server.url, "OPTIONS": own}}
    app = Celery("redis-stopped")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    try:
        yield server
    finally:
        app.close()
        before.set_current()
        server.kill()


@pytest.fixture
def send(world: World) -> Any:
    """Sends a referral by the form: the referral, and how many seconds the page took."""
    client = Client()
    client.force_login(world.person(Role.PRACTITIONER))

    def sent() -> tuple[Referral, float]:
        draft = make_draft(world)
        with scope(partnership=world.partnership):
            draft.answers["worry"] = {"happened": "Robin came to school hungry."}
            draft.save()
        begun = time.monotonic()
        answer = client.post(f"/testshire/refer/{draft.pk}/send/")
        took = time.monotonic() - begun
        assert answer.status_code == 302, answer.content[:500]
        with scope(partnership=world.partnership):
            return Referral.objects.latest("received_at"), took

    return sent


def waiting(world: World, referral: Referral) -> int:
    with scope(partnership=world.partnership):
        return Notice.objects.filter(referral=referral, state=Notice.State.WAITING).count()


@pytest.mark.parametrize("how", ["frozen", "dead", "full"])
def test_while_redis_is_away_people_sign_in_and_guesses_are_counted(world: World, broker: OwnRedis, how: str) -> None:
    broker.goes(how)
    try:
        email, page = world.person(Role.PRACTITIONER).email, reverse("account_login")
        right = Client().post(page, {"login": email, "password": "correct horse battery"})
        assert right.status_code == 302, right.content[:300]
        guesses = [Client().post(page, {"login": email, "password": "wrong"}).content for _ in range(7)]
        assert b"too many" in guesses[-1].lower() and b"too many" not in guesses[0].lower()
    finally:
        broker.comes_back(how)


@pytest.mark.parametrize("how", ["frozen", "dead", "full", "emptied"])
def test_redis_goes_while_referrals_are_sent(
    world: World, broker: OwnRedis, send: Any, how: str, monkeypatch: Any, caplog: Any
) -> None:
    first, _ = send()
    assert broker.nudges() == ["referrals.tasks.deliver"], "while it runs, a worker is nudged"
    broker.goes(how)
    sent = [send() for _ in range(4)]
    assert len({referral.pk for referral, _ in [(first, 0), *sent]}) == 5
    assert max(took for _, took in sent) < QUICK
    assert all(waiting(world, referral) > 0 for referral, _ in sent), "what is to be told stands in the database"
    tries = [record for record in caplog.records if "No nudge went out" in record.message]
    assert len(tries) == (0 if how == "emptied" else 1), "a broker that is away is waited for once, not by each page"

    class Enough(Exception):
        pass

    def after_a_round(seconds: float) -> None:
        raise Enough

    monkeypatch.setattr(command, "time", SimpleNamespace(sleep=after_a_round))  # other threads sleep on
    with pytest.raises(Enough):
        call_command("sweep", "--loop")
    assert all(waiting(world, referral) == 0 for referral, _ in sent) and mail.outbox, "the loop needs no Redis"
    monkeypatch.undo()

    last, took = send()
    assert took < QUICK and waiting(world, last) > 0
    broker.comes_back(how)
    nudging.forget()  # as after ten seconds
    send()
    assert "referrals.tasks.deliver" in broker.nudges(), "back again, it is used again"
    current_app.tasks["referrals.tasks.deliver"]()
    assert waiting(world, last) == 0, "and what was written meanwhile goes out"


def test_a_broker_that_was_away_is_asked_again_after_a_while(monkeypatch: Any) -> None:
    class Away:
        name = "a.task"
        asked = 0

        def apply_async(self, **told: Any) -> None:
            self.asked += 1
            raise ConnectionError

    task, now = Away(), [1000.0]
    monkeypatch.setattr(nudging.time, "monotonic", lambda: now[0])
    assert [nudging.nudge(task) for _ in range(3)] == [False] * 3 and task.asked == 1
    now[0] += nudging.AWAY + 1
    assert not nudging.nudge(task) and task.asked == 2


def test_a_public_document_needs_no_cache(broker: OwnRedis) -> None:
    broker.goes("full")
    made = public_pdf("referrals/documents/blank.html", {"partnership": Partnership(short_name="Testshire")})
    assert made.startswith(b"%PDF")


def test_a_worker_that_could_not_say_that_it_was_done_takes_the_next_all_the_same(broker: OwnRedis) -> None:
    transport = {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}
    with Connection(broker.url, transport_options=transport) as connection:
        queue = connection.SimpleQueue("done")
        for number in range(2):
            queue.put(number)
        channel = queue.consumer.channel
        channel.basic_qos(0, 1, False)
        message = queue.get(timeout=5)
        assert not channel.qos.can_consume(), "one at a time"
        broker.goes("frozen")
        with pytest.raises(redis.RedisError):
            message.ack()
        broker.comes_back("frozen")
        assert channel.qos.can_consume() and queue.get(timeout=5).payload == 1


def test_a_worker_goes_on_while_redis_is_full(broker: OwnRedis) -> None:
    """It takes what is there and is done with it, although Redis notes neither; kombu's own would end it."""
    with Connection(broker.url) as connection:
        queue = connection.SimpleQueue("full")
        for number in range(3):
            queue.put(number)
        first = queue.get(timeout=5)
        broker.goes("full")
        first.ack()
        second = queue.get(timeout=5)
        second.ack()
        broker.comes_back("full")
        third = queue.get(timeout=5)
        third.ack()
        assert [each.payload for each in (first, second, third)] == [0, 1, 2]
