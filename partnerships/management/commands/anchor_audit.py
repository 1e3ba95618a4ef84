from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from partnerships import anchors


class Command(BaseCommand):
    help = "Note the head of each audit trail in a file outside the database, once a day."

    def handle(self, *args: Any, **options: Any) -> None:
        noted = anchors.anchor(at=timezone.now())
        self.stdout.write(f"{noted} anchored in {anchors.folder()}" if noted else "All anchored today already.")
