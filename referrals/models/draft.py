"""A referral that is still being written."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.encryption import EncryptedJSONField
from partnerships.models import Agency, Membership, Partnership, User
from partnerships.permissions import KEYING, SENDING, Permission


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, actor: Actor) -> DraftQuerySet:
        """A draft is its writer's alone."""
        if actor.user is None or actor.partnership is None:
            return self.none()
        return self.filter(partnership=actor.partnership, started_by=actor.user)

    def shared_with(self, actor: Actor) -> DraftQuerySet:
        """What colleagues of an agency that this person leads have shared, and not sent.

        What somebody writes who tells of worries for another agency now is that one's. Who left and tells of none
        anywhere can't go on with theirs: it stays with those with whom they shared it.
        """
        if actor.partnership is None or actor.user is None:
            return self.none()
        held = Membership.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=actor.at),
            user=OuterRef("started_by"),
            partnership=actor.partnership,
            role__in=SENDING,
        )
        shared = self.unsent().filter(
            Exists(held.filter(agency=OuterRef("agency"))) | ~Exists(held),
            partnership=actor.partnership,
            shared_at__isnull=False,
        )
        return shared.filter(agency_id__in=actor.lead_agency_ids).exclude(started_by=actor.user)

    def left_keyed(self, actor: Actor) -> DraftQuerySet:
        """What somebody began to key who keys no more: whoever keys goes on with it, for it came to the front door."""
        if actor.partnership is None or not actor.can(Permission.CONTACT_KEY):
            return self.none()
        keys = Membership.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=actor.at),
            user=OuterRef("started_by"),
            partnership=actor.partnership,
            role__in=KEYING,
        )
        left = self.unsent().filter(~Exists(keys), partnership=actor.partnership, channel="keyed")
        return left.filter(started_by__isnull=False).exclude(started_by=actor.user)

    def to_take_over(self, actor: Actor) -> DraftQuerySet:
        """What this person may read as somebody else's, and go on with."""
        theirs = (self.shared_with(actor), self.left_keyed(actor))
        return self.filter(Q(pk__in=theirs[0].values("pk")) | Q(pk__in=theirs[1].values("pk")))

    def taken_from(self, actor: Actor) -> DraftQuerySet:
        """What this person began and shared, and somebody else goes on with."""
        if actor.user is None or actor.partnership is None:
            return self.none()
        return self.filter(partnership=actor.partnership, taken_from=actor.user).exclude(started_by=actor.user)

    def unsent(self) -> DraftQuerySet:
        return self.filter(sent_at__isnull=True, discarded_at__isnull=True)


class Draft(models.Model):
    """Answers as saved, page by page, under the page's slug. Its id is the token that makes sending happen once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="drafts")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="drafts")
    started_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="drafts", help_text="Nobody: somebody without an account"
    )
    channel = models.CharField(max_length=10, default="portal", help_text="As of the referral that it becomes")
    received_at = models.DateTimeField(null=True, blank=True, help_text="Keyed by staff: when the contact truly came")
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    answers = EncryptedJSONField(default=dict, help_text="Sealed at rest")
    revision = models.PositiveIntegerField(default=0, help_text="Grows by one with every save")
    shared_at = models.DateTimeField(null=True, blank=True, help_text="Its agency's lead may see it and take it over")
    taken_from = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", help_text="Who wrote it before its lead took it"
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    taken_answers = EncryptedJSONField(
        null=True, blank=True, help_text="What they had written by then, which stays theirs to read; sealed at rest"
    )
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="Its writer was told that it will be deleted")
    sent_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)

    began_for: Agency | None = None
    """The agency in whose name it was begun, where its writer tells of worries for another now. Not stored."""

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(DraftQuerySet))

    class Meta:
        ordering = ["-saved_at"]
        indexes = [models.Index(fields=["partnership", "started_by", "-saved_at"], name="draft_of_writer")]

    def __str__(self) -> str:
        return str(self.id)
