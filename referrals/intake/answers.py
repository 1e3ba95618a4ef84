"""What a draft's answers say, read in one way by the form, the screening, the summary and the sending.

The shape: `children` and `people` are lists with one mapping a child or person; every other page's answers stand under
the page's slug. A child's pages stand under their slugs inside its mapping. Dates are ISO text, unknown is empty.

Reading is total: an answer that is missing, or of another kind than the form stores, is read as not given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from referrals.domain.quality import Told
from thresholds.domain.screening import Child, Consent, Facts

LONDON = ZoneInfo("Europe/London")
GROUPS = {"child": "children", "person": "people"}
"""The word in the address of a repeated page, and the list that it belongs to."""

MOST = 20
"""Children, or people of the family, in one referral."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one page's answers stand: under its slug, or within a child's or a person's mapping, counted from 1."""

    slug: str
    group: str = ""
    number: int = 0

    @property
    def list_name(self) -> str:
        return GROUPS[self.group]

    def read(self, raw: Mapping[str, Any]) -> dict[str, Any] | None:
        """What is stored there; None where the page was never saved. LookupError where there is no such child."""
        if not self.group:
            holder = raw
        else:
            listed = raw.get(self.list_name)
            if not isinstance(listed, list) or not 1 <= self.number <= len(listed):
                raise LookupError(f"no {self.group} {self.number}")
            holder = mapping(listed[self.number - 1])
        stored = holder.get(self.slug)
        return dict(stored) if isinstance(stored, Mapping) else None

    def write(self, raw: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        """The answers with this page's replaced."""
        self.read(raw)
        if not self.group:
            return {**raw, self.slug: dict(told)}
        listed = list(raw[self.list_name])
        listed[self.number - 1] = {**mapping(listed[self.number - 1]), self.slug: dict(told)}
        return {**raw, self.list_name: listed}


def seal(stored: Mapping[str, Any] | None) -> str:
    """A short mark of what was stored when a page was shown: another mark at saving means that it has changed since."""
    told = json.dumps(stored, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def blank() -> dict[str, Any]:
    """The answers of a draft just started: one child and one person to tell of, nothing said."""
    return {"children": [{}], "people": [{}]}


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def words(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def yes_or_no(value: Any) -> bool | None:
    """Yes, no, or not known."""
    return {"yes": True, "no": False}.get(value) if isinstance(value, str) else None


def moment(on: Any, clock: Any) -> dt.datetime | None:
    """A day and a time in London as an instant; None unless both were given."""
    date = day(on)
    try:
        at = dt.time.fromisoformat(clock) if isinstance(clock, str) and clock else None
    except ValueError:
        at = None
    return dt.datetime.combine(date, at, LONDON) if date and at else None


@dataclass(frozen=True, slots=True)
class ChildTold:
    """One child as it was told of."""

    number: int
    first_name: str
    last_name: str
    other_names: str
    unborn: bool
    date_of_birth: dt.date | None
    estimated_age: str
    expected_on: dt.date | None
    sex: str
    ethnicity: str
    language: str
    interpreter_needed: bool | None
    disability: tuple[str, ...]
    nhs_number: str
    upn: str
    address: str
    postcode: str
    whereabouts: str
    school: str
    gp: str

    @property
    def name(self) -> str:
        """The child's name as far as it is known; empty where nothing is."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def is_told(self) -> bool:
        """Whether anything at all was said of this child."""
        return (
            self.unborn
            or any(
                getattr(self, name) not in ("", None, (), False)
                for name in self.__slots__
                if name not in ("number", "unborn", "address", "postcode")
            )
            or bool(self.number == 1 and (self.address or self.postcode))
        )

    @property
    def called(self) -> str:
        """What a page calls the child."""
        return self.name or ("Unborn child" if self.unborn else f"Child {self.number}")

    @property
    def age(self) -> str:
        """Whatever tells how old the child is."""
        if self.unborn:
            return f"expected {self.expected_on.isoformat()}" if self.expected_on else "not yet born"
        return self.date_of_birth.isoformat() if self.date_of_birth else self.estimated_age


@dataclass(frozen=True, slots=True)
class PersonTold:
    """Somebody of the family or the household."""

    number: int
    name: str
    relationship: str
    date_of_birth: dt.date | None
    parental_responsibility: bool | None
    lives_with_child: bool | None
    telephone: str
    notes: str

    @property
    def is_told(self) -> bool:
        """Whether anything at all was said of this person."""
        known = (self.parental_responsibility, self.lives_with_child, self.date_of_birth)
        return bool(self.name or self.relationship or self.telephone or self.notes) or any(
            each is not None for each in known
        )

    @property
    def called(self) -> str:
        return self.name or self.relationship or f"Person {self.number}"


class Answers:
    """The answers of one draft or referral. `raw` is the stored mapping, never changed here."""

    def __init__(self, raw: Any) -> None:
        self.raw: Mapping[str, Any] = mapping(raw)

    def group(self, name: str) -> list[Mapping[str, Any]]:
        """The mappings of a repeated group, `children` or `people`."""
        listed = self.raw.get(name)
        return [mapping(each) for each in listed] if isinstance(listed, list) else []

    def page(self, slug: str) -> Mapping[str, Any]:
        return mapping(self.raw.get(slug))

    def said(self, slug: str, name: str) -> str:
        """One text of one page."""
        return text(self.page(slug).get(name))

    @property
    def children(self) -> list[ChildTold]:
        told = []
        pages = self.group("children")
        first_home = mapping(pages[0].get("home")) if pages else {}
        for number, child in enumerate(pages, start=1):
            who, details, home = (mapping(child.get(slug)) for slug in ("who", "details", "home"))
            same = number > 1 and yes_or_no(home.get("same_home")) is True
            place = first_home if same else home
            unborn = who.get("born") == "unborn"
            told.append(
                ChildTold(
                    number=number,
                    first_name=text(who.get("first_name")),
                    last_name=text(who.get("last_name")),
                    other_names=text(who.get("other_names")),
                    unborn=unborn,
                    date_of_birth=None if unborn else day(who.get("date_of_birth")),
                    estimated_age="" if unborn else text(who.get("estimated_age")),
                    expected_on=day(who.get("expected_on")) if unborn else None,
                    sex=text(details.get("sex")) or ("U" if unborn else ""),
                    ethnicity=text(details.get("ethnicity")),
                    language=text(details.get("language")),
                    interpreter_needed=yes_or_no(details.get("interpreter")),
                    disability=tuple(words(details.get("disability"))),
                    nhs_number=text(details.get("nhs_number")),
                    upn=text(details.get("upn")),
                    address=text(place.get("address")),
                    postcode=text(place.get("postcode")),
                    whereabouts=text(home.get("whereabouts")),
                    school=text(home.get("school")),
                    gp=text(home.get("gp")),
                )
            )
        return told

    @property
    def people(self) -> list[PersonTold]:
        """Everybody of whom something was said, under the number of their page."""
        told = []
        for number, each in enumerate(self.group("people"), start=1):
            person = mapping(each.get("person"))
            told.append(
                PersonTold(
                    number=number,
                    name=text(person.get("name")),
                    relationship=text(person.get("relationship")),
                    date_of_birth=day(person.get("date_of_birth")),
                    parental_responsibility=yes_or_no(person.get("parental_responsibility")),
                    lives_with_child=yes_or_no(person.get("lives_with_child")),
                    telephone=text(person.get("telephone")),
                    notes=text(person.get("notes")),
                )
            )
        return [each for each in told if each.is_told]

    @property
    def indicators(self) -> list[str]:
        """The keys of the indicators chosen, each once, in the order of the document."""
        return list(dict.fromkeys(words(self.page("indicators").get("chosen"))))

    @property
    def evidence(self) -> dict[str, str]:
        """What was seen, by the indicator's key."""
        told = mapping(self.page("evidence").get("evidence"))
        return {key: text(note) for key, note in told.items() if isinstance(key, str) and text(note)}

    @property
    def concerns(self) -> list[str]:
        """The flags that the referrer ticked."""
        return words(self.page("worry").get("concerns"))

    @property
    def judged_level(self) -> int | None:
        said = self.said("judged", "level")
        return int(said) if said.isdecimal() and len(said) < 3 else None

    @property
    def in_danger(self) -> bool:
        """The referrer says that the child is not safe now."""
        return self.page("safe-now").get("safe") == "no"

    @property
    def called_at(self) -> dt.datetime | None:
        """When somebody telephoned the front door."""
        page = self.page("safe-now")
        return moment(page.get("called_on"), page.get("called_time")) if page.get("telephoned") == "yes" else None

    @property
    def concern_at(self) -> dt.datetime | None:
        """When the worry arose."""
        page = self.page("safe-now")
        return moment(page.get("concern_on"), page.get("concern_time"))

    @property
    def consent(self) -> Consent:
        page = self.page("consent")
        return Consent(
            informed=yes_or_no(page.get("informed")),
            given={"yes": True, "no": False, "not_asked": False}.get(text(page.get("given"))),
            reason=text(page.get("reason")) or None,
        )

    @property
    def is_worry_told(self) -> bool:
        """Whether there is anything for a screener to read: the one thing without which nothing can be sent."""
        return bool(self.said("worry", "happened"))

    def facts(self, *, on: dt.date, previous_contacts: tuple[dt.date, ...] = ()) -> Facts:
        """What the engine is told. on: the day of sending in London."""
        return Facts(
            indicators=tuple(self.indicators),
            children=tuple(self.children_as_dated(on)),
            judged_level=self.judged_level,
            immediate_danger=self.in_danger,
            consent=self.consent,
            previous_contacts=previous_contacts,
            child_in_need=yes_or_no(self.page("judged").get("in_need")) is True,
            on=on,
        )

    def children_as_dated(self, on: dt.date) -> list[Child]:
        """The children for the engine; one not yet born, with no date expected, is expected from tomorrow."""
        tomorrow = on + dt.timedelta(days=1)
        return [
            Child(child.date_of_birth, child.expected_on or (tomorrow if child.unborn else None))
            for child in self.children
        ]

    def told(self, *, referrer_name: str, telephone: str) -> Told:
        """What the six questions of a good referral are asked of."""
        children, consent = self.children, self.consent
        first = children[0] if children else None
        involved = self.page("involved")
        people = [person.called for person in self.people]
        return Told(
            parents_know=consent.informed,
            agreed=consent.given,
            why_not=consent.reason or self.said("consent", "explain"),
            child_name=first.name or ("unborn" if first.unborn else "") if first else "",
            age=first.age if first else "",
            address=(first.address or first.postcode) if first else "",
            family=", ".join(people) or self.said("family", "household"),
            other_practitioners=text(involved.get("practitioners")) or text(involved.get("worker_name")),
            concern="\n".join(part for part in (self.said("worry", "happened"), self.said("impact", "impact")) if part),
            child_voice=self.said("impact", "child_words"),
            tried=self.said("tried", "tried"),
            referrer_name=referrer_name,
            telephone=self.said("you", "telephone") or telephone,
            available=self.said("you", "available"),
        )
