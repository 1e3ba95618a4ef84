"""What every move of a referral shares: the row held still, its next state, one line of its story, one of the trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q

from partnerships import audit
from partnerships.access import Actor, actor_for
from partnerships.models import Partnership, Team, User
from partnerships.permissions import Permission
from referrals import outbox
from referrals.clocks.words import IN_ANY_HANDS
from referrals.domain.danger import TOLD_LATER
from referrals.domain.lifecycle import Move, State, next_state
from referrals.holding import hold
from referrals.intake.sending import address, told_that_it_waits
from referrals.models import Addendum, Arrival, Ask, Clock, Decision, Event, Referral, SignOff
from referrals.models.event import OF_CHECKS, OF_THE_MASH
from referrals.triage.next_steps import works_in
from thresholds.loading import load

JOINED = ("partnership", "team", "owner", "scheme_version", "referrer", "decided_by")
KINDS = {
    Move.CLAIM: "claimed",
    Move.RELEASE: "released",
    Move.REASSIGN: "reassigned",
    Move.STEP_UP: "stepped_up",
    Move.STEP_DOWN: "stepped_down",
    Move.PASS_ON: "passed_on",
    Move.RECORD: "recorded",
    Move.PROPOSE: "proposed",
    Move.SEND_BACK: "sent_back",
    Move.TAKE_BACK: "taken_back",
    Move.DECIDE: "decided",
    Move.SEND_ON: "sent_on",
    Move.RECEIVE: "received_elsewhere",
    Move.COME_BACK: "came_back",
    Move.TAKE_UP: "taken_up",
    Move.RETURN: "returned",
    Move.WITHDRAW: "withdrawn",
    Move.REOPEN: "reopened",
}
"""The kind of event that each move leaves: one event a move, so that a revision counts them."""
NEWS = (
    "information_added",
    "corrected",
    "withdrawal_asked",
    "answered",
    *(kind for kind in (*OF_CHECKS, *OF_THE_MASH) if kind.endswith("check_answered")),
    "support_stepped_up",
    "sibling_told",
    "check_passed_on",
    "letter_not_safe",
)
"""The kinds of the events by which somebody tells something without a move: whoever decides reads it first."""


class Refused(ValueError):
    """What was asked for can't be done; the message says why and what to do."""


class TakenBy(Refused):
    """Somebody else has the referral. `name` is who."""

    def __init__(self, referral: Referral) -> None:
        self.name = referral.owner.name if referral.owner else "Somebody else"
        super().__init__(f"{self.name} has referral {referral.reference}.")


class Stale(Refused):
    """The referral moved on since the form was shown. `referral` is how it stands now; nothing was changed."""

    def __init__(self, referral: Referral) -> None:
        super().__init__("This referral has moved on since you opened the form. Read what happened, then decide again.")
        self.referral = referral


def as_shown(row: Referral, seen: int | None) -> None:
    """Raises `Stale` where it moved on since a form showed this revision. None: no form showed any."""
    if seen is not None and seen != row.revision:
        raise Stale(row)


class Elsewhere(Refused):
    """The referral is in a queue in which this person does not work, or works no more."""

    def __init__(self, referral: Referral) -> None:
        super().__init__(
            f"Referral {referral.reference} is not in a queue that you work in any more. Nothing was changed."
        )


def fresh(referral: Referral) -> Referral:
    """The referral as it is now."""
    return Referral.objects.select_related(*JOINED).get(pk=referral.pk, partnership=referral.partnership_id)


def held(referral: Referral) -> Referral:
    """The referral as it is now, held until the transaction ends: for whoever acts on it from outside its queue.

    Held first and read then: PostgreSQL, where it had to wait for whoever moved it, would look for its new team beside
    the old one that it had joined, and find no referral at all.
    """
    hold(referral.partnership_id, [referral.pk])
    return fresh(referral)


def held_all(partnership: Partnership, keys: Iterable[Any]) -> list[Referral]:
    """Several referrals as they are now, by their keys: held together, before any is changed (`referrals.holding`)."""
    found = hold(partnership.pk, keys)
    return list(Referral.objects.select_related(*JOINED).filter(partnership=partnership, pk__in=found).order_by("pk"))


def locked(
    referral: Referral,
    *,
    by: User,
    needs: Permission = Permission.REFERRAL_CLAIM,
    seen: int | None = None,
) -> Referral:
    """The referral as it is now, held until the transaction ends, for somebody who works in its queue at this moment.

    The view asked the same before; between looking and acting a colleague may have moved the referral, or a role may
    have ended. Raises `Elsewhere` then. seen: the revision that the form showed; another raises `Stale`.
    """
    row = held(referral)
    at_work_on(row, by, needs)
    as_shown(row, seen)
    return row


def at_work_on(referral: Referral, by: User, needs: Permission = Permission.REFERRAL_CLAIM) -> None:
    """Raise `Elsewhere` unless this person may do this in the referral's queue now."""
    actor = actor_for(by, referral.partnership)
    if not (by.is_active and actor.can(needs) and works_in(actor, referral.team)):
        raise Elsewhere(referral)
    if referral.restricted and not Referral.objects.visible_to(actor).filter(pk=referral.pk).exists():
        raise Elsewhere(referral)


