"""What a screening is told: the facts of one contact.

`read_facts` takes any mapping and never fails: what it can't read it reads the safe way (danger and need in doubt
are said to be there, consent in doubt is unknown, the rest is left out). `read_facts_strictly` says what is wrong
instead; the command line uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from thresholds.domain.terms import CONCERN_FLAGS, Flag

MAX_LISTED = 1000
"""How many entries of one list are read; a contact with more is noise."""

MOST_CONTACTS = 10**6

_NO = frozenset({"", "no", "n", "false", "f", "off", "0", "none", "null"})
_YES = frozenset({"yes", "y", "true", "t", "on", "1"})
_NAMED = {flag.value: flag for flag in CONCERN_FLAGS}


@dataclass(frozen=True, slots=True)
class Child:
    """A child of the referral: born, expected, or of unknown age where neither is given."""

    date_of_birth: date | None = None
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """What parents know and agree to. None is unknown, which counts as not given. `reason`: a consent reason's slug."""

    informed: bool | None = None
    given: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one contact, every one optional.

    `previous_contacts` are the dates of earlier contacts for the same child, or how many there were in the window.
    `concerns` are the special concerns that the referrer named, by their flags.
    `on` is the day of the contact in London; without it ages are not known.
    """

    indicators: tuple[str, ...] = ()
    children: tuple[Child, ...] = ()
    judged_level: int | None = None
    immediate_danger: bool = False
    consent: Consent = Consent()
    previous_contacts: tuple[date, ...] | int = ()
    child_in_need: bool = False
    concerns: tuple[Flag, ...] = ()
    on: date | None = None


class FactsErrors(ValueError):  # noqa: N818 - it is a list of them
    """Everything wrong with a set of facts, one clear line each."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def read_facts(data: Any) -> Facts:
    """Facts from any value, a mapping in the shape of docs/threshold-files.md. Never raises."""
    return _read(data, [])


def read_facts_strictly(data: Any) -> Facts:
    """The same, but raises `FactsErrors` naming every unknown key and every value that can't be read."""
    mistakes: list[str] = []
    facts = _read(data, mistakes)
    if mistakes:
        raise FactsErrors(tuple(mistakes))
    return facts


