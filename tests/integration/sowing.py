"""A canary in every field that holds words, sown by the table of classes: a new field is sown without anybody's help.

Two records, each with a row of every model and of every sort: `MASH`, decided by the MASH for early help, and `HOME`,
in early help's own queue. A model that hangs on a referral and is in neither `ROWS` nor `NO_ROW` fails, and so does a
JSON field that nothing says how to sow.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django_scopes import scope

from partnerships.encryption import EncryptedJSONField
from partnerships.models import Agency, Partnership, Team, User
from partnerships.permissions import Role
from referrals.attachments import store
from referrals.domain.audiences import FieldClass as C
from referrals.domain.classes import OF_ANSWER, OF_SORT, class_of
from referrals.intake.pages import PAGES
from referrals.models import Child, Clock, Decision, Draft, Referral
from tests import payloads
from tests.factories import NOW, World, make_draft, make_referral

CANARY = re.compile(r"zq\d{4}z", re.I)
FILE = b"%PDF-1.7\n%%EOF\n"
SHORTEST = 7
"""What a canary needs; a shorter field holds a code."""
BARREN = {C.STRUCTURE, C.SECRET, C.RUNNING, C.PARTNERSHIP}
"""Classes whose fields hold no words of anybody about a child. What is secret is hashed, sealed or a token."""
CODES = {
    *("Referral.route", "Referral.flags", "Referral.flag_words", "Child.route", "Child.flags", "Child.facts"),
    *("Child.disability", "Decision.factors", "SignOff.because", "Ask.basis", "Ask.concerns", "Addendum.concerns"),
}
"""Fields of words or JSON that hold codes or numbers alone, which the code looks up in its own lists."""


@dataclass(frozen=True)
class Sown:
    """One canary: in which field of which record it stands, and of which class it is."""

    record: str
    field: str
    of: C


class Sower:
    """Sows a world, and knows every canary."""

    def __init__(self, world: World) -> None:
        self.world, self.sown, self.dates = world, {}, {}
        self.at: dict[tuple[str, str], list[Any]] = {}
        self.payloads: dict[str, tuple[str, ...]] = {}
        self.record = ""

    def canary(self, field: str, of: C, room: int = 200) -> str:
        """A mark of its own, and before it what nobody should type, as far as there is room."""
        told = f"Zq{len(self.sown) + 1:04d}z"
        before = payloads.fitting(len(self.sown), room - len(told))
        self.sown[told.lower()], self.payloads[told.lower()] = Sown(self.record, field, of), before
        return "".join(before) + told

    def not_to_the_letter(self, told: str, *, page: bool = True) -> tuple[set[str], list[str]]:
        """Which payloads stand in it, and what stands there otherwise than as the text that it is."""
        typed, wrong = set(), []
        for mark in CANARY.finditer(told):
            kinds = self.payloads[mark.group().lower()]
            typed.update(kinds)
            if before := payloads.not_to_the_letter(told, mark.start(), "".join(kinds), page=page):
                wrong.append(f"{self.sown[mark.group().lower()].field}: {before!r}")
        return typed, wrong

    def birthday(self, field: str, of: C) -> dt.date:
        """A day of which no other field tells."""
        on = dt.date(2009, 1, 3) + dt.timedelta(days=37 * (len(self.dates) + 1))
        self.dates[on] = Sown(self.record, field, of)
        return on

    def found_in(self, text: str) -> set[Sown]:
        found = {self.sown[each.lower()] for each in CANARY.findall(text)}
        return found | {told for on, told in self.dates.items() if any(form in text for form in written(on))}

    def json(self, field: str, of: C) -> Any:
        """What a JSON field holds, with canaries where it holds words."""
        return JSON[field](lambda: self.canary(field, of))

    def words_of(self, model: type[models.Model], sort: str) -> dict[str, Any]:
        """Each field of words of this model, in a row of this sort, with its canary."""
        told: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            name, of = f"{model.__name__}.{field.name}", class_of(model.__name__, field.name, sort)
            if of is None or of in BARREN or field.choices or name in CODES or field.name == "answers":
                continue
            if name in JSON:
                told[field.name] = self.json(name, of)
            elif isinstance(field, models.JSONField | EncryptedJSONField):
                raise AssertionError(f"say in JSON how {name} is sown, or in CODES that it holds codes")
            elif isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
                told[field.name] = self.birthday(name, of)
            elif isinstance(field, models.CharField | models.TextField) and (field.max_length or 99) >= SHORTEST:
                told[field.name] = self.canary(name, of, field.max_length or 200)
        return told

    def answers(self) -> dict[str, Any]:
        """Every page of the form as it is stored, with a canary in each answer of words."""
        told: dict[str, Any] = {"children": [{}], "people": [{}]}
        for page in PAGES:
            fields = {}
            for name, field in page.form.base_fields.items():
                of = OF_ANSWER.get("concern" if page.slug.startswith("concern-") else page.slug, {})[name]
                if type(field).__name__ in ("TextField", "LongTextField", "TelephoneField"):
                    fields[name] = self.canary(f"{page.slug}/{name}", of)
                elif name in YES:
                    fields[name] = "yes"
            holder = told["children"][0] if page.group == "child" else told["people"][0] if page.group else told
            holder[page.slug] = fields
        told["children"][0]["who"]["born"] = "born"
        told["children"][0]["indicators"] = {"chosen": ["health-4-01"]}
        told["children"][0]["evidence"] = {"evidence": {"health-4-01": self.canary("evidence/evidence", C.TOLD)}}
        return told


YES = ("not_told", "unsafe", "visit", "telephoned", "interpreter", "worker", "early_help", "lead", "informed")


def written(on: dt.date) -> tuple[str, ...]:
    return f"{on.day} {on:%B %Y}", on.isoformat(), f"{on:%d/%m/%Y}"


JSON: dict[str, Any] = {
    "Referral.referrer_details": lambda c: {"name": c(), "job": c(), "telephone": c(), "email": c(), "agency": c()},
    "Referral.confidential": lambda c: {"name": c(), "job": c(), "telephone": c(), "relation": c()},
    "Referral.screening": lambda c: {"reasons": [{"rule": "highest", "because": c(), "indicators": [], "source": c()}]},
    "Child.screening": lambda c: {
        "reasons": [{"rule": "highest", "because": c(), "indicators": [], "source": c()}],
        "would_change": [{"because": c()}],
    },
    "Child.corrected": lambda c: {"first_name": c(), "postcode": c()},
    "Ask.extract": lambda c: [{"label": c(), "value": c()}],
    "Arrival.bundle": lambda c: {
        "partnership": c(),
        "front_door": "theirs",
        "reference": c(),
        "received_at": NOW.isoformat(),
        "told": [{"title": c(), "rows": [[c(), c()]]}],
        "added": [{"kind": "More", "about": c(), "text": c(), "reason": c(), "by": c(), "at": NOW.isoformat()}],
        "screened": [{"child": c(), "level": c(), "route": "mash", "reasons": [{"because": c()}]}],
        "decided": [{"child": c(), "outcome": "advice", "reason": c(), "by": c(), "at": NOW.isoformat()}],
        "happened": [{"at": NOW.isoformat(), "sentence": c()}],
    },
}

NO_ROW = {
    "Absence": "tells of people at work",
    "SavedView": "the partnership's own",
    "Draft": "made with the record",
    "Heartbeat": "a loop's",
    "Document": "sealed; what it holds is read as a PDF",
    "LetterText": "the partnership's own",
    "Notice": "written by what happens, and read as it goes out",
    "NoticeChoice": "the partnership's own",
    "CalendarAddress": "a hash",
    "Replay": "facts and counts",
    "ReplayedCase": "levels",
    "LookupKey": "hashes",
}


def rows_of(sower: Sower) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Model → its rows in one record: the sort, and what is not words."""
    world = sower.world
    screener, now = world.person(Role.SCREENER), NOW
    writer, by = world.person(Role.PRACTITIONER), world.person(Role.EARLY_HELP)
    check = {"kind": "check", "agency": world.school, "state": "answered", "knows": "yes", "basis": "public_task"}
    answered = {"urgency": "soon", "answered_at": now, "answered_by": screener}
    letters = [(kind, {"kind": kind, "addressed_to": writer}) for kind in OF_SORT["Letter"]]
    return {
        "FamilyMember": [("", {"order": 1, "safe_to_call": False, "alleged": True})],
        "Addendum": [("", {"kind": "information"}), ("", {"kind": "correction", "token": "two"})],
        "Ask": [
            ("question", {"kind": "question", "state": "answered", "team": world.mash, **answered}),
            ("mash_check", {**check, **answered, "team": world.mash}),
            ("check", {**check, **answered, "team": world.early_help}),
        ],
        "RiskRating": [
            ("mash", {"team": world.mash, "stage": "before", "rating": "high"}),
            ("early_help", {"team": world.early_help, "stage": "after", "rating": "low"}),
        ],
        "Attachment": [("", {"ending": "pdf", "size": 10, "stored_as": store.keep(FILE), "state": "not_scanned"})],
        "ClockPause": [("", {"resumed_at": now, "resumed_by": screener})],
        "SignOff": [
            ("", {"kind": "step_down", "state": "signed", "settled_at": now, "settled_by": world.person(Role.SENIOR)})
        ],
        "Transfer": [("", {"returned_at": now})],
        "Arrival": [("", {"received_at": now, "received_by": screener})],
        "Decision": [
            (
                "",
                {
                    "state": "final",
                    "decided_level": 2,
                    "indicated_level": 4,
                    "outcome": "early_help",
                    "primary_need": "N1",
                    "differs": True,
                    "support_team": world.early_help,
                    "authorised_by": screener,
                },
            )
        ],
        "Disagreement": [("", {"resolved_at": now, "resolved_by": screener, "result": "stands"})],
        "DisagreementStage": [
            ("", {"number": 1, "answered_at": now, "answered_by": screener, "moved_on_at": now, "moved_on_by": by})
        ],
        "Event": [
            ("for_referrer", {"kind": "told", "for_referrer": True}),
            ("for_us", {"kind": "handed_over", "for_referrer": False}),
            ("of_checks", {"kind": "check_asked"}),
            ("of_the_mash", {"kind": "mash_risk_rated"}),
        ],
        "Letter": letters,
        "RestrictedAccess": [("", {"kind": "named", "ended_at": now, "ended_by": screener})],
        "SameChild": [],
        "SecondScreening": [("", {"level": 3, "screened_at": now, "screened_by": world.person(Role.MANAGER)})],
        "Support": [
            (
                "",
                {
                    "team": world.early_help,
                    "state": "active",
                    "accepted_at": now,
                    "accepted_by": by,
                    "next_review_at": now,
                },
            )
        ],
        "SupportGivenOn": [("", {"number": 1, "from_team": world.early_help, "to_team": world.early_help})],
        "PlanReview": [("", {"number": 1, "progress": "better"})],
    }


