import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from referrals import outbox
from referrals.attachments.sweep import scan_waiting, tidy
from referrals.replay.running import go_on_with_all
from referrals.trail.anomalies import tell_all as tell_anomalies
from referrals.watch import sweep_all

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Move the clocks and deliver the notices once, or with --loop for as long as it runs (no broker needed)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help=f"again every {settings.SWEEP_SECONDS} seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["loop"]:
            self.once()
            return
        while True:
            try:
                self.once()
            except Exception:  # such as a database that restarts: the next round finds what this one left
                log.exception("A round of the sweep failed; the next one comes in %s s", settings.SWEEP_SECONDS)
                if not connection.in_atomic_block:
                    connection.close_if_unusable_or_obsolete()
            time.sleep(settings.SWEEP_SECONDS)

    def once(self) -> None:
        swept = sweep_all(at=timezone.now())
        scanned = scan_waiting(at=timezone.now())
        tidied = tidy(at=timezone.now())
        tell_anomalies(at=timezone.now())
        delivered = outbox.deliver_due(at=timezone.now())
        go_on_with_all(now=timezone.now)
        self.stdout.write(
            f"{swept.due_soon} due soon, {swept.overdue} overdue, {swept.to_the_manager} told to the managers; "
            f"{delivered.sent} notices sent, {delivered.failed} failed; "
            f"{scanned} attachments scanned, {tidied.taken_away} files tidied away."
        )
