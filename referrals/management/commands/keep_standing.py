"""Work out anew what queues show and searches find of every referral: after an upgrade, or where it is in doubt."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django_scopes import scope

from partnerships.models import Partnership
from referrals.models import Referral
from referrals.seen.keys import keep_keys
from referrals.standing import keep_standing


class Command(BaseCommand):
    help = "Work out anew each referral's line in its queue and the keys by which its children are found."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for partnership in Partnership.objects.all():
            with scope(partnership=partnership):
                for referral in Referral.objects.select_related("scheme_version").iterator(chunk_size=500):
                    keep_standing(referral)
                    keep_keys(referral)
                    count += 1
        self.stdout.write(f"{count:,} referrals: their lines and keys are written anew.")
