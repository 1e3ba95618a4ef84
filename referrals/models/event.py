"""The story of a referral, as people read it (the audit trail is the proof of it)."""

from django.db import models
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class Event(models.Model):
    """One thing that happened, in one sentence. `for_referrer`: may the referrer read it."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="events")
    kind = models.SlugField(max_length=40)
    sentence = models.TextField()
    note = models.TextField(blank=True)
    for_referrer = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.referral_id}"

    @property
    def sort(self) -> str:
        """Whom its sentence is for (`referrals.domain.classes`)."""
        return "for_referrer" if self.for_referrer else "for_us"
