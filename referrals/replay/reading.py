"""Past referrals as cases: read from the facts that were kept with each child, never from a name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from partnerships.hours import LONDON
from partnerships.models import Locality, Partnership, Team
from referrals.intake.routing import prefixes, the_default
from referrals.models import Child, Referral
from thresholds.domain.facts import read_facts
from thresholds.domain.replay import UNBORN, Case, age_band

COLUMNS = ("referral_id", "pk", "date_of_birth", "expected_on", "unborn", "sex", "postcode", "facts")
AT_ONCE = 2000
NO_AGENCY = "No agency"


@dataclass(frozen=True, slots=True)
class Kept:
    """A case, and the child's row that it was read from."""

    case: Case
    child_id: Any


@dataclass(slots=True)
class Read:
    """How many were read so far: referrals, and children of whom no facts are kept."""

    referrals: int = 0
    left_out: int = 0


class Places:
    """Where a referral goes, by route and postcode, as the teams and their localities stand now. Read once a run."""

    def __init__(self, partnership: Partnership) -> None:
        self.mash = the_default(partnership, Team.Kind.MASH).name
        self.early_help = the_default(partnership, Team.Kind.EARLY_HELP).name
        served = Locality.objects.filter(team__partnership=partnership, team__kind=Team.Kind.EARLY_HELP)
        self.by_prefix = dict(served.values_list("postcode_prefix", "team__name"))
        self.agencies = dict(partnership.agencies.values_list("pk", "name"))
        self.known: dict[str, str] = {"": ""}

    def queues(self, postcodes: list[str]) -> tuple[str, str, str]:
        serving = next((team for each in postcodes if (team := self.serving(each))), self.early_help)
        return self.early_help, serving, self.mash

    def serving(self, postcode: str) -> str:
        team = self.known.get(postcode)
        if team is None:
            found = (self.by_prefix[each] for each in prefixes(postcode) if each in self.by_prefix)
            team = self.known[postcode] = next(found, "")
        return team


def since_when(day: dt.date | None) -> dt.datetime | None:
    """The instant before the first moment of a day in London: what was received after it counts."""
    if day is None:
        return None
    return dt.datetime.combine(day, dt.time(), LONDON).astimezone(dt.UTC) - dt.timedelta(microseconds=1)


def in_reach(partnership: Partnership, after: dt.datetime | None, until: dt.datetime) -> Any:
    """The referrals received after one instant and up to another; none that is restricted, which is in no figure."""
    rows = Referral.objects.filter(partnership=partnership, received_at__lte=until, restricted=False)
    return rows if after is None else rows.filter(received_at__gt=after)


def end_of_chunk(partnership: Partnership, after: dt.datetime | None, until: dt.datetime, size: int) -> dt.datetime:
    """Up to when about so many referrals go; those received at one instant stay together."""
    ordered = in_reach(partnership, after, until).order_by("received_at").values_list("received_at", flat=True)
    found = ordered[size - 1 : size].first()
    return found or until


def cases(
    partnership: Partnership, after: dt.datetime | None, until: dt.datetime, places: Places, read: Read
) -> Iterator[Kept]:
    """The cases between two instants, oldest first; `read` counts along. Children of one referral come together."""
    ordered = in_reach(partnership, after, until).order_by("received_at", "pk")
    referrals = list(ordered.values_list("pk", "received_at", "agency_id"))
    for start in range(0, len(referrals), AT_ONCE):
        some = referrals[start : start + AT_ONCE]
        children: dict[Any, list[Any]] = {pk: [] for pk, _, _ in some}
        # By their keys: a join leaves the planner to guess, and it reads every child of the partnership.
        rows: Any = Child.objects.filter(referral__in=list(children)).order_by("order").values_list(*COLUMNS)
        for row in rows:
            children[row[0]].append(row)
        for pk, received_at, agency_id in some:
            read.referrals += 1
            yield from of_referral(children[pk], received_at, agency_id, places, read)


def of_referral(
    children: list[Any], received_at: dt.datetime, agency_id: int | None, places: Places, read: Read
) -> Iterator[Kept]:
    day = received_at.astimezone(LONDON).date()
    monday = day - dt.timedelta(days=day.weekday())
    queues = places.queues([row[6] for row in children if row[6]])
    agency = places.agencies.get(agency_id or 0, NO_AGENCY)
    for referral_id, pk, born, expected, unborn, sex, _, facts in children:
        if not facts:
            read.left_out += 1
            continue
        band = UNBORN if unborn else age_band(born, expected, day)
        yield Kept(Case(read_facts(facts), referral_id, monday, agency, band, sex or "U", queues), pk)
