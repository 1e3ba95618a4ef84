"""An operator makes a new partnership and invites its first admin. Everything after that is done by pages."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django_scopes import scopes_disabled

from partnerships import invitations
from partnerships.actions import Refused
from partnerships.setup.founding import found_partnership


class Command(BaseCommand):
    help = "Make a new, empty partnership and invite its first admin, who sets up the rest by pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="stands in every address, such as testshire")
        parser.add_argument("--name", required=True, help="in full")
        parser.add_argument("--short-name", required=True, help="the area, as people choose it")
        parser.add_argument("--prefix", required=True, help="first letters of every reference, such as TES")
        parser.add_argument("--admin", required=True, help="email address of the first admin")
        parser.add_argument("--admin-name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with scopes_disabled():
                partnership, invitation = found_partnership(
                    slug=options["slug"],
                    name=options["name"],
                    short_name=options["short_name"],
                    prefix=options["prefix"],
                    admin_name=options["admin_name"],
                    admin_email=options["admin"],
                    at=timezone.now(),
                )
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(
            f"{partnership.name} is made; it takes no referrals until it is opened. {invitation.user.email} is invited "
            f"by email as its admin, until {invitations.last_day(invitation)}."
        )
