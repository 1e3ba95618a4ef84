"""Asking the virus scanner, where one is configured. Whatever is not plainly clean is not called clean."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket
from django.conf import settings


class Verdict(StrEnum):
    """What is known of a file. `not_scanned`: no scanner is configured here."""

    PENDING = "pending"
    CLEAN = "clean"
    SUSPECT = "suspect"
    NOT_SCANNED = "not_scanned"


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict, and the scanner's own word for what it found or why it could not say."""

    verdict: Verdict
    said: str = ""


COULD_NOT_LOOK = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")
"""Names under which ClamAV says that it did not look at all of it: not clean, and not a finding."""


def is_configured() -> bool:
    return bool(settings.CLAMAV_URL)


def scan(content: bytes) -> Answer:
    """Ask the scanner. It being away, or the file above its limit, is *pending*: never *clean*.

    Above its stream limit ClamAV closes the connection, and above its other limits it says OK unless it is told
    `AlertExceedsMax yes`: so what is larger than CLAMAV_MAX_MB, packed or unpacked, is not asked at all.
    """
    if not is_configured():
        return Answer(Verdict.NOT_SCANNED)
    if max(len(content), size_unpacked(content)) > settings.CLAMAV_MAX_MB * 1024 * 1024:
        return Answer(Verdict.PENDING, "larger than the scanner's limit")
    try:
        told = scanner().instream(io.BytesIO(content)).get("stream")
    except (ClamdError, OSError, ValueError) as error:
        return Answer(Verdict.PENDING, type(error).__name__)
    if told is None:
        return Answer(Verdict.PENDING, "no answer")
    status, found = told
    if status == "OK":
        return Answer(Verdict.CLEAN)
    if status == "FOUND" and not str(found).startswith(COULD_NOT_LOOK):
        return Answer(Verdict.SUSPECT, str(found)[:120])
    return Answer(Verdict.PENDING, str(found or status)[:120])


def scanner() -> ClamdNetworkSocket:
    """CLAMAV_URL is `tcp://host:3310` or `unix:///run/clamav/clamd.ctl`."""
    where = urlsplit(settings.CLAMAV_URL)
    if where.scheme == "unix":
        return ClamdUnixSocket(where.path, timeout=settings.CLAMAV_SECONDS)
    return ClamdNetworkSocket(where.hostname or "127.0.0.1", where.port or 3310, timeout=settings.CLAMAV_SECONDS)


def size_unpacked(content: bytes) -> int:
    if not content.startswith(b"PK\x03\x04"):
        return 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return sum(max(entry.file_size, 0) for entry in packed.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return 0
