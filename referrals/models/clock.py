"""What is due on a referral, and the beat that watches it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class LateReason(models.TextChoices):
    """Why a clock was not met in time. Counted, so that what comes often is mended."""

    VOLUME = "volume", "More came in than could be read in time"
    STAFFING = "staffing", "Somebody was away and nobody took over"
    REFERRER = "referrer", "Waiting for the referrer"
    AGENCY = "agency", "Waiting for another agency"
    FAMILY = "family", "The family could not be reached"
    SYSTEM = "system", "Front Door or the network was down"
    OTHER = "other", "Something else"


AGAIN = "_again_"
"""What stands in the slug of a clock of a referral opened again, between the promise and which time it is."""


class ClockQuerySet(models.QuerySet["Clock"]):
    def unmet(self) -> ClockQuerySet:
        return self.filter(met_at__isnull=True)

    def counting(self) -> ClockQuerySet:
        """Neither met nor paused: what falls due."""
        return self.filter(met_at__isnull=True, paused_at__isnull=True)

    def of_promises(self, slugs: Iterable[str]) -> ClockQuerySet:
        """The clocks of these limits, from the sending and from each time that the referral was opened again."""
        wanted = Q()
        for slug in slugs:
            wanted |= Q(slug=slug) | Q(slug__startswith=slug + AGAIN)
        return self.filter(wanted)


class Clock(models.Model):
    """One limit running on one referral: an instant stored when it starts, never a counter.

    `subject` tells several of a kind on one referral apart: a check with the police from one with the school. A clock
    outside the scheme's limits carries its own `amount` and `unit`, or neither where its instant was agreed.
    """

    class Stage(models.TextChoices):
        RUNNING = "running", "Running"
        DUE_SOON = "due_soon", "Due soon"
        OVERDUE = "overdue", "Overdue"
        MET = "met", "Met"
        STOPPED = "stopped", "Stopped"

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="clocks")
    slug = models.SlugField(max_length=80, help_text="Of a limit, perhaps with how often it runs again")
    subject = models.CharField(max_length=80, default="", blank=True, help_text="Tells several of a kind apart")
    name = models.CharField(max_length=200)
    amount = models.PositiveIntegerField(null=True, blank=True, help_text="Of a limit that is not the scheme's")
    unit = models.CharField(max_length=20, default="", blank=True)
    started_at = models.DateTimeField()
    warn_at = models.DateTimeField(help_text="From here on it is due soon")
    due_at = models.DateTimeField()
    first_due_at = models.DateTimeField(help_text="The first answer; kept when a closure day moves the due instant")
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.RUNNING)
    next_step_at = models.DateTimeField(null=True, help_text="When the sweep must next look; none once overdue or met")
    met_at = models.DateTimeField(null=True, blank=True, help_text="When it ended: met, or stopped with its referral")
    met_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when it stands still")
    late_why = models.CharField(max_length=10, choices=LateReason.choices, default="", blank=True)
    late_words = models.TextField(default="", blank=True)
    late_said_at = models.DateTimeField(null=True, blank=True)
    late_said_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(ClockQuerySet))

    class Meta:
        ordering = ["due_at"]
        constraints = [models.UniqueConstraint(fields=["referral", "slug", "subject"], name="clock_once_a_subject")]
        indexes = [
            models.Index(fields=["next_step_at"], name="clock_sweep", condition=Q(next_step_at__isnull=False)),
            models.Index(fields=["partnership", "due_at"], name="clock_by_due"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} of {self.referral_id}"

    @property
    def sort(self) -> str:
        """A limit of the threshold, or one of several that name whom they wait for (`referrals.domain.classes`)."""
        return "of_one" if self.subject else "limit"

    @property
    def promise(self) -> str:
        """The limit that it runs for, whichever time."""
        return self.slug.partition(AGAIN)[0]

    @property
    def paused_why(self) -> str:
        """Why it stands still, where that was read with it (`referrals.clocks.reading.of_referral`)."""
        return getattr(self, "why_it_stands", None) or ""

    @property
    def paused_until(self) -> dt.datetime | None:
        """When it runs on by itself, where that was read with it."""
        return getattr(self, "stands_until", None)

    def is_late(self, at: dt.datetime) -> bool:
        """Ended after its time, or not ended though its time is over. A clock that stands still is not late."""
        if self.met_at is not None:
            return self.met_at > self.due_at
        return self.paused_at is None and self.due_at < at


class ClockPause(models.Model):
    """A time in which a clock stood still, and why. Nothing pauses by itself, and nothing without an end."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    clock = models.ForeignKey(Clock, models.PROTECT, related_name="pauses")
    reason = models.TextField()
    paused_at = models.DateTimeField()
    paused_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    until_at = models.DateTimeField(
        null=True, blank=True, help_text="When it runs on by itself, if nobody let it before"
    )
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["paused_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["clock"], condition=Q(resumed_at__isnull=True), name="clock_paused_once"),
        ]

    def __str__(self) -> str:
        return f"Pause of clock {self.clock_id}"


class Heartbeat(models.Model):
    """When a background loop last ran; a page that finds it old says so."""

    name = models.SlugField(unique=True, max_length=40)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
