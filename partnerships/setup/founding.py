"""A new partnership, empty but for its name, and the invitation of its first admin, who does the rest by pages."""

from __future__ import annotations

import datetime as dt
import re

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction

from partnerships import audit, invitations, members, telling
from partnerships.actions import Refused
from partnerships.models import Invitation, Partnership, User
from partnerships.permissions import Role

TAKEN = frozenset({"accounts", "compare", "health", "static", "admin", "media", "api"})
"""Addresses of ours that stand where a partnership's slug does."""
OPENS, CLOSES = dt.time(9), dt.time(17)


@transaction.atomic
def found_partnership(
    *, slug: str, name: str, short_name: str, prefix: str, admin_name: str, admin_email: str, at: dt.datetime
) -> tuple[Partnership, Invitation]:
    """Create a partnership that takes no referrals yet, and invite its first admin. An operator does it, nobody else.

    Raises `Refused` for a slug, prefix or address that can't be, or that is taken.
    """
    check(slug, name, short_name, prefix, admin_email)
    partnership = Partnership.objects.create(
        slug=slug,
        name=name,
        short_name=short_name,
        reference_prefix=prefix,
        front_door_name="Front door",
        opens=OPENS,
        closes=CLOSES,
        form_name="Referral form",
        takes_referrals=False,
    )
    detail = {"name": name, "prefix": prefix}
    audit.record(
        partnership=partnership, verb="partnership.created", noun="partnership", object_id=slug, detail=detail,
        by=None, at=at,
    )  # fmt: skip
    return partnership, invite_admin(partnership, admin_name, admin_email.strip().lower(), at=at)


def check(slug: str, name: str, short_name: str, prefix: str, email: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,59}", slug) or slug in TAKEN:
        raise Refused(f"{slug[:60]!r} can't stand in an address: take small letters, figures and hyphens.")
    if not re.fullmatch(r"[A-Z]{2,4}", prefix):
        raise Refused(f"{prefix[:10]!r} is no prefix: take two to four capital letters, such as MED.")
    if not name.strip() or not short_name.strip():
        raise Refused("Say what the partnership is called, in full and in short.")
    try:
        EmailValidator()(email.strip())
        if not email.isascii():
            raise ValidationError("another letter that looks the same")
    except ValidationError as error:
        raise Refused(f"{email[:80]!r} is no email address.") from error
    if Partnership.objects.filter(slug=slug).exists():
        raise Refused(f"There is a partnership {slug} already.")
    if Partnership.objects.filter(reference_prefix=prefix).exists():
        raise Refused(f"References with {prefix} belong to another partnership already.")


def invite_admin(partnership: Partnership, name: str, email: str, *, at: dt.datetime) -> Invitation:
    """The one invitation that no admin sends."""
    user = User.objects.of_address(email)
    if user is None:
        unopened = {"name": name, "is_active": False, "password": make_password(None)}
        user, _ = User.objects.get_or_create(email=email, defaults=unopened)
    invitation = Invitation.objects.create(
        partnership=partnership,
        user=user,
        name=name,
        role=Role.ADMIN.value,
        invited_at=at,
        invited_by=user,
        expires_at=at + invitations.HOLDS_FOR,
    )
    members.record(invitation, "invitation.sent", by=user, at=at)
    telling.tell(
        partnership=partnership,
        to=user,
        kind="invitation",
        key=f"invitation:{invitation.pk}",
        subject="Front Door: you are invited",
        body=f"{partnership.name} is made on Front Door, and you are to be its first admin.\n\nTo take it up, open "
        f"this link by {invitations.last_day(invitation)}:\n{invitations.link(invitation)}\n\nIt is for you alone, and "
        "opens once. Afterwards, Settings says what there is to set up.",
        at=at,
    )
    return invitation
