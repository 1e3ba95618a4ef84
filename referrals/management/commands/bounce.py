import email
import email.policy
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from referrals.bounces import bounce


class Command(BaseCommand):
    help = "Take in a bounce that the mail system received (standard input): marks the notice, opens a task."

    def handle(self, *args: Any, **options: Any) -> None:
        message = email.message_from_bytes(sys.stdin.buffer.read(2_000_000), policy=email.policy.compat32)
        if not bounce(message, at=timezone.now()):
            raise CommandError("This message is about no notice of ours that counted as sent.")
        self.stdout.write("The notice is marked as come back, and a task stands on its referral.")
