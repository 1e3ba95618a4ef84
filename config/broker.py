"""The embedded broker, messages as files: each is there whole or not at all, and a broken one stops nobody.

Kombu's own writes a message into the file that readers look for. Whoever reads at that moment, or after the writer was
killed, finds it empty, and the worker ends. Here it is written aside and then renamed; one that can't be read all the
same is let go. Nothing is lost by that: a message only nudges, and what is due stands in the database.
"""

from __future__ import annotations

import logging
import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem, redis, virtual
from kombu.utils.json import dumps
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Puts and gets messages as files of a folder."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        aside = folder / f"half.{name}.half"
        aside.write_bytes(dumps(payload).encode())
        aside.replace(folder / name)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """The next message that can be read; raises `Empty` where there is none."""
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                log.warning("A message that was not written to its end is let go")


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
