"""People and the roles that they hold in a partnership."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from partnerships.models.partnership import Agency, Partnership, Team
from partnerships.permissions import Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who can sign in. Email addresses are one whatever their capitals."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def of_address(self, email: str) -> User | None:
        """Whoever has this address, whatever its capitals. A database may take more letters for one than it should:
        a dotless i for an i, whose mailbox is another's."""
        found = self.filter(email__iexact=email).order_by("pk")
        return next((each for each in found if each.email.lower() == email.lower()), None)


class User(AbstractBaseUser):
    """A person who can sign in; what they may do stands in their memberships."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    former_email = models.EmailField(
        blank=True, help_text="Theirs until the account was closed and somebody else was invited under it"
    )
    name = models.CharField(max_length=200)
    job_title = models.CharField(max_length=200, blank=True)
    telephone = models.CharField(max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def known_email(self) -> str:
        """The address under which this person did what they did."""
        return self.former_email or self.email


def display_name(user: User) -> str:
    return user.name


class Membership(models.Model):
    """One role of one person in one partnership: in an agency (who refers) or a team (who works on referrals)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=30, choices=[(role.value, role.label) for role in Role])
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="memberships")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="memberships")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="From this instant the role is held no more")

    class Meta:
        ordering = ["partnership", "role"]
        constraints = [
            models.UniqueConstraint(fields=["user", "partnership", "role", "team"], name="membership_once_a_team"),
            models.UniqueConstraint(
                fields=["user", "partnership", "role"], condition=models.Q(team__isnull=True), name="membership_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} in {self.partnership}"
