"""Where a referral can be sent on to, and in whose area its children live."""

from __future__ import annotations

from collections.abc import Iterable

from partnerships.models import Locality, Partnership
from referrals.intake.routing import prefixes
from referrals.models import Child


def destinations(partnership: Partnership) -> list[Partnership]:
    """The other partnerships of this portal that take referrals, by name."""
    return list(Partnership.objects.filter(takes_referrals=True).exclude(pk=partnership.pk).order_by("name"))


def lives_in(partnership: Partnership, children: Iterable[Child]) -> list[Partnership]:
    """The others in whose localities one of these children lives, where this one's own don't claim it.

    Each partnership says by itself whom it serves, so several may claim one place: none of them is told to be right.
    A corrected postcode counts before the one that was sent. Empty where no locality says so.
    """
    for child in children:
        postcode = dict(child.corrected or {}).get("postcode", child.postcode)
        found = serving(postcode)
        if found and partnership.pk not in {each.pk for each in found}:
            return found
    return []


def serving(postcode: str) -> list[Partnership]:
    """The partnerships of this portal one of whose teams serves the place of a postcode, the narrowest first."""
    wanted = prefixes(postcode)
    if not wanted:
        return []
    served = Locality.objects.filter(
        postcode_prefix__in=wanted, team__retired_at__isnull=True, team__partnership__takes_referrals=True
    ).select_related("team__partnership")
    ordered = sorted(served, key=lambda each: wanted.index(each.postcode_prefix))
    return list({each.team.partnership_id: each.team.partnership for each in ordered}.values())
