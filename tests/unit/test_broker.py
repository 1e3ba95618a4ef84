"""The embedded broker: a writer that is killed leaves nothing that stops a worker, and workers may start at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from threading import Barrier
from typing import Any

import pytest
from kombu import Connection

from config import broker
from config.celery import app


def folders(tmp_path: Path) -> dict[str, str]:
    return {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "c")}


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    assert app.connection_for_write(url="filesystem://").transport_cls == "filesystem"
    with Connection("filesystem://localhost//", transport_options=folders(tmp_path)) as connection:
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


def test_workers_that_start_at_once_each_find_their_queue(channel: Any, tmp_path: Path) -> None:
    """Each with a connection of its own: what one writes, another finds whole, and takes nobody's place."""
    exchanges, at_once = [f"exchange{number}" for number in range(40)], Barrier(8)

    def starts(worker: int) -> None:
        with Connection("filesystem://localhost//", transport_options=folders(tmp_path)) as connection:
            own: Any = connection.default_channel
            for exchange in exchanges:
                at_once.wait(20)
                own._queue_bind(exchange, "", "", f"worker{worker}")
                assert f"worker{worker}" in {each.queue for each in own.get_table(exchange)}

    with ThreadPoolExecutor(8) as together:
        list(together.map(starts, range(8)))
    for exchange in exchanges:
        assert sorted(each.queue for each in channel.get_table(exchange)) == [f"worker{number}" for number in range(8)]


@pytest.mark.parametrize("left", [b"", b'[["", "", "wor', b"\xff\xfe", b"7"])
def test_a_table_of_queues_written_by_half_keeps_no_worker_from_starting(
    channel: Any, tmp_path: Path, left: bytes
) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "celery.pidbox.exchange").write_bytes(left)
    assert channel.get_table("celery.pidbox") == []
    channel._queue_bind("celery.pidbox", "", "", "worker.pidbox")
    channel._queue_bind("celery.pidbox", "", "", "worker.pidbox")
    assert [each.queue for each in channel.get_table("celery.pidbox")] == ["worker.pidbox"]


def test_a_queue_that_goes_leaves_the_others(channel: Any) -> None:
    for name in ("one", "two"):
        channel._queue_bind("celery.pidbox", "key", "", name)
    channel._put("one", {"number": 1})
    channel._delete("one", "celery.pidbox", "key", "")
    channel._delete("one", "celery.pidbox", "key", "")
    assert [each.queue for each in channel.get_table("celery.pidbox")] == ["two"]
    with pytest.raises(Empty):
        channel._get("one")
