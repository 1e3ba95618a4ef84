"""What of the queues to show: read from an address, written back into one, turned into a condition.

An address holds ranks, words of ours and keys, never a name, and may be kept, shared and pressed Back to.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.http import QueryDict

from partnerships.models import User
from partnerships.statuses import STATUSES
from referrals.models import Referral
from referrals.standing import CONSENT_SAID

EVERYWHERE = "all"
"""Stands in an address where a team's slug stands else: every queue that the person may see."""


class Show(StrEnum):
    """The parts of a queue, each with its count."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    DANGER = "danger"
    WAITING = "waiting"
    RESTRICTED = "restricted"
    APART = "apart"

    @property
    def label(self) -> str:
        return SHOWN[self]

    def condition(self, user: User | None, at: dt.datetime) -> Q:
        """What it stands for, on open referrals."""
        conditions = {
            Show.ALL: Q(),
            Show.MINE: Q(owner=user),
            Show.UNASSIGNED: Q(owner__isnull=True),
            Show.OVERDUE: Q(next_due_at__lt=at),
            Show.DANGER: Q(immediate_danger=True),
            Show.WAITING: ~Q(waiting_for=""),
            Show.RESTRICTED: Q(restricted=True),
            Show.APART: Q(arrival_note=""),
        }
        return conditions[self]


SHOWN = {
    Show.ALL: "All open",
    Show.MINE: "Mine",
    Show.UNASSIGNED: "Nobody has it",
    Show.OVERDUE: "Overdue",
    Show.DANGER: "In danger",
    Show.WAITING: "Waiting for others",
    Show.RESTRICTED: "Restricted",
    Show.APART: "All but many from one sender",
}

FLAGS = {flag: status.words for flag, status in STATUSES["flag"].items()}


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to look at a queue. Empty text and None ask for nothing."""

    show: Show = Show.ALL
    level: int | None = None
    flag: str = ""
    consent: str = ""
    agency: str = ""
    owner: uuid.UUID | None = None
    seen: bool = False

    def condition(self, user: User | None, at: dt.datetime) -> Q:
        found = self.show.condition(user, at)
        if self.level is not None:
            found &= Q(indicated_level=self.level) if self.level else Q(indicated_level__isnull=True)
        if self.flag:
            found &= Q(flag_words__contains=f"|{self.flag}|")
        if self.consent:
            found &= Q(consent_said=self.consent)
        if self.agency:
            found &= Q(agency__name__icontains=self.agency)
        if self.owner is not None:
            found &= Q(owner=self.owner)
        if self.seen:
            found &= Q(told_before__gt=0)
        return found

    @property
    def query(self) -> str:
        """As it stands in an address, empty where nothing is asked for; the same filter is always the same text."""
        told: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value in ("", None, False) or value is Show.ALL:
                continue
            told.append((field.name, "yes" if value is True else str(value)))
        return urlencode(told)

    @property
    def narrowed(self) -> bool:
        """Whether more is asked for than a part of the queue."""
        return replace(self, show=Show.ALL) != Filter()

    def showing(self, show: Show) -> Filter:
        return replace(self, show=show)


class FilterForm(forms.Form):
    """Reads a filter from an address. What can't be read asks for nothing."""

    show = forms.ChoiceField(choices=[(show.value, show.label) for show in Show], required=False)
    level = forms.IntegerField(min_value=0, max_value=20, required=False)
    flag = forms.ChoiceField(choices=[(flag, flag) for flag in FLAGS], required=False)
    consent = forms.ChoiceField(choices=[(said, said) for said in CONSENT_SAID], required=False)
    agency = forms.CharField(max_length=80, required=False)
    owner = forms.UUIDField(required=False)
    seen = forms.ChoiceField(choices=[("yes", "yes")], required=False)

    @classmethod
    def read(cls, query: Any) -> Filter:
        form = cls(query)
        form.is_valid()
        told = form.cleaned_data
        return Filter(
            show=Show(told.get("show") or Show.ALL),
            level=told.get("level"),
            flag=told.get("flag") or "",
            consent=told.get("consent") or "",
            agency=(told.get("agency") or "").strip(),
            owner=told.get("owner"),
            seen=told.get("seen") == "yes",
        )


def read_query(text: str) -> Filter:
    """A filter as it was kept."""
    return FilterForm.read(QueryDict(text))


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a queue's order: between two referrals, whatever comes in or goes out meanwhile."""

    urgency: int
    urgent_at: dt.datetime
    pk: uuid.UUID

    @classmethod
    def at(cls, referral: Referral) -> Cursor:
        return cls(referral.urgency, referral.urgent_at, referral.pk)

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """From an address; None where it can't be read."""
        parts = text.split("_")
        try:
            urgency, micros, pk = int(parts[0]), int(parts[1]), uuid.UUID(parts[2])
            return cls(urgency, EPOCH + dt.timedelta(microseconds=micros), pk) if 0 <= urgency <= LAST else None
        except (ValueError, IndexError, OverflowError):
            return None

    def __str__(self) -> str:
        return f"{self.urgency}_{(self.urgent_at - EPOCH) // dt.timedelta(microseconds=1)}_{self.pk.hex}"

    @property
    def after(self) -> Q:
        """What stands behind it. Within the last urgency, where nearly everything is, one range of the index."""
        behind = Q(urgent_at__gte=self.urgent_at) & (Q(urgent_at__gt=self.urgent_at) | Q(pk__gt=self.pk))
        if self.urgency == LAST:
            return Q(urgency=LAST) & behind
        return Q(urgency__gt=self.urgency) | (Q(urgency=self.urgency) & behind)

    @property
    def before(self) -> Q:
        """What stands in front of it."""
        ahead = Q(urgent_at__lte=self.urgent_at) & (Q(urgent_at__lt=self.urgent_at) | Q(pk__lt=self.pk))
        return Q(urgency__lt=self.urgency) | (Q(urgency=self.urgency) & ahead)


EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
LAST = 2
"""The urgency of whatever is neither danger nor next seen."""
