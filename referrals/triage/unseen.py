"""A restricted referral is never seen by nobody: who was named on it may leave, or it may move where they don't work.

The managers are named on it then, and told. Where there is no manager it is restricted no more.
"""

from __future__ import annotations

import datetime as dt

from partnerships.models import Partnership, User
from referrals.clocks.sweep import managers, signers
from referrals.domain.lifecycle import State
from referrals.models import Event, Referral, RestrictedAccess
from referrals.models.restricted import RestrictedAccessQuerySet
from referrals.seen.restricted import keep_told_before
from referrals.triage.helping import left_out
from referrals.triage.moves import held, record, tell_one, tell_story, tell_team
from referrals.triage.restricting import could_help, could_see, decides_in

NOBODY = User()
"""An author who is nobody: whoever it concerns is told."""


def name_managers(
    row: Referral, people: list[User], *, reason: str, story: str, by: User | None, at: dt.datetime
) -> None:
    """Name these managers on a restricted referral, but for those who are."""
    there = set(named_on(row).values_list("user", flat=True))
    RestrictedAccess.objects.bulk_create(
        RestrictedAccess(
            partnership=row.partnership,
            referral=row,
            user=person,
            kind=RestrictedAccess.Kind.NAMED,
            reason=reason,
            at=at,
            by=by,
        )
        for person in people
        if person.pk not in there
    )
    if people:
        tell_story(row, "restricted", story, by=None, at=at)


def named_on(row: Referral) -> RestrictedAccessQuerySet:
    """Who is named on it now: who opened it in need is not."""
    return RestrictedAccess.objects.holding(None).filter(referral=row, kind=RestrictedAccess.Kind.NAMED)


def open_to_its_queue(row: Referral, *, reason: str, at: dt.datetime) -> Event:
    """Restricted no more, where no manager is there to be named: it must not be seen by nobody."""
    row.restricted = False
    row.save(update_fields=["restricted"])
    keep_told_before(row)
    return tell_story(row, "restriction_lifted", f"{reason} It is open to its queue.", by=None, at=at)


UNSEEN = "Nobody who was named on it works in its queue any more."
UNSIGNED = "Nobody who is named on it can sign what is proposed any more."


def keep_seen(row: Referral, *, at: dt.datetime) -> None:
    """A held restricted referral moved, or somebody named on it left: where nobody who is named could decide it now,
    sign what is proposed, or go on with its early help, the managers are named and told. Without a manager it is
    restricted no more: the child comes first.
    """
    if not row.restricted:
        return
    named, above = [each.user for each in named_on(row).select_related("user")], managers(row.partnership)
    managed = any(person in above for person in named)
    if row.is_open and not managed and not any(decides_in(row.team, person) for person in named):
        said = f"is in the queue of {row.team.name}, and nobody named on it works there. Name at once who decides it"
        name_instead(row, above, "unseen", UNSEEN, said, at=at)
    elif row.state == State.PROPOSED.value and row.owner and not signers(row, by=row.owner):
        said = "waits for a signature, and nobody named on it can give it. Read what is proposed, and sign or name one"
        name_instead(row, above, "unsigned", UNSIGNED, said, at=at)
    for team in left_out(row, named):
        reason = f"Nobody of {team.name}, which gives early help for it, is named on it any more."
        said = (
            f"has early help of {team.name}, and nobody of that team is named on it. Name at once who goes on with it"
        )
        name_instead(row, above, f"unhelped-{team.slug}", reason, said, at=at)


def name_instead(row: Referral, people: list[User], why: str, reason: str, said: str, *, at: dt.datetime) -> None:
    """Name the managers, and tell them what to do; without a manager, open it to its queue."""
    if not row.restricted:
        return
    name_managers(row, people, reason=reason, story=f"{reason} The managers are named.", by=None, at=at)
    if not people:
        opened = open_to_its_queue(row, reason=reason, at=at)
        tell_team(row, of=f"-{opened.pk}", by=NOBODY, at=at)
    done = "named" if people else "restriction_lifted"
    record(row, done, {"named": [str(each.pk) for each in people], "because": why}, by=None, at=at)
    for person in people:
        tell_one(
            row,
            person,
            kind="named",
            of=f"-{why}-{at:%y%m%d%H%M%S}",
            subject="Front Door: nobody else can see a restricted referral",
            said=f"Restricted referral {row.reference} {said}, or lift the restriction.",
            at=at,
        )


def end_leave(person: User, partnership: Partnership, *, by: User, at: dt.datetime) -> None:
    """A role of this person has ended: of what they could not see any more were it open, their leave ends for good,
    and does not come back with another role."""
    held_now = RestrictedAccess.objects.holding(at).filter(partnership=partnership, user=person)
    for access in held_now.select_related("referral__partnership", "referral__team"):
        row = held(access.referral)
        if could_see(row, person):
            continue
        if not could_help(row, person):
            RestrictedAccess.objects.filter(pk=access.pk).update(ended_at=at, ended_by=by)
            tell_story(row, "unnamed", f"The leave of {person.name} to see it ended with their role.", by=by, at=at)
            record(row, "unnamed", {"person": str(person.pk), "because": "role"}, by=by, at=at)
        keep_seen(row, at=at)
