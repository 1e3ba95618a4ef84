"""The embedded broker: a writer that is killed leaves no message that stops the worker."""

from __future__ import annotations

from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from config import broker
from config.celery import app


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "c")}
    assert app.connection_for_write(url="filesystem://").transport_cls == "filesystem"
    with Connection("filesystem://localhost//", transport_options=folders) as connection:
        assert isinstance(connection.default_channel, broker.Channel)
        yield connection.default_channel


def test_messages_come_in_their_order(channel: Any, tmp_path: Path) -> None:
    for number in range(3):
        channel._put("celery", {"number": number})
    assert sorted(channel._get("celery")["number"] for _ in range(3)) == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("celery")
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == []


@pytest.mark.parametrize("left", [b"", b'{"body": "ha', b"\xff\xfe"])
def test_one_that_was_written_by_half_is_let_go(channel: Any, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "1_killed.celery.msg").write_bytes(left)
    channel._put("celery", {"number": 1})
    assert channel._get("celery") == {"number": 1}


def test_nobody_sees_one_before_it_is_whole(channel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(aside: Path, _: Path) -> None:
        raise InterruptedError(aside.name)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(InterruptedError):
        channel._put("celery", {"number": 1})
    with pytest.raises(Empty):
        channel._get("celery")
