from argparse import ArgumentParser
from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand, CommandError
from django_scopes import scopes_disabled

from partnerships import encryption


class Command(BaseCommand):
    help = "Seal everything that is sealed anew, under the first key of ENCRYPTION_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="only print a new key, to be put in front")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            self.stdout.write(Fernet.generate_key().decode())
            return
        lost = 0
        with scopes_disabled():
            for model, field in encryption.sealed_fields():
                lost += self.say(f"{model._meta.label}.{field.name}", encryption.reseal_field(model, field))
            for name, resealer in sorted(encryption.RESEALERS.items()):
                lost += self.say(name, resealer())
        if lost:
            raise CommandError(f"{lost} can't be opened by any key of ENCRYPTION_KEYS: keep the old keys.")

    def say(self, what: str, counts: tuple[int, int]) -> int:
        done, unreadable = counts
        self.stdout.write(f"{what}: {done} sealed anew" + (f", {unreadable} unreadable" if unreadable else ""))
        return unreadable
