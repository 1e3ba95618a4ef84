"""The embedded broker, messages as files: each is there whole or not at all, and a broken one stops nobody.

Kombu's own writes a message, and the table of an exchange's queues, into the file that readers look for. Whoever reads
at that moment, or after the writer was killed, finds it empty, and the worker ends: two workers that start at once met
so, and where one was killed at that moment none started again. Here both are written aside and then renamed; what can't
be read all the same is let go. Nothing is lost by that: a message only nudges, what is due stands in the database, and
each worker adds its queues to the table when it starts.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem, redis, virtual
from kombu.utils.json import dumps, loads
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)


def write_whole(file: Path, what: Any) -> None:
    """Readers of this file find all of it, or what stood there before."""
    aside = file.with_name(f"half.{uuid.uuid4()}.{file.name}.half")
    aside.write_bytes(dumps(what).encode())
    aside.replace(file)


class Channel(filesystem.Channel):
    """Puts and gets messages as files of a folder; which queues an exchange has stands in a file too."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        write_whole(Path(self.data_folder_out) / f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """The next message that can be read; raises `Empty` where there is none."""
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                log.warning("A message that was not written to its end is let go")

    def get_table(self, exchange: str) -> list[filesystem.exchange_queue_t]:
        """The queues of an exchange; none where it is not known, or where its file can't be read."""
        try:
            return [filesystem.exchange_queue_t(*each) for each in loads(self._exchange_file(exchange).read_bytes())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError):
            log.warning("A table of queues that was not written to its end is let go")
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._alone(exchange) as file:
            table = self.get_table(exchange)
            if bound not in table:
                write_whole(file, [bound, *table])

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *_: Any, **__: Any) -> None:
        virtual.Channel._delete(self, queue)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._alone(exchange) as file:
            table = self.get_table(exchange)
            if bound in table:
                write_whole(file, [each for each in table if each != bound])

    @contextmanager
    def _alone(self, exchange: str) -> Iterator[Path]:
        """The file of an exchange's queues, for one writer at a time."""
        file = self._exchange_file(exchange)
        self.control_folder.mkdir(exist_ok=True)
        with file.with_suffix(".lock").open("w") as door:
            filesystem.lock(door, filesystem.LOCK_EX)
            yield file


class FreesItsPlace(redis.QoS):
    """Redis frozen for a moment can't be told that a message is done with. Kombu's own then keeps the message's place
    for ever: a worker that takes one at a time takes no other, and stands still until it is started again. Here the
    place is free; Redis gives the message out once more in its time, and a nudge given twice does no harm.

    Redis that is full refuses to note anything, by an answer and not by silence. Kombu's own lets that end the worker.
    Here it works on, with what it took noted in its own memory alone.
    """

    def append(self, message: Any, delivery_tag: Any) -> None:
        try:
            super().append(message, delivery_tag)
        except ResponseError as error:
            log.warning("Redis does not note a message that was taken (%s)", type(error).__name__)
            virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: Any) -> None:
        try:
            super().ack(delivery_tag)
        except ResponseError as error:
            log.warning("Redis does not note that a message is done with (%s)", type(error).__name__)
            virtual.QoS.ack(self, delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class RedisChannel(redis.Channel):
    QoS = FreesItsPlace


class RedisTransport(redis.Transport):
    """What `redis://` stands for here: see `config.celery`."""

    Channel = RedisChannel


class Transport(filesystem.Transport):
    """What `filesystem://` stands for here: see `config.celery`."""

    Channel = Channel
