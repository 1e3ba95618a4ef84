"""How long the other area has to say that it has what was sent on, and the two trails held in one order."""

from __future__ import annotations

from partnerships.audit import begin_chain
from partnerships.models import AuditEntry, AuditHead, Partnership
from thresholds.domain.scheme import Limit, Scheme
from thresholds.domain.terms import Starts, Unit

RECEIPT = "transfer_receipt"
"""The slug of the clock, and of the scheme's own limit where it has one."""

STANDARD = Limit(RECEIPT, "The other area confirms that it has it", 4, Unit.WORKING_HOURS, Starts.DECIDED, "", True)
AT_ONCE = Limit(RECEIPT, "The other area confirms that it has it", 1, Unit.CLOCK_HOURS, Starts.DECIDED, "", True)


def receipt_limit(scheme: Scheme, *, at_once: bool) -> Limit:
    """An hour where a child is in danger or may suffer significant harm; else what the scheme says, or four working
    hours."""
    return AT_ONCE if at_once else scheme.limit(RECEIPT) or STANDARD


def hold_trails(*partnerships: Partnership) -> None:
    """Hold the audit trails of several partnerships until the transaction ends, always in one order.

    Who writes to two trails takes both here first, after the referrals and before any entry: two who did it in
    different orders would wait for one another for ever.
    """
    keys = sorted(each.pk for each in partnerships)
    for each in sorted(partnerships, key=lambda one: one.pk):
        if not AuditEntry.objects.filter(partnership=each).exists():
            begin_chain(each)
    list(AuditHead.objects.select_for_update().filter(partnership__in=keys).order_by("partnership_id"))
