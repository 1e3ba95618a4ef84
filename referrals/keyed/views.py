"""Keying a contact: how it came, when and from whom, then the guided form; and what one has begun to key."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partnerships.access import gate
from partnerships.kept import kept, let_go
from partnerships.permissions import Permission
from referrals.intake import addresses, shown
from referrals.intake.actions import start_draft
from referrals.intake.answers import blank
from referrals.intake.source import SLUG
from referrals.keyed.forms import KeyedForm
from referrals.models import Draft, Referral


@gate(Permission.CONTACT_KEY)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_key(request: Any) -> HttpResponse:
    """Begin to write down a contact. Its clocks run from when it came, however late it is keyed."""
    now = timezone.now()
    posted = request.POST if request.method == "POST" else kept(request)
    form = KeyedForm(posted, at=now, partnership=request.partnership)
    if request.method == "POST" and form.is_valid():
        let_go(request)
        draft = start_draft(
            partnership=request.partnership,
            agency=form.chosen_agency,
            by=request.user,
            at=now,
            channel=Referral.Channel.KEYED.value,
            received_at=form.received_at,
            answers={**blank(), SLUG: form.source()},
        )
        return redirect(addresses.of_tasks(draft))
    begun = Draft.objects.visible_to(request.actor).unsent().filter(channel=Referral.Channel.KEYED)
    left = Draft.objects.left_keyed(request.actor)
    context = {
        "form": form,
        "drafts": [shown.draft_line(draft) for draft in begun.select_related("partnership")],
        "left": [shown.draft_line(draft) for draft in left.select_related("partnership", "started_by")],
    }
    return render(request, "referrals/keyed/key.html", context)
