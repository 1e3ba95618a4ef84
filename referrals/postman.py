"""Who hands emails over by SMTP: a process of its own, which outlives the worker that asked it.

A worker that is killed while the mail system makes up its mind can't hear the answer. The postman does, and notes it in
the post book before anything else. It is nobody's child and in a session of its own, holds one connection, and ends
when whoever asked it is gone. It knows neither Django nor the database: requests and answers are lines of JSON.

    {"do": "connect", "book": folder, "host", "port", "user", "password", "tls", "ssl", "cert", "key", "seconds"}
    {"do": "send", "notice", "begun", "until", "from", "to", "message"}     # message: base64, lines end in CR LF
    {"do": "leave"}

Answers: `{}`, with `book` and `pid` after connecting; `{"refused": code}` for an address that was refused; or
`{"error": name}`.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import os
import re
import select
import smtplib
import socket
import ssl
import subprocess  # nosec B404
import sys
import time
from pathlib import Path
from typing import Any

from referrals.post_book import Entry, PostBook, instant

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 55.0
"""Seconds that a worker waits for an answer: its task has 60."""
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPATH", "VIRTUAL_ENV")


class HandingOverFailed(Exception):
    """It was not handed over, or nobody knows: the message is the name of what happened."""


class Refused(HandingOverFailed):
    """The address was refused; `code` is the mail system's."""

    def __init__(self, code: int) -> None:
        super().__init__("SMTPRecipientsRefused")
        self.code = code


class Postman:
    """A worker's side: starts the process, asks it, hears its answer."""

    def __init__(self) -> None:
        self.hired_by = os.getpid()
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self.process = subprocess.Popen(  # nosec B603
            [sys.executable, "-m", "referrals.postman"],
            cwd=ROOT,
            env=passed_on,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self.process.wait()  # that one only started the postman and ended: nobody's child is left

    def ask(self, **request: Any) -> dict[str, Any]:
        """Its answer. Raises `Refused` or `HandingOverFailed`; also where it is gone or does not answer."""
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise HandingOverFailed("PostmanGone") from error
        heard, until = b"", time.monotonic() + PATIENCE
        while not heard.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                self.dismiss()
                raise HandingOverFailed("PostmanSilent")
            part = self.process.stdout.read(65536)
            if not part:
                self.dismiss()
                raise HandingOverFailed("PostmanGone")
            heard += part
        answer: dict[str, Any] = json.loads(heard)
        if "refused" in answer:
            raise Refused(int(answer["refused"]))
        if "error" in answer:
            raise HandingOverFailed(answer["error"])
        return answer

    def dismiss(self) -> None:
        """Let it go: it ends what it is at, and then itself."""
        for end in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                assert end
                end.close()

    def is_here(self) -> bool:
        """Whether it was hired by this process (and not by one that this was forked from) and has not ended."""
        out = self.process.stdout
        return bool(self.hired_by == os.getpid() and out and not out.closed and not select.select([out], [], [], 0)[0])


class Round:
    """The postman's side: one connection, one book."""

    def __init__(self) -> None:
        self.smtp: smtplib.SMTP | None = None
        self.book: PostBook | None = None
        self.name = ""

    def connect(self, told: dict[str, Any]) -> dict[str, Any]:
        self.leave()
        self.open_book(told["book"])
        context = ssl.create_default_context()
        if told["cert"] or told["key"]:
            context.load_cert_chain(told["cert"], told["key"])
        self.name = self.name or socket.getfqdn()
        where: dict[str, Any] = {"local_hostname": self.name, "timeout": told["seconds"]}
        if told["ssl"]:
            self.smtp = smtplib.SMTP_SSL(told["host"], told["port"], context=context, **where)
        else:
            self.smtp = smtplib.SMTP(told["host"], told["port"], **where)
        assert self.smtp.sock
        self.smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the last dot waits for nothing
        if told["tls"]:
            self.smtp.starttls(context=context)
        if told["user"] and told["password"]:
            self.smtp.login(told["user"], told["password"])
        return {"book": self.book.name() if self.book else "", "pid": os.getpid()}

    def open_book(self, folder: str) -> None:
        """Where the book can't be written there is none: an email without its entry is better than no email."""
        book = PostBook(folder)
        try:
            book.name()
            book.write(Entry.OPENED, str(os.getpid()), instant(dt.datetime.now(dt.UTC)))
        except OSError:
            self.book = None
        else:
            self.book = book

    def send(self, told: dict[str, Any]) -> dict[str, Any]:
        """Hand one email over. Up to its last dot the mail system has nothing; from there on it may have it."""
        assert self.smtp is not None
        message = re.sub(rb"(?m)^\.", b"..", base64.b64decode(told["message"]))
        message += b"" if message.endswith(b"\r\n") else b"\r\n"
        self.smtp.ehlo_or_helo_if_needed()
        size = [f"size={len(message)}"] if self.smtp.has_extn("size") else []
        expect(self.smtp.mail(told["from"], size), 250)
        code, _ = self.smtp.rcpt(told["to"])
        if code not in (250, 251):
            self.smtp.rset()
            return {"refused": code}
        expect(self.smtp.docmd("DATA"), 354)
        self.smtp.send(message)
        if time.time() > told["until"]:
            raise TimeoutError
        if self.book:
            self.book.write(Entry.HANDING_OVER, told["notice"], told["begun"])
        self.smtp.send(b".\r\n")
        code, _ = self.smtp.getreply()
        if self.book:
            with contextlib.suppress(OSError):  # the worker is told all the same
                self.book.write(Entry.TAKEN if code == 250 else Entry.REFUSED, told["notice"], told["begun"])
        expect((code, b""), 250)
        return {}

    def leave(self, told: object = None) -> dict[str, Any]:
        smtp, self.smtp = self.smtp, None
        if smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):  # all that it took is noted already
                smtp.quit()
        return {}

    def drop(self) -> None:
        """After whatever went wrong the next email has a connection of its own."""
        smtp, self.smtp = self.smtp, None
        if smtp is not None:
            smtp.close()

    def answer(self, told: dict[str, Any]) -> dict[str, Any]:
        does = {"connect": self.connect, "send": self.send, "leave": self.leave}[told["do"]]
        try:
            return does(told)
        except Exception as error:  # whatever it was, the worker waits for its name
            self.drop()
            return {"error": type(error).__name__}


def expect(reply: tuple[int, bytes], code: int) -> None:
    if reply[0] != code:
        raise smtplib.SMTPResponseException(reply[0], reply[1])


def main() -> None:
    if os.fork():
        os._exit(0)
    at_work = Round()
    for line in sys.stdin.buffer:
        answer = json.dumps(at_work.answer(json.loads(line))).encode() + b"\n"
        try:
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()
        except OSError:  # who asked was killed; what became of it stands in the book
            break
    at_work.leave()
    os._exit(0)


if __name__ == "__main__":
    main()
