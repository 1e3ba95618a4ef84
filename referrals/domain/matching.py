"""Is this the same child? A suggestion with its reasons, for a person to settle.

A valid NHS number or UPN that is the same decides; one that differs decides against. Otherwise name, date of birth,
postcode and sex are compared, and three of the four must agree, names by their sound, spelling and nicknames, in either
order, in any script. Only an equal name and date of birth at a place that does not contradict make the same child: two
children may share name and birthday, and twins share everything but a first name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rapidfuzz.distance import OSA, JaroWinkler

from referrals.domain.identifiers import (
    nhs_number_is_valid,
    postcode_names_a_place,
    tidy,
    upn_is_temporary,
    upn_is_valid,
)
from referrals.domain.names import fold, sound, words
from referrals.domain.nicknames import registered

__all__ = ["Match", "Person", "Verdict", "fold", "match", "nhs_number_is_valid", "upn_is_valid"]

ALIKE = 0.9
"""How alike two names are by Jaro and Winkler, from 0 to 1, before one is taken for a misspelling of the other."""


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
    """What is known of a child; empty text or None where nothing is.

    `sex` is M, F or U; `other_names` are names by which the child is or was also known, parted by commas.
    """

    first_name: str = ""
    last_name: str = ""
    date_of_birth: date | None = None
    sex: str = ""
    postcode: str = ""
    nhs_number: str = ""
    upn: str = ""
    other_names: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict, a score from 0 to 100 by which to order several, and a sentence for each thing that counted."""

    verdict: Verdict
    score: int
    reasons: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether the contact is counted with the child's others until a person says otherwise.

        The same child, or one that is close to it: an equal name and birthday, or a name nearly the same with birthday
        and home. To count one contact too many makes a screener look; to count one too few hides a series of worries.
        """
        return self.verdict is Verdict.SAME or (self.verdict is Verdict.POSSIBLE and self.score >= COUNTED_FROM)


COUNTED_FROM = 70
"""The score of an equal name and an equal date of birth alone."""


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
    if details["name"] is Agreement.DIFFERENT and _twins(a, b):
        return Match(_verdict(details, True), score, (*reasons, TWINS))
    return Match(_verdict(details, False), score, reasons)


TWINS = "The surname is the same and the first name is another: perhaps a twin, a brother or a sister."


SAID = {Agreement.EQUAL: "the same", Agreement.CLOSE: "nearly the same", Agreement.DIFFERENT: "different"}


def _verdict(details: dict[str, Agreement], twins: bool) -> Verdict:
    agreeing = sum(each in (Agreement.EQUAL, Agreement.CLOSE) for each in details.values())
    certain = details["name"] is details["date of birth"] is Agreement.EQUAL
    if certain and agreeing == 2 and Agreement.DIFFERENT not in details.values():
        return Verdict.POSSIBLE  # nothing else is known of one of them, and nothing contradicts
    if agreeing < 3 or twins:
        return Verdict.DIFFERENT
    return Verdict.SAME if certain and details["postcode"] is not Agreement.DIFFERENT else Verdict.POSSIBLE


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
    straight = _alike_first(a.first_name, b.first_name) and _alike_last(a.last_name, b.last_name)
    crossed = _alike_first(a.first_name, b.last_name) and _alike_first(b.first_name, a.last_name)
    if straight or crossed or _by_another_name(a, b) or _by_another_name(b, a):
        return Agreement.CLOSE
    return Agreement.DIFFERENT


def _by_another_name(a: Person, b: Person) -> bool:
    """Whether one is known by a name of the other: a former surname, a stepfather's, a first name used at home."""
    for other in a.other_names.split(",")[:8] if a.other_names else ():
        said = words(other)
        if len(said) > 1:
            known = _alike_first(said[0], b.first_name) and _alike_last(said[-1], b.last_name)
        elif said:
            known = (_alike_first(a.first_name, b.first_name) and _alike_last(said[0], b.last_name)) or (
                _alike_last(a.last_name, b.last_name) and _alike_first(said[0], b.first_name)
            )
        else:
            known = False
        if known:
            return True
    return False


def _twins(a: Person, b: Person) -> bool:
    """The same surname and clearly another first name."""
    first, other = fold(a.first_name), fold(b.first_name)
    return bool(first and other) and not _alike_first(first, other) and _alike_last(a.last_name, b.last_name)


def _alike_first(a: str, b: str) -> bool:
    """First names: alike as written, or nicknames of one name; of several given names one is enough."""
    ours, theirs = words(a), words(b)
    return any(_alike(one, other) or registered(one) & registered(other) for one in ours for other in theirs)


def _alike_last(a: str, b: str) -> bool:
    """Surnames: alike as a whole, or one of a double name."""
    if _alike(fold(a), fold(b)):
        return True
    return any(_alike(one, other) for one in words(a) for other in words(b))


def _alike(a: str, b: str) -> bool:
    """The same, one the beginning of the other (Alex, Alexander), the same by sound, or a slip of the keys apart."""
    if not a or not b:
        return False
    shorter = min(len(a), len(b))
    if a == b or (shorter >= 3 and (a.startswith(b) or b.startswith(a))):
        return True
    if shorter < 3:
        return False
    if OSA.distance(a, b, score_cutoff=2) <= (1 if shorter < 8 else 2) and shorter >= 4:
        return True
    return (sound(a) == sound(b) and len(sound(a)) >= 2) or JaroWinkler.similarity(a, b) >= ALIKE


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
