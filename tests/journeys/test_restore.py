"""A restore drill: a backup taken while the portal runs is a portal again, and its trail is proved whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.portal import ROOT, Portal

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("portal")]
BESIDE = ("attachments", "anchors", "secret-key", "encryption-key")
"""What docs/operations.md says to keep with the database; the keys are kept apart in earnest."""
READS_A_SEALED_ONE = (
    "from django_scopes import scopes_disabled as s; from referrals.models import Referral as R\n"
    "with s(): print(R.objects.count(), sum(bool(r.referrer_details) for r in R.objects.all()))"
)


def manage(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    told = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    env = {**told, "FRONT_DOOR_VAR": str(folder)}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_a_backup_restored_elsewhere_holds_every_referral_and_an_unbroken_trail(portal: Portal, tmp_path: Path) -> None:
    if portal.database:
        pytest.skip("the drill is SQLite's; PostgreSQL is dumped and restored by its own tools")
    assert manage(portal.folder, "anchor_audit").returncode == 0
    restored = tmp_path / "restored"
    restored.mkdir()
    with (
        closing(sqlite3.connect(portal.folder / "front-door.sqlite3", timeout=20)) as running,
        closing(sqlite3.connect(restored / "front-door.sqlite3")) as copy,
    ):
        running.backup(copy)
    for name in BESIDE:
        place = portal.folder / name
        if place.is_dir():
            shutil.copytree(place, restored / name)
        elif place.exists():
            shutil.copy2(place, restored / name)
    proved = manage(restored, "verify_audit", "--anchors")
    assert proved.returncode == 0, proved.stdout + proved.stderr
    many, opened = map(int, manage(restored, "shell", "--no-imports", "-c", READS_A_SEALED_ONE).stdout.split())
    assert many == opened > 0 and many >= portal.sql("SELECT count(*) FROM referrals_referral")[0][0] - 1
    with closing(sqlite3.connect(restored / "front-door.sqlite3")) as cut, cut:
        for (trigger,) in cut.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'partnerships_auditentry'"
        ).fetchall():
            cut.execute(f"DROP TRIGGER {trigger}")
        cut.execute("DELETE FROM partnerships_auditentry WHERE sequence = 2")
    broken = manage(restored, "verify_audit", "--anchors")
    assert broken.returncode != 0 and "missing" in broken.stdout + broken.stderr, (
        "a backup that lost a line is found out"
    )
