"""The second person: what is proposed to one, and what that person says. Never the author's own word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from partnerships.access import actor_for
from partnerships.models import Team, User
from referrals.clocks.sweep import signers, signers_by_role
from referrals.domain.deciding import Second, needs_sign_off
from referrals.domain.lifecycle import Move, Outcome
from referrals.models import Child, Decision, Referral, SignOff
from referrals.triage.away import away
from referrals.triage.danger_told import said_in_danger
from referrals.triage.helping import refuse_retired
from referrals.triage.moves import (
    Elsewhere,
    Refused,
    as_shown,
    held,
    locked,
    move,
    refuse_unseen_elsewhere,
    tell_one,
    tell_team,
    to_team,
    waits_for,
    waits_no_more,
)
from referrals.triage.settling import settle
from thresholds.loading import load


def signs_every_decision(referral: Referral) -> bool:
    """Whether the threshold of this referral has each decision signed: then it sets a time for the signature."""
    return load(referral.scheme_version).limit("decision_signed") is not None


DECIDED_WITH = ("child", "by", "support_team", "authorised_by", "transfer_to")
"""What is read together with decisions that begin to hold."""


def reasons_for_a_second(referral: Referral, decisions: Sequence[Decision]) -> list[Second]:
    """Why these decisions on a referral need a second person, each reason once."""
    found: dict[Second, None] = {}
    for each in decisions:
        outcome = Outcome(each.outcome)
        told = {"decided": each.decided_level, "indicated": each.indicated_level}
        found |= dict.fromkeys(reasons_for_child(referral, each.child, outcome, **told))
    return list(found)


def reasons_for_child(
    referral: Referral, child: Child | None, outcome: Outcome, *, decided: int | None, indicated: int | None
) -> tuple[Second, ...]:
    """Why such a decision on this child needs a second person."""
    danger, always = said_in_danger(referral, child), signs_every_decision(referral)
    return needs_sign_off(outcome, decided=decided, indicated=indicated, in_danger=danger, always=always)


def propose(
    row: Referral, decisions: Sequence[Decision], because: Sequence[Second], *, by: User, at: dt.datetime
) -> SignOff:
    """Put the decisions on a locked referral before a second person. Nothing is sent, and the clocks run on."""
    sign_off = _propose(row, SignOff.Kind.DECISION, because, "a decision", by=by, at=at)
    Decision.objects.filter(pk__in=[each.pk for each in decisions]).update(
        state=Decision.State.PROPOSED, sign_off=sign_off
    )
    for each in decisions:
        each.state, each.sign_off = Decision.State.PROPOSED, sign_off
    return sign_off


def propose_step_down(row: Referral, *, team: Team, reason: str, by: User, at: dt.datetime) -> Referral:
    """Put a step down to an early help team before a second person. Until then the referral stays where it is."""
    if not reason.strip():
        raise Refused("Say why: who signs it off reads it first, then the team that gets it.")
    refuse_unseen_elsewhere(row)
    because = [Second.STEP_DOWN, *([Second.DANGER] if row.immediate_danger else [])]
    _propose(row, SignOff.Kind.STEP_DOWN, because, f"a step down to {team.name}", reason, team, by=by, at=at)
    return row


def _propose(
    row: Referral,
    kind: SignOff.Kind,
    because: Sequence[Second],
    what: str,
    reason: str = "",
    team: Team | None = None,
    *,
    by: User,
    at: dt.datetime,
) -> SignOff:
    people = signers(row, by=by)
    refuse_unsigned(row, people)
    sign_off = SignOff(
        partnership=row.partnership,
        referral=row,
        kind=kind,
        because=[each.value for each in because],
        reason=reason,
        team=team,
        proposed_at=at,
        proposed_by=by,
    )
    move(
        referral=row,
        move=Move.PROPOSE,
        sentence=f"{by.name} proposed {what}. It waits for a second person.",
        note=reason,
        detail={"sign_off": sign_off.pk, "kind": kind.value, "because": sign_off.because},
        changes={"owner": by, "owned_at": row.owned_at if row.owner_id == by.pk else at},
        by=by,
        at=at,
    )
    sign_off.save(force_insert=True)
    waits_for(row, "sign_off")
    for person in people:
        tell_one(
            row,
            person,
            kind="sign_off",
            subject="Front Door: something waits for your signature",
            said=f"{by.name} proposed {what} for referral {row.reference}. A second person must sign it off.",
            at=at,
        )
    return sign_off


def refuse_unsigned(row: Referral, people: Sequence[User]) -> None:
    """Raise `Refused` where a restricted referral would wait for a signature of which nobody could read."""
    if row.restricted and not people:
        alone = (
            " A strategy discussion or an assessment (section 17) needs no second person for the danger that was told."
        )
        way_out = alone if row.immediate_danger else ""
        raise Refused(f"This needs a second person. {nobody_signs(row)} Name one first, then send this.{way_out}")


def nobody_signs(row: Referral) -> str:
    return (
        f"Referral {row.reference} is restricted, and nobody else who is named on it can sign for it: no manager, and "
        f"no senior of {row.team.name}."
    )


@transaction.atomic
def sign_off(*, sign_off: SignOff, said: str, seen: int | None = None, by: User, at: dt.datetime) -> SignOff:
    """Sign: the decision holds and its letter goes out, or the referral goes down to early help. Once.

    said: what the second person adds, if anything. seen: the revision that the form showed; where something was told
    of the referral since, or it moved, `Stale`. Raises `Refused` for its author, and where it was settled, changed or
    overtaken meanwhile.
    """
    row, waiting = still_waiting(sign_off, by, said=said)
    if waiting is None:
        return SignOff.objects.get(pk=sign_off.pk)
    as_shown(row, seen)
    settled(waiting, SignOff.State.SIGNED, said, by=by, at=at)
    waits_no_more(row, "sign_off")
    if waiting.kind == SignOff.Kind.STEP_DOWN and waiting.team:
        refuse_retired(waiting.team)
        did = f"signed off {waiting.proposed_by.name}’s step down"
        to_team(row, Move.STEP_DOWN, waiting.team, did, waiting.reason, by=by, at=at)
    else:
        decisions = list(waiting.decisions.select_related(*DECIDED_WITH))
        settle(row, decisions, author=waiting.proposed_by, by=by, at=at)
    tell_one(
        row,
        waiting.proposed_by,
        kind="signed",
        subject="Front Door: what you proposed is signed off",
        said=f"{by.name} signed off what you proposed for referral {row.reference}.",
        at=at,
    )
    return waiting


@transaction.atomic
def send_back(*, sign_off: SignOff, said: str, by: User, at: dt.datetime) -> SignOff:
    """Send back to its author with a reason. What was written is kept for the author to change."""
    if not said.strip():
        raise Refused("Say why it goes back: its author starts from that.")
    row, waiting = still_waiting(sign_off, by, as_=SignOff.State.SENT_BACK, said=said)
    if waiting is None:
        return SignOff.objects.get(pk=sign_off.pk)
    settled(waiting, SignOff.State.SENT_BACK, said, by=by, at=at)
    move(
        referral=row,
        move=Move.SEND_BACK,
        sentence=f"{by.name} sent it back to {waiting.proposed_by.name}.",
        note=said,
        detail={"sign_off": waiting.pk},
        changes={},
        by=by,
        at=at,
    )
    if away(row, at):
        sentence = f"{row.owner.name if row.owner else 'Nobody'} is away: it is back in the queue of {row.team.name}."
        gone = {"owner": None, "owned_at": None}
        move(referral=row, move=Move.RELEASE, sentence=sentence, changes=gone, by=by, at=at)
        tell_team(row, by=by, at=at)
    tell_one(
        row,
        waiting.proposed_by,
        kind="sent_back",
        subject="Front Door: what you proposed came back",
        said=f"{by.name} sent back what you proposed for referral {row.reference}, with a reason.",
        at=at,
    )
    return waiting


@transaction.atomic
def take_back(*, referral: Referral, by: User, at: dt.datetime) -> Referral:
    """The author takes a proposal back to change it: what waited for a signature is void."""
    row = locked(referral, by=by)
    if row.owner_id != by.pk:
        raise Refused("Only who proposed it takes it back.")
    return move(
        referral=row,
        move=Move.TAKE_BACK,
        sentence=f"{by.name} took the proposal back.",
        changes={},
        by=by,
        at=at,
    )


def still_waiting(
    asked: SignOff, by: User, *, as_: SignOff.State = SignOff.State.SIGNED, said: str
) -> tuple[Referral, SignOff | None]:
    """The referral held still, and the proposal; None where this person has settled it so already, in these words."""
    row = held(asked.referral)
    could = {asked.proposed_by_id, *(person.pk for person in signers_by_role(row, by=asked.proposed_by))}
    sees = Referral.objects.visible_to(actor_for(by, row.partnership)).filter(pk=row.pk).exists()
    if by.pk not in could or not sees:
        raise Elsewhere(row)
    waiting = SignOff.objects.select_related("proposed_by", "settled_by", "team").get(pk=asked.pk, referral=row)
    if (waiting.state, waiting.settled_by_id, waiting.said) == (as_.value, by.pk, said.strip()):
        return row, None
    if waiting.state != SignOff.State.WAITING:
        who = f" {waiting.settled_by.name} settled it." if waiting.settled_by else ""
        raise Refused(f"This waits for no signature any more.{who} Read how the referral stands.")
    if waiting.proposed_by_id == by.pk or waiting.decisions.filter(by=by).exists():
        raise Refused("You proposed this yourself: somebody else must sign it.")
    return row, waiting


def settled(waiting: SignOff, state: SignOff.State, said: str, *, by: User, at: dt.datetime) -> None:
    waiting.state, waiting.said, waiting.settled_by, waiting.settled_at = state, said.strip(), by, at
    waiting.save(update_fields=["state", "said", "settled_by", "settled_at"])
