"""The outbox: what is to be told to whom, written in the transaction that causes it."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships import telling
from partnerships.models import Partnership, User
from referrals.models.referral import Referral

KNOWS_FIRST = dt.timedelta(minutes=10)
"""How long the host that began to hand a notice over has, to say from its post book what became of it."""


class NoticeQuerySet(models.QuerySet["Notice"]):
    def deliverable(self, at: dt.datetime) -> NoticeQuerySet:
        """Waiting and due, or taken by a worker whose lease ran out; not what goes into somebody's digest."""
        return self.filter(state=Notice.State.WAITING, next_attempt_at__lte=at, digest=False).filter(
            Q(leased_until__isnull=True) | Q(leased_until__lt=at)
        )

    def of_book(self, book: str, at: dt.datetime) -> NoticeQuerySet:
        """But not what was begun with another post book: for `KNOWS_FIRST` it is left to that host, which knows."""
        late = at - KNOWS_FIRST
        given_back = Q(leased_until__isnull=True, next_attempt_at__lt=late)
        return self.filter(Q(begun_on__in=["", book]) | Q(leased_until__lt=late) | given_back)

    def for_digest(self, at: dt.datetime) -> NoticeQuerySet:
        """What waits for its reader's digest, and its hour has come."""
        return self.filter(state=Notice.State.WAITING, next_attempt_at__lte=at, digest=True)

    def undelivered(self) -> NoticeQuerySet:
        """What did not reach its reader's mailbox, will not by itself, and nobody has dealt with."""
        return self.filter(state__in=[Notice.State.DEAD, Notice.State.BOUNCED], dealt_with_at__isnull=True)

    def doubted(self, since: dt.datetime) -> NoticeQuerySet:
        """What may have gone before it went, since then."""
        return self.filter(doubted_at__gte=since)

    def dealt_with(self) -> NoticeQuerySet:
        """What did not arrive, and somebody has said what was done about it."""
        return self.filter(dealt_with_at__isnull=False)

    def in_portal(self, user: User) -> NoticeQuerySet:
        """A person's notices as the portal lists them: a digest only repeats others, and a key is for the mailbox."""
        return self.filter(to=user).exclude(kind__in=["digest", *telling.kinds_with_key()])


class Notice(models.Model):
    """One email-and-portal notice to one person. It names no child: it says that there is something to read."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"
        BOUNCED = "bounced", "Came back"

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
    digest = models.BooleanField(default=False, help_text="Goes out in its reader's digest, not by itself")
    digested_in = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="tells_of")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was last handed over: it may have gone, whatever became of the worker"
    )
    begun_on = models.CharField(
        max_length=36, default="", blank=True, help_text="The post book that knows what became of the handing-over"
    )
    doubted_at = models.DateTimeField(
        null=True, blank=True, help_text="When nobody could say whether it had gone: its reader may have it twice"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When the provider said what became of it")
    last_error = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    dealt_with_at = models.DateTimeField(null=True, blank=True, help_text="When somebody said that it needs no more")
    dealt_with_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    dealt_with_how = models.TextField(blank=True, help_text="What was done about it; it names no child")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(NoticeQuerySet))

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["partnership", "key"], name="notice_told_once")]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="notice_to_send", condition=Q(state="waiting")),
            models.Index(fields=["partnership", "to"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=["partnership", "created_at"],
                name="notice_undelivered",
                condition=Q(state__in=["dead", "bounced"], dealt_with_at__isnull=True),
            ),
            models.Index(
                fields=["partnership", "doubted_at"], name="notice_doubted", condition=Q(doubted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class NoticeChoice(models.Model):
    """How somebody wants to hear of what can wait: each by itself, or once a day. What can't wait comes at once."""

    class How(models.TextChoices):
        AT_ONCE = "at_once", "An email for each, at once"
        DIGEST = "digest", "One email each morning, with all of them"

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    how = models.CharField(max_length=10, choices=How.choices, default=How.AT_ONCE)
    changed_at = models.DateTimeField()

    objects = ScopedManager(partnership="partnership")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partnership", "user"], name="notice_choice_once")]

    def __str__(self) -> str:
        return self.how


class CalendarAddress(models.Model):
    """The private address of somebody's due dates. Only its hash lies here; a new one ends the one before."""

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    last_read_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partnership", "user"], name="calendar_address_once")]

    def __str__(self) -> str:
        return f"Calendar address of {self.user_id}"
