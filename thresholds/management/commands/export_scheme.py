from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from thresholds import files, loading
from thresholds.domain.reading import SchemeErrors
from thresholds.models import SchemeVersion


class Command(BaseCommand):
    help = "Print a threshold version as YAML or JSON; what is printed imports back unchanged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="such as medway-2024")
        parser.add_argument("--format", choices=["yaml", "json"], default="yaml")

    def handle(self, *args: Any, **options: Any) -> None:
        version = SchemeVersion.objects.filter(slug=options["slug"]).first()
        if version is None:
            known = ", ".join(SchemeVersion.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no threshold version {options['slug']}. There are: {known}.")
        try:
            scheme = loading.load(version)
        except SchemeErrors as errors:
            raise CommandError(f"The draft {version.slug} is not whole: {errors.mistakes[0]}") from errors
        self.stdout.write(files.to_json(scheme) if options["format"] == "json" else files.to_yaml(scheme))
