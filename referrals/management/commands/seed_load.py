"""Many synthetic referrals, for measuring: plausible in their spread, written past the actions, never for a demo."""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from argparse import ArgumentParser
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from partnerships.hours import LONDON
from partnerships.models import Partnership, Team, User
from referrals.clocks.actions import RUN_ON_A_REFERRAL, WARN_AT
from referrals.domain.lifecycle import Outcome, State
from referrals.domain.reference import make_reference
from referrals.models import Child, ChosenIndicator, Clock, Decision, Event, Referral
from thresholds.calendars import calendar_of
from thresholds.domain.clock import due
from thresholds.domain.screening import read_facts, screen, write_facts, write_screening
from thresholds.loading import load, version_in_force
from thresholds.models import SchemeVersion

BATCH = 2000
YEARS = 5
OPEN_SHARE = 0.05
STORIES = 120
FIRST = "Ava Ben Cara Dan Ella Finn Gia Hugo Isla Jude Kaya Leo Maya Noah Ola Poppy Reza Sana Theo Una Vik Wren Zara"
LAST = "Abara Bishop Cole Dyer Ekwe Frost Gill Hart Ismail Jones Kaur Lowe Mistry Novak Okoro Patel Quinn Rowe Shah"
FIRST_NAMES, LAST_NAMES = FIRST.split(), LAST.split()
LEVEL_WEIGHTS = (1, 5, 3, 2)


@dataclass(frozen=True)
class Story:
    """One way in which a referral can turn out: what was chosen, and what the engine said of it."""

    indicators: tuple[int, ...]
    screening: dict[str, Any]
    facts: dict[str, Any]
    hours: dict[str, dt.timedelta]


class Command(BaseCommand):
    help = "Write N synthetic referrals with a plausible spread over years, agencies, levels, queues and states."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--referrals", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1, help="the same seed writes the same spread")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Synthetic referrals belong in demonstration mode only: set FRONT_DOOR_DEMO=1.")
        if options["referrals"] < 1:
            raise CommandError("--referrals takes a number from 1.")
        partnerships = list(Partnership.objects.filter(scheme__isnull=False))
        if not partnerships:
            raise CommandError("There is no partnership yet: run seed_demo first.")
        started, at = time.perf_counter(), timezone.now()
        chance = random.Random(options["seed"])  # noqa: S311  synthetic data, no secret
        share, rest = divmod(options["referrals"], len(partnerships))
        for index, partnership in enumerate(partnerships):
            with scope(partnership=partnership):
                Writer(partnership, chance, at).write(share + (index < rest))
        seconds = time.perf_counter() - started
        self.stdout.write(
            f"{options['referrals']:,} referrals in {seconds:.1f} s, {options['referrals'] / seconds:,.0f} a second."
        )


