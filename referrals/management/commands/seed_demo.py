"""Demonstration data: the four partnerships, their thresholds, a person for each role, synthetic families."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from partnerships.files import import_partnership, read_file
from partnerships.hours import LONDON
from partnerships.models import Agency, Membership, Partnership, Team, User
from partnerships.permissions import Role
from referrals.clocks.sweep import sweep
from referrals.demo import send_demo_referrals
from referrals.models import Notice
from thresholds import actions, files
from thresholds.models import SchemeVersion

PASSWORD = settings.DEMO_PASSWORD
FIXTURES = settings.BASE_DIR / "fixtures"
PEOPLE = [
    (Role.PRACTITIONER, "Tess Teacher", "Class teacher"),
    (Role.SAFEGUARDING_LEAD, "Dele Lead", "Designated safeguarding lead"),
    (Role.SCREENER, "Sam Screener", "MASH social worker"),
    (Role.SCREENER, "Sol Screener", "MASH social worker"),
    (Role.EARLY_HELP, "Erin Helper", "Early help co-ordinator"),
    (Role.SENIOR, "Sue Senior", "Senior MASH social worker"),
    (Role.CHECKER, "Pat Police", "Police checks desk"),
    (Role.LADO, "Lola Officer", "Designated officer (LADO)"),
    (Role.MANAGER, "Mo Manager", "Front door manager"),
    (Role.ADMIN, "Alex Admin", "Partnership administrator"),
]


class Command(BaseCommand):
    help = "Fill an empty database with the four partnerships, demo people and synthetic families."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-referrals", action="store_true", help="partnerships, thresholds and people only")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data belongs in demonstration mode only: set FRONT_DOOR_DEMO=1.")
        if Partnership.objects.exists():
            return
        at = timezone.now()
        with transaction.atomic():
            for path in sorted((FIXTURES / "partnerships").glob("*.yaml")):
                seed_partnership(path, at=at)
        if not options["no_referrals"]:
            for partnership in Partnership.objects.all():
                send_demo_referrals(partnership=partnership, at=at)
            settle_the_past(at)


def settle_the_past(at: dt.datetime) -> None:
    """Bring the clocks to where they stand now; whatever is to be told of it was told long ago."""
    sweep(at=at)
    for partnership in Partnership.objects.all():
        with scope(partnership=partnership):
            Notice.objects.update(state=Notice.State.SENT, sent_at=at)


def seed_partnership(path: Path, *, at: dt.datetime) -> Partnership:
    """One partnership from its files: its own, and its threshold versions in the order in which they held."""
    told = read_file(path)
    partnership = import_partnership(told=told, at=at)
    for slug in [*(told.get("history") or []), told["scheme"]]:
        version = files.import_file(FIXTURES / f"{slug}.yaml", by=None, at=at)
        publish_from_its_date(version, at=at)
    seed_people(partnership)
    return partnership


def publish_from_its_date(version: SchemeVersion, *, at: dt.datetime) -> SchemeVersion:
    holds_from = dt.datetime.combine(version.in_force_from, dt.time.min, LONDON)
    return actions.publish(version=version, holds_from=holds_from, by=None, at=at)


def seed_people(partnership: Partnership) -> None:
    """A person for each role: practitioner and lead of the first school, the checker of the police.

    Early help is of the default team, and there is one more person for each other team.
    """
    school = Agency.objects.filter(partnership=partnership).order_by("kind", "pk")
    agency = school.filter(kind="school").first() or school.first()
    police = school.filter(kind="police").first() or agency
    mash = Team.objects.get(partnership=partnership, kind=Team.Kind.MASH)
    early_help = Team.objects.filter(partnership=partnership, kind=Team.Kind.EARLY_HELP)
    default = early_help.filter(is_default=True).first() or early_help.first()
    seen: set[str] = set()
    for role, name, job in PEOPLE:
        user = demo_user(partnership, address(role, seen), name, job)
        Membership.objects.get_or_create(
            user=user,
            partnership=partnership,
            role=role.value,
            agency=police if role is Role.CHECKER else agency if role.of_an_agency else None,
            team=mash if role in (Role.SCREENER, Role.SENIOR) else default if role is Role.EARLY_HELP else None,
        )
        if role is Role.LADO:  # held beside the role in which one decides
            Membership.objects.get_or_create(user=user, partnership=partnership, role=Role.SCREENER.value, team=mash)
    for team in early_help.exclude(slug=default.slug if default else ""):
        user = demo_user(partnership, f"early-help-{team.slug}", f"Early help, {team.name}", "Early help worker")
        Membership.objects.get_or_create(
            user=user, partnership=partnership, role=Role.EARLY_HELP.value, agency=None, team=team
        )


def address(role: Role, seen: set[str]) -> str:
    name = role.value.replace("_", "-")
    while name in seen:
        name += "-2"
    seen.add(name)
    return name


def demo_user(partnership: Partnership, local_part: str, name: str, job: str) -> User:
    email = f"{local_part}@{partnership.slug}.example"
    user, _ = User.objects.get_or_create(
        email=email,
        defaults={"name": name, "job_title": job, "telephone": "01632 960123", "password": hashed_password()},
    )
    return user


@lru_cache(maxsize=1)
def hashed_password() -> str:
    """Hashed once for all: hashing is slow on purpose."""
    return make_password(PASSWORD)


def sign_ins() -> str:
    """The sign-ins of the demonstration, a row a role and a column a partnership, for the terminal."""
    lines = []
    for partnership in Partnership.objects.order_by("slug"):
        lines.append(f"  {partnership.short_name}  ({settings.SITE_URL}/{partnership.slug}/)")
        for role in Role:
            held = Membership.objects.filter(partnership=partnership, role=role.value).select_related("user")
            first = held.order_by("pk").first()
            if first:
                lines.append(f"    {role.label:<20} {first.user.email}")
    return "\n".join(lines)
