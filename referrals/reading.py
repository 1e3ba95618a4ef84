"""That a referral was read: each time one line of the audit trail."""

from __future__ import annotations

import datetime as dt

from partnerships import audit
from partnerships.models import User
from referrals.models import Referral
from referrals.notices.actions import read_with


def record_reading(*, referral: Referral, by: User, at: dt.datetime) -> None:
    """Somebody opened the referral; what notices told them about it is read with it."""
    read_with(referral=referral, by=by, at=at)
    _record(referral, "referral.read", by, at)


def record_part_read(*, referral: Referral, part: str, by: User, at: dt.datetime) -> None:
    """Somebody opened a page that shows some of what a referral tells, such as a step's. Unread notices stay so."""
    _record(referral, "referral.part_read", by, at, part=part)


def _record(referral: Referral, verb: str, by: User, at: dt.datetime, **detail: str) -> None:
    audit.record(
        partnership=referral.partnership,
        verb=verb,
        noun="referral",
        object_id=referral.pk,
        of=referral.pk,
        detail=detail,
        by=by,
        at=at,
    )


def record_identity(*, referral: Referral, by: User, at: dt.datetime) -> None:
    """Somebody opened who told of it in confidence."""
    _record(referral, "referral.identity_read", by, at)
