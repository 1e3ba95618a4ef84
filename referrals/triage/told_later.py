"""Danger, doubt or a new worry told after sending: what it does to a referral in each of its states, and who hears.

Waiting or in hand with the MASH: danger puts it first in the queue; who has it keeps it. Proposed: the proposal is
over, since it was written without this, and is its author's again, or its queue's where they are away. With early help:
danger takes it to the MASH, with its history. Decided or withdrawn: it is opened again, for the MASH in danger or in
doubt, else in the queue in which it was. Early help that goes on is not ended: its team is told, and the MASH decides
anew. Sent on with only some of its children: one who stayed is decided anew here (`stayed`), whatever the others wait
for. A wish to withdraw is settled by the referrer's own word. What is restricted to people of early help stays
restricted on its way, and somebody of the MASH can act all the same: `restricted_in_need`. Sent on by hand: that area
is to be told of it too, before its receipt counts. Sent back to another area, nothing of it changes here: it counts
there (`referrals.transfer.told_since`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from partnerships.access import actor_for
from partnerships.models import Team, User
from partnerships.staffing import managers
from referrals import outbox
from referrals.additions.wish import end_wish
from referrals.clocks.actions import keep_next_due
from referrals.clocks.pausing import run_on_in_danger
from referrals.clocks.sweep import team_hears
from referrals.domain.danger import Later
from referrals.domain.lifecycle import Move, State
from referrals.intake.routing import the_default
from referrals.intake.sending import address
from referrals.models import Child, Decision, Event, Referral, Support, Transfer
from referrals.standing import keep_standing
from referrals.support.ending import end_with_referral
from referrals.triage.away import away
from referrals.triage.decisions import start_again
from referrals.triage.helping import those_told
from referrals.triage.moves import move, out_of_hands, proposal_is_over, record, tell_story
from referrals.triage.restricted_in_need import let_the_mash_act
from referrals.triage.stayed import decide_anew
from referrals.triage.unseen import keep_seen
from thresholds.domain.terms import Flag


def take_in(
    row: Referral,
    later: Later,
    *,
    children: Sequence[Child],
    where: str,
    for_referrer: bool,
    by: User,
    at: dt.datetime,
) -> None:
    """Let what was said later of these children change a locked referral.

    children: whom it is about; none: it was not said, and it is taken to be all of them. where: in what it was said.
    for_referrer: whether it is the referrer's own word, and so may stand in what they see of the story.
    """
    if not later.opens_again:
        return
    everybody = list(row.children.all())
    about = list(children) or everybody
    named = " and ".join(child.name for child in children) or (
        everybody[0].name if len(everybody) == 1 else "a child (not said which)"
    )
    before = row.team
    told = tell_story(
        row, later.kind, f"{by.name} said after sending, in {where}: {named} {later.words}.", by=by, at=at
    )
    if row.state == State.RETURNED.value:  # it is decided where it came from, and told there
        return
    # What was decided of one of several children before this was told is sent by no press that does not know of it.
    kept = Decision.objects.filter(referral=row, child__in=about, state=Decision.State.RECORDED)
    kept.update(state=Decision.State.OVERTAKEN)
    if not row.is_open:
        open_again(row, later, by=by, at=at)
        if for_referrer:
            tell_story(row, "open_again", "It is being looked at again.", for_referrer=True, by=None, at=at)
    elif row.state == State.PROPOSED.value:
        end_proposal(row, by=by, at=at)
    if row.is_open:
        hand_on_again(row, about, by=by, at=at)
        if decide_anew(row, about, by=by, at=at) and for_referrer:
            tell_story(row, "open_again", "It is being looked at again.", for_referrer=True, by=None, at=at)
    if for_referrer and row.is_open:
        end_wish(row, by=by, at=at)
    if later is Later.NOW:
        to_the_top(row, about, of=told, by=by, at=at)
    if row.team.is_mash and (row.team != before or later is Later.NOW):
        let_the_mash_act(row, in_danger=later is Later.NOW, of=told, at=at)
    keep_seen(row, at=at)
    tell_early_help(row, later, of=told, by=by, at=at)


def open_again(row: Referral, later: Later, *, by: User, at: dt.datetime) -> None:
    """Decided or withdrawn: nobody would look at it, so it waits for somebody again, with clocks of its own."""
    mash = later in (Later.NOW, Later.UNSURE)
    team = the_default(row.partnership, Team.Kind.MASH) if mash and not row.team.is_mash else row.team
    changes: dict[str, Any] = {
        "owner": None,
        "owned_at": None,
        "decided_level": None,
        "decided_at": None,
        "decided_by": None,
        "went_through_mash": row.went_through_mash or team.is_mash,
    }
    said = "It was opened again for what was told since."
    if team != row.team:
        said = f"It was opened again for what was told since, in the queue of {team.name}."
    move(referral=row, move=Move.REOPEN, sentence=said, changes=changes, by=by, at=at)
    put(row, team=team)
    Decision.objects.filter(referral=row).exclude(state=Decision.State.OVERTAKEN).update(state=Decision.State.OVERTAKEN)
    end_with_referral(row, by=by, at=at)
    start_again(row, at=at)


def hand_on_again(row: Referral, children: Sequence[Child], *, by: User, at: dt.datetime) -> None:
    """An area that is not on Front Door has what was sent to it by hand, and not what is told since: it is to be sent
    once more, and no receipt of what went before closes it."""
    sent = Transfer.objects.awaited().filter(referral=row, to_partnership__isnull=True, handed_at__isnull=False)
    concerned = Q(decisions__child__in=children) | Q(decisions__child__isnull=True)
    for transfer in sent.filter(concerned).select_related("handed_by").distinct():
        who = transfer.handed_by.name if transfer.handed_by else "Somebody"
        said = f"{transfer.to_name} is to be told of it too."
        note = f"{who} sent on what was told before: {transfer.handed_how}, to {transfer.handed_to}."
        transfer.handed_how, transfer.handed_to, transfer.handed_at, transfer.handed_by = "", "", None, None
        transfer.save(update_fields=["handed_how", "handed_to", "handed_at", "handed_by"])
        tell_story(row, "transfer_to_tell", said, note=note, by=None, at=at)
        record(row, "transfer_to_tell", {"transfer": transfer.key}, by=by, at=at)


def end_proposal(row: Referral, *, by: User, at: dt.datetime) -> None:
    """Nobody signs what was written without this: its author decides anew, or whoever takes it where they are away."""
    said = "What was proposed is over: it was written before this was told."
    move(referral=row, move=Move.TAKE_BACK, sentence=said, changes={}, by=by, at=at)
    if away(row, at):
        who = row.owner.name if row.owner else "Nobody"
        out_of_hands(row, f"{who} is away", by=by, at=at)


def to_the_top(row: Referral, children: Sequence[Child], *, of: Event, by: User, at: dt.datetime) -> None:
    """Danger, above all: with the MASH, first in its queue, flagged on the referral and on each child it concerns.

    of: what was told.
    """
    danger = Flag.IMMEDIATE_DANGER.value
    for child in children:
        if danger not in child.flags:
            child.flags = [danger, *child.flags]
            child.save(update_fields=["flags"])
    put(row, immediate_danger=True, flags=row.flags if danger in row.flags else [danger, *row.flags])
    if not row.team.is_mash and row.state != State.SENT_ON.value:
        to_the_mash(row, of=of, at=at)
    run_on_in_danger(row, by=by, at=at)
    keep_standing(row)
    keep_next_due(row)


def to_the_mash(row: Referral, *, of: Event, at: dt.datetime) -> None:
    """From early help's queue to the MASH's; whoever had it there hears that it is gone, and where it is."""
    before, owner, mash = row.team, row.owner, the_default(row.partnership, Team.Kind.MASH)
    proposal_is_over(row)
    Decision.objects.kept().filter(referral=row).update(state=Decision.State.OVERTAKEN)
    put(row, team=mash, owner=None, owned_at=None, state=State.WAITING.value, went_through_mash=True)
    said = f"It moved from {before.name} to {mash.name}, because it now says that a child may come to harm."
    tell_story(row, "moved_for_danger", said, by=None, at=at)
    tell_story(row, "moved", f"It moved to the queue of {mash.name}.", for_referrer=True, by=None, at=at)
    if owner is not None:
        outbox.tell(
            partnership=row.partnership,
            referral=row,
            kind="danger_moved",
            to=owner,
            key=f"danger_moved:{row.pk}:{of.pk}:{owner.pk}",
            subject="Front Door: a referral that you had went to the MASH",
            body=f"Referral {row.reference}, which you had, went to {mash.name}: it now says that a child may come to "
            "harm. Telephone them if you know something that they need now.\n",
            at=at,
        )


def put(row: Referral, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))


def tell_early_help(row: Referral, later: Later, *, of: Event, by: User, at: dt.datetime) -> None:
    """Whoever supports one of its children now hears of it at once: they see the family next. of: what was told."""
    for support in Support.objects.filter(referral=row, state=Support.State.ACTIVE).select_related("team"):
        page = reverse("support", kwargs={"partnership": row.partnership.slug, "support_id": support.pk})
        for person in those_told(row, support.team):
            if person.pk != by.pk:
                outbox.tell(
                    partnership=row.partnership,
                    referral=row,
                    kind="danger_support" if later is Later.NOW else "support_again",
                    to=person,
                    key=f"support_again:{support.pk}:{of.pk}:{person.pk}",
                    subject="Front Door: a referral that you give early help for is looked at again",
                    body=f"Something was told of referral {row.reference}. {later.notice} {row.team.name} decides what "
                    f"happens; your early help goes on until then.\n\nSign in to read it: {settings.SITE_URL}{page}\n",
                    at=at,
                )


def tell_those_at_work(
    row: Referral, later: Later, *, said: str, key: str, also: Sequence[User] = (), by: User, at: dt.datetime
) -> None:
    """A notice to whoever works on a referral: its owner, else its team; in danger all of the team and the managers.

    In doubt the team hears as well as its owner, who may be away. also: whom it concerns besides, if they may read it.
    """
    people: dict[object, User] = {}
    if row.owner_id and row.owner and can_read(row, row.owner):  # who decided it may have left
        people[row.owner_id] = row.owner
    if not people or later in (Later.NOW, Later.UNSURE):
        people |= {user.pk: user for user in team_hears(row)}
    if later is Later.NOW:
        people |= {user.pk: user for user in managers(row.partnership)}
    people |= {user.pk: user for user in also if can_read(row, user)}
    in_danger = later is Later.NOW
    for person in people.values():
        if person.pk != by.pk:
            outbox.tell(
                partnership=row.partnership,
                referral=row,
                kind="danger_added" if in_danger else "doubt_added" if later is Later.UNSURE else "addendum",
                to=person,
                key=f"addendum:{key}:{person.pk}",
                subject="Front Door: a child may be in danger now" if in_danger else "Front Door: a referral has news",
                body=f"Referral {row.reference}: {' '.join(filter(None, (said, later.notice)))}\n\n"
                f"Sign in to read it: {address(row.partnership, 'referral', row)}\n",
                at=at,
            )


def who_decided(row: Referral) -> list[User]:
    """Whoever decided a referral that is decided: they hear of what comes after."""
    return [row.decided_by] if not row.is_open and row.decided_by_id and row.decided_by else []


def can_read(row: Referral, user: User) -> bool:
    """Whether this person may read the referral where it is now."""
    return Referral.objects.visible_to(actor_for(user, row.partnership)).filter(pk=row.pk).exists()
