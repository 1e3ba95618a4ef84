from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django_scopes import scope

from partnerships.models import Partnership
from referrals.models import Referral
from referrals.retention.actions import hold, lift_hold


class Command(BaseCommand):
    help = "Put a referral under legal hold, so that the schedule does not delete it, or lift the hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference")
        parser.add_argument("--partnership", required=True)
        parser.add_argument("--reason", default="")
        parser.add_argument("--lift", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        partnership = Partnership.objects.filter(slug=options["partnership"]).first()
        if partnership is None:
            raise CommandError(f"There is no partnership {options['partnership']}.")
        with scope(partnership=partnership):
            referral = Referral.objects.filter(reference=options["reference"]).first()
            if referral is None:
                raise CommandError(f"{partnership.name} has no referral {options['reference']}.")
            if options["lift"]:
                lift_hold(referral=referral, by=None, at=timezone.now())
                self.stdout.write(f"The hold on {referral.reference} is lifted: the schedule applies again.")
                return
            try:
                hold(referral=referral, reason=options["reason"], by=None, at=timezone.now())
            except ValueError as error:
                needs = " Give --reason." if not options["reason"].strip() else ""
                raise CommandError(f"{error}{needs}") from error
        self.stdout.write(f"{referral.reference} is held until the hold is lifted.")
