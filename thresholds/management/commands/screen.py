"""Screen facts from the command line. The facts are read strictly: a mistake is named, never guessed away."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from partnerships.hours import LONDON
from thresholds.domain.reading import SchemeErrors
from thresholds.domain.screening import FactsErrors, read_facts_strictly, screen, write_screening
from thresholds.loading import load
from thresholds.models import SchemeVersion

MOST_BYTES = 1_000_000


class Command(BaseCommand):
    help = "Print what a threshold version indicates for some facts, as JSON, with its reasons."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="such as medway-2024")
        parser.add_argument("--facts", required=True, help="a JSON file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        version = SchemeVersion.objects.filter(slug=options["slug"]).first()
        if version is None:
            known = ", ".join(SchemeVersion.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no threshold version {options['slug']}. There are: {known}.")
        try:
            scheme = load(version)
        except SchemeErrors as errors:
            raise CommandError(f"The draft {version.slug} is not whole: {errors.mistakes[0]}") from errors
        try:
            facts = read_facts_strictly(as_data(as_text(options["facts"])))
        except FactsErrors as errors:
            more = len(errors.mistakes) - 1
            raise CommandError(errors.mistakes[0] + (f" (and {more} more)" if more else "")) from errors
        if facts.on is None:
            facts = replace(facts, on=timezone.now().astimezone(LONDON).date())
        self.stdout.write(json.dumps(write_screening(screen(scheme, facts)), ensure_ascii=False, indent=2))


def as_text(place: str) -> str:
    """The file's text, or standard input's."""
    try:
        told = sys.stdin.buffer.read(MOST_BYTES + 1) if place == "-" else first_bytes(Path(place))
    except (OSError, ValueError) as error:
        raise CommandError(f"{place} can't be opened: {getattr(error, 'strerror', None) or error}") from error
    if len(told) > MOST_BYTES:
        raise CommandError(f"The facts are larger than {MOST_BYTES:,} bytes: no contact is.")
    try:
        return told.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"The facts are not text in UTF-8 (byte {error.start}).") from error


def first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def as_data(text: str) -> dict[str, Any]:
    """The JSON in a text: one mapping, no key twice, no number that is none, no half of a character."""
    try:
        data = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=each_key_once)
        json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise CommandError(f"line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})") from error
    except UnicodeEncodeError as error:
        raise CommandError("The facts hold half of a character (a lone surrogate).") from error
    except (ValueError, RecursionError) as error:
        said = "nested without end" if isinstance(error, RecursionError) else str(error).split(";")[0]
        raise CommandError(f"The facts can't be read: {said}") from error
    if not isinstance(data, dict):
        raise CommandError('The facts are no mapping: write {"indicators": [...], ...}.')
    return data


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, value in pairs:
        if key in told:
            raise ValueError(f"{key[:40]} is there twice")
        told[key] = value
    return told
