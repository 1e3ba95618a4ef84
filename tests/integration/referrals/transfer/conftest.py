"""A morning, and two partnerships with different thresholds."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from partnerships.models import Locality
from tests.factories import NOW, World, make_world
from tests.integration.referrals.transfer.sending_on import another_threshold


@pytest.fixture(autouse=True)
def a_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def worlds(db: None) -> tuple[World, World]:
    own, other = make_world("ownshire"), make_world("othershire", content=another_threshold())
    Locality.objects.create(team=other.early_help, postcode_prefix="OT1")
    return own, other
