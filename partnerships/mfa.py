"""The second factor as Front Door keeps it: secrets sealed, words ours, never taken off where a role needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.stages import LoginStage
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from partnerships import account_events, second_factor
from partnerships.encryption import Unreadable, reseal, reseals, seal, unseal
from partnerships.models import User

SECRETS = ("secret", "seed")
"""Under which name an authenticator's data holds what is sealed."""


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "Check the code: it is not the right one. A code from the app is good for half a minute.",
        "cannot_delete_authenticator": (
            "Your role needs a second factor, and this is your only one. Add another one first, then take this one off."
        ),
        "cannot_generate_recovery_codes": "Set up an authenticator app or a passkey first.",
    }

    def get_totp_issuer(self) -> str:
        return "Front Door"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Front Door"}

    def encrypt(self, text: str) -> str:
        return seal(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """The last one stays where the person's role needs one."""
        held = authenticator.user.memberships.filter(ended_at__isnull=True).select_related("agency")
        if not second_factor.needed(held):
            return True
        kinds = ("totp", "webauthn")
        others = authenticator.user.authenticator_set.filter(type__in=kinds).exclude(pk=authenticator.pk)
        return authenticator.type not in kinds or others.exists()

    def generate_authenticator_name(self, user: Any, type: str) -> str:  # noqa: A002  the library's own name
        return f"Passkey {user.authenticator_set.filter(type=type).count() + 1}"

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """`account_events` tells it, by the outbox."""


GUESSES, FROM_ELSEWHERE = "5/5m/key", "100/1h/key"
"""Wrong codes of one person by one address, or in one session that is open; by all addresses that are new to them."""


def may_guess(request: HttpRequest, user: User) -> Callable[[], None]:
    """Count a code before it is looked at; gives what to do when it was right. Refuses where there were too many.

    By person and address together, as passwords are counted (by the person alone, whoever knows the password would keep
    the owner out), and in a session that is open by that session. What comes from everywhere else is counted as one,
    for who guesses has many addresses; where the person signs in from, that holds nobody up.
    """
    mine = f"session {request.session.session_key}" if request.user.is_authenticated else get_ip(request)
    counts = [(GUESSES, f"{user.pk}|{mine}")]
    if not request.user.is_authenticated and not account_events.known_from(user, request):
        counts.append((FROM_ELSEWHERE, str(user.pk)))
    for rate, key in counts:
        told = {"app": "partnerships", "action": "code", "config": {"code": rate}, "key": key}
        if not ratelimit.consume(request, **told):
            raise get_adapter().validation_error("too_many_login_attempts")
    first = {"app": "partnerships", "action": "code", "config": {"code": GUESSES}, "key": counts[0][1]}
    return partial(ratelimit.clear, request, **first)


class StillTheSame(LoginStage):
    """Between the password and the code nothing changed that ends a sign-in: a new password, or the account's end.

    A sign-in half done is nobody's session yet, so ending somebody's sessions does not reach it.
    """

    key = "still_the_same"

    def handle(self) -> tuple[Any, bool]:
        user: Any = self.login.user
        if user is None:
            return None, True
        if "password" not in self.state and is_mfa_enabled(user):
            account_events.half_way(self.request, user, at=timezone.now())
        self.state.setdefault("password", user.get_session_auth_hash())
        if not user.is_active or not constant_time_compare(self.state["password"], user.get_session_auth_hash()):
            return redirect("account_login"), False
        return None, True


class StillTheSameAfterwards(StillTheSame):
    """The same question once more, when the code was right."""

    key = "still_the_same_afterwards"

    def handle(self) -> tuple[Any, bool]:
        before = self.controller.state.get(StillTheSame.key, {}).get("data", {})
        self.state.update(before)
        return super().handle()


LAST = "last_counter"
"""Under which name an app's data holds which of its codes was used last."""


@transaction.atomic
def first_use(authenticator: Any, code: str) -> bool:
    """Whether a code of an app, found right, is newer than every one used before it; it is noted as used.

    The library takes a code for a minute and a half, and remembers half a minute, in a cache, that it was used.
    """
    from allauth.mfa.models import Authenticator

    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    secret, typed = unseal(row.data["secret"].encode()).decode(), normalize_user_code(code)
    fits = [each for each in yield_hotp_counters_from_time() if format_hotp_value(hotp_value(secret, each)) == typed]
    if not fits or max(fits) <= row.data.get(LAST, -1):
        return False
    row.data = {**row.data, LAST: max(fits)}
    row.save(update_fields=["data"])
    return True


@reseals("second factors")
def reseal_second_factors() -> tuple[int, int]:
    from allauth.mfa.models import Authenticator

    done = unreadable = 0
    for each in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).iterator():
        before = dict(each.data)
        try:
            sealed = {name: reseal(before[name].encode()).decode() for name in SECRETS if name in before}
        except Unreadable:
            unreadable += 1
            continue
        done += Authenticator.objects.filter(pk=each.pk, data=before).update(data={**before, **sealed})
    return done, unreadable
