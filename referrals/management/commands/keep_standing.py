"""Work out anew what queues show and searches find of every referral: after an upgrade, or where it is in doubt."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from partnerships.each import for_each
from partnerships.models import Partnership
from referrals.models import Referral
from referrals.seen.keys import keep_keys
from referrals.standing import keep_standing


class Command(BaseCommand):
    help = "Work out anew each referral's line in its queue and the keys by which its children are found."

    def handle(self, *args: Any, **options: Any) -> None:
        count = sum(for_each(anew))
        self.stdout.write(f"{count:,} referrals: their lines and keys are written anew.")


def anew(partnership: Partnership) -> int:
    """Every referral of the partnership in scope; how many there were."""
    count = 0
    for referral in Referral.objects.select_related("scheme_version").iterator(chunk_size=500):
        keep_standing(referral)
        keep_keys(referral)
        count += 1
    return count
