"""Joiner, mover, leaver: who holds which role, and who may say so.

An admin answers for the people of the partnership, an agency's lead for those of the agency; nobody for themselves. Who
gets a role that opens other people's records of children is told to every manager, for an admin must not let anybody
in unseen. A role that ends has ended in the same minute: the person's sessions with it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from partnerships import account_actions, account_events, audit, leaving, second_factor, sessions, telling
from partnerships.access import Actor, actor_for
from partnerships.actions import Refused
from partnerships.models import Agency, Invitation, Membership, Partnership, Team, User
from partnerships.models.invitation import InvitationQuerySet
from partnerships.permissions import Permission, Role


@dataclass(frozen=True, slots=True)
class Post:
    """A role with the agency or the team that it is held in."""

    role: Role
    agency: Agency | None = None
    team: Team | None = None

    @property
    def words(self) -> str:
        where = self.agency or self.team
        return f"{self.role.label}, {where.name}" if where else self.role.label


def members(actor: Actor) -> QuerySet[Membership]:
    """The roles that this person answers for: those of the partnership, or of the agencies that they lead."""
    held = Membership.objects.filter(partnership=actor.partnership, ended_at__isnull=True)
    if actor.can(Permission.MEMBER_EDIT):
        return held
    if actor.can(Permission.AGENCY_MEMBER_EDIT):
        return held.filter(agency__in=actor.lead_agency_ids, role__in=[role.value for role in roles(actor)])
    return held.none()


def may_take_factor_off(actor: Actor, user: User) -> bool:
    """Whether every role of this person that stands behind a second factor is one that the actor answers for.

    Else a lead could take it off somebody who screens as well, or an admin off another partnership's manager, and
    leave that role behind a password alone.
    """
    held = Membership.objects.filter(user=user).filter(Q(ended_at__isnull=True) | Q(ended_at__gt=timezone.now()))
    mine = set(members(actor).filter(user=user).values_list("pk", flat=True))
    return all(each.pk in mine for each in held.select_related("agency") if second_factor.needed([each]))


def invitations(actor: Actor) -> InvitationQuerySet:
    """The invitations that this person answers for."""
    sent = Invitation.objects.filter(partnership=actor.partnership)
    if actor.can(Permission.MEMBER_EDIT):
        return sent
    if actor.can(Permission.AGENCY_MEMBER_EDIT):
        return sent.filter(agency__in=actor.lead_agency_ids, role__in=[role.value for role in roles(actor)])
    return sent.none()


def roles(actor: Actor) -> list[Role]:
    """The roles that this person may give."""
    if actor.can(Permission.MEMBER_EDIT):
        return list(Role)
    return [role for role in Role if not role.needs_second_factor] if actor.can(Permission.AGENCY_MEMBER_EDIT) else []


def agencies(actor: Actor) -> QuerySet[Agency]:
    """The agencies into which this person may invite: none that takes nothing new."""
    every = Agency.objects.current().filter(partnership=actor.partnership)
    if actor.can(Permission.MEMBER_EDIT):
        return every
    return every.filter(pk__in=actor.lead_agency_ids if actor.can(Permission.AGENCY_MEMBER_EDIT) else [])


def may_give(actor: Actor, post: Post) -> None:
    """Refuse a post that this person may not give, or that is none."""
    if post.team is not None and post.team.retired_at is not None:
        raise Refused("That team takes on nobody new. Choose another.")
    if post.role not in roles(actor):
        raise Refused("You can't give that role.")
    if post.role.of_an_agency:
        if post.agency is None or not agencies(actor).filter(pk=post.agency.pk).exists():
            raise Refused("Choose the agency in which the role is held.")
    elif post.team is not None and not post.role.of_a_team:
        raise Refused("That role is held in no team.")
    elif post.team is not None and post.team.partnership != actor.partnership:
        raise Refused("Choose one of the partnership's own teams.")
    elif post.role in (Role.SCREENER, Role.EARLY_HELP):
        kind = Team.Kind.MASH if post.role is Role.SCREENER else Team.Kind.EARLY_HELP
        if post.team is None or post.team.partnership != actor.partnership or post.team.kind != kind:
            raise Refused(f"Choose the team: a {post.role.label.lower()} works in one of {kind.label}.")


@transaction.atomic
def give(*, user: User, post: Post, partnership: Partnership, by: User | None, at: dt.datetime) -> Membership:
    """Let somebody hold a role from now; one that ended before begins again. The trail and the managers are told."""
    key = {"user": user, "partnership": partnership, "role": post.role.value, "team": post.team}
    held = Membership.objects.select_for_update().filter(**key).first()
    if held is None:
        held = Membership.objects.create(**key, agency=post.agency)
    else:
        moves = held.agency != post.agency and (held.ended_at is None or held.ended_at > at)
        if moves:
            leaves_agency(held, by=by, at=at)
        held.agency, held.ended_at = post.agency, None
        held.save(update_fields=["agency", "ended_at"])
        if moves:
            leaving.hand_on(user, partnership, by=by, at=at)
    record(held, "role.given", by=by, at=at)
    if post.role.needs_second_factor:
        tell_managers(held, by=by, at=at)
    leaving.taken_on(held, at=at)
    return held


def leaves_agency(held: Membership, *, by: User | None, at: dt.datetime) -> None:
    """One role is held in one agency: where another takes somebody on, it ends in the first, whose leads are told.

    Where it has none, now that this one leaves or before, the partnership's admins are.
    """
    withdraw_sent(held, by=by, at=at)
    record(held, "role.ended", by=by, at=at)
    held_there = Membership.objects.filter(
        partnership=held.partnership, ended_at__isnull=True, user__is_active=True
    ).exclude(user=held.user)
    leads = held_there.filter(agency=held.agency, role=Role.SAFEGUARDING_LEAD.value)
    lack = "" if leads else " There is no safeguarding lead there now: invite one."
    for each in (leads or held_there.filter(role=Role.ADMIN.value)).select_related("user"):
        tell(
            held,
            each.user,
            "role-moved",
            "somebody left an agency" if lack else "somebody left your agency",
            f"{held.user.name} was {words(held)}, and has taken that role up in another agency.{lack}\n\nWhat they "
            "began to write and did not send is still theirs: ask them. If you know nothing of it, ask them today.",
            at=at,
        )


def tell_managers(held: Membership, *, by: User | None, at: dt.datetime) -> None:
    """That somebody new may open children's records, or say who may."""
    managers = Membership.objects.filter(
        partnership=held.partnership, role=Role.MANAGER.value, ended_at__isnull=True
    ).select_related("user")
    for manager in managers:
        if by is None or manager.user_id == by.pk:
            continue
        tell(
            held,
            manager.user,
            "role-given",
            "somebody was given a role",
            f"{held.user.name} ({held.user.email}) is now {words(held)}. "
            f"{by.name} invited them.\n\nIf you know nothing of it, ask {by.name} today.",
            at=at,
        )


