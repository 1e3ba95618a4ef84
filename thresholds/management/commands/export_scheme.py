from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thresholds import files, loading
from thresholds.domain.reading import SchemeErrors
from thresholds.models import SchemeVersion


class Command(BaseCommand):
    help = "Print a threshold version as YAML or JSON, or write it as a spreadsheet; what comes out imports unchanged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="such as medway-2024")
        parser.add_argument("--format", choices=["yaml", "json", "xlsx"], default="yaml")
        parser.add_argument("--out", type=Path, help="a file to write; needed for xlsx")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] == "xlsx" and not options["out"]:
            raise CommandError("A spreadsheet can't be printed: say where to write it, with --out FILE.")
        version = SchemeVersion.objects.filter(slug=options["slug"]).first()
        if version is None:
            known = ", ".join(SchemeVersion.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no threshold version {options['slug']}. There are: {known}.")
        try:
            scheme = loading.load(version)
        except SchemeErrors as errors:
            raise CommandError(f"The draft {version.slug} is not whole: {errors.mistakes[0]}") from errors
        if options["out"]:
            try:
                options["out"].write_bytes(files.written(scheme, options["format"]))
            except OSError as error:
                raise CommandError(f"{options['out']} can't be written: {error.strerror}") from error
            self.stdout.write(f"{version.slug} is written to {options['out']}.")
        else:
            self.stdout.write(files.written(scheme, options["format"]).decode())
