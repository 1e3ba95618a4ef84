"""What gunicorn answers by itself, before or beside Django, said as the site's pages are: whom to call, kept nowhere.

Its worker's `handle_error` is the place its makers give for that. What it answers of its own accord tells the sender's
words back and has none of our headers, and its log holds them too.
"""

from __future__ import annotations

import contextlib
import socket
import time
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string
from gunicorn.glogging import Logger
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from config.receiving import Paced, TooSlow, Whole
from partnerships.logs import Formatter, name_of

STATUSES: dict[type[Exception], int] = {
    TooSlow: 408,
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
    errors.ForbiddenProxyRequest: 403,
    errors.ConfigurationProblem: 500,
}
TOO_LONG = (414, 431)
WITHOUT_TEMPLATES = (
    "<!DOCTYPE html><html lang=en><title>Front Door</title><h1>We could not read what your browser sent</h1>"
    "<p>If a child is in danger now, call 999. Otherwise telephone the children’s social care of the council where the "
    "child lives; the police answer on 101."
)
DRAINED, PATIENCE = 1_000_000, 0.5
"""So many bytes still on their way are read, for so many seconds: a door shut at once takes the answer along."""


def status_of(error: Exception) -> int:
    """The status of an error that gunicorn met by itself: the sender's (400 and above), else 500."""
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return status
    return 400 if isinstance(error, errors.ParseException) else 500


def page(status: int) -> str:
    """What a person reads. Stands without a database, and, should templates fail too, without them."""
    name = "too_long.html" if status in TOO_LONG else {500: "500.html", 408: "too_slow.html"}.get(status, "400.html")
    try:
        return render_to_string(name)
    except Exception:  # whatever it is: a page that says whom to call is sent all the same
        return WITHOUT_TEMPLATES


def headers() -> dict[str, str]:
    """What every answer of the site has, for one that Django never saw."""
    told = {
        "Cache-Control": "no-store, private",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
    }
    if settings.SECURE_HSTS_SECONDS:
        told["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return told


def answer(status: int) -> bytes:
    """The whole of an answer, head and page, after which the door is shut."""
    body = page(status).encode()
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Connection: close", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: text/html; charset=utf-8", *(f"{name}: {value}" for name, value in headers().items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def send(client: socket.socket, told: bytes) -> None:
    """Send it, say that nothing follows, and read for a moment what the other side is still sending."""
    with contextlib.suppress(OSError):
        client.settimeout(PATIENCE)
        client.sendall(told)
        client.shutdown(socket.SHUT_WR)
        left, end = DRAINED, time.monotonic() + PATIENCE
        while left > 0 and time.monotonic() < end and (got := client.recv(65_536)):
            left -= len(got)


class Worker(ThreadWorker):
    """gunicorn's threaded worker, whose own answers are ours, and which takes a request in before it works on it."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        try:
            folder = str(settings.UPLOADING_DIR)
        except ImproperlyConfigured:  # served without our settings: wherever the machine keeps such files
            folder = None
        self.wsgi: Any = Whole(self.wsgi, folder)  # type: ignore[has-type]

    def handle(self, conn: Any) -> Any:
        if not self.cfg.is_ssl:  # which wraps the connection itself
            if not isinstance(conn.sock, Paced):
                conn.sock = Paced(conn.sock)
            conn.sock.begin()
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        status, whence = status_of(exc), (addr or ("", 0))[0]
        if status < 500:
            self.log.warning("Answered %s to %s by itself: %s", status, whence, name_of(exc))
        else:
            self.log.error("Answered %s to %s by itself", status, whence, exc_info=exc)
        send(client, answer(status))


class Log(Logger):
    """gunicorn's log, in which an exception is where and of what kind, never its words (`partnerships.logs`)."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Formatter(self.error_fmt, self.datefmt))
