"""What people said of two children's rows: the same child, or not; and the keys by which rows are found."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.models import Partnership, User
from referrals.models.child import Child
from referrals.models.referral import Referral


class SameChildQuerySet(models.QuerySet["SameChild"]):
    def standing_for(self, actor: Actor) -> SameChildQuerySet:
        """What holds, of contacts both of which this person may be shown: the reason may tell of either."""
        shown = Referral.objects.told_of_to(actor).values("pk")
        return self.filter(one__referral__in=shown, other__referral__in=shown, undone_at__isnull=True)


class SameChild(models.Model):
    """A person's word that two rows tell of one child, or that they do not. Undone by a person; nothing is merged.

    `one` is the row with the smaller key, so that each pair stands once.
    """

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    one = models.ForeignKey(Child, models.PROTECT, related_name="+")
    other = models.ForeignKey(Child, models.PROTECT, related_name="+")
    same = models.BooleanField()
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    undone_reason = models.TextField(blank=True)

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(SameChildQuerySet))

    class Meta:
        ordering = ["at"]
        verbose_name_plural = "same children"
        constraints = [
            models.UniqueConstraint(
                fields=["one", "other"], condition=Q(undone_at__isnull=True), name="same_child_said_once"
            ),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="same_child_in_order"),
        ]
        indexes = [models.Index(fields=["other"], name="same_child_by_other")]

    def __str__(self) -> str:
        return f"{self.one_id} {'is' if self.same else 'is not'} {self.other_id}"


class LookupKey(models.Model):
    """One key (`referrals.domain.lookup`) by which a referral, and of it one child, is found through an index."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.CASCADE, related_name="+")
    child = models.ForeignKey(Child, models.CASCADE, null=True, related_name="+", help_text="None: of the family")
    key = models.CharField(max_length=64)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        indexes = [models.Index(fields=["partnership", "key"], name="lookup_by_key")]

    def __str__(self) -> str:
        return f"key of {self.referral_id}"
