"""Agreeing a draft before it is published: its effect is looked at, somebody asks, somebody else approves.

What stands in the way is one ladder of questions, `hindrances`; `publish` in `thresholds.actions` asks it again under
its lock. An edit makes everything void that was said of the revision before.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q

from partnerships import audit, telling
from partnerships.models import Membership, User
from partnerships.permissions import Permission, Role
from thresholds import loading
from thresholds.domain.reading import SchemeErrors
from thresholds.models import Approval, Change, SchemeVersion
from thresholds.refused import Refused
from thresholds.trail import locked

UNSEEN = "Look at what this draft would do to past referrals first: nobody has, since its last change."
NOT_WHOLE = "This draft is not whole. Put right what its page lists first."
NOT_ASKED = "Nobody else has approved this draft as it is now. Ask for approval first."


def needs_effect(version: SchemeVersion) -> bool:
    """Whether there are past referrals on which the draft could have an effect."""
    return SchemeVersion.objects.filter(scheme=version.scheme_id, referrals__isnull=False).exists()


def effect_is_seen(version: SchemeVersion) -> bool:
    """Whether somebody looked at the effect of this very revision, or there is none to look at."""
    return version.effect_seen_revision == version.revision or not needs_effect(version)


@transaction.atomic
def see_effect(*, version: SchemeVersion, revision: int, by: User, at: dt.datetime) -> SchemeVersion:
    """Note that somebody looked at what a draft would do to past referrals.

    revision: the draft's when the result was worked out. A result of an earlier one counts for nothing, and a version
    that is published already is left as it is.
    """
    row = SchemeVersion.objects.select_for_update(of=("self",)).select_related("scheme__partnership").get(pk=version.pk)
    if not row.is_draft or revision != row.revision or row.effect_seen_revision == revision:
        return row
    row.effect_seen_at, row.effect_seen_by, row.effect_seen_revision = at, by, revision
    row.save(update_fields=["effect_seen_at", "effect_seen_by", "effect_seen_revision"])
    record(row, "threshold.effect_seen", by=by, at=at)
    return row


def latest(version: SchemeVersion) -> Approval | None:
    """The last round of asking, answered or not, whatever was edited since."""
    return version.approvals.select_related("asked_by", "answered_by").first()


def standing(version: SchemeVersion) -> Approval | None:
    """The approval that holds for the draft as it is now, or None."""
    round_ = latest(version)
    holds = round_ and round_.answer == Approval.Answer.APPROVED and round_.revision == version.revision
    return round_ if holds else None


def waiting(version: SchemeVersion) -> Approval | None:
    """The round that waits for an answer and still speaks of the draft as it is now, or None."""
    round_ = latest(version)
    return round_ if round_ and not round_.answer and round_.revision == version.revision else None


def authors(version: SchemeVersion) -> frozenset[Any]:
    """Who changed anything in the draft, by their id; who brought a file in changed all of it."""
    changed = version.changes.exclude(verb=Change.Verb.DRAFTED).exclude(by=None)
    found = set(changed.order_by().values_list("by_id", flat=True).distinct())
    if version.based_on_id is None and version.created_by_id:
        found.add(version.created_by_id)
    return frozenset(found)


def may_answer(version: SchemeVersion, round_: Approval, user: User) -> bool:
    """Whether this person is a second person for this draft."""
    return user.pk != round_.asked_by_id and user.pk not in authors(version)


def second_people(version: SchemeVersion, asked_by: Any, at: dt.datetime) -> list[User]:
    """Everybody in the partnership who may answer now what the person with this key asks, by their names."""
    roles = [role.value for role in Role if Permission.THRESHOLD_APPROVE in role.permissions]
    held = Membership.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=at),
        partnership=version.scheme.partnership_id,
        role__in=roles,
        user__is_active=True,
    )
    wrote = authors(version) | {asked_by}
    people = {each.user_id: each.user for each in held.select_related("user").order_by("user__name")}
    return [person for pk, person in people.items() if pk not in wrote]


def hindrances(version: SchemeVersion) -> list[str]:
    """What stands between a draft and asking for approval, each with what to do."""
    found = []
    try:
        loading.load(version)
    except SchemeErrors:
        found.append(NOT_WHOLE)
    if not effect_is_seen(version):
        found.append(UNSEEN)
    return found


@transaction.atomic
def ask(
    *,
    version: SchemeVersion,
    holds_from: dt.datetime | None,
    change_note: str,
    revision: int,
    by: User,
    at: dt.datetime,
) -> Approval:
    """Ask a second person to approve the draft as it is at this revision.

    holds_from: from when it is to hold; None for the moment of publishing. change_note: what referrers will read.
    """
    version = locked(version, revision)
    for hindrance in hindrances(version):
        raise Refused(hindrance)
    if holds_from is not None and holds_from <= at:
        raise Refused("The date and time must be in the future.")
    if not change_note.strip():
        raise Refused("Say what changed, and why.")
    before = waiting(version)
    if before:
        close(before, Approval.Answer.WITHDRAWN, "", by, at)
    asked = Approval.objects.create(
        version=version,
        revision=version.revision,
        holds_from=holds_from,
        change_note=change_note,
        asked_at=at,
        asked_by=by,
    )
    record(version, "threshold.approval_asked", by=by, at=at)
    for person in second_people(version, asked.asked_by_id, at):
        telling.tell(
            partnership=version.scheme.partnership,
            to=person,
            kind="threshold",
            key=f"threshold-asked:{asked.pk}:{person.pk}",
            subject="Front Door: a draft of the threshold waits for your approval",
            body=f"{by.name} asks for approval of the draft {version.slug}. Sign in, open “Threshold content”, read "
            "what would change, and approve it or send it back.\n",
            at=at,
        )
    return asked


@transaction.atomic
def answer(
    *,
    version: SchemeVersion,
    approves: bool,
    reason: str,
    revision: int,
    asked: int | None = None,
    by: User,
    at: dt.datetime,
) -> Approval:
    """Approve the draft as it is at this revision, or send it back with a reason. Never by who wrote any of it.

    asked: the asking that was read, by its key: it says from when the draft is to hold, and what referrers will read.
    """
    version = locked(version, revision)
    round_ = waiting(version)
    if round_ is None:
        raise Refused("Nobody asks for approval of this draft as it is now. It may have been changed or answered.")
    if asked is not None and asked != round_.pk:
        raise Refused("It was asked for anew while you read it. Read from when it is to hold and what is said of it.")
    if not may_answer(version, round_, by):
        raise Refused("You wrote some of this draft, so somebody else has to answer.")
    if approves:
        for hindrance in hindrances(version):
            raise Refused(hindrance)
    elif not reason.strip():
        raise Refused("Say what has to change before you would approve it.")
    close(round_, Approval.Answer.APPROVED if approves else Approval.Answer.SENT_BACK, reason, by, at)
    record(version, "threshold.approved" if approves else "threshold.sent_back", by=by, at=at, reason=reason)
    said = "approved. It can be published now" if approves else "sent back. Sign in to read why"
    telling.tell(
        partnership=version.scheme.partnership,
        to=round_.asked_by,
        kind="threshold",
        key=f"threshold-answered:{round_.pk}",
        subject=f"Front Door: your draft of the threshold was {'approved' if approves else 'sent back'}",
        body=f"The draft {version.slug} was {said}.\n",
        at=at,
    )
    return round_


@transaction.atomic
def withdraw(*, version: SchemeVersion, by: User, at: dt.datetime) -> SchemeVersion:
    """Take back the request for approval."""
    version = locked(version)
    round_ = latest(version)
    if round_ is None or round_.answer:
        raise Refused("Nobody asks for approval of this draft.")
    close(round_, Approval.Answer.WITHDRAWN, "", by, at)
    record(version, "threshold.approval_withdrawn", by=by, at=at)
    return version


def close(round_: Approval, answer: Approval.Answer, reason: str, by: User, at: dt.datetime) -> None:
    round_.answer, round_.reason, round_.answered_by, round_.answered_at = answer, reason, by, at
    round_.save(update_fields=["answer", "reason", "answered_by", "answered_at"])


def record(version: SchemeVersion, verb: str, *, by: User, at: dt.datetime, reason: str = "") -> None:
    audit.record(
        partnership=version.scheme.partnership,
        verb=verb,
        noun="scheme_version",
        object_id=version.slug[-64:],
        detail={"draft": version.slug, "revision": version.revision} | ({"reason": reason} if reason else {}),
        by=by,
        at=at,
    )
