from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from thresholds import files
from thresholds.actions import Refused, check_lengths, import_draft
from thresholds.domain.reading import SchemeErrors


class Command(BaseCommand):
    help = "Read a threshold file (YAML, JSON, xlsx) as a new draft; with --check only say what is wrong with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--check", action="store_true", help="store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            scheme = files.read_file(options["file"])
            if options["check"]:
                check_lengths(scheme)
            else:
                import_draft(content=scheme, by=None, at=timezone.now())
        except SchemeErrors as errors:
            for mistake in errors.mistakes[:-1]:
                self.stderr.write(str(mistake))
            raise CommandError(str(errors.mistakes[-1])) from errors
        except (files.Unreadable, Refused) as error:
            raise CommandError(str(error)) from error
        done = "is sound" if options["check"] else "is imported as a draft"
        self.stdout.write(
            f"{scheme.slug} {done}: {len(scheme.levels)} levels, {len(scheme.domains)} domains, "
            f"{len(scheme.indicators)} indicators, {len(scheme.rules)} rules, {len(scheme.limits)} limits."
        )