def words(held: Membership | Invitation) -> str:
    return Post(Role.of(held.role), held.agency, held.team).words


@transaction.atomic
def change(*, membership: Membership, post: Post, by: User, at: dt.datetime) -> Membership:
    """Move somebody to another role, agency or team: the old one ends, the new one begins, sign-ins end."""
    if membership.user_id == by.pk:
        raise Refused("Nobody changes their own role. Ask another admin.")
    before = Post(Role.of(membership.role), membership.agency, membership.team)
    if before == post:
        return membership
    still_may(by, membership.partnership)
    leaving.hold(hold(membership.user_id), membership.partnership, begins=post.role)
    elsewhere = held_elsewhere(user=membership.user, partnership=membership.partnership, post=post, at=at)
    if elsewhere is not None and elsewhere.pk != membership.pk:
        raise Refused(
            f"{membership.user.name} is {post.role.label.lower()} in another agency already, and nobody holds one role "
            "in two. Invite them instead: if they take it up, the role moves, and the other agency is told."
        )
    ends(membership, by=by, at=at)
    held = give(user=membership.user, post=post, partnership=membership.partnership, by=by, at=at)
    leaving.hand_on(membership.user, membership.partnership, by=by, at=at)
    tell_owner(held, "Your role changed", f"{by.name} changed your role from {before.words} to {post.words}.", at=at)
    return held


def held_elsewhere(*, user: User, partnership: Partnership, post: Post, at: dt.datetime) -> Membership | None:
    """The role that somebody holds in another agency, and that ends there when this post is given to them."""
    now = Membership.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), user=user, partnership=partnership)
    same = now.filter(role=post.role.value, team=post.team).exclude(agency=post.agency)
    return same.select_related("agency", "team").first()


@transaction.atomic
def end(*, membership: Membership, by: User, at: dt.datetime) -> None:
    """End a role now: what the person still had goes back to its queue, sign-ins end, invitations they sent too, and
    those that wait for them (`taken_back`), by which they would come back unasked.

    Who holds no role any more, in no partnership, has no account any more, nor anything that could open it again.
    """
    if membership.user_id == by.pk:
        raise Refused("Nobody ends their own role. Ask another admin.")
    still_may(by, membership.partnership)
    user = hold(membership.user_id)
    leaving.hold(user, membership.partnership)
    tell_owner(membership, "Your role ended", f"{by.name} ended your role as {words(membership)}.", at=at)
    ends(membership, by=by, at=at)
    for invitation in taken_back(actor_for(by, membership.partnership), user):
        take_back(invitation, membership, by=by, at=at)
    if not Membership.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), user=user).exists():
        User.objects.filter(pk=user.pk).update(is_active=False)
        account_events.note(user, "account.closed", detail=account_actions.forget_ways_in(user), by=by, at=at)
    leaving.hand_on(user, membership.partnership, by=by, at=at)


