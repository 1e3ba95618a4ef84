"""Where a referral stands in the list from which it was opened: what is in front of it, behind it, and the way back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from referrals.models import Referral
from referrals.triage.filters import EVERYWHERE, FilterForm
from referrals.triage.queries import beside, teams_of


@dataclass(frozen=True, slots=True)
class InList:
    """Addresses: empty where there is none. `query` is what carries the list from page to page."""

    name: str
    back: str
    previous: str
    next: str
    query: str


def in_list(request: Any, referral: Referral, *, at: dt.datetime) -> InList | None:
    """From the address: `list` is the queue's slug, the rest its filter. None where it names no list of this person's.

    Two queries.
    """
    slug = request.GET.get("list", "")
    if not slug:
        return None
    teams = list(teams_of(request.actor))
    if slug == EVERYWHERE:
        here, name = tuple(teams), "All queues"
    else:
        here = tuple(team for team in teams if team.slug == slug)
        name = here[0].name if here else ""
    if not here:
        return None
    chosen = FilterForm.read(request.GET)
    query = urlencode({"list": slug}) + (f"&{chosen.query}" if chosen.query else "")
    near = beside(referral, request.actor, here, chosen, at=at)
    partnership = request.partnership.slug

    def address(pk: Any) -> str:
        if pk is None:
            return ""
        return reverse("referral", kwargs={"partnership": partnership, "referral_id": pk}) + f"?{query}"

    back = reverse("queue_team", kwargs={"partnership": partnership, "team": slug})
    return InList(
        name,
        f"{back}?{chosen.query}" if chosen.query else back,
        address(near.previous),
        address(near.next),
        query,
    )
