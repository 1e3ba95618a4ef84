"""NHS numbers, UPNs and postcodes. A wrong check digit is a question to whoever typed it, never a wall."""

from __future__ import annotations

import re

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""The letters of a UPN, without I, O and S, in the order of their values."""

_UPN = re.compile(rf"[{UPN_LETTERS}][0-9]{{11}}[0-9{UPN_LETTERS}]")


def tidy(text: str) -> str:
    """A number or postcode as it is compared: capitals, without spaces and hyphens."""
    return re.sub(r"[\s-]", "", text).upper()


def nhs_number_is_valid(text: str) -> bool:
    """Ten digits with the right check digit: weights 10 to 2, modulus 11. One digit ten times over is no number."""
    number = tidy(text)
    if not re.fullmatch(r"[0-9]{10}", number) or len(set(number)) == 1:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), number, strict=False))
    return (11 - total % 11) % 11 == int(number[9])


def upn_is_valid(text: str) -> bool:
    """Thirteen characters with the right check letter: weights 2 to 13, modulus 23."""
    upn = tidy(text)
    if not _UPN.fullmatch(upn):
        return False
    values = (int(each) if each.isdecimal() else UPN_LETTERS.index(each) for each in upn[1:])
    return UPN_LETTERS[sum(weight * value for weight, value in enumerate(values, start=2)) % 23] == upn[0]


def upn_is_temporary(text: str) -> bool:
    """Whether a UPN stands in for one not yet known: a child may have had several."""
    return tidy(text)[12:].isalpha()


def postcode_names_a_place(text: str) -> bool:
    """Whether a postcode says where somebody lives: ZZ99 codes stand for no fixed or no known address."""
    return bool(tidy(text)) and not tidy(text).startswith("ZZ99")
