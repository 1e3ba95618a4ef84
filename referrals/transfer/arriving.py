"""What arrives at the other partnership: a new contact in its MASH's queue, screened anew under its threshold in force.

Everything here runs in the receiving partnership's scope: what comes from the first one is read beforehand.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from partnerships import audit
from partnerships.models import Partnership, Team, User
from partnerships.staffing import managers
from referrals.additions.corrected import as_corrected, keep_corrected
from referrals.attachments import store
from referrals.clocks.actions import start_clock, start_clocks
from referrals.domain.reference import RANDOM_BYTES, make_reference
from referrals.intake import sending
from referrals.intake.answers import Answers
from referrals.intake.routing import the_default
from referrals.models import Addendum, Arrival, Attachment, Event, Referral
from referrals.seen.keys import keep_keys
from referrals.standing import keep_standing
from referrals.transfer.home import kept_at_home, named_at_home
from referrals.transfer.receipt import RECEIPT
from referrals.triage.moves import Refused, tell_one, tell_story
from referrals.triage.restricted_in_need import let_the_mash_act
from referrals.triage.restricting import decides_in, restrict_allegation
from referrals.triage.unseen import name_managers
from thresholds.domain.terms import Flag, Route
from thresholds.models import SchemeVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the first partnership hands over. `addenda` and `attachments` are unsaved rows, of no partnership yet.

    danger_of: the children, as they are counted there, of whom it was said that they are in danger now.
    """

    key: uuid.UUID
    partnership: Partnership
    reference: str
    answers: dict[str, Any]
    bundle: dict[str, Any]
    because: str
    signed: str
    referrer_details: dict[str, str]
    in_confidence: bool
    confidential: dict[str, str]
    in_danger: bool
    danger_of: frozenset[int]
    restricted: bool
    receipt_due_at: dt.datetime
    addenda: list[Addendum] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


def arrive(to: Partnership, version: SchemeVersion, sent: Sent, *, by: User, at: dt.datetime) -> Referral:
    """Take it in as a contact of the receiving partnership. Not screened, it goes to the MASH, whatever else."""
    answers = Answers(sent.answers)
    told = sending.screened_under(version, answers, to, at=at)
    danger = sent.in_danger or answers.in_danger
    flags = {flag.value for flag in told.together.flags} | {Flag.NOT_SCREENED.value}
    if danger:
        flags.add(Flag.IMMEDIATE_DANGER.value)
    team = the_default(to, Team.Kind.MASH)
    row = Referral.objects.create(
        partnership=to,
        reference=free_reference(to),
        token=sent.key,
        channel=Referral.Channel.TRANSFER,
        referrer_details=sent.referrer_details,
        in_confidence=sent.in_confidence,
        confidential=sent.confidential,
        received_at=at,
        answers=sent.answers,
        scheme_version=version,
        screening=sending.leading_screening(told),
        indicated_level=told.together.indicated_level,
        judged_level=told.judged,
        route=Route.MASH.value,
        flags=sorted(flags),
        immediate_danger=danger,
        next_seen_at=answers.next_seen_at(at),
        team=team,
        went_through_mash=True,
        beside=len(sent.addenda) + len(sent.attachments),
    )
    sending.write_rows(row, answers, told.screened)
    for child in row.children.filter(order__in=sent.danger_of):
        if Flag.IMMEDIATE_DANGER.value not in child.flags:
            child.flags = [Flag.IMMEDIATE_DANGER.value, *child.flags]
            child.save(update_fields=["flags"])
    Arrival.objects.create(
        key=sent.key,
        partnership=to,
        referral=row,
        from_partnership=sent.partnership,
        from_reference=sent.reference,
        sent_at=at,
        sent_by=sent.signed,
        because=sent.because,
        bundle=sent.bundle,
    )
    for addendum in sent.addenda:
        addendum.partnership, addendum.referral = to, row
    for attachment in sent.attachments:
        attachment.partnership, attachment.referral = to, row
    Addendum.objects.bulk_create(sent.addenda)
    Attachment.objects.bulk_create(sent.attachments)
    keep_corrected(row, as_corrected(row))
    keep_standing(row)
    keep_keys(row)
    start_clocks(referral=row, starts={"received": at}, by=by, at=at)
    start_clock(
        referral=row,
        slug=RECEIPT,
        name=f"Confirm to {sent.partnership.short_name} that you have it",
        due_at=sent.receipt_due_at,
        at=at,
    )
    said = f"{sent.signed.split(',')[0]} of {sent.partnership.name} sent it on."
    tell_story(row, "sent", said, note=sent.because, by=by, at=at)
    tell_story(
        row,
        "screened",
        f"Not screened: what was chosen of {sent.partnership.short_name}’s threshold does not count under "
        f"{version.title}.",
        by=None,
        at=at,
    )
    routed = tell_story(row, "routed", f"It is in the queue of {team.name}.", by=None, at=at)
    audit.record(
        partnership=to,
        verb="referral.arrived",
        noun="referral",
        object_id=row.pk,
        of=row.pk,
        detail={
            "from": sent.partnership.slug,
            "transfer": sent.key,
            "scheme_version": version.slug,
            "flags": row.flags,
            "team": team.slug,
            "restricted": sent.restricted,
        },
        by=by,
        at=at,
    )
    original = kept_at_home(row)
    if sent.restricted or original is not None:
        keep_restricted(row, original, routed, by=by, at=at)
    else:
        restrict_allegation(row, at=at)
        sending.tell_people(row, by=None, at=at)
    return row


