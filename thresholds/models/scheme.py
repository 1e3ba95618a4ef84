"""A partnership's threshold scheme and its versions. `docs/threshold-files.md` says what each field means.

The content tables hang on the version. Once a version is published the database itself refuses a change to it and to
every row that hangs on it (triggers, migration 0002).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

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
    effect_seen_at = models.DateTimeField(null=True, blank=True)
    effect_seen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    effect_seen_revision = models.PositiveIntegerField(
        null=True, blank=True, help_text="The revision whose effect on past referrals was looked at"
    )
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


class Current(models.QuerySet[Any]):
    """Rows of a list of which some are retired: kept, and no part of what the version says."""

    def current(self) -> Current:
        return self.filter(retired_at__isnull=True)

    def retired(self) -> Current:
        return self.filter(retired_at__isnull=False)


class Retirable(models.Model):
    """A row that is retired, never deleted: it keeps its key, and can be restored in a draft."""

    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = Current.as_manager()

    class Meta:
        abstract = True


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


class Domain(Retirable):
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


class Indicator(Retirable):
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


class Rule(Retirable):
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


class Limit(Retirable):
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


class ConsentReason(Retirable):
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


class Evidence(Retirable):
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


class Change(models.Model):
    """One change to a draft, with what stood there before and after: what the draft's page lists, for colleagues.

    The audit trail has it too. `before` is None for what was added, `after` for what was taken out.
    """

    class Verb(models.TextChoices):
        DRAFTED = "drafted", "made the draft"
        IMPORTED = "imported", "brought in a file"
        ADDED = "added", "added"
        CHANGED = "changed", "changed"
        MOVED = "moved", "moved"
        RETIRED = "retired", "retired"
        RESTORED = "restored", "restored"
        REMOVED = "removed", "took out"

    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="changes")
    revision = models.PositiveIntegerField(help_text="The draft's revision after this change")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=10, choices=Verb.choices)
    noun = models.CharField(max_length=30, blank=True)
    name = models.CharField(max_length=600, blank=True, help_text="What was changed, as its page called it then")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["version", "-id"], name="change_of_version")]

    def __str__(self) -> str:
        return f"{self.verb} {self.noun} {self.name}"


class Approval(models.Model):
    """One round of asking for a second person's approval of a draft as it was at one revision.

    It holds for that revision alone: an edit afterwards makes it void.
    """

    class Answer(models.TextChoices):
        APPROVED = "approved", "Approved"
        SENT_BACK = "sent_back", "Sent back"
        WITHDRAWN = "withdrawn", "Withdrawn"

    version = models.ForeignKey(SchemeVersion, models.CASCADE, related_name="approvals")
    revision = models.PositiveIntegerField()
    holds_from = models.DateTimeField(null=True, blank=True, help_text="None: from the moment of publishing")
    change_note = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer=""),
                name="approval_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(answer="approved") | ~Q(answered_by=models.F("asked_by")),
                name="approval_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} at {self.revision}: {self.answer or 'asked'}"
