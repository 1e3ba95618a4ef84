"""What is due on a referral, and the beat that watches it."""

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class Clock(models.Model):
    """One limit running on one referral: an instant stored when it starts, never a counter."""

    class Stage(models.TextChoices):
        RUNNING = "running", "Running"
        DUE_SOON = "due_soon", "Due soon"
        OVERDUE = "overdue", "Overdue"
        MET = "met", "Met"

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="clocks")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    warn_at = models.DateTimeField(help_text="From here on it is due soon")
    due_at = models.DateTimeField()
    first_due_at = models.DateTimeField(help_text="The first answer; kept when a closure day moves the due instant")
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.RUNNING)
    next_step_at = models.DateTimeField(null=True, help_text="When the sweep must next look; none once overdue or met")
    met_at = models.DateTimeField(null=True, blank=True)
    met_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["due_at"]
        constraints = [models.UniqueConstraint(fields=["referral", "slug"], name="clock_once_a_referral")]
        indexes = [
            models.Index(fields=["next_step_at"], name="clock_sweep", condition=Q(next_step_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.slug} of {self.referral_id}"


class Heartbeat(models.Model):
    """When a background loop last ran; a page that finds it old says so."""

    name = models.SlugField(unique=True, max_length=40)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
