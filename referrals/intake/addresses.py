"""Where the pages of a draft are."""

from __future__ import annotations

from django.urls import reverse

from referrals.intake.pages import Step
from referrals.models import Draft


def of_page(draft: Draft, step: Step) -> str:
    return reverse("refer_page", kwargs={"partnership": draft.partnership.slug, "draft_id": draft.pk, **step.address})


def of_level(draft: Draft, number: int) -> str:
    """Where the level so far of one child is asked for, of indicators not saved yet."""
    kwargs = {"partnership": draft.partnership.slug, "draft_id": draft.pk, "number": number}
    return reverse("refer_level", kwargs=kwargs)


def of_check(draft: Draft) -> str:
    return reverse("refer_check", kwargs={"partnership": draft.partnership.slug, "draft_id": draft.pk})


def of_tasks(draft: Draft) -> str:
    return reverse("refer_tasks", kwargs={"partnership": draft.partnership.slug, "draft_id": draft.pk})


def of_removal(draft: Draft, group: str, number: int) -> str:
    kwargs = {"partnership": draft.partnership.slug, "draft_id": draft.pk, "group": group, "number": number}
    return reverse("refer_remove", kwargs=kwargs)
