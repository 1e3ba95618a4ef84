"""What a notice says of a clock: plain words, the reference, a link; no name, no school, no worry."""

from __future__ import annotations

import uuid
from functools import lru_cache

from django.conf import settings
from django.urls import reverse

from partnerships.templatetags.page_parts import moment
from referrals.models import Clock


def link(clock: Clock) -> str:
    return settings.SITE_URL + path_of(clock.referral.partnership.slug).replace(str(NO_ONE), str(clock.referral_id))


NO_ONE = uuid.UUID(int=0)


@lru_cache(maxsize=256)
def path_of(partnership: str) -> str:
    """The path to any referral of a partnership, worked out once."""
    return reverse("referral", kwargs={"partnership": partnership, "referral_id": NO_ONE})


IN_ANY_HANDS = {
    "question": "The referrer’s answer",
    "check": "A check by an agency",
    "transfer_receipt": "The receipt of what was sent on",
    "escalation_stage": "A stage of a disagreement",
    "plan_review": "The review of an early help plan",
    "support_accepted": "To accept early help, or close it",
    "not_reached": "Reach somebody another way: an email came back",
}
"""What clocks outside the threshold's limits are called in a notice: their own names may name a school."""


def called(clock: Clock) -> str:
    """A limit of the threshold by its name; what several of a referral have by its kind alone."""
    return IN_ANY_HANDS.get(clock.promise) or (clock.name if clock.sort == "limit" else "Something on this referral")


def support_of(clock: Clock) -> str:
    """The key of the early help that a clock times; empty where it times something else."""
    return clock.subject.partition(":")[0] if clock.slug in OF_SUPPORT else ""


OF_SUPPORT = ("plan_review", "support_accepted")


def due_in_support(clock: Clock, stage: str) -> str:
    """As `due`, for who gives the early help: they open that, and may not open the referral."""
    return in_their_support(clock, due(clock, stage))


def in_their_support(clock: Clock, said: str) -> str:
    where = {"partnership": clock.referral.partnership.slug, "support_id": support_of(clock)}
    return said.replace(link(clock), settings.SITE_URL + reverse("support", kwargs=where))


def due(clock: Clock, stage: str) -> str:
    """That something is due soon, or was due."""
    said = "is due at" if stage == Clock.Stage.DUE_SOON else "was due at"
    return (
        f"Referral {clock.referral.reference}: “{called(clock)}” {said} {moment(clock.due_at)}.\n\n"
        f"Sign in to read it: {link(clock)}\n"
    )


def still_overdue(clock: Clock) -> str:
    """What a manager reads: it was due, the team was told, it is not done."""
    return (
        f"Referral {clock.referral.reference}: “{called(clock)}” was due at {moment(clock.due_at)} and is not done. "
        f"Those who have it were told.\n\nSign in to read it: {link(clock)}\n"
    )


def runs_on(clock: Clock, *, in_support: bool) -> str:
    """That a pause is over, and until when there is time now. in_support: for who gives the early help."""
    said = (
        f"Referral {clock.referral.reference}: “{called(clock)}” stood still, and the day on which it runs on has "
        f"come. It is due at {moment(clock.due_at)}. A manager can pause it again, with a reason.\n\n"
        f"Sign in to read it: {link(clock)}\n"
    )
    return in_their_support(clock, said) if in_support else said


def ask_why(clock: Clock) -> str:
    return (
        f"Referral {clock.referral.reference}: “{called(clock)}” was due at {moment(clock.due_at)} and was done later. "
        "Please say why, in a word: it is counted, so that what comes often can be mended.\n\n"
        f"Sign in to say why: {link(clock)}\n"
    )
