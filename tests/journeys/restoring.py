"""What an operator does after a disaster: the database and what lies beside it are put somewhere else, and proved."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from tests.journeys.portal import ROOT, Portal, empty_database

BESIDE = ("attachments", "anchors", "secret-key", "encryption-key")
"""What docs/operations.md says to keep with the database; the keys are kept apart in earnest."""
READS_A_SEALED_ONE = (
    "from django_scopes import scopes_disabled as s; from referrals.models import Referral as R\n"
    "with s(): print(R.objects.count(), sum(bool(r.referrer_details) for r in R.objects.all()))"
)


def manage(folder: Path, database: str, *words: str) -> subprocess.CompletedProcess[str]:
    told = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    env = {**told, "FRONT_DOOR_VAR": str(folder)} | ({"DATABASE_URL": database} if database else {})
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@contextmanager
def restored_database(portal: Portal, folder: Path) -> Iterator[str]:
    """The running portal's database, copied: SQLite's into the folder, PostgreSQL's to the address that is given."""
    if not portal.database:
        with (
            closing(sqlite3.connect(portal.folder / "front-door.sqlite3", timeout=20)) as running,
            closing(sqlite3.connect(folder / "front-door.sqlite3")) as copy,
        ):
            running.backup(copy)
        yield ""
        return
    with empty_database(portal.database) as address:
        dumped = subprocess.run(["pg_dump", "--no-owner", portal.database], capture_output=True, check=True)
        read = ["psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", address]
        subprocess.run(read, input=dumped.stdout, capture_output=True, check=True)
        yield address


def lose_a_line(folder: Path, database: str) -> None:
    """Take the second line out of each trail, as a backup of two different moments would."""
    table = "partnerships_auditentry"
    if database:
        with closing(psycopg2.connect(database)) as server, server, server.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table} WHERE sequence = 2")
        return
    with closing(sqlite3.connect(folder / "front-door.sqlite3")) as cut, cut:
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
        for (trigger,) in cut.execute(asked, [table]).fetchall():
            cut.execute(f"DROP TRIGGER {trigger}")
        cut.execute(f"DELETE FROM {table} WHERE sequence = 2")


def drill(portal: Portal, folder: Path) -> None:
    """Back up what runs, restore it in the folder, and hold it to what the portal has and to its anchors."""
    assert manage(portal.folder, portal.database, "anchor_audit").returncode == 0
    folder.mkdir()
    with restored_database(portal, folder) as database:
        for name in BESIDE:
            place = portal.folder / name
            if place.is_dir():
                shutil.copytree(place, folder / name)
            elif place.exists():
                shutil.copy2(place, folder / name)
        proved = manage(folder, database, "verify_audit", "--anchors")
        assert proved.returncode == 0, proved.stdout + proved.stderr
        read = manage(folder, database, "shell", "--no-imports", "-c", READS_A_SEALED_ONE)
        many, opened = map(int, read.stdout.split())
        assert many == opened > 0 and many >= portal.sql("SELECT count(*) FROM referrals_referral")[0][0] - 1
        lose_a_line(folder, database)
        broken = manage(folder, database, "verify_audit", "--anchors")
        said = broken.stdout + broken.stderr
        assert broken.returncode != 0 and "missing" in said, "a backup that lost a line is found out"
