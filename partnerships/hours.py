"""Bank holidays, closure days and the hours of a front door."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from govuk_bank_holidays.bank_holidays import BankHolidays

from partnerships.models import Partnership

LONDON = ZoneInfo("Europe/London")


@lru_cache(maxsize=1)
def bank_holidays() -> frozenset[dt.date]:
    """England and Wales, from the package's bundled data: no network."""
    holidays = BankHolidays(use_cached_holidays=True)
    return frozenset(holiday["date"] for holiday in holidays.get_holidays(division=BankHolidays.ENGLAND_AND_WALES))


def closure_days(partnership: Partnership) -> frozenset[dt.date]:
    return frozenset(partnership.closure_days.values_list("on", flat=True))


def is_open(partnership: Partnership, at: dt.datetime, *, closed: bool | None = None) -> bool:
    """Is the front door's own telephone answered at this instant (else the out-of-hours number).

    closed: whether this is a closure day, where that is known already; else it is looked up.
    """
    if partnership.always_open:
        return True
    here = at.astimezone(LONDON)
    if here.weekday() >= 5 or here.date() in bank_holidays():
        return False
    if not partnership.opens <= here.time() < partnership.closes:
        return False
    return not (here.date() in closure_days(partnership) if closed is None else closed)
