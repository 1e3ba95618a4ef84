"""The loops watch one another: whichever runs does the work of the one that stands still, and tells the admins once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from partnerships.each import for_each
from partnerships.models import Membership, Partnership, User
from partnerships.permissions import Role
from partnerships.templatetags.page_parts import moment
from referrals import outbox
from referrals.clocks import sweep as clocks
from referrals.clocks.pausing import run_on
from referrals.health import stands_still
from referrals.models import Heartbeat
from referrals.triage.need_over import give_back

log = logging.getLogger(__name__)


def deliver(*, at: dt.datetime, only: int | None = None) -> outbox.Delivered:
    """Deliver; and where nobody sweeps, sweep too. A nudge from a page brings this by even where beat is dead."""
    if only is None:
        stand_in("sweep", lambda: sweep_all(at=at), at=at)
    return outbox.deliver_due(at=at, only=only)


def sweep(*, at: dt.datetime, only: int | None = None) -> clocks.Swept:
    """Sweep; and where nobody delivers, deliver too."""
    swept = sweep_all(at=at, only=only)
    if only is None:
        stand_in("deliver", lambda: outbox.deliver_due(at=at), at=at)
    return swept


def sweep_all(*, at: dt.datetime, only: int | None = None) -> clocks.Swept:
    """Let run on what stood still until now, move the clocks, and give back what was taken in need by somebody whose
    hour is over."""
    here = only is None or Partnership.objects.filter(pk=only).exists()
    try:
        if here:
            run_on(at=at, only=only)
    except Exception:  # the clocks that run must not wait for one that stands still
        log.exception("The pauses that are over could not all be ended")
    try:
        return clocks.sweep(at=at, only=only)
    finally:
        if here:
            give_back(at=at, only=only)


def stand_in(name: str, work: Callable[[], object], *, at: dt.datetime) -> bool:
    """Do another loop's work where it was not seen for three of its rounds. True where it had to."""
    last = Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
    if not stands_still(last, at):
        return False
    if last is not None:
        log.error("The %s loop stood still since %s: its work is done by another loop", name, last.isoformat())
        tell_admins(name, last, at=at)
    work()
    return True


def tell_admins(name: str, last: dt.datetime, *, at: dt.datetime) -> None:
    """A notice to each partnership's admins, once for each time that the loop stood still."""
    did = "warned of what falls due" if name == "sweep" else "sent a notice"

    def tell(partnership: Partnership) -> None:
        for admin in admins(partnership):
            outbox.tell(
                partnership=partnership,
                referral=None,
                kind="stood_still",
                to=admin,
                key=f"stood_still:{name}:{last.isoformat()}:{admin.pk}",
                subject="Front Door: a background loop stood still",
                body=f"Since {moment(last)} nobody was {did}. Another loop has caught up, and every clock kept its "
                "time. Tell whoever runs Front Door, so that they find out why.\n",
                at=at,
            )

    for_each(tell)


def admins(partnership: Partnership) -> list[User]:
    held = Membership.objects.filter(
        partnership=partnership, role=Role.ADMIN.value, ended_at__isnull=True, user__is_active=True
    )
    return [membership.user for membership in held.select_related("user")]
