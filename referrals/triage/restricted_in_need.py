"""A restricted referral in the MASH's queue that nobody named on it decides, once danger or doubt is told: who can act.

It was restricted to people of early help, or came so from another area. The managers are named on it, who name whoever
decides; in danger each screener of the MASH hears at once, by its reference alone, and opens it in need for an hour.
Where there is no manager it is restricted no more: never seen by nobody, and the child comes first.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse

from partnerships.models import Membership, User
from partnerships.permissions import Role
from partnerships.staffing import managers
from referrals import outbox
from referrals.models import Event, Referral
from referrals.triage.moves import record, tell_one
from referrals.triage.restricting import decides_in
from referrals.triage.unseen import name_managers, named_on, open_to_its_queue

WHY = "Something was told since that can't wait, and nobody who was named on it decides in the MASH."


def let_the_mash_act(row: Referral, *, in_danger: bool, of: Event, at: dt.datetime) -> None:
    """See to it, of a locked referral; nothing where somebody who is named on it decides in its queue. of: what was
    told, of which each hears once."""
    if not row.restricted:
        return
    people = {each.user_id: each.user for each in named_on(row).select_related("user")}
    if any(decides_in(row.team, each) for each in people.values()):
        return
    above = managers(row.partnership)
    if not above:
        open_to_its_queue(row, reason=WHY, at=at)
        record(row, "restriction_lifted", {"because": "moved"}, by=None, at=at)
        return
    if unnamed := [each for each in above if each.pk not in people]:
        name_managers(row, unnamed, reason=WHY, story=f"{WHY} The managers are named.", by=None, at=at)
        record(row, "named", {"people": [str(each.pk) for each in unnamed], "because": "moved"}, by=None, at=at)
        for person in unnamed:
            tell_a_manager(row, person, of=of, at=at)
    if in_danger:
        for screener in screeners(row):
            if screener.pk not in people:
                tell_by_reference(row, screener, of=of, at=at)


def tell_a_manager(row: Referral, person: User, *, of: Event, at: dt.datetime) -> None:
    tell_one(
        row,
        person,
        kind="danger_named",
        of=f"-{of.pk}",
        subject="Front Door: name who decides a restricted referral, now",
        said=f"Something was told of restricted referral {row.reference}, in the queue of {row.team.name}, that "
        "can’t wait. Nobody who was named on it decides there. You are named on it now: name at once who decides.",
        at=at,
    )


def screeners(row: Referral) -> list[User]:
    """Who works in the MASH's queue, whoever is active."""
    held = Membership.objects.filter(
        partnership=row.partnership, role=Role.SCREENER.value, ended_at__isnull=True, user__is_active=True
    ).select_related("user")
    return list({each.user_id: each.user for each in held}.values())


def tell_by_reference(row: Referral, to: User, *, of: Event, at: dt.datetime) -> None:
    page = reverse("break_glass", kwargs={"partnership": row.partnership.slug})
    outbox.tell(
        partnership=row.partnership,
        referral=row,
        kind="danger_restricted",
        to=to,
        key=f"danger_restricted:{row.pk}:{of.pk}:{to.pk}",
        subject="Front Door: a restricted referral says that a child may be in danger now",
        body=f"Referral {row.reference}, in the queue of {row.team.name}, says that a child may come to harm now. It "
        "is restricted, and nobody who is named on it decides here yet. Open it in need at once, unless a colleague "
        f"has: {settings.SITE_URL}{page}\n",
        at=at,
    )
