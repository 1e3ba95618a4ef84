"""How early help stands, in a sentence; and how much is with a team, to be finished there or given on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from partnerships.access import Actor
from partnerships.models import Team
from partnerships.templatetags.page_parts import moment, within
from referrals.models import Clock, Referral, Support
from referrals.support.ending import ACCEPTED, subject


def how_it_stands(row: Support) -> str:
    """What somebody reads who acts on what is accepted or has ended since they opened the page."""
    if row.state == Support.State.CLOSED and row.closed_by and row.closed_at:
        return f"{row.closed_by.name} closed it at {moment(row.closed_at)}: {within(row.get_ending_display())}."
    if row.accepted_by and row.accepted_at:
        return f"{row.accepted_by.name} accepted it at {moment(row.accepted_at)}; {row.lead} leads."
    return "It is to be accepted first."


def accept_by(rows: Iterable[Support]) -> dict[Any, dt.datetime]:
    """When what nobody has accepted yet is to be accepted, by its key; without what no clock runs for now."""
    offered = {subject(row, 0): row for row in rows if row.state == Support.State.OFFERED}
    of_them = Clock.objects.filter(referral__in={row.referral_id for row in offered.values()}, subject__in=offered)
    return {offered[each.subject].pk: each.due_at for each in of_them.filter(slug=ACCEPTED).counting()}


@dataclass(frozen=True, slots=True)
class Open:
    """How many children a team gives early help, offered or active, and how many open referrals are in its queue."""

    children: int
    referrals: int

    def __bool__(self) -> bool:
        return bool(self.children or self.referrals)

    @property
    def words(self) -> str:
        """Early help for 2 children and 1 open referral; empty where there is nothing."""
        children = f"early help for {'1 child' if self.children == 1 else f'{self.children} children'}"
        referrals = "1 open referral" if self.referrals == 1 else f"{self.referrals} open referrals"
        return " and ".join(said for said, there in ((children, self.children), (referrals, self.referrals)) if there)

    @property
    def verb(self) -> str:
        """What stands before those words: *is* early help for 2 children, *are* 2 open referrals."""
        return "are" if self.referrals > 1 and not self.children else "is"


def with_team(team: Team, reader: Actor | None = None) -> Open:
    """What is with a team and not finished. reader: only what this person may see of it."""
    supports = Support.objects.filter(team=team)
    rows = Referral.objects.filter(partnership=team.partnership_id, team=team)
    if reader is not None:
        supports = Support.objects.visible_to(reader).filter(team=team)
        rows = Referral.objects.visible_to(reader).filter(team=team)
    return Open(supports.open().count(), rows.open().count())
