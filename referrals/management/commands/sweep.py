import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from referrals import outbox
from referrals.attachments.sweep import scan_waiting, tidy
from referrals.clocks.sweep import sweep
from referrals.replay.running import go_on_with_all


class Command(BaseCommand):
    help = "Move the clocks and deliver the notices once, or with --loop for as long as it runs (no broker needed)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help=f"again every {settings.SWEEP_SECONDS} seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            swept = sweep(at=timezone.now())
            scanned = scan_waiting(at=timezone.now())
            tidied = tidy(at=timezone.now())
            delivered = outbox.deliver_due(at=timezone.now())
            go_on_with_all(now=timezone.now)
            self.stdout.write(
                f"{swept.due_soon} due soon, {swept.overdue} overdue, {swept.to_the_manager} told to the managers; "
                f"{delivered.sent} notices sent, {delivered.failed} failed; "
                f"{scanned} attachments scanned, {tidied.taken_away} files tidied away."
            )
            if not options["loop"]:
                return
            time.sleep(settings.SWEEP_SECONDS)
