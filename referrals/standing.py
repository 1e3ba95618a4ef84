"""What a queue shows of a referral, worked out once and kept on its row, so that a page of a queue reads neither the
answers nor the screening of each. Whatever changes one of those keeps it anew, in the same transaction.
"""

from __future__ import annotations

from typing import Any

from referrals.additions.corrected import as_corrected
from referrals.intake.answers import Answers, mapping
from referrals.models import Referral
from thresholds.domain.scheme import Flag, Scheme
from thresholds.loading import load

LEVEL_KINDS = ("highest", "cluster", "age")
LONGEST = 60
KEPT = ("why", "consent_said", "told_before", "flag_words")


def keep_standing(referral: Referral) -> Referral:
    """Work the line out from the referral's answers and screening, and store it. Fewer earlier contacts are told where
    some were restricted since (`referrals.seen.restricted`)."""
    told_before = referral.told_before if referral.why else None
    work_out(referral)
    if told_before is not None and told_before < referral.told_before:
        tell_fewer(referral, told_before)
    referral.save(update_fields=list(KEPT))
    return referral


def tell_fewer(referral: Referral, told_before: int) -> None:
    """As many earlier contacts as may be known of; without the flag where there is none."""
    referral.told_before = told_before
    if not told_before:
        referral.flag_words = referral.flag_words.replace(f"|{Flag.SEEN_BEFORE.value}|", "|")


def work_out(referral: Referral) -> None:
    """The line's words on the referral, unsaved: for rows that are written many at once."""
    referral.why = why(referral.screening, load(referral.scheme_version))
    referral.consent_said = consent_words(referral)
    referral.told_before = min(earlier(referral), 32_000)
    referral.flag_words = "".join(f"|{flag}" for flag in referral.flags if isinstance(flag, str))[:399] + "|"


def why(screening: Any, scheme: Scheme) -> str:
    """Why the level is indicated, in a few words: the first indicator that decided it, and how many more did."""
    for reason in reversed(listed(screening, "reasons")):
        keys = reason.get("indicators") or []
        if reason.get("kind") in LEVEL_KINDS and keys:
            indicator = scheme.indicator(keys[0])
            label = indicator.label if indicator else str(keys[0])
            short = label if len(label) <= LONGEST else label[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
            return short + (f", and {len(keys) - 1} more" if len(keys) > 1 else "")
    return "No indicator chosen"


def listed(screening: Any, name: str) -> list[dict[str, Any]]:
    """A list of the stored screening, whatever is stored."""
    found = mapping(screening).get(name)
    return [dict(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def earlier(referral: Referral) -> int:
    """How many earlier contacts told of one of its children when it was sent."""
    screening = mapping(referral.screening)
    told = screening.get("previous_contacts", mapping(screening.get("facts")).get("previous_contacts"))
    if isinstance(told, int):
        return max(told, 0)
    if isinstance(told, list):
        return len(told)
    return int(Flag.SEEN_BEFORE.value in referral.flags)


def consent_words(referral: Referral) -> str:
    """What was said of consent, in a few words; what the referrer corrected since counts."""
    sent = Answers(referral.answers).consent
    consent = as_corrected(referral).consent if referral.beside else sent
    if Flag.CONSENT_TO_SETTLE.value in referral.flags and consent == sent:
        return "To be settled"
    if consent.given is True:
        return "Given"
    if consent.given is False:
        return "Not given, with a reason" if consent.reason else "Not given"
    return "Not known"


CONSENT_SAID = ("Given", "Not given", "Not given, with a reason", "Not known", "To be settled")
