"""The story of a referral, as people read it (the audit trail is the proof of it)."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.models import Partnership, Team, User
from referrals.models.referral import Referral

OF_CHECKS = ("risk_rated", "check_asked", "check_answered", "check_withdrawn")
"""The kinds that tell how great the risk looked, whom a team asked, and who answered."""
MASH = "mash_"
WHO_SEES_IT = ("restricted", "named", "unnamed", "glass_broken", "restriction_lifted")
"""The kinds that tell who may see a restricted referral, and why: it may be whoever reads it once it is open again."""
OF_THE_MASH = tuple(f"{MASH}{kind}" for kind in OF_CHECKS)
"""The same of a team of the MASH: walled off from early help, as what was asked and answered is."""


def of_checks(kind: str, team: Team) -> str:
    """The kind under which a line of a team's checks stands in the story."""
    return f"{MASH}{kind}" if team.is_mash else kind


def named_then(actor: Actor) -> models.QuerySet[Any]:
    """The leave of somebody who was named on an event's referral when it happened."""
    access = apps.get_model("referrals", "RestrictedAccess").objects
    mine = access.filter(referral=OuterRef("referral"), user=actor.user, kind="named")
    return mine.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=OuterRef("at")))


class EventQuerySet(models.QuerySet["Event"]):
    def readable_by(self, actor: Actor) -> EventQuerySet:
        """The story as somebody who may open the referral reads it.

        Why it was restricted is for those who were named on it then, also once the restriction was lifted.
        """
        story = self if actor.reads_for_the_mash else self.exclude(kind__in=OF_THE_MASH)
        return story.filter(
            ~Q(kind__in=WHO_SEES_IT)
            | Q(kind="restriction_lifted", by__isnull=True)
            | Q(referral__restricted=True)
            | Q(by=actor.user)
            | Exists(named_then(actor))
        )


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

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(EventQuerySet))

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.referral_id}"

    @property
    def sort(self) -> str:
        """Whom its sentence is for (`referrals.domain.classes`)."""
        if self.for_referrer:
            return "for_referrer"
        if self.kind in OF_THE_MASH:
            return "of_the_mash"
        return "of_checks" if self.kind in OF_CHECKS else "for_us"
