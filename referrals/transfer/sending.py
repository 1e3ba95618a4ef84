"""Sending on: what was decided to go to another area goes there, and the referral waits for their receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django_scopes import scope

from partnerships.models import Partnership, User
from referrals.clocks.actions import start_clock
from referrals.domain.lifecycle import Outcome
from referrals.intake.routing import NoTeam
from referrals.models import Addendum, Attachment, Decision, Referral, Transfer
from referrals.transfer.arriving import Sent, arrive, copied
from referrals.transfer.bundle import bundle, signed
from referrals.transfer.carried import carried, renumbered, stays
from referrals.transfer.receipt import RECEIPT, hold_trails, receipt_limit
from referrals.triage.moves import Refused, record, tell_story, waits_for
from thresholds.domain.terms import Flag
from thresholds.loading import NoThreshold, load, version_in_force

AT_ONCE = (Flag.SECTION_47.value, Flag.STRATEGY_DISCUSSION.value)

Groups = dict[tuple[int | None, str], list[Decision]]


def going_on(decisions: Sequence[Decision]) -> Groups:
    """The decisions that send a child on, by where to; empty where none does."""
    found: Groups = {}
    for each in decisions:
        if each.outcome == Outcome.TRANSFER.value:
            found.setdefault((each.transfer_to_id, each.transfer_elsewhere), []).append(each)
    return found


def hold_all(row: Referral, decisions: Sequence[Decision], *, also: Iterable[Partnership] = ()) -> None:
    """Hold the trails of every partnership that these decisions reach, before the first entry is written.

    also: where somebody is told of it beside those to which it goes.
    """
    others = [*(each.transfer_to for each in decisions if each.transfer_to), *also]
    if others:
        hold_trails(*{each.pk: each for each in (row.partnership, *others)}.values())


def send_on(row: Referral, decisions: Sequence[Decision], *, author: User, at: dt.datetime) -> list[Transfer]:
    """Send the children of these decisions to where they go, each area once. The referral is held, and its decisions
    hold already. Raises `Refused` where the other partnership can't take it now: nothing is decided then."""
    made = []
    for (_, elsewhere), mine in going_on(decisions).items():
        to = mine[0].transfer_to
        transfer = Transfer.objects.create(
            partnership=row.partnership,
            referral=row,
            to_partnership=to,
            to_name=to.name if to else elsewhere,
            sent_at=at,
            sent_by=author,
        )
        Decision.objects.filter(pk__in=[each.pk for each in mine]).update(transfer=transfer)
        await_receipt(row, transfer, by=author, at=at)
        if to:
            hand_over(row, transfer, to, mine, author=author, at=at)
        said = f"{author.name} sent it on to {transfer.to_name}."
        if not to:
            said = f"{author.name} is to send it on to {elsewhere} by hand."
        tell_story(row, "transfer_sent", said, for_referrer=bool(to), by=author, at=at)
        detail = {"transfer": transfer.key, "to": to.slug if to else "", "children": [each.child_id for each in mine]}
        record(row, "transferred", detail, by=author, at=at)
        made.append(transfer)
    waits_for(row, "receipt")
    return made


def await_receipt(row: Referral, transfer: Transfer, *, by: User, at: dt.datetime) -> None:
    """The clock of their receipt: overdue, its owner hears, then the team, then the managers."""
    scheme = load(row.scheme_version)
    at_once = row.immediate_danger or any(flag in row.flags for flag in AT_ONCE)
    start_clock(
        referral=row,
        slug=RECEIPT,
        subject=transfer.key,
        name=f"{transfer.to_name} confirms that they have it",
        limit=receipt_limit(scheme, at_once=at_once),
        by=by,
        at=at,
    )


def hand_over(
    row: Referral, transfer: Transfer, to: Partnership, decisions: list[Decision], *, author: User, at: dt.datetime
) -> None:
    """Read everything that goes along in this partnership's scope, then write it in the other's."""
    numbers = sorted(each.child.order for each in decisions if each.child)
    clock = row.clocks.get(slug=RECEIPT, subject=str(transfer.key))
    try:
        version = version_in_force(to, at)
        sent = Sent(
            key=transfer.key,
            partnership=row.partnership,
            reference=row.reference,
            answers=carried(row.answers, numbers, first=load(row.scheme_version), other=load(version)),
            bundle=bundle(row, decisions, at=at),
            because="\n\n".join(dict.fromkeys(each.reason for each in decisions)),
            signed=signed(author),
            referrer_details=details_of(row),
            in_confidence=row.in_confidence,
            confidential=row.confidential,
            in_danger=row.immediate_danger,
            danger_of=danger_of(row, numbers),
            restricted=row.restricted,
            receipt_due_at=clock.due_at,
            addenda=addenda_of(row, numbers),
            attachments=list(filter(None, (copied(each) for each in documents_of(row, numbers)))),
        )
        with scope(partnership=to):
            arrive(to, version, sent, by=author, at=at)
    except (NoThreshold, NoTeam) as error:
        raise Refused(
            f"{to.name} can’t take it on Front Door now: {error} Telephone {to.the_front_door}, and choose that it "
            "goes there by hand."
        ) from error


def danger_of(row: Referral, numbers: Sequence[int]) -> frozenset[int]:
    """Those of the children who go along of whom danger was told, here or since, as they are counted there."""
    told = [child.order for child in row.children.all() if Flag.IMMEDIATE_DANGER.value in child.flags]
    return frozenset(numbers.index(number) + 1 for number in told if number in numbers)


def details_of(row: Referral) -> dict[str, str]:
    """Who told of it, with the agency's name: over there nobody has an account of theirs."""
    details = {name: str(value) for name, value in dict(row.referrer_details).items()}
    if row.agency and not details.get("agency"):
        details["agency"] = row.agency.name
    return details


def documents_of(row: Referral, numbers: Sequence[int]) -> list[Attachment]:
    """The documents that go along; not those that came with what was added of a child who stays."""
    of_who_stays = [each.pk for each in Addendum.objects.filter(referral=row) if stays(each, numbers)]
    found = Attachment.objects.there().filter(referral=row).exclude(state=Attachment.State.SUSPECT)
    return list(found.exclude(addendum__in=of_who_stays))


def addenda_of(row: Referral, numbers: Sequence[int]) -> list[Addendum]:
    """What was added since it was sent, as unsaved rows of the other partnership's."""
    found = Addendum.objects.filter(referral=row).exclude(kind=Addendum.Kind.WITHDRAWAL).select_related("by")
    return [addendum_for(each, numbers) for each in found.order_by("at", "pk") if not stays(each, numbers)]


def addendum_for(each: Addendum, numbers: Sequence[int]) -> Addendum:
    return Addendum(
        kind=each.kind,
        about=each.about,
        answer=renumbered(each.answer, numbers),
        concerns=[numbers.index(number) + 1 for number in each.concerns if number in numbers],
        text=each.text,
        reason=each.reason,
        in_danger=each.in_danger,
        token=each.token,
        at=each.at,
        by=each.by,
    )
