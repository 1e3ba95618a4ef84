"""A restricted referral is never seen by nobody: who was named on it may leave, or it may move where they don't work.

The managers are named on it then, and told. Where there is no manager it is restricted no more.
"""

from __future__ import annotations

import datetime as dt

from partnerships.access import actor_for
from partnerships.models import Partnership, User
from partnerships.permissions import Permission
from partnerships.staffing import managers
from referrals.clocks.sweep import signers
from referrals.domain.lifecycle import State
from referrals.models import Event, Referral, RestrictedAccess
from referrals.models.restricted import RestrictedAccessQuerySet
from referrals.seen.restricted import keep_told_before
from referrals.triage.helping import left_out
from referrals.triage.moves import held, record, tell_one, tell_story, tell_team
from referrals.triage.restricting import ALLEGATION, could_help, could_see, decides_in, said_of_allegation
from thresholds.domain.terms import Flag

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
        name_instead(row, above, f"unhelped-{team.pk}", reason, said, at=at)


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
    """A role of this person has ended: of what they could not see any more were it open, and of allegations that were
    theirs by a role that they hold no more, their leave ends for good, and does not come back with another role. Of the
    rest it is asked whether somebody who is named can still decide it."""
    held_now = RestrictedAccess.objects.holding(at).filter(partnership=partnership, user=person)
    for access in held_now.select_related("referral__partnership", "referral__team"):
        row = held(access.referral)
        rule = by_rule(access) and not takes_allegations(person, partnership)
        if rule or not (could_see(row, person) or could_help(row, person)):
            RestrictedAccess.objects.filter(pk=access.pk).update(ended_at=at, ended_by=by)
            tell_story(row, "unnamed", f"The leave of {person.name} to see it ended with their role.", by=by, at=at)
            record(row, "unnamed", {"person": str(person.pk), "because": "role"}, by=by, at=at)
        keep_seen(row, at=at)


def by_rule(access: RestrictedAccess) -> bool:
    """Whether nobody named them but the rule on allegations, as who takes these or as a manager."""
    return access.by_id is None and access.kind == RestrictedAccess.Kind.NAMED and access.reason == ALLEGATION


def takes_allegations(person: User, partnership: Partnership) -> bool:
    actor = actor_for(person, partnership)
    return actor.can(Permission.ALLEGATION_TAKE) or actor.can(Permission.REFERRAL_READ_ALL)


def name_on_allegations(person: User, partnership: Partnership, *, at: dt.datetime) -> None:
    """Who takes allegations from now is named on those that are open, as on each that comes; they hear of each."""
    if not actor_for(person, partnership).can(Permission.ALLEGATION_TAKE):
        return
    rows = Referral.objects.open().filter(partnership=partnership, restricted=True)
    for found in rows.select_related("team", "partnership").order_by("pk"):
        row = held(found)
        ever = list(RestrictedAccess.objects.filter(referral=row, kind=RestrictedAccess.Kind.NAMED))
        now = [each for each in ever if each.ended_at is None]
        by_hand = any(each.by_id for each in now) and not any(map(by_rule, now))
        known = person.pk in {
            each.user_id for each in ever
        }  # and was taken off it by hand, perhaps: it may be about them
        if Flag.LADO.value not in row.flags or by_hand or known or not any(map(by_rule, ever)):
            continue
        if not could_see(row, person):
            continue
        RestrictedAccess.objects.create(
            partnership=partnership,
            referral=row,
            user=person,
            kind=RestrictedAccess.Kind.NAMED,
            reason=ALLEGATION,
            at=at,
        )
        tell_story(row, "restricted", f"{person.name}, who takes allegations now, is named.", by=None, at=at)
        record(row, "named", {"named": [str(person.pk)], "because": Flag.LADO.value}, by=None, at=at)
        tell_one(
            row,
            person,
            kind="allegation",
            of="-taken-on",
            subject="Front Door: an allegation against somebody in a position of trust",
            said=f"{said_of_allegation(row, named=True, restricts=True)} It was open when you took on the role.",
            at=at,
        )
