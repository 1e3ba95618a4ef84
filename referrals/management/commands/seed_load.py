"""Many synthetic referrals, for measuring: plausible in their spread, written past the actions, never for a demo."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
import uuid
from argparse import ArgumentParser
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, connection
from django.utils import timezone
from django_scopes import scope

from partnerships.hours import LONDON
from partnerships.models import Partnership, Team
from partnerships.permissions import Role
from referrals.bulk import Pipe, Table
from referrals.clocks.actions import RUN_ON_A_REFERRAL, WARN_AT
from referrals.domain.lifecycle import Outcome, State
from referrals.domain.lookup import stored_keys
from referrals.domain.matching import Person
from referrals.domain.reference import make_reference
from referrals.models import Child, ChosenIndicator, Clock, Decision, Event, LookupKey, Referral
from referrals.standing import why
from thresholds.calendars import calendar_of
from thresholds.domain.clock import due
from thresholds.domain.scheme import Route
from thresholds.domain.screening import read_facts, screen, write_facts, write_screening
from thresholds.loading import load, version_in_force
from thresholds.models import SchemeVersion

BATCH = 2000
YEARS = 5
OPEN_SHARE = 0.05
STORIES = 120
FIRST = """
    Ada Adam Aisha Ajay Alba Alfie Amara Amir Ana Anwen Archie Arlo Asha Ava Bashir Bea Ben Beth Blake Bo Bryn
    Callum Cara Carys Cass Chidi Clara Cody Dan Dara Dev Dilys Dion Ebo Eda Eira Ela Eli Ella Elsa Emre Erin Esme
    Ezra Fae Farah Femi Finn Flora Fran Freya Gabe Gia Grace Gus Gwen Hal Hana Haris Hope Hugo Ida Idris Ife Ike
    Ines Ira Isla Ivo Jago Jai Jaya Joe Jude June Kai Kate Kaya Kim Kit Kofi Lara Leo Liv Lola Luca Lyra Mac Maha
    Mali Mara Max Maya Mina Mo Nell Nia Nico Noah Noor Ola Omar Orla Oscar Otis Pia Poppy Priya Quin Rafi Ravi Reza
    Rhys Rio Rosa Roza Rue Sam Sana Seb Sia Sol Suki Tam Tara Taj Theo Tia Tom Uma Una Vera Vik Wes Wren Xavi Yara
    Yasin Yve Zac Zara Zofia
"""
BEGINNINGS = """
    Ash Barn Beck Birch Black Brad Brom Burn Cal Chad Clay Cob Crom Dal Den Dray East Eld Ell Fair Farn Fen Gar Glen
    Hal Ham Har Hath Hol Hurst Ing Kel Kirk Lang Lin Lock Mar Mel Mid Nor Oak Pem Pen Quar Rad Red Rush Sal Shel South
    Stan Sut Thorn Til Up Wal War Wen Whit Wood Wyn Yar
"""
ENDINGS = """
    ard berg bourne bridge bury by cliff combe cote croft dale den don field ford gate ham hurst ing kin land leigh ley
    lock low man mere more nell ridge sett shaw side son stead stone ton vale wall ward well wick win wood worth
