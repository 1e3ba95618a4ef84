"""An organisation's own sign-in: it opens the accounts of people who were invited, and of its own domains alone.

Nobody is signed up by it. Its word on an address counts only for the domains that the operator gave it, and only where
it says that the address is verified: else any organisation could open anybody's account.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured  # so the library calls a subject that is too long
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from requests import RequestException

from partnerships import account_events, oidc_asking, second_factor
from partnerships.models import User

log = logging.getLogger(__name__)
FAILS = (OAuth2Error, RequestException)
"""What an organisation's sign-in that does not answer as it should comes to."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def get_requests_session(self) -> oidc_asking.Session:
        return oidc_asking.Session()

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        found = super().get_provider(request, provider, client_id)
        found.oauth2_adapter_class = Organisation
        return found

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the person of this address each time anew: who moved on is known by address, not by the past."""
        if request.user.is_authenticated or not of_one(sociallogin) or (user := invited(sociallogin)) is None:
            raise ImmediateHttpResponse(render(request, "account/no_account.html", status=403))
        if sociallogin.is_existing and sociallogin.user.pk != user.pk:
            raise ImmediateHttpResponse(render(request, "account/no_account.html", status=403))
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)
            app = sociallogin.provider.app
            account_events.organisation_linked(request, user, app.provider_id, app.name, at=timezone.now())
        # Kept in the session that is about to be signed in, for this person alone.
        asked_at = vouches(sociallogin, timezone.now().timestamp())
        request.session[second_factor.VOUCHED] = str(user.pk) if asked_at else ""
        request.session[second_factor.VOUCHED_AT] = asked_at

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        raise ImmediateHttpResponse(failed(request, provider.app.provider_id, kwargs.get("exception")))


def failed(request: HttpRequest, provider: str, why: Exception | None) -> HttpResponse:
    """That nobody was signed in. The log says of which organisation and what kind, never what it answered."""
    if why is not None:
        log.warning("The sign-in of %s did not answer as it should (%s)", provider, type(why).__name__)
    return render(request, "account/provider_failed.html", status=502)


class Organisation(OpenIDConnectOAuth2Adapter):
    """The library's talk with an organisation's sign-in; an answer of any other shape than the standard's is a failure
    of the organisation's, never an error of ours."""

    @property
    def openid_config(self) -> dict[str, Any]:
        return oidc_asking.configuration(self.get_provider().server_url)

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> Any:
        with shaped():
            return super().get_access_token_data(*args, **kwargs)

    def parse_token(self, data: Any) -> Any:
        with shaped():
            return super().parse_token(data)

    def complete_login(self, *args: Any, **kwargs: Any) -> Any:
        with shaped():
            login = super().complete_login(*args, **kwargs)
            told = login.account.extra_data
            if "exp" not in told.get("id_token", {"exp": 0}):
                raise OAuth2Error("A token without an end")
            subjects = [part["sub"] for name in ("userinfo", "id_token") if (part := told.get(name)) is not None]
        if not all(isinstance(sub, (str, int)) and sub for sub in subjects):
            raise OAuth2Error("No subject")
        return login


@contextmanager
def shaped() -> Iterator[None]:
    """What stumbles over an odd answer says that the organisation failed."""
    try:
        yield
    except (ArithmeticError, AttributeError, ImproperlyConfigured, LookupError, TypeError, ValueError) as error:
        raise OAuth2Error("An answer of an odd shape") from error


def of_one(sociallogin: Any) -> bool:
    """Whether the organisation's token and its account of the person speak of the same person (OIDC 5.3.2)."""
    told = sociallogin.account.extra_data
    return len({str(part.get("sub") or "") for name in ("userinfo", "id_token") if (part := told.get(name))}) <= 1


SEVERAL = frozenset({"mfa"})
KNOWN = frozenset({"pwd", "pin", "kba", "face", "fpt", "iris", "retina", "vbm"})
HELD = frozenset({"otp", "hwk", "swk", "sc", "pop", "sms", "tel"})
"""Ways of proving who one is (RFC 8176): several at once by its own word, what one knows or is, what one has."""

SKEW = 60
"""Seconds by which an organisation's clock may go before ours."""


def vouches(sociallogin: Any, now: float) -> float:
    """When the organisation, by its word on this very sign-in, took a second factor; 0 where it did not.

    Its settings may trust it with that; the token must still say so of this person, now: by `amr` with "mfa" or with
    two ways of different kinds, or by an `acr` that the operator named; and by `auth_time` that it asked just now, as
    it was told to, and did not let in by this morning's sign-in whoever sits there. What it does not say, it has not
    done.
    """
    told, app = sociallogin.account.extra_data, sociallogin.provider.app
    token = told.get("id_token") or {}
    if (
        app.provider_id not in settings.OIDC_WITH_SECOND_FACTOR
        or str(token.get("sub") or "") != sociallogin.account.uid
    ):
        return 0.0
    ways = token.get("amr")
    used = frozenset(way for way in ways if isinstance(way, str)) if isinstance(ways, list) else frozenset()
    twice = used & SEVERAL or (used & KNOWN and used & HELD) or token.get("acr") in app.settings.get("acr", [])
    asked_at = token.get("auth_time")
    longest = int(app.settings["auth_params"]["max_age"])
    if not twice or not isinstance(asked_at, (int, float)) or not now - longest <= asked_at <= now + SKEW:
        return 0.0
    return min(float(asked_at), now)


def invited(sociallogin: Any) -> User | None:
    """The active person, holding a role now, of the address that the organisation vouches for."""
    told = sociallogin.account.extra_data
    told = told.get("userinfo") or told.get("id_token") or told
    email = str(told.get("email") or "").strip().lower()
    domains = sociallogin.provider.app.settings["domains"]
    if told.get("email_verified") not in (True, "true") or email.rpartition("@")[2] not in domains:
        return None
    user = User.objects.of_address(email)
    held = user is not None and user.is_active and user.memberships.filter(ended_at__isnull=True).exists()
    return user if held else None
