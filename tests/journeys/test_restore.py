"""A restore drill: a backup taken while the portal runs is a portal again, and its trail is proved whole.

On the embedded database here; on PostgreSQL, by its own tools, in `test_services.py`, which starts a portal on it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.portal import Portal
from tests.journeys.restoring import drill

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("portal")]


def test_a_backup_restored_elsewhere_holds_every_referral_and_an_unbroken_trail(portal: Portal, tmp_path: Path) -> None:
    drill(portal, tmp_path / "restored")
