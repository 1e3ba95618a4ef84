"""Restricted referrals: who is named on them, and breaking the glass in need.

A member of staff's own family, an allegation that the LADO looks into: seen by named people alone, whatever anybody's
role. So that such a referral is never stuck, somebody who works in its queue is always named; where its named people
are gone or late, the managers are told by its reference, and can open it in need.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db import transaction

from partnerships import audit
from partnerships.access import Actor, actor_for
from partnerships.models import Membership, Partnership, Team, User
from partnerships.permissions import Permission, Role
from partnerships.staffing import managers
from referrals.clocks.sweep import signers_by_role, unless_kept_out
from referrals.domain.lifecycle import State
from referrals.models import Event, Referral, RestrictedAccess
from referrals.seen.restricted import held_with_later, keep_told_before
from referrals.standing import keep_standing
from referrals.triage.helping import helpers, left_out, teams_that_help, teams_that_may_help
from referrals.triage.moves import Refused, held, out_of_hands, record, said_already, tell_one, tell_story, tell_team
from referrals.triage.next_steps import works_in
from referrals.triage.restricted_notices import tell_by_reference, tell_kept_out, tell_lifted, tell_named
from thresholds.domain.terms import Flag

GLASS_LASTS = dt.timedelta(hours=1)


@transaction.atomic
def restrict(*, referral: Referral, named: Iterable[User], reason: str, by: User, at: dt.datetime) -> Referral:
    """Let only these people see it from now on. Whoever has it and is not among them has it no more.

    Of this referral alone: a page calls `referrals.transfer.restricted_since.restrict`, which tells wherever else it
    stands.
    """
    row = held_with_later(referral)
    may_restrict(row, by)
    people = list(named)
    if not reason.strip():
        raise Refused("Say why it is restricted: those who are named read it.")
    if row.restricted:
        if not said_already(row, ["restricted"], reason, by=by):
            raise Refused(
                "It was restricted meanwhile, and nothing was changed. See who is named, and name who is missing."
            )
        for person in people:
            _name(row, person, reason, by=by, at=at)
        return row
    enough(row, people)
    row.restricted = True
    row.revision += 1
    row.save(update_fields=["restricted", "revision"])
    tell_story(row, "restricted", f"{by.name} restricted it to named people.", note=reason, by=by, at=at)
    record(row, "restricted", {"named": [str(each.pk) for each in people]}, by=by, at=at)
    had_it = [each for each in (row.owner, None if row.is_open else row.decided_by) if each]
    if row.owner_id not in {each.pk for each in people}:
        out_of_hands(row, f"{by.name} restricted it to others", by=by, at=at)
    for person in people:
        _name(row, person, reason, by=by, at=at)
    tell_kept_out(row, people, had_it, by=by, at=at)
    keep_told_before(row)
    return row


def warnings(row: Referral) -> list[str]:
    """What whoever restricts an open referral is told before they do."""
    if not row.is_open:
        return []
    said = []
    if row.owner:
        said.append(
            f"{row.owner.name} has it now. Unless you name them, they have it no more, and nobody has until one of "
            "those whom you name takes it."
        )
    if row.immediate_danger:
        said.append("A child is said to be in danger now: name somebody who is at work and can decide it.")
    return said


def enough(row: Referral, people: list[User]) -> None:
    """Raise `Refused` where nobody of these could decide it, sign what is proposed, or go on with its early help."""
    one_who_works_there(row.team, people)
    keys, author = {each.pk for each in people}, row.owner
    stays = author and author.pk in keys and row.state == State.PROPOSED.value
    if author and stays and not keys & {each.pk for each in signers_by_role(row, by=author)}:
        raise Refused(
            f"What {author.name} proposed waits for a signature. Name also a manager or a senior of "
            f"{row.team.name}, who reads it and signs."
        )
    for team in left_out(row, people):
        raise Refused(f"{team.name} gives early help for it. Name also somebody of that team, who goes on with it.")


def pass_to_the_lado(row: Referral, deciders: Collection[User], *, by: User, at: dt.datetime) -> None:
    """What is passed to the LADO is an allegation from then on, also where nobody had ticked that it is one.

    Who holds the LADO's role hears of it, and it is restricted as one that came so, to them and to who decided it. One
    that is restricted already stays as it is: of who takes allegations, who is not named hears by its reference.
    """
    if Flag.LADO.value not in row.flags:
        row.flags = [*row.flags, Flag.LADO.value]
        row.save(update_fields=["flags"])
        keep_standing(row)
    if not row.restricted:
        restrict_allegation(row, also=deciders, by=by, at=at)
        return
    officers = who_take_allegations(row.partnership)
    named = {each.pk for each in unless_kept_out(row, officers)}
    subject = "a referral was passed to the LADO"
    for person in officers:
        if person.pk == by.pk:
            continue
        said = f"{by.name} passed referral {row.reference} to the LADO."
        if person.pk in named:
            tell_one(row, person, kind="allegation", subject=f"Front Door: {subject}", said=said, at=at)
        else:
            said += f" It is restricted, and you are not named on it. Speak with {by.name} or a manager."
            tell_by_reference(row, person, subject, said, of=f"lado-{row.revision}", at=at)


@transaction.atomic
def restrict_allegation(
    referral: Referral, *, also: Collection[User] = (), by: User | None = None, at: dt.datetime
) -> bool:
    """What tells of an allegation against somebody in a position of trust is the LADO's from the moment it comes: it
    may be about anybody, a colleague of whoever would read it too. Whether it was restricted.

    Named is who holds that role and works on it; where nobody of them could decide it, the managers are named as well,
    so that it is never seen by nobody. Without either, and where a child is in danger now, it stays open to its queue:
    the child comes first. So does one for which a team gives early help of which nobody is named. The managers hear of
    it in any case, by its reference.

    also: who decided that it is one, and is named beside those. by: whose word that is; nobody's where it came so.
    """
    if Flag.LADO.value not in referral.flags or referral.restricted:
        return False
    officers = [each for each in who_take_allegations(referral.partnership) if could_see(referral, each)]
    above = managers(referral.partnership)
    people = {each.pk: each for each in officers}
    if not any(decides_in(referral.team, each) for each in officers):
        people |= {each.pk: each for each in above}
    restricts = bool(people) and not referral.immediate_danger
    if restricts and also:
        people |= {each.pk: each for each in also if could_see(referral, each)}
        restricts = not left_out(referral, people.values())
    if restricts:
        referral.restricted = True
        referral.save(update_fields=["restricted"])
        RestrictedAccess.objects.bulk_create(
            RestrictedAccess(
                partnership=referral.partnership,
                referral=referral,
                user=person,
                kind=RestrictedAccess.Kind.NAMED,
                reason=ALLEGATION,
                at=at,
                by=by,
            )
            for person in people.values()
        )
        when = "when it was passed to the LADO" if also else "when it came"
        tell_story(referral, "restricted", f"It was restricted {when}.", note=ALLEGATION, by=by, at=at)
        audit.record(
            partnership=referral.partnership,
            verb="referral.restricted",
            noun="referral",
            object_id=referral.pk,
            of=referral.pk,
            detail={"named": [str(key) for key in people], "because": Flag.LADO.value},
            by=by,
            at=at,
        )
    knows = {each.pk for each in also}
    for person in (people | {each.pk: each for each in above}).values():
        if person.pk in knows:
            continue
        tell_one(
            referral,
            person,
            kind="allegation",
            subject="Front Door: an allegation against somebody in a position of trust",
            said=said_of_allegation(referral, named=restricts and person.pk in people, restricts=restricts),
            at=at,
        )
    return restricts


ALLEGATION = "It tells of an allegation against somebody in a position of trust."


def said_of_allegation(referral: Referral, *, named: bool, restricts: bool) -> str:
    told = f"Referral {referral.reference} tells of an allegation against somebody in a position of trust."
    if not restricts:
        return f"{told} It is open to its queue: a child may be in danger, or others could not go on with it."
    if named:
        return f"{told} You are named on it: name who else must see it, and speak of it with nobody else."
    return f"{told} It is restricted to those who look into it. Open it only in need."


def who_take_allegations(partnership: Partnership) -> list[User]:
    """Who holds the LADO's role, whoever is active, by name."""
    held_roles = [role.value for role in Role if Permission.ALLEGATION_TAKE in role.permissions]
    held = Membership.objects.filter(
        partnership=partnership, role__in=held_roles, ended_at__isnull=True, user__is_active=True
    )
    return sorted({each.user for each in held.select_related("user")}, key=lambda each: each.name)


