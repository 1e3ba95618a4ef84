"""What those who work on a referral leave for one another: notes, and when the child is next seen."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships.access import actor_for
from partnerships.models import User
from partnerships.permissions import Permission
from referrals.models import Event, Referral
from referrals.triage.moves import Elsewhere, Refused, held, locked, record, tell_story

FURTHEST = dt.timedelta(days=366)


@transaction.atomic
def add_note(*, referral: Referral, note: str, by: User, at: dt.datetime) -> Event:
    """One note, as it was written, in the referral's story. The referrer never sees it; nothing of it is changed."""
    row = held(referral)
    actor = actor_for(by, row.partnership)
    sees = Referral.objects.visible_to(actor).filter(pk=row.pk).exists()
    if not (by.is_active and sees and actor.can(Permission.NOTE_WRITE)):
        raise Elsewhere(row)
    if not note.strip():
        raise Refused("Write the note.")
    event = tell_story(row, "noted", f"{by.name} added a note.", note=note, by=by, at=at)
    record(row, "noted", {"event": event.pk}, by=by, at=at)
    return event


@transaction.atomic
def say_when_next_seen(*, referral: Referral, when: dt.datetime | None, by: User, at: dt.datetime) -> Referral:
    """When the child is next seen, collected or goes home: it goes above what is merely due. None takes it back."""
    row = locked(referral, by=by)
    if when is not None and not at - dt.timedelta(hours=1) <= when <= at + FURTHEST:
        raise Refused("The time at which the child is next seen must lie ahead, within a year.")
    if row.next_seen_at == when:
        return row
    row.next_seen_at = when
    row.save(update_fields=["next_seen_at"])
    said = f"{by.name} noted when the child is next seen." if when else f"{by.name} took back when the child is seen."
    tell_story(row, "next_seen", said, by=by, at=at)
    record(row, "next_seen", {"when": when}, by=by, at=at)
    return row