def at_work_in(team: Team, by: User, needs: Permission) -> bool:
    """Whether this person may do this in that team now."""
    actor = actor_for(by, team.partnership)
    return by.is_active and actor.can(needs) and works_in(actor, team)


def in_nobody_elses_hands(referral: Referral, by: User) -> None:
    """Raise `TakenBy` where a colleague has it."""
    if referral.owner_id and referral.owner_id != by.pk:
        raise TakenBy(referral)


def received_first(referral: Referral) -> None:
    """Raise `Refused` where it was sent on from elsewhere and nobody has confirmed there that they have it."""
    if referral.channel != Referral.Channel.TRANSFER.value:
        return
    arrival = Arrival.objects.filter(referral=referral).select_related("from_partnership").first()
    if arrival and arrival.is_awaited:
        raise Refused(f"Confirm first to {arrival.from_partnership.name} that you have it, or send it back to them.")


@transaction.atomic
def move(
    *,
    referral: Referral,
    move: Move,
    sentence: str,
    note: str = "",
    for_referrer: bool = False,
    detail: dict[str, Any] | None = None,
    changes: dict[str, Any],
    by: User | None,
    at: dt.datetime,
) -> Referral:
    """Take a locked referral to its next state. Raises `lifecycle.NotAllowed` where that state allows no such move."""
    before = State(referral.state)
    if changes.get("team", referral.team) != referral.team:
        refuse_unseen_elsewhere(referral)
    changes = {**changes, "state": next_state(before, move).value, "revision": referral.revision + 1}
    if before is State.PROPOSED and changes["state"] != State.PROPOSED.value:
        proposal_is_over(referral)
    for name, value in changes.items():
        setattr(referral, name, value)
    referral.save(update_fields=list(changes))
    tell_story(referral, KINDS[move], sentence, note=note, for_referrer=for_referrer, by=by, at=at)
    record(referral, KINDS[move], {**(detail or {}), "revision": referral.revision}, by=by, at=at)
    return referral


def refuse_unseen_elsewhere(referral: Referral) -> None:
    """Raise `Refused` where a referral is to go to another team, and is restricted to people of this one."""
    if referral.restricted:
        raise Refused(
            f"Referral {referral.reference} is restricted, and nobody of the other team could see it there. "
            "Lift the restriction first, then restrict it again with people of that team."
        )


def out_of_hands(row: Referral, why: str, *, by: User | None, at: dt.datetime) -> None:
    """Take a locked open referral from whoever has it and may not work on it any more: it waits in its queue.

    What they proposed is taken back first: nobody signs for them, and whoever decides it now starts from what they
    wrote. What was sent on stays so, and nobody has it.
    """
    if row.owner_id is None or not row.is_open:
        return
    if row.state == State.PROPOSED.value:
        sentence = f"{why}: what they proposed is taken back."
        move(referral=row, move=Move.TAKE_BACK, sentence=sentence, changes={}, by=by, at=at)
    sentence = f"{why}: it is in the queue of {row.team.name} again."
    if row.state == State.SENT_ON.value:
        sentence = f"{why}: nobody of {row.team.name} has it, while it waits for its receipt."
    gone = {"owner": None, "owned_at": None}
    move(referral=row, move=Move.RELEASE, sentence=sentence, changes=gone, by=by, at=at)


def moves_since(referral: Referral, seen: int, actor: Actor) -> list[Event]:
    """What moved a referral, and what was told of it, since a form was shown at that revision, the earliest first, as
    far as this person may read it. A revision counts the moves and the news, one event each; below 0 the form had none.
    """
    counted = Event.objects.filter(referral=referral, kind__in=(*KINDS.values(), *NEWS)).order_by("-at", "-pk")
    since = referral.revision - seen if seen >= 0 else len(KINDS)
    last = list(counted[: max(since, 1)])
    return news_since(referral, last[-1].at, actor, first=last[-1].pk) if last else []


def news_since(referral: Referral, at: dt.datetime, actor: Actor, *, first: int = 0) -> list[Event]:
    """The moves and the news since an instant that this person may read, with the words of what was added and answered,
    the earliest first. first: of that instant, the first event that counts."""
    told = Event.objects.readable_by(actor).filter(referral=referral, kind__in=(*KINDS.values(), *NEWS, *TOLD_LATER))
    since = list(told.filter(Q(at__gt=at) | Q(at=at, pk__gte=first)).select_related("by").order_by("at", "pk"))
    added = Addendum.objects.filter(referral=referral, at__gte=at)
    answers = Ask.objects.readable_by(actor).filter(referral=referral, answered_at__gte=at)
    words = {(each.at, each.by_id): each.text or each.reason for each in added}
    words |= {(each.answered_at, each.answered_by_id): each.answer for each in answers if each.answered_at}
    for event in since:
        if event.kind in NEWS and event.by_id:
            event.note = event.note or words.get((event.at, event.by_id), "")
    return since


