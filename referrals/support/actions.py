"""Early help: offered by a decision, accepted with a lead practitioner and a plan, reviewed, closed or stepped up."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships.models import Team, User
from partnerships.permissions import Permission
from referrals.clocks.actions import meet_clock, start_clock
from referrals.domain.lifecycle import Move, Outcome, State
from referrals.intake.routing import the_default
from referrals.models import Decision, PlanReview, Referral, Support
from referrals.support.ending import ACCEPTED, SLUG, audited, end, end_with_referral, subject
from referrals.support.notices import tell_not_begun, tell_offered
from referrals.support.standing import how_it_stands
from referrals.triage.decisions import start_again
from referrals.triage.helping import refuse_retired, refuse_unseen_help
from referrals.triage.moves import (
    KINDS,
    Elsewhere,
    Refused,
    at_work_in,
    held,
    move,
    said_already,
    tell_story,
    tell_team,
    to_team,
)
from referrals.triage.stayed import decide_anew
from thresholds.domain.scheme import Limit
from thresholds.domain.terms import Starts, Unit
from thresholds.loading import load

DEFAULT = Limit(
    SLUG, "Review the early help plan", 40, Unit.WORKING_DAYS, Starts.DECIDED, "Local default: within 8 weeks", True
)
"""How long until a plan is reviewed where the scheme version says nothing."""

TO_ACCEPT = Limit(
    ACCEPTED, "Accept early help", 5, Unit.WORKING_DAYS, Starts.DECIDED, "Local default: within 5 working days", True
)
"""How long an offer may wait: where nobody takes the child on, the team hears of it, and at last the managers."""


def offer(referral: Referral, decisions: list[Decision], *, by: User, at: dt.datetime) -> list[Support]:
    """Offer each child that was decided for early help to its team. Called where the decisions begin to hold.

    Raises `Refused` where the referral is restricted and nobody of the team could see it, or the team was retired since
    it was chosen; what a retired team itself has in its queue it finishes.
    """
    made = []
    for each in decisions:
        if each.outcome == Outcome.EARLY_HELP.value and each.child and each.support_team:
            refuse_unseen_help(referral, each.support_team)
            if each.support_team_id != referral.team_id:
                refuse_retired(each.support_team)
            support = Support.objects.create(
                partnership=referral.partnership,
                referral=referral,
                child=each.child,
                decision=each,
                team=each.support_team,
                offered_at=at,
            )
            audited(support, "offered", {"team": support.team.slug}, by=by, at=at)
            made.append(support)
            start_clock(
                referral=referral,
                slug=ACCEPTED,
                subject=subject(support, 0),
                name=TO_ACCEPT.name,
                limit=load(referral.scheme_version).limit(ACCEPTED) or TO_ACCEPT,
                by=by,
                at=at,
            )
            tell_offered(support, by=by, at=at)
    return made


def limit_of(referral: Referral) -> Limit:
    return load(referral.scheme_version).limit(SLUG) or DEFAULT


@transaction.atomic
def accept(
    *, support: Support, lead: str, lead_agency: str, lead_telephone: str, plan: str, by: User, at: dt.datetime
) -> Support:
    """Take the child on: a lead practitioner, a plan, and the clock of its first review. Pressed twice, once."""
    row, referral = locked_support(support, by)
    if row.state != Support.State.OFFERED:
        said = (by.pk, lead.strip(), lead_agency.strip(), lead_telephone.strip(), plan.strip())
        kept = (row.accepted_by_id, row.lead, row.lead_agency, row.lead_telephone, row.plan)
        if row.state == Support.State.ACTIVE and kept == said:
            return row
        raise Refused(f"{how_it_stands(row)} What you wrote is not kept: what matters of it goes into a review.")
    if not lead.strip() or not plan.strip():
        raise Refused("Say who leads, and what the plan is.")
    row.state, row.accepted_at, row.accepted_by = Support.State.ACTIVE, at, by
    row.lead, row.lead_agency, row.lead_telephone = lead.strip(), lead_agency.strip(), lead_telephone.strip()
    row.plan = plan.strip()
    meet_clock(referral=referral, slug=ACCEPTED, subject=subject(row, 0), by=by, at=at)
    start_review(row, referral, 1, by=by, at=at)
    row.save()
    told = f"{by.name} accepted early help; {row.lead} leads."
    tell_story(referral, "support_accepted", told, by=by, at=at)
    tell_story(referral, "support", f"Early help has begun, led by {row.lead}.", for_referrer=True, by=None, at=at)
    audited(row, "accepted", {}, by=by, at=at)
    return row


def start_review(row: Support, referral: Referral, number: int, *, by: User, at: dt.datetime) -> None:
    """Start the clock of a review, by the scheme's limit."""
    limit = limit_of(referral)
    row.next_review_at = start_clock(
        referral=referral, slug=SLUG, subject=subject(row, number), name=limit.name, limit=limit, by=by, at=at
    ).due_at


