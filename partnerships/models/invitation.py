"""An invitation to hold a role: for one person, once, until it expires."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models

from partnerships.models.partnership import Agency, Partnership, Team
from partnerships.models.people import User
from partnerships.permissions import Role


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> InvitationQuerySet:
        """Neither taken up nor taken back; expired ones among them, so that they can be sent again."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def open(self, at: dt.datetime) -> InvitationQuerySet:
        return self.waiting().filter(expires_at__gt=at)


class Invitation(models.Model):
    """Who invites whom to what. The link in the email is this row's id, signed: nothing here opens anything."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="invitations")
    user = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    name = models.CharField(max_length=200, help_text="As the inviter wrote it")
    role = models.CharField(max_length=30, choices=[(role.value, role.label) for role in Role])
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    invited_at = models.DateTimeField()
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at"]

    def __str__(self) -> str:
        return f"{self.role} for {self.user_id}"
