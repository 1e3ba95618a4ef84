"""Keys by which a child is found again through an index, without comparing everybody with everybody.

Two children of whom three of name, date of birth, postcode and sex agree share one of these keys (or nearly always:
see `tests/golden/matching.csv` for what is missed); `matching.match` then looks closely.

    >>> sorted(candidate_keys(Person("Zoe", "Marlow", date(2015, 3, 4), "F", "ME4 4TR")))
    ['born:2015-03-04', 'born:2015-04-03', 'pair:MRL S', 'post:ME44TR']
"""

from __future__ import annotations

import re
from datetime import date

from referrals.domain.identifiers import nhs_number_is_valid, postcode_names_a_place, tidy, upn_is_valid
from referrals.domain.matching import Person
from referrals.domain.names import sound, words
from referrals.domain.nicknames import registered

LONGEST = 64

_HOUSE = re.compile(r"\b(\d{1,5}[a-z]?)\b", re.IGNORECASE)
_TELEPHONE = re.compile(r"\d")


def number_keys(person: Person) -> set[str]:
    """Keys of the numbers that are valid: a number with a wrong check digit finds nobody."""
    keys = set()
    if nhs_number_is_valid(person.nhs_number):
        keys.add(f"nhs:{tidy(person.nhs_number)}")
    if upn_is_valid(person.upn):
        keys.add(f"upn:{tidy(person.upn)}")
    return keys


def pair_keys(first: str, last: str) -> set[str]:
    """How first and last name sound together, in either order; a nickname as each name that it stands for."""
    firsts, lasts = words(first), words(last)
    if not firsts or not lasts:
        return set()
    pairs = {
        (sound(one), sound(other))
        for surname in {lasts[0], lasts[-1]}  # of a double surname some write only one
        for one in registered(firsts[0])
        for other in registered(surname)
    }
    return {"pair:" + " ".join(sorted(pair))[: LONGEST - 5] for pair in pairs}


def name_keys(person: Person) -> set[str]:
    """The pairs of a child's name and of every other surname by which the child is known."""
    keys = pair_keys(person.first_name, person.last_name)
    for other in person.other_names.split(",") if person.other_names else ():
        said = words(other)
        if len(said) > 1:
            keys |= pair_keys(said[0], said[-1])
        elif said:
            keys |= pair_keys(person.first_name, said[0]) | pair_keys(said[0], person.last_name)
    return keys


def place_keys(person: Person) -> set[str]:
    return {f"post:{tidy(person.postcode)}"[:LONGEST]} if postcode_names_a_place(person.postcode) else set()


def stored_keys(person: Person) -> set[str]:
    """The keys that are kept with a child, by which others find it."""
    keys = number_keys(person) | name_keys(person) | place_keys(person)
    if person.date_of_birth:
        keys.add(f"born:{person.date_of_birth.isoformat()}")
    for word in {*words(person.first_name), *words(person.last_name), *words(person.other_names)}:
        keys |= {f"word:{sound(name)}"[:LONGEST] for name in registered(word)}
    return keys


def candidate_keys(person: Person) -> set[str]:
    """The keys under which to look for the same child: a day and a month may have changed places."""
    keys = number_keys(person) | name_keys(person) | place_keys(person)
    born = person.date_of_birth
    if born:
        keys.add(f"born:{born.isoformat()}")
        if born.day <= 12:
            keys.add(f"born:{date(born.year, born.day, born.month).isoformat()}")
    return keys


def home_key(address: str, postcode: str) -> str:
    """One household: the postcode with the house number; empty where either is missing or names no place."""
    number = _HOUSE.search(address.split("\n")[0]) if address else None
    if number is None or not postcode_names_a_place(postcode):
        return ""
    return f"home:{tidy(postcode)}|{number.group(1).upper()}"[:LONGEST]


def telephone_key(telephone: str) -> str:
    """The last nine digits: +44 and 0 are the same number; empty where there are fewer."""
    digits = "".join(_TELEPHONE.findall(telephone))
    return f"tel:{digits[-9:]}" if len(digits) >= 9 else ""


def street_keys(address: str) -> set[str]:
    """The words of an address's first line by their sound, with the house number where there is one."""
    line = address.split("\n")[0]
    number = _HOUSE.search(line)
    said = [sound(word) for word in words(line) if len(word) > 2 and word not in STREETS]
    return {f"road:{number.group(1).upper() if number else ''}|{each}"[:LONGEST] for each in said[:4] if each}


NO_STREET = "road street lane avenue close drive way court place crescent gardens flat house the and"
STREETS = frozenset(NO_STREET.split())


def search_keys(words_said: str) -> list[set[str]]:
    """What somebody typed into the name box, as one set of keys a word: all the words must be found, by any key.

    >>> search_keys("Zoe Marlow")
    [{'word:S'}, {'word:MRL'}]
    """
    return [{f"word:{sound(name)}"[:LONGEST] for name in registered(word)} for word in words(words_said)]
