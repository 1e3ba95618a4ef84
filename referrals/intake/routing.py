"""Which team's queue a referral goes into."""

from __future__ import annotations

import re
from collections.abc import Iterable

from partnerships.models import Locality, Partnership, Team
from referrals.domain.identifiers import postcode_names_a_place, tidy
from thresholds.domain.terms import Route

_FULL = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9])[A-Z]{2}")
_PART = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)(?:[\s-]+([0-9])[A-Z]?)?")


class NoTeam(LookupError):
    """The partnership has no team that could take the referral: its set-up is not whole."""


def prefixes(postcode: str) -> list[str]:
    """What a locality may call the place of a postcode, the narrowest first: the whole, the sector, the district.

    >>> prefixes("me4 6ab")
    ['ME46AB', 'ME46', 'ME4']

    ME1 is no prefix of ME10 1AA: districts are compared whole. Of a postcode typed in part, what is there counts.
    """
    if not postcode_names_a_place(postcode):
        return []
    whole = tidy(postcode)
    if full := _FULL.fullmatch(whole):
        district, sector = full.groups()
        return [whole, district + sector, district]
    if part := _PART.fullmatch(postcode.strip().upper()):
        district, sector = part.groups()
        return [district + sector, district] if sector else [district]
    return []


def team_for(partnership: Partnership, route: Route, postcodes: Iterable[str]) -> Team:
    """The MASH; or the early help team that serves the first postcode that any team serves, else the default one.

    Advice goes to the default early help team: nobody has to act, but a person reads it all the same.
    """
    if route is Route.MASH:
        return the_default(partnership, Team.Kind.MASH)
    if route is Route.EARLY_HELP:
        for postcode in postcodes:
            if team := team_serving(partnership, postcode):
                return team
    return the_default(partnership, Team.Kind.EARLY_HELP)


def team_serving(partnership: Partnership, postcode: str) -> Team | None:
    wanted = prefixes(postcode)
    served = Locality.objects.filter(team__partnership=partnership, team__kind=Team.Kind.EARLY_HELP)
    served = served.filter(team__retired_at__isnull=True)
    by_prefix = {each.postcode_prefix: each.team for each in served.filter(postcode_prefix__in=wanted)}
    return next((by_prefix[prefix] for prefix in wanted if prefix in by_prefix), None)


def the_default(partnership: Partnership, kind: str) -> Team:
    team = Team.objects.current().filter(partnership=partnership, kind=kind).order_by("-is_default", "pk").first()
    if team is None:
        raise NoTeam(f"{partnership.name} has no team of the kind “{Team.Kind(kind).label}”.")
    return team
