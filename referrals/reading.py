"""That a referral was read: each time one line of the audit trail."""

from __future__ import annotations

import datetime as dt

from partnerships.models import User
from referrals.models import Referral
from referrals.notices.actions import read_with
from referrals.triage.moves import record


def record_reading(*, referral: Referral, by: User, at: dt.datetime) -> None:
    """Somebody opened the referral; what notices told them about it is read with it."""
    read_with(referral=referral, by=by, at=at)
    record(referral, "read", {}, by=by, at=at)


def record_part_read(*, referral: Referral, part: str, by: User, at: dt.datetime) -> None:
    """Somebody opened a page that shows some of what a referral tells, such as a step's. Unread notices stay so."""
    record(referral, "part_read", {"part": part}, by=by, at=at)


def record_identity(*, referral: Referral, by: User, at: dt.datetime) -> None:
    """Somebody opened who told of it in confidence."""
    record(referral, "identity_read", {}, by=by, at=at)
