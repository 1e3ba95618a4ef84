"""Guesses at one account from many addresses: slowed together, without keeping out whose account it is.

Wrong passwords for one email address are counted over all places, whether or not it has an account. Beyond `MOST`
within an hour no password is looked at from a browser that is not known, right or wrong. A browser is known to an
account once it was signed in to it, or set its password by the link sent to its owner: a cookie says so, signed, for
that address alone, readable by no script. A known browser has tries of its own: a stolen cookie is worth `MOST_KNOWN`
an hour. Passkeys, an organisation's sign-in and the link for a new password ask nothing here: nobody can lock an owner
out.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse

from partnerships.places import HOUR, counted

MOST = 30
"""Wrong passwords for one address within an hour, from all browsers that are not known to it."""
MOST_KNOWN = 10
"""The same from one known browser."""
COOKIE = "known"
LASTS = dt.timedelta(days=365)
PEOPLE = 8
"""So many of a shared browser's people are known to it: the latest."""


def folded(email: str) -> str:
    return email.strip().casefold()


def signer(email: str) -> TimestampSigner:
    return TimestampSigner(salt=f"known-browser:{folded(email)}")


def mark_of(request: HttpRequest, email: str) -> str:
    """The mark by which this browser is known to this address; empty where it is not."""
    return next((mark for told in marks(request) if (mark := of_address(told, email))), "")


def of_address(told: str, email: str) -> str:
    """What stands in a mark that was given for this address and is not too old; empty where it is none."""
    try:
        return signer(email).unsign(told, max_age=LASTS)
    except BadSignature:
        return ""


def marks(request: HttpRequest) -> list[str]:
    return request.COOKIES.get(COOKIE, "").split("|")[:PEOPLE]


@dataclass(frozen=True, slots=True)
class Tried:
    """One try, as it was counted: by what, and when."""

    by: tuple[tuple[str, str], ...]
    at: dt.datetime
    over: bool = False
    first_over: bool = False


def tried(request: HttpRequest, email: str, at: dt.datetime) -> Tried:
    """Count a try before its password is looked at: of many at once each is counted."""
    by: tuple[tuple[str, str], ...] = ()
    if mark := mark_of(request, email):
        by = (("signin-known", mark),)
        if counted(*by[0], at, within=HOUR) <= MOST_KNOWN:
            return Tried(by, at)
    by = (*by, ("signin-tries", folded(email)))
    tries = counted(*by[-1], at, within=HOUR)
    return Tried(by, at, over=tries > MOST, first_over=tries == MOST + 1)


def forgive(told: Tried) -> None:
    """It was no guess: the password was right."""
    for what, whose in told.by:
        counted(what, whose, told.at, within=HOUR, by=-1)


def learn(request: HttpRequest, user: Any) -> None:
    """This browser is known to the account from this answer on."""
    request.known_to = user.email  # type: ignore[attr-defined]


def hand_over(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser its mark, where this request made it known; the marks of other people stay beside it."""
    email = getattr(request, "known_to", "")
    if not email:
        return
    others = [told for told in marks(request) if told and not of_address(told, email)]
    response.set_cookie(
        COOKIE,
        "|".join([signer(email).sign(secrets.token_urlsafe(12)), *others][:PEOPLE]),
        max_age=LASTS,
        path="/accounts/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
