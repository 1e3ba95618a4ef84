"""A second, blind screening of a decided child: what another screener would have decided, not knowing the first."""

import uuid

from django.db import models
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.child import Child
from referrals.models.decision import Decision
from referrals.models.referral import Referral


class SecondScreening(models.Model):
    """One decision drawn at random. `level` is the second screener's own; the first stands in `decision`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.CASCADE, related_name="second_screenings")
    child = models.ForeignKey(Child, models.CASCADE, related_name="+")
    decision = models.OneToOneField(Decision, models.CASCADE, related_name="second_screening")
    drawn_at = models.DateTimeField()
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True)
    screened_at = models.DateTimeField(null=True, blank=True)
    screened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["drawn_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(screened_at__isnull=True, screened_by__isnull=True, level__isnull=True)
                | models.Q(screened_at__isnull=False, screened_by__isnull=False, level__isnull=False),
                name="second_screening_whole_or_none",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
