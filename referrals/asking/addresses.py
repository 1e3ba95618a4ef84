"""The whole addresses of what is asked, for a message that leaves the portal."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from referrals.models import Ask


def address_of_check(ask: Ask) -> str:
    where = {"partnership": ask.partnership.slug, "ask_id": ask.pk}
    return settings.SITE_URL + reverse("check_answer", kwargs=where)


def address_of_question(ask: Ask) -> str:
    where = {"partnership": ask.partnership.slug, "referral_id": ask.referral_id, "ask_id": ask.pk}
    return settings.SITE_URL + reverse("question_answer", kwargs=where)
