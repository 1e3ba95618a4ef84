"""The special concerns: what a referrer may tick for a child, and what each then asks, shows and points to.

A concern asks its few questions on a page of its own, shows signs to look for, and names the duty that no form can
discharge, with the partnership's contact points for it. The partnership's own sentence, where its threshold has one,
comes first. All of it is content: `fixtures/special/concerns.yaml`, read when the portal starts.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from referrals.domain.concern import Ask, Concern, read_concerns
from thresholds.domain.mistakes import SchemeErrors
from thresholds.domain.scheme import Duty
from thresholds.domain.terms import Flag
from thresholds.files import Unreadable, with_lines

__all__ = ["BY_FLAG", "BY_PAGE", "CONCERNS", "Ask", "Concern", "flags_of", "said_by"]

HIGH_RISK = "high_risk"
DOMESTIC_ABUSE = "domestic_abuse"
FILE = settings.BASE_DIR / "fixtures" / "special" / "concerns.yaml"

try:
    CONCERNS, OWN = read_concerns(*with_lines(FILE.read_text(encoding="utf-8")))
except (OSError, Unreadable, SchemeErrors) as error:
    raise ImproperlyConfigured(f"{FILE.name}: {error}") from error

BY_PAGE = {concern.page: concern for concern in CONCERNS}
BY_FLAG = {concern.flag: concern for concern in CONCERNS}
DOMESTIC_ABUSE_PAGE = "concern-domestic-abuse"


def said_by(partnership: str, concern: Concern) -> Concern:
    """The concern as this partnership (its slug) says it."""
    return OWN.get((partnership, concern.slug), concern)


def duty_of(partnership: str, flag: Flag) -> Duty:
    """What this form can't do for the referrer where the flag is raised; nothing where it is no special concern."""
    return said_by(partnership, BY_FLAG[flag]).duty if flag in BY_FLAG else Duty("")


def flags_of(ticked: tuple[str, ...], *, high_risk: bool) -> list[str]:
    """The flags that the ticks of one child raise: domestic abuse raises the MARAC's only where its risk is high."""
    flags = [tick for tick in ticked if tick != DOMESTIC_ABUSE]
    return [*flags, Flag.MARAC.value] if DOMESTIC_ABUSE in ticked and high_risk else flags
