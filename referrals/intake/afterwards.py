"""What a referrer sees after sending: what happens next and by when, and what to do beside it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from referrals.domain.lifecycle import State
from referrals.intake import summary
from referrals.intake.as_told import as_told, queue_told, reader_told, way_of
from referrals.intake.concerns import duty_of
from referrals.intake.done import done
from referrals.intake.screened import SPECIAL, referrer_duty
from referrals.intake.shown import contacts
from referrals.intake.situation import Situation
from referrals.models import Ask, Attachment, Clock, Referral
from thresholds.domain.terms import Flag, Route

FOR_THE_REFERRER = {
    "acknowledge": "A named person confirms to you that they have it",
    "decide": "We decide what happens",
    "decision_told": "You hear what was decided",
    "outcome_in_writing": "You have the outcome in writing",
}
"""The clocks that a referrer is shown, in words for them: what the partnership owes them."""

TOLD_AFTER = (Flag.SECTION_47, Flag.STRATEGY_DISCUSSION, Flag.SECTION_17, *SPECIAL, Flag.CONSENT_TO_SETTLE)
"""The flags whose sentence the referrer reads after sending. Never *seen before*: others' referrals are not theirs."""

NEXT = {
    State.WAITING: "Your referral waits to be read.",
    State.IN_HAND: "Somebody is reading your referral.",
    State.PROPOSED: "Somebody is reading your referral.",
    State.DECIDED: "Your referral has been decided. The letter below says what was decided.",
    State.SENT_ON: "We have passed your referral to another area. The letter below says where.",
    State.WITHDRAWN: "Your referral was withdrawn.",
    State.RETURNED: "Your referral was passed back.",
}


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that the partnership owes the referrer, and by when; None while its clock stands still, since the time
    that it had is promised no more."""

    words: str
    due_at: dt.datetime | None

    @classmethod
    def of(cls, clock: Clock) -> Owed:
        return cls(FOR_THE_REFERRER[clock.promise], clock.due_at if clock.paused_at is None else None)


def soonest(clock: Clock) -> tuple[bool, dt.datetime]:
    """What is promised before what stands still, the first due first."""
    return clock.paused_at is not None, clock.due_at


def owed(referral: Referral) -> list[Owed]:
    """What the partnership still owes the referrer, by when, the soonest first."""
    clocks = Clock.objects.filter(referral=referral).unmet().of_promises(FOR_THE_REFERRER)
    return [Owed.of(clock) for clock in sorted(clocks.order_by("due_at", "pk"), key=soonest)]


def line(referral: Referral, question: Ask | None = None) -> dict[str, Any]:
    """A referral in a list; its children and clocks are there already. question: the one to answer first."""
    clocks = [clock for clock in referral.clocks.all() if clock.promise in FOR_THE_REFERRER and clock.met_at is None]
    return {
        "referral": referral,
        "about": " and ".join(child.name for child in referral.children.all()),
        "question": question,
        "next": Owed.of(min(clocks, key=soonest)) if clocks else None,
    }


def first_questions(referrals: Iterable[Referral]) -> dict[uuid.UUID, Ask]:
    """The question that each referral's referrer has to answer first, by the referral. One query."""
    rows = Ask.objects.questions().open().filter(referral__in=[each.pk for each in referrals]).order_by("-due_at")
    return {each.referral_id: each for each in rows}


def must_telephone(situation: Situation, referral: Referral) -> bool:
    """Whether the referrer is told to telephone now: danger told of since, or danger, doubt or the MASH and no call."""
    if referral.addenda.filter(in_danger=True).exists():
        return True
    telephoned = situation.answers.page("telephone").get("telephoned") == "yes"
    to_the_mash = as_told(referral, situation).route == Route.MASH.value
    return not telephoned and (situation.answers.safety_in_doubt or to_the_mash)


@dataclass(frozen=True, slots=True)
class ChildsWay:
    """What the threshold indicates of one child, and where that alone would go."""

    name: str
    level: str
    route: str
    why: str


