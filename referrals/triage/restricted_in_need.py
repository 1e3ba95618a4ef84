"""A restricted referral in the MASH's queue that nobody named on it decides, once danger or doubt is told: who can act.

It was restricted to people of early help, or came so from another area. The managers are named on it, who name whoever
decides; in danger each screener of the MASH hears at once, by its reference alone, and opens it in need for an hour.
Where there is no manager it is restricted no more: never seen by nobody, and the child comes first.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse

from partnerships import audit
from partnerships.models import Membership, User
from partnerships.permissions import Role
from referrals import outbox
from referrals.clocks.sweep import managers
from referrals.models import Referral, RestrictedAccess
from referrals.triage.moves import tell_one, tell_story
from referrals.triage.restricting import decides_in

WHY = "Something was told since that can't wait, and nobody who was named on it decides in the MASH."


def let_the_mash_act(row: Referral, *, in_danger: bool, at: dt.datetime) -> None:
    """See to it, of a locked referral; nothing where somebody who is named on it decides in its queue."""
    if not row.restricted:
        return
    named = RestrictedAccess.objects.holding(None).filter(referral=row, kind=RestrictedAccess.Kind.NAMED)
    people = {each.user_id: each.user for each in named.select_related("user")}
    if any(decides_in(row.team, each) for each in people.values()):
        return
    above = managers(row.partnership)
    if not above:
        open_to_its_queue(row, at=at)
        return
    if unnamed := [each for each in above if each.pk not in people]:
        name_managers(row, unnamed, at=at)
    if in_danger:
        for screener in screeners(row):
            if screener.pk not in people:
                tell_by_reference(row, screener, at=at)


def open_to_its_queue(row: Referral, *, at: dt.datetime) -> None:
    row.restricted = False
    row.save(update_fields=["restricted"])
    tell_story(row, "restriction_lifted", "It is restricted no more.", note=f"{WHY} No manager could.", by=None, at=at)
    recorded(row, "restriction_lifted", {"because": "moved"}, at=at)


def name_managers(row: Referral, above: list[User], *, at: dt.datetime) -> None:
    RestrictedAccess.objects.bulk_create(
        RestrictedAccess(
            partnership=row.partnership,
            referral=row,
            user=person,
            kind=RestrictedAccess.Kind.NAMED,
            reason=WHY,
            at=at,
        )
        for person in above
    )
    tell_story(row, "named", "The managers were named, who can see it now.", note=WHY, by=None, at=at)
    recorded(row, "named", {"people": [str(each.pk) for each in above], "because": "moved"}, at=at)
    for person in above:
        tell_one(
            row,
            person,
            kind="danger_named",
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


def tell_by_reference(row: Referral, to: User, *, at: dt.datetime) -> None:
    page = reverse("break_glass", kwargs={"partnership": row.partnership.slug})
    outbox.tell(
        partnership=row.partnership,
        referral=row,
        kind="danger_restricted",
        to=to,
        key=f"danger_restricted:{row.pk}:{row.revision}:{to.pk}",
        subject="Front Door: a restricted referral says that a child may be in danger now",
        body=f"Referral {row.reference}, in the queue of {row.team.name}, says that a child may come to harm now. It "
        "is restricted, and nobody who is named on it decides here yet. Open it in need at once, unless a colleague "
        f"has: {settings.SITE_URL}{page}\n",
        at=at,
    )


def recorded(row: Referral, what: str, detail: dict[str, object], *, at: dt.datetime) -> None:
    audit.record(
        partnership=row.partnership,
        verb=f"referral.{what}",
        noun="referral",
        object_id=row.pk,
        detail=detail,
        by=None,
        at=at,
    )
