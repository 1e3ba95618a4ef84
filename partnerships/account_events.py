"""What happens to an account: each in the audit trail of the partnerships where the person holds a role, and the ones
that somebody else might have caused told to the person by email.

Signing in with a wrong password is noted after the answer has gone out (`partnerships.afterwards`), so that no time
tells whether there is such an account.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from partnerships import afterwards, audit, kept, known_browsers, second_factor, sessions, telling
from partnerships.hours import LONDON
from partnerships.models import AuditEntry, Membership, Partnership, User
from partnerships.places import came_from

NOT_YOU = (
    "If this was you, there is nothing to do.\n\nIf it was not, tell whoever manages Front Door where you work at "
    "once, set a new password, and end the sessions that are not yours under Your account:\n{link}"
)
LOOKED_BACK = 50
"""So many sign-ins back a browser or an address is known."""
FACTORS = {"totp": "authenticator app", "webauthn": "passkey", "recovery_codes": "recovery codes"}


def where(user: User) -> list[Partnership]:
    """The partnerships whose trail tells of this account: where a role is held, else where one was held last."""
    held = Membership.objects.filter(user=user).select_related("partnership").order_by("-pk")
    now = {each.partnership_id: each.partnership for each in held if each.ended_at is None}
    return list(now.values()) or [each.partnership for each in held[:1]]


@transaction.atomic
def note(
    user: User,
    verb: str,
    *,
    detail: dict[str, Any] | None = None,
    told: tuple[str, str] | None = None,
    once: str = "",
    by: User | None,
    at: dt.datetime,
) -> None:
    """Write what happened to an account in the trail; `told` is the subject and the body of a notice to its owner.

    once: says what is told only once, such as a day; without it every event is told.
    """
    partnerships = where(user)
    for partnership in partnerships:
        audit.record(
            partnership=partnership, verb=verb, noun="user", object_id=user.pk, detail=detail or {}, by=by, at=at
        )
    if told and partnerships:
        subject, body = told
        telling.tell(
            partnership=partnerships[0],
            to=user,
            kind=verb.replace(".", "-")[:40],
            key=f"{verb}:{user.pk}:{once or at.isoformat()}",
            subject=subject,
            body=f"{body}\n\n{NOT_YOU.format(link=settings.SITE_URL + '/accounts/')}",
            at=at,
        )


def moment(at: dt.datetime) -> str:
    here = at.astimezone(LONDON)
    return f"{here:%-d %B %Y} at {here.strftime('%-I:%M%p').lower()}"


def place(request: HttpRequest | None) -> dict[str, str]:
    """Where a request came from, for the trail: its address, and a short mark of its browser."""
    meta = request.META if request is not None else {}
    browser = hashlib.sha256(meta.get("HTTP_USER_AGENT", "").encode("utf-8", "replace")).hexdigest()[:16]
    return {"address": came_from(request), "browser": browser}


def half_way(request: HttpRequest, user: User, *, at: dt.datetime) -> None:
    """Somebody proved the first of two: where nothing follows in the trail, they had the password and no more."""
    note(user, "signin.half_way", detail=place(request), by=None, at=at)


def known_from(user: User, request: HttpRequest) -> bool:
    """Whether this person was signed in from the address of this request before, with all that their sign-in asks."""
    made = AuditEntry.objects.filter(by=user, verb="signin.made").order_by("-at").values_list("detail", flat=True)
    return any(each.get("address") == came_from(request) for each in made[:LOOKED_BACK])


@receiver(user_logged_in)
def session_begins(request: HttpRequest, user: User, **_: Any) -> None:
    sessions.begin(request, user, timezone.now())
    kept.pages_are_of(request, user)
    known_browsers.learn(request, user)


@receiver(account.password_reset)
def came_by_the_link(request: HttpRequest, user: User, **_: Any) -> None:
    """Whoever sets a new password by the link reads the owner's email: in this browser they may give it."""
    known_browsers.learn(request, user)


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    at, here = timezone.now(), place(request)
    methods = sorted(
        {str(each.get("type") or each.get("method")) for each in get_authentication_records(request, user)}
    )
    made = AuditEntry.objects.filter(by=user, verb="signin.made").order_by("-at")
    known = made.values_list("detail", flat=True)[:LOOKED_BACK]
    new = bool(known) and all(each.get("browser") != here["browser"] for each in known)
    told = (
        "You signed in from another browser",
        f"Somebody signed in to your account on {moment(at)}, with a browser that we have not seen before.",
    )
    note(user, "signin.made", detail={**here, "methods": methods}, told=told if new else None, by=user, at=at)


@receiver(user_logged_out)
def signed_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None and not getattr(request, "session_ran_out", False):
        note(user, "signin.ended", detail=place(request), by=user, at=timezone.now())


def session_ran_out(request: HttpRequest, *, at: dt.datetime) -> None:
    request.session_ran_out = True  # type: ignore[attr-defined]
    note(request.user, "session.ran_out", detail=place(request), by=None, at=at)  # type: ignore[arg-type]


def sign_in_failed(request: HttpRequest, email: str, *, at: dt.datetime, locked: bool = False) -> None:
    """A wrong password, or one try too many. Noted where there is such an account, once the answer is out."""
    here = place(request)

    def write() -> None:
        user = User.objects.of_address(email)
        if user is None:
            return
        held_up = "From where they came, your account takes no more tries for a few minutes; elsewhere you can sign in."
        from_many = "They came from several places. Nobody came in by them."
        told = (
            "Somebody tried to sign in to your account",
            f"On {moment(at)} there were several tries to sign in to your account with a wrong password. "
            f"{held_up if locked else from_many}",
        )
        verb = "signin.locked" if locked else "signin.failed"
        several = locked or often(user, verb, at) >= WRONG_PASSWORDS
        once = at.astimezone(LONDON).date().isoformat()
        note(user, verb, detail=here, told=told if several else None, once=once, by=None, at=at)

    afterwards.after_answer(request, write)


