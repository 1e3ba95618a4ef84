"""The portal as `make run` starts it: web server, a real Celery worker and beat, on an empty folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60


@dataclass(frozen=True)
class Portal:
    """A running portal and the folder in which it keeps everything."""

    address: str
    folder: Path

    def mail(self) -> list[EmailMessage]:
        """Every email that was sent, oldest first."""
        found = []
        for file in sorted((self.folder / "mail").glob("*.log")):
            for raw in file.read_bytes().split(b"-" * 79 + b"\n"):
                if raw.strip():
                    found.append(message_from_bytes(raw.lstrip(b"\n"), policy=policy.default))
        return found

    def sql(self, statement: str, *values: object) -> list[tuple]:
        """Straight into the database, for what a test can't wait a day for."""
        with closing(sqlite3.connect(self.folder / "front-door.sqlite3", timeout=20)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def wait_for(self, what: str, question) -> object:
        """The first true answer; fails, naming what was waited for, when none comes."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if answer := question():
                return answer
            time.sleep(0.3)
        raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


@contextmanager
def running_portal(folder: Path, **services: str) -> Iterator[Portal]:
    """Start everything, wait until it answers, and stop all of it at the end.

    services: DATABASE_URL and REDIS_URL where they are to be used; without them, the embedded default.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "mail").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "PORT": str(port),
        "FRONT_DOOR_VAR": str(folder),
        "SWEEP_SECONDS": "2",
        "EMAIL_URL": f"filemail:///{folder}/mail",
        "DEBUG": "0",
        **services,
    }
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bin" / "run")],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    portal = Portal(f"http://127.0.0.1:{port}", folder)
    try:
        wait_until_it_answers(portal, process)
        yield portal
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def wait_until_it_answers(portal: Portal, process: subprocess.Popen) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{portal.address}/health/", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        assert process.poll() is None, (portal.folder / "log").read_text()[-2000:]
        time.sleep(0.2)
    raise AssertionError((portal.folder / "log").read_text()[-2000:])
