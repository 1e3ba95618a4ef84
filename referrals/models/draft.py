"""A referral that is still being written."""

from __future__ import annotations

import uuid

from django.db import models
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.encryption import EncryptedJSONField
from partnerships.models import Agency, Partnership, User


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, actor: Actor) -> DraftQuerySet:
        """A draft is its writer's alone."""
        if actor.user is None or actor.partnership is None:
            return self.none()
        return self.filter(partnership=actor.partnership, started_by=actor.user)

    def unsent(self) -> DraftQuerySet:
        return self.filter(sent_at__isnull=True, discarded_at__isnull=True)


class Draft(models.Model):
    """Answers as saved, page by page, under the page's slug. Its id is the token that makes sending happen once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="drafts")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="drafts")
    started_by = models.ForeignKey(User, models.PROTECT, related_name="drafts")
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    answers = EncryptedJSONField(default=dict, help_text="Sealed at rest")
    revision = models.PositiveIntegerField(default=0, help_text="Grows by one with every save")
    sent_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(DraftQuerySet))

    class Meta:
        ordering = ["-saved_at"]
        indexes = [models.Index(fields=["partnership", "started_by", "-saved_at"], name="draft_of_writer")]

    def __str__(self) -> str:
        return str(self.id)
