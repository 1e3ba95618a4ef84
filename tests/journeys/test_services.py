"""The same portal on PostgreSQL and Redis, by two settings and nothing else; and what it says when it can't start."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import psycopg2
import pytest

from tests.journeys.portal import ROOT, empty_database, running_portal
from tests.journeys.restoring import drill

SERVER = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/14")


@pytest.fixture
def fresh_database() -> Iterator[str]:
    """An empty PostgreSQL database of its own, dropped afterwards."""
    try:
        psycopg2.connect(SERVER, connect_timeout=2).close()
    except psycopg2.OperationalError:
        pytest.skip("needs PostgreSQL: none answers at TEST_DATABASE_URL")
    with empty_database(SERVER) as address:
        yield address


@pytest.fixture
def redis_server() -> str:
    import redis

    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except redis.RedisError:
        pytest.skip("needs Redis: none answers at TEST_REDIS_URL")
    return REDIS


@pytest.mark.postgres
@pytest.mark.redis
def test_two_settings_move_it_to_postgresql_and_redis(fresh_database: str, redis_server: str, tmp_path: Path) -> None:
    """It runs on both, and what is dumped from there and restored elsewhere is a portal again."""
    with running_portal(tmp_path, DATABASE_URL=fresh_database, REDIS_URL=redis_server) as portal:
        with urlopen(f"{portal.address}/medway/") as page:
            assert b"Worried about a child in Medway?" in page.read()

        def asked(statement: str) -> list[tuple]:
            with closing(psycopg2.connect(fresh_database)) as connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()

        assert asked("SELECT count(*) FROM partnerships_partnership") == [(4,)]
        assert asked("SELECT count(*) FROM referrals_referral")[0][0] == 20
        portal.wait_for("beat and worker to sweep over Redis", lambda: asked("SELECT 1 FROM referrals_heartbeat"))
        if shutil.which("pg_dump") is None:
            pytest.skip("needs pg_dump and psql for the restore drill (on Debian: postgresql-client)")
        drill(portal, tmp_path / "restored")
    assert not (tmp_path / "front-door.sqlite3").exists()


def start(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "bin" / "run")],
        env={**os.environ, "FRONT_DOOR_VAR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = start(tmp_path, PORT=port)
    assert ended.returncode == 1
    assert (
        ended.stderr.strip() == f"run: port {port} is taken. Stop what uses it, or choose another: PORT=8001 make run"
    )


def test_a_database_that_can_not_be_reached_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ended = start(tmp_path, DATABASE_URL=f"postgres://nobody@127.0.0.1:{port}/nothing", PORT="0")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "the database can't be reached" in ended.stderr
