"""A partnership's working calendar, as the clock reads it."""

from __future__ import annotations

from partnerships.hours import bank_holidays, closure_days
from partnerships.models import Partnership
from thresholds.domain.clock import Calendar


def calendar_of(partnership: Partnership) -> Calendar:
    """England's bank holidays, the partnership's closure days, and its office hours."""
    return Calendar(
        bank_holidays=bank_holidays(),
        closure_days=closure_days(partnership),
        opens=partnership.opens,
        closes=partnership.closes,
    )
