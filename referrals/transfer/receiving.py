"""What the other area says of it: that they have it, or that they do not take it; and what is added meanwhile."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django_scopes import scope

from partnerships.access import actor_for
from partnerships.models import Partnership, User
from partnerships.permissions import Permission
from partnerships.staffing import managers
from partnerships.templatetags.page_parts import moment
from referrals import outbox
from referrals.clocks.actions import meet_clock, stop_clocks
from referrals.clocks.sweep import team_hears
from referrals.domain.danger import TOLD_LATER
from referrals.domain.lifecycle import Move, State
from referrals.intake.sending import address
from referrals.models import Arrival, Decision, Event, Referral, Transfer
from referrals.referrers import for_referrer, of_whom
from referrals.transfer.bundle import signed
from referrals.transfer.receipt import RECEIPT, hold_trails
from referrals.triage.decisions import start_again
from referrals.triage.moves import (
    Refused,
    at_work_on,
    held,
    locked,
    move,
    record,
    tell_one,
    tell_story,
    waits_no_more,
)
from referrals.triage.next_steps import works_in


@transaction.atomic
def confirm_receipt(*, referral: Referral, by: User, at: dt.datetime) -> Arrival:
    """A named person's word that they have it. Its sender and the referrer hear of it; once.

    Raises `Elsewhere` for who does not work in its queue, `Refused` where it was sent back, or a colleague's name went
    to its sender.
    """
    mine, theirs = held_both(referral)
    at_work_on(mine, by)
    arrival = Arrival.objects.select_related("from_partnership", "received_by", "returned_by").get(referral=mine)
    if arrival.returned_at:
        raise Refused(sent_back_already(arrival))
    if arrival.received_at:
        if arrival.received_by_id == by.pk:
            return arrival
        raise Refused(
            f"{arrival.received_by.name if arrival.received_by else 'Somebody'} confirmed at "
            f"{moment(arrival.received_at)} that you have it. {arrival.from_partnership.name} knows it from them."
        )
    hold_trails(mine.partnership, arrival.from_partnership)
    arrival.received_at, arrival.received_by = at, by
    arrival.save(update_fields=["received_at", "received_by"])
    meet_clock(referral=mine, slug=RECEIPT, by=by, at=at)
    said = f"{by.name} confirmed to {arrival.from_partnership.name} that they have it."
    if theirs is None:
        said = f"{by.name} confirmed that they have it. {arrival.from_partnership.name} keeps it no longer."
    tell_story(mine, "receipt_confirmed", said, by=by, at=at)
    record(mine, "receipt_confirmed", {"transfer": arrival.key}, by=by, at=at)
    if theirs is not None:
        with scope(partnership=arrival.from_partnership):
            received(theirs, Transfer.objects.get(key=arrival.key), signed(by), by=by, at=at)
    return arrival


@transaction.atomic
def send_back(*, referral: Referral, reason: str, by: User, at: dt.datetime) -> Arrival:
    """It is not theirs to take: it ends here, and goes back into the hands of who sent it, with the reason. Pressed
    twice, once."""
    if not reason.strip():
        raise Refused("Say why it goes back: whoever sent it starts from that.")
    mine, theirs = held_both(referral)
    at_work_on(mine, by, Permission.REFERRAL_DECIDE)
    arrival = Arrival.objects.select_related("from_partnership", "returned_by").get(referral=mine)
    if arrival.returned_at:
        if (arrival.returned_by_id, arrival.returned_because) == (by.pk, reason.strip()):
            return arrival
        raise Refused(f"{sent_back_already(arrival)} Your reason did not go there.")
    if arrival.received_at:
        raise Refused(
            "It was confirmed that you have it. Decide on it here; where the child lives elsewhere, decide that it is "
            "sent on."
        )
    if theirs is None:
        raise Refused(
            f"{arrival.from_partnership.name} keeps referral {arrival.from_reference} no longer, and so nobody there "
            "could take it back. Confirm that you have it, and decide on it here."
        )
    hold_trails(mine.partnership, arrival.from_partnership)
    arrival.returned_at, arrival.returned_by, arrival.returned_because = at, by, reason.strip()
    arrival.save(update_fields=["returned_at", "returned_by", "returned_because"])
    move(
        referral=mine,
        move=Move.RETURN,
        sentence=f"{by.name} sent it back to {arrival.from_partnership.name}.",
        note=reason,
        detail={"transfer": str(arrival.key)},
        changes={"owner": None, "owned_at": None},
        by=by,
        at=at,
    )
    stop_clocks(referral=mine, by=by, at=at)
    with scope(partnership=arrival.from_partnership):
        transfer = Transfer.objects.select_related("sent_by").get(key=arrival.key)
        came_back(theirs, transfer, signed(by), reason.strip(), by=by, at=at)
    return arrival


def sent_back_already(arrival: Arrival) -> str:
    who = arrival.returned_by.name if arrival.returned_by else "Somebody"
    at = f" at {moment(arrival.returned_at)}" if arrival.returned_at else ""
    return f"{who} sent it back to {arrival.from_partnership.name}{at}."


def held_both(referral: Referral) -> tuple[Referral, Referral | None]:
    """The arrived referral and the one from which it came, both held: the sender's first, always. None where the sender
    deleted it by its schedule."""
    arrival = Arrival.objects.select_related("from_partnership").filter(referral=referral).first()
    if arrival is None:
        raise Refused(f"Referral {referral.reference} did not come from another partnership.")
    with scope(partnership=arrival.from_partnership):
        transfer = Transfer.objects.select_related("referral").filter(key=arrival.key).first()
        theirs = held(transfer.referral) if transfer else None
    return held(referral), theirs


def received(
    row: Referral, transfer: Transfer, who: str, *, by: User, at: dt.datetime, when: dt.datetime | None = None
) -> None:
    """On the sender's side: they have it. Once nothing more is awaited, the referral is decided.

    when: the time that they said, where it is noted later. It counts for the clock; story and trail say when it was
    noted.
    """
    when = when or at
    transfer.received_at, transfer.received_by = when, who[:400]
    transfer.save(update_fields=["received_at", "received_by", "receipt_noted_by"])
    # Whoever confirms it works elsewhere: being asked why it was late is not for them.
    meet_clock(referral=row, slug=RECEIPT, subject=transfer.key, by=transfer.receipt_noted_by, at=at, when=when)
    said = f"Received by {who}, at {transfer.to_name}."
    settled = not Transfer.objects.awaited().filter(referral=row).exists()
    if settled:
        waits_no_more(row, "receipt")
    if settled and row.state == State.SENT_ON.value:
        detail = {"transfer": str(transfer.key)}
        move(referral=row, move=Move.RECEIVE, sentence=said, for_referrer=True, detail=detail, changes={}, by=by, at=at)
    else:
        tell_story(row, "transfer_received", said, for_referrer=True, by=by, at=at)
        record(row, "transfer_received", {"transfer": transfer.key}, by=by, at=at)
    said = f"{transfer.to_name} has referral {row.reference}: {who} confirmed it."
    tell_sender(row, transfer, said, "received", at=at)
    tell_referrer(row, transfer, "received", f"{transfer.to_name} has it: {who} confirmed that.", at=at)


def came_back(row: Referral, transfer: Transfer, who: str, reason: str, *, by: User, at: dt.datetime) -> None:
    """On the sender's side: they don't take it. It is in its owner's hands again, to be decided anew, or in the queue
    where that person works there no more."""
    transfer.returned_at, transfer.returned_by, transfer.returned_because = at, who[:400], reason
    transfer.save(update_fields=["returned_at", "returned_by", "returned_because"])
    meet_clock(referral=row, slug=RECEIPT, subject=transfer.key, by=transfer.receipt_noted_by, at=at)
    if not Transfer.objects.awaited().filter(referral=row).exists():
        waits_no_more(row, "receipt")
    Decision.objects.filter(transfer=transfer).update(state=Decision.State.OVERTAKEN)
    said = f"{transfer.to_name} did not take it: {who}."
    if row.state == State.SENT_ON.value:
        changes = {"decided_level": None, "decided_at": None, "decided_by": None}
        move(referral=row, move=Move.COME_BACK, sentence=said, note=reason, changes=changes, by=by, at=at)
        if not still_there(row):
            sentence = f"It is back in the queue of {row.team.name}."
            gone = {"owner": None, "owned_at": None}
            move(referral=row, move=Move.RELEASE, sentence=sentence, changes=gone, by=by, at=at)
    else:
        back_while_at_work(row, by=by, at=at)
        tell_story(row, "transfer_refused", said, note=reason, by=by, at=at)
    tell_story(
        row, "transfer_came_back", "It came back to us: we are looking at it again.", for_referrer=True, by=None, at=at
    )
    start_again(row, at=at)
    told = f"{transfer.to_name} did not take referral {row.reference}. Read why, and decide anew."
    tell_sender(row, transfer, told, "back", at=at)
    tell_referrer(row, transfer, "came_back", "It came back to us. We are looking at it again.", at=at)


def back_while_at_work(row: Referral, *, by: User, at: dt.datetime) -> None:
    """A child comes back while others of its referral are decided here: nothing is signed, and nothing stays closed,
    that was written without it. No sentence here says where it was: others of its referral may go elsewhere."""
    if row.state == State.PROPOSED.value:
        sentence = "What was proposed is over: it was written before a child came back."
        move(referral=row, move=Move.TAKE_BACK, sentence=sentence, changes={}, by=by, at=at)
        if not still_there(row):
            sentence = f"It is back in the queue of {row.team.name}."
            gone = {"owner": None, "owned_at": None}
            move(referral=row, move=Move.RELEASE, sentence=sentence, changes=gone, by=by, at=at)
    elif not row.is_open:
        undecided = {"decided_level": None, "decided_at": None, "decided_by": None, "owner": None, "owned_at": None}
        sentence = "It was opened again for a child who came back."
        move(referral=row, move=Move.REOPEN, sentence=sentence, changes=undecided, by=by, at=at)


def still_there(row: Referral) -> bool:
    """Whether its owner works in its queue still."""
    owner = row.owner
    return bool(owner and owner.is_active and works_in(actor_for(owner, row.partnership), row.team))


def tell_sender(row: Referral, transfer: Transfer, said: str, what: str, *, at: dt.datetime) -> None:
    """Its owner, else its team; where it came back, the managers too."""
    people = {each.pk: each for each in ([row.owner] if row.owner else team_hears(row))}
    if what == "back":
        people |= {each.pk: each for each in managers(row.partnership)}
    for person in people.values():
        subject = "Front Door: a referral that you sent on " + ("came back" if what == "back" else "has arrived")
        of = f"-{transfer.pk}"
        tell_one(row, person, kind=f"transfer_{what}", of=of, subject=subject, said=said, at=at)


def tell_referrer(row: Referral, transfer: Transfer, what: str, said: str, *, at: dt.datetime) -> None:
    for person in for_referrer(row):
        whose = of_whom(row, person)
        outbox.tell(
            partnership=row.partnership,
            referral=row,
            kind=f"transfer_{what}",
            to=person,
            key=f"transfer:{transfer.key}:{what}:{person.pk}",
            subject=f"Front Door: {whose} was passed to another area",
            body=f"We passed {whose} to {transfer.to_name}. {said}\n\n"
            f"Sign in to follow it: {address(row.partnership, 'referral_track', row)}\n",
            at=at,
        )


@transaction.atomic
def say_handed(*, transfer: Transfer, how: str, to: str, when: dt.datetime, by: User, at: dt.datetime) -> Transfer:
    """An area that is not on Front Door: how it was sent, to whom and when. Pressed twice, once."""
    row, standing = by_hand(transfer, by)
    if standing.handed_by and standing.handed_at:
        kept = (standing.handed_by_id, standing.handed_how, standing.handed_to, standing.handed_at)
        if kept == (by.pk, how.strip(), to.strip(), when):
            return standing
        raise Refused(
            f"{standing.handed_by.name} wrote down already how it was sent to {standing.to_name}. What you typed is "
            "not kept: write a note of it if it was sent twice."
        )
    if not how.strip() or not to.strip():
        raise Refused("Say how it was sent and to whom.")
    if when > at or when < row.received_at:
        raise Refused("The time at which it was sent must lie between when the referral came and now.")
    news = told_since_sent(standing)
    if news and when < news.at.replace(second=0, microsecond=0):
        raise Refused(
            f"More was told at {moment(news.at)}, after the time that you wrote. Tell {standing.to_name} of that too, "
            "and write at what time they had all of it."
        )
    standing.handed_how, standing.handed_to, standing.handed_at, standing.handed_by = how.strip(), to.strip(), when, by
    standing.save(update_fields=["handed_how", "handed_to", "handed_at", "handed_by"])
    said = f"{by.name} sent it on to {standing.to_name}."
    tell_story(row, "transfer_handed", said, note=f"{how.strip()}, to {to.strip()}", for_referrer=False, by=by, at=at)
    tell_story(row, "transfer_sent_told", f"It was sent on to {standing.to_name}.", for_referrer=True, by=None, at=at)
    record(row, "transfer_handed", {"transfer": standing.key}, by=by, at=at)
    return standing


@transaction.atomic
def note_receipt(*, transfer: Transfer, who: str, when: dt.datetime, by: User, at: dt.datetime) -> Transfer:
    """An area that is not on Front Door: who there said that they have it, and when. Pressed twice, once."""
    row, standing = by_hand(transfer, by)
    kept = (standing.receipt_noted_by_id, standing.received_by, standing.received_at)
    if kept == (by.pk, who.strip(), when):
        return standing
    sound_word(standing, who, when, at)
    standing.receipt_noted_by = by
    received(row, standing, who.strip(), by=by, at=at, when=when)
    return standing


@transaction.atomic
def note_refusal(
    *, transfer: Transfer, who: str, reason: str, when: dt.datetime, by: User, at: dt.datetime
) -> Transfer:
    """An area that is not on Front Door: who there said that they do not take it, when and why. It comes back. Pressed
    twice, once."""
    row, standing = by_hand(transfer, by)
    if standing.returned_at and (standing.returned_by, standing.returned_because) == (who.strip(), reason.strip()):
        return standing
    sound_word(standing, who, when, at, refuses=True)
    if not reason.strip():
        raise Refused("Say why they do not take it.")
    came_back(row, standing, who.strip(), reason.strip(), by=by, at=at)
    return standing


def told_since_sent(transfer: Transfer) -> Event | None:
    """The last that was told of danger, of doubt or of a new worry since it was decided to send it there."""
    news = Event.objects.filter(referral=transfer.referral_id, kind__in=TOLD_LATER, at__gt=transfer.sent_at)
    return news.order_by("at", "pk").last()


def sound_word(standing: Transfer, who: str, when: dt.datetime, at: dt.datetime, *, refuses: bool = False) -> None:
    """refuses: they do not take it, which is noted also where they were not told of all of it."""
    if not standing.is_awaited:
        raise Refused(
            f"It is on record already what {standing.to_name} said. What you typed is not kept: read how it stands, "
            "and write a note where they said something else."
        )
    if standing.handed_at is None and not refuses:
        news = told_since_sent(standing)
        told = f"More was told at {moment(news.at)}. Tell {standing.to_name} of that too. " if news else ""
        raise Refused(f"{told}Write down first how and to whom it was sent.")
    if not who.strip():
        raise Refused("Say who it was, by name.")
    if when > at or (standing.handed_at and when < standing.handed_at):
        raise Refused("The time must lie between when it was sent and now.")


def by_hand(transfer: Transfer, by: User) -> tuple[Referral, Transfer]:
    """The referral held for somebody who works in its queue, and the transfer as it is now."""
    row = locked(transfer.referral, by=by, needs=Permission.REFERRAL_DECIDE)
    standing = Transfer.objects.select_related("handed_by").get(pk=transfer.pk, referral=row)
    if not standing.by_hand:
        raise Refused(f"{standing.to_name} is on Front Door: they say themselves that they have it.")
    return row, standing


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a referral was sent on to on Front Door and not sent back, and where it went from there."""

    transfer: Transfer
    further: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class SentBack:
    """Where a referral that was sent back came from: the referral there, and where else it was sent on to since."""

    transfer: Transfer
    referral: Referral
    further: tuple[Reached, ...]


