"""Is this the same child? A suggestion with its reasons, for a person to settle.

A valid NHS number or UPN that is the same decides; one that differs decides against. Otherwise name, date of birth,
postcode and sex are compared, and three of the four must agree. Only an equal name and date of birth, with one more,
make the same child: twins share everything but a first name.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum

from referrals.domain.identifiers import (
    nhs_number_is_valid,
    postcode_names_a_place,
    tidy,
    upn_is_temporary,
    upn_is_valid,
)

__all__ = ["Match", "Person", "Verdict", "match", "nhs_number_is_valid", "upn_is_valid"]

ALIKE = 0.8
"""How alike two names are, from 0 to 1, before one is taken for a misspelling of the other."""

MOST_LETTERS = 100


class Verdict(StrEnum):
    """What the comparison suggests."""

    SAME = "same"
    POSSIBLE = "possible"
    DIFFERENT = "different"


class Agreement(StrEnum):
    """How one detail compares. Unknown where either side lacks it."""

    EQUAL = "equal"
    CLOSE = "close"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a child; empty text or None where nothing is. `sex` is M, F or U."""

    first_name: str = ""
    last_name: str = ""
    date_of_birth: date | None = None
    sex: str = ""
    postcode: str = ""
    nhs_number: str = ""
    upn: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict, a score from 0 to 100 by which to order several, and a sentence for each thing that counted."""

    verdict: Verdict
    score: int
    reasons: tuple[str, ...]


POINTS = {"name": (40, 25), "date of birth": (30, 20), "postcode": (20, 0), "sex": (10, 0)}
"""Points for each detail that is equal, and that is close."""


def match(a: Person, b: Person) -> Match:
    """Compare two children. The order of the two makes no difference, and nothing raises."""
    agreed, conflicting = _numbers(a, b)
    details = {
        "name": _names(a, b),
        "date of birth": _birth(a.date_of_birth, b.date_of_birth),
        "postcode": _postcodes(a.postcode, b.postcode),
        "sex": _sexes(a.sex, b.sex),
    }
    reasons = (
        *(f"The {name} is the same." for name in agreed),
        *(f"The {name} is different." for name in conflicting),
        *(f"The {name} is {SAID[agreement]}." for name, agreement in details.items() if agreement in SAID),
    )
    score = sum(_points(name, agreement) for name, agreement in details.items())
    if agreed and conflicting:
        return Match(Verdict.POSSIBLE, 50, (*reasons, "The numbers contradict each other: a person must look."))
    if agreed:
        return Match(Verdict.SAME, 100, reasons)
    if conflicting:
        return Match(Verdict.DIFFERENT, 0, reasons)
    return Match(_verdict(details), score, reasons)


SAID = {Agreement.EQUAL: "the same", Agreement.CLOSE: "nearly the same", Agreement.DIFFERENT: "different"}


def _verdict(details: dict[str, Agreement]) -> Verdict:
    agreeing = sum(each in (Agreement.EQUAL, Agreement.CLOSE) for each in details.values())
    if agreeing < 3:
        return Verdict.DIFFERENT
    certain = details["name"] is details["date of birth"] is Agreement.EQUAL
    return Verdict.SAME if certain else Verdict.POSSIBLE


def _points(name: str, agreement: Agreement) -> int:
    equal, close = POINTS[name]
    return equal if agreement is Agreement.EQUAL else close if agreement is Agreement.CLOSE else 0


def _numbers(a: Person, b: Person) -> tuple[list[str], list[str]]:
    """The names of the numbers that are the same, and of those that differ; one that is not valid counts as neither."""
    agreed: list[str] = []
    conflicting: list[str] = []
    if nhs_number_is_valid(a.nhs_number) and nhs_number_is_valid(b.nhs_number):
        (agreed if tidy(a.nhs_number) == tidy(b.nhs_number) else conflicting).append("NHS number")
    if upn_is_valid(a.upn) and upn_is_valid(b.upn):
        if tidy(a.upn) == tidy(b.upn):
            agreed.append("UPN")
        elif not upn_is_temporary(a.upn) and not upn_is_temporary(b.upn):
            conflicting.append("UPN")
    return agreed, conflicting


def _names(a: Person, b: Person) -> Agreement:
    first, last, other_first, other_last = (
        fold(each) for each in (a.first_name, a.last_name, b.first_name, b.last_name)
    )
    if not (first or last) or not (other_first or other_last):
        return Agreement.UNKNOWN
    if (first, last) == (other_first, other_last):
        return Agreement.EQUAL if first and last else Agreement.CLOSE
    if (first, last) == (other_last, other_first):
        return Agreement.CLOSE
    straight = _alike(first, other_first) and _alike(last, other_last)
    crossed = _alike(first, other_last) and _alike(last, other_first)
    return Agreement.CLOSE if straight or crossed else Agreement.DIFFERENT


def _alike(a: str, b: str) -> bool:
    """The same, one the beginning of the other (Alex, Alexander), or a slip of the keys apart."""
    if not a or not b:
        return False
    if a == b or (min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a))):
        return True
    a, b = sorted((a, b))
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= ALIKE


def fold(name: str) -> str:
    """A name as it is compared: no accents, no capitals, letters only; at most 100 of them."""
    plain = unicodedata.normalize("NFKD", name[:MOST_LETTERS]).casefold()
    return "".join(letter for letter in plain if letter.isalpha())[:MOST_LETTERS]


def _birth(a: date | None, b: date | None) -> Agreement:
    if a is None or b is None:
        return Agreement.UNKNOWN
    if a == b:
        return Agreement.EQUAL
    transposed = (a.year, a.month, a.day) == (b.year, b.day, b.month)
    off = sum(one != other for one, other in zip(a.isoformat(), b.isoformat(), strict=True))
    return Agreement.CLOSE if transposed or off == 1 else Agreement.DIFFERENT


def _postcodes(a: str, b: str) -> Agreement:
    if not postcode_names_a_place(a) or not postcode_names_a_place(b):
        return Agreement.UNKNOWN
    return Agreement.EQUAL if tidy(a) == tidy(b) else Agreement.DIFFERENT


def _sexes(a: str, b: str) -> Agreement:
    a, b = a.strip().upper(), b.strip().upper()
    if a not in ("M", "F") or b not in ("M", "F"):
        return Agreement.UNKNOWN
    return Agreement.EQUAL if a == b else Agreement.DIFFERENT
