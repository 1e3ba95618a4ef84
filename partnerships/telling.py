"""A word to a person about their own account. Whoever delivers notices registers here; imports point to this package.

Without a deliverer (in a test of this package alone) nothing is told, and nothing fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from partnerships.models import Partnership, User

Deliverer = Callable[..., object]
KEY = "{{ key }}"
"""Where in a body what opens something stands: it is made when the word goes out, and lies nowhere before or after."""
_deliverers: list[Deliverer] = []


def delivers(deliverer: Deliverer) -> Deliverer:
    """Register what puts a notice to a person in the outbox, called with the arguments of `tell`."""
    if deliverer not in _deliverers:
        _deliverers.append(deliverer)
    return deliverer


def tell(*, partnership: Partnership, to: User, kind: str, key: str, subject: str, body: str, at: dt.datetime) -> None:
    """Tell somebody something, once a `key`. It names no child."""
    for deliverer in _deliverers:
        deliverer(partnership=partnership, to=to, kind=kind, key=key, subject=subject, body=body, at=at)


KeyMaker = Callable[[User], str]
_keys: dict[str, KeyMaker] = {}


def makes_key(kind: str) -> Callable[[KeyMaker], KeyMaker]:
    """Register what makes the key in words of this kind, which stand in no list of notices either."""

    def register(maker: KeyMaker) -> KeyMaker:
        _keys[kind] = maker
        return maker

    return register


def kinds_with_key() -> list[str]:
    return list(_keys)


def as_sent(kind: str, to: User, body: str) -> str:
    """A body as it goes out."""
    return body.replace(KEY, _keys[kind](to)) if kind in _keys else body
