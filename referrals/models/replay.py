"""A draft's effect on past referrals: how far it is worked out, what came of it, and the cases that change."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.child import Child
from thresholds.models import SchemeVersion


class ReplayQuerySet(models.QuerySet["Replay"]):
    def of(self, version: SchemeVersion) -> ReplayQuerySet:
        """The replays of a version, the latest first."""
        return self.filter(version=version).select_related("baseline", "asked_by", "cancelled_by").order_by("-asked_at")

    def open(self) -> ReplayQuerySet:
        return self.filter(state__in=[Replay.State.WAITING, Replay.State.RUNNING])

    def free(self, at: dt.datetime) -> ReplayQuerySet:
        """Open ones that no worker has in hand: not begun yet, or the worker's lease ran out."""
        return self.open().filter(Q(lease_until__isnull=True) | Q(lease_until__lt=at))


class Replay(models.Model):
    """One draft, as it was when it was asked for, over the referrals received since a day and until that moment.

    The worker goes by `cursor`, a chunk at a time, under a lease. `figures` are those of all chunks that are done
    (`thresholds.domain.replay.write_shift`).
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for the worker"
        RUNNING = "running", "Being worked out"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Stopped"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="replays")
    baseline = models.ForeignKey(SchemeVersion, models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(help_text="The draft's when this was asked for")
    content = models.JSONField(help_text="The draft as it was then, in the shape of a threshold file")
    since = models.DateField(null=True, blank=True)
    until = models.DateTimeField(help_text="Referrals received up to this instant")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(default=0, help_text="Referrals to go through")
    done = models.PositiveIntegerField(default=0, help_text="Referrals gone through")
    left_out = models.PositiveIntegerField(default=0, help_text="Children of whom no facts are kept")
    cursor = models.DateTimeField(null=True, blank=True, help_text="Received up to here: done")
    figures = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=200, blank=True)

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(ReplayQuerySet))

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(state__in=["waiting", "running"]), name="replay_one_a_draft"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class ReplayedCaseQuerySet(models.QuerySet["ReplayedCase"]):
    def shown(self) -> ReplayedCaseQuerySet:
        """Without those whose referral was restricted since: whoever reads an effect is not named on it."""
        return self.filter(child__referral__restricted=False)


class ReplayedCase(models.Model):
    """One child of one referral whose level or route the draft changes. Level 0 is none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    replay = models.ForeignKey(Replay, models.CASCADE, related_name="cases")
    child = models.ForeignKey(Child, models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()
    before_level = models.PositiveSmallIntegerField()
    after_level = models.PositiveSmallIntegerField()
    before_route = models.CharField(max_length=12)
    after_route = models.CharField(max_length=12)
    causes = models.JSONField(default=list)

    objects = ScopedManager(
        partnership="partnership", _manager_class=models.Manager.from_queryset(ReplayedCaseQuerySet)
    )

    class Meta:
        ordering = ["place"]
        indexes = [models.Index(fields=["replay", "place"], name="replayed_case_in_order")]

    def __str__(self) -> str:
        return f"{self.before_level} → {self.after_level}"
