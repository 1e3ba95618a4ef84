"""Redis freezes or dies while a referral is sent: the referral is safe, the page answers, the notices follow."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery, current_app
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django_scopes import scope

from partnerships.permissions import Role
from referrals.management.commands import sweep as command
from referrals.models import Notice, Referral
from tests.factories import World, make_draft, make_world

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.redis,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server to start and stop"),
]
QUICK = 5.0
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

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

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
    settings.CACHES = {"default": {**settings.REDIS_CACHE, "LOCATION": server.url}}
    app = Celery("redis-stopped")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    try:
        yield server
    finally:
        app.close()
        before.set_current()
        server.kill()


@pytest.fixture
def world() -> World:
    return make_world()


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


@pytest.mark.parametrize("how", ["frozen", "dead"])
def test_redis_goes_while_a_referral_is_sent(
    world: World, broker: OwnRedis, send: Any, how: str, monkeypatch: Any
) -> None:
    first, _ = send()
    assert broker.nudges() == ["referrals.tasks.deliver"], "while it runs, a worker is nudged"
    if how == "frozen":
        broker.freeze()
    else:
        broker.kill()
    safe, took = send()
    assert safe.pk != first.pk and took < QUICK
    assert waiting(world, safe) > 0, "what is to be told stands in the database"

    class Enough(Exception):
        pass

    def after_a_round(seconds: float) -> None:
        raise Enough

    monkeypatch.setattr(command.time, "sleep", after_a_round)
    with pytest.raises(Enough):
        call_command("sweep", "--loop")
    assert waiting(world, safe) == 0 and len(mail.outbox) > 0, "the loop delivers without Redis"
    monkeypatch.undo()

    third, took = send()
    assert took < QUICK and waiting(world, third) > 0
    if how == "frozen":
        broker.process.send_signal(signal.SIGCONT)
    else:
        broker.start()
    send()
    assert "referrals.tasks.deliver" in broker.nudges(), "back again, it is used again"
    current_app.tasks["referrals.tasks.deliver"]()
    assert waiting(world, third) == 0, "and what was written meanwhile goes out"
