"""The children and the family of one referral, and the indicators chosen for them."""

import uuid

from django.db import models
from django_scopes import ScopedManager

from partnerships.encryption import EncryptedTextField
from partnerships.models import Partnership
from referrals.models.referral import Referral
from thresholds.models import Indicator


class Child(models.Model):
    """One child as this referral tells of them. Unknown is blank; nothing here is ever required."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="children")
    order = models.PositiveSmallIntegerField(default=0)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    other_names = models.CharField(max_length=200, blank=True, help_text="Known as")
    former_names = models.CharField(max_length=200, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    unborn = models.BooleanField(default=False)
    estimated_age = models.CharField(max_length=40, blank=True)
    expected_on = models.DateField(null=True, blank=True, help_text="Unborn: when the birth is expected")
    sex = models.CharField(max_length=1, blank=True, help_text="M, F or U; an unborn child is U")
    ethnicity = models.CharField(max_length=4, blank=True)
    language = models.CharField(max_length=80, blank=True)
    interpreter_needed = models.BooleanField(null=True)
    disability = models.JSONField(default=list, help_text="Children in Need census codes")
    nhs_number = models.CharField(max_length=20, blank=True)
    upn = models.CharField(max_length=20, blank=True)
    address = models.TextField(blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    whereabouts = models.TextField(blank=True, help_text="Where the child is now")
    school = models.CharField(max_length=200, blank=True)
    gp = models.CharField(max_length=200, blank=True)
    corrected = models.JSONField(
        default=dict, blank=True, help_text="What the referrer corrected of who the child is, beside what was sent"
    )

    facts = models.JSONField(default=dict, help_text="What the engine was told of this child alone")
    screening = models.JSONField(default=dict, help_text="The engine's whole answer for this child, with its reasons")
    indicated_level = models.PositiveSmallIntegerField(null=True)
    judged_level = models.PositiveSmallIntegerField(null=True)
    route = models.CharField(max_length=12, blank=True)
    flags = models.JSONField(default=list)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["order"]
        verbose_name_plural = "children"
        indexes = [
            models.Index(fields=["partnership", "date_of_birth"], name="child_by_birth"),
            models.Index(fields=["partnership", "nhs_number"], name="child_by_nhs_number"),
            models.Index(fields=["partnership", "last_name", "first_name"], name="child_by_name"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def name(self) -> str:
        """The child's name as far as it is known."""
        if self.unborn and not self.first_name:
            return f"Unborn baby {self.last_name}".strip()
        return " ".join(part for part in (self.first_name, self.last_name) if part) or "Name not known"

    @property
    def initials(self) -> str:
        """R.M. for Robin Marlow; words where no name is known."""
        letters = [
            next((letter for letter in name if letter.isalnum()), "") for name in (self.first_name, self.last_name)
        ]
        if any(letters):
            return "".join(f"{letter.upper()}." for letter in letters if letter)
        return "an unborn child" if self.expected_on else "a child whose name is not known"

    @property
    def at_home(self) -> str:
        """A child as its family calls it."""
        return self.first_name or ("your unborn baby" if self.expected_on else "your child")


class FamilyMember(models.Model):
    """Somebody in the child's family or household."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="family")
    order = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=200, blank=True)
    relationship = models.CharField(max_length=100, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    parental_responsibility = models.BooleanField(null=True)
    telephone = models.CharField(max_length=60, blank=True)
    lives_with_child = models.BooleanField(null=True)
    safe_to_call = models.BooleanField(null=True)
    unsafe_because = EncryptedTextField(blank=True, help_text="Why not, and what is safe instead; sealed at rest")
    alleged = models.BooleanField(null=True, help_text="Said to be a source of harm")
    notes = models.TextField(blank=True)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return f"Family member {self.pk}"


class ChosenIndicator(models.Model):
    """An indicator that the referrer chose for one child, with what they saw."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="chosen_indicators")
    child = models.ForeignKey(Child, models.PROTECT, related_name="chosen_indicators")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+")
    evidence = models.TextField(blank=True)

    objects = ScopedManager(partnership="partnership")

    class Meta:
        ordering = ["indicator__order"]
        constraints = [models.UniqueConstraint(fields=["child", "indicator"], name="indicator_chosen_once_a_child")]

    def __str__(self) -> str:
        return f"{self.referral_id} {self.indicator_id}"
