"""References that can be read out on the telephone: `MED-7K4N-9RTX`.

Nineteen characters that can't be taken for one another, without vowels so that no word appears, and the last one a
check. Nineteen is prime, so one wrong character, or any two exchanged, is always found within the code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ALPHABET = "34679CDFGHJKMNPRTWX"
CODE_LENGTH = 8
RANDOM_BYTES = 8
"""How many random bytes a reference takes, so that each is as likely as any other."""

_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_PREFIX = re.compile(r"[A-Z]{2,6}")
_SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212._/-]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was typed as a reference: `reference` in its proper form where `valid`, else what was typed, tidied."""

    reference: str
    prefix: str
    valid: bool


def make_reference(prefix: str, random_bytes: bytes) -> str:
    """A reference from a prefix of 2 to 6 letters and at least 8 random bytes: 893 million for each prefix.

    Raises ValueError for another prefix or fewer bytes.
    """
    prefix = prefix.upper()
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"a prefix is 2 to 6 letters, not {prefix!r}")
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError(f"a reference takes {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    number = int.from_bytes(random_bytes, "big")
    code = ""
    for _ in range(CODE_LENGTH - 1):
        number, value = divmod(number, len(ALPHABET))
        code += ALPHABET[value]
    return _formed(prefix, code + _check(prefix, code))


def read_reference(text: str) -> Reading:
    """Read a reference as people type it: in any case, with or without spaces and hyphens. Never raises."""
    typed = _SEPARATORS.sub("", text).upper()
    prefix, code = typed[:-CODE_LENGTH], typed[-CODE_LENGTH:]
    valid = (
        _PREFIX.fullmatch(prefix) is not None
        and all(character in _VALUE for character in code)
        and code[-1] == _check(prefix, code[:-1])
    )
    return Reading(_formed(prefix, code) if valid else typed, prefix if valid else "", valid)


def _formed(prefix: str, code: str) -> str:
    return f"{prefix}-{code[:4]}-{code[4:]}"


def _check(prefix: str, code: str) -> str:
    """The weighted sum of the code, weights 2 to 8, and of the prefix, modulo 19, as a character."""
    total = sum(weight * _VALUE[character] for weight, character in enumerate(code, start=2))
    total += sum(weight * ord(character) for weight, character in enumerate(prefix, start=CODE_LENGTH + 1))
    return ALPHABET[total % len(ALPHABET)]
