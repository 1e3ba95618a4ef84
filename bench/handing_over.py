"""How long an email by SMTP is in doubt: `python -m bench.handing_over [EMAILS]`.

From its last dot to the line in the post book that says what was answered, a postman that is killed leaves a notice of
which nobody knows whether it went. Of that, the mail system's own time is not ours to shorten; from its yes to our line
is. Measured with a mail system in another process of this machine, both by the one clock that the machine has.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import multiprocessing
import os
import statistics
import tempfile
import time
import uuid
from multiprocessing.connection import Connection
from typing import Any

from referrals import post_book
from referrals.post_book import Entry, PostBook, instant
from referrals.postman import Round
from tests.mail_system import MailSystem


def answering(told: Connection) -> None:
    """The mail system's process: when each yes began to be said."""
    yes: list[int] = []
    system = MailSystem(lambda point: yes.append(time.monotonic_ns()) if point == "taken" else None)
    told.send(system.port)
    told.recv()
    told.send(yes)


class Watched(PostBook):
    """The book, and when each line was written and when it was on the disk."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.written: dict[Entry, list[int]] = {entry: [] for entry in Entry}
        self.kept: dict[Entry, list[int]] = {entry: [] for entry in Entry}
        self.entry = Entry.OPENED
        write, own = os.write, self

        def watched_write(file: int, line: bytes) -> int:
            count = write(file, line)
            own.written[own.entry].append(time.monotonic_ns())
            return count

        post_book.os = type("watched", (), {**vars(os), "write": staticmethod(watched_write)})  # type: ignore[assignment]

    def write(self, entry: Entry, notice: str, begun: str) -> None:
        self.entry = entry
        super().write(entry, notice, begun)
        self.kept[entry].append(time.monotonic_ns())


def line(what: str, micros: list[float]) -> None:
    at = statistics.quantiles(micros, n=100)
    print(f"  {what:<66} {statistics.median(micros):8.0f} {at[94]:8.0f} {at[98]:8.0f} {max(micros):8.0f}", flush=True)


def main() -> None:
    told = argparse.ArgumentParser(
        prog="python -m bench.handing_over", description="Time how long an email is in doubt."
    )
    told.add_argument("emails", nargs="?", type=int, default=1000)
    wanted = told.parse_args().emails
    here, there = multiprocessing.Pipe()
    mail_system = multiprocessing.Process(target=answering, args=(there,), daemon=True)
    mail_system.start()
    message = base64.b64encode(b"Subject: Front Door\r\n\r\nSign in to read it.\r\n").decode()
    with tempfile.TemporaryDirectory() as folder:
        book, postman = Watched(folder), Round()
        where: dict[str, Any] = {"host": "127.0.0.1", "port": here.recv(), "user": "", "password": "", "seconds": 10}
        postman.connect({"book": folder, "tls": False, "ssl": False, "cert": None, "key": None, **where})
        postman.book = book
        for _ in range(wanted):
            begun = instant(dt.datetime.now(dt.UTC))
            sent = {"notice": str(uuid.uuid4()), "begun": begun, "until": time.time() + 60, "message": message}
            postman.send({"from": "door@example.test", "to": "sam@example.test", **sent})
        here.send("stop")
        yes = here.recv()
    began, written, kept = book.kept[Entry.HANDING_OVER], book.written[Entry.TAKEN], book.kept[Entry.TAKEN]
    assert len(yes) == len(written) == wanted
    print(f"{wanted} emails; microseconds{'':<43} median      p95      p99     most")
    line("in doubt: from before the last dot to the line of the answer", micros(began, written))
    line("of it, from the mail system's yes to the line (the postman killed)", micros(yes, written))
    line("from the mail system's yes to the line on the disk (power lost)", micros(yes, kept))
    line("what each entry costs, to be on the disk", micros(written, kept))


def micros(since: list[int], until: list[int]) -> list[float]:
    return [(end - start) / 1000 for start, end in zip(since, until, strict=True)]


if __name__ == "__main__":
    main()
