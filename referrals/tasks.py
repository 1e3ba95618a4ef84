"""What Celery runs. Each task is a thin door to a plain function, which `manage.py sweep --loop` calls as well."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from referrals import outbox
from referrals.clocks import sweep as clocks


@shared_task(name="referrals.tasks.deliver")
def deliver() -> None:
    """Deliver the notices that are waiting."""
    outbox.deliver_due(at=timezone.now())


@shared_task(name="referrals.tasks.sweep")
def sweep() -> None:
    """Move each clock that has something to do."""
    clocks.sweep(at=timezone.now())
