"""What most of these tests stand on: a world, a morning, and documents whose words can be searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django_scopes import scope

from tests.factories import NOW, World, make_world


@pytest.fixture
def world(db: None) -> World:
    """One partnership with its threshold, teams and people."""
    return make_world()


@pytest.fixture
def in_scope(world: World) -> Iterator[None]:
    """Rows of that partnership may be asked for without saying so each time."""
    with scope(partnership=world.partnership):
        yield


@pytest.fixture
def a_morning() -> Any:
    """Nothing moves on from the moment of the factories."""
    with time_machine.travel(NOW, tick=False):
        yield


def legible(page: str) -> bytes:
    """A document as its page, so that its words can be searched; that it becomes a PDF is for other tests to show."""
    return b"%PDF-1.7\n" + page.encode()


@pytest.fixture
def documents_as_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents as the page that they are made of: its words can be looked through, and making it costs nothing."""
    monkeypatch.setattr("referrals.documents.making.pdf_of", legible)
    monkeypatch.setattr("partnerships.documents.pdf_of", legible)


@pytest.fixture
def legible_documents(documents_as_pages: None, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR", "django.request")  # a refused method is a line each
    settings.REFUSED_IN_TRAIL = False  # thousands are refused here; that each is noted has a test of its own