class Writer:
    """Writes one partnership's synthetic referrals, a batch a transaction."""

    def __init__(self, partnership: Partnership, chance: random.Random, at: dt.datetime) -> None:
        self.partnership, self.chance, self.at = partnership, chance, at
        self.version = version_in_force(partnership, at)
        self.agencies = list(partnership.agencies.all())
        self.mash = Team.objects.get(partnership=partnership, kind=Team.Kind.MASH)
        self.early_help = list(Team.objects.filter(partnership=partnership, kind=Team.Kind.EARLY_HELP))
        held = partnership.memberships.select_related("user")
        self.referrers = [m.user for m in held if m.agency_id]
        self.screeners = [m.user for m in held if m.role == "screener"]
        self.stories = stories(self.version, partnership, chance)
        self.taken = set(Referral.objects.values_list("reference", flat=True))

    def write(self, count: int) -> None:
        for start in range(0, count, BATCH):
            with transaction.atomic():
                self.batch(min(BATCH, count - start))

    def batch(self, count: int) -> None:
        rows: dict[type[Any], list[Any]] = {
            model: [] for model in (Referral, Child, ChosenIndicator, Clock, Decision, Event)
        }
        for _ in range(count):
            self.one(rows)
        for model, made in rows.items():
            model.objects.bulk_create(made, batch_size=BATCH)

    def one(self, rows: dict[type[Any], list[Any]]) -> None:
        chance, partnership = self.chance, self.partnership
        story = chance.choice(self.stories)
        is_open = chance.random() < OPEN_SHARE
        age = dt.timedelta(days=chance.random() * (3 if is_open else 365 * YEARS))
        received_at = self.at - age
        mash = story.screening["route"] == "mash"
        referrer: User = chance.choice(self.referrers)
        screener = chance.choice(self.screeners)
        claimed = is_open and chance.random() < 0.4
        decided_at = None if is_open else received_at + dt.timedelta(hours=chance.expovariate(1 / 14))
        indicated = story.screening["indicated_level"]
        referral = Referral(
            partnership=partnership,
            reference=self.reference(),
            token=uuid.UUID(bytes=chance.randbytes(16), version=4),
            id=uuid.UUID(bytes=chance.randbytes(16), version=4),
            agency=chance.choice(self.agencies),
            referrer=referrer,
            referrer_details={"name": referrer.name},
            received_at=received_at,
            scheme_version=self.version,
            screening={**story.screening, "facts": story.facts, "child": 1, "previous_contacts": []},
            indicated_level=indicated,
            decided_level=None if is_open else indicated,
            route=story.screening["route"],
            flags=story.screening["flags"],
            immediate_danger="immediate_danger" in story.screening["flags"],
            state=State.DECIDED if decided_at else State.IN_HAND if claimed else State.WAITING,
            team=self.mash if mash else chance.choice(self.early_help),
            went_through_mash=mash,
            owner=screener if claimed else None,
            owned_at=received_at if claimed else None,
            decided_at=decided_at,
            decided_by=screener if decided_at else None,
            next_due_at=received_at + min(story.hours.values()) if is_open else None,
        )
        rows[Referral].append(referral)
        for order in range(1, 2 + (chance.random() < 0.2)):
            child = self.child(referral, story, order)
            rows[Child].append(child)
            for indicator_id in story.indicators:
                rows[ChosenIndicator].append(
                    ChosenIndicator(partnership=partnership, referral=referral, child=child, indicator_id=indicator_id)
                )
        for slug, length in story.hours.items():
            self.clock(rows[Clock], referral, slug, length, decided_at)
        rows[Event].append(
            Event(partnership=partnership, referral=referral, kind="sent", sentence="Sent.", at=received_at)
        )
        if decided_at:
            rows[Decision].append(
                Decision(
                    id=uuid.UUID(bytes=chance.randbytes(16), version=4),
                    partnership=partnership,
                    referral=referral,
                    decided_level=indicated,
                    indicated_level=indicated,
                    outcome=chance.choice(list(Outcome)).value,
                    reason="Synthetic.",
                    at=decided_at,
                    by=screener,
                )
            )

    def child(self, referral: Referral, story: Story, order: int) -> Child:
        chance = self.chance
        born = (referral.received_at - dt.timedelta(days=chance.randrange(30, 6500))).date()
        return Child(
            id=uuid.UUID(bytes=chance.randbytes(16), version=4),
            partnership=self.partnership,
            referral=referral,
            order=order,
            first_name=chance.choice(FIRST_NAMES),
            last_name=chance.choice(LAST_NAMES),
            date_of_birth=born,
            sex=chance.choice("MF"),
            facts={
                **story.facts,
                "children": [{"date_of_birth": born.isoformat(), "expected_on": None}],
                "on": referral.received_at.astimezone(LONDON).date().isoformat(),
            },
            screening=story.screening,
            indicated_level=story.screening["indicated_level"],
            route=story.screening["route"],
            flags=story.screening["flags"],
        )

    def reference(self) -> str:
        """One that is not taken: among a million, chance alone draws some twice."""
        while (drawn := make_reference(self.partnership.reference_prefix, self.chance.randbytes(8))) in self.taken:
            pass
        self.taken.add(drawn)
        return drawn

    def clock(
        self, made: list[Any], referral: Referral, slug: str, length: dt.timedelta, decided_at: dt.datetime | None
    ) -> None:
        due_at = referral.received_at + length
        warn_at = referral.received_at + length * WARN_AT
        stage, next_step_at = Clock.Stage.MET, None
        if decided_at is None:
            stage, next_step_at = Clock.Stage.RUNNING, warn_at
            if due_at <= self.at:
                stage, next_step_at = Clock.Stage.OVERDUE, None
            elif warn_at <= self.at:
                stage, next_step_at = Clock.Stage.DUE_SOON, due_at
        made.append(
            Clock(
                partnership=self.partnership,
                referral=referral,
                slug=slug,
                name=slug.replace("_", " ").capitalize(),
                started_at=referral.received_at,
                warn_at=warn_at,
                due_at=due_at,
                first_due_at=due_at,
                stage=stage,
                next_step_at=next_step_at,
                met_at=decided_at,
            )
        )


def stories(version: SchemeVersion, partnership: Partnership, chance: random.Random) -> list[Story]:
    """A hundred or so ways in which a referral turns out under this version, screened by the engine itself."""
    scheme, calendar = load(version), calendar_of(partnership)
    by_level: dict[int, list[tuple[int, str]]] = {}
    for pk, key, rank in version.indicators.current().values_list("pk", "key", "level__rank"):
        by_level.setdefault(rank, []).append((pk, key))
    ranks = sorted(by_level)
    monday = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
    limits = [scheme.limit(slug) for slug in RUN_ON_A_REFERRAL[:3]]
    hours = {limit.slug: due(limit, monday, calendar) - monday for limit in limits if limit}
    made = []
    for _ in range(STORIES):
        rank = chance.choices(ranks, LEVEL_WEIGHTS[: len(ranks)])[0]
        chosen = chance.sample(by_level[rank], k=min(chance.randint(1, 3), len(by_level[rank])))
        facts = {
            "indicators": [key for _, key in chosen],
            "consent": {"informed": True, "given": chance.random() < 0.8},
            "immediate_danger": chance.random() < 0.02,
        }
        told = read_facts(facts)
        screening = write_screening(screen(scheme, told))
        made.append(Story(tuple(pk for pk, _ in chosen), screening, write_facts(told), hours))
    return made
