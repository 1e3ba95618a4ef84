"""Reading `OIDC_PROVIDERS`: the organisations whose own sign-in opens Front Door to their people."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

NEEDED = ("id", "name", "server_url", "client_id", "secret", "domains")


@dataclass(frozen=True, slots=True)
class Oidc:
    """What the settings take from it. `origins`: where the sign-in form may lead, for the content security policy."""

    apps: list[dict[str, Any]] = field(default_factory=list)
    with_second_factor: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)


ID = re.compile(r"[A-Za-z0-9_-]+")
ASKED_ANEW = {"prompt": "login", "max_age": "300"}
"""What each sign-in asks of an organisation: to ask anew who sits there, and to say when it did (OIDC 3.1.2.1). Else
one click would undo a sign-out, and any end of a session, wherever the organisation's own is still open."""


def read_oidc(told: str, *, plain_http: bool = False) -> Oidc:
    """A JSON list, an object an organisation:

    id, name        part of the address (letters, figures, hyphens, underscores), and what the button says
    server_url      its issuer, https, whose `/.well-known/openid-configuration` tells the rest
    client_id, secret
    domains         the email domains whose people it speaks for: it opens no account of another domain
    second_factor   true where its word on a second factor counts: its ID token must still say so, by `amr` (RFC 8176)
                    or by one of `acr`, and by `auth_time` that it asked just now; where it does not, the person is
                    asked for a second factor here
    acr             values of `acr` that mean a second factor, where it gives no `amr`
    origins         further origins that its sign-in leads to, where they differ from server_url's
    """
    if not told:
        return Oidc()
    try:
        listed = json.loads(told)
    except ValueError as error:
        raise ImproperlyConfigured(f"OIDC_PROVIDERS is no JSON: {error}.") from error
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ImproperlyConfigured("OIDC_PROVIDERS must be a JSON list of objects.")
    for each in listed:
        missing = [name for name in NEEDED if not each.get(name)]
        if missing:
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: {each.get('id', 'one')} lacks {', '.join(missing)}.")
        if not ID.fullmatch(str(each["id"])):
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: {str(each['id'])[:40]!r} can't stand in an address.")
        if not (plain_http or str(each["server_url"]).startswith("https://")):
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: the server_url of {each['id']} must be https.")
        if not isinstance(each.get("acr", []), list):
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: the acr of {each['id']} must be a list.")
        if not isinstance(each["domains"], list):
            raise ImproperlyConfigured(f"OIDC_PROVIDERS: the domains of {each['id']} must be a list.")
    apps = [
        {
            "provider_id": each["id"],
            "name": each["name"],
            "client_id": each["client_id"],
            "secret": each["secret"],
            "settings": {
                "server_url": each["server_url"],
                "auth_params": ASKED_ANEW,
                "acr": [str(value) for value in each.get("acr", [])],
                "domains": [str(domain).lower().lstrip("@") for domain in each["domains"]],
            },
        }
        for each in listed
    ]
    origins = {origin(each["server_url"]) for each in listed}
    origins |= {str(more) for each in listed for more in each.get("origins", [])}
    return Oidc(apps, [each["id"] for each in listed if each.get("second_factor") is True], sorted(origins))


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