def sign_in_held_up(request: HttpRequest, email: str, *, at: dt.datetime) -> None:
    """There were so many wrong passwords, from wherever, that none is looked at for a while but in known browsers."""
    here = place(request)

    def write() -> None:
        user = User.objects.of_address(email)
        if user is None:
            return
        told = (
            "There are many tries to sign in to your account",
            f"By {moment(at)} there were so many tries to sign in to your account with a wrong password, from "
            "wherever, that for up to an hour it takes none in a browser in which you have not signed in before. You "
            "can go on in one of yours, with a passkey, or with a new password by the link “I have forgotten my "
            "password”.",
        )
        once = at.astimezone(LONDON).date().isoformat()
        note(user, "signin.held_up", detail=here, told=told, once=once, by=None, at=at)

    afterwards.after_answer(request, write)


WITHIN = dt.timedelta(hours=1)
WRONG_PASSWORDS = 10
"""So many wrong passwords, from wherever, are no slip of the hand: each place by itself may be within its limit."""


def often(user: User, verb: str, at: dt.datetime) -> int:
    """How often this happened to somebody's account lately, this time included."""
    before = AuditEntry.objects.filter(
        partnership__in=where(user), verb=verb, object_id=str(user.pk), at__gt=at - WITHIN
    )
    return before.values("at").distinct().count() + 1


WRONG_CODES = 3
"""So many wrong codes in a row are no slip of the hand: whoever gives them knows the password."""


@receiver(mfa.authentication_failed)
def second_factor_failed(request: HttpRequest, user: User, **_: Any) -> None:
    at = timezone.now()
    several = often(user, "second_factor.failed", at) >= WRONG_CODES
    told = (
        "Somebody gave wrong codes for your account",
        f"On {moment(at)} your password was given, and then several wrong codes. Nobody came in. If it was not you, "
        "somebody knows your password.",
    )
    once = at.astimezone(LONDON).date().isoformat()
    note(user, "second_factor.failed", detail=place(request), told=told if several else None, once=once, by=None, at=at)


@receiver(mfa.authenticator_added)
def factor_added(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """The new factor was just proved: a session that waited for one counts as opened with it."""
    from allauth.account.internal.flows.login import record_authentication

    from partnerships.mfa import first_use

    at = timezone.now()
    if authenticator.type == "totp":
        first_use(authenticator, request.POST.get("code", ""))  # the code that proved it opens nothing else
    if authenticator.type != "recovery_codes" and not second_factor.passed(request):
        told = {"type": authenticator.type, "id": authenticator.pk, second_factor.ADDED: True}
        record_authentication(request, user, "mfa", **told)
    factor_changed(user, authenticator, "second_factor.added", "was added to", at)


@receiver(mfa.authenticator_removed)
def factor_removed(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """What a lost one opened ends with it, and with it every other sign-in: nobody can tell which it was."""
    sessions.end_all(user, but=request.session.session_key)
    factor_changed(user, authenticator, "second_factor.removed", "was taken from", timezone.now())


@receiver(mfa.authenticator_reset)
def factor_reset(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    factor_changed(user, authenticator, "second_factor.renewed", "was made anew for", timezone.now())


def factor_changed(user: User, authenticator: Any, verb: str, done: str, at: dt.datetime) -> None:
    name = FACTORS.get(authenticator.type, "second factor")
    were = done.replace("was", "were") if authenticator.type == "recovery_codes" else done
    article = "" if authenticator.type == "recovery_codes" else "An " if name[0] in "aeiou" else "A "
    sentence = f"{article}{name} {were} your account on {moment(at)}."
    note(
        user,
        verb,
        detail={"type": authenticator.type},
        told=("Your second factor changed", sentence[0].upper() + sentence[1:]),
        by=user,
        at=at,
    )


@receiver(account.password_changed)
@receiver(account.password_reset)
@receiver(account.password_set)
def password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    """A new password ends every other session: whoever knew the old one is out."""
    at = timezone.now()
    from partnerships.account_actions import end_what_reads_without_sign_in

    ended = sessions.end_all(user, but=request.session.session_key if request.user.is_authenticated else None)
    end_what_reads_without_sign_in(user)
    note(
        user,
        "password.changed",
        detail={**place(request), "sessions_ended": ended},
        told=("Your password was changed", f"The password of your account was changed on {moment(at)}."),
        by=user,
        at=at,
    )


def codes_shown(request: HttpRequest, user: User, *, at: dt.datetime) -> None:
    """The recovery codes were shown in clear: who reads them over somebody's shoulder could come in by one."""
    told = (
        "Your recovery codes were shown",
        f"On {moment(at)} the recovery codes of your account were shown, in a browser where you are signed in.",
    )
    once = at.astimezone(LONDON).date().isoformat()
    note(user, "second_factor.codes_shown", detail=place(request), told=told, once=once, by=user, at=at)


def organisation_linked(request: HttpRequest, user: User, provider: str, name: str, *, at: dt.datetime) -> None:
    """An organisation's account opened this one for the first time."""
    told = (
        "Your organisation’s sign-in opens your account",
        f"On {moment(at)} the sign-in of {name} opened your account for the first time.",
    )
    note(user, "signin.organisation_linked", detail={**place(request), "provider": provider}, told=told, by=user, at=at)