def sow(world: World) -> Sower:
    """Both records. The sower's `at` says what fills in an address of each."""
    sower = Sower(world)
    with scope(partnership=world.partnership):
        for record, team in (("MASH", world.mash), ("HOME", world.early_help)):
            sow_record(sower, record, team)
    return sower


def sow_record(sower: Sower, record: str, team: Team) -> Referral:
    sower.record = record
    referral = make_referral(sower.world, team=team, received_at=NOW - dt.timedelta(days=1))
    made: dict[str, Any] = {"Referral": referral, "Team": team, "Agency": sower.world.school}
    told = sower.words_of(Referral, "")
    told |= {"answers": sower.answers(), "in_confidence": True}
    if record == "MASH":
        told |= {"state": "decided", "decided_at": NOW, "decided_by": sower.world.person(Role.SCREENER)}
    else:
        told |= {"state": "in_hand", "owner": sower.world.person(Role.EARLY_HELP), "owned_at": NOW}
    told["beside"] = 9
    made["Child"] = referral.children.get()
    Referral.objects.filter(pk=referral.pk).update(**sealed(Referral, told))
    Child.objects.filter(pk=made["Child"].pk).update(**sealed(Child, sower.words_of(Child, "")))
    made["ChosenIndicator"] = referral.chosen_indicators.get()
    made["ChosenIndicator"].evidence = sower.words_of(type(made["ChosenIndicator"]), "")["evidence"]
    made["ChosenIndicator"].save()
    made["Clock"] = referral.clocks.first()
    late = {"late_why": "volume", "late_said_at": NOW, "late_said_by": sower.world.person(Role.SCREENER)}
    Clock.objects.filter(pk=made["Clock"].pk).update(subject="one", **sower.words_of(Clock, "of_one"), **late)
    for name, rows in rows_of(sower).items():
        for sort, given in rows:
            row = a_row(sower, apps.get_model("referrals", name), sort, given, made)
            made[name] = row
            sower.at.setdefault((record, name), []).append(row)
    sower.at[record, "Referral"] = [referral]
    sower.at[record, "Child"], sower.at[record, "Clock"] = [made["Child"]], [made["Clock"]]
    draft = make_draft(sower.world)
    Draft.objects.filter(pk=draft.pk).update(**sealed(Draft, {"answers": sower.answers()}))
    sower.at[record, "Draft"] = [draft]
    return referral


