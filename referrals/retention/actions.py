"""Deleting what the schedule says, whole: rows, documents and their files; and reminding of drafts before they go."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse

from partnerships import audit
from partnerships.each import for_each
from partnerships.models import Partnership, User
from partnerships.templatetags.page_parts import day
from referrals import outbox
from referrals.attachments import store
from referrals.domain.lifecycle import CLOSED, State
from referrals.models import Attachment, Decision, Draft, Event, Referral
from referrals.retention.schedule import (
    DISCARDED_KEPT,
    DRAFT_KEPT,
    DRAFT_REMINDED,
    SENT_KEPT,
    draft_ends_at,
    ends_on,
    kept_for,
)

log = logging.getLogger(__name__)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Going:
    """One thing whose time has come: what it is, which, and by what rule."""

    partnership: str
    what: str
    name: str
    why: str
    row: Draft | Referral


def going(partnership: Partnership, *, at: dt.datetime) -> Iterator[Going]:
    """Everything that the schedule says is to go at this moment, in this partnership's scope."""
    unsent = Q(sent_at__isnull=True, discarded_at__isnull=True)
    for what, wanted, why in (
        ("draft", unsent & Q(saved_at__lt=at - DRAFT_KEPT), f"not saved for {DRAFT_KEPT.days} days"),
        ("draft", Q(discarded_at__lt=at - DISCARDED_KEPT), f"discarded {DISCARDED_KEPT.days} days ago"),
        ("draft", Q(sent_at__lt=at - SENT_KEPT), f"sent {SENT_KEPT.days} days ago; the referral holds it"),
    ):
        for draft in Draft.objects.filter(wanted).order_by("saved_at"):
            yield Going(partnership.slug, what, str(draft.pk), why, draft)
    closed = Referral.objects.filter(state__in=[state.value for state in CLOSED], hold_at__isnull=True)
    # The shortest rule is three years: what is younger can't be due.
    old = closed.filter(received_at__lt=at - dt.timedelta(days=3 * 365)).prefetch_related("children")
    for referral in old.order_by("received_at").iterator(chunk_size=BATCH):
        last, why = kept_until(referral)
        if at.date() >= last:
            yield Going(partnership.slug, "referral", referral.reference, why, referral)


def kept_until(referral: Referral) -> tuple[dt.date, str]:
    """The day from which nothing keeps a closed referral, and the rule in words."""
    withdrawn = referral.state in (State.WITHDRAWN.value, State.RETURNED.value)
    outcomes = list(Decision.objects.filter(referral=referral).order_by().values_list("outcome", flat=True).distinct())
    rules = kept_for(outcomes, withdrawn=withdrawn)
    last = Event.objects.filter(referral=referral).order_by("-at").values_list("at", flat=True).first()
    closed = max(filter(None, (referral.decided_at, last, referral.received_at)))
    births = [child.date_of_birth or child.expected_on or closed.date() for child in referral.children.all()]
    return ends_on(rules, closed.date(), births), "; ".join(dict.fromkeys(rule.words for rule in rules))


def purge(*, at: dt.datetime, dry_run: bool, only: int | None = None) -> list[Going]:
    """Delete what is due, or only say what would go. One that can't be deleted holds up no other.

    only: of this partnership alone, by its key.
    """
    return list(chain(*for_each(lambda partnership: purge_one(partnership, at=at, dry_run=dry_run), only=only)))


def purge_one(partnership: Partnership, *, at: dt.datetime, dry_run: bool) -> list[Going]:
    """What is due of the partnership in scope."""
    gone = []
    for each in list(going(partnership, at=at)):
        if dry_run:
            gone.append(each)
            continue
        try:
            if delete(each, at=at):
                gone.append(each)
        except models.ProtectedError:
            log.exception("%s %s could not be deleted", each.what, each.name)
    return gone


@transaction.atomic
def delete(each: Going, *, at: dt.datetime) -> bool:
    """Delete one draft or referral whole, under its lock, where it is still due. False where it no longer is."""
    model: Any = type(each.row)
    row = model.objects.select_for_update(of=("self",)).filter(pk=each.row.pk).first()
    if row is None or still_in_use(row, each):
        return False
    mine = Attachment.objects.filter(referral=row) if isinstance(row, Referral) else draft_files(row)
    files = list(mine.values_list("stored_as", flat=True))
    mine.delete()
    delete_whole(model, [row.pk])
    audit.record(
        partnership=row.partnership,
        verb=f"{each.what}.purged",
        noun=each.what,
        object_id=row.pk,
        of=row.pk,
        detail={"name": each.name, "why": each.why, "documents": len(files)},
        by=None,
        at=at,
    )
    transaction.on_commit(lambda: [store.discard(name) for name in files])
    return True


def draft_files(draft: Draft) -> Any:
    """The documents of a draft that no referral took over."""
    return Attachment.objects.filter(draft=draft, referral__isnull=True)


def still_in_use(row: Draft | Referral, each: Going) -> bool:
    """Somebody saved the draft, put the referral on hold or opened it again since it was looked at."""
    if isinstance(row, Referral):
        return row.hold_at is not None or row.is_open
    return row.saved_at != each.row.saved_at or row.sent_at != each.row.sent_at  # type: ignore[union-attr]


