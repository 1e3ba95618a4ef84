"""What is asked of an organisation's own sign-in over the network: within seconds, by few at once, and of one that is
silent not again for a while.

A page waits for the answer, and a provider that accepts and says nothing, or drips, would hold every page of the portal
up: anybody may press the button. Each process keeps this by itself, as it does of the broker.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings

log = logging.getLogger(__name__)

SECONDS = 3.0
"""For one answer, from the first byte asked to the last one read."""
AT_ONCE, WAITS = 2, 0.5
"""So many ask one organisation at a time; the next one waits so many seconds for their turn."""
LEFT_ALONE = 15.0
"""Seconds for which an organisation that was silent is not asked again."""
KNOWN_FOR = 600.0
"""Seconds for which an organisation's addresses are known."""
LARGEST = 1_000_000

_turns: dict[str, threading.BoundedSemaphore] = {}
_left_alone_until: dict[str, float] = {}
_known: dict[str, tuple[float, dict[str, Any]]] = {}


class Silent(requests.ConnectionError):
    """It gave no whole answer in time, or did not a moment ago."""


class Session(requests.Session):
    """Asks in a thread of its own, so that whoever waits need not wait for the end of it."""

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        request: Any = super().request
        host = urlsplit(str(url)).netloc
        turn = _turns.setdefault(host, threading.BoundedSemaphore(AT_ONCE))
        if left_alone(host) or not turn.acquire(timeout=WAITS):
            raise Silent
        told: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                told.put(whole(request(method, url, *args, **kwargs, stream=True, timeout=SECONDS)))
            except Exception as error:  # whatever it is, it is raised where the answer is waited for
                told.put(error)
            finally:
                turn.release()

        if left_alone(host):  # found out by whoever had the turn before
            turn.release()
            raise Silent
        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = told.get(timeout=SECONDS)
        except queue.Empty:
            answer = Silent()
        if isinstance(answer, (requests.ConnectionError, requests.Timeout)):
            _left_alone_until[host] = time.monotonic() + LEFT_ALONE
            log.warning("The sign-in at %s is silent (%s): not asked for a while", host, type(answer).__name__)
        if isinstance(answer, Exception):
            raise answer
        return answer


def whole(answer: requests.Response) -> requests.Response:
    """The answer with its body read, as far as anybody would read it."""
    body = b""
    for part in answer.iter_content(4096):
        body += part
        if len(body) > LARGEST:
            answer.close()
            raise requests.exceptions.ContentDecodingError("too long")
    answer._content = body
    return answer


def left_alone(host: str) -> bool:
    return time.monotonic() < _left_alone_until.get(host, 0.0)


NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


def configuration(address: str) -> dict[str, Any]:
    """Where an organisation's sign-in has its pages, by its own word. `OAuth2Error` where that says too little."""
    until, known = _known.get(address, (0.0, {}))
    if time.monotonic() < until:
        return known
    with Session() as session:
        answer = session.get(address)
        answer.raise_for_status()
        told = answer.json()
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in NEEDED):
        raise OAuth2Error("The configuration lacks an address")
    if not settings.DEMO and not all(told[name].startswith("https://") for name in NEEDED):
        raise OAuth2Error("An address by which what is said could be changed on its way")
    _known[address] = (time.monotonic() + KNOWN_FOR, told)
    return told


def forget() -> None:
    """Ask again at once, whatever happened before."""
    for each in (_turns, _left_alone_until, _known):
        each.clear()
