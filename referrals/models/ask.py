"""What the front door asks of others before it decides: a question to the referrer, a check with a partner agency."""

from __future__ import annotations

import uuid

from django.apps import apps
from django.db import models
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.encryption import EncryptedJSONField, EncryptedTextField
from partnerships.models import Agency, Partnership, Team, User
from partnerships.permissions import Permission, Role
from referrals.models.referral import Referral


class AskQuerySet(models.QuerySet["Ask"]):
    def open(self) -> AskQuerySet:
        return self.filter(state=Ask.State.OPEN)

    def questions(self) -> AskQuerySet:
        return self.filter(kind=Ask.Kind.QUESTION)

    def checks(self) -> AskQuerySet:
        return self.filter(kind=Ask.Kind.CHECK)

    def of_agency(self, actor: Actor) -> AskQuerySet:
        """The checks that this person answers for their own agency: those, and nothing else of the referral."""
        if actor.partnership is None or not actor.can(Permission.CHECK_ANSWER):
            return self.none()
        mine = [each.agency_id for each in actor.memberships if each.role == Role.CHECKER.value and each.agency_id]
        return self.checks().filter(partnership=actor.partnership, agency_id__in=mine)

    def readable_by(self, actor: Actor) -> AskQuerySet:
        """What is asked, as somebody who may open the referral reads it: what the MASH asks of agencies is walled off
        from early help; what early help asks goes with the referral, to the MASH too.

        Of what is restricted, it is read by those alone who may see the referral.
        """
        access = apps.get_model("referrals", "RestrictedAccess").objects.holding(actor.at)
        named = access.filter(referral=models.OuterRef("referral"), user=actor.user)
        open_ones = self.filter(models.Q(referral__restricted=False) | models.Exists(named))
        if actor.reads_for_the_mash:
            return open_ones
        return open_ones.exclude(kind=Ask.Kind.CHECK, team__kind=Team.Kind.MASH)


class Ask(models.Model):
    """One question with its answer. What was asked, and the extract that went with it, are frozen when it is sent.

    What is answered again, by the same or by somebody else, is a row of its own with the same question.
    """

    class Kind(models.TextChoices):
        QUESTION = "question", "Question to the referrer"
        CHECK = "check", "Check with an agency"

    class State(models.TextChoices):
        OPEN = "open", "Waiting for an answer"
        ANSWERED = "answered", "Answered"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Knows(models.TextChoices):
        YES = "yes", "Yes, we hold information on the child or the family"
        NO = "no", "No, we hold nothing"
        WITHHELD = "withheld", "We hold something that we may not share in writing: telephone us"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="asks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", help_text="The team that asks")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="checks")
    question = EncryptedTextField()
    extract = EncryptedJSONField(default=list, help_text="What the agency is shown: label and value, as chosen")
    basis = models.CharField(max_length=30, blank=True, help_text="The lawful basis of sharing the extract")
    urgency = models.CharField(max_length=10)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    knows = models.CharField(max_length=10, blank=True, choices=Knows.choices)
    answer = EncryptedTextField(blank=True)
    later = models.CharField(
        max_length=6, blank=True, help_text="How it is with a child by this answer (`referrals.domain.danger.Later`)"
    )
    concerns = models.JSONField(
        default=list, blank=True, help_text="The numbers of the children of whom that is said; none for all"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(AskQuerySet))

    class Meta:
        ordering = ["asked_at", "answered_at", "id"]
        indexes = [models.Index(fields=["partnership", "agency", "state", "due_at"], name="ask_of_agency")]

    def __str__(self) -> str:
        return f"{self.kind} on {self.referral_id}"

    @property
    def sort(self) -> str:
        """A question to the referrer, or a check of the MASH’s or of another team’s (`referrals.domain.classes`)."""
        if self.kind == self.Kind.QUESTION:
            return "question"
        return "mash_check" if self.team.is_mash else "check"


class RiskRating(models.Model):
    """How great the risk looked, before the checks or after them, and why. A later rating follows; none is changed."""

    class Stage(models.TextChoices):
        BEFORE = "before", "Before checks"
        AFTER = "after", "After checks"

    class Rating(models.TextChoices):
        HIGH = "high", "High: decide today"
        MEDIUM = "medium", "Medium: decide within the day’s limit"
        LOW = "low", "Low: it can wait for its limit"

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="risk_ratings")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", help_text="The team that rated")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    rating = models.CharField(max_length=10, choices=Rating.choices)
    reason = EncryptedTextField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.rating} {self.stage} checks on {self.referral_id}"

    @property
    def sort(self) -> str:
        """Whose rating it is (`referrals.domain.classes`)."""
        return "mash" if self.team.is_mash else "early_help"
