"""A name as it is compared and as it sounds, whatever the script, the accents, the spelling.

>>> fold("Zoë Ann-Smith"), fold("Юлия")
('zoeannsmith', 'yuliya')
>>> sound("Mohammed") == sound("Muhammad"), sound("Catherine") == sound("Kathryn")
(True, True)
"""

from __future__ import annotations

import re
from functools import lru_cache

import jellyfish
from anyascii import anyascii

MOST_LETTERS = 100
SMALL = "al el bin ibn bint de da di del la le van von der den ap o"
PARTICLES = frozenset(SMALL.split())
"""Words that some write with a surname and some without."""

_SOUNDED_W = re.compile(r"w(?=[aeiouy])")
"""A w before a vowel, which other spellings write as v: Kowalski; not the silent one of Marlow."""

_LETTERS = re.compile(r"[^a-z]")
_GAPS = re.compile(r"[\s\-–—/,.]+")
_SPELLINGS = (
    ("ph", "f"),
    ("kh", "k"),
    ("gh", "g"),
    ("dh", "d"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ei", "i"),
    ("ij", "i"),
    ("zs", "z"),
    ("cz", "ch"),
    ("sz", "sh"),
    ("tsch", "ch"),
    ("sch", "sh"),
    ("q", "k"),
)
"""One sound that several ways of writing a name out in Latin letters spell differently."""


def fold(name: str) -> str:
    """A name as it is compared: in Latin letters, no accents, no capitals, letters only; at most 100 of them."""
    return _LETTERS.sub("", _latin(name))[:MOST_LETTERS]


def words(name: str) -> tuple[str, ...]:
    """The words of a name, each folded, particles left out unless nothing else is there."""
    found = [word for word in (_LETTERS.sub("", each) for each in _GAPS.split(_latin(name))) if word]
    said = [word for word in found if word not in PARTICLES]
    return tuple((said or found)[:8])


def _latin(name: str) -> str:
    short = name[:MOST_LETTERS]
    return (short if short.isascii() else anyascii(short)).lower().replace("'", "").replace("’", "")


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """How a name sounds, in a few letters; the same for what is likely to be the same name. Empty for no name."""
    plain = fold(word)
    if not plain:
        return ""
    for written, said in _SPELLINGS:
        plain = plain.replace(written, said)
    plain = _SOUNDED_W.sub("v", plain)
    return (jellyfish.metaphone(plain) or plain.upper())[:12]
