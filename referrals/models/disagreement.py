"""A professional disagreement with a decision: who challenged, the partnership's own stages, how it was resolved."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.encryption import EncryptedTextField
from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class Disagreement(models.Model):
    """One challenge. It is open until somebody records how it was resolved; its stages are the scheme version's."""

    class Result(models.TextChoices):
        STANDS = "stands", "The decision stands, and the referrer agrees to it"
        CHANGED = "changed", "The decision is looked at again"
        OTHER = "other", "Agreed on something else"
        UNRESOLVED = "unresolved", "Not agreed: every stage was gone through"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="disagreements")
    words = EncryptedTextField()
    stage = models.PositiveSmallIntegerField(default=1, help_text="The stage that it is at")
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    result = models.CharField(max_length=12, blank=True, choices=Result.choices)
    resolution = EncryptedTextField(blank=True)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral"], condition=Q(resolved_at__isnull=True), name="disagreement_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"Disagreement on {self.referral_id}"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None


class DisagreementStage(models.Model):
    """One stage: who should talk, by when, what the front door answered, and why it went on to the next."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    disagreement = models.ForeignKey(Disagreement, models.PROTECT, related_name="stages")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=300, help_text="As the scheme calls it")
    people = models.TextField(blank=True, help_text="Who talks at this stage, by the partnership's own document")
    for_us = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="Who acts for the front door"
    )
    for_them = models.CharField(max_length=420, blank=True, help_text="Who acts for the referrer’s agency, and as what")
    for_them_user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="The same, with an account here"
    )
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    spoke = models.CharField(max_length=400, blank=True, help_text="Who talked with whom")
    answer = EncryptedTextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    moved_on_at = models.DateTimeField(null=True, blank=True)
    moved_on_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    moved_on_because = EncryptedTextField(blank=True)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["disagreement", "number"], name="disagreement_stage_once"),
        ]

    def __str__(self) -> str:
        return f"Stage {self.number} of {self.disagreement_id}"
