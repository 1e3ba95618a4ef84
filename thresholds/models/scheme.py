"""A partnership's threshold scheme and its versions. `docs/threshold-files.md` says what each field means.

The content tables hang on the version. Once a version is published the database itself refuses a change to it and to
every row that hangs on it (triggers, migration 0002).
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from partnerships.models import Partnership, User


class Scheme(models.Model):
    """One partnership's threshold through all its versions."""

    partnership = models.OneToOneField(Partnership, models.PROTECT, related_name="scheme")

    def __str__(self) -> str:
        return f"Threshold of {self.partnership}"


class SchemeVersionQuerySet(models.QuerySet["SchemeVersion"]):
    def of(self, partnership: Partnership) -> SchemeVersionQuerySet:
        return self.filter(scheme__partnership=partnership)

    def in_force(self, at: dt.datetime) -> SchemeVersionQuerySet:
        """The version that holds at an instant: the latest published from before it and not ended."""
        return (
            self.exclude(state=SchemeVersion.State.DRAFT)
            .filter(holds_from__lte=at)
            .filter(Q(holds_until__isnull=True) | Q(holds_until__gt=at))
            .order_by("-holds_from", "-pk")
        )


class SchemeVersion(models.Model):
    """One version: draft, published or superseded. A published one never changes, but for being superseded."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        SUPERSEDED = "superseded", "Superseded"

    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="versions")
    slug = models.SlugField(unique=True, max_length=80)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    title = models.CharField(max_length=300)
    document = models.CharField(max_length=500)
    in_force_from = models.DateField()
    in_force_to = models.DateField(null=True, blank=True)
    review_on = models.DateField(null=True, blank=True)
    step_word = models.CharField(max_length=20, default="level")
    guidance = models.JSONField(default=dict)
    plot_sheet = models.JSONField(null=True, blank=True)
    flag_notes = models.JSONField(default=dict)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="drafts")
    change_note = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=0, help_text="Counts the changes to a draft")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    holds_from = models.DateTimeField(null=True, blank=True, help_text="Referrals sent from this instant")
    holds_until = models.DateTimeField(null=True, blank=True, help_text="Referrals sent before this instant")

    objects = SchemeVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-in_force_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True) | Q(published_at__isnull=False),
                name="version_published_when_not_draft",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    def standing(self, at: dt.datetime) -> str:
        """Where the version stands at an instant: draft, waiting (published, not yet in force), in_force, ended."""
        if self.is_draft or self.holds_from is None:
            return "draft"
        if at < self.holds_from:
            return "waiting"
        return "in_force" if self.holds_until is None or at < self.holds_until else "ended"


class Level(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="levels")
    rank = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    description = models.TextField()
    colour = models.CharField(max_length=10)
    statutory_basis = models.CharField(max_length=12)
    consent_needed = models.BooleanField()
    route = models.CharField(max_length=12)
    expected_response = models.TextField()
    referrer_should = models.TextField()
    source = models.CharField(max_length=400)

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["version", "rank"], name="level_rank_once")]

    def __str__(self) -> str:
        return f"{self.rank} {self.name}"


class Domain(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="domains")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    same_as = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="also_printed")

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["version", "name"], name="domain_name_once")]

    def __str__(self) -> str:
        return self.name


class Indicator(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="indicators")
    order = models.PositiveIntegerField()
    key = models.SlugField(max_length=120)
    level = models.ForeignKey(Level, models.CASCADE, related_name="indicators")
    shared_with = models.JSONField(default=list)
    domain = models.ForeignKey(Domain, models.CASCADE, related_name="indicators")
    item = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=600)
    flags = models.JSONField(default=list)
    source = models.CharField(max_length=400)

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="indicator_key_once")]

    def __str__(self) -> str:
        return self.label


class Rule(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="rules")
    order = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=80)
    kind = models.CharField(max_length=20)
    parameters = models.JSONField(default=dict)
    explanation = models.TextField()
    source = models.CharField(max_length=400)
    local_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="rule_key_once")]

    def __str__(self) -> str:
        return self.key


class Limit(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="limits")
    order = models.PositiveSmallIntegerField()
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=20)
    starts = models.CharField(max_length=20)
    source = models.CharField(max_length=400)
    local_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["version", "slug"], name="limit_slug_once")]

    def __str__(self) -> str:
        return self.name


class ConsentReason(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="consent_reasons")
    order = models.PositiveSmallIntegerField()
    slug = models.SlugField(max_length=60)
    label = models.CharField(max_length=300)
    accepted_at = models.JSONField(default=list)
    source = models.CharField(max_length=400)

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["version", "slug"], name="consent_reason_once")]

    def __str__(self) -> str:
        return self.label


class Evidence(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="evidence")
    order = models.PositiveSmallIntegerField()
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=300)
    when = models.TextField()
    source = models.CharField(max_length=400)

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["version", "slug"], name="evidence_once")]

    def __str__(self) -> str:
        return self.name


class EscalationStage(models.Model):
    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="escalation_stages")
    stage = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=300)
    people = models.TextField(blank=True)
    limit_working_days = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=400)

    class Meta:
        ordering = ["stage"]
        constraints = [models.UniqueConstraint(fields=["version", "stage"], name="escalation_stage_once")]

    def __str__(self) -> str:
        return f"{self.stage} {self.name}"