"""
FIRST_NAMES = FIRST.split()
LAST_NAMES = [beginning + ending for ending in ENDINGS.split() for beginning in BEGINNINGS.split()]
"""Some are much more common than others, as names are: see `common`."""

LEVEL_WEIGHTS = (1, 5, 3, 2)
OUTCOMES = [outcome.value for outcome in Outcome]
WRITTEN = (Referral, Child, ChosenIndicator, Clock, Decision, Event, LookupKey)
"""The tables written to, each after those it refers to."""

REFER = (Role.PRACTITIONER.value, Role.SAFEGUARDING_LEAD.value)
BORN, ON = "the day of birth", "the day of sending"
"""What stands in a story's facts for each child's own days."""


@dataclass(frozen=True)
class Story:
    """One way in which a referral can turn out: what was chosen and said."""

    number: int
    indicators: tuple[int, ...]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Turned:
    """What the engine says of a story for a child of some age. JSON as it is stored; `facts` has marks for the days."""

    indicated: int | None
    route: str
    danger: bool
    flags: str
    screening: str
    of_referral: str
    facts: str
    why: str
    flag_words: str

    @property
    def urgency(self) -> tuple[int, int]:
        return list(Route).index(Route(self.route)), self.indicated or 0


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
                try:
                    Writer(partnership, chance, at).write(share + (index < rest))
                except IntegrityError as error:
                    raise CommandError("These rows are there already: give another --seed.") from error
        seconds = time.perf_counter() - started
        self.stdout.write(
            f"{options['referrals']:,} referrals in {seconds:.1f} s, {options['referrals'] / seconds:,.0f} a second."
        )


class Writer:
    """Writes one partnership's synthetic referrals, a batch a transaction, straight into the tables."""

    def __init__(self, partnership: Partnership, chance: random.Random, at: dt.datetime) -> None:
        self.partnership, self.chance, self.at = partnership, chance, at
        self.version = version_in_force(partnership, at)
        self.agencies = list(partnership.agencies.values_list("pk", flat=True))
        self.mash = Team.objects.get(partnership=partnership, kind=Team.Kind.MASH)
        self.early_help = list(Team.objects.filter(partnership=partnership, kind=Team.Kind.EARLY_HELP))
        held = partnership.memberships.select_related("user")
        details = Referral._meta.get_field("referrer_details")
        self.referrers = [
            (m.user_id, details.get_db_prep_save({"name": m.user.name}, connection)) for m in held if m.role in REFER
        ]
        self.screeners = [m.user_id for m in held if m.role == "screener"]
        self.scheme, self.hours = load(self.version), hours_of(self.version, partnership)
        self.stories = stories(self.version, chance)
        self.told: dict[tuple[int, int], Turned] = {}
        self.taken = set(Referral.objects.values_list("reference", flat=True))
        self.tables = {model: Table(model, partnership) for model in WRITTEN}

    def write(self, count: int) -> None:
        pipe = Pipe(list(self.tables.values()), self.partnership)
        try:
            for start in range(0, count, BATCH):
                for _ in range(min(BATCH, count - start)):
                    self.one()
                pipe.send()
        finally:
            pipe.close()

    def key(self) -> uuid.UUID:
        return uuid.UUID(bytes=self.chance.randbytes(16), version=4)

    def one(self) -> None:
        chance, tables = self.chance, self.tables
        story = chance.choice(self.stories)
        hours = self.hours
        is_open = chance.random() < OPEN_SHARE
        age = dt.timedelta(days=chance.random() * (3 if is_open else 365 * YEARS))
        received_at = self.at - age
        born = [
            (received_at - dt.timedelta(days=chance.randrange(30, 6500))).date()
            for _ in range(1 + (chance.random() < 0.2))
        ]
        on = received_at.astimezone(LONDON).date()
        children = [(day, self.turned(story, day, on)) for day in born]
        most = max((told for _, told in children), key=lambda told: told.urgency)
        mash = most.route == "mash"
        referrer, details = chance.choice(self.referrers)
        screener = chance.choice(self.screeners)
        claimed = is_open and chance.random() < 0.4
        decided_at = None if is_open else received_at + dt.timedelta(hours=chance.expovariate(1 / 14))
        key = self.key()
        tables[Referral].add(
            id=key,
            reference=self.reference(),
            token=self.key(),
            agency_id=chance.choice(self.agencies),
            referrer_id=referrer,
            referrer_details=details,
            received_at=received_at,
            scheme_version_id=self.version.pk,
            screening=most.of_referral,
            indicated_level=most.indicated,
            decided_level=None if is_open else most.indicated,
            route=most.route,
            flags=most.flags,
            immediate_danger=most.danger,
            why=most.why,
            flag_words=most.flag_words,
            consent_said="To be settled" if "|consent_to_settle|" in most.flag_words else "Given",
            state=State.DECIDED.value if decided_at else State.IN_HAND.value if claimed else State.WAITING.value,
            team_id=self.mash.pk if mash else chance.choice(self.early_help).pk,
            went_through_mash=mash,
            owner_id=screener if claimed else None,
            owned_at=received_at if claimed else None,
            decided_at=decided_at,
            decided_by_id=screener if decided_at else None,
            next_due_at=received_at + min(hours.values()) if is_open else None,
        )
        for order, (day, told) in enumerate(children, start=1):
            child = self.child(key, told, order, day, on)
            for indicator_id in story.indicators:
                tables[ChosenIndicator].add(referral_id=key, child_id=child, indicator_id=indicator_id)
        for slug, length in hours.items():
            self.clock(key, slug, received_at, length, decided_at)
        tables[Event].add(referral_id=key, kind="sent", sentence="Sent.", at=received_at)
        if decided_at:
            tables[Decision].add(
                id=self.key(),
                referral_id=key,
                decided_level=most.indicated,
                indicated_level=most.indicated,
                outcome=chance.choice(OUTCOMES),
                reason="Synthetic.",
                at=decided_at,
                by_id=screener,
            )

    def child(self, referral: uuid.UUID, told: Turned, order: int, born: dt.date, on: dt.date) -> uuid.UUID:
        chance, key = self.chance, self.key()
        first, last = common(FIRST_NAMES, chance), common(LAST_NAMES, chance)
        for kept in (*keys_of(first, last), f"born:{born.isoformat()}"):
            self.tables[LookupKey].add(referral_id=referral, child_id=key, key=kept)
        self.tables[Child].add(
            id=key,
            referral_id=referral,
            order=order,
            first_name=first,
            last_name=last,
            date_of_birth=born,
            sex=chance.choice("MF"),
            facts=told.facts.replace(BORN, born.isoformat()).replace(ON, on.isoformat()),
            screening=told.screening,
            indicated_level=told.indicated,
            route=told.route,
            flags=told.flags,
        )
        return key

    def turned(self, story: Story, born: dt.date, on: dt.date) -> Turned:
        """What the engine says of a story for a child born on a day: asked once for each month of age, then year."""
        months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
        asked = (story.number, months if months < 24 else months // 12 * 12)
        if asked not in self.told:
            facts = {**story.facts, "children": [{"date_of_birth": born.isoformat()}], "on": on.isoformat()}
            told = read_facts(facts)
            screening, written = write_screening(screen(self.scheme, told)), write_facts(told)
            marked = {**written, "children": [{"date_of_birth": BORN, "expected_on": None}], "on": ON}
            self.told[asked] = Turned(
                indicated=screening["indicated_level"],
                route=screening["route"],
                danger="immediate_danger" in screening["flags"],
                flags=json.dumps(screening["flags"]),
                screening=json.dumps(screening),
                of_referral=json.dumps({**screening, "facts": written, "child": 1, "previous_contacts": []}),
                facts=json.dumps(marked),
                why=why(screening, self.scheme),
                flag_words="".join(f"|{flag}" for flag in screening["flags"]) + "|",
            )
        return self.told[asked]

    def reference(self) -> str:
        """One that is not taken: among a million, chance alone draws some twice."""
        while (drawn := make_reference(self.partnership.reference_prefix, self.chance.randbytes(8))) in self.taken:
            pass
        self.taken.add(drawn)
        return drawn

    def clock(
        self,
        referral: uuid.UUID,
        slug: str,
        received_at: dt.datetime,
        length: dt.timedelta,
        decided_at: dt.datetime | None,
    ) -> None:
        due_at, warn_at = received_at + length, received_at + length * WARN_AT
        stage, next_step_at = Clock.Stage.MET, None
        if decided_at is None:
            stage, next_step_at = Clock.Stage.RUNNING, warn_at
            if due_at <= self.at:
                stage, next_step_at = Clock.Stage.OVERDUE, None
            elif warn_at <= self.at:
                stage, next_step_at = Clock.Stage.DUE_SOON, due_at
        self.tables[Clock].add(
            referral_id=referral,
            slug=slug,
            name=slug.replace("_", " ").capitalize(),
            started_at=received_at,
            warn_at=warn_at,
            due_at=due_at,
            first_due_at=due_at,
            stage=stage.value,
            next_step_at=next_step_at,
            met_at=decided_at,
        )


def common(names: list[str], chance: random.Random) -> str:
    """One of these, the first ones more often: a tenth of them are a third of what is drawn."""
    return names[int(len(names) * chance.random() ** 2)]


@lru_cache(maxsize=200_000)
def keys_of(first: str, last: str) -> tuple[str, ...]:
    """The keys of a name, by which searches and the matcher find it."""
    return tuple(sorted(stored_keys(Person(first, last))))


def hours_of(version: SchemeVersion, partnership: Partnership) -> dict[str, dt.timedelta]:
    """How long each limit takes from a Monday morning."""
    scheme, calendar = load(version), calendar_of(partnership)
    monday = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
    limits = [scheme.limit(slug) for slug in RUN_ON_A_REFERRAL[:3]]
    return {limit.slug: due(limit, monday, calendar) - monday for limit in limits if limit}


def stories(version: SchemeVersion, chance: random.Random) -> list[Story]:
    """A hundred or so ways in which a referral turns out under this version."""
    by_level: dict[int, list[tuple[int, str]]] = {}
    for pk, key, rank in version.indicators.values_list("pk", "key", "level__rank"):
        by_level.setdefault(rank, []).append((pk, key))
    ranks = sorted(by_level)
    made = []
    for number in range(STORIES):
        rank = chance.choices(ranks, LEVEL_WEIGHTS[: len(ranks)])[0]
        chosen = chance.sample(by_level[rank], k=min(chance.randint(1, 3), len(by_level[rank])))
        facts = {
            "indicators": [key for _, key in chosen],
            "consent": {"informed": True, "given": chance.random() < 0.8},
            "immediate_danger": chance.random() < 0.02,
        }
        made.append(Story(number, tuple(pk for pk, _ in chosen), facts))
    return made
