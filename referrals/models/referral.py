"""A referral: one contact as it was sent, where it is now, and who has it."""

from __future__ import annotations

import uuid
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.encryption import EncryptedJSONField
from partnerships.models import Agency, Partnership, Team, User
from partnerships.permissions import Permission, Role
from referrals.domain.lifecycle import OPEN, State
from thresholds.domain.terms import Flag
from thresholds.models import SchemeVersion

ASIDES = {
    "asks": "asks",
    "ratings": "risk_ratings",
    "challenges": "disagreements",
    "support": "supports",
    "transfers": "transfers",
    "arrival": "arrival",
}
"""What many referrals have none of, so that a page looks only where there is some."""


STILL_OPEN = Q(state__in=[state.value for state in OPEN])
"""For the indexes of queues: what a query by `open` asks for, word for word."""


FOLLOWED_BY_LEADS = Q(restricted=False, in_confidence=False) & ~Q(flag_words__contains=f"|{Flag.LADO.value}|")
"""What of an agency its safeguarding leads follow."""


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, actor: Actor) -> ReferralQuerySet:
        """What this person may open as somebody who works on referrals: the queues of their teams, or all of them.

        The MASH is fire-walled: an early help worker sees the referrals in their own teams' queues, no others. What is
        restricted is seen by those alone who are named on it, whatever their role.
        """
        return self.within_queues_of(actor).unless_restricted(actor)

    def unless_restricted(self, actor: Actor) -> ReferralQuerySet:
        """Without what is restricted, but for what this person is named on or has opened in need."""
        access = apps.get_model("referrals", "RestrictedAccess")
        named = access.objects.holding(actor.at).filter(referral=OuterRef("pk"), user=actor.user)
        return self.filter(Q(restricted=False) | Exists(named))

    def told_of_to(self, actor: Actor) -> ReferralQuerySet:
        """What this person may be shown as another contact of a child, with what a colleague said of the two.

        The MASH's screeners and who reads all: every contact of the partnership that is not kept from them. Others:
        what they may open.
        """
        if actor.can(Permission.REFERRAL_READ_ALL) or Role.SCREENER.value in actor.roles:
            return self.filter(partnership=actor.partnership).unless_restricted(actor)
        return self.visible_to(actor)

    def within_queues_of(self, actor: Actor) -> ReferralQuerySet:
        """By teams and roles alone, restricted or not: for breaking the glass, never for showing."""
        if actor.partnership is None or actor.user is None:
            return self.none()
        mine = self.filter(partnership=actor.partnership)
        if actor.can(Permission.REFERRAL_READ_ALL):
            return mine
        if not actor.can(Permission.REFERRAL_READ):
            return self.none()
        allowed = Q(team_id__in=actor.team_ids)
        if Role.SCREENER.value in actor.roles:
            allowed |= Q(team__kind=Team.Kind.MASH) | Q(went_through_mash=True)
        return mine.filter(allowed)

    def sent_by(self, actor: Actor) -> ReferralQuerySet:
        """What this person may follow as somebody who referred: their own, and their agency's where they lead it. What
        they sent for an agency for which they tell of worries no more is that agency's, but for what no lead follows:
        nobody else could be asked of that.

        Of what is restricted, of an allegation (open to its queue where there is danger) and of what was told in
        confidence a lead sees nothing unless it is their own: it may be about the lead, or tell who spoke of it.
        """
        if actor.partnership is None or actor.user is None:
            return self.none()
        mine = Q()
        if actor.can(Permission.REFERRAL_TRACK):
            still = Q(agency__isnull=True) | Q(agency__in=actor.sends_for) | ~FOLLOWED_BY_LEADS
            mine |= Q(referrer=actor.user) & still
        if actor.can(Permission.AGENCY_TRACK):
            mine |= Q(agency_id__in=actor.lead_agency_ids) & FOLLOWED_BY_LEADS
        if not mine:
            return self.none()
        return self.filter(mine, partnership=actor.partnership)

    def with_asides(self) -> ReferralQuerySet:
        """Each row with `has_asks` and so on, one for each of `ASIDES`: whether there is any to be read."""
        found = {}
        for said, name in ASIDES.items():
            model: Any = self.model._meta.get_field(name).related_model
            found[f"has_{said}"] = Exists(model._base_manager.filter(referral=OuterRef("pk")))
        return self.annotate(**found)

    def open(self) -> ReferralQuerySet:
        return self.filter(state__in=[state.value for state in OPEN])

    def waiting_for_others(self) -> ReferralQuerySet:
        """Open, and somebody other than its owner owes something: an answer, a check, a second signature."""
        return self.open().exclude(waiting_for="")

    def in_queue(self, team: Team) -> ReferralQuerySet:
        """A team's open referrals: danger above all, by what is due; then who is next seen; then what is due."""
        return self.open().filter(team=team).most_urgent_first()

    def most_urgent_first(self) -> ReferralQuerySet:
        return self.order_by("urgency", "urgent_at", "pk")