def reaching(row: Referral, *also: Partnership) -> tuple[Reached, ...]:
    """Where a held referral was sent on to, every referral on that way held and every trail of it.

    Called before anything is written by what goes along afterwards: what its referrer adds. also: whose trails are
    written to besides.
    """
    partnerships: dict[int, Partnership] = {each.pk: each for each in (row.partnership, *also)}
    found = _reached(row, partnerships)
    if found or also:
        hold_trails(*partnerships.values())
    return found


def held_with_all(referral: Referral) -> tuple[Referral, SentBack | None, tuple[Reached, ...]]:
    """A referral of which something is told, and everybody who has it besides, held with every trail: where it was
    sent back to, if it was, and where it was sent on to."""
    arrival = Arrival.objects.select_related("from_partnership").filter(referral=referral).first()
    if arrival is None:
        row = held(referral)
        return row, None, reaching(row)
    with scope(partnership=arrival.from_partnership):
        transfer = Transfer.objects.select_related("partnership", "referral").filter(key=arrival.key).first()
        theirs = held(transfer.referral) if transfer else None
    row = held(referral)
    if transfer is None or theirs is None or row.state != State.RETURNED.value:
        return row, None, reaching(row)
    with scope(partnership=arrival.from_partnership):
        return row, SentBack(transfer, theirs, reaching(theirs, row.partnership)), ()


def sent_back_to(row: Referral) -> Partnership | None:
    """Where a referral was sent back to, if it was."""
    arrival = Arrival.objects.filter(referral=row, returned_at__isnull=False).select_related("from_partnership").first()
    return arrival.from_partnership if arrival else None


def _reached(row: Referral, partnerships: dict[int, Partnership]) -> tuple[Reached, ...]:
    """Without what was deleted there by its schedule."""
    found = []
    sent = Transfer.objects.filter(referral=row, to_partnership__isnull=False, returned_at__isnull=True)
    for transfer in sent.select_related("to_partnership").order_by("pk"):
        to = transfer.to_partnership
        assert to is not None  # noqa: S101  the filter says so
        with scope(partnership=to):
            arrival = Arrival.objects.select_related("referral").filter(key=transfer.key).first()
            if arrival is not None:
                partnerships[to.pk] = to
                found.append(Reached(transfer, _reached(held(arrival.referral), partnerships)))
    return tuple(found)


def numbers_of(transfer: Transfer) -> list[int]:
    """The numbers of the children that went along, in their order."""
    told = Decision.objects.filter(transfer=transfer).values_list("child__order", flat=True)
    return sorted({number for number in told if number is not None})
