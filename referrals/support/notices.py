"""The notice that a child is offered to an early help team."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse

from partnerships.models import User
from referrals import outbox
from referrals.clocks.sweep import managers, unless_kept_out
from referrals.models import Support
from referrals.triage.helping import those_told


def tell_offered(support: Support, *, by: User, at: dt.datetime) -> None:
    """Tell everybody of the team who may see it, but for who decided; where nobody works in it, the managers."""
    people, also = those_told(support.referral, support.team), ""
    if not people:
        people = unless_kept_out(support.referral, managers(support.partnership))
        also = " Nobody works in that team: ask the partnership’s admin today to give somebody a role there."
    where = {"partnership": support.partnership.slug, "support_id": support.pk}
    for person in people:
        if person.pk != by.pk:
            outbox.tell(
                partnership=support.partnership,
                referral=support.referral,
                kind="support",
                to=person,
                key=f"support:{support.pk}:{person.pk}",
                subject="Front Door: early help to accept",
                body=f"Referral {support.referral.reference} was decided for early help by {support.team.name}."
                f"{also}\n\n"
                f"Sign in to accept it: {settings.SITE_URL}{reverse('support', kwargs=where)}\n",
                at=at,
            )
