"""A draft shared with the agency's safeguarding lead: they see it, and may take it over. Its writer decides that."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from partnerships.access import actor_for
from partnerships.models import Agency, User
from referrals import outbox
from referrals.intake.actions import Refused, for_writing, record, settle_name, start_draft
from referrals.intake.kept_from_leads import WHY, is_kept_from_leads
from referrals.models import Draft, Referral
from referrals.referrers import leads_at


@transaction.atomic
def share(*, draft: Draft, shared: bool, agency: Agency | None = None, by: User, at: dt.datetime) -> Draft:
    """Share a draft with the lead of the agency in whose name it goes, who is told, or keep it to oneself again.

    agency: that one, where `by` chose. Pressed twice, once. Raises `Refused` where nobody would read it.
    """
    row = for_writing(draft)
    if shared:
        settle_name(row, agency, by=by, at=at)
    if shared and row.agency_id is None:
        raise Refused("You belong to no agency here, so there is no safeguarding lead to share it with.")
    if shared and is_kept_from_leads(row, at=at):
        raise Refused(WHY)
    if shared == (row.shared_at is not None):
        return row
    if shared and row.agency:
        tell_leads(row, row.agency, by=by, at=at)
    row.shared_at = at if shared else None
    row.save(update_fields=["shared_at"])
    record(row, "draft.shared" if shared else "draft.unshared", by=by, at=at)
    return row


def tell_leads(draft: Draft, agency: Agency, *, by: User, at: dt.datetime) -> None:
    """The leads of an agency hear that they can read it and take it over; where there is none, it is `Refused`."""
    leads = leads_at(agency, but=by)
    if not leads:
        raise Refused(nobody_to_share_with(agency))
    address = reverse("draft_take", kwargs={"partnership": draft.partnership.slug, "draft_id": draft.pk})
    for lead in leads:
        outbox.tell(
            partnership=draft.partnership,
            referral=None,
            kind="draft_shared",
            to=lead,
            key=f"draft_shared:{draft.pk}:{at.isoformat()}:{lead.pk}",
            subject="Front Door: a colleague shared what they began to tell of",
            body=f"{by.name} began to tell of a worry and shared it with you. It is not sent. Read it, talk with "
            f"{by.name}, or take it over: {settings.SITE_URL}{address}\n",
            at=at,
        )


def nobody_to_share_with(agency: Agency) -> str:
    return (
        f"{agency.name} has no other safeguarding lead on Front Door, so nobody would read it. Only you can see it, "
        "and what you wrote is kept: send it yourself, or talk with somebody at your agency first."
    )


@transaction.atomic
def take_over(*, draft: Draft, by: User, at: dt.datetime) -> Draft:
    """The lead goes on with it, from here as their own; or, with what was keyed by somebody who left, a colleague. Who
    shared it is told and keeps what they had written; the trail holds both."""
    row = for_writing(draft)
    before = row.started_by
    if before is not None and before.pk == by.pk:
        return row
    shared = Draft.objects.to_take_over(actor_for(by, row.partnership)).filter(pk=row.pk).exists()
    if not shared or is_kept_back(row, at=at):
        raise Refused("This draft is shared with you no more.")
    keyed = row.channel == Referral.Channel.KEYED.value
    row.started_by, row.shared_at, row.taken_from, row.taken_at = by, None, before, at
    row.taken_answers = None if keyed else row.answers  # what was keyed is the front door's, never somebody's own
    row.save(update_fields=["started_by", "shared_at", "taken_from", "taken_at", "taken_answers"])
    record(row, "draft.taken_over", {"from": before.pk if before else None}, by=by, at=at)
    if before is not None and not keyed:
        address = reverse("refer_tasks", kwargs={"partnership": row.partnership.slug, "draft_id": row.pk})
        outbox.tell(
            partnership=row.partnership,
            referral=None,
            kind="draft_taken",
            to=before,
            key=f"draft_taken:{row.pk}:{by.pk}:{row.revision}",
            subject="Front Door: your safeguarding lead goes on with what you began",
            body=f"{by.name} has taken over a draft that you shared, and will send it or talk with you. What you "
            f"had written, and what you typed since, is kept for you here:\n\n{settings.SITE_URL}{address}\n",
            at=at,
        )
    return row


def is_kept_back(draft: Draft, *, at: dt.datetime) -> bool:
    """Whether it is not to be read by a lead. What was keyed is the front door's own."""
    return draft.channel != Referral.Channel.KEYED.value and is_kept_from_leads(draft, at=at)


@transaction.atomic
def begin_again(*, taken: Draft, agency: Agency | None, by: User, at: dt.datetime) -> Draft:
    """Who began what somebody else took over and did not send goes on alone, with what they had written by then."""
    row = Draft.objects.select_for_update(of=("self",)).get(pk=taken.pk, taken_from=by)
    if row.sent_at is not None:
        raise Refused("It was sent meanwhile. If you know more, begin another.")
    if not row.taken_answers:
        raise Refused("What you had written is not kept. Begin another.")
    draft = start_draft(partnership=taken.partnership, agency=agency, by=by, at=at, answers=row.taken_answers)
    record(draft, "draft.begun_again", {"from": row.pk}, by=by, at=at)
    return draft
