"""Who may see a restricted referral: named people, and for an hour whoever broke the glass."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class RestrictedAccessQuerySet(models.QuerySet["RestrictedAccess"]):
    def holding(self, at: dt.datetime | None) -> RestrictedAccessQuerySet:
        """Those that hold at this instant. Where the instant is not known, only those without an end."""
        unending = Q(until__isnull=True)
        return self.filter(unending if at is None else unending | Q(until__gt=at), ended_at__isnull=True)


class RestrictedAccess(models.Model):
    """One person's leave to see one restricted referral; nobody without it does, whatever their role."""

    class Kind(models.TextChoices):
        NAMED = "named", "Named"
        BREAK_GLASS = "break_glass", "Opened in need"

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="restricted_access")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="Nobody: by the rule on allegations"
    )
    until = models.DateTimeField(null=True, blank=True, help_text="From this instant it holds no more")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(
        partnership="partnership", _manager_class=models.Manager.from_queryset(RestrictedAccessQuerySet)
    )

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["user", "referral"], name="restricted_for_user")]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id} {self.referral_id}"
