"""The notice that a child is offered to an early help team."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse

from partnerships.models import User
from referrals import outbox
from referrals.models import Support
from referrals.triage.helping import those_told


def tell_offered(support: Support, *, by: User, at: dt.datetime) -> None:
    """Tell everybody of the team who may see it, but for who decided."""
    where = {"partnership": support.partnership.slug, "support_id": support.pk}
    for person in those_told(support.referral, support.team):
        if person.pk != by.pk:
            outbox.tell(
                partnership=support.partnership,
                referral=support.referral,
                kind="support",
                to=person,
                key=f"support:{support.pk}:{person.pk}",
                subject="Front Door: early help to accept",
                body=f"Referral {support.referral.reference} was decided for early help by {support.team.name}.\n\n"
                f"Sign in to accept it: {settings.SITE_URL}{reverse('support', kwargs=where)}\n",
                at=at,
            )
