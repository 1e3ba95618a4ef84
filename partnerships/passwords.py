"""Passwords that everybody knows, however they are dressed up: length counts, known words don't."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

DRESSED = str.maketrans("@4301!57$", "aaeoiists")
KNOWN = "Choose another password: this one, or most of it, is on the lists that are tried first."
OWN = (
    "Choose another password: this one is made of words that stand on these pages. Three random words make a good one."
)
OURS = ("front door", "safeguarding children partnership", "designated safeguarding lead", "child protection referral")
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
            if own_words(core, user):
                raise ValidationError(OWN, code="password_too_similar")
            if once != each and len(once) < LEAST_OF_ONES_OWN:
                raise ValidationError(KNOWN, code="password_too_common")

    def get_help_text(self) -> str:
        return KNOWN


def own_words(core: str, user: Any) -> bool:
    """Whether this is a part of what stands on the portal's pages, of one's own name or of those of where one works."""
    said = letters(core)
    return len(said) >= LEAST_OF_ONES_OWN and any(said in letters(each) for each in (*OURS, *names(user)))


def letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text.casefold())


def names(user: Any) -> set[str]:
    """What somebody is called, and the agencies, teams and partnerships in which they hold a role, or are asked to."""
    if user is None or user.pk is None:
        return set()
    of = ("agency__name", "team__name", "partnership__name", "partnership__short_name", "partnership__front_door_name")
    rows = [*user.memberships.values_list(*of), *user.invitations.values_list(*of)]
    return {user.name, user.job_title} | {name for row in rows for name in row if name}
