"""The portal as `make run` starts it: web server, a real Celery worker and beat, on an empty folder of its own.

On the embedded default, or, where DATABASE_URL and REDIS_URL stand in the environment, on an empty database of its own
on those servers.
"""

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
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import psycopg2

ROOT = Path(__file__).parents[2]
PATIENCE = 150


@dataclass(frozen=True)
class Portal:
    """A running portal and the folder in which it keeps everything."""

    address: str
    folder: Path
    database: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

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
        if not self.database:
            with closing(sqlite3.connect(self.folder / "front-door.sqlite3", timeout=20)) as connection, connection:
                return connection.execute(statement, values).fetchall()
        with closing(psycopg2.connect(self.database)) as server, server, server.cursor() as cursor:
            cursor.execute(statement.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

    def wait_for(self, what: str, question) -> object:
        """The first true answer; fails, naming what was waited for, when none comes."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if answer := question():
                return answer
            time.sleep(0.3)
        raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """The address of a new, empty PostgreSQL database on this server, dropped afterwards."""
    name = f"front_door_{uuid.uuid4().hex[:12]}"
    with closing(psycopg2.connect(server, connect_timeout=2)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield server.rsplit("/", 1)[0] + "/" + name
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def portal_of_this_run(folder: Path) -> Iterator[Portal]:
    """A portal on the services that the whole test run is on: see `bin/test`."""
    server = os.environ.get("DATABASE_URL", "")
    services = {"REDIS_URL": os.environ["REDIS_URL"]} if os.environ.get("REDIS_URL") else {}
    with ExitStack() as stack:
        if server.startswith("postgres"):
            services["DATABASE_URL"] = stack.enter_context(empty_database(server))
        yield stack.enter_context(running_portal(folder, **services))


@contextmanager
def running_portal(folder: Path, **services: str) -> Iterator[Portal]:
    """Start everything, wait until it answers, and stop all of it at the end.

    services: DATABASE_URL and REDIS_URL where they are to be used; without them, the embedded default.
    """
    port = free_port()
    (folder / "mail").mkdir()
    environment: dict[str, str] = {
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
    portal = Portal(f"http://127.0.0.1:{port}", folder, services.get("DATABASE_URL", ""), environment)
    try:
        wait_until_it_answers(portal.address, process, folder / "log")
        yield portal
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


class WebServer:
    """One more web server on a running portal's data, killed and started again as often as a test wishes.

    `address` stays the same. What it says goes to a log beside the portal's.
    """

    def __init__(self, portal: Portal) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = portal.folder / "web-server.log"
        self.environment = {**portal.environment, "PORT": str(self.port), "SITE_URL": self.address}
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        gunicorn = [str(Path(sys.executable).parent / "gunicorn"), "config.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*gunicorn, "--workers", "1", "--log-level", "warning"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until_it_answers(self.address, self.process, self.log)

    def freeze(self) -> None:
        """It takes what is sent to it, and answers nothing."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """`kill -9` of the server and of the process that serves for it: neither can put anything in order."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(address: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/health/", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        assert process.poll() is None, log.read_text()[-2000:]
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])
