"""What a draft's answers say, read in one way by the form, the screening, the summary and the sending.

The shape: `children` and `people` are lists with one mapping a child or person; every other page's answers stand under
the page's slug. A child's pages stand under their slugs inside its mapping: who it is, what it is like for it, the
indicators that fit it. Dates are ISO text, unknown is empty.

Reading is total: an answer that is missing, or of another kind than the form stores, is read as not given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from referrals.domain.quality import Told
from referrals.intake.concerns import DOMESTIC_ABUSE_PAGE, HIGH_RISK, flags_of
from referrals.intake.told import (
    AS_FIRST,
    CHOSEN_PAGES,
    LONDON,
    SAME,
    START,
    ChildTold,
    ChildWorry,
    PersonTold,
    child_worry,
    chosen_page,
    concerns_of,
    day,
    instant,
    mapping,
    moment,
    text,
    words,
    yes_or_no,
)
from thresholds.domain.screening import Child, Consent, Facts, read_facts

__all__ = [
    "AS_FIRST",
    "GROUPS",
    "LONDON",
    "MOST",
    "SAME",
    "START",
    "Answers",
    "ChildTold",
    "ChildWorry",
    "PersonTold",
    "Place",
    "blank",
    "day",
    "mapping",
    "moment",
    "seal",
    "taken_out",
    "text",
    "without",
    "words",
    "yes_or_no",
]

GROUPS = {"child": "children", "person": "people"}
"""The word in the address of a repeated page, and the list that it belongs to."""

CAUTIONS = (
    ("not_told", "not_told_who", "Must not be told"),
    ("unsafe", "unsafe_what", "Not safe to use, or to be kept secret"),
    ("visit", "visit_what", "Risk to somebody who visits"),
)
"""The questions of the family's page that warn those who are in touch with it, and their headings."""

CALLED_999 = "called-999"
"""Where it stands that the referrer has called 999: no page of its own, but a button beside the warning."""

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


TAKEN_OUT = "taken_out"
"""How many children and people were taken out of a draft, by the name of their list: no page of its own.

A child is its number, and behind one that was taken out the numbers move up: a page that was shown before speaks of
another child now.
"""

AUTOSAVED = "autosaved"
"""Marks a page's answers that were stored while somebody typed: nobody has pressed *Save and continue* on it yet.

Its value names the window in which they typed, and counts what that window sent: `k3x9.7`.
"""


AS_TYPED = "as_typed"
"""Under it a page keeps what was typed and can't be read as its box wants it, by the box's name: never an answer."""


