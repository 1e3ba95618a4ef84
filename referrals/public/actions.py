"""Beginning, saving and sending what somebody without an account tells of."""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction

from partnerships.models import Partnership
from partnerships.places import HOUR, counted, house, times
from referrals.intake import actions
from referrals.intake.answers import blank, seal
from referrals.intake.source import SLUG
from referrals.models import Draft, Referral
from referrals.public.forms import PublicForm

MANY = 10
"""Sent from one place within an hour; above it a contact is taken all the same, and marked."""

MANY_BEGUN = 2_000
"""Begun from wherever within an hour: whoever runs the portal is told in the log, and nobody is refused."""
log = logging.getLogger(__name__)


def too_many_begun(partnership: Partnership, place: str, *, at: dt.datetime) -> bool:
    """Whether one place begins more than people there can mean (`REQUEST_LIMITS`, *begun*): each is a row for as long
    as a draft is kept, and a line of the trail. What was begun is finished and sent all the same. Where nobody knows
    from where they come, they are not one place."""
    most, within = settings.REQUEST_LIMITS.get("begun", (0, HOUR))
    if most and place and counted(f"begun-{partnership.pk}", house(place), at, within=within) > most:
        return True
    if counted("begun-in-all", str(partnership.pk), at, within=HOUR) == MANY_BEGUN + 1:
        log.error("More than %d contacts were begun on the public form of %s in an hour", MANY_BEGUN, partnership.slug)
    return False


def begin(*, partnership: Partnership, at: dt.datetime) -> Draft:
    return actions.start_draft(
        partnership=partnership,
        agency=None,
        by=None,
        at=at,
        channel=Referral.Channel.PUBLIC.value,
        answers={**blank(), SLUG: {"how": "form", "who": "public"}},
    )


@transaction.atomic
def save(*, draft: Draft, form: PublicForm, page: str, seen: str | None, at: dt.datetime) -> Draft:
    """Store one page's answers beside those of the others, as these are at this moment. Whoever has the browser that
    began it is the only one who writes, in as many windows as they like.

    seen: the seal of what was stored of this page when it was shown. Where something else is stored now, and it is not
    what is being saved, `ChangedMeanwhile` tells it and nothing is overwritten; None asks no question.
    """
    row = actions.for_writing(draft)
    there, written = form.shown(row.answers), form.written(row.answers)
    if seen is not None and any(there.values()) and seen != seal(there) and there != form.shown(written):
        raise actions.ChangedMeanwhile(there)
    return actions.write_answers(row, written, "draft.saved", {"page": page}, None, at)


@transaction.atomic
def forget(*, draft: Draft, at: dt.datetime) -> Draft:
    """Whoever began it had to leave at once: nobody can go on with it, so its words are kept nowhere."""
    row = actions.for_writing(draft)
    row.answers = blank()
    row.save(update_fields=["answers"])
    return actions.discard_draft(draft=row, by=None, at=at)


def send(*, draft: Draft, place: str, at: dt.datetime) -> Referral:
    """Send it. From a place that sends many it is taken all the same, and whoever reads it is told."""
    return actions.submit(draft=draft, by=None, at=at, note=note(place, at))


def note(place: str, at: dt.datetime) -> str:
    """What is odd about how it came; empty where nothing is. A cache that is away finds nothing odd."""
    if times("public", place, at) <= MANY:
        return ""
    return f"More than {MANY} contacts came on the public form from one place within an hour. Read it all the same."