class Referral(models.Model):
    """One contact. `answers` is frozen as it was sent; what is decided of it stands in `Decision`.

    Each of its children is screened by itself. What stands here is the most urgent of it: the highest levels, the
    most urgent route, every flag; `screening` is that of the child whose need is the most urgent, and says which.
    """

    class Channel(models.TextChoices):
        PORTAL = "portal", "The portal"
        PUBLIC = "public", "The public form"
        KEYED = "keyed", "Keyed by staff"
        TRANSFER = "transfer", "Sent on by another partnership"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="referrals")
    reference = models.CharField(max_length=20)
    token = models.UUIDField(help_text="The draft's id: one draft makes one referral however often it is sent")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.PORTAL)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="referrals")
    referrer = models.ForeignKey(User, models.PROTECT, null=True, related_name="referrals")
    referrer_details = EncryptedJSONField(
        default=dict, help_text="Name, job, telephone, email as they were when sent; sealed at rest"
    )
    received_at = models.DateTimeField()
    answers = EncryptedJSONField(default=dict, help_text="As they were sent; sealed at rest")

    scheme_version = models.ForeignKey(SchemeVersion, models.PROTECT, related_name="referrals")
    screening = models.JSONField(default=dict, help_text="The engine's whole answer for the most urgent child")
    indicated_level = models.PositiveSmallIntegerField(null=True)
    judged_level = models.PositiveSmallIntegerField(null=True)
    decided_level = models.PositiveSmallIntegerField(null=True)
    route = models.CharField(max_length=12)
    flags = models.JSONField(default=list)
    immediate_danger = models.BooleanField(default=False)

    state = models.CharField(max_length=12, choices=[(s.value, s.value) for s in State], default=State.WAITING.value)
    team = models.ForeignKey(Team, models.PROTECT, related_name="referrals", help_text="The queue that it is in")
    went_through_mash = models.BooleanField(default=False)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="owned_referrals")
    owned_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    waiting_for = models.CharField(
        max_length=60,
        blank=True,
        default="",
        help_text="Whose word it waits for: sign_off, referrer, agencies, receipt",
    )
    next_due_at = models.DateTimeField(null=True, blank=True, help_text="The earliest clock that is not met")
    withdrawal_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="The referrer asks to withdraw it, and nobody has answered yet"
    )
    keyed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Staff who wrote down what they were told",
    )
    in_confidence = models.BooleanField(default=False, help_text="Who told of it is shown on asking alone")
    confidential = EncryptedJSONField(default=dict, help_text="Who told of it, where that is in confidence; sealed")
    arrival_note = models.CharField(max_length=200, blank=True, help_text="What is odd about how it came")
    hold_at = models.DateTimeField(null=True, blank=True, help_text="Under legal hold: no schedule deletes it")
    hold_reason = models.CharField(max_length=400, blank=True)
    beside = models.PositiveSmallIntegerField(
        default=0, help_text="Documents and additions that came with it or since; none: nobody need look for them"
    )
    revision = models.PositiveIntegerField(default=0, help_text="Grows with every move; a stale form is refused")

    restricted = models.BooleanField(default=False, help_text="Seen by those alone who are named on it")
    next_seen_at = models.DateTimeField(null=True, blank=True, help_text="When the child is next seen or goes home")
    # What a line of a queue shows, kept by `referrals.standing`
    why = models.CharField(max_length=80, blank=True)
    consent_said = models.CharField(max_length=30, blank=True)
    told_before = models.PositiveSmallIntegerField(default=0)
    flag_words = models.CharField(max_length=400, blank=True, help_text="Each flag between bars, to be searched")
    # The order of a queue, worked out by the database from the row itself
    urgency = models.GeneratedField(
        expression=Case(
            When(immediate_danger=True, then=Value(0)),
            When(next_seen_at__isnull=False, then=Value(1)),
            default=Value(2),
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    urgent_at = models.GeneratedField(
        expression=Coalesce(
            Case(When(immediate_danger=False, then=F("next_seen_at"))), F("next_due_at"), F("received_at")
        ),
        output_field=models.DateTimeField(),
        db_persist=True,
    )

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(ReferralQuerySet))

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["partnership", "reference"], name="referral_reference_once"),
            models.UniqueConstraint(fields=["partnership", "token"], name="referral_sent_once"),
        ]
        indexes = [
            models.Index(
                fields=["team", "urgency", "urgent_at", "id"],
                name="referral_queue",
                condition=STILL_OPEN,
            ),
            models.Index(
                fields=["partnership", "urgency", "urgent_at", "id"],
                name="referral_queues",
                condition=STILL_OPEN,
            ),
            models.Index(
                fields=["owner"],
                name="referral_of_owner",
                condition=STILL_OPEN,
            ),
            models.Index(
                fields=["partnership", "-received_at"],
                name="referral_for_reports",
                include=["state", "indicated_level", "decided_level", "restricted", "id"],
            ),
            models.Index(fields=["partnership", "referrer", "-received_at"], name="referral_by_referrer"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in {state.value for state in OPEN}

    @property
    def source_code(self) -> str:
        """The census's code of the agency that referred; empty where none did. It does not tell which one."""
        return self.agency.source_of_referral if self.agency else ""

    @property
    def is_followed_by_leads(self) -> bool:
        """As `FOLLOWED_BY_LEADS`."""
        return not (self.restricted or self.in_confidence or Flag.LADO.value in self.flags)

    @property
    def waits_for(self) -> list[str]:
        """Whose word it waits for, each by its key in `statuses`."""
        return self.waiting_for.split()
