"""Everything about one referral as it stood at an instant: for a complaint, a review, a court."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from partnerships.access import Actor
from partnerships.audit import digest
from partnerships.trail import Sought, entries
from referrals.intake import summary
from referrals.models import Addendum, Attachment, Clock, ClockPause, Decision, Event, Letter, Referral
from referrals.trail.finding import of_record
from referrals.triage.rows import decided_words, level_words
from thresholds.domain.writing import write_scheme
from thresholds.loading import load


def sha256(value: Any) -> str:
    """The hash of text, or of JSON with its keys in order."""
    plain = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


def pack(referral: Referral, actor: Actor, *, at: dt.datetime) -> dict[str, Any]:
    """What stood at `at`: nothing that was written later is in it, and each part has its hash."""
    scheme = load(referral.scheme_version)
    sought = of_record(Sought(object_id=str(referral.pk)))
    trail = list(entries(referral.partnership, sought).filter(at__lte=at).order_by("sequence"))
    last = max([entry.at for entry in trail] or [referral.received_at])
    letters = Letter.objects.filter(referral=referral, sent_at__lte=at).select_related("sent_by", "opened_by")
    decisions = Decision.objects.filter(referral=referral, at__lte=at).select_related("by", "child").order_by("at")
    return {
        "at": at,
        "as_of": last,
        "referral": referral,
        "sections": summary.by_section(summary.cards(summary.situation_of(referral))),
        "scheme": scheme,
        "children": [
            {"child": child, "level": level_words(scheme, child.indicated_level), "screening": child.screening or {}}
            for child in referral.children.all()
        ],
        "decisions": [
            {
                "made": made,
                "level": decided_words(scheme, made.decided_level),
                "indicated": level_words(scheme, made.indicated_level),
            }
            for made in decisions
        ],
        "letters": [
            {"letter": each, "opened": bool(each.opened_at and each.opened_at <= at), "hash": sha256(each.body)}
            for each in letters
        ],
        "clocks": clocks(referral, at=at),
        "events": Event.objects.readable_by(actor).filter(referral=referral, at__lte=at).select_related("by"),
        "additions": Addendum.objects.filter(referral=referral, at__lte=at).select_related("by").order_by("at"),
        "attachments": Attachment.objects.filter(referral=referral, added_at__lte=at).order_by("added_at"),
        "trail": [{"entry": entry, "holds": digest(entry) == entry.hash} for entry in trail],
        "hashes": [
            ("The answers as they were sent", sha256(referral.answers)),
            ("The screening with its reasons", sha256(referral.screening)),
            (f"The threshold version {scheme.slug}", sha256(write_scheme(scheme))),
        ],
    }


def clocks(referral: Referral, *, at: dt.datetime) -> list[dict[str, Any]]:
    """Each clock that had started, as it stood: met by then or not, late or not, its pauses and reasons of the time."""
    rows = Clock.objects.filter(referral=referral, started_at__lte=at).select_related("met_by", "late_said_by")
    pauses: dict[int, list[ClockPause]] = {}
    for pause in ClockPause.objects.filter(clock__in=rows, paused_at__lte=at).select_related("paused_by"):
        pauses.setdefault(pause.clock_id, []).append(pause)
    found = []
    for clock in rows.order_by("due_at", "pk"):
        met = clock.met_at is not None and clock.met_at <= at
        ends = clock.met_at if met and clock.met_at else at
        why = clock.get_late_why_display() if clock.late_said_at and clock.late_said_at <= at else ""
        found.append(
            {
                "clock": clock,
                "met": met,
                "late": ends > clock.due_at,
                "moved": clock.due_at != clock.first_due_at,
                "why": why,
                "words": clock.late_words if why else "",
                "pauses": pauses.get(clock.pk, []),
            }
        )
    return found