def ways(referral: Referral, situation: Situation) -> list[ChildsWay]:
    """Each child's own level and route, and why it goes to the MASH though nothing was chosen for it."""
    scheme, found = situation.scheme, []
    for child in referral.children.all():
        rank, route = way_of(child, situation)
        level, step = scheme.level(rank), scheme.step(rank)
        unscreened = rank is None
        found.append(
            ChildsWay(
                child.name,
                f"{step[0].upper()}{step[1:]}, {level.name}" if level else f"No {scheme.step_word} indicated",
                route,
                "No indicator was chosen for this child, so a person at the MASH looks at it." if unscreened else "",
            )
        )
    return found


def why_there(referral: Referral, situation: Situation) -> str:
    """Why it went to the MASH where the level alone leads elsewhere and consent holds it; empty otherwise."""
    told = as_told(referral, situation)
    level = situation.scheme.level(told.indicated_level)
    held = Flag.CONSENT_TO_SETTLE.value in told.flags and told.route == Route.MASH.value
    if not held or level is None or level.route is Route.MASH:
        return ""
    step = situation.scheme.step(told.indicated_level)
    return (
        f"By its {situation.step_word} alone, {step}, it would go to {level.route.words}. It is with the MASH first, "
        "because it is still to be settled whether the family agrees."
    )


def called_999_at(situation: Situation, referral: Referral) -> dt.datetime | None:
    """When the referrer told us that 999 was called; None where danger was told of again after sending."""
    return None if referral.addenda.filter(in_danger=True).exists() else situation.answers.called_999_at


def says_danger(situation: Situation, referral: Referral) -> bool:
    """Whether the referrer said that a child is in danger; what others said of it is not theirs to read."""
    return situation.answers.in_danger or referral.addenda.filter(in_danger=True).exists()


def duties(situation: Situation, referral: Referral) -> list[dict[str, Any]]:
    """What else the referrer is to do, by the flags raised and in the scheme's words."""
    flags = as_told(referral, situation).flags
    attached = list(Attachment.objects.there().filter(referral=referral))
    found = []
    for flag in dict.fromkeys(TOLD_AFTER):
        duty = referrer_duty(situation.scheme, flag)
        duty = duty if duty.sentence else duty_of(situation.partnership.slug, flag)
        if duty.sentence and flag.value in flags:
            already = done(situation, duty, attached, sent=True)
            found.append(
                {
                    "words": flag.words[0].upper() + flag.words[1:],
                    "sentence": duty.sentence,
                    "contacts": contacts(situation.partnership, flag),
                    "done": already.told,
                    "is_done": already.whole,
                }
            )
    return found


def sent_context(referral: Referral, *, now: dt.datetime) -> dict[str, Any]:
    """Everything that the page after sending shows."""
    situation = summary.situation_of(referral)
    scheme = situation.scheme
    told = as_told(referral, situation)
    asked = duties(situation, referral)
    return {
        "referral": referral,
        "situation": situation,
        "owed": owed(referral),
        "danger": referrer_duty(scheme, Flag.IMMEDIATE_DANGER).sentence if says_danger(situation, referral) else "",
        "why_there": why_there(referral, situation),
        "called_999_at": called_999_at(situation, referral),
        "telephone": must_telephone(situation, referral),
        "telephone_first": scheme.guidance.telephone_first,
        "duties": [each for each in asked if not each["is_done"]],
        "duties_done": [each for each in asked if each["is_done"]],
        "after": scheme.guidance.after,
        "ways": ways(referral, situation),
        "level": scheme.level(told.indicated_level),
        "step": scheme.step(told.indicated_level),
        "route": told.route,
        "advice": told.route == Route.ADVICE.value,
        "queue": queue_told(scheme, referral.team),
        "reader": reader_told(scheme, referral.team),
        "written_form": Clock.objects.filter(referral=referral, slug="written_form").first(),
        "now": now,
    }
