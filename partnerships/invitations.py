"""Inviting somebody to a role: a link in an email, for one person, once, for a week."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from partnerships import account_actions, leaving, members, telling
from partnerships.access import Actor
from partnerships.actions import Refused
from partnerships.hours import LONDON
from partnerships.members import Post
from partnerships.models import Invitation, Membership, User
from partnerships.permissions import Permission, Role

HOLDS_FOR = dt.timedelta(days=7)
NOBODY_THEMSELVES = "Nobody invites themselves. Ask another admin."
MOST_A_DAY = {False: 100, True: 1000}
"""So many invitations one person sends within a day, as a lead and as an admin: each is an email of the portal's."""
SALT = "partnerships.invitation"
GONE = "This invitation was used, taken back or is too old. Ask whoever sent it for a new one."


@transaction.atomic
def invite(*, actor: Actor, email: str, name: str, post: Post, by: User, at: dt.datetime) -> Invitation:
    """Invite the person of this address to a post. Whether there is an account already, nobody is told.

    Somebody new gets a row without a way to sign in; taking the invitation up opens it.
    """
    members.may_give(actor, post)
    email = email.strip().lower()
    if email == by.email.lower():
        raise Refused(NOBODY_THEMSELVES)
    partnership = actor.partnership
    assert partnership is not None
    most = MOST_A_DAY[actor.can(Permission.MEMBER_EDIT)]
    if Invitation.objects.filter(invited_by=by, invited_at__gt=at - dt.timedelta(days=1)).count() >= most:
        raise Refused(f"You have sent {most} invitations within a day, and that is the most. Go on tomorrow.")
    user = User.objects.of_address(email)
    if user is not None and user.pk == by.pk:
        raise Refused(NOBODY_THEMSELVES)
    if not email.isascii():
        raise Refused("That email address has a letter with an accent, or of another alphabet. Check it with them.")
    if user is None:
        unopened = {"name": name, "is_active": False, "password": make_password(None)}
        user, _ = User.objects.get_or_create(email=email, defaults=unopened)
    members.hold(user.pk)  # pressed twice, the second takes the first back
    held = Membership.objects.filter(
        user=user, partnership=partnership, role=post.role.value, team=post.team, ended_at__isnull=True
    )
    if held.filter(agency=post.agency).exists():
        raise Refused(f"The person of this address is {post.words} already.")
    # Another agency's invitation of the same person is not this one's to take back.
    members.invitations(actor).waiting().filter(user=user, role=post.role.value).update(
        withdrawn_at=at, withdrawn_by=by
    )
    invitation = Invitation.objects.create(
        partnership=partnership,
        user=user,
        name=name,
        role=post.role.value,
        agency=post.agency,
        team=post.team,
        invited_at=at,
        invited_by=by,
        expires_at=at + HOLDS_FOR,
    )
    members.record(invitation, "invitation.sent", by=by, at=at)
    send(invitation, at=at)
    return invitation


def send(invitation: Invitation, *, at: dt.datetime) -> None:
    post = Post(Role.of(invitation.role), invitation.agency, invitation.team)
    telling.tell(
        partnership=invitation.partnership,
        to=invitation.user,
        kind="invitation",
        key=f"invitation:{invitation.pk}",
        subject="Front Door: you are invited",
        body=f"{invitation.invited_by.name} invites you to Front Door for {invitation.partnership.name} "
        f"as {post.words}.\n\nTo take it up, open this link by {last_day(invitation)}:\n{link(invitation)}"
        "\n\nIt is for you alone, and opens once. If you don't know what this is, you need do nothing.",
        at=at,
    )


def last_day(invitation: Invitation) -> str:
    return f"{invitation.expires_at.astimezone(LONDON):%-d %B %Y}"


def link(invitation: Invitation) -> str:
    token = signing.dumps(str(invitation.pk), salt=SALT)
    return settings.SITE_URL + reverse("invitation", kwargs={"token": token})


def open_invitation(token: str, at: dt.datetime) -> Invitation:
    """The invitation of a link. Refused where it is none, was used, taken back, or is too old: always alike."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise Refused(GONE) from error
    found = Invitation.objects.open(at).filter(pk=pk).select_related("user", "partnership", "agency", "team").first()
    if found is None:
        raise Refused(GONE)
    return found


def has_account(user: User) -> bool:
    """Whether the person can sign in already, and so proves themselves by that; else they choose a password."""
    return user.is_active and user.has_usable_password()


@transaction.atomic
def accept(
    *, invitation: Invitation, name: str = "", job_title: str = "", password: str = "", by: User | None, at: dt.datetime
) -> Membership:
    """Take an invitation up: the role begins. Once; who comes second is refused.

    by: who is signed in; None where the account only begins with this, and then a password is set.
    """
    user = members.hold(invitation.user_id)
    leaving.hold(user, invitation.partnership, begins=Role.of(invitation.role))
    taken = Invitation.objects.open(at).filter(pk=invitation.pk, user=user).update(accepted_at=at)
    if not taken:
        raise Refused(GONE)
    post = Post(Role.of(invitation.role), invitation.agency, invitation.team)
    if not members.takes_on(post):
        raise Refused(f"{post.agency or post.team} takes on nobody new. Ask whoever invited you.")
    if by is not None and by.pk != user.pk:
        raise Refused("This invitation is for somebody else. Sign out, and open it again.")
    if by is None:
        if has_account(user):
            raise Refused("Sign in first: you have an account already.")
        user = begin_account(user, invitation, name=name, job_title=job_title, password=password, at=at)
    members.record(invitation, "invitation.accepted", by=user, at=at)
    return members.give(user=user, post=post, partnership=invitation.partnership, by=invitation.invited_by, at=at)


def begin_account(
    user: User, invitation: Invitation, *, name: str, job_title: str, password: str, at: dt.datetime
) -> User:
    """Open the account with which an invitation is taken up: a new one, or one that was closed.

    An address outlives who had it: a lead's is handed on with the post. So a closed account is given back to nobody
    but who is invited, and comes, under its own name; for anybody else the address begins anew. By what opened the
    account before, it is opened no more.
    """
    closed = user.has_usable_password()
    if closed and not same_name(user.name, invitation.name, name or invitation.name):
        before, user = user, account_actions.pass_address_on(user, name=invitation.name, at=at)
        theirs = Q(pk=invitation.pk) | Q(accepted_at__isnull=True, withdrawn_at__isnull=True)
        for each in Invitation.objects.filter(theirs, user=before):
            each.user, each.invited_by_id = user, user.pk if each.invited_by_id == before.pk else each.invited_by_id
            each.save(update_fields=["user", "invited_by"])
        invitation.refresh_from_db()
    elif closed:
        account_actions.forget_ways_in(user)
    user.name, user.job_title, user.is_active = name or user.name, job_title or user.job_title, True
    user.set_password(password)
    user.save(update_fields=["name", "job_title", "is_active", "password"])
    return user


def same_name(*names: str) -> bool:
    return len({" ".join(name.casefold().split()) for name in names}) == 1


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User, at: dt.datetime) -> bool:
    """Take an invitation back: its link opens nothing from now. False where it was used or taken back already."""
    if not Invitation.objects.waiting().filter(pk=invitation.pk).update(withdrawn_at=at, withdrawn_by=by):
        return False
    members.record(invitation, "invitation.withdrawn", by=by, at=at)
    return True
