"""What may be done to an account's sign-ins and second factors."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse

from partnerships import account_events, sessions, telling
from partnerships.models import Session, User

log = logging.getLogger(__name__)


@transaction.atomic
def end_sessions(*, user: User, ended: Iterable[Session], by: User, at: dt.datetime) -> int:
    """End these sessions of somebody; each one's next request is signed out. Gives how many there were."""
    count = sessions.end(ended)
    if count:
        account_events.note(user, "session.ended", detail={"sessions": count}, by=by, at=at)
    return count


Ender = Callable[[User], object]
_without_sign_in: list[Ender] = []


def reads_without_sign_in(ender: Ender) -> Ender:
    """Register what ends somebody's addresses that show something without a sign-in, such as a calendar's."""
    if ender not in _without_sign_in:
        _without_sign_in.append(ender)
    return ender


def end_what_reads_without_sign_in(user: User) -> None:
    """With the sign-ins that end because a stranger may have had one, end what that stranger may have made."""
    for end in _without_sign_in:
        end(user)


def forget_ways_in(user: User) -> dict[str, int]:
    """What an account that has ended must not be opened by again: second factors, links with an organisation's own
    sign-in, sessions. Gives how many of the first two there were. The password stays: it says "closed" to its owner.
    """
    from allauth.mfa.models import Authenticator
    from allauth.socialaccount.models import SocialAccount

    factors = Authenticator.objects.filter(user=user).delete()[0]
    links = SocialAccount.objects.filter(user=user).delete()[0]
    sessions.end_all(user)
    return {"factors": factors, "organisations": links}


@transaction.atomic
def pass_address_on(user: User, *, name: str, at: dt.datetime) -> User:
    """Give the address of a closed account to somebody else, who begins with nothing of the first person's.

    What the first one did, began and was told stays with their own account, which nobody can open any more. Gives the
    new one, which the invitation that is taken up opens.
    """
    account_events.note(user, "account.address_passed_on", by=None, at=at)
    user.former_email, user.email = user.email, f"{user.pk}@left.invalid"
    user.save(update_fields=["email", "former_email"])
    after = User(email=user.former_email, name=name, is_active=False, password=make_password(None))
    after.save()
    return after


@transaction.atomic
def take_second_factor_off(*, user: User, by: User, at: dt.datetime) -> bool:
    """For whoever lost telephone and codes: every factor goes, every session ends; a new one is set up at sign-in.

    False where there was none.
    """
    from allauth.mfa.models import Authenticator

    removed = Authenticator.objects.filter(user=user).delete()[0]
    if not removed:
        return False
    sessions.end_all(user)
    end_what_reads_without_sign_in(user)
    account_events.note(
        user,
        "second_factor.taken_off",
        detail={"factors": removed},
        told=(
            "Your second factor was taken off",
            f"{by.name} took the second factor of your account off on "
            f"{account_events.moment(at)}, as if it were lost. Sign in with your password, and set a new one up.",
        ),
        by=by,
        at=at,
    )
    return True


NEW_PASSWORD = "password-link"  # noqa: S105  a kind of notice


@transaction.atomic
def tell_how_to_set_a_new_password(*, user: User, detail: dict[str, str], at: dt.datetime) -> None:
    """Send the owner of an account a link by which a new password is set, as every notice is sent.

    detail: where it was asked for, for the trail.
    """
    account_events.note(user, "password.link_asked", detail=detail, by=None, at=at)
    partnerships = account_events.where(user)
    if not partnerships:
        log.error("Somebody without any role, now or before, asked for a new password: nobody could be told")
        return
    telling.tell(
        partnership=partnerships[0],
        to=user,
        kind=NEW_PASSWORD,
        key=f"{NEW_PASSWORD}:{user.pk}:{at.isoformat()}",
        subject="Set a new password for Front Door",
        body="Somebody, most likely you, asked for a new password for your Front Door account. Set it here:\n\n"
        f"{telling.KEY}\n\nIf it was not you, do nothing: your password stays as it is.\n\n"
        "This mailbox is not read. If a child is in danger, call 999.",
        at=at,
    )


@telling.makes_key(NEW_PASSWORD)
def new_password_link(user: User) -> str:
    """At the portal's own address: who asks says by what name and port they came."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str

    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return settings.SITE_URL + reverse("account_reset_password_from_key", kwargs=key)
