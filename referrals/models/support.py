"""Early help after the decision: who takes a child on, the plan and its reviews, how it ended."""

from __future__ import annotations

import uuid

from django.db import models
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.encryption import EncryptedTextField
from partnerships.models import Partnership, Team, User
from partnerships.permissions import Permission
from referrals.models.child import Child
from referrals.models.decision import Decision
from referrals.models.referral import Referral


class SupportQuerySet(models.QuerySet["Support"]):
    def visible_to(self, actor: Actor) -> SupportQuerySet:
        """The early help of one's own teams; all of it for who reads all. Of what is restricted, as of its referral."""
        if actor.partnership is None or actor.user is None:
            return self.none()
        shown = Referral.objects.filter(partnership=actor.partnership).unless_restricted(actor)
        mine = self.filter(partnership=actor.partnership, referral__in=shown.order_by().values("pk"))
        if actor.can(Permission.REFERRAL_READ_ALL):
            return mine
        if not actor.can(Permission.SUPPORT_KEEP):
            return self.none()
        return mine.filter(team_id__in=actor.teams_for(Permission.SUPPORT_KEEP))

    def open(self) -> SupportQuerySet:
        return self.exclude(state=Support.State.CLOSED)


class Support(models.Model):
    """Early help for one child, from the decision to its end."""

    class State(models.TextChoices):
        OFFERED = "offered", "To be accepted"
        ACTIVE = "active", "Active"
        CLOSED = "closed", "Closed"

    class Ending(models.TextChoices):
        MET = "met", "Needs met"
        UNIVERSAL = "universal", "Goes on with universal services"
        DECLINED = "declined", "The family declined, or withdrew"
        MOVED = "moved", "The family moved away"
        STEPPED_UP = "stepped_up", "Stepped up to the MASH"
        ANOTHER = "another", "Taken on by another service"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="supports")
    child = models.ForeignKey(Child, models.PROTECT, related_name="supports")
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="support")
    team = models.ForeignKey(Team, models.PROTECT, related_name="supports")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    offered_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    lead = models.CharField(max_length=200, blank=True, help_text="The lead practitioner's name")
    lead_agency = models.CharField(max_length=200, blank=True)
    lead_telephone = models.CharField(max_length=60, blank=True)
    plan = EncryptedTextField(blank=True, help_text="What is to get better, who does what")
    next_review_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ending = models.CharField(max_length=12, blank=True, choices=Ending.choices)
    closing_words = EncryptedTextField(blank=True)

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(SupportQuerySet))

    class Meta:
        ordering = ["offered_at"]
        indexes = [models.Index(fields=["team", "state", "next_review_at"], name="support_of_team")]

    def __str__(self) -> str:
        return f"Early help for {self.child_id}"

    @property
    def revision(self) -> int:
        """Counts what a form that gives it to another team was shown beside: each giving on, its start, its end."""
        return self.given_on.count() + (self.accepted_at is not None) + (self.closed_at is not None)


class SupportGivenOn(models.Model):
    """That early help went from one team to another, with what the one that gets it has to know."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    support = models.ForeignKey(Support, models.PROTECT, related_name="given_on")
    number = models.PositiveSmallIntegerField()
    from_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    to_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    reason = EncryptedTextField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["support", "number"], name="support_given_on_once")]

    def __str__(self) -> str:
        return f"{self.support_id} given to {self.to_team_id}"


class PlanReview(models.Model):
    """One review of the plan: what changed since, and how it stands now."""

    class Progress(models.TextChoices):
        BETTER = "better", "Better"
        SAME = "same", "About the same"
        WORSE = "worse", "Worse"

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    support = models.ForeignKey(Support, models.PROTECT, related_name="reviews")
    number = models.PositiveSmallIntegerField()
    progress = models.CharField(max_length=10, choices=Progress.choices)
    words = EncryptedTextField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["support", "number"], name="plan_review_once")]

    def __str__(self) -> str:
        return f"Review {self.number} of {self.support_id}"
