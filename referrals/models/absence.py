"""Who is away, until when, and who covers; and views of the queue that somebody kept."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, Team, User


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def holding(self, at: dt.datetime) -> AbsenceQuerySet:
        return self.filter(ended_at__isnull=True, until__gt=at)


class Absence(models.Model):
    """Somebody is away until an instant; what they had went to the cover, or back to its queue."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    cover = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    until = models.DateTimeField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(AbsenceQuerySet))

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["partnership", "user"], condition=Q(ended_at__isnull=True), name="absence_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} until {self.until:%Y-%m-%d}"


class SavedView(models.Model):
    """A filtered queue that somebody kept under a name, for themselves or for everybody who works in the queue."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+")
    shared = models.BooleanField(default=False)
    name = models.CharField(max_length=60)
    query = models.TextField(help_text="As it stands in the address, read again by the filter's form")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["partnership", "by", "team", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name
