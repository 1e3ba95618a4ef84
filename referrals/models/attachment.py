"""A document that goes with a referral."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.addendum import Addendum
from referrals.models.draft import Draft
from referrals.models.referral import Referral


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def there(self) -> AttachmentQuerySet:
        """What was not taken away again."""
        return self.filter(removed_at__isnull=True)

    def to_scan(self, at: dt.datetime) -> AttachmentQuerySet:
        return self.there().filter(state=Attachment.State.PENDING, scan_at__lte=at)


class Attachment(models.Model):
    """One file of a draft, and then of the referral that it became.

    It is seen by whoever may see these: it is reached through the draft or the referral, never by itself.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Being checked for viruses"
        CLEAN = "clean", "Checked for viruses"
        SUSPECT = "suspect", "Held back: it may carry a virus"
        NOT_SCANNED = "not_scanned", "Not checked for viruses"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    draft = models.ForeignKey(Draft, models.SET_NULL, null=True, blank=True, related_name="attachments")
    referral = models.ForeignKey(Referral, models.PROTECT, null=True, blank=True, related_name="attachments")
    addendum = models.ForeignKey(
        Addendum, models.SET_NULL, null=True, blank=True, related_name="attachments", help_text="What it came with"
    )
    asked_for = models.SlugField(max_length=60, blank=True, help_text="What the scheme asks for, by its slug")
    called = models.CharField(max_length=200, help_text="What kind of document it is, as a page says it")
    name = models.CharField(max_length=200, help_text="As the sender's computer calls it; never a name on our disk")
    ending = models.CharField(max_length=5, help_text="The kind by its content")
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=12, choices=State.choices)
    scan_at = models.DateTimeField(null=True, blank=True, help_text="When the scanner is asked next")
    scans = models.PositiveSmallIntegerField(default=0)
    scanned_at = models.DateTimeField(null=True, blank=True)
    scanner_said = models.CharField(max_length=120, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(AttachmentQuerySet))

    class Meta:
        ordering = ["added_at", "id"]
        indexes = [
            models.Index(fields=["scan_at"], name="attachment_to_scan", condition=Q(state="pending")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=False) | Q(referral__isnull=False), name="attachment_of_something"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_open(self) -> bool:
        """Whether anybody may have it: never what may carry a virus."""
        return self.state != self.State.SUSPECT

    @property
    def is_unchecked(self) -> bool:
        """A scanner is there, and has not said yet."""
        return self.state == self.State.PENDING
