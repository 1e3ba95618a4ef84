"""A referral sent on to another area: what the sender keeps of it, and what arrived where it was sent.

The two partnerships share a key and nothing else: each row belongs to one of them, and neither reads the other's.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.encryption import EncryptedJSONField, EncryptedTextField
from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class TransferQuerySet(models.QuerySet["Transfer"]):
    def awaited(self) -> TransferQuerySet:
        """Of which nobody has said yet that they have it, or that they do not take it."""
        return self.filter(received_at__isnull=True, returned_at__isnull=True)


class Transfer(models.Model):
    """The sender's side: some of a referral's children, sent on to one other area.

    `to_partnership` is empty where that area is not on Front Door: then somebody sends it by hand, and says how and
    to whom (`handed_…`). `received_by` and `returned_by` are the names of people there, with their jobs.
    """

    key = models.UUIDField(default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="transfers")
    to_partnership = models.ForeignKey(Partnership, models.PROTECT, null=True, blank=True, related_name="+")
    to_name = models.CharField(max_length=200)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    handed_how = models.CharField(max_length=200, blank=True, help_text="Sent by hand: by which way")
    handed_to = models.CharField(max_length=200, blank=True, help_text="Sent by hand: to whom")
    handed_at = models.DateTimeField(null=True, blank=True)
    handed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.CharField(max_length=500, blank=True)
    receipt_noted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="Who wrote down a receipt by hand"
    )
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_by = models.CharField(max_length=500, blank=True)
    returned_because = EncryptedTextField(blank=True)

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(TransferQuerySet))

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["partnership", "key"], name="transfer_key_once"),
            models.CheckConstraint(
                condition=Q(received_at__isnull=True) | Q(returned_at__isnull=True), name="transfer_ends_in_one_way"
            ),
        ]

    def __str__(self) -> str:
        return f"To {self.to_name}"

    @property
    def is_awaited(self) -> bool:
        return self.received_at is None and self.returned_at is None

    @property
    def by_hand(self) -> bool:
        """Whether somebody sends it themselves: that area is not on Front Door."""
        return self.to_partnership_id is None


class Arrival(models.Model):
    """The receiver's side: what was told, screened and decided at the first partnership, as it stood when sent on.

    `bundle` is read, never changed (`referrals.transfer.bundle`); whoever sees the referral sees it.
    """

    key = models.UUIDField(editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.OneToOneField(Referral, models.PROTECT, related_name="arrival")
    from_partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    from_reference = models.CharField(max_length=20)
    sent_at = models.DateTimeField()
    sent_by = models.CharField(max_length=500, help_text="Who sent it on, with job and telephone")
    because = EncryptedTextField(blank=True)
    bundle = EncryptedJSONField(default=dict)
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    returned_because = EncryptedTextField(blank=True)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partnership", "key"], name="arrival_key_once"),
            models.CheckConstraint(
                condition=Q(received_at__isnull=True) | Q(returned_at__isnull=True), name="arrival_ends_in_one_way"
            ),
        ]

    def __str__(self) -> str:
        return f"From {self.from_reference}"

    @property
    def is_awaited(self) -> bool:
        """Nobody here has said yet that they have it, or that they do not take it."""
        return self.received_at is None and self.returned_at is None
