"""Asking a worker to come by now. Best effort: what is due stands in the database, and beat comes by.

A broker that is away costs whoever is the first to find out a second, and for `AWAY` nobody else: a page that stores a
worry about a child waits for no broker twice.
"""

from __future__ import annotations

import logging
import time

from celery import Task

log = logging.getLogger(__name__)

AWAY = 10.0
"""Seconds for which a broker that did not take a nudge is left alone, by each process for itself."""
_left_alone_until = 0.0


def nudge(task: Task, *args: str | int, expires: float | None = None) -> bool:
    """Ask for this task. False where the broker is away, or was a moment ago. Raises nothing."""
    global _left_alone_until
    if time.monotonic() < _left_alone_until:
        return False
    try:
        task.apply_async(args=list(args), expires=expires, retry=False)
    except Exception as error:  # any broker failure: nothing is lost but time
        _left_alone_until = time.monotonic() + AWAY
        log.warning("No nudge went out for %s (%s): beat comes by", task.name, type(error).__name__)
        return False
    return True


def forget() -> None:
    """Ask again at once, whatever happened before."""
    global _left_alone_until
    _left_alone_until = 0.0
