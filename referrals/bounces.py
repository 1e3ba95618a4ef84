"""What came back, and what is done about it: whoever works on the referral reaches the person another way."""

from __future__ import annotations

import datetime as dt
import logging
import re
import uuid
from email.message import Message

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from partnerships.models import Partnership
from referrals.models import Event, Notice, Referral
from thresholds.domain.scheme import Limit, Starts, Unit

log = logging.getLogger(__name__)

SLUG = "not_reached"
ONE_DAY = Limit(SLUG, "Reach somebody another way", 1, Unit.WORKING_DAYS, Starts.KNOWN, "")
OUR_ID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@front-door>")


@transaction.atomic
def came_back(*, notice: Notice, why: str, at: dt.datetime) -> bool:
    """Mark a notice that did not arrive, and open a task on its referral with a clock of one working day.

    False where it had come back before, or was not sent. The task says who was not reached, never what about.
    """
    row = Notice.objects.select_for_update(of=("self",)).select_related("to", "partnership").get(pk=notice.pk)
    if row.state != Notice.State.SENT:
        return False
    row.state, row.settled_at, row.last_error = Notice.State.BOUNCED, at, why[:300]
    row.save(update_fields=["state", "settled_at", "last_error"])
    notice.state = row.state
    told = list(row.tells_of.all()) if row.kind == "digest" else [row]
    for each in told:
        if each.referral_id:
            open_task(each, at=at)
    log.error("Notice %s came back (%s)", row.pk, why)
    return True


def open_task(notice: Notice, *, at: dt.datetime) -> None:
    from referrals.clocks.actions import start_clock

    referral = notice.referral
    if referral is None:
        return
    if referral.immediate_danger and notice.kind != "danger_unheard":
        tell_managers(notice, referral, at=at)
    start_clock(
        referral=referral,
        slug=SLUG,
        subject=notice.pk,
        name="Reach somebody another way: an email came back",
        limit=ONE_DAY,
        at=at,
    )
    Event.objects.create(
        partnership=notice.partnership,
        referral=referral,
        kind=SLUG,
        sentence=f"An email to {notice.to.name} came back: telephone or write to them.",
        at=at,
        by=None,
    )


def tell_managers(notice: Notice, referral: Referral, *, at: dt.datetime) -> None:
    """Word of a child in danger that did not arrive may be all that anybody was told: the managers hear at once."""
    from partnerships.staffing import managers
    from referrals import outbox
    from referrals.clocks.sweep import unless_kept_out

    for person in unless_kept_out(referral, managers(notice.partnership)):
        if person.pk == notice.to_id:
            continue
        outbox.tell(
            partnership=notice.partnership,
            referral=referral,
            kind="danger_unheard",
            to=person,
            key=f"danger_unheard:{referral.pk}:{notice.to_id}:{person.pk}",
            subject="Front Door: an email about a child in danger came back",
            body=f"Referral {referral.reference} says that a child may be in danger. The email about it to "
            f"{notice.to.name} came back, and perhaps nobody has read it. Open its queue now, and telephone.\n\n"
            f"{settings.SITE_URL}{reverse('referral', args=[notice.partnership.slug, referral.pk])}\n",
            at=at,
        )


def notice_in(message: Message) -> uuid.UUID | None:
    """Which of our notices a bounce is about: the Message-ID of ours that it quotes. None where it quotes none."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind in ("message/rfc822", "text/rfc822-headers", "text/plain", "message/delivery-status"):
            inner = part.get_payload()
            texts = [str(each) for each in inner] if isinstance(inner, list) else [str(inner)]
            for text in texts:
                found = OUR_ID.search(text)
                if found:
                    return uuid.UUID(found[1])
    found = OUR_ID.search(" ".join(message.get_all("In-Reply-To", []) + message.get_all("References", [])))
    return uuid.UUID(found[1]) if found else None


def bounce(message: Message, *, at: dt.datetime) -> bool:
    """Take in a bounce that the mail system received. True where it was about a notice that counted as sent."""
    key = notice_in(message)
    if key is None:
        return False
    with scopes_disabled():  # a bounce does not say which partnership; only the key is looked up
        partnership = Partnership.objects.filter(pk__in=Notice.objects.filter(pk=key).values("partnership")).first()
    if partnership is None:
        return False
    with scope(partnership=partnership):
        return came_back(notice=Notice.objects.get(pk=key), why="the mail system sent it back", at=at)
