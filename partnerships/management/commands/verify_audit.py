from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partnerships.audit import faults
from partnerships.models import AuditEntry, Partnership


class Command(BaseCommand):
    help = "Prove that no audit entry was changed, cut or slipped in; say where one was."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for partnership in Partnership.objects.all():
            for fault in faults(partnership):
                found += 1
                self.stderr.write(f"{fault.partnership} entry {fault.sequence} {fault.what}")
        if found:
            raise CommandError(f"The audit trail does not hold: {found} faults.")
        self.stdout.write(f"The audit trail holds: {AuditEntry.objects.count()} entries.")
