"""Deciding, child by child. The referral is decided when every child of it has its decision.

What needs a second person is proposed first (`signing`); what holds is told and timed by `settling`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db import transaction

from partnerships.models import Partnership, Team, User
from partnerships.permissions import Permission
from referrals.domain.deciding import FACTORS, PRIMARY_NEEDS, Teller, needs_authority
from referrals.domain.lifecycle import Move, Outcome, State, next_state
from referrals.intake.answers import Answers, mapping
from referrals.intake.routing import team_for
from referrals.models import Child, Decision, Referral
from referrals.transfer.destinations import destinations
from referrals.triage.helping import refuse_unseen_help
from referrals.triage.moves import Refused, Stale, TakenBy, locked, move, received_first
from referrals.triage.settling import settle
from referrals.triage.signing import DECIDED_WITH, nobody_signs, propose, reasons_for_a_second, signers
from thresholds.domain.terms import Route
from thresholds.loading import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is decided of a child, and what is said to whom. Codes are the census's; `factors` several.

    authorised_by and authorised_because: who let it go on without the family's agreement, and why.
    handover and support_team: what early help needs to know, and the team that takes it on.
    transfer_to: the partnership of this portal to which the child is sent on; transfer_elsewhere: an area by hand.
    """

    decided_level: int | None
    outcome: Outcome
    reason: str
    told_referrer: str = ""
    primary_need: str = ""
    factors: tuple[str, ...] = ()
    parents_told_by: str = ""
    told_parents: str = ""
    child_told_by: str = ""
    told_child: str = ""
    handover: str = ""
    support_team: Team | None = None
    authorised_by: User | None = None
    authorised_because: str = ""
    transfer_to: Partnership | None = None
    transfer_elsewhere: str = ""


CONTENT = tuple(field.name for field in fields(Content))


@transaction.atomic
def decide(
    *,
    referral: Referral,
    children: Sequence[Child] | None = None,
    finish: bool = True,
    revision: int | None,
    by: User,
    at: dt.datetime,
    **said: Any,
) -> Decision:
    """Decide on some of a referral's children, or on all that have no decision yet; gives the first one's decision.

    said: the fields of `Content`. finish: where every child has its decision now, decide the referral (or propose it);
    without it, or while a child is still open, the decisions are kept. revision: the referral's when the form was
    shown; another raises `Stale` and changes nothing. The same decision sent twice is made once.
    """
    content = Content(**said)
    row = locked(referral, by=by, needs=Permission.REFERRAL_DECIDE)
    everybody = list(row.children.all())
    standing = kept_or_standing(row)
    chosen = list(children) if children is not None else [each for each in everybody if each.pk not in standing]
    named = chosen or everybody
    made = all(same(standing.get(child.pk), content, by) for child in named)
    goes_on = row.state == State.IN_HAND.value and finish and len(standing) == len(everybody)
    if made and not goes_on:
        return standing[named[0].pk]
    if revision != row.revision:
        raise Stale(row)
    in_ones_own_hands(row, by)
    received_first(row)
    next_state(State(row.state), Move.RECORD)
    refuse_unsound(row, content, by=by)
    for child in named:
        refuse_sent_on(standing.get(child.pk))
        if not same(standing.get(child.pk), content, by):
            standing[child.pk] = keep(row, child, content, by=by, at=at)
    if finish and len(standing) == len(everybody):
        complete(row, to_come(standing.values()), by=by, at=at)
    else:
        record_in_part(row, named, by=by, at=at)
    return standing[named[0].pk]


@transaction.atomic
def finish(*, referral: Referral, revision: int | None, by: User, at: dt.datetime) -> Referral:
    """Decide a referral all of whose children have a decision that was kept, or propose it to a second person."""
    row = locked(referral, by=by, needs=Permission.REFERRAL_DECIDE)
    if row.state in (State.DECIDED.value, State.PROPOSED.value) and row.owner_id == by.pk:
        return row
    if revision != row.revision:
        raise Stale(row)
    in_ones_own_hands(row, by)
    made = list(kept_or_standing(row).values())
    kept = to_come(made)
    if len(made) < row.children.count() or not kept:
        raise Refused("A child has no decision yet. Decide on each, then send.")
    complete(row, kept, by=by, at=at)
    return row


def complete(row: Referral, decisions: list[Decision], *, by: User, at: dt.datetime) -> None:
    """Every child has its decision: it holds now, or waits for a second person."""
    because = reasons_for_a_second(row, decisions)
    if because:
        propose(row, decisions, because, by=by, at=at)
    else:
        settle(row, decisions, author=by, by=by, at=at)


def record_in_part(row: Referral, children: Sequence[Child], *, by: User, at: dt.datetime) -> None:
    """The decisions on some children are kept; the others' are to come."""
    count = "one child" if len(children) == 1 else f"{len(children)} children"
    move(
        referral=row,
        move=Move.RECORD,
        sentence=f"{by.name} wrote the decision on {count}. It is not sent yet.",
        detail={"children": [str(child.pk) for child in children]},
        changes={},
        by=by,
        at=at,
    )


def to_come(decisions: Iterable[Decision]) -> list[Decision]:
    """Those that do not hold yet: of a referral that came back from elsewhere, the others' decisions stand."""
    return [each for each in decisions if each.state != Decision.State.FINAL]


def in_ones_own_hands(row: Referral, by: User) -> None:
    """Only who has a referral decides it. What is decided or proposed already, the lifecycle itself refuses."""
    if row.owner_id != by.pk and row.is_open:
        if row.owner_id:
            raise TakenBy(row)
        raise Refused("Take this referral first, so that nobody else decides it meanwhile.")


