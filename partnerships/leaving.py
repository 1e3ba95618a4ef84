"""What a person leaves behind when a role ends. Whoever keeps such things registers here."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from partnerships.models import Membership, Partnership, User
from partnerships.permissions import Role


class LeftBehind(Protocol):
    """Something that must not be left with somebody who is gone."""

    def hold(self, user: User, partnership: Partnership, *, begins: Role | None) -> None:
        """Hold every row that the end of a role, or the beginning of one, changes: before anything is written."""
        ...

    def told(self, membership: Membership) -> list[str]:
        """Sentences for whoever is about to end the role: what is still with this person."""
        ...

    def let_go(self, membership: Membership, *, by: User, at: dt.datetime) -> None:
        """Put back what must not stay with them, in the transaction that ends the role."""
        ...

    def hand_on(self, user: User, partnership: Partnership, *, by: User | None, at: dt.datetime) -> None:
        """Tell others what waits for this person, by what the person is now, once that is settled."""
        ...


_kept: list[LeftBehind] = []


def register(what: LeftBehind) -> None:
    if not any(type(each) is type(what) for each in _kept):
        _kept.append(what)


class TakenOn(Protocol):
    """What becomes of a role that begins."""

    def __call__(self, membership: Membership, *, at: dt.datetime) -> None:
        """In the transaction in which it begins."""
        ...


_begins: list[TakenOn] = []


def begins(what: TakenOn) -> None:
    """Register what is done when somebody takes a role on."""
    if what not in _begins:
        _begins.append(what)


def taken_on(membership: Membership, *, at: dt.datetime) -> None:
    for each in _begins:
        each(membership, at=at)


def hold(user: User, partnership: Partnership, *, begins: Role | None = None) -> None:
    """Hold what the change of a person's roles touches, all at once. begins: the role that they take on."""
    for each in _kept:
        each.hold(user, partnership, begins=begins)


def told(membership: Membership) -> list[str]:
    return [sentence for each in _kept for sentence in each.told(membership)]


def let_go(membership: Membership, *, by: User, at: dt.datetime) -> None:
    for each in _kept:
        each.let_go(membership, by=by, at=at)


def hand_on(user: User, partnership: Partnership, *, by: User | None, at: dt.datetime) -> None:
    for each in _kept:
        each.hand_on(user, partnership, by=by, at=at)
