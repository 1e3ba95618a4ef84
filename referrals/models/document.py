"""A PDF that is to be made, or was: kept for a day by its content, sealed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.encryption import EncryptedTextField
from partnerships.models import Partnership


class Document(models.Model):
    """One document by the hash of its content: the page that it is made from, then the PDF. Both lie here sealed.

    The same content is made once, whoever asks; a day after it was last asked for it is taken away.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        MADE = "made", "Made"
        FAILED = "failed", "Could not be made"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the page and the print stylesheet")
    page = EncryptedTextField(blank=True, help_text="What it is made from; empty once it is made")
    sealed = models.BinaryField(default=b"", help_text="The PDF, sealed")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["partnership", "digest"], name="document_made_once")]
        indexes = [
            models.Index(fields=["asked_at"], name="document_to_make", condition=Q(state="waiting")),
            models.Index(fields=["partnership", "asked_at"], name="document_to_purge"),
        ]

    def __str__(self) -> str:
        return self.digest
