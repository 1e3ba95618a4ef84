"""One email each morning for who chose it. What can't wait is never held back."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from partnerships.hours import LONDON
from partnerships.models import Partnership, User
from referrals.models import Notice, NoticeChoice, Referral

AT_ONCE = frozenset(
    {
        "chased",
        "check",
        "clock_overdue",
        "danger",
        "danger_added",
        "danger_moved",
        "danger_named",
        "danger_restricted",
        "danger_support",
        "danger_unheard",
        "draft_put_away",
        "doubt_added",
        "stood_still",
        "not_reached",
        "keyed_left",
        "shared_left",
        "nobody_answers",
        "nobody_checks",
        "anomaly",
        "question",
        "receipt",
        "code",
        "allegation",
        "named",
        "front_door",
        "glass",
        "restricted",
        "absent",
        "nobody_there",
        "routing",
    }
)
"""Kinds that go out at once whatever somebody chose: a day later would be too late, or somebody waits for it."""

OF_AN_ACCOUNT = frozenset({"invitation", "password", "role", "second_factor", "signin"})
"""What the kinds of words about somebody's own account, or about who may see what, begin with: these go at once too."""

HOUR = dt.time(8)
"""When digests go out, in London."""


def in_digest(kind: str, to: User, partnership: Partnership, referral: Referral | None = None) -> bool:
    """Whether this person wants this with the morning's digest. Nothing of a child in danger waits for it."""
    if referral is not None and referral.immediate_danger:
        return False
    if kind in AT_ONCE or kind.partition("-")[0] in OF_AN_ACCOUNT:
        return False
    return NoticeChoice.objects.filter(partnership=partnership, user=to, how=NoticeChoice.How.DIGEST).exists()


def with_digest(partnership: Partnership) -> set[object]:
    """The keys of those who want what can wait with the morning's digest."""
    chosen = NoticeChoice.objects.filter(partnership=partnership, how=NoticeChoice.How.DIGEST)
    return set(chosen.values_list("user", flat=True))


def next_digest(at: dt.datetime) -> dt.datetime:
    """The next eight o'clock in London, weekends too: a worry does not wait for Monday."""
    local = timezone.localtime(at, LONDON)
    day = local.date() if local.time() < HOUR else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, HOUR, LONDON)


def write_digests(*, partnership: Partnership, at: dt.datetime) -> int:
    """Put what waits for each person's digest into one notice. How many digests were written."""
    waiting: dict[object, list[Notice]] = defaultdict(list)
    for notice in Notice.objects.for_digest(at).filter(partnership=partnership).select_related("to"):
        waiting[notice.to_id].append(notice)
    return sum(write_one(partnership, notices, at=at) for notices in waiting.values())


@transaction.atomic
def write_one(partnership: Partnership, notices: list[Notice], *, at: dt.datetime) -> bool:
    """One person's digest: the rows are marked and the digest written in one transaction, so each is told once."""
    keys = [notice.pk for notice in notices]
    held = list(Notice.objects.select_for_update().for_digest(at).filter(pk__in=keys).order_by("created_at"))
    if not held:
        return False
    to = notices[0].to
    link = settings.SITE_URL + reverse("notices", kwargs={"partnership": partnership.slug})
    listed = "\n".join(f"- {notice.subject.removeprefix('Front Door: ')}" for notice in held)
    digest = Notice.objects.create(
        partnership=partnership,
        referral=None,
        kind="digest",
        to=to,
        key=f"digest:{held[0].pk}",
        subject=f"Front Door: {len(held)} notice{'' if len(held) == 1 else 's'} since yesterday",
        body=f"{listed}\n\nSign in to read them: {link}\n",
        created_at=at,
        next_attempt_at=at,
    )
    Notice.objects.filter(pk__in=[notice.pk for notice in held]).update(
        state=Notice.State.SENT, sent_at=at, digested_in=digest
    )
    return True


@transaction.atomic
def choose(*, partnership: Partnership, how: NoticeChoice.How, by: User, at: dt.datetime) -> NoticeChoice:
    """Keep how somebody wants to hear. What waits for a digest that is wanted no more goes out at once."""
    choice, _ = NoticeChoice.objects.update_or_create(
        partnership=partnership, user=by, defaults={"how": how.value, "changed_at": at}
    )
    if how is NoticeChoice.How.AT_ONCE:
        held = Notice.objects.filter(partnership=partnership, to=by, digest=True, state=Notice.State.WAITING)
        held.update(digest=False, next_attempt_at=at)
    return choice