def sealed(model: type[models.Model], told: dict[str, Any]) -> dict[str, Any]:
    """Only what this model keeps."""
    names = {field.name for field in model._meta.concrete_fields}
    return {name: value for name, value in told.items() if name in names}


def a_row(sower: Sower, model: Any, sort: str, given: dict[str, Any], made: dict[str, Any]) -> Any:
    """One row: words are canaries, what must be there and is not given is the record's own, or now."""
    told = {**sower.words_of(model, sort), **given}
    for field in model._meta.concrete_fields:
        if field.name in told or field.primary_key or field.null or field.has_default() or field.blank:
            continue
        told[field.name] = needed(sower, field, made)
    if model is Decision or model.__name__ in ("SecondScreening",):
        told.setdefault("child", made["Child"])
    if model.__name__ == "Attachment":
        told["referral"] = made["Referral"]
    return model.objects.create(**told)


def needed(sower: Sower, field: models.Field, made: dict[str, Any]) -> Any:
    if field.is_relation:
        of: Any = field.related_model
        if of is Partnership:
            return sower.world.partnership
        if of is User:
            return sower.world.person(Role.SCREENER)
        return made["Agency" if of is Agency else of.__name__]
    if isinstance(field, models.DateTimeField):
        return NOW
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.BooleanField):
        return False
    return (
        field.choices[0][0] if field.choices else "x" if isinstance(field, models.CharField | models.TextField) else 1
    )


def not_sown(sower: Sower) -> Iterator[str]:
    """Models that hang on a referral, and have no row."""
    there = {*rows_of(sower), *NO_ROW, "Referral", "Child", "ChosenIndicator", "Clock"}
    for model in apps.get_app_config("referrals").get_models():
        if model.__name__ not in there:
            yield f"{model.__name__}: say in ROWS how a row of it is made, or in NO_ROW why there is none"
