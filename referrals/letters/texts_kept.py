"""The partnership's own texts of its letters: drafted, shown with a sample, approved by a second person, kept."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max, Q

from partnerships import audit
from partnerships.models import Membership, Partnership, User
from partnerships.permissions import Permission, Role
from partnerships.templatetags.page_parts import moment
from referrals import outbox
from referrals.domain.letter import KINDS, fill, mistakes
from referrals.letters import writing
from referrals.letters.writing import Written
from referrals.models import LetterText


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


@transaction.atomic
def save_draft(
    *, partnership: Partnership, kind: str, subject: str, body: str, seen: dt.datetime | None, by: User, at: dt.datetime
) -> LetterText:
    """Keep the one draft of this kind: write it, or write over it. One with a mistake is kept too, never approved.

    seen: when the draft that the writer began from was written, None where there was none. Over a later one nothing is
    written: `Refused`.
    """
    subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
    drafts = LetterText.objects.select_for_update(of=("self",)).filter(partnership=partnership, kind=kind).drafts()
    draft = drafts.select_related("written_by").first()
    if draft is not None and draft.written_at != seen:
        if (draft.written_by_id, draft.subject, draft.body) == (by.pk, subject, body):
            return draft
        raise Refused(
            f"{draft.written_by.name} wrote a draft of this letter at {moment(draft.written_at)}, after you opened "
            "the page. Yours is not saved yet. Read theirs below, take from it what is to stay, then save."
        )
    if draft is None:
        held = LetterText.objects.filter(partnership=partnership, kind=kind)
        number = (held.aggregate(last=Max("number"))["last"] or 0) + 1
        draft = LetterText(partnership=partnership, kind=kind, number=number)
    draft.subject, draft.body = subject, body
    draft.written_at, draft.written_by = at, by
    draft.save()
    _record(draft, "letter_text.drafted", by, at)
    return draft


@transaction.atomic
def discard(*, draft: LetterText, seen: dt.datetime | None, by: User, at: dt.datetime) -> None:
    """Take a draft away; what holds goes on holding. seen: when what the page showed was written; what was written
    since is not taken away."""
    row = LetterText.objects.select_for_update(of=("self",)).filter(pk=draft.pk).drafts().first()
    if row is None:
        return
    if row.written_at != seen:
        raise Refused("The draft was changed since you read it. Read it again before you take it away.")
    row.delete()
    _record(draft, "letter_text.discarded", by, at)


@transaction.atomic
def ask_for_approval(*, draft: LetterText, by: User, at: dt.datetime) -> int:
    """Tell everybody else who may approve that a text waits. How many were told."""
    roles = [role.value for role in Role if Permission.LETTER_APPROVE in role.permissions]
    held = Membership.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=at),
        partnership=draft.partnership,
        role__in=roles,
        user__is_active=True,
    )
    others = {each.user_id: each.user for each in held.select_related("user") if each.user_id != by.pk}
    for person in others.values():
        outbox.tell(
            partnership=draft.partnership,
            referral=None,
            kind="letter_text",
            to=person,
            key=f"letter_text:{draft.pk}:{draft.written_at.isoformat()}:{person.pk}",
            subject="Front Door: the text of a letter waits for your approval",
            body=f"{by.name} has written a new text for the letter “{KINDS[draft.kind].name}”. Sign in to read it, and "
            "approve it where it is right.\n",
            at=at,
        )
    return len(others)


@transaction.atomic
def approve(*, draft: LetterText, seen_at: dt.datetime | None, by: User, at: dt.datetime) -> LetterText:
    """Let a draft hold from now on. Only somebody else than its writer may; letters that were sent stay as they were.

    seen_at: when the text that the approver read was written; where it was written over since, nothing is approved.
    """
    row = LetterText.objects.select_for_update(of=("self",)).filter(pk=draft.pk).drafts().first()
    if row is None:
        raise Refused("This text waits no more: somebody has approved it or taken it away.")
    if row.written_by_id == by.pk:
        raise Refused("You wrote this text: a second person must approve it.")
    if seen_at != row.written_at:
        raise Refused("The text was changed since you read it. Read it again, then approve it.")
    found = mistakes(KINDS[row.kind], row.subject, row.body)
    if found:
        raise Refused(f"This text can’t be used yet. {found[0]}")
    LetterText.objects.filter(partnership=row.partnership, kind=row.kind).in_force().update(
        state=LetterText.State.SUPERSEDED
    )
    row.state, row.approved_at, row.approved_by = LetterText.State.IN_FORCE, at, by
    row.save(update_fields=["state", "approved_at", "approved_by"])
    _record(row, "letter_text.approved", by, at)
    return row


def preview(partnership: Partnership, kind: str, subject: str, body: str, *, by: User, at: dt.datetime) -> Written:
    """A text filled in with a referral that is made up."""
    stages = [{"stage": 1, "name": "Line or team manager", "limit": "5 working days"}]
    decided = {
        "outcome_label": "Early help",
        "outcome_meaning": "An early help team will offer the family support.",
        "step": "level 2",
        "level_name": "Early help",
        "told": "A family worker calls on Friday.",
    }
    samples = {
        "referrer": "Alex Example",
        "recipient": "Pat and Kim Example" if kind == "parents" else "Example Health Visiting",
        "reference": f"{partnership.reference_prefix}-EXAM-PLE1",
        "received": moment(at),
        "children": "Robin" if kind == "parents" else "R.E.",
        "partnership": partnership.name,
        "front_door": partnership.the_front_door,
        "if_in_danger": writing.if_in_danger(partnership),
        "signature": writing.text(
            "signature", name=by.name, job=by.job_title, team="The team", telephone=partnership.front_door_telephone
        ),
        "words": "These are the words that the writer adds.",
        "what_next": writing.text("what_next", decide_by=moment(at + dt.timedelta(days=1)), outcome_by=""),
        "decided": writing.text(
            "decided_plainly" if kind in ("parents", "agency") else "decided",
            decided=[decided],
            document="the threshold document",
            partnership=partnership.name,
        ),
        "disagreement": writing.text("disagreement", stages=stages),
    }
    return Written(fill(subject, samples), fill(body, samples))


def _record(row: LetterText, verb: str, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=row.partnership,
        verb=verb,
        noun="letter_text",
        object_id=f"{row.kind}:{row.number}",
        of=None,
        detail={"kind": row.kind, "number": row.number},
        by=by,
        at=at,
    )
