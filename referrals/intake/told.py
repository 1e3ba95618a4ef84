"""One child and one person as a draft's answers tell of them, and how stored JSON is read.

Reading is total: an answer that is missing, or of another kind than the form stores, is read as not given.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
A_TIME = re.compile(r"\d\d:\d\d(?::\d\d)?")


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


def time_of_day(value: Any) -> dt.time | None:
    """A time in London as the form stores it; none of what was said in words, whatever figures stand in it."""
    try:
        return dt.time.fromisoformat(value) if isinstance(value, str) and A_TIME.fullmatch(value) else None
    except ValueError:
        return None


def time_in_words(value: Any) -> str:
    """A time that was told in words, as it was typed; empty where it can be read, or was not told."""
    return "" if time_of_day(value) else text(value)


def moment(on: Any, clock: Any) -> dt.datetime | None:
    """A day and a time in London as an instant; None unless both were given."""
    date, at = day(on), time_of_day(clock)
    return dt.datetime.combine(date, at, LONDON) if date and at else None


def instant(value: Any) -> dt.datetime | None:
    """An instant as it is stored; none without a zone, which would be no instant."""
    try:
        at = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at and at.tzinfo else None


@dataclass(frozen=True, slots=True)
class ChildTold:
    """One child as it was told of."""

    number: int
    first_name: str
    last_name: str
    other_names: str
    former_names: str
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

    @classmethod
    def read(cls, number: int, pages: Mapping[str, Any], first_home: Mapping[str, Any]) -> ChildTold:
        """The child of these pages. first_home: the first child's, for one who lives in the same."""
        who, details, home = (mapping(pages.get(slug)) for slug in ("who", "details", "home"))
        place = first_home if number > 1 and yes_or_no(home.get("same_home")) is True else home
        unborn = who.get("born") == "unborn"
        return cls(
            number=number,
            first_name=text(who.get("first_name")),
            last_name=text(who.get("last_name")),
            other_names=text(who.get("other_names")),
            former_names=text(who.get("former_names")),
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

    @property
    def name(self) -> str:
        """The child's name as far as it is known; empty where nothing is."""
        if self.unborn and not self.first_name:
            return f"Unborn baby {self.last_name}" if self.last_name else ""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def is_told(self) -> bool:
        """Whether anything at all was said of who this child is."""
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
    def is_traceable(self) -> bool:
        """Whether anything was told by which somebody could find this child: a name, a number, or a place."""
        names = (self.first_name, self.last_name, self.other_names, self.former_names)
        places = (self.address, self.postcode, self.whereabouts, self.school)
        return any((*names, *places, self.nhs_number, self.upn))

    @property
    def called(self) -> str:
        """What a page calls the child."""
        return self.name or ("Unborn baby" if self.unborn else f"Child {self.number}")

    @property
    def short(self) -> str:
        """What a sentence calls the child: by its first name where there is one."""
        if self.first_name:
            return self.first_name
        if self.unborn:
            return "the unborn baby"
        return self.last_name or ("the child" if self.number == 1 else f"child {self.number}")

    @property
    def age(self) -> str:
        """Whatever tells how old the child is."""
        if self.unborn:
            return f"expected {self.expected_on.isoformat()}" if self.expected_on else "not yet born"
        return self.date_of_birth.isoformat() if self.date_of_birth else self.estimated_age


SEEN_SOON = dt.timedelta(days=3)
"""How far ahead the moment at which a child is next seen may lie and still hurry whoever decides: over a weekend."""


@dataclass(frozen=True, slots=True)
class ChildWorry:
    """What worries the referrer for one child, and what they chose of the threshold for it.

    as_first: the threshold fits this child as it fits the first, so that one choice stands for both. grades: how strong
    a worry is within its step, by the domain of the document's plot sheet.
    """

    number: int
    safe: str
    next_seen: str
    next_seen_on: dt.date | None
    next_seen_time: dt.time | None
    next_seen_words: str
    impact: str
    child_words: str
    concerns: tuple[str, ...]
    as_first: bool
    indicators: tuple[str, ...]
    evidence: Mapping[str, str]
    grades: Mapping[str, str]
    judged_level: int | None
    judged_why: str
    in_need: bool

    @property
    def in_danger(self) -> bool:
        """The referrer says that the child is not safe now."""
        return self.safe == "no"

    @property
    def is_chosen(self) -> bool:
        """Whether anything of the threshold was chosen for this child: an indicator, or the referrer's own level."""
        return bool(self.indicators) or self.judged_level is not None

    @property
    def is_told(self) -> bool:
        seen = self.next_seen or self.next_seen_on or self.next_seen_time or self.next_seen_words
        return bool(self.safe or seen or self.impact or self.child_words or self.concerns)

    def seen_next(self, received: dt.datetime) -> dt.datetime | None:
        """The instant at which the child is next seen or collected, where that hurries whoever decides.

        A day without a time, or with one told in words, counts from its beginning, the day of receipt from `received`.
        None where no day was given, or where it had passed or lay further ahead than `SEEN_SOON`.
        """
        if self.next_seen_on is None:
            return None
        time = self.next_seen_time or dt.time(0)
        then = dt.datetime.combine(self.next_seen_on, time, LONDON)
        if self.next_seen_time is None and self.next_seen_on == received.astimezone(LONDON).date():
            then = received
        return then if received <= then <= received + SEEN_SOON else None


SAME = "same"
"""The answer that stands for the first child's: of a special concern, or of the threshold."""

START = "start"
"""The answer that begins with the first child's choice, to be changed."""

AS_FIRST = "as-first"
"""The page that asks whether the threshold fits this child as it fits the first."""

CHOSEN_PAGES = ("indicators", "evidence", "judged")
"""The pages of the threshold that every child has, unless it is as for the first."""


def chosen_page(slug: str, pages: Mapping[str, Any], first: Mapping[str, Any]) -> Mapping[str, Any]:
    """A page of the threshold as it holds for a child: its own, or the first's where the referrer said so.

    One that begins with the first's is the first's until it is saved.
    """
    said = mapping(pages.get(AS_FIRST)).get("fits")
    own = pages.get(slug)
    if said == SAME or (said == START and not isinstance(own, Mapping)):
        return mapping(first.get(slug))
    return mapping(own)


def concerns_of(pages: Mapping[str, Any], first: Mapping[str, Any]) -> list[str]:
    """The special concerns ticked for a child, those of the first where the referrer said that they are the same."""
    own = words(mapping(pages.get("impact")).get("concerns"))
    return words(mapping(first.get("impact")).get("concerns")) if SAME in own else own


def child_worry(number: int, pages: Mapping[str, Any], first: Mapping[str, Any]) -> ChildWorry:
    """What was told of one child. first: the first child's pages; for the first itself, its own."""
    is_first = number == 1
    impact = mapping(pages.get("impact"))
    indicators, evidence, judged = (
        mapping(pages.get(slug)) if is_first else chosen_page(slug, pages, first) for slug in CHOSEN_PAGES
    )
    rank = text(judged.get("level"))
    notes = mapping(evidence.get("evidence"))
    return ChildWorry(
        number=number,
        safe=text(impact.get("safe")),
        next_seen=text(impact.get("next_seen")),
        next_seen_on=day(impact.get("next_seen_on")),
        next_seen_time=time_of_day(impact.get("next_seen_time")),
        next_seen_words=time_in_words(impact.get("next_seen_time")),
        impact=text(impact.get("impact")),
        child_words=text(impact.get("child_words")),
        concerns=tuple(concerns_of(pages, {} if is_first else first)),
        as_first=not is_first and mapping(pages.get(AS_FIRST)).get("fits") == SAME,
        indicators=tuple(dict.fromkeys(words(indicators.get("chosen")))),
        evidence={key: text(note) for key, note in notes.items() if isinstance(key, str) and text(note)},
        grades={name: text(grade) for name, grade in mapping(evidence.get("grades")).items() if isinstance(name, str)},
        judged_level=int(rank) if rank.isdecimal() and len(rank) < 3 else None,
        judged_why=text(judged.get("why")),
        in_need=yes_or_no(judged.get("in_need")) is True,
    )


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
    safe_to_call: bool | None
    unsafe_because: str
    alleged: bool | None
    notes: str

    @classmethod
    def read(cls, number: int, pages: Mapping[str, Any]) -> PersonTold:
        person = mapping(pages.get("person"))
        return cls(
            number=number,
            name=text(person.get("name")),
            relationship=text(person.get("relationship")),
            date_of_birth=day(person.get("date_of_birth")),
            parental_responsibility=yes_or_no(person.get("parental_responsibility")),
            lives_with_child=yes_or_no(person.get("lives_with_child")),
            telephone=text(person.get("telephone")),
            safe_to_call=yes_or_no(person.get("safe_to_call")),
            unsafe_because=text(person.get("unsafe_because")) if person.get("safe_to_call") == "no" else "",
            alleged=yes_or_no(person.get("alleged")),
            notes=text(person.get("notes")),
        )

    @property
    def is_told(self) -> bool:
        """Whether anything at all was said of this person."""
        known = (
            self.parental_responsibility,
            self.lives_with_child,
            self.date_of_birth,
            self.safe_to_call,
            self.alleged,
        )
        return bool(self.name or self.relationship or self.telephone or self.notes) or any(
            each is not None for each in known
        )

    @property
    def called(self) -> str:
        return self.name or self.relationship or "Somebody not named"
