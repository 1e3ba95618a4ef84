"""What a person may do next with a referral: a list of small objects that ask no database.

A step that one may never take here is *not found*; one that only the moment forbids (a colleague has it, it is decided)
is left out of the page, and its action says why where it is tried all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from partnerships.access import Actor
from partnerships.models import Team
from partnerships.permissions import Permission, Role
from referrals.domain.lifecycle import State
from referrals.models import Ask, Referral

When = Callable[[Referral, Any], bool]
Where = Callable[[Actor, Team], bool]


@dataclass(frozen=True, slots=True)
class NextStep:
    """One step: what it is called, where it leads, who may take it, and when.

    when: asked with the referral and the id of the person. at_once: taken by a button alone, without a page of its own.
    where: whose step it is in a team's queue: who works there, unless it says otherwise.
    """

    name: str
    label: str
    url_name: str
    permission: Permission
    when: When
    at_once: bool = False
    where: Where | None = None

    def may(self, referral: Referral, actor: Actor) -> bool:
        """Whether this person could ever take the step on a referral of this queue."""
        return actor.can(self.permission) and (self.where or works_in)(actor, referral.team)

    def shows(self, referral: Referral, actor: Actor) -> bool:
        """Whether the page offers it to this person now."""
        return self.may(referral, actor) and self.when(referral, actor.user.pk if actor.user else None)


def takes_back(actor: Actor, row: Referral, ask: Ask) -> bool:
    """Whether what was asked is this person's to take back, as far as they may read it: who works in the queue that has
    the referral, and in the team that asked, wherever the referral is by now."""
    return actor.can(Permission.REFERRAL_CLAIM) and (works_in(actor, row.team) or works_in(actor, ask.team))


def works_in(actor: Actor, team: Team) -> bool:
    """Whether a team's queue is this person's work: a screener's is the MASH's, others' are their own teams'."""
    if team.is_mash:
        return Role.SCREENER.value in actor.roles
    return any(each.role == Role.EARLY_HELP.value and each.team_id == team.pk for each in actor.memberships)


def signs_in(actor: Actor, team: Team) -> bool:
    """Whether this person signs what colleagues of that queue propose: a manager everywhere, a senior in their team."""
    if actor.can(Permission.REFERRAL_READ_ALL):
        return True
    return any(each.role == Role.SENIOR.value and each.team_id == team.pk for each in actor.memberships)


def answers_for(actor: Actor, team: Team) -> bool:
    """Whether this person answers for what that queue decided: who works there, its seniors, the managers."""
    return works_in(actor, team) or signs_in(actor, team)


def works_or_manages(actor: Actor, team: Team) -> bool:
    """Whether this person works in a team's queue, or answers for every queue."""
    return works_in(actor, team) or actor.can(Permission.REFERRAL_READ_ALL)


def reads_in(actor: Actor, team: Team) -> bool:
    """Whether this person may read of that queue at all: the MASH's screeners also what went on from there."""
    return actor.can(Permission.REFERRAL_READ_ALL) or Role.SCREENER.value in actor.roles or team.pk in actor.team_ids


def mine(referral: Referral, person: Any) -> bool:
    return referral.state == State.IN_HAND.value and referral.owner_id == person


def nobodys_or_mine(referral: Referral, person: Any) -> bool:
    return referral.state in (State.WAITING.value, State.IN_HAND.value) and referral.owner_id in (None, person)


def proposed_by_another(referral: Referral, person: Any) -> bool:
    return referral.state == State.PROPOSED.value and referral.owner_id != person


def proposed_by_me(referral: Referral, person: Any) -> bool:
    return referral.state == State.PROPOSED.value and referral.owner_id == person


def arrived(referral: Referral, person: Any) -> bool:
    """It was sent on by another partnership; that its receipt was confirmed, the page itself knows."""
    return referral.channel == Referral.Channel.TRANSFER.value and nobodys_or_mine(referral, person)


