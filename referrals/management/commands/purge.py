from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from referrals.retention.actions import purge, remind
from referrals.retention.schedule import as_page


class Command(BaseCommand):
    help = "Delete what the schedule of docs/retention.md says, and remind of drafts that will go in a week."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go, and touch nothing")
        parser.add_argument("--schedule", action="store_true", help="only print the schedule")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["schedule"]:
            self.stdout.write(as_page(), ending="")
            return
        now, dry = timezone.now(), options["dry_run"]
        told = 0 if dry else remind(at=now)
        gone = purge(at=now, dry_run=dry)
        for each in gone:
            self.stdout.write(f"{each.partnership}: {each.what} {each.name}: {each.why}")
        counts = Counter(each.what for each in gone)
        listed = ", ".join(f"{number} {what}s" for what, number in sorted(counts.items())) or "nothing"
        self.stdout.write(f"{'Would delete' if dry else 'Deleted'} {listed}; {told} writers reminded.")
