"""Looking into a file that a stranger sent, in a process of its own: it is ended when that takes too long.

    apart(judge, content, name)     # what `judge` gives or raises; `TooLong`, `TooMany`

However a file is made, whoever else uses the portal meanwhile is answered: the process yields to those that serve
pages, holds no more memory than `MOST_MEMORY`, forgets the settings that it was started with, and two requests of a
server wait for it at a time. It starts with the first file and stays.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError
from concurrent.futures import TimeoutError as OutOfTime
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 20.0
"""Seconds for one file. The largest picture that is taken needs about two on an idle machine."""

PATIENCE = 20.0
"""Seconds that a request waits for its turn."""

MOST_MEMORY = 3 * 1024**3
WAITERS = threading.BoundedSemaphore(2)


class TooLong(Exception):
    """The file could not be looked into in its time, or in the memory that there is for it."""


class TooMany(Exception):
    """Other files are being looked into."""


def apart(does: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """What `does` gives of these. It, what it is given and what it gives go from one process to another."""
    if not WAITERS.acquire(timeout=PATIENCE):
        raise TooMany
    try:
        return asked(does, given, named).result(LONGEST + PATIENCE)  # they end it before; this is where they broke
    except (OutOfTime, ProcessExpired, MemoryError) as error:
        raise TooLong from error
    except (BrokenExecutor, CancelledError) as error:  # by what another file did, or because the site is ending
        raise TooMany from error
    finally:
        WAITERS.release()


POOLS: dict[int, ProcessPool] = {}
STARTING = threading.Lock()


def asked(does: Callable[..., T], given: tuple[Any, ...], named: dict[str, Any]) -> ProcessFuture:
    """What is asked of the processes; where they broke, of new ones."""
    for first in (True, False):
        try:
            return pool().schedule(does, args=given, kwargs=named, timeout=LONGEST)
        except RuntimeError:  # they are broken, or were stopped
            if not first:
                raise TooMany from None
            with STARTING:
                POOLS.clear()
    raise AssertionError


def pool() -> ProcessPool:
    """Of this process; one that was forked from it has its own."""
    with STARTING:
        if os.getpid() not in POOLS:
            context = multiprocessing.get_context("spawn")
            POOLS[os.getpid()] = ProcessPool(max_workers=2, initializer=humble, context=context)
        return POOLS[os.getpid()]


def humble() -> None:
    """The process gives way to others, and forgets what the portal's settings say."""
    os.environ.clear()
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
