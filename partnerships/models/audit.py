"""The trail: who read or changed what, and when. It only grows; each entry carries the hash of the one before."""

from django.db import models

from partnerships.models.partnership import Partnership
from partnerships.models.people import User


class AuditHead(models.Model):
    """The last link of a partnership's chain; locked while the next is added."""

    partnership = models.OneToOneField(Partnership, models.CASCADE, related_name="audit_head")
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.partnership} {self.sequence}"


class AuditEntry(models.Model):
    """One thing that one person did. `verb` says what (`referral.read`), `noun` and `object_id` to what.

    concerns: the record of which that is a part, whatever the part's own id: a referral's key, or of what was done
    before sending that of its draft. Entries older than the column have none; nothing is ever written into them.
    """

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="audit_entries")
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="audit_entries")
    verb = models.CharField(max_length=60)
    noun = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, blank=True)
    concerns = models.UUIDField(null=True, blank=True)
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=36, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["partnership", "sequence"], name="audit_sequence_once")]
        indexes = [
            models.Index(fields=["partnership", "object_id"], name="audit_by_object"),
            models.Index(fields=["partnership", "concerns"], name="audit_by_record"),
            models.Index(
                fields=["partnership", "-sequence"], condition=models.Q(verb="search.done"), name="audit_searches"
            ),
            models.Index(fields=["partnership", "by", "at"], name="audit_by_person"),
            models.Index(fields=["partnership", "at"], name="audit_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.verb}"
