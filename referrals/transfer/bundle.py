"""What goes along with a referral that is sent on: what was told, screened and decided, frozen as it stood.

It is read by whoever sees the new record, and is all that the other partnership ever sees of the first. Left out is
what is not theirs to know: what other agencies answered the first partnership's checks, the notes that its workers
left for one another, its clocks, and the brothers and sisters who stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from partnerships.models import User
from referrals.audiences import seen_by
from referrals.domain.audiences import Audience
from referrals.domain.lifecycle import Move
from referrals.intake import summary
from referrals.intake.answers import Answers
from referrals.models import Addendum, Arrival, Child, Decision, Event, Referral
from referrals.models.event import OF_CHECKS, OF_THE_MASH, WHO_SEES_IT
from referrals.standing import listed
from referrals.transfer.carried import of_children, stays
from referrals.triage.moves import KINDS
from referrals.triage.rows import level_words
from thresholds.domain.scheme import Scheme
from thresholds.loading import load

LEFT_OUT = ("noted", "late_reason", "letter_not_safe", *WHO_SEES_IT, *OF_CHECKS, *OF_THE_MASH)
"""Lines of the story that are between those who worked on it, with whom they asked and how great the risk looked."""
OF_ALL = tuple(KINDS[step] for step in (Move.DECIDE, Move.SEND_ON, Move.PROPOSE)) + ("corrected",)
"""Lines that say of all the children together what was decided, or of an answer of one of them that it was wrong."""
WHERE_TO = tuple(KINDS[step] for step in (Move.RECEIVE, Move.COME_BACK)) + tuple(
    f"transfer_{what}" for what in ("sent", "sent_told", "handed", "to_tell", "received", "refused", "came_back")
)
"""Lines that say to which area a child went: where it is another child, that may be told to nobody."""
WHENCE = ("partnership", "front_door", "telephone", "reference", "received_at", "threshold", "staying", "at")
"""Of a history, what tells where it comes from, and of no child."""


def bundle(row: Referral, decisions: Sequence[Decision], *, at: dt.datetime) -> dict[str, Any]:
    """Everything that goes along, as JSON. Instants are in ISO 8601."""
    going = {each.child_id for each in decisions}
    staying = [child for child in row.children.all() if child.pk not in going]
    row, decisions = seen_by(Audience.AREA, row), seen_by(Audience.AREA, list(decisions))
    scheme = load(row.scheme_version)
    children = [each.child for each in decisions if each.child]
    numbers = sorted(child.order for child in children)
    arrival = seen_by(Audience.AREA, Arrival.objects.filter(referral=row).first())
    return {
        "partnership": row.partnership.name,
        "front_door": row.partnership.the_front_door,
        "telephone": row.partnership.front_door_telephone,
        "reference": row.reference,
        "received_at": row.received_at.isoformat(),
        "threshold": scheme.document,
        "staying": len(staying),
        "told": told(row, numbers),
        "added": added(row, numbers),
        "screened": [screened(child, scheme) for child in children],
        "decided": [decided(each, scheme) for each in decisions],
        "happened": happened(row, staying),
        "before": before(arrival, staying) if arrival else None,
        "at": at.isoformat(),
    }


def told(row: Referral, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The answers as they were sent, a card a page, with the indicators in their own document's words."""
    situation = replace(summary.situation_of(row), answers=Answers(of_children(row.answers, numbers)))
    return [
        {"title": card.title, "rows": [[each.key, each.value] for each in card.rows]}
        for card in summary.cards(situation)
        if card.rows
    ]


def added(row: Referral, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """What was said since; a wish to withdraw is between who wished it and those who answered it."""
    said = Addendum.objects.filter(referral=row).exclude(kind=Addendum.Kind.WITHDRAWAL)
    found = said.select_related("by").order_by("at", "pk")
    return [
        {
            "kind": each.get_kind_display(),
            "about": each.about,
            "text": each.text,
            "reason": each.reason,
            "by": each.by.name,
            "at": each.at.isoformat(),
        }
        for each in seen_by(Audience.AREA, [each for each in found if not stays(each, numbers)])
    ]


def screened(child: Child, scheme: Scheme) -> dict[str, Any]:
    """What the first partnership's threshold indicated for one child, why, and what the referrer judged."""
    judged = level_words(scheme, child.judged_level) if child.judged_level is not None else ""
    return {
        "child": child.name,
        "level": level_words(scheme, child.indicated_level),
        "route": child.route,
        "judged": judged,
        "flags": [flag for flag in child.flags if isinstance(flag, str)],
        "reasons": [
            {"because": str(each.get("because", "")), "source": str(each.get("source", ""))}
            for each in listed(child.screening, "reasons")
        ],
    }


def decided(made: Decision, scheme: Scheme) -> dict[str, Any]:
    return {
        "child": made.child.name if made.child else "",
        "outcome": made.outcome,
        "level": level_words(scheme, made.decided_level) if made.decided_level is not None else "",
        "need": f"{made.primary_need}: {made.need_words}" if made.primary_need else "",
        "factors": made.factor_words,
        "reason": made.reason,
        "told_parents": made.told_parents,
        "told_child": made.told_child,
        "by": signed(made.by),
        "at": made.at.isoformat(),
    }


def happened(row: Referral, staying: Sequence[Child]) -> list[dict[str, Any]]:
    """The story. Where children stay, or go to another area, without the lines that name one of them, say what was
    decided of all, or where any went."""
    events = Event.objects.filter(referral=row).exclude(kind__in=LEFT_OUT).order_by("at", "pk")
    if staying:
        events = events.exclude(kind__in=(*OF_ALL, *WHERE_TO))
    names = [child.name for child in staying]
    told_there = [each for each in events if not any(name in each.sentence for name in names)]
    return [{"at": each.at.isoformat(), "sentence": each.sentence} for each in seen_by(Audience.AREA, told_there)]


def before(arrival: Arrival, staying: Sequence[Child]) -> dict[str, Any]:
    """What had come along from further back; where children stay, only where it came from: it tells of them too."""
    kept = {name: arrival.bundle[name] for name in WHENCE if name in arrival.bundle} if staying else arrival.bundle
    return {"sent_by": arrival.sent_by, **kept}


def signed(person: User) -> str:
    """A person as somebody elsewhere must know them: name, job, telephone."""
    return ", ".join(filter(None, (person.name, person.job_title, person.telephone)))
