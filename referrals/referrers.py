"""Who is asked and told for the referrer of a referral: themselves, and who answers for their agency once they left it.

A question that goes to somebody who can't sign in any more holds a child's referral up, and a letter to them tells
nobody. What its leads may not follow (`FOLLOWED_BY_LEADS`) they are not told of either.
"""

from __future__ import annotations

from partnerships.access import actor_for
from partnerships.models import Membership, User
from partnerships.permissions import Permission, Role
from referrals.models import Referral


def for_referrer(row: Referral, whose: User | None = None) -> list[User]:
    """Whom to ask and to tell: the referrer while they can follow it; where they tell of worries for its agency no
    more, its safeguarding leads as well. Nobody where there is nobody.

    whose: of the agency's people, whom it concerns in place of the referrer.
    """
    person = whose or row.referrer
    if person is None:
        return []
    actor = actor_for(person, row.partnership)
    own = person.pk == row.referrer_id and actor.can(Permission.REFERRAL_TRACK)
    follows = person.is_active and (own or Referral.objects.sent_by(actor).filter(pk=row.pk).exists())
    if follows and (row.agency_id is None or row.agency_id in {each.pk for each in actor.sends_for}):
        return [person]
    return ([person] if follows else []) + [each for each in leads_of(row) if each.pk != person.pk]


def speaks_for_referrer(row: Referral, person: User) -> bool:
    """Whether this person may ask that it ends, and agree to what was decided: the referrer alone, and once they left
    its agency who answers for them there. Else who leads the agency adds, answers and challenges in their own name."""
    return any(each.pk == person.pk for each in for_referrer(row))


def leads_of(row: Referral) -> list[User]:
    """The safeguarding leads of its agency, where they may follow it."""
    if row.agency_id is None or not row.is_followed_by_leads:
        return []
    held = Membership.objects.filter(
        agency=row.agency_id, role=Role.SAFEGUARDING_LEAD.value, ended_at__isnull=True, user__is_active=True
    )
    return [each.user for each in held.select_related("user").order_by("user__name")]


def left(row: Referral) -> str:
    """That the referrer tells of worries for that agency no more, and who hears in their place; empty where they do."""
    person = row.referrer
    if person is None:
        return ""
    hear = for_referrer(row)
    if hear == [person]:
        return ""
    agency = row.agency.name if row.agency else "their agency"
    others = " and ".join(each.name for each in hear if each.pk != person.pk)
    if not hear:
        return (
            f"{person.name} no longer refers for {agency}, and nobody else there follows this referral here. Telephone "
            f"{agency}, and note what they said."
        )
    gone = f"{person.name} no longer refers for {agency}."
    if person in hear:
        return f"{gone} What you ask or write goes to them and to {others}, who answers for the agency’s referrals."
    return f"{gone} What you ask or write goes to {others}, who answers for the agency’s referrals."


def of_whom(row: Referral, reader: User) -> str:
    """A referral as it is called to whoever hears of it: their own, or their agency's."""
    own = reader.pk == row.referrer_id
    return f"your referral {row.reference}" if own else f"referral {row.reference} of your agency"
