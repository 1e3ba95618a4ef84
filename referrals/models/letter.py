"""What was written to somebody, frozen word for word when it was sent."""

import uuid

from django.db import models
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class Letter(models.Model):
    class Kind(models.TextChoices):
        ACKNOWLEDGEMENT = "acknowledgement", "Acknowledgement"
        OUTCOME = "outcome", "Outcome"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    addressed_to = models.ForeignKey(User, models.PROTECT, null=True, related_name="letters")
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Plain text in paragraphs, as it was sent")
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["sent_at"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.referral_id}"