def to_team(row: Referral, step: Move, team: Team, did: str, reason: str, *, by: User, at: dt.datetime) -> Referral:
    """Put a locked referral into another team's queue, where nobody has it yet, and tell that team.

    The clocks of the MASH's checks go with it, without the names of whom it asked.
    """
    if not reason.strip():
        raise Refused("Say why: the team that gets it reads it first.")
    before = row.team
    move(
        referral=row,
        move=step,
        sentence=f"{by.name} {did} from {before.name} to {team.name}.",
        note=reason,
        detail={"from": before.slug, "to": team.slug},
        changes={
            "team": team,
            "owner": None,
            "owned_at": None,
            "went_through_mash": row.went_through_mash or before.is_mash or team.is_mash,
        },
        by=by,
        at=at,
    )
    Decision.objects.kept().filter(referral=row).update(state=Decision.State.OVERTAKEN)
    if before.is_mash and not team.is_mash:
        Clock.objects.filter(referral=row, slug=Ask.Kind.CHECK).update(name=IN_ANY_HANDS[Ask.Kind.CHECK.value])
    if not load(row.scheme_version).raised_by_contacts:  # there a referrer is not told whose queue it is in
        tell_story(row, "moved", f"It moved to the queue of {team.name}.", for_referrer=True, by=None, at=at)
    tell_team(row, by=by, at=at)
    return row


def proposal_is_over(referral: Referral) -> None:
    """Whatever moves a proposed referral on but a signature voids what waited for one, and keeps what was written."""
    SignOff.objects.waiting().filter(referral=referral).update(state=SignOff.State.VOID)
    Decision.objects.filter(referral=referral, state=Decision.State.PROPOSED).update(state=Decision.State.RECORDED)
    waits_no_more(referral, "sign_off")


def waits_for(referral: Referral, whom: str) -> None:
    """Keep on a locked referral that it waits for somebody's word: `sign_off`, `referrer` or `agencies`."""
    _keep_waiting(referral, {*referral.waits_for, whom})


def waits_no_more(referral: Referral, whom: str) -> None:
    """That word has come, or is needed no more."""
    _keep_waiting(referral, {*referral.waits_for} - {whom})


def _keep_waiting(referral: Referral, words: set[str]) -> None:
    told = " ".join(sorted(words))
    if told != referral.waiting_for:
        Referral.objects.filter(pk=referral.pk).update(waiting_for=told)
        referral.waiting_for = told


def tell_story(
    referral: Referral,
    kind: str,
    sentence: str,
    *,
    note: str = "",
    for_referrer: bool = False,
    by: User | None,
    at: dt.datetime,
) -> Event:
    return Event.objects.create(
        partnership=referral.partnership,
        referral=referral,
        kind=kind,
        sentence=sentence,
        note=note,
        for_referrer=for_referrer,
        at=at,
        by=by,
    )


def said_already(referral: Referral, kinds: Iterable[str], note: str, *, by: User) -> bool:
    """Whether this person's very words stand in the story, with an event of one of these kinds: pressed twice."""
    return Event.objects.filter(referral=referral, kind__in=list(kinds), note=note, by=by).exists()


def record(referral: Referral, what: str, detail: dict[str, Any], *, by: User | None, at: dt.datetime) -> None:
    audit.record(
        partnership=referral.partnership,
        verb=f"referral.{what}",
        noun="referral",
        object_id=referral.pk,
        of=referral.pk,
        detail=detail,
        by=by,
        at=at,
    )


def tell_team(referral: Referral, *, of: str = "", by: User, at: dt.datetime) -> None:
    """A notice to everybody of the team whose queue the referral came into, but for who sent it there; where nobody
    works there, to the managers. of: as in `tell_one`."""
    danger = " It says that a child is in danger now." if referral.immediate_danger else ""
    people, kind, also = told_that_it_waits(referral)
    for member in people:
        if member.pk != by.pk:
            tell_one(
                referral,
                member,
                kind=kind,
                subject="Front Door: a referral waits for you",
                said=f"Referral {referral.reference} has come into the queue of {referral.team.name}.{danger}{also}",
                of=of,
                at=at,
            )


def tell_one(
    referral: Referral, to: User, *, kind: str, subject: str, said: str, of: str = "", at: dt.datetime
) -> None:
    """A notice to one who works on it. It names the reference, never a child, a school or a worry.

    of: the event that it tells of, where that is no move: by its revision alone it would be told once, however often
    such a thing happens before the next move.
    """
    outbox.tell(
        partnership=referral.partnership,
        referral=referral,
        kind=kind,
        to=to,
        key=f"{kind}{of}:{referral.pk}:{referral.revision}:{to.pk}",
        subject=subject,
        body=f"{said}\n\nSign in to read it: {address(referral.partnership, 'referral', referral)}\n",
        at=at,
    )
