"""`make audit` never says that nothing was found where nothing was looked up."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FINE = {"name": "django", "version": "5.2", "vulns": []}
HOLED = {"name": "django", "version": "5.2", "vulns": [{"id": "CVE-1", "fix_versions": ["5.2.1"]}]}
SKIPPED = {"name": "amqp", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "status", "says"),
    [
        ([FINE], 0, "1 packages looked up, none"),
        ([FINE, HOLED], 1, "django 5.2: CVE-1, mended in 5.2.1"),
        ([SKIPPED], 3, "nothing was checked"),
        ([FINE, SKIPPED], 3, "NOT DONE for 1 of 2"),
        ([SKIPPED, HOLED], 1, "CVE-1"),
        (None, 3, "nothing was checked"),
    ],
)
def test_what_was_not_looked_up_is_said_and_told_by_the_status(
    found: list[dict[str, Any]] | None, status: int, says: str, tmp_path: Path
) -> None:
    stub = tmp_path / "pip-audit"
    told = json.dumps({"dependencies": found}) if found is not None else "ConnectionError: no network"
    stub.write_text(f"#!/bin/sh\ncat <<'END'\n{told}\nEND\n")
    stub.chmod(0o700)
    done = subprocess.run(
        [ROOT / "bin" / "audit"],
        env={**os.environ, "PIP_AUDIT": str(stub), "FRONT_DOOR_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status and says in done.stdout and len(done.stdout.splitlines()) == 1
