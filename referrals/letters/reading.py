"""That a letter was opened: by whom and when first, and every reading in the audit trail."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships import audit
from partnerships.models import User
from referrals.models import Letter


@transaction.atomic
def open_letter(*, letter: Letter, by: User, at: dt.datetime) -> Letter:
    """Keep the first opening, and record this one."""
    first = Letter.objects.filter(pk=letter.pk, opened_at__isnull=True).update(opened_at=at, opened_by=by)
    audit.record(
        partnership=letter.partnership,
        verb="letter.read",
        noun="letter",
        object_id=letter.pk,
        of=letter.referral_id,
        detail={"referral": letter.referral_id, "first": bool(first)},
        by=by,
        at=at,
    )
    letter.refresh_from_db(fields=["opened_at", "opened_by"])
    return letter
