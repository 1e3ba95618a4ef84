"""A request is taken in whole, at a pace, before anybody asks who sends it, and has no turn at the site until then.

Without that, a dozen connections that announce a form and send none of it take the site away from everybody, and a form
whose last byte comes hours after its first is carried out with the roles that its sender had when it began. A proxy
that takes requests whole in front of the site does the same better, since it waits for thousands; this holds without.
"""

from __future__ import annotations

import io
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from typing import IO, Any

from gunicorn.http.errors import ParseException

GRACE = 10.0
"""Seconds that every request has, its head and its body together."""

SLOWEST = 2_000
"""Bytes a second that it has to come at beyond that: a tenth of what a telephone has at the edge of its net."""

IN_MEMORY = 512 * 1024
MOST_WAITED_FOR = 160 * 1024 * 1024
"""Bytes of a body that are waited for: more than is kept of any (UPLOAD_MAX_MB). What is beyond is read as it comes."""

TURNS = 4
"""How many requests a process works on at a time, however many it is taking in."""


class TooSlow(ParseException):
    """It came too slowly, or not to its end."""

    def __str__(self) -> str:
        return "the request came too slowly"


class Paced:
    """A connection that is given up where what is on its way comes too slowly; all else is the connection's own."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.begin()

    def begin(self) -> None:
        """The next request has its time anew."""
        self._since, self._got = time.monotonic(), 0

    def recv(self, size: int, *flags: int) -> bytes:
        left = self._since + GRACE + self._got / SLOWEST - time.monotonic()
        if left <= 0:
            raise TooSlow
        self._connection.settimeout(left)
        try:
            got = self._connection.recv(size, *flags)
        except TimeoutError as error:
            raise TooSlow from error
        finally:
            self._connection.setblocking(True)
        self._got += len(got)
        return got

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class FirstThen(io.RawIOBase):
    """What was taken in, and then what still comes."""

    def __init__(self, first: IO[bytes], then: Any) -> None:
        self.first, self.then = first, then

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        got = self.first.read(len(into)) or self.then.read(len(into))
        into[: len(got)] = got
        return len(got)


def taken_in(body: Any, folder: str | None) -> tuple[IO[bytes], bool]:
    """The body as far as it is waited for, in memory or in a file without a name; and whether that is all of it."""
    held: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=folder)  # noqa: SIM115  closed with the answer
    while held.tell() < MOST_WAITED_FOR:
        if not (got := body.read(64 * 1024)):
            held.seek(0)
            return held, True
        held.write(got)
    held.seek(0)
    return held, False


class Whole:
    """The site behind a request that is there whole. Runs where gunicorn calls the site."""

    def __init__(self, site: Callable[..., Iterable[bytes]], folder: str | None) -> None:
        self.site, self.folder = site, folder
        self.turns = threading.BoundedSemaphore(TURNS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        held: IO[bytes] | None = None
        if environ.get("CONTENT_LENGTH") not in (None, "", "0") or environ.get("HTTP_TRANSFER_ENCODING"):
            held, whole = taken_in(environ["wsgi.input"], self.folder)
            environ["wsgi.input"] = held if whole else io.BufferedReader(FirstThen(held, environ["wsgi.input"]))
        try:
            with self.turns:
                return self.site(environ, start_response)
        finally:
            if held is not None:
                held.close()
