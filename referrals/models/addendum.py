"""What a referrer says after sending. What was sent stays as it was; this stands beside it, with its date."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.encryption import EncryptedTextField
from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class Addendum(models.Model):
    """More information, a correction, or the wish to withdraw. None is ever changed."""

    class Kind(models.TextChoices):
        INFORMATION = "information", "More information"
        CORRECTION = "correction", "Correction"
        WITHDRAWAL = "withdrawal", "Wish to withdraw"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="addenda")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    about = models.TextField(blank=True, help_text="A correction: the question whose answer was wrong")
    answer = models.CharField(
        max_length=120,
        blank=True,
        help_text="Of a correction: where the answer stands, page/field or child/1/page/field",
    )
    concerns = models.JSONField(
        default=list, blank=True, help_text="The numbers of the children whom it concerns; none: it was not said"
    )
    text = EncryptedTextField(blank=True, help_text="What is added, or what is right; sealed at rest")
    reason = EncryptedTextField(blank=True, help_text="Why it is corrected or withdrawn; sealed at rest")
    in_danger = models.BooleanField(default=False, help_text="It says that a child may come to harm now")
    token = models.CharField(max_length=32, help_text="Of the form that sent it: sent twice, it is kept once")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="A wish to withdraw: when a screener answered it"
    )
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    agreed = models.BooleanField(null=True, help_text="Whether the referral was withdrawn")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "addenda"
        constraints = [
            models.UniqueConstraint(fields=["referral", "token"], name="addendum_sent_once"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
                name="addendum_settled_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.referral_id}"
