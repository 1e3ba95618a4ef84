"""Saving while somebody types: what can be read of a page is stored every few seconds, and said to be stored.

What is stored so is marked: the page still counts as open, until somebody presses *Save and continue*. What can't be
read is kept beside it as it was typed, and stands in its box when the page is opened again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import JsonResponse

from partnerships.forms import CheckboxesField
from partnerships.templatetags.page_parts import clock_time
from referrals.intake import actions
from referrals.intake.answers import AUTOSAVED, bare, seal
from referrals.intake.kept_from_leads import WHY
from referrals.intake.pages import Step
from referrals.intake.situation import Situation
from referrals.models import Draft

HEADER = "X-Autosave"


def autosave(request: Any, draft: Draft, situation: Situation, step: Step, now: dt.datetime) -> JsonResponse:
    """Store the page as it stands; answers with when, or with why not. Never overwrites."""
    posted, stored = request.POST, step.place.read(draft.answers)
    form = step.page.form(posted, situation=situation, number=step.number, stored=stored, later=True)
    told, unread = readable(form, stored or {})
    seen, mark = posted.get("seen", ""), posted.get("window", "")[:40]
    if told == bare(stored or {}):
        return answer(draft.saved_at if stored else now, seal(stored), unread)
    told[AUTOSAVED] = mark or True
    shared_with = draft.agency.name if draft.shared_at and draft.agency else ""
    try:
        draft = actions.save_page(
            draft=draft,
            place=step.place,
            told=told,
            seen=seen,
            out=posted.get("out"),
            mark=mark,
            by=request.user,
            at=now,
        )
        if shared_with and not draft.shared_at:
            say_unshared(request, shared_with)
    except actions.ChangedMeanwhile:
        return refused("This page was saved in another window. Nothing was overwritten: save, and see both texts.")
    except actions.AlreadySent as sent:
        return refused(f"This referral was already sent. Its reference is {sent.referral.reference}.")
    except actions.Refused as error:
        return refused(str(error), stops=False)
    return answer(now, seal(told), unread)


def say_unshared(request: Any, agency: str) -> None:
    """On the next page: an allegation is kept from leads, with whom it was shared."""
    messages.warning(request, f"This draft is not shared with the safeguarding lead of {agency} any more. {WHY}")


def readable(form: Any, stored: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What the fields hold; for one that can't be read, what was stored before, and what was typed beside it.

    And the labels of those.
    """
    form.is_valid()
    unread = [str(form.fields[name].label) for name in form.errors if name in form.fields]
    for name in form.fields:
        if name not in form.cleaned_data:
            form.cleaned_data[name] = form.before.get(
                name, [] if isinstance(form.fields[name], CheckboxesField) else None
            )
    told = form.to_store()
    if "another" in told:
        told["another"] = stored.get("another", "")
    return told, unread


def answer(at: dt.datetime, seen: str, unread: list[str]) -> JsonResponse:
    return JsonResponse({"saved": clock_time(at), "seen": seen, "unread": unread})


def refused(why: str, *, stops: bool = True) -> JsonResponse:
    """stops: nothing that is typed on this page can be stored any more, until somebody presses the button."""
    return JsonResponse({"why": why, "stops": stops}, status=409)
