"""Signing in with a second factor: an app's code, then a passkey alone, at 320 pixels, with axe."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page

from partnerships.permissions import Role
from tests.factories import make_world

PASSWORD = "correct horse battery"


@pytest.mark.journey
@pytest.mark.django_db(transaction=True)
def test_a_screener_sets_up_an_app_and_a_passkey_and_signs_in_by_each(
    live: Any, page_narrow: Page, assert_axe_clean: Any, assert_fits: Any, shot: Any, settings: Any
) -> None:
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    settings.ALLOWED_HOSTS = ["*"]
    world, page = make_world(), page_narrow
    page.context.set_default_timeout(30_000)
    home = live.url.replace("127.0.0.1", "localhost")  # a passkey needs an address with a name
    screener = world.person(Role.SCREENER)
    key = page.context.new_cdp_session(page)
    key.send("WebAuthn.enable")
    key.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )

    def seen(name: str) -> None:
        assert_axe_clean(page)
        assert_fits(page)
        shot(page, f"sign-in-{name}")

    page.goto(f"{home}/accounts/login/")
    seen("1-sign-in")
    page.get_by_label("Email address").fill(screener.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert "Your role needs one" in page.content()
    seen("2-second-factor")
    page.goto(f"{home}/testshire/queue/")
    assert "/accounts/2fa/" in page.url, "nothing else opens yet"
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret = re.search(r'class="door-code">([A-Z2-7]+)<', page.content())[1]
    seen("3-app")
    page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, int(time.time() // 30))))
    page.get_by_role("button", name="Set it up").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    seen("4-recovery-codes")
    page.goto(f"{home}/testshire/queue/")
    assert "/testshire/queue" in page.url
    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    seen("5-passkey")
    page.get_by_label("A name for this passkey").fill("My work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/accounts/2fa/")
    assert "My work laptop" in page.content()
    seen("6-both")
    page.goto(f"{home}/accounts/")
    seen("7-account")
    page.context.clear_cookies()
    page.goto(f"{home}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(r"/testshire/"))
    page.goto(f"{home}/testshire/queue/")
    assert "/testshire/queue" in page.url, "a passkey alone is both factors"
