"""Where attachments lie: outside the web root, each under a random name, sealed.

A file is written whole under a name of its own, and only then does a row speak of it; a row lets go of its file before
the file goes. So after a crash there may be a file without a row, which the sweep takes away, and never the reverse.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from partnerships.encryption import Unreadable, reseal, seal, unseal

NAME = re.compile(r"[0-9a-f]{32}")


class Gone(LookupError):
    """The file is not there, or can't be unsealed."""


def keep(content: bytes) -> str:
    """Seal and write; gives the name. What is not written whole is not there."""
    name = secrets.token_hex(16)
    write(place(name), seal(content))
    return name


def write(path: Path, sealed: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(name: str) -> bytes:
    """The content. Raises `Gone`."""
    try:
        return unseal(place(name).read_bytes())
    except (OSError, Unreadable) as error:
        raise Gone(name) from error


def is_there(name: str) -> bool:
    return place(name).is_file()


def discard(name: str) -> bool:
    """Take the file away; False where it was not there."""
    try:
        place(name).unlink()
    except FileNotFoundError:
        return False
    return True


def everything() -> Iterator[tuple[str, dt.datetime]]:
    """Every file, half-written ones too, with when it was last written."""
    root = Path(settings.ATTACHMENTS_DIR)
    for path in sorted(root.glob("??/*")) if root.is_dir() else []:
        try:
            yield path.name, dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        except FileNotFoundError:
            continue


def discard_half(name: str) -> None:
    (Path(settings.ATTACHMENTS_DIR) / name[:2] / name).unlink(missing_ok=True)


def reseal_all() -> tuple[int, int]:
    """Seal every file anew under the newest key. Gives how many were, and how many could not be opened."""
    done = unreadable = 0
    for name, _ in everything():
        if not NAME.fullmatch(name):
            continue
        try:
            write(place(name), reseal(place(name).read_bytes()))
        except FileNotFoundError:
            continue
        except Unreadable:
            unreadable += 1
            continue
        done += 1
    return done, unreadable


def place(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise Gone(name)
    return Path(settings.ATTACHMENTS_DIR) / name[:2] / name
