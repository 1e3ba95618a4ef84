"""A portal to measure: a database filled once and kept, gunicorn with two workers, people signed in.

BENCH_SERVER   a PostgreSQL server's address (default: the local one); empty: SQLite
BENCH_SIZES    how many referrals, with commas between (default 10000); a million needs about ten minutes to fill
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("BENCH_SERVER", "postgres://postgres@127.0.0.1:5432/postgres")
SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "10000").split(",")]


def schema() -> str:
    """A short mark of the migrations and of what fills the tables: another one needs a database filled anew."""
    files = sorted([*ROOT.glob("*/migrations/*.py"), ROOT / "referrals/management/commands/seed_load.py"])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def manage(*arguments: str, database: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout.strip()


def filled(size: int) -> str:
    """The address of a database with that many referrals, filled now or by an earlier run."""
    if not SERVER:
        folder = ROOT / "var" / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{size}-{schema()}.sqlite3"
        address = f"sqlite:///{path}"
        if not path.exists():
            fill(size, address)
        return address
    import psycopg2

    name = f"front_door_bench_{size}_{schema()}"
    address = SERVER.rsplit("/", 1)[0] + "/" + name
    with closing(psycopg2.connect(SERVER)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"front_door_bench_{size}_%"])
        there = [row[0] for row in cursor.fetchall()]
        if name in there:
            return address
        for old in there:
            cursor.execute(f"DROP DATABASE {old} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        fill(size, address)
    except BaseException:
        with closing(psycopg2.connect(SERVER)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        raise
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
    return address


def fill(size: int, address: str) -> None:
    manage("migrate", "-v0", database=address)
    manage("seed_demo", "--no-referrals", database=address)
    print(f"  filled: {manage('seed_load', '--referrals', str(size), database=address)}", flush=True)


@dataclass
class Answer:
    """What came back, and how long it took, in milliseconds."""

    status: int
    body: str
    headers: dict[str, str]
    milliseconds: float

    @property
    def queries(self) -> int:
        return int(self.headers.get("x-queries", 0))


@dataclass
class Person:
    """Somebody signed in, on one kept connection."""

    port: int
    cookie: str
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, fields: dict[str, object], token: str) -> Answer:
        body = urlencode({"csrfmiddlewaretoken": token, **fields}, doseq=True)
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        sent = {"Cookie": f"{self.cookie}; csrftoken={CSRF}", **headers}
        started = time.perf_counter()
        self.connection.request(method, path, body, sent)
        response = self.connection.getresponse()
        raw = response.read()
        took = (time.perf_counter() - started) * 1000
        return Answer(
            response.status,
            raw.decode("utf-8", "replace"),
            {name.lower(): value for name, value in response.getheaders()},
            took,
        )


CSRF = "b" * 32


@contextmanager
def serving(database: str) -> Iterator[int]:
    """Gunicorn with two workers on this database; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "bench.site", "LOG_LEVEL": "ERROR"}
    environment["REQUEST_LIMITS"] = "0"  # a measured page is asked for more often than a person asks
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w2", f"-b127.0.0.1:{port}", "--keep-alive=60", "-t120", "-kgthread"]
        + ["--threads=2", "--log-level=error", "config.wsgi"],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def token_in(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return found.group(1) if found else CSRF
