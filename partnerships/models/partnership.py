"""A partnership, and where its referrals come from and go to."""

from __future__ import annotations

import re
from typing import Any

from django.db import models


class Partnership(models.Model):
    """One safeguarding partnership: the tenant. Its slug stands in every address below it."""

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=80)
    reference_prefix = models.CharField(max_length=4, help_text="First letters of every reference, such as MED")
    local_authority = models.CharField(max_length=200, blank=True)
    la_code = models.CharField(max_length=3, blank=True)
    front_door_name = models.CharField(max_length=120)
    front_door_telephone = models.CharField(max_length=120, blank=True)
    out_of_hours_telephone = models.CharField(max_length=120, blank=True)
    opens = models.TimeField(help_text="Monday to Friday, except bank holidays and closure days")
    closes = models.TimeField()
    always_open = models.BooleanField(default=False, help_text="The front door's telephone is answered day and night")
    hours_note = models.CharField(max_length=400, blank=True)
    form_name = models.CharField(max_length=120)
    document_marking = models.CharField(
        max_length=60, default="OFFICIAL-SENSITIVE", help_text="Stands on every page of a document"
    )
    public_form = models.BooleanField(default=False)
    second_screening_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Of 100 decided children, how many are drawn for a second, blind screening"
    )
    takes_referrals = models.BooleanField(
        default=True, help_text="Open: it stands on the first page. False while a new partnership is being set up"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def the_front_door(self) -> str:
        return within_a_sentence(self.front_door_name)


def within_a_sentence(name: str) -> str:
    """A team's or front door's name there: the Multi-Agency Safeguarding Hub (MASH), but First Response, and First
    Response and the hub."""
    kinds = {"hub", "point", "team", "service", "centre", "desk"}
    first = name.lower().partition(" and the ")[0]
    takes_article = kinds & set(re.findall(r"[a-z]+", first)) and not first.startswith("the ")
    return f"the {name}" if takes_article else name


class Retirable(models.QuerySet[Any]):
    """Rows of which some are retired: kept, since records name them, and chosen for nothing new."""

    def current(self) -> Retirable:
        return self.filter(retired_at__isnull=True)

    def retired(self) -> Retirable:
        return self.filter(retired_at__isnull=False)


class Agency(models.Model):
    """An organisation whose people refer: a school, a practice, a police force."""

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="agencies")
    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    source_of_referral = models.CharField(max_length=2, help_text="Children in Need census code, such as 2A")
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey("User", models.PROTECT, null=True, blank=True, related_name="+")

    second_factor_required = models.BooleanField(
        default=False, help_text="Its people sign in with a second factor too, whatever their role"
    )

    objects = models.Manager.from_queryset(Retirable)()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["partnership", "slug"], name="agency_slug_once")]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """Where a referral is worked on: the MASH, or an early help team. Each team has one queue."""

    class Kind(models.TextChoices):
        MASH = "mash", "MASH"
        EARLY_HELP = "early_help", "Early help"

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="teams")
    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    is_default = models.BooleanField(default=False, help_text="Takes what no locality claims")
    address = models.CharField(max_length=300, blank=True)
    email = models.EmailField(blank=True)
    telephone = models.CharField(max_length=120, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="From here on it takes nothing new")
    retired_by = models.ForeignKey("User", models.PROTECT, null=True, blank=True, related_name="+")

    objects = models.Manager.from_queryset(Retirable)()

    class Meta:
        ordering = ["-kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["partnership", "slug"], name="team_slug_once"),
            models.UniqueConstraint(
                fields=["partnership", "kind"], condition=models.Q(is_default=True), name="team_one_default_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def the_team(self) -> str:
        """Its name within a sentence."""
        return within_a_sentence(self.name)

    @property
    def is_mash(self) -> bool:
        return self.kind == self.Kind.MASH


class Locality(models.Model):
    """A postcode district (ME4) or sector that an early help team serves."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="localities")
    postcode_prefix = models.CharField(max_length=8)

    class Meta:
        ordering = ["postcode_prefix"]
        constraints = [models.UniqueConstraint(fields=["team", "postcode_prefix"], name="locality_once")]

    def __str__(self) -> str:
        return self.postcode_prefix


class ContactPoint(models.Model):
    """Whom else to telephone or write to: the LADO, Prevent, the police, an advice line."""

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=200)
    telephone = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    url = models.URLField(blank=True, max_length=400)
    when = models.CharField(max_length=400, blank=True)
    source = models.CharField(max_length=300, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name


class ClosureDay(models.Model):
    """A day on which the partnership does not work although England does."""

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="closure_days")
    on = models.DateField()
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["partnership", "on"], name="closure_day_once")]

    def __str__(self) -> str:
        return f"{self.on} {self.reason}"
