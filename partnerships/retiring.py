"""What is with a team that is taken out of use. Whoever keeps such things registers here."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from partnerships.models import Team, User


class WithTeam(Protocol):
    """Something that a team still has to finish when it is retired."""

    def open(self, team: Team) -> str:
        """What is open with it, as part of a sentence, such as *1 open referral*; empty where nothing is."""
        ...

    def tell(self, team: Team, *, by: User, at: dt.datetime) -> None:
        """Tell who answers for it which that is, in the transaction that retires the team."""
        ...


_kept: list[WithTeam] = []


def register(what: WithTeam) -> None:
    if not any(type(each) is type(what) for each in _kept):
        _kept.append(what)


def open_with(team: Team) -> str:
    return " and ".join(said for each in _kept if (said := each.open(team)))


def tell(team: Team, *, by: User, at: dt.datetime) -> None:
    for each in _kept:
        each.tell(team, by=by, at=at)
