"""In the name of which agency a draft is sent: one in which its writer tells of worries now.

Its safeguarding leads follow what becomes of it. So it is neither one for which somebody only answers checks, nor one
that the writer has left; and who tells of worries for several agencies says for which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from partnerships.forms import PageForm, RadioField
from partnerships.models import Agency
from referrals.models import Draft, Referral

CHOOSE = "Choose for which of your agencies you tell of it"


class AgencyForm(PageForm):
    """For which of several agencies it is sent."""

    agency = RadioField(
        "For which of your agencies do you tell of it?",
        hint="It goes in that agency’s name, and its safeguarding lead can follow it. Your other agencies see nothing.",
        missing=CHOOSE,
    )

    def __init__(self, *args: Any, agencies: Sequence[Agency], chosen: Agency | None = None, **kwargs: Any) -> None:
        """chosen: what the draft says so far."""
        super().__init__(*args, initial={"agency": chosen.slug if chosen else ""}, **kwargs)
        self.agencies = {each.slug: each for each in agencies}
        self.fields["agency"].offer([(each.slug, each.name) for each in agencies])  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Agency:
        return self.agencies[self.cleaned_data["agency"]]


def the_only(agencies: Sequence[Agency]) -> Agency | None:
    """The agency in which somebody tells of worries, where there is one; None where there is none or a choice."""
    return agencies[0] if len(agencies) == 1 else None


def agency_now(draft: Draft, agencies: Sequence[Agency]) -> Agency | None:
    """In whose name it goes, of those in which its writer tells of worries now: as it was begun or chosen, where they
    do so there still. A contact that was keyed comes from whom it says."""
    if draft.channel != Referral.Channel.PORTAL or draft.agency in agencies:
        return draft.agency
    return the_only(agencies)


def must_choose(draft: Draft, agencies: Sequence[Agency]) -> bool:
    """Whether its writer has to say in whose name it goes."""
    return draft.channel == Referral.Channel.PORTAL and len(agencies) > 1 and draft.agency not in agencies


def may_choose(draft: Draft, agencies: Sequence[Agency]) -> bool:
    return draft.channel == Referral.Channel.PORTAL and len(agencies) > 1


def as_it_is_now(draft: Draft, agencies: Iterable[Agency]) -> Draft:
    """A draft as its writer is to see it: with the agency in whose name it goes now, and shared with that one or with
    nobody. Stores nothing: `settle` does, when it is shared or sent."""
    now = agency_now(draft, tuple(agencies))
    if now != draft.agency:
        draft.began_for, draft.agency, draft.shared_at = draft.agency, now, None
    return draft