@transaction.atomic
def review(*, support: Support, number: int, progress: str, words: str, by: User, at: dt.datetime) -> PlanReview:
    """Review the plan: its clock is met, the next one starts. number: which review the page showed.

    Pressed twice it is kept once. Raises `Refused` where a colleague has reviewed it meanwhile: theirs is read first.
    """
    row, referral = locked_support(support, by)
    there = PlanReview.objects.filter(support=row, number=number).first()
    if there is not None and (there.by_id, there.progress, there.words) == (by.pk, progress, words.strip()):
        return there
    if row.state != Support.State.ACTIVE:
        raise Refused(f"{how_it_stands(row)} Only early help that is active is reviewed.")
    if number != row.reviews.count() + 1:
        raise Refused("It was reviewed meanwhile. Read that review first: yours is not kept yet.")
    if progress not in PlanReview.Progress.values or not words.strip():
        raise Refused("Say how it goes, and what was agreed.")
    made = PlanReview.objects.create(
        partnership=row.partnership, support=row, number=number, progress=progress, words=words.strip(), at=at, by=by
    )
    meet_clock(referral=referral, slug=SLUG, subject=subject(row, number), by=by, at=at)
    start_review(row, referral, number + 1, by=by, at=at)
    row.save(update_fields=["next_review_at"])
    tell_story(referral, "plan_reviewed", f"{by.name} reviewed the early help plan.", by=by, at=at)
    audited(row, "reviewed", {"review": number, "progress": progress}, by=by, at=at)
    return made


@transaction.atomic
def say_lead(
    *, support: Support, lead: str, lead_agency: str, lead_telephone: str, by: User, at: dt.datetime
) -> Support:
    """Say who leads from now on, where the lead practitioner changed. Pressed twice, once; the referrer is told."""
    row, referral = locked_support(support, by)
    if row.state != Support.State.ACTIVE:
        raise Refused(f"{how_it_stands(row)} Only early help that is active has a lead practitioner.")
    if not lead.strip():
        raise Refused("Say who leads.")
    before, now = (row.lead, row.lead_agency, row.lead_telephone), (lead.strip(), lead_agency.strip(), lead_telephone)
    if before == now:
        return row
    row.lead, row.lead_agency, row.lead_telephone = now
    row.save(update_fields=["lead", "lead_agency", "lead_telephone"])
    told = f"{by.name} said that {row.lead} leads the early help now, and no more {before[0]}."
    tell_story(referral, "support_lead", told, by=by, at=at)
    if row.lead != before[0]:
        tell_story(referral, "support", f"{row.lead} leads the early help now.", for_referrer=True, by=None, at=at)
    audited(row, "lead_changed", {}, by=by, at=at)
    return row


@transaction.atomic
def close(*, support: Support, ending: str, words: str, by: User, at: dt.datetime) -> Support:
    """End early help with its outcome. Pressed twice, once; raises `Refused` where it ended otherwise.

    What ends before it began drops no child in silence: whoever decided it, the managers and the referrer are told.
    """
    row, referral = locked_support(support, by)
    if row.state == Support.State.CLOSED:
        if (row.closed_by_id, row.ending, row.closing_words) == (by.pk, ending, words.strip()):
            return row
        raise Refused(
            f"{how_it_stands(row)} What you wrote is not kept: talk with them if it should have ended otherwise. If "
            "the worry has grown, telephone the MASH."
        )
    if ending not in Support.Ending.values or ending == Support.Ending.STEPPED_UP or not words.strip():
        raise Refused("Choose how it ends, and say what came of it.")
    began = row.state == Support.State.ACTIVE
    end(row, referral, ending, words, by=by, at=at)
    how = "early help" if began else "early help before it began"
    told = f"{by.name} closed {how}: {Support.Ending(ending).label.lower()}."
    tell_story(referral, "support_closed", told, note=words.strip(), by=by, at=at)
    said = "Early help has ended." if began else "Early help did not begin."
    tell_story(referral, "support_ended", said, for_referrer=True, by=None, at=at)
    if not began:
        tell_not_begun(row, by=by, at=at)
    return row