def taken_back(actor: Actor, user: User) -> InvitationQuerySet:
    """The invitations of somebody that wait, and end with a role that this actor ends: those that they answer for.

    Another agency's is not a lead's to take back, nor another partnership's an admin's: who invites there answers.
    """
    return invitations(actor).waiting().filter(user=user).select_related("agency", "team", "invited_by", "user")


def take_back(invitation: Invitation, held: Membership, *, by: User, at: dt.datetime) -> None:
    """Take back an invitation of somebody whose role ends. Whoever sent it is told: they may want to send it anew."""
    invitation.withdrawn_at, invitation.withdrawn_by = at, by
    invitation.save(update_fields=["withdrawn_at", "withdrawn_by"])
    record(invitation, "invitation.withdrawn", by=by, at=at)
    if invitation.invited_by_id not in (by.pk, held.user_id):
        tell(
            held,
            invitation.invited_by,
            "invitation-ended",
            "an invitation was taken back",
            f"{by.name} ended the role of {held.user.name} as {words(held)}. Your invitation of {invitation.name} to "
            f"be {words(invitation)} was taken back with it. If they are to come all the same, invite them again.",
            at=at,
        )


def still_may(by: User, partnership: Partnership) -> None:
    """Refuse where the right to say who holds a role has itself ended since the page asked for it.

    One such change of a partnership at a time: two admins who end each other's role would leave it without any.
    """
    Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)
    actor = actor_for(by, partnership)
    if not (actor.can(Permission.MEMBER_EDIT) or actor.can(Permission.AGENCY_MEMBER_EDIT)):
        raise Refused("Your own role has ended meanwhile, and so nothing was changed.")


def takes_on(post: Post) -> bool:
    """Whether the place of a post takes anybody on; one that was taken out does not."""
    return not any(place is not None and place.retired_at is not None for place in (post.agency, post.team))


def hold(user_id: uuid.UUID) -> User:
    """A person's account, locked before anything of theirs: an end of a role and an invitation taken up go in turn."""
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def ends(membership: Membership, *, by: User, at: dt.datetime) -> None:
    row = Membership.objects.select_for_update().get(pk=membership.pk)
    if row.ended_at is not None and row.ended_at <= at:
        raise Refused("That role has ended already.")
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    leaving.let_go(row, by=by, at=at)
    withdraw_sent(row, by=by, at=at)
    record(row, "role.ended", by=by, at=at)
    sessions.end_all(row.user)


def withdraw_sent(held: Membership, *, by: User | None, at: dt.datetime) -> None:
    """The invitations that somebody sent end with the role by which they sent them."""
    Invitation.objects.waiting().filter(invited_by=held.user, partnership=held.partnership).update(
        withdrawn_at=at, withdrawn_by=by
    )


def tell_owner(held: Membership, subject: str, body: str, *, at: dt.datetime) -> None:
    inside = f"{subject[0].lower()}{subject[1:]}"
    tell(held, held.user, "role-changed", inside, f"{body}\n\nIf that is wrong, speak to them.", at=at)


def tell(held: Membership, to: User, kind: str, subject: str, body: str, *, at: dt.datetime) -> None:
    """Tell somebody what became of a role, once."""
    telling.tell(
        partnership=held.partnership,
        to=to,
        kind=kind,
        key=f"{kind}:{held.pk}:{at.isoformat()}:{to.pk}",
        subject=f"Front Door: {subject}",
        body=body,
        at=at,
    )


def record(held: Membership | Invitation, verb: str, *, by: User | None, at: dt.datetime) -> None:
    audit.record(
        partnership=held.partnership,
        verb=verb,
        noun="user",
        object_id=held.user_id,
        detail={
            "role": held.role,
            "agency": held.agency.slug if held.agency else None,
            "team": held.team.slug if held.team else None,
        },
        by=by,
        at=at,
    )


@transaction.atomic
def require_second_factor(*, agency: Agency, required: bool, by: User, at: dt.datetime) -> bool:
    """Say whether an agency's people need a second factor. It holds from their next page. True where it changed.

    A lead asks for it; only who answers for the whole partnership lets it go again, for it may have been theirs to ask.
    """
    if not required and not actor_for(by, agency.partnership).can(Permission.MEMBER_EDIT):
        raise Refused("Only the partnership’s admin lets an agency do without a second factor. Ask them.")
    changed = Agency.objects.filter(pk=agency.pk).exclude(second_factor_required=required)
    if not changed.update(second_factor_required=required):
        return False
    audit.record(
        partnership=agency.partnership,
        verb="agency.second_factor_required" if required else "agency.second_factor_offered",
        noun="agency",
        object_id=agency.slug,
        by=by,
        at=at,
    )
    return True
