"""What is done after an answer holds up no request, tells nothing by its time, and is not forgotten."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from partnerships import afterwards
from partnerships.afterwards import Afterwards

said: ContextVar[str] = ContextVar("said", default="")


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Afterwards:
    """A thread of this test's own."""
    made = Afterwards()
    monkeypatch.setattr(afterwards, "_afterwards", made)
    return made


def test_another_thread_does_it_once_the_answer_is_closed_and_knows_the_request(own: Afterwards, settings: Any) -> None:
    settings.AFTERWARDS_WITHIN = 0.001
    request, response, did = HttpRequest(), HttpResponse(), []
    done = threading.Event()
    token = said.set("of this request")
    afterwards.after_answer(request, lambda: (did.append((said.get(), threading.get_ident())), done.set()))
    said.reset(token)
    afterwards.hand_over(request, response)
    assert own.thread is None and not did
    for close in response._resource_closers:  # as closing the answer does
        close()
    assert done.wait(5)
    ((what, by),) = did
    assert what == "of this request" and by != threading.get_ident()


def test_a_process_that_ends_does_the_rest_at_once_and_what_fails_stops_nothing(
    own: Afterwards, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AFTERWARDS_WITHIN = 1000.0
    did: list[int] = []
    own.add(lambda: 1 / 0)
    for each in range(3):
        own.add(lambda each=each: did.append(each))
    assert did == []
    own.finish()
    assert did == [0, 1, 2] and "failed" in caplog.text


def test_when_too_much_waits_it_is_done_rather_than_lost(
    own: Afterwards, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AFTERWARDS_WITHIN = 1000.0
    monkeypatch.setattr(afterwards, "MOST", 1)
    small, did = Afterwards(), []
    for each in range(4):
        small.add(lambda each=each: did.append(each))
    assert did, "those beyond the first one or two"
    small.finish()
    assert sorted(did) == [0, 1, 2, 3]