def could_see(referral: Referral, person: User) -> bool:
    """Whether this person would see it were it not restricted."""
    actor = actor_for(person, referral.partnership)
    return Referral.objects.within_queues_of(actor).filter(pk=referral.pk).exists()


def decides_in(team: Team, person: User) -> bool:
    actor = actor_for(person, team.partnership)
    return person.is_active and works_in(actor, team) and actor.can(Permission.REFERRAL_DECIDE)


@transaction.atomic
def name(*, referral: Referral, person: User, reason: str, by: User, at: dt.datetime) -> RestrictedAccess:
    """Let one more person see a restricted referral."""
    row = held(referral)
    may_restrict(row, by)
    if not row.restricted:
        raise Refused(f"Referral {row.reference} is not restricted.")
    if not reason.strip():
        raise Refused("Say why this person needs to see it.")
    named = RestrictedAccess.objects.holding(at).filter(referral=row, user=person, kind=RestrictedAccess.Kind.NAMED)
    if named.exists() and not named.filter(by=by, reason=reason).exists():
        raise Refused(f"{person.name} is named on it already. What you wrote is not kept.")
    return _name(row, person, reason, by=by, at=at)


def _name(row: Referral, person: User, reason: str, *, by: User, at: dt.datetime) -> RestrictedAccess:
    kind = RestrictedAccess.Kind.NAMED
    standing = RestrictedAccess.objects.holding(at).filter(referral=row, user=person, kind=kind).first()
    if standing is not None:
        return standing
    sees, helps = could_see(row, person), could_help(row, person)
    if not sees and helps is None:
        raise Refused(f"{person.name} could not see it even if it were not restricted. Choose somebody else.")
    made = RestrictedAccess.objects.create(
        partnership=row.partnership, referral=row, user=person, kind=kind, reason=reason, at=at, by=by
    )
    what = "it" if sees else "its early help"
    tell_story(row, "named", f"{by.name} named {person.name}, who can see {what} now.", note=reason, by=by, at=at)
    record(row, "named", {"person": str(person.pk)}, by=by, at=at)
    if person.pk != by.pk:
        tell_named(made, None if sees else helps, at=at)
    return made


