"""What a log line and an error report hold when something fails: where, and what kind; never what somebody typed.

The words of an exception are a child's data more often than one thinks: PostgreSQL prints the whole row that broke a
rule, Python the value that it could not read. So an exception is told by its type and its lines of code alone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

HIDDEN = "(not told)"
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that led to it, each once, the last one first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def name_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


class Formatter(logging.Formatter):
    """A line of the log; below it, where there was an exception, its types and lines of code."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  the library's own name
        told = []
        for error in reversed(list(chain(ei[1]))):
            lines = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{lines}{name_of(error)}: {HIDDEN}")
        return "\n".join(told)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's own name
        """The line itself; the words of the exception that it tells of go out of it, such as a worker puts in."""
        for error in chain(record.exc_info[1] if record.exc_info else None):
            for words in (repr(error), str(error)):
                if len(words) > 3:  # shorter ones are no data, and stand in other words
                    record.message = record.message.replace(words, name_of(error))
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # what another formatter made of it, words and all
        return super().format(record)


def where(error: BaseException) -> str:
    """The last line of our own code on the way to an exception, or the last line of all where none is ours."""
    told = traceback.extract_tb(error.__traceback__)
    ours = [each for each in told if is_ours(each.filename)] or told
    if not ours:
        return "nowhere that can be told"
    place = Path(ours[-1].filename)
    name = place.relative_to(settings.BASE_DIR) if place.is_relative_to(settings.BASE_DIR) else place.name
    return f"{name}, line {ours[-1].lineno}"


PASSED_THROUGH = ("manage.py", "row_security.py")
"""What every command, and every statement, goes through: it tells nothing."""


def is_ours(file: str) -> bool:
    place = Path(file)
    inside = place.is_relative_to(settings.BASE_DIR) and "site-packages" not in place.parts
    return inside and place.name not in PASSED_THROUGH


def failed(command: str, error: Exception) -> str:
    """What a command that failed says on its terminal: one line. All the lines of code that led there are kept apart.

    They are added to `command-failures.log` beside the database, for whoever runs the portal; without a value, too.
    """
    kept, details = settings.VAR_DIR / "command-failures.log", Formatter().formatException((type(error), error, None))
    said = f"{command} failed: {name_of(error)} at {where(error)}."
    with contextlib.suppress(OSError):
        opened = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "a", encoding="utf-8") as file:
            file.write(f"{dt.datetime.now(dt.UTC).isoformat(timespec='seconds')} {said}\n{details}\n")
        return f"{said} How it came there is in {kept}."
    return said


class NothingTyped(SafeExceptionReporterFilter):
    """Error reports, should anybody have them sent: no variable, nothing posted, no cookie, no header."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        return dict.fromkeys(request.POST, HIDDEN) if request is not None else {}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: Any) -> Any:
        return [(name, HIDDEN) for name in tb_frame.f_locals]

    def get_safe_request_meta(self, request: Any) -> Any:
        return {}

    def get_safe_cookies(self, request: Any) -> Any:
        return {}
