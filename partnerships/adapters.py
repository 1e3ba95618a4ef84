"""How sign-in fits Front Door: nobody signs up by themselves; accounts are made by invitation."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import get_ip
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from partnerships.models import Membership


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

    def clean_password(self, password: str, user: Any = None) -> str:
        if not settings.DEMO and password == settings.DEMO_PASSWORD:
            raise ValidationError("Choose another password: this one is known to everybody.")
        return super().clean_password(password, user)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Home, where somebody has one partnership; else the first page, to choose."""
        slugs = set(
            Membership.objects.filter(user__email=request.user.get_username(), ended_at__isnull=True).values_list(
                "partnership__slug", flat=True
            )
        )
        return reverse("home", kwargs={"partnership": slugs.pop()}) if len(slugs) == 1 else reverse("index")
