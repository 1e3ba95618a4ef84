"""The real web server, as `gunicorn config.wsgi` starts it: what it answers by itself, and when it does not start."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest
from cryptography.fernet import Fernet

from config.receiving import TURNS
from tests.journeys.portal import ROOT, empty_database, free_port

SERVER = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
CHILD = "Zephyrine"
GET, HOST = b"GET /health/ HTTP/1.1\r\n", b"Host: 127.0.0.1\r\n"
UNREADABLE = {
    "no request at all": (b"Zephyrine\r\n\r\n", 400),
    "a line without an address": (b"GET\r\n\r\n", 400),
    "a method that is none": (b"G@T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a version that is none": (b"GET /Zephyrine HTTP/9.9\r\n" + HOST + b"\r\n", 400),
    "a field without a name": (GET + HOST + b": Zephyrine\r\n\r\n", 400),
    "a field's name with a space": (GET + HOST + b"X Zephyrine: a\r\n\r\n", 400),
    "a cookie with half a line's end": (GET + HOST + b"Cookie: sessionid=Zephyrine\x00\r\n\r\n", 400),
    "a folded field": (GET + HOST + b"X-A: a\r\n Zephyrine\r\n\r\n", 400),
    "two lengths": (GET + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "a length that is none": (GET + HOST + b"Content-Length: Zephyrine\r\n\r\n", 400),
    "a length and chunks": (GET + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a coding that nobody knows": (GET + HOST + b"Transfer-Encoding: Zephyrine\r\n\r\n", 501),
    "an expectation that nobody meets": (GET + HOST + b"Expect: Zephyrine\r\n\r\n", 417),
    "an address of 100 kB": (b"GET /" + b"Zephyrine" * 12_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "a field of 64 kB": (GET + HOST + b"Cookie: " + b"Zephyrine" * 7_000 + b"\r\n\r\n", 431),
    "a thousand fields": (GET + HOST + b"".join(b"X-%d: Zephyrine\r\n" % n for n in range(1000)) + b"\r\n", 431),
}
FAILS = """
import os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
# more
def application(environ, start_response):
    child = environ["PATH_INFO"]
    raise ValueError(f"Failing row contains {child}")
"""


WHEN_ASKED = """
from pathlib import Path
def application(environ, start_response):
    ended = (Path(__file__).parent / "ended").exists()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ended " if ended else b"holds ", environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]
"""


@contextmanager
def served(folder: Path, what: str = "config.wsgi", **more: str) -> Iterator[tuple[int, Path]]:
    """gunicorn on a folder of its own: the port that it serves, and its log."""
    port, log = free_port(), folder / "log"
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"FRONT_DOOR_VAR": str(folder), "PYTHONPATH": f"{folder}:{ROOT}", **more}
    with log.open("wb") as file:
        process = start(port, what, environment, stdout=file, stderr=file)
    try:
        end = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield port, log
    finally:
        process.terminate()
        process.wait(20)


def start(port: int, what: str, environment: dict[str, str], **streams: object) -> subprocess.Popen:
    command = [str(Path(sys.executable).parent / "gunicorn"), what, "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, **streams)  # type: ignore[call-overload]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def asked(port: int, told: bytes) -> tuple[int, dict[str, str], str]:
    """What is answered to these very bytes: status, head, page, to the last of them."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as there:
        there.sendall(told)
        answer = everything(there)
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.strip().title(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), fields, body.decode()


def everything(there: socket.socket) -> bytes:
    """What comes, to its end."""
    return b"".join(iter(lambda: there.recv(65_536), b""))


