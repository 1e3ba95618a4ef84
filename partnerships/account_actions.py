"""What may be done to an account's sign-ins and second factors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from partnerships import account_events, sessions
from partnerships.models import Session, User


@transaction.atomic
def end_sessions(*, user: User, ended: Iterable[Session], by: User, at: dt.datetime) -> int:
    """End these sessions of somebody; each one's next request is signed out. Gives how many there were."""
    count = sessions.end(ended)
    if count:
        account_events.note(user, "session.ended", detail={"sessions": count}, by=by, at=at)
    return count


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
