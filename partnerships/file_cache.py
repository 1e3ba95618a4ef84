"""Files as cache, where there is no Redis: what is counted there is counted right, however many processes count.

Django's own reads, adds and writes in three steps, forgets a count five minutes after the last, and throws out any
entry at all once there are three hundred: whoever guesses fast enough, or under many names, was not counted.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle  # nosec
import random
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache

LOCKS = 64
TIDIED_EVERY = 200


class FileCache(FileBasedCache):
    """One writer a key; a count keeps its end; what has run out goes first when room is made."""

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        with self._alone(key):
            return bool(super().add(key, value, timeout, version))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        own: Any = self
        with self._alone(key):
            try:
                with Path(own._key_to_file(key, version)).open("rb") as file:
                    ends = pickle.load(file)  # noqa: S301  # nosec
                    counted = int(pickle.loads(zlib.decompress(file.read()))) + delta  # noqa: S301  # nosec
            except FileNotFoundError:
                raise ValueError(f"Nothing is counted under {key}") from None
            left = None if ends is None else ends - time.time()
            if left is not None and left <= 0:
                raise ValueError(f"Nothing is counted under {key}")
            self.set(key, counted, left, version)
            return counted

    def _cull(self) -> None:
        """Now and then: what has run out, and only where that is not enough, others."""
        if random.randrange(TIDIED_EVERY):  # noqa: S311  # nosec
            return
        own: Any = self
        for name in own._list_cache_files():
            with suppress(FileNotFoundError), Path(name).open("rb") as file:
                own._is_expired(file)  # which takes it away
        super()._cull()  # type: ignore[misc]

    @contextmanager
    def _alone(self, key: Any) -> Iterator[None]:
        """Nobody else counts under this key meanwhile, in whatever process."""
        own: Any = self
        own._createdir()
        number = int(hashlib.sha256(str(key).encode()).hexdigest(), 16) % LOCKS
        descriptor = os.open(Path(own._dir) / f"lock-{number}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
