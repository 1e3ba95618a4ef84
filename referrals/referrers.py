"""Who is asked and told for the referrer of a referral: themselves, and who answers for their agency once they left it.

A question that goes to somebody who can't sign in any more holds a child's referral up, and a letter to them tells
nobody. What its leads may not follow (`FOLLOWED_BY_LEADS`) they are not told of either.
"""

from __future__ import annotations

from partnerships.access import actor_for
from partnerships.models import Agency, Membership, User
from partnerships.permissions import Permission, Role
from referrals.models import Referral


def for_referrer(row: Referral, whose: User | None = None) -> list[User]:
    """Whom to ask and to tell: the referrer while they can follow it; else who leads the agency's safeguarding. Nobody
    where there is nobody.

    whose: of the agency's people, whom it concerns in place of the referrer. Where they can't follow it any more, the
    agency's leads and the referrer.
    """
    person = whose or row.referrer
    if person is None:
        return []
    if follows(row, person):
        return [person]
    others = [each for each in leads_of(row) if each.pk != person.pk]
    if row.referrer and person.pk != row.referrer_id and row.referrer not in others and follows(row, row.referrer):
        others.append(row.referrer)
    return others


def follows(row: Referral, person: User) -> bool:
    """Whether this person can follow it as somebody of the agency that told of it (`ReferralQuerySet.sent_by`)."""
    if not person.is_active:
        return False
    actor = actor_for(person, row.partnership)
    if person.pk == row.referrer_id and actor.can(Permission.REFERRAL_TRACK):
        there = {None, *(each.pk for each in actor.sends_for)}
        if row.agency_id in there or not row.is_followed_by_leads:
            return True
    return Referral.objects.sent_by(actor).filter(pk=row.pk).exists()


def speaks_for_referrer(row: Referral, person: User) -> bool:
    """Whether this person may ask that it ends, and agree to what was decided: the referrer alone, and once they left
    its agency who answers for them there. Else who leads the agency adds, answers and challenges in their own name."""
    return any(each.pk == person.pk for each in for_referrer(row))


def leads_of(row: Referral) -> list[User]:
    """The safeguarding leads of its agency, where they may follow it."""
    if row.agency is None or not row.is_followed_by_leads:
        return []
    return leads_at(row.agency)


def leads_at(agency: Agency, *, but: User | None = None) -> list[User]:
    """An agency's safeguarding leads, whoever is active, by name. but: one of them who does not count."""
    held = Membership.objects.filter(
        agency=agency, role=Role.SAFEGUARDING_LEAD.value, ended_at__isnull=True, user__is_active=True
    )
    return [each.user for each in held.select_related("user").order_by("user__name") if each.user != but]


def left(row: Referral) -> str:
    """That the referrer tells of worries for that agency no more, and who hears in their place; empty where they do."""
    person = row.referrer
    if person is None:
        return ""
    hear = for_referrer(row)
    if hear == [person]:
        return ""
    agency = row.agency.name if row.agency else "their agency"
    gone = f"{person.name} no longer refers for {agency}"
    others = " and ".join(each.name for each in hear)
    if others:
        return f"{gone}. What you ask or write goes to {others}, who answers for the agency’s referrals."
    return f"{gone}, and nobody else there follows this referral here. {whom_to_telephone(row)}"


def whom_to_telephone(row: Referral, *, by_email: bool = False) -> str:
    """Where nobody can be asked here of what the referrer told: how it is asked all the same.

    What its leads may not follow may be about somebody of the agency, or be told in confidence from them. by_email: for
    words that name no agency.
    """
    agency = row.agency.name if row.agency and not by_email else "their agency"
    if row.is_followed_by_leads:
        return f"Telephone {agency}, and note what they said."
    return f"Telephone whoever told of it, on the number that they gave. Speak of it with nobody else at {agency}."


def of_whom(row: Referral, reader: User) -> str:
    """A referral as it is called to whoever hears of it: their own, or their agency's."""
    own = reader.pk == row.referrer_id
    return f"your referral {row.reference}" if own else f"referral {row.reference} of your agency"
