"""Passwords that everybody knows, however they are dressed up: length counts, known words don't."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

DRESSED = str.maketrans("@4301!57$", "aaeoiists")
KNOWN = "Choose another password: this one, or most of it, is on the lists that are tried first."
LEAST_OF_ONES_OWN = 6
IN_A_ROW = ("1234567890" * 3, "abcdefghijklmnopqrstuvwxyz" * 2, "qwertyuiopasdfghjklzxcvbnm")


class KnownPasswordValidator(CommonPasswordValidator):
    """Takes off what people put round a known password (digits, signs, letters as figures, itself once more).

    The list is the 20,000 most common of leaked passwords, which comes with Django: nothing is asked over the network.
    """

    def validate(self, password: str, user: Any = None) -> None:
        bare = password.casefold().strip()
        plain = bare.translate(DRESSED)
        if any(bare in row or bare[::-1] in row for row in IN_A_ROW):
            raise ValidationError(KNOWN, code="password_too_common")
        for each in {bare, plain}:
            core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", each)
            words = [word for word in re.split(r"[\W\d_]+", each) if word]
            once = re.sub(r"^(.+?)\1+$", r"\1", each)
            if {each, core, once, "".join(words)} & self.passwords or len(set(each)) < LEAST_OF_ONES_OWN:
                raise ValidationError(KNOWN, code="password_too_common")
            if once != each and len(once) < LEAST_OF_ONES_OWN:
                raise ValidationError(KNOWN, code="password_too_common")

    def get_help_text(self) -> str:
        return KNOWN
