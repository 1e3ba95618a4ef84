"""The outbox: what is to be told to whom, written in the transaction that causes it."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class NoticeQuerySet(models.QuerySet["Notice"]):
    def deliverable(self, at: dt.datetime) -> NoticeQuerySet:
        """Waiting and due, or taken by a worker whose lease ran out."""
        return self.filter(state=Notice.State.WAITING, next_attempt_at__lte=at).filter(
            Q(leased_until__isnull=True) | Q(leased_until__lt=at)
        )


class Notice(models.Model):
    """One email-and-portal notice to one person. It names no child: it says that there is something to read."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, null=True, related_name="notices")
    key = models.CharField(max_length=160, help_text="Says what is told to whom; the same thing is never told twice")
    kind = models.SlugField(max_length=40)
    to = models.ForeignKey(User, models.PROTECT, related_name="notices")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(NoticeQuerySet))

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["partnership", "key"], name="notice_told_once")]
        indexes = [models.Index(fields=["next_attempt_at"], name="notice_to_send", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return self.kind