def could_help(referral: Referral, person: User) -> Team | None:
    """The team in which this person could see early help for it, though they could not see the referral itself."""
    found = helpers(teams_that_may_help(referral)).get(person.pk)
    return found[1] if found else None


@transaction.atomic
def unname(*, referral: Referral, access: RestrictedAccess, by: User, at: dt.datetime) -> bool:
    """End one person's leave. Somebody who works in the queue must remain. False where it has ended already."""
    row = held(referral)
    may_restrict(row, by)
    left = list(
        RestrictedAccess.objects.holding(None).filter(referral=row).exclude(pk=access.pk).select_related("user")
    )
    if access.kind == RestrictedAccess.Kind.NAMED:
        enough(row, [each.user for each in left if each.kind == RestrictedAccess.Kind.NAMED])
    ended = RestrictedAccess.objects.filter(pk=access.pk, referral=row, ended_at__isnull=True)
    if not ended.update(ended_at=at, ended_by=by):
        return False
    if row.owner_id == access.user_id and row.is_open and access.user_id not in {each.user_id for each in left}:
        out_of_hands(row, f"{access.user.name} may see it no more", by=by, at=at)
        tell_team(row, by=by, at=at)
        if access.user_id != by.pk:
            said = f"{by.name} ended your leave to see referral {row.reference}: it is in your hands no more."
            subject = "a restricted referral is yours no more"
            tell_by_reference(row, access.user, subject, said, of=f"unnamed-{access.pk}", at=at)
    tell_story(row, "unnamed", f"{by.name} ended the leave of {access.user.name} to see it.", by=by, at=at)
    record(row, "unnamed", {"person": str(access.user_id)}, by=by, at=at)
    return True


