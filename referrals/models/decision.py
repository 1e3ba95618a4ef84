"""What a screener decided of one child, and why."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from partnerships.models import Partnership, Team, User
from referrals.domain.deciding import FACTORS, PRIMARY_NEEDS, Teller
from referrals.domain.lifecycle import Outcome
from referrals.models.child import Child
from referrals.models.referral import Referral
from referrals.models.sign_off import SignOff
from referrals.models.transfer import Transfer


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> DecisionQuerySet:
        """Those that hold: one for each child of a referral that is decided."""
        return self.filter(state=Decision.State.FINAL)

    def kept(self) -> DecisionQuerySet:
        """Those that were made and are not yet told: the other children's are to come, or a second person's word."""
        return self.filter(state__in=[Decision.State.RECORDED, Decision.State.PROPOSED])


class Decision(models.Model):
    """One decision on one child of a referral. A later one follows it; what it says is never changed."""

    class State(models.TextChoices):
        RECORDED = "recorded", "Kept until every child is decided"
        PROPOSED = "proposed", "Waiting for sign-off"
        FINAL = "final", "Decided"
        OVERTAKEN = "overtaken", "Overtaken"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="decisions")
    child = models.ForeignKey(Child, models.PROTECT, null=True, related_name="decisions")
    state = models.CharField(max_length=10, choices=State.choices, default=State.FINAL)
    decided_level = models.PositiveSmallIntegerField(null=True)
    indicated_level = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=40, choices=[(o.value, o.value) for o in Outcome])
    primary_need = models.CharField(max_length=2, blank=True, choices=list(PRIMARY_NEEDS.items()))
    factors = models.JSONField(default=list, help_text="Children in Need census codes")
    reason = models.TextField()
    differs = models.BooleanField(default=False, help_text="The decided level is not the indicated one")
    told_referrer = models.TextField(blank=True, help_text="What the outcome letter says to the referrer")
    parents_told_by = models.CharField(max_length=10, blank=True, choices=[(t.value, t.label) for t in Teller])
    told_parents = models.TextField(blank=True, help_text="What the parents are told, or why they are not")
    child_told_by = models.CharField(max_length=10, blank=True, choices=[(t.value, t.label) for t in Teller])
    told_child = models.TextField(blank=True, help_text="What the child is told, or why not")
    handover = models.TextField(blank=True, help_text="What the early help team needs to know")
    support_team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    authorised_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="Who let it go on without consent"
    )
    authorised_because = models.TextField(blank=True, help_text="Why it goes on without consent")
    transfer_to = models.ForeignKey(
        Partnership, models.PROTECT, null=True, blank=True, related_name="+", help_text="Where it is sent on to"
    )
    transfer_elsewhere = models.CharField(
        max_length=200, blank=True, help_text="An area that is not on Front Door, where it is sent on by hand"
    )
    transfer = models.ForeignKey(Transfer, models.PROTECT, null=True, blank=True, related_name="decisions")
    sign_off = models.ForeignKey(SignOff, models.PROTECT, null=True, blank=True, related_name="decisions")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(DecisionQuerySet))

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "child"],
                condition=Q(state__in=["recorded", "proposed"]),
                name="decision_one_to_come_a_child",
            ),
            models.UniqueConstraint(
                fields=["referral", "child"], condition=Q(state="final"), name="decision_one_holds_a_child"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} for {self.referral_id}"

    @property
    def need_words(self) -> str:
        return PRIMARY_NEEDS.get(self.primary_need, "")

    @property
    def transfer_name(self) -> str:
        """Where it is sent on to."""
        return self.transfer_to.name if self.transfer_to else self.transfer_elsewhere

    @property
    def factor_words(self) -> list[str]:
        return [FACTORS.get(code, code) for code in self.factors]
