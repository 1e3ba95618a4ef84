"""How sign-in fits Front Door: nobody signs up by themselves; accounts are made by invitation."""

import logging
import time
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

from partnerships import account_actions, account_events, afterwards, known_browsers, second_factor
from partnerships.models import Membership
from partnerships.places import came_from, counted

log = logging.getLogger(__name__)

LINKS, LINKS_WITHIN = 5, 5 * 60
"""So many links for a new password go to one mailbox within so many seconds."""


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed. Ask whoever manages Front Door where you work.",
        "email_password_mismatch": "Check your email address and your password: together they open no account",
        "enter_current_password": "Check the password that you have now: it is not the one of this account",
        "incorrect_password": "Check your password: it is not the one of this account",
        "invalid_password_reset": "This link has been used or is too old. Ask for a new one.",
        "too_many_for_one_address": "There were too many tries to sign in with this email address. You can go on at "
        "once in a browser in which you have signed in before, with a passkey, or with a new password: press “I have "
        "forgotten my password”. Or wait an hour.",
        "too_many_login_attempts": "There were too many tries to sign in. Wait five minutes, then try again.",
        "rate_limited": "There were too many tries. Wait a few minutes, then try again.",
    }

    tried: known_browsers.Tried | None = None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failed tries are counted by the person and the address together."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}|{get_ip(request)}"

    def get_client_ip(self, request: HttpRequest) -> str:
        """The place by which the library counts too."""
        return came_from(request) or super().get_client_ip(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """As the library does; the demonstration's password is no password where real children are told of."""
        if not settings.DEMO and credentials.get("password") == settings.DEMO_PASSWORD:
            self.pre_authenticate(request, **credentials)
            self.authentication_failed(request, **credentials)
            return None
        user = super().authenticate(request, **credentials)
        if user is not None and self.tried is not None:
            known_browsers.forgive(self.tried)
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            email = str(credentials.get("email") or "")
            account_events.sign_in_failed(request, email, at=timezone.now(), locked=True)
            raise
        self.slow_guesses(request, str(credentials.get("email") or ""))

    def slow_guesses(self, request: HttpRequest, email: str) -> None:
        """No password is looked at where too many were wrong for this address, from wherever, and the browser is not
        known to it. Who is signed in and proves it again is in a browser of theirs. In the trail once an hour.
        """
        self.tried = None
        user: Any = request.user if hasattr(request, "user") else None
        if (
            user is not None
            and user.is_authenticated
            and known_browsers.folded(user.email) == known_browsers.folded(email)
        ):
            return
        self.tried = known_browsers.tried(request, email, timezone.now())
        if self.tried.first_over:
            account_events.sign_in_held_up(request, email, at=self.tried.at)
        if self.tried.over:
            raise self.validation_error("too_many_for_one_address")

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
        """By the outbox, and once the answer is out: its time tells nothing, and waits for no mail system.

        Whoever asks for link after link, in whoever's name, gets the same answer and sends no more of them: the mailbox
        has one that opens, and its owner, who asks too, is not told to wait.
        """
        here, at = account_events.place(context["request"]), timezone.now()

        def send() -> None:
            if counted("links-asked", known_browsers.folded(user.email), at, within=LINKS_WITHIN) <= LINKS:
                account_actions.tell_how_to_set_a_new_password(user=user, detail=here, at=at)

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
