"""What was written to somebody, frozen word for word when it was sent; and the partnership's own texts for it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, User
from referrals.models.referral import Referral


class LetterTextQuerySet(models.QuerySet["LetterText"]):
    def in_force(self) -> LetterTextQuerySet:
        return self.filter(state=LetterText.State.IN_FORCE)

    def drafts(self) -> LetterTextQuerySet:
        return self.filter(state=LetterText.State.DRAFT)


class LetterText(models.Model):
    """One version of the partnership's own text of a kind of letter. One that held never changes, and none is lost."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_FORCE = "in_force", "In force"
        SUPERSEDED = "superseded", "No longer in force"

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    number = models.PositiveIntegerField(help_text="Counts the versions of this kind; 0 is Front Door's own")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(LetterTextQuerySet))

    class Meta:
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["partnership", "kind", "number"], name="letter_text_number_once"),
            models.UniqueConstraint(
                fields=["partnership", "kind"], condition=Q(state="draft"), name="letter_text_one_draft"
            ),
            models.UniqueConstraint(
                fields=["partnership", "kind"], condition=Q(state="in_force"), name="letter_text_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", approved_at__isnull=True) | Q(approved_at__isnull=False),
                name="letter_text_approved_when_not_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class LetterQuerySet(models.QuerySet["Letter"]):
    def to_referrer(self) -> LetterQuerySet:
        """The letters that the referrer reads; those to parents, agencies and other areas are not theirs."""
        return self.filter(kind__in=[Letter.Kind.ACKNOWLEDGEMENT, Letter.Kind.OUTCOME])

    def to_others(self) -> LetterQuerySet:
        return self.filter(kind__in=[Letter.Kind.PARENTS, Letter.Kind.AGENCY, Letter.Kind.TRANSFER])


class Letter(models.Model):
    class Kind(models.TextChoices):
        ACKNOWLEDGEMENT = "acknowledgement", "Acknowledgement"
        OUTCOME = "outcome", "Outcome"
        PARENTS = "parents", "To the parents"
        AGENCY = "agency", "To a partner agency"
        TRANSFER = "transfer", "Transfer to another area"

    class Answer(models.TextChoices):
        AGREED = "agreed", "Agreed"
        CHALLENGED = "challenged", "Challenged"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    addressed_to = models.ForeignKey(User, models.PROTECT, null=True, related_name="letters")
    recipient = models.TextField(default="", blank=True, help_text="Name and address of one without an account")
    safe_because = models.TextField(default="", blank=True, help_text="How it is known that writing does no harm")
    text_version = models.ForeignKey(LetterText, models.PROTECT, null=True, blank=True, related_name="+")
    subject = models.TextField(help_text="Its places filled in")
    body = models.TextField(help_text="Plain text in paragraphs, as it was sent")
    token = models.CharField(
        max_length=32, blank=True, default="", help_text="Of the form that wrote it: pressed twice, it is written once"
    )
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(max_length=12, choices=Answer.choices, default="", blank=True)
    answer_words = models.TextField(default="", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(LetterQuerySet))

    class Meta:
        ordering = ["sent_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "token"], condition=~Q(("token", "")), name="letter_written_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.referral_id}"
