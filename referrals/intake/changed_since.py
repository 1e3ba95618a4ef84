"""What changed in the threshold since somebody last referred here, in the words of who changed it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from partnerships.models import Partnership, User
from referrals.models import Referral
from thresholds.models import SchemeVersion


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """When somebody last sent a referral, and each version that came into force since, the latest first."""

    sent_at: dt.datetime
    versions: tuple[SchemeVersion, ...]


def changed_since(*, partnership: Partnership, user: User, slug: str, at: dt.datetime) -> ChangedSince | None:
    """What came into force since this person's last referral; None where nothing did, or where it is their first.

    slug: of the version in force now. Versions without a note for referrers are left out.
    """
    own = Referral.objects.filter(partnership=partnership, referrer=user).order_by("-received_at")
    last = own.values("received_at", "scheme_version__slug", "scheme_version__holds_from").first()
    if last is None or last["scheme_version__slug"] == slug or last["scheme_version__holds_from"] is None:
        return None
    came = (
        SchemeVersion.objects.of(partnership)
        .exclude(state=SchemeVersion.State.DRAFT)
        .exclude(change_note="")
        .filter(holds_from__gt=last["scheme_version__holds_from"], holds_from__lte=at)
        .order_by("-holds_from")
    )
    versions = tuple(came[:5])
    return ChangedSince(last["received_at"], versions) if versions else None
