"""What waits for a second person's word, and what that person said."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from partnerships.access import Actor
from partnerships.models import Partnership, Team, User
from partnerships.permissions import Permission
from referrals.domain.deciding import SECONDS, Second
from referrals.models.referral import Referral


class SignOffQuerySet(models.QuerySet["SignOff"]):
    def waiting(self) -> SignOffQuerySet:
        return self.filter(state=SignOff.State.WAITING)

    def for_(self, actor: Actor) -> SignOffQuerySet:
        """What this person may sign: of the referrals that they may read, whatever somebody else proposed."""
        if not actor.can(Permission.REFERRAL_AUTHORISE):
            return self.none()
        readable = Referral.objects.visible_to(actor).values("pk")
        return self.waiting().filter(referral__in=readable).exclude(proposed_by=actor.user)


class SignOff(models.Model):
    """One proposal: the decisions on a referral's children, or a step down. A changed proposal is a new one."""

    class Kind(models.TextChoices):
        DECISION = "decision", "A decision"
        STEP_DOWN = "step_down", "A step down to early help"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for sign-off"
        SIGNED = "signed", "Signed off"
        SENT_BACK = "sent_back", "Sent back"
        VOID = "void", "Void: it was changed or overtaken"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="sign_offs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    because = models.JSONField(default=list, help_text="Why a second person is needed (`deciding.Second`)")
    reason = models.TextField(blank=True, help_text="Of a step down: why")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    said = models.TextField(blank=True, help_text="What the second person said, or why it was sent back")

    objects = ScopedManager(partnership="partnership", _manager_class=models.Manager.from_queryset(SignOffQuerySet))

    class Meta:
        ordering = ["proposed_at"]
        constraints = [
            models.UniqueConstraint(fields=["referral"], condition=Q(state="waiting"), name="sign_off_one_waits"),
            models.CheckConstraint(
                condition=~Q(state__in=["signed", "sent_back"]) | ~Q(settled_by=F("proposed_by")),
                name="sign_off_never_by_its_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.referral_id}, {self.state}"

    @property
    def because_words(self) -> str:
        """Why, in words: no further action, and decided below the level indicated."""
        return " and ".join(SECONDS[Second(each)] for each in self.because if each in set(Second))
