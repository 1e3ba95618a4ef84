from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partnerships import anchors
from partnerships.audit import faults
from partnerships.models import AuditEntry, Partnership


class Command(BaseCommand):
    help = "Prove that no audit entry was changed, cut or slipped in; say where one was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchors", action="store_true", help="hold the trail against what was noted outside the database too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = [fault for partnership in Partnership.objects.all() for fault in faults(partnership)]
        held = 0
        if options["anchors"]:
            held = sum(1 for _ in anchors.anchors())
            found += anchors.faults()
        for fault in found:
            self.stderr.write(f"{fault.partnership} entry {fault.sequence} {fault.what}")
        if found:
            raise CommandError(f"The audit trail does not hold: {len(found)} faults.")
        said = f"The audit trail holds: {AuditEntry.objects.count()} entries."
        self.stdout.write(f"{said} {held} anchors borne out." if options["anchors"] else said)
