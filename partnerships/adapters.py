"""How sign-in fits Front Door: nobody signs up by themselves; accounts are made by invitation."""

import logging
import time
from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from partnerships import account_actions, account_events, afterwards, second_factor
from partnerships.models import Membership

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed. Ask whoever manages Front Door where you work.",
        "email_password_mismatch": "Check your email address and your password: together they open no account",
        "enter_current_password": "Check the password that you have now: it is not the one of this account",
        "incorrect_password": "Check your password: it is not the one of this account",
        "invalid_password_reset": "This link has been used or is too old. Ask for a new one.",
        "too_many_login_attempts": "There were too many tries to sign in. Wait five minutes, then try again.",
        "rate_limited": "There were too many tries. Wait a few minutes, then try again.",
    }

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failed tries are counted by the person and the address together."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}|{get_ip(request)}"

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """As the library does; the demonstration's password is no password where real children are told of."""
        if not settings.DEMO and credentials.get("password") == settings.DEMO_PASSWORD:
            self.pre_authenticate(request, **credentials)
            self.authentication_failed(request, **credentials)
            return None
        return super().authenticate(request, **credentials)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            email = str(credentials.get("email") or "")
            account_events.sign_in_failed(request, email, at=timezone.now(), locked=True)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        account_events.sign_in_failed(request, str(credentials.get("email") or ""), at=timezone.now())

    def reauthenticate(self, user: Any, password: str) -> bool:
        """The library asks for the address in a table of its own, which Front Door doesn't fill."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within five minutes of a proof: who has just signed in is not asked again.

        Where there is a second factor, nothing less counts: else whoever finds a session open and knows the password
        makes the account's second factor their own.
        """
        proofs = [
            second_factor.proved_at(self.request, record)
            for record in get_authentication_records(self.request, self.request.user)
            if not self.proves_twice() or second_factor.proves(self.request, record)
        ]
        return not any(time.time() - at < REAUTHENTICATION_TIMEOUT for at in proofs)

    def proves_twice(self) -> bool:
        """Whether this person has a second factor, or this session was opened by an organisation that took one."""
        return is_mfa_enabled(self.request.user) or second_factor.passed(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The password is none for whoever proves twice. Where the organisation does that, its sign-in is the way."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not user.is_authenticated or not self.proves_twice():
            return found
        factors = [each for each in found if each["id"] != "reauthenticate"]
        by_organisation = {"id": "prove_anew", "description": "Sign in again", "url": reverse("prove_anew")}
        return factors or [by_organisation]

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """By the outbox, and once the answer is out: its time tells nothing, and waits for no mail system."""
        here, at = account_events.place(context["request"]), timezone.now()
        send = partial(account_actions.tell_how_to_set_a_new_password, user=user, detail=here, at=at)
        afterwards.after_answer(context["request"], send)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """No email goes out while a page waits, past the outbox: the library has none of its own to send here."""
        log.error("An email of the sign-in library was not sent: %s", template_prefix)

    def clean_password(self, password: str, user: Any = None) -> str:
        if not settings.DEMO and password == settings.DEMO_PASSWORD:
            raise ValidationError("Choose another password: this one is known to everybody.")
        return super().clean_password(password, user)

    def get_login_stages(self) -> list[str]:
        """A sign-in that is begun with a password is finished under the same one."""
        stages = super().get_login_stages()
        return ["partnerships.mfa.StillTheSame", *stages, "partnerships.mfa.StillTheSameAfterwards"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Home, where somebody has one partnership; else the first page, to choose. First a second factor is set up."""
        held = list(
            Membership.objects.filter(user__email=request.user.get_username(), ended_at__isnull=True).select_related(
                "partnership", "agency"
            )
        )
        if second_factor.needed(held) and not second_factor.passed(request):
            return reverse("mfa_index")
        slugs = {each.partnership.slug for each in held}
        return reverse("home", kwargs={"partnership": slugs.pop()}) if len(slugs) == 1 else reverse("index")