def notes_since(referral: Referral) -> int:
    """How many notes were written since a referral was restricted: its queue reads them once it is lifted."""
    story = Event.objects.filter(referral=referral)
    began = story.filter(kind="restricted").order_by("at", "pk").last()
    return story.filter(kind="noted", at__gte=began.at).count() if began else 0


@transaction.atomic
def lift(*, referral: Referral, reason: str, by: User, at: dt.datetime) -> Referral:
    """Let everybody of its queue see it again. Pressed twice, once."""
    row = held_with_later(referral)
    may_restrict(row, by)
    if not reason.strip():
        raise Refused("Say why it is restricted no more.")
    if not row.restricted:
        if said_already(row, ["restriction_lifted"], reason, by=by):
            return row
        raise Refused("The restriction was lifted already. What you wrote is not kept.")
    row.restricted = False
    row.revision += 1
    row.save(update_fields=["restricted", "revision"])
    ends = RestrictedAccess.objects.filter(referral=row, ended_at__isnull=True)
    named = [each.user for each in ends.select_related("user")]
    ends.update(ended_at=at, ended_by=by)
    tell_lifted(row, named, by=by, at=at)
    if row.is_open and row.owner_id is None:
        tell_team(row, of=f"-lifted-{row.revision}", by=by, at=at)
    tell_story(row, "restriction_lifted", f"{by.name} lifted the restriction.", note=reason, by=by, at=at)
    record(row, "restriction_lifted", {}, by=by, at=at)
    keep_told_before(row)
    return row


@transaction.atomic
def break_glass(
    *, partnership: Partnership, reference: str, reason: str, by: User, at: dt.datetime
) -> RestrictedAccess:
    """Open one restricted referral for an hour, by its reference, with a reason. The managers and whoever is named are
    told in the same moment. Where there is none such in this person's queues, `Refused` says no more than that; the
    attempt is in the trail either way. Pressed twice it is opened once; with another reason it is opened anew.
    """
    actor = actor_for(by, partnership)
    if not reason.strip():
        raise Refused("Say why you need to open it now.")
    rows = Referral.objects.within_queues_of(actor).filter(restricted=True, reference=reference)
    row = rows.select_related("partnership", "team", "owner").first() if actor.can(Permission.GLASS_BREAK) else None
    if row is None:
        raise NoSuchReferral
    standing = list(RestrictedAccess.objects.holding(at).filter(referral=row, user=by))
    if any(each.kind == RestrictedAccess.Kind.NAMED for each in standing):
        raise Refused(f"You are named on referral {row.reference}: open it from your queue. Nobody was told anything.")
    for each in standing:
        if each.reason == reason:
            return each
    made = RestrictedAccess.objects.create(
        partnership=partnership,
        referral=row,
        user=by,
        kind=RestrictedAccess.Kind.BREAK_GLASS,
        reason=reason,
        at=at,
        by=by,
        until=at + GLASS_LASTS,
    )
    tell_story(row, "glass_broken", f"{by.name} opened it in need, for an hour.", note=reason, by=by, at=at)
    record(row, "glass_broken", {"until": made.until}, by=by, at=at)
    named = RestrictedAccess.objects.holding(None).filter(referral=row).select_related("user")
    people = {each.pk: each for each in [*managers(partnership), *(one.user for one in named)]}
    for person in people.values():
        if person.pk != by.pk:
            tell_one(
                row,
                person,
                kind="glass",
                of=f"-{made.pk}",
                subject="Front Door: a restricted referral was opened in need",
                said=f"{by.name} opened restricted referral {row.reference} for an hour. The reason is in its story.",
                at=at,
            )
    return made