STEPS: tuple[NextStep, ...] = (
    NextStep(
        "receipt",
        "Confirm that you have it, or send it back",
        "referral_arrival",
        Permission.REFERRAL_CLAIM,
        arrived,
    ),
    NextStep(
        "claim",
        "Take this referral",
        "referral_claim",
        Permission.REFERRAL_CLAIM,
        lambda referral, person: referral.state == State.WAITING.value,
        at_once=True,
    ),
    NextStep(
        "sign_off",
        "Sign off, or send back",
        "referral_sign_off",
        Permission.REFERRAL_AUTHORISE,
        proposed_by_another,
        where=signs_in,
    ),
    NextStep("decide", "Decide", "referral_decide", Permission.REFERRAL_DECIDE, mine),
    NextStep(
        "transfer",
        "How it was sent on, and their receipt",
        "referral_transfer",
        Permission.REFERRAL_DECIDE,
        lambda referral, person: referral.state == State.SENT_ON.value or "receipt" in referral.waits_for,
    ),
    NextStep(
        "take_back",
        "Take it back to change it",
        "referral_take_back",
        Permission.REFERRAL_DECIDE,
        proposed_by_me,
        at_once=True,
    ),
    NextStep("acknowledge", "Acknowledge", "referral_acknowledge", Permission.REFERRAL_CLAIM, nobodys_or_mine),
    NextStep(
        "withdrawal",
        "Answer the wish to withdraw",
        "referral_withdrawal",
        Permission.REFERRAL_DECIDE,
        lambda referral, person: referral.withdrawal_asked_at is not None and nobodys_or_mine(referral, person),
    ),
    NextStep(
        "ask",
        "Ask the referrer",
        "referral_ask",
        Permission.REFERRAL_CLAIM,
        nobodys_or_mine,
    ),
    NextStep(
        "check",
        "Check with agencies",
        "referral_check",
        Permission.REFERRAL_CLAIM,
        nobodys_or_mine,
    ),
    NextStep("risk", "Rate the risk", "referral_risk", Permission.REFERRAL_CLAIM, nobodys_or_mine),
    NextStep(
        "lado",
        "Note that the LADO was told",
        "referral_lado",
        Permission.REFERRAL_CLAIM,
        lambda referral, person: "lado" in referral.flags,
    ),
    NextStep(
        "step_up",
        "Step up to the MASH",
        "referral_step_up",
        Permission.REFERRAL_STEP,
        lambda referral, person: not referral.team.is_mash and nobodys_or_mine(referral, person),
    ),
    NextStep(
        "step_down",
        "Step down to early help",
        "referral_step_down",
        Permission.REFERRAL_STEP,
        lambda referral, person: referral.team.is_mash and nobodys_or_mine(referral, person),
    ),
    NextStep(
        "pass_on",
        "Pass to another early help team",
        "referral_pass_on",
        Permission.HELP_GIVE_ON,
        lambda referral, person: not referral.team.is_mash and nobodys_or_mine(referral, person),
        where=works_or_manages,
    ),
    NextStep(
        "reassign",
        "Hand to a colleague, or take over",
        "referral_reassign",
        Permission.REFERRAL_ASSIGN,
        lambda referral, person: referral.state in (State.WAITING.value, State.IN_HAND.value, State.SENT_ON.value),
        where=works_or_manages,
    ),
    NextStep("release", "Give it back to the queue", "referral_release", Permission.REFERRAL_CLAIM, mine, at_once=True),
    NextStep(
        "reopen",
        "Open it again",
        "referral_reopen",
        Permission.REFERRAL_REOPEN,
        lambda referral, person: referral.state in (State.DECIDED.value, State.WITHDRAWN.value),
        where=works_or_manages,
    ),
    NextStep(
        "disagreement",
        "The referrer disagrees: read and answer",
        "referral_disagreement",
        Permission.REFERRAL_READ,
        lambda referral, person: True,
        where=answers_for,
    ),
    NextStep(
        "summary",
        "Download the summary (PDF)",
        "referral_summary",
        Permission.SUMMARY_DOWNLOAD,
        lambda referral, person: True,
        where=reads_in,
    ),
)
"""Every step, the likeliest first."""

BY_NAME = {step.name: step for step in STEPS}


def next_steps(referral: Referral, actor: Actor, *, done: Collection[str] = ()) -> list[NextStep]:
    """What the page offers this person now. done: steps that need no second time, by their names."""
    return [step for step in STEPS if step.name not in done and step.shows(referral, actor)]
