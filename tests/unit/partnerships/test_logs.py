"""What a log line and an error report say when something fails: where and of what kind, and none of the words."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils.module_loading import import_string
from django.views.debug import ExceptionReporter, get_default_exception_reporter_filter

from partnerships.logs import Formatter

NAME = "Zephyrine Marlow"


def fails(request: HttpRequest) -> HttpResponse:
    child = {"first_name": NAME}
    try:
        raise ValueError(f"DETAIL: Failing row contains ({child['first_name']}, {request.POST.get('happened')})")
    except ValueError as error:
        raise RuntimeError(f"could not store {child}") from error


urlpatterns = [path("fails/", fails)]


def written(logger: logging.Logger, say: Any) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    told = settings.LOGGING["formatters"]["line"]
    assert told["()"] == f"{Formatter.__module__}.{Formatter.__qualname__}", "what the settings log by"
    handler.setFormatter(import_string(told["()"])(told["format"], style=told["style"]))
    logger.addHandler(handler)
    try:
        say()
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


@pytest.mark.urls(__name__)
def test_a_view_that_fails_with_a_child_in_hand_writes_where_and_nothing_of_the_child(settings: Any) -> None:
    settings.ADMINS = [("Ops", "ops@example.org")]
    settings.MIDDLEWARE = []
    client = Client(raise_request_exception=False)
    line = written(logging.getLogger("django.request"), lambda: client.post("/fails/", {"happened": NAME}))
    assert "builtins" not in line and "RuntimeError: (not told)" in line and "ValueError: (not told)" in line
    assert "in fails" in line and "test_logs.py" in line, "where it failed is told"
    assert "Zephyrine" not in line and not mail.outbox, "nobody is mailed what was posted"


def test_a_line_that_repeats_the_words_of_its_exception_says_its_kind_in_their_place() -> None:
    def say() -> None:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            logging.getLogger("worker").error("Task %s raised unexpected: %r, %s", "sweep", error, error, exc_info=True)

    line = written(logging.getLogger("worker"), say)
    assert "Task sweep raised unexpected: KeyError, KeyError" in line and "Zephyrine" not in line


def test_an_error_report_holds_no_variable_nothing_posted_and_no_header() -> None:
    request = RequestFactory().post("/fails/", {"happened": NAME}, HTTP_COOKIE=f"a={NAME}", HTTP_X_CHILD=NAME)
    chosen = get_default_exception_reporter_filter()
    assert chosen.get_post_parameters(request) == {"happened": "(not told)"}
    try:
        fails(request)
    except RuntimeError as error:
        frames = ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_frames()
    told = str([frame["vars"] for frame in frames]) + str(chosen.get_safe_request_meta(request))
    told += str(chosen.get_safe_cookies(request))
    assert "child" in told and "Zephyrine" not in told