class NoSuchReferral(Refused):
    """There is none, or none that this person could open: the two are told alike."""

    def __init__(self) -> None:
        super().__init__("No restricted referral of your queues has this reference. Check it and try again.")


def glass_refused(*, partnership: Partnership, reference: str, by: User, at: dt.datetime) -> None:
    """Leave in the trail that somebody tried a reference in vain: outside the transaction that was undone.

    Who reads the trail of a referral with that reference finds it there; who tried is not told that there is one.
    """
    tried = Referral.objects.filter(partnership=partnership, reference=reference)
    audit.record(
        partnership=partnership,
        verb="glass.refused",
        noun="referral",
        of=tried.values_list("pk", flat=True).first(),
        detail={"reference": reference[:20]},
        by=by,
        at=at,
    )


def may_restrict(referral: Referral, by: User) -> None:
    """Raise `Refused` unless this person sees it now and works in its queue, or answers for every queue.

    Who opened it in need sees it for an hour: neither lifts nor widens what they are not named on, but for a manager,
    who answers for it. Of an allegation only a manager, or who takes allegations, says who sees it: a colleague who was
    named to help does not open it to whom it is about.
    """
    if not may_say_who(referral, actor_for(by, referral.partnership)):
        raise Refused(f"Referral {referral.reference} is not yours to restrict. Nothing was changed.")


def may_say_who(referral: Referral, actor: Actor) -> bool:
    """Whether this person may say who sees it."""
    if actor.user is None or not (actor.user.is_active and actor.can(Permission.REFERRAL_RESTRICT)):
        return False
    if not Referral.objects.visible_to(actor).filter(pk=referral.pk).exists():
        return False
    if Role.MANAGER.value in actor.roles:
        return True
    is_allegation = referral.restricted and Flag.LADO.value in referral.flags
    if is_allegation and not actor.can(Permission.ALLEGATION_TAKE):
        return False
    named = RestrictedAccess.objects.holding(actor.at).filter(
        referral=referral, user=actor.user, kind=RestrictedAccess.Kind.NAMED
    )
    return works_in(actor, referral.team) and (not referral.restricted or named.exists())


def one_who_works_there(team: Team, people: Iterable[User]) -> None:
    """Raise `Refused` unless one of these works in a team's queue: a referral that nobody can decide is lost."""
    if any(decides_in(team, person) for person in people):
        return
    raise Refused(f"Name somebody who works in the queue of {team.name}, so that somebody can decide it.")


def people_to_name(referral: Referral) -> list[User]:
    """Who could be named: everybody who would see it were it not restricted, by name."""
    held_roles = [Role.SCREENER.value, Role.EARLY_HELP.value, Role.SENIOR.value, Role.MANAGER.value]
    users = User.objects.filter(
        is_active=True,
        memberships__partnership=referral.partnership,
        memberships__role__in=held_roles,
        memberships__ended_at__isnull=True,
    ).distinct()
    if not referral.team.is_mash:
        users = users.exclude(
            pk__in=User.objects.filter(memberships__role=Role.EARLY_HELP.value)
            .exclude(memberships__team=referral.team)
            .exclude(memberships__role__in=[Role.SCREENER.value, Role.SENIOR.value, Role.MANAGER.value])
            .values("pk")
        )
    return [
        user
        for user in users.order_by("name")
        if Referral.objects.within_queues_of(actor_for(user, referral.partnership)).filter(pk=referral.pk).exists()
    ]


def helpers_to_name(referral: Referral, others: Iterable[User]) -> list[tuple[User, Team]]:
    """Who else could be named for its early help alone, by name: before it is restricted, of the teams that give it."""
    teams = teams_that_may_help(referral) if referral.restricted else teams_that_help(referral)
    left = {each.pk for each in others}
    return sorted((each for pk, each in helpers(teams).items() if pk not in left), key=lambda each: each[0].name)