GUARDS = (
    *("Cache-Control", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy"),
    "Cross-Origin-Opener-Policy",
)


def test_what_the_server_answers_by_itself_is_a_page_of_ours_and_says_nothing_back(tmp_path: Path) -> None:
    with served(tmp_path) as (port, log):
        fine = b"GET /nowhere/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        before, ours, _ = asked(port, fine)
        for what, (told, wanted) in UNREADABLE.items():
            status, head, page = asked(port, told)
            assert status == wanted, (what, status)
            assert {name: head.get(name) for name in GUARDS} == {name: ours[name] for name in GUARDS}, what
            policy = head["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert head["Connection"] == "close" and int(head["Content-Length"]) == len(page.encode())
            assert 'href="tel:999"' in page and 'href="tel:101"' in page and CHILD not in page, what
            assert ("too long" in page) == (status in (414, 431)), what
            assert not re.search(r"<script|<style| style=", page)
        assert asked(port, fine)[0] == before, "and it goes on"
    written = log.read_text()
    assert "Answered 431 to 127.0.0.1 by itself: gunicorn.http.errors.LimitRequestHeaders" in written
    assert CHILD not in written, "what could not be read stands in no log either"


@pytest.mark.parametrize("templates", ["django.setup()", ""], ids=["with templates", "without"])
def test_what_fails_before_any_page_says_whom_to_call_and_its_log_where(tmp_path: Path, templates: str) -> None:
    (tmp_path / "failing_app.py").write_text(FAILS.replace("# more", templates))
    with served(tmp_path, "failing_app") as (port, log):
        status, head, page = asked(port, b"GET /Zephyrine HTTP/1.1\r\n" + HOST + b"\r\n")
    assert status == 500 and "no-store" in head["Cache-Control"] and head["X-Frame-Options"] == "DENY"
    assert "999" in page and "101" in page and CHILD not in page
    written = log.read_text()
    assert "ValueError: (not told)" in written and "failing_app.py" in written and CHILD not in written


SLOW = b"POST /accounts/login/ HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nlogin=a"


def test_who_sends_a_form_without_its_end_keeps_nobody_else_out(tmp_path: Path) -> None:
    """More of them than there are turns at the site; each is given up in its time, with a page that says so."""
    (tmp_path / "sitecustomize.py").write_text("import config.receiving\nconfig.receiving.GRACE = 1.5\n")
    with served(tmp_path) as (port, log), ExitStack() as stack:
        slow = []
        for _ in range(3 * TURNS):
            slow.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)))
            slow[-1].sendall(SLOW)
        status, _, _ = asked(port, b"GET /health/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert status in (200, 503), "answered while all of them wait"
        for each in slow:
            answer = everything(each)
            assert answer.startswith(b"HTTP/1.1 408 ") and b"came too slowly" in answer and b"tel:999" in answer
    assert "login=a" not in log.read_text()


def test_a_form_is_carried_out_with_what_holds_when_its_end_comes(tmp_path: Path) -> None:
    """Nobody is asked who they are before all is there: a role that ended meanwhile opens nothing."""
    (tmp_path / "when_asked.py").write_text(WHEN_ASKED)
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Length: 5\r\n\r\n"
    with served(tmp_path, "when_asked") as (port, _), socket.create_connection(("127.0.0.1", port), 20) as there:
        there.sendall(head + b"wor")
        time.sleep(0.3)
        (tmp_path / "ended").touch()
        there.sendall(b"ry")
        answer = everything(there)
    assert b"ended " in answer and b"worry" in answer


@pytest.fixture
def real(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of production, but for a database whose role sees past every policy."""
    try:
        with closing(psycopg2.connect(SERVER, connect_timeout=2)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if not cursor.fetchone()[0]:
                pytest.skip("needs a PostgreSQL whose role at TEST_DATABASE_URL is a superuser")
    except psycopg2.OperationalError:
        pytest.skip("needs PostgreSQL: none answers at TEST_DATABASE_URL")
    with empty_database(SERVER) as address:
        yield {
            **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
            "FRONT_DOOR_VAR": str(tmp_path),
            "FRONT_DOOR_DEMO": "0",
            "EMAIL_URL": "smtp://127.0.0.1:2525",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": address,
        }


@pytest.mark.postgres
def test_outside_the_demonstration_it_does_not_start_as_a_superuser(real: dict[str, str]) -> None:
    port = free_port()
    process = start(port, "config.wsgi", real, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    answered, end = [], time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:  # bound before its workers are asked: nobody answers yet
                probe.sendall(GET + HOST + b"\r\n")
                with suppress(OSError):
                    answered.append(probe.recv(100))
        time.sleep(0.05)
    out, err = process.communicate(timeout=20)
    assert process.returncode not in (0, None), err
    assert not any(answered), "nothing was served"
    assert not listens(port)
    (ours,) = {line for line in err.splitlines() if line.startswith("Settings: ")}  # said by each worker
    assert "sees past every policy" in ours and "docs/operations.md" in ours, err
    assert "Traceback" not in out + err


@pytest.mark.postgres
def test_the_demonstrations_own_start_touches_no_database_outside_it(real: dict[str, str]) -> None:
    command = [sys.executable, str(ROOT / "bin" / "run")]
    told = {**real, "PORT": str(free_port())}
    ended = subprocess.run(command, env=told, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1 and ended.stderr.count("\n") == 1, ended.stderr
    assert "docs/operations.md says how to serve real records" in ended.stderr
    with closing(psycopg2.connect(real["DATABASE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchone() == (0,)