def bare(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A page's answers without that mark."""
    return {name: value for name, value in stored.items() if name != AUTOSAVED}


def follows(mark: str, stored: Mapping[str, Any] | None) -> bool:
    """Whether what carries this mark comes from the window that stored last, and after it: its answer was lost.

    >>> follows("k3x9.8", {"autosaved": "k3x9.7"}), follows("k3x9.6", {"autosaved": "k3x9.7"}), follows("", {})
    (True, False, False)
    """
    window, _, number = mark.rpartition(".")
    before, _, last = str((stored or {}).get(AUTOSAVED, "")).rpartition(".")
    counted = all(each.isdecimal() and len(each) < 10 for each in (number, last))
    return bool(window) and window == before and counted and int(number) > int(last)


def seal(stored: Mapping[str, Any] | None) -> str:
    """A short mark of what was stored when a page was shown: another mark at saving means that it has changed since."""
    told = json.dumps(stored, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def blank() -> dict[str, Any]:
    """The answers of a draft just started: one child and one person to tell of, nothing said."""
    return {"children": [{}], "people": [{}]}


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

    @cached_property
    def child_pages(self) -> list[Mapping[str, Any]]:
        """The pages of each child; there is always one child to tell of."""
        return self.group("children") or [{}]

    def chosen(self, slug: str, number: int) -> Mapping[str, Any]:
        """A page of the threshold as it holds for a child: its own, or the first child's where that was said."""
        pages = self.child_pages
        return chosen_page(slug, pages[number - 1], pages[0]) if number > 1 else mapping(pages[0].get(slug))

    @cached_property
    def children(self) -> list[ChildTold]:
        """Every child of the draft, told of or not yet, under the number of its pages."""
        pages = self.child_pages
        first_home = mapping(pages[0].get("home"))
        return [ChildTold.read(number, child, first_home) for number, child in enumerate(pages, start=1)]

    @cached_property
    def worries(self) -> list[ChildWorry]:
        """What worries the referrer for each child, in the order of the children."""
        pages = self.child_pages
        return [child_worry(number, child, pages[0]) for number, child in enumerate(pages, start=1)]

    @property
    def told_of(self) -> list[tuple[ChildTold, ChildWorry]]:
        """The children of whom something was said; the first one always."""
        both = zip(self.children, self.worries, strict=True)
        return [
            (child, worry)
            for child, worry in both
            if child.number == 1 or child.is_told or worry.is_told or worry.indicators
        ]

    def worry_of(self, number: int) -> ChildWorry:
        """What worries the referrer for one child."""
        return self.worries[number - 1]

    @property
    def people(self) -> list[PersonTold]:
        """Everybody of whom something was said, under the number of their page."""
        told = [PersonTold.read(number, each) for number, each in enumerate(self.group("people"), start=1)]
        return [each for each in told if each.is_told]

    @property
    def cautions(self) -> list[tuple[str, str]]:
        """What whoever telephones, writes or visits must know first: a heading and what was said, most urgent first.

        It is shown on the pages of those who work on the referral alone: never in a letter, an email or a notice.
        """
        family = self.page("family")
        told = [
            (heading, text(family.get(what)) or "Not said further")
            for name, what, heading in CAUTIONS
            if family.get(name) == "yes"
        ]
        for person in self.people:
            if person.safe_to_call is False:
                told.append((f"Not safe to telephone: {person.called}", person.unsafe_because or "Not said why"))
        alleged = [person.called for person in self.people if person.alleged]
        if alleged:
            told.append(("Said to be a source of harm", ", ".join(alleged)))
        return told

    @property
    def in_danger(self) -> bool:
        """The referrer says that a child is not safe now."""
        return any(worry.in_danger for worry in self.worries)

    def next_seen_at(self, received: dt.datetime) -> dt.datetime | None:
        """When the first of the children is next seen or collected, as far as that hurries whoever decides."""
        return min(filter(None, (worry.seen_next(received) for worry in self.worries)), default=None)

    @property
    def called_999_at(self) -> dt.datetime | None:
        """When the referrer told us that they had called 999; None where they did not say so."""
        return instant(self.page(CALLED_999).get("told_at"))

    @property
    def safety_in_doubt(self) -> bool:
        """A child is said not to be safe now, or the referrer is not sure."""
        return any(worry.safe in ("no", "unsure") for worry in self.worries)

    @property
    def called_at(self) -> dt.datetime | None:
        """When somebody telephoned the front door."""
        page = self.page("telephone")
        return moment(page.get("called_on"), page.get("called_time")) if page.get("telephoned") == "yes" else None

    @property
    def concern_at(self) -> dt.datetime | None:
        """When the worry arose."""
        page = self.page("telephone")
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

    def facts_of(self, number: int, *, on: dt.date, previous_contacts: tuple[dt.date, ...] = ()) -> Facts:
        """What the engine is told of one child: its own indicators, age, judged level, concerns and earlier contacts.

        on: the day of sending in London.
        """
        worry = self.worry_of(number)
        high_risk = self.page(DOMESTIC_ABUSE_PAGE).get(HIGH_RISK) == "yes"
        concerns = flags_of(worry.concerns, high_risk=high_risk)
        return Facts(
            indicators=worry.indicators,
            children=(self.child_as_dated(number, on),),
            judged_level=worry.judged_level,
            immediate_danger=worry.in_danger,
            consent=self.consent,
            previous_contacts=previous_contacts,
            child_in_need=worry.in_need,
            concerns=read_facts({"concerns": concerns}).concerns,
            on=on,
        )

    def child_as_dated(self, number: int, on: dt.date) -> Child:
        """The child for the engine; one not yet born, with no date expected, is expected from tomorrow."""
        child = self.children[number - 1]
        tomorrow = on + dt.timedelta(days=1)
        return Child(child.date_of_birth, child.expected_on or (tomorrow if child.unborn else None))

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
            other_practitioners=next(
                filter(None, (text(involved.get(name)) for name in ("practitioners", "worker_name", "lead_name"))), ""
            ),
            concern="\n".join(filter(None, [self.said("worry", "happened"), *(each.impact for each in self.worries)])),
            child_voice="\n".join(filter(None, (each.child_words for each in self.worries))),
            tried=self.said("tried", "tried"),
            referrer_name=referrer_name,
            telephone=self.said("you", "telephone") or telephone,
            available=self.said("you", "available"),
        )


def without(raw: Mapping[str, Any], group: str, number: int) -> dict[str, Any]:
    """The answers without one child or person; there is always one to tell of. LookupError where there is none such.

    What another child has "the same as the first" is written out before the first goes, so that it stays what it was.
    """
    listed = [dict(mapping(each)) for each in Answers(raw).group(GROUPS[group])]
    if not 1 <= number <= len(listed):
        raise LookupError(f"no {group} {number}")
    if group == "child" and number == 1:
        first, rest = listed[0], listed[1:]
        listed = [first, *(written_out(child, first) for child in rest)]
    del listed[number - 1]
    return {**raw, GROUPS[group]: listed or [{}]}


def taken_out(raw: Mapping[str, Any], group: str) -> int:
    """How many of the group its writer took out so far; none of a page that is nobody's own."""
    number = mapping(raw.get(TAKEN_OUT)).get(GROUPS[group]) if group else 0
    return number if isinstance(number, int) else 0


def written_out(child: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, Any]:
    """A child's pages with everything that was the same as the first child's in them."""
    told = dict(child)
    home, impact = mapping(child.get("home")), mapping(child.get("impact"))
    if yes_or_no(home.get("same_home")) is True:
        there = mapping(first.get("home"))
        told["home"] = {**home, "same_home": "no", **{name: there.get(name, "") for name in ("address", "postcode")}}
    if SAME in words(impact.get("concerns")):
        told["impact"] = {**impact, "concerns": concerns_of(child, first)}
    if mapping(child.get(AS_FIRST)).get("fits") in (SAME, START):
        told.update({slug: dict(page) for slug in CHOSEN_PAGES if (page := chosen_page(slug, child, first))})
        told[AS_FIRST] = {"fits": "own"}
    return told
