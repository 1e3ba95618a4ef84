"""What a screener decided, and why."""

import uuid

from django.db import models
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.domain.lifecycle import Outcome
from referrals.models.referral import Referral


class Decision(models.Model):
    """One decision on one referral; a later one follows it, none is changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="decisions")
    decided_level = models.PositiveSmallIntegerField(null=True)
    indicated_level = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=40, choices=[(o.value, o.value) for o in Outcome])
    reason = models.TextField()
    differs = models.BooleanField(default=False, help_text="The decided level is not the indicated one")
    told_referrer = models.TextField(blank=True, help_text="What the outcome letter says to the referrer")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.outcome} for {self.referral_id}"