CAME_SO = "It was restricted where it came from."
AT_HOME = "It has come back, and what was sent on is restricted here."


def keep_restricted(row: Referral, original: Referral | None, routed: Event, *, by: User, at: dt.datetime) -> None:
    """What was restricted there is restricted here, and so is what comes back to where it is: who is named on that is
    named on this. Where nobody of them decides here, the managers are, and are told: they name who decides it, or lift
    the restriction. In danger each screener hears of it by its reference.

    original: as it stands here already, restricted.
    """
    row.restricted = True
    row.save(update_fields=["restricted"])
    people = named_at_home(row, original) if original else []
    above = [] if any(decides_in(row.team, each) for each in people) else managers(row.partnership)
    people = list({each.pk: each for each in (*people, *above)}.values())
    reason, named = (AT_HOME, "who is named there is named here") if original else (CAME_SO, "the managers are named")
    name_managers(row, people, reason=reason, story=f"{reason[:-1]}: {named}.", by=by, at=at)
    if not people:
        raise Refused(
            f"It is restricted, and {row.partnership.name} has no manager here who could see it. Telephone "
            f"{row.partnership.the_front_door}."
        )
    what_to_do = "Nobody but the managers sees it: name at once who decides it, or lift the restriction."
    if original:
        what_to_do = (
            f"It is {original.reference}, which was sent on and has come back. Those see it who are named on that"
            + (", and the managers: name at once who decides it." if above else ": confirm that you have it.")
        )
    for person in people:
        tell_one(
            row,
            person,
            kind="named",
            subject="Front Door: a restricted referral has come from another partnership",
            said=f"Restricted referral {row.reference} has come. {what_to_do}",
            at=at,
        )
    if row.immediate_danger:
        let_the_mash_act(row, in_danger=True, of=routed, at=at)


def free_reference(partnership: Partnership) -> str:
    """A reference that this partnership has not given yet."""
    while True:
        drawn = make_reference(partnership.reference_prefix, secrets.token_bytes(RANDOM_BYTES))
        if not Referral.objects.filter(partnership=partnership, reference=drawn).exists():
            return drawn


def copied(attachment: Attachment) -> Attachment | None:
    """A document for the other partnership, its file sealed anew under a name of its own; None where it is gone.

    What may carry a virus stays behind. What was not checked yet is checked there.
    """
    try:
        content = store.read(attachment.stored_as)
    except store.Gone:
        return None
    names = ("asked_for", "called", "name", "ending", "size", "digest", "state", "scan_at", "scanned_at", "added_at")
    return Attachment(
        stored_as=store.keep(content), **{name: getattr(attachment, name) for name in names}, added_by=None
    )
