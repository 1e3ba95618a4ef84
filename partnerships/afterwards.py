"""What is done once an answer has gone out, in a thread of its own and at no moment that anybody could tell.

Whether there is an account must not be read off a clock: neither off the answer's, nor off that of the next request on
the same connection, which would wait for what is still being done for the one before. So it is handed to one thread of
the process, at a moment after the answer that chance names. A process that ends in good order does the rest first.
"""

from __future__ import annotations

import atexit
import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from contextvars import copy_context

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

log = logging.getLogger(__name__)
Work = Callable[[], object]

MOST = 1000
"""So many wait at most; beyond, it is done at once, before the connection takes the next request."""


class Afterwards:
    """A thread that begins with the first work for it."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[tuple[float, Work] | None] = queue.Queue(MOST)
        self.hurry = threading.Event()
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def add(self, work: Work) -> None:
        at = time.monotonic() + random.uniform(0, settings.AFTERWARDS_WITHIN)  # noqa: S311  # nosec
        try:
            self.waiting.put_nowait((at, work))
        except queue.Full:
            done(work)
            return
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self.run, name="afterwards", daemon=True)
                self.thread.start()
                atexit.register(self.finish)

    def run(self) -> None:
        while (told := self.waiting.get()) is not None:
            at, work = told
            self.hurry.wait(max(0.0, at - time.monotonic()))
            done(work)
            connection.close()

    def finish(self) -> None:
        """Do what waits now, and wait for it, for a moment."""
        self.hurry.set()
        self.waiting.put(None)
        if self.thread is not None:
            self.thread.join(timeout=5)


_afterwards = Afterwards()


def done(work: Work) -> None:
    try:
        work()
    except Exception:  # there is nobody to tell but the log
        log.exception("What was to be done after an answer failed")


def after_answer(request: HttpRequest, work: Work) -> None:
    """Do something once the answer to this request has gone out, in the context of the request."""
    context = copy_context()
    request.__dict__.setdefault("after_answer", []).append(lambda: context.run(work))


def hand_over(request: HttpRequest, response: HttpResponse) -> None:
    """Let what waits for this answer begin when it is closed, which is after its last byte."""
    for work in request.__dict__.pop("after_answer", []):
        begin = _afterwards.add if settings.AFTERWARDS_WITHIN else done
        response._resource_closers.append(lambda begin=begin, work=work: begin(work))  # type: ignore[attr-defined]
