"""Where a page leads: the links of its head, by what the person may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from partnerships.access import Actor
from partnerships.models import Partnership
from partnerships.permissions import Permission

LINKS: tuple[tuple[str, str, tuple[Permission, ...]], ...] = (
    ("Queue", "queue", (Permission.QUEUE_READ,)),
    ("Search", "search", (Permission.RECORD_SEARCH,)),
    ("Sign-offs", "sign_offs", (Permission.REFERRAL_AUTHORISE,)),
    ("Key a contact", "contact_key", (Permission.CONTACT_KEY,)),
    ("Checks", "checks_board", (Permission.REFERRAL_READ,)),
    ("Checks for your agency", "checks", (Permission.CHECK_ANSWER,)),
    ("Early help", "supports", (Permission.SUPPORT_KEEP, Permission.REFERRAL_READ_ALL)),
    ("Tell of a worry", "refer_before", (Permission.REFERRAL_SEND,)),
    ("Your referrals", "my_referrals", (Permission.REFERRAL_TRACK, Permission.AGENCY_TRACK)),
    ("Notices", "notices", (Permission.NOTICE_READ,)),
    ("Reports", "reports", (Permission.REPORT_READ,)),
    ("Audit trail", "audit_trail", (Permission.AUDIT_READ,)),
    ("Threshold content", "threshold_versions", (Permission.THRESHOLD_EDIT, Permission.THRESHOLD_APPROVE)),
    ("Members", "members", (Permission.MEMBER_EDIT, Permission.AGENCY_MEMBER_EDIT)),
    ("Settings", "partnership_settings", (Permission.PARTNERSHIP_EDIT,)),
    ("Threshold", "threshold", ()),
)
"""The link's words, the name of its address, and the permissions of which any opens it; none: open to everybody."""


COUNTED = ("notices",)
"""Links that say how much waits behind them."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the service navigation. `current`: this very page; `active`: a page below it."""

    text: str
    href: str
    current: bool = False
    active: bool = False


def address(name: str, partnership: Partnership | None = None) -> str:
    """An address by its name; empty where there is none of that name."""
    try:
        return reverse(name, kwargs={"partnership": partnership.slug} if partnership else None)
    except NoReverseMatch:
        return ""


def links(
    actor: Actor | None, partnership: Partnership | None, path: str, counts: Mapping[str, int] | None = None
) -> list[Link]:
    """The service navigation of a page. counts: by the name of a link's address, how much waits there.

    Who is not signed in can tell of a worry: that begins with signing in.
    """
    signed_in = bool(actor and actor.user)
    offered: list[tuple[str, str]] = []
    if partnership:
        for text, name, needed in LINKS:
            may = not needed or any(actor.can(each) for each in needed) if actor else not needed
            if may or (name == "refer_before" and not signed_in):
                waits = counts.get(name, 0) if counts and name in COUNTED else 0
                offered.append((f"{text} ({waits})" if waits else text, address(name, partnership)))
    if signed_in:
        offered.append(("Your account", address("account")))
    offered.append(("Sign out", address("account_logout")) if signed_in else ("Sign in", address("account_login")))
    return [
        Link(text, href, current=path == href, active=path != href and path.startswith(href))
        for text, href in offered
        if href
    ]