def delete_whole(model: type[models.Model], keys: list[Any]) -> None:
    """Delete rows and everything that hangs on them, whatever table is added later: what hangs on them first."""
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ForeignObjectRel) or isinstance(relation, models.ManyToManyRel):
            continue
        other: Any = relation.related_model
        hanging = other._base_manager.filter(**{f"{relation.field.name}__in": keys})
        if relation.on_delete is models.SET_NULL:
            hanging.update(**{relation.field.name: None})
            continue
        below = list(hanging.values_list("pk", flat=True))
        if below:
            delete_whole(other, below)
    rows: Any = model._base_manager.filter(pk__in=keys)
    rows._raw_delete(rows.db)


NOT_REMINDED = Q(reminded_at__isnull=True) | Q(reminded_at__lt=F("saved_at"))
"""Of what lies now: whoever wrote on after a reminder is reminded again."""


def remind(*, at: dt.datetime, only: int | None = None) -> int:
    """Tell each writer, once, of a draft that will go in a week. It names no child."""
    return sum(for_each(lambda partnership: remind_one(at=at), only=only))


def remind_one(*, at: dt.datetime) -> int:
    """The writers of the partnership in scope."""
    waiting = Draft.objects.unsent().filter(NOT_REMINDED, saved_at__lt=at - DRAFT_REMINDED)
    return sum(remind_of(draft, at=at) for draft in waiting.select_related("partnership", "started_by", "taken_from"))


@transaction.atomic
def remind_of(draft: Draft, *, at: dt.datetime) -> bool:
    mine = Draft.objects.filter(NOT_REMINDED, pk=draft.pk).update(reminded_at=at)
    if not mine or draft.started_by is None:
        return False
    if draft.taken_answers and draft.taken_from is not None and draft.taken_from.is_active:
        tell_who_began(draft, draft.taken_from, draft.started_by, at=at)
    address = reverse("my_referrals", kwargs={"partnership": draft.partnership.slug})
    ends = day(draft_ends_at(draft.saved_at))
    outbox.tell(
        partnership=draft.partnership,
        referral=None,
        kind="draft_reminder",
        to=draft.started_by,
        key=f"draft_reminder:{draft.pk}:{draft.revision}",
        subject="Front Door: something that you began was not sent",
        body=f"You began to tell of a worry and have not sent it. Nobody has read it. It is deleted on {ends} unless "
        f"you save it again.\n\nSign in to send it or to discard it: {settings.SITE_URL}{address}\n",
        at=at,
    )
    return True


def tell_who_began(draft: Draft, began: User, has_it: User, *, at: dt.datetime) -> None:
    """That what they began, and somebody else took over, lies unsent."""
    where = reverse("refer_tasks", kwargs={"partnership": draft.partnership.slug, "draft_id": draft.pk})
    outbox.tell(
        partnership=draft.partnership,
        referral=None,
        kind="draft_left",
        to=began,
        key=f"draft_left:{draft.pk}:{began.pk}:{draft.revision}",
        subject="Front Door: something that you began was not sent",
        body=f"{has_it.name}, who took over what you began to tell of, has not sent it. If you are still worried, talk "
        f"with them, or send it yourself. It is deleted on {day(draft_ends_at(draft.saved_at))}.\n\n"
        f"Sign in to go on with it: {settings.SITE_URL}{where}\n",
        at=at,
    )


@transaction.atomic
def hold(*, referral: Referral, reason: str, by: User | None, at: dt.datetime) -> Referral:
    """Keep a referral whatever its age, for a court, an inquiry or a request.

    The first reason stands until the hold is lifted: raises `ValueError` where it is held for another, or the reason is
    missing or too long. The same word again changes nothing.
    """
    if not reason.strip():
        raise ValueError("Say why it is held.")
    if len(reason) > (longest := Referral._meta.get_field("hold_reason").max_length or 0):
        raise ValueError(f"Shorten the reason to {longest} characters or fewer: it has {len(reason)}.")
    there = Referral.objects.select_for_update(no_key=True, of=("self",)).get(pk=referral.pk)
    if there.hold_at is not None:
        if there.hold_reason == reason:
            return there
        raise ValueError(
            f"It is held already, since {day(there.hold_at)}: {there.hold_reason} That reason stands, and nothing was "
            "changed. Where it is to be another, lift the hold first."
        )
    Referral.objects.filter(pk=referral.pk).update(hold_at=at, hold_reason=reason)
    return held(referral, "held", by=by, at=at)


@transaction.atomic
def lift_hold(*, referral: Referral, by: User | None, at: dt.datetime) -> Referral:
    Referral.objects.filter(pk=referral.pk).update(hold_at=None, hold_reason="")
    return held(referral, "hold_lifted", by=by, at=at)


def held(referral: Referral, what: str, *, by: User | None, at: dt.datetime) -> Referral:
    audit.record(
        partnership=referral.partnership,
        verb=f"referral.{what}",
        noun="referral",
        object_id=referral.pk,
        of=referral.pk,
        by=by,
        at=at,
    )
    referral.refresh_from_db()
    return referral
