"""What a person who leaves still has in hand: referrals go back to their queue, and drafts are told of."""

from __future__ import annotations

import datetime as dt

from django_scopes import scope

from partnerships import leaving
from partnerships.access import actor_for
from partnerships.models import Membership, User
from partnerships.permissions import Permission
from referrals.domain.lifecycle import Move
from referrals.models import CalendarAddress, Draft, Referral
from referrals.triage.moves import held, move, tell_team
from referrals.triage.unseen import end_leave


class OpenWork:
    """Referrals in a person's hands, and worries that they began to write and did not send."""

    def told(self, membership: Membership) -> list[str]:
        with scope(partnership=membership.partnership):
            owned = Referral.objects.open().filter(owner=membership.user).count()
            drafts = Draft.objects.unsent().filter(started_by=membership.user).count() if membership.agency_id else 0
        said = []
        if owned and not membership.agency_id:
            said.append(f"What they have in their hands goes back to its queue: {counted(owned, 'referral')}.")
        if drafts:
            said.append(f"They began {counted(drafts, 'referral')} and did not send: ask them before they go.")
        return said

    def let_go(self, membership: Membership, *, by: User, at: dt.datetime) -> None:
        """What the person may not open any more, now that the role has ended, must not stay in their hands; nor may a
        leave to see what is restricted, or a calendar's address, come back with a role that begins later."""
        with scope(partnership=membership.partnership):
            seen = Referral.objects.visible_to(actor_for(membership.user, membership.partnership))
            stuck = Referral.objects.open().filter(owner=membership.user).exclude(pk__in=seen.values("pk"))
            for referral in stuck:
                row = held(referral)
                if row.owner_id != membership.user_id:
                    continue
                move(
                    referral=row,
                    move=Move.RELEASE,
                    sentence=f"{membership.user.name} works here no more: it is in the queue of {row.team.name} again.",
                    changes={"owner": None, "owned_at": None},
                    by=by,
                    at=at,
                )
                tell_team(row, by=by, at=at)
            end_leave(membership.user, membership.partnership, by=by, at=at)
            if not actor_for(membership.user, membership.partnership).can(Permission.REFERRAL_CLAIM):
                CalendarAddress.objects.filter(partnership=membership.partnership, user=membership.user).delete()


def counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def register() -> None:
    leaving.register(OpenWork())