def write_facts(facts: Facts) -> dict[str, Any]:
    """Facts as plain JSON values, to be kept with a referral: `read_facts(write_facts(facts)) == facts`."""
    contacts = facts.previous_contacts
    return {
        "indicators": list(facts.indicators),
        "children": [
            {"date_of_birth": _iso(child.date_of_birth), "expected_on": _iso(child.expected_on)}
            for child in facts.children
        ],
        "judged_level": facts.judged_level,
        "immediate_danger": facts.immediate_danger,
        "consent": {
            "informed": facts.consent.informed,
            "given": facts.consent.given,
            "reason": facts.consent.reason,
        },
        "previous_contacts": contacts if isinstance(contacts, int) else [day.isoformat() for day in contacts],
        "child_in_need": facts.child_in_need,
        "concerns": [flag.value for flag in facts.concerns],
        "on": _iso(facts.on),
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _read(data: Any, mistakes: list[str]) -> Facts:
    said = _mapping(data, "facts", tuple(Facts.__slots__), mistakes)
    consent = _mapping(said.get("consent"), "consent", tuple(Consent.__slots__), mistakes)
    return Facts(
        indicators=tuple(_indicators(said.get("indicators"), mistakes)),
        children=tuple(_children(said.get("children"), mistakes)),
        judged_level=_whole(said.get("judged_level"), "judged_level", mistakes),
        immediate_danger=_yes(said.get("immediate_danger"), "immediate_danger", mistakes),
        consent=Consent(
            informed=_answer(consent.get("informed"), "consent.informed", mistakes),
            given=_answer(consent.get("given"), "consent.given", mistakes),
            reason=_word(consent.get("reason"), "consent.reason", mistakes),
        ),
        previous_contacts=_contacts(said.get("previous_contacts"), mistakes),
        child_in_need=_yes(said.get("child_in_need"), "child_in_need", mistakes),
        concerns=tuple(_concerns(said.get("concerns"), mistakes)),
        on=_day(said.get("on"), "on", mistakes),
    )


def _mapping(value: Any, path: str, known: tuple[str, ...], mistakes: list[str]) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        mistakes.append(f"{path}: expected a mapping, found {_shown(value)}")
        return {}
    for key in value:
        if key not in known:
            mistakes.append(f"{path}: unknown key {_shown(key)}, expected any of {', '.join(known)}")
    return value


def _list(value: Any, path: str, mistakes: list[str]) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        mistakes.append(f"{path}: expected a list, found {_shown(value)}")
        return []
    if len(value) > MAX_LISTED:
        mistakes.append(f"{path}: expected at most {MAX_LISTED} entries, found {len(value)}")
    return list(value[:MAX_LISTED])


def _indicators(value: Any, mistakes: list[str]) -> list[str]:
    keys = []
    listed = [value] if isinstance(value, str) else _list(value, "indicators", mistakes)
    for place, key in enumerate(listed):
        if isinstance(key, str):
            keys.append(key)
        else:
            mistakes.append(f"indicators[{place}]: expected an indicator's key, found {_shown(key)}")
    return keys


def _concerns(value: Any, mistakes: list[str]) -> list[Flag]:
    """Each special concern once, in the order given."""
    found: dict[Flag, None] = {}
    listed = [value] if isinstance(value, str) else _list(value, "concerns", mistakes)
    for place, word in enumerate(listed):
        flag = _NAMED.get(word) if isinstance(word, str) else None
        if flag is not None:
            found[flag] = None
        else:
            expected = ", ".join(sorted(_NAMED))
            mistakes.append(f"concerns[{place}]: expected any of {expected}, found {_shown(word)}")
    return list(found)


def _children(value: Any, mistakes: list[str]) -> list[Child]:
    children = []
    for place, entry in enumerate(_list(value, "children", mistakes)):
        path = f"children[{place}]"
        child = _mapping(entry, path, tuple(Child.__slots__), mistakes)
        born = _day(child.get("date_of_birth"), f"{path}.date_of_birth", mistakes)
        expected = _day(child.get("expected_on"), f"{path}.expected_on", mistakes)
        children.append(Child(born, expected))
    return children


def _contacts(value: Any, mistakes: list[str]) -> tuple[date, ...] | int:
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value <= MOST_CONTACTS:
            return value
        mistakes.append(f"previous_contacts: expected a number from 0 to {MOST_CONTACTS}, found {_shown(value)}")
        return 0 if value < 0 else MOST_CONTACTS
    days = (
        _day(day, f"previous_contacts[{place}]", mistakes)
        for place, day in enumerate(_list(value, "previous_contacts", mistakes))
    )
    return tuple(day for day in days if day is not None)


def _answer(value: Any, path: str, mistakes: list[str]) -> bool | None:
    """Yes, no or unknown."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | float) or value in (0, 1) else "?"
    if word in _YES:
        return True
    if word in _NO:
        return None if word in ("", "none", "null") else False
    mistakes.append(f"{path}: expected true, false or null, found {_shown(value)}")
    return None


def _yes(value: Any, path: str, mistakes: list[str]) -> bool:
    """Yes unless it is clearly no."""
    unread: list[str] = []
    answer = _answer(value, path, unread)
    mistakes.extend(unread)
    return bool(answer) or bool(unread)


def _whole(value: Any, path: str, mistakes: list[str]) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    mistakes.append(f"{path}: expected a whole number or null, found {_shown(value)}")
    return None


def _word(value: Any, path: str, mistakes: list[str]) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    mistakes.append(f"{path}: expected text or null, found {_shown(value)}")
    return None


def _day(value: Any, path: str, mistakes: list[str]) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    mistakes.append(f"{path}: expected a date such as 2026-11-24, found {_shown(value)}")
    return None


def _shown(value: Any) -> str:
    """A value inside a message: short, and never its whole content."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:40]}…")
    if value is None or isinstance(value, bool | float | date):
        return str(value)
    if isinstance(value, int):
        return str(value) if -(10**18) < value < 10**18 else "a very large number"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else "something else"