@transaction.atomic
def step_up_support(*, support: Support, reason: str, by: User, at: dt.datetime) -> Support:
    """The worry has grown: early help ends here, and the referral goes to the MASH with all of its history.

    The referral is opened again in the MASH's queue, with new clocks for deciding and telling. Where it is open there,
    the reason is added to its story, and whoever is deciding reads it first. Early help that ended meanwhile keeps its
    ending, and goes up all the same. Pressed twice, once.
    """
    row, referral = locked_support(support, by)
    if not reason.strip():
        raise Refused("Say why: the MASH reads it first.")
    if row.state == Support.State.CLOSED and stepped_up_already(referral, reason, by):  # a brother's is another
        return row
    if row.state == Support.State.CLOSED:
        audited(row, "stepped_up_after_its_end", {}, by=by, at=at)
    else:
        end(row, referral, Support.Ending.STEPPED_UP, reason, by=by, at=at)
    if referral.is_open:
        step_up_open(referral, row, reason, by=by, at=at)
        return row
    move(
        referral=referral,
        move=Move.REOPEN,
        sentence=f"{by.name} stepped early help up: it was opened again, for the MASH.",
        note=reason.strip(),
        detail={"support": row.pk, "team": referral.team.slug},
        changes={
            "team": the_default(referral.partnership, Team.Kind.MASH),
            "went_through_mash": True,
            "owner": None,
            "owned_at": None,
            "decided_level": None,
            "decided_at": None,
            "decided_by": None,
        },
        by=by,
        at=at,
    )
    Decision.objects.filter(referral=referral).exclude(state=Decision.State.OVERTAKEN).update(
        state=Decision.State.OVERTAKEN
    )
    end_with_referral(referral, by=by, at=at)
    tell_story(referral, "open_again", "It is being looked at again.", for_referrer=True, by=None, at=at)
    start_again(referral, at=at)
    tell_team(referral, by=by, at=at)
    return row


UP = ("support_stepped_up", KINDS[Move.REOPEN], KINDS[Move.STEP_UP])
"""The kinds of the events that a step up from early help leaves."""


def stepped_up_already(referral: Referral, reason: str, by: User) -> bool:
    """Whether this person's very words are with the MASH, and nothing was decided since."""
    with_the_mash = referral.is_open and referral.team.is_mash
    return with_the_mash and said_already(referral, UP, reason.strip(), by=by)


def step_up_open(referral: Referral, support: Support, reason: str, *, by: User, at: dt.datetime) -> None:
    """A referral that is open: with the MASH, whoever decides it reads this first; with early help, it goes there.

    Where its decision holds still, since others of its referral were sent on, the child is decided anew. Raises
    `Refused` where it is the child itself who was sent on since, and waits for another area's word.
    """
    if decide_anew(referral, [support.child], by=by, at=at):
        tell_story(referral, "open_again", "It is being looked at again.", for_referrer=True, by=None, at=at)
    if referral.team.is_mash:
        referral.revision += 1
        referral.save(update_fields=["revision"])
        told = f"{by.name} stepped early help up."
        up = tell_story(referral, "support_stepped_up", told, note=reason.strip(), by=by, at=at)
        tell_team(referral, of=f"-{up.pk}", by=by, at=at)
        return
    if referral.state == State.SENT_ON.value:
        raise Refused(
            "The child was sent on to another area since, and waits for their word: it can’t go to the MASH now. "
            "Telephone the MASH. Nothing was changed."
        )
    if referral.state == State.PROPOSED.value:
        said = "What was proposed is over: it was written before early help was stepped up."
        move(referral=referral, move=Move.TAKE_BACK, sentence=said, changes={}, by=by, at=at)
    mash = the_default(referral.partnership, Team.Kind.MASH)
    to_team(referral, Move.STEP_UP, mash, "stepped early help up", reason.strip(), by=by, at=at)


def locked_support(support: Support, by: User) -> tuple[Support, Referral]:
    """Both rows held still, for somebody who works in the team that gives this early help."""
    referral = held(support.referral)
    joined = ("team", "child", "referral__partnership", "decision__by", "accepted_by", "closed_by")
    row = Support.objects.select_related(*joined).get(pk=support.pk, referral=referral)
    if not at_work_in(row.team, by, Permission.SUPPORT_KEEP):
        raise Elsewhere(referral)
    return row, referral


def record_support_reading(*, support: Support, by: User, at: dt.datetime) -> None:
    audited(support, "read", {}, by=by, at=at)
