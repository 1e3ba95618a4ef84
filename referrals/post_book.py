"""The post book: what a host notes of each email that it hands over, and of the mail system's answer.

One file a day, added to line by line and never rewritten, each line on the disk before anything else is done. It holds
keys and instants: no address, no subject, nothing of a child. It needs neither Django nor the database: it must be
written where both are away.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import uuid
from enum import StrEnum
from pathlib import Path

KEPT = dt.timedelta(days=30)
"""How long a day's file is kept: a notice's last attempt comes within an hour or two of its first."""


class Entry(StrEnum):
    """What a line says of one handing-over. `OPENED` is about none: which process found that it can write."""

    OPENED = "opened"
    HANDING_OVER = "handing-over"
    TAKEN = "taken"
    REFUSED = "refused"


LINE = re.compile(rb"(handing-over|taken|refused) (\S+) (\S+)$", re.MULTILINE)


class PostBook:
    """The book in one folder. Several processes may write it at once."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def name(self) -> str:
        """The book's own name, made once: who finds another in its place knows that these are not its lines.

        Raises OSError where the folder can't be written.
        """
        path = self.folder / "name"
        if not path.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = self.folder / f"name.{os.getpid()}"
            made.write_text(str(uuid.uuid4()))
            with contextlib.suppress(FileExistsError):  # the first process's stands
                os.link(made, path)
            made.unlink()
        return path.read_text().strip()

    def page(self, begun: str) -> Path:
        return self.folder / f"{begun[:10]}.log"

    def write(self, entry: Entry, notice: str, begun: str) -> None:
        """Note an entry and have it on the disk. begun: the instant of the handing-over in UTC, ISO 8601.

        Raises OSError where it is not there whole.
        """
        page = self.page(begun)
        is_new = not page.exists()
        line = f"{dt.datetime.now(dt.UTC).isoformat()} {entry.value} {notice} {begun}\n".encode()
        file = os.open(page, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(file, line) != len(line):
                raise OSError("the line was not written whole")
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            self.turn_page(begun)

    def turn_page(self, begun: str) -> None:
        """A new day's file is there for good, and what is older than `KEPT` goes."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        last = (dt.date.fromisoformat(begun[:10]) - KEPT).isoformat()
        for page in self.folder.glob("????-??-??.log"):
            if page.stem < last:
                page.unlink(missing_ok=True)

    def says(self, notice: str, begun: str) -> Entry | None:
        """The last entry of one handing-over; None where it did not come to that. A torn line counts for nothing."""
        try:
            lines = self.page(begun).read_bytes()
        except FileNotFoundError:
            return None
        mine = (notice.encode(), begun.encode())
        found = [entry for entry, *about in LINE.findall(lines) if tuple(about) == mine]
        return Entry(found[-1].decode()) if found else None


def instant(at: dt.datetime) -> str:
    """An instant as the book writes it."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")
