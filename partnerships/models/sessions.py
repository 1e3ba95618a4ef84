"""A sign-in that lasts: who, since when, from where, until when. The row is the session; without it there is none."""

from __future__ import annotations

import uuid

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from partnerships.models.people import User


class SessionQuerySet(models.QuerySet["Session"]):
    def of(self, user: User) -> SessionQuerySet:
        """Where this person is signed in now, the latest used first."""
        return self.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at")


class Session(AbstractBaseSession):
    """One browser's session. `handle` stands for it on pages, where its key must never stand."""

    handle = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="When it was last used; noted at most once a minute")
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=300, blank=True)

    rows = SessionQuerySet.as_manager()

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        verbose_name = "session"

    @classmethod
    def get_session_store_class(cls) -> type:
        from partnerships.sessions import SessionStore

        return SessionStore
