"""Redis as cache, and files in its place while it is away: nobody is kept from signing in by what only counts."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.core.cache.backends.redis import RedisCache
from django.utils.functional import cached_property
from redis.exceptions import RedisError

from partnerships.file_cache import FileCache

log = logging.getLogger(__name__)

AWAY = 10.0
"""Seconds for which a Redis that did not answer is left alone, by each process: no page waits for it twice."""


class RedisOrFiles(RedisCache):
    """Redis; while it does not answer, files of this host (OPTIONS: FILES), counted right by themselves.

    What was counted before is not known there, and what is counted there not in Redis afterwards: a guesser gets a
    second run of tries for each time that Redis goes away, and nobody is refused for it.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        options = dict(params.get("OPTIONS", {}))
        self._folder = options.pop("FILES")
        self._params = {**params, "OPTIONS": {"MAX_ENTRIES": 20_000}}
        self._left_alone_until = 0.0
        super().__init__(server, {**params, "OPTIONS": options})

    @cached_property
    def files(self) -> FileCache:
        return FileCache(self._folder, self._params)

    def _ask(self, name: str, *given: Any, **named: Any) -> Any:
        if time.monotonic() >= self._left_alone_until:
            try:
                return getattr(super(), name)(*given, **named)
            except (RedisError, OSError) as error:
                self._left_alone_until = time.monotonic() + AWAY
                log.warning("Redis does not answer (%s): files count in its place", type(error).__name__)
        return getattr(self.files, name)(*given, **named)


def either(name: str) -> Any:
    def asks(self: RedisOrFiles, *given: Any, **named: Any) -> Any:
        return self._ask(name, *given, **named)

    asks.__name__ = name
    return asks


for each in ("add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear"):
    setattr(RedisOrFiles, each, either(each))