def refuse_unsound(row: Referral, content: Content, *, by: User) -> None:
    """Raise `Refused` with what to do, where this can't be a decision that stands."""
    scheme = load(row.scheme_version)
    if content.decided_level is not None and scheme.level(content.decided_level) is None:
        raise Refused(f"Choose a {scheme.step_word} of the threshold under which this referral was screened.")
    if not content.reason.strip():
        raise Refused("Give the reason for the decision.")
    if (content.primary_need and content.primary_need not in PRIMARY_NEEDS) or set(content.factors) - set(FACTORS):
        raise Refused("Choose the primary need and the factors from the national codes.")
    if {content.parents_told_by, content.child_told_by} - {"", *Teller}:
        raise Refused("Say who tells the parents and the child.")
    if content.outcome is Outcome.TRANSFER:
        refuse_nowhere(row, content)
    team = content.support_team
    if team and (team.is_mash or team.partnership_id != row.partnership_id):
        raise Refused(f"{team.name} is no early help team of {row.partnership.name}.")
    if needs_authority(content.outcome, consent_given=consent_given(row)):
        people = signers(row, by=by)
        if row.restricted and not people:
            raise Refused(f"The family has not agreed. {nobody_signs(row)} Name whoever authorises it first.")
        if content.authorised_by is None or not content.authorised_because.strip():
            raise Refused("The family has not agreed. Say who authorised going on without consent, and why.")
        if content.authorised_by.pk not in {person.pk for person in people}:
            raise Refused("Going on without consent is authorised by a manager or a senior worker other than you.")


def refuse_sent_on(made: Decision | None) -> None:
    """Raise `Refused` where a child is with another area, or on the way there: it is not decided in two places."""
    if made is not None and made.state == Decision.State.FINAL and made.outcome == Outcome.TRANSFER.value:
        to = made.transfer_to.name if made.transfer_to else made.transfer_elsewhere
        who = made.child.name if made.child else "This child"
        raise Refused(
            f"{who} was sent on to {to}, which decides what happens. Nothing was changed. Where they do not take the "
            "child, it comes back to you to be decided."
        )


def refuse_nowhere(row: Referral, content: Content) -> None:
    """Raise `Refused` where it is not said where the child is sent on to, or where that can't take it."""
    elsewhere = bool(content.transfer_elsewhere.strip())
    if bool(content.transfer_to) == elsewhere:
        raise Refused("Say where the child is sent on to: one partnership, or one other area.")
    if content.transfer_to and content.transfer_to.pk not in {each.pk for each in destinations(row.partnership)}:
        raise Refused(f"{content.transfer_to.name} takes no referrals on Front Door. Choose another area by hand.")


def consent_given(row: Referral) -> bool:
    """Whether the family agreed, by what the referrer said."""
    facts = mapping(mapping(row.screening).get("facts"))
    said = mapping(facts.get("consent")).get("given")
    return (said if said is not None else Answers(row.answers).consent.given) is True


def keep(row: Referral, child: Child, content: Content, *, by: User, at: dt.datetime) -> Decision:
    """Write one child's decision; the one that it replaces stays in the history."""
    before = Decision.objects.filter(referral=row, child=child).exclude(state=Decision.State.OVERTAKEN)
    before.update(state=Decision.State.OVERTAKEN)
    indicated = indicated_of(row, child)
    told: dict[str, Any] = {name: getattr(content, name) for name in CONTENT}
    told |= {"outcome": content.outcome.value, "factors": list(content.factors)}
    if content.outcome is Outcome.EARLY_HELP and content.support_team is None:
        told["support_team"] = support_team_for(row, child)
    if told["support_team"] is not None:
        refuse_unseen_help(row, told["support_team"])
    return Decision.objects.create(
        partnership=row.partnership,
        referral=row,
        child=child,
        state=Decision.State.RECORDED,
        indicated_level=indicated,
        differs=content.decided_level != indicated,
        at=at,
        by=by,
        **told,
    )


def support_team_for(row: Referral, child: Child) -> Team:
    """The early help team that takes a child on: the one that decided, else by where the child lives."""
    if not row.team.is_mash:
        return row.team
    return team_for(row.partnership, Route.EARLY_HELP, [child.postcode])


def indicated_of(row: Referral, child: Child) -> int | None:
    """The level indicated for this child; for a referral screened as one, the referral's."""
    return child.indicated_level if child.screening else row.indicated_level


def judged_of(row: Referral, child: Child) -> int | None:
    """The level that the referrer judged this child at."""
    return child.judged_level if child.screening else row.judged_level


def kept_or_standing(row: Referral) -> dict[Any, Decision]:
    """By child, the decision that holds or is to come."""
    made = Decision.objects.filter(referral=row).exclude(state=Decision.State.OVERTAKEN)
    return {each.child_id: each for each in made.select_related(*DECIDED_WITH)}


def same(made: Decision | None, content: Content, by: User) -> bool:
    """Whether this very decision was made already: the button pressed twice. The team may have been found for it."""
    if made is None or made.by_id != by.pk:
        return False
    before = {name: getattr(made, name) for name in CONTENT}
    after = as_kept(content)
    if content.support_team is None:
        before["support_team"] = None
    return before == after


def as_kept(content: Content) -> dict[str, Any]:
    """As the row holds it."""
    told: dict[str, Any] = {name: getattr(content, name) for name in CONTENT}
    return told | {"outcome": content.outcome.value, "factors": list(content.factors)}
