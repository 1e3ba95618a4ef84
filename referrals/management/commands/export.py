"""`manage.py export annex-a|ssd|cin PARTNERSHIP --from DATE --to DATE --out DIR`: the statutory returns as files."""

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django_scopes import scope

from partnerships.models import Partnership
from referrals.reports.exports import KINDS, Period, export


class Command(BaseCommand):
    help = "Write a statutory return of one partnership into a folder: annex-a, ssd or cin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="annex-a, ssd or cin")
        parser.add_argument("partnership", help="such as medway")
        parser.add_argument("--from", dest="first", required=True, help="the first day, such as 2026-04-01")
        parser.add_argument("--to", dest="last", required=True, help="the last day, such as 2027-03-31")
        parser.add_argument("--out", required=True, help="the folder; made where it is not there")
        parser.add_argument(
            "--with-restricted", action="store_true", help="restricted records too, where the return must be whole"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["kind"] not in KINDS:
            raise CommandError(f"There is no return {options['kind']}. There are: {', '.join(KINDS)}.")
        partnership = Partnership.objects.filter(slug=options["partnership"]).first()
        if partnership is None:
            known = ", ".join(Partnership.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no partnership {options['partnership']}. There are: {known}.")
        period = Period(day(options["first"]), day(options["last"]))
        if period.last < period.first:
            raise CommandError("--to is before --from.")
        folder = Path(options["out"])
        try:
            with scope(partnership=partnership):
                counts = export(
                    kind=options["kind"],
                    partnership=partnership,
                    period=period,
                    folder=folder,
                    restricted=options["with_restricted"],
                    by=None,
                    at=timezone.now(),
                )
        except OSError as error:
            raise CommandError(f"{folder} can't be written to: {error.strerror or error}.") from error
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count}")
        self.stdout.write(f"Written to {folder}. It holds children's records: keep it as such.")


def day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is no day: write it as 2026-04-01.") from error
