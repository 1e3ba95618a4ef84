import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partnerships.hours import LONDON
from partnerships.models import Partnership
from thresholds.calendars import calendar_of
from thresholds.domain.clock import due
from thresholds.loading import NoThreshold, load, version_in_force


class Command(BaseCommand):
    help = "Print the instant at which a limit of a partnership runs out, in ISO 8601 with its offset in London."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("partnership", help="such as medway")
        parser.add_argument("limit", help="acknowledge, decide, outcome_in_writing, written_form, …")
        parser.add_argument("--from", dest="start", required=True, help="ISO 8601 with offset: 2026-11-20T16:59:00Z")

    def handle(self, *args: Any, **options: Any) -> None:
        start = instant(options["start"])
        partnership = Partnership.objects.filter(slug=options["partnership"]).first()
        if partnership is None:
            known = ", ".join(Partnership.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no partnership {options['partnership']}. There are: {known}.")
        try:
            scheme = load(version_in_force(partnership, start))
        except NoThreshold as error:
            raise CommandError(str(error)) from error
        limit = scheme.limit(options["limit"])
        if limit is None:
            known = ", ".join(each.slug for each in scheme.limits)
            raise CommandError(f"{scheme.slug} has no limit {options['limit']}. It has: {known}.")
        try:
            answer = due(limit, start, calendar_of(partnership))
        except (ValueError, OverflowError) as error:
            raise CommandError(f"{options['start']} is out of reach of the calendar.") from error
        self.stdout.write(answer.astimezone(LONDON).isoformat())


def instant(text: str) -> dt.datetime:
    """An instant with its offset; without one nobody knows which hour is meant."""
    try:
        read = dt.datetime.fromisoformat(text)
        if read.tzinfo is not None:
            return read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    raise CommandError(f"{text!r} is no instant: write it as 2026-11-20T16:59:00Z.")
