"""A professional disagreement: raised with one press, through the partnership's own stages, to its resolution."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from partnerships import audit
from partnerships.models import User
from referrals import outbox
from referrals.clocks.actions import meet_clock, start_clock
from referrals.clocks.sweep import managers, team_members
from referrals.models import Disagreement, DisagreementStage, Referral
from referrals.triage.moves import Refused, held, tell_one, tell_story
from thresholds.domain.scheme import EscalationStage, Limit, Scheme
from thresholds.domain.terms import Starts, Unit
from thresholds.loading import load

SLUG = "escalation_stage"
ONE_STAGE = EscalationStage(1, "Between the practitioners and their managers", "", None, "")
"""Where a scheme version names no stage."""


def stages_of(scheme: Scheme) -> tuple[EscalationStage, ...]:
    return scheme.escalation_stages or (ONE_STAGE,)


def limit_of(scheme: Scheme, stage: EscalationStage) -> Limit | None:
    """How long a stage may take: its own working days; where no stage has any, the scheme's limit for all of them."""
    general = scheme.limit(SLUG)
    if stage.limit_working_days:
        made = general or Limit(SLUG, stage.name, 0, Unit.WORKING_DAYS, Starts.RAISED, stage.source)
        return replace(made, amount=stage.limit_working_days, unit=Unit.WORKING_DAYS)
    if any(each.limit_working_days for each in scheme.escalation_stages):
        return None
    return general


@transaction.atomic
def raise_disagreement(*, referral: Referral, words: str, by: User, at: dt.datetime) -> Disagreement:
    """The referrer challenges. The first stage begins with its clock; owner and managers are told. Once while open."""
    row = held(referral)
    there = Disagreement.objects.filter(referral=row, resolved_at__isnull=True).first()
    if there is not None:
        return there
    if not words.strip():
        raise Refused("Say in a sentence how you see it.")
    made = Disagreement.objects.create(
        partnership=row.partnership, referral=row, words=words.strip(), raised_at=at, raised_by=by
    )
    said = f"{by.name} sees it differently, and has challenged."
    tell_story(row, "disagreement", said, for_referrer=True, by=by, at=at)
    audited(made, "raised", {}, by=by, at=at)
    begin(made, row, 1, by=by, at=at)
    for person in answerable(row):
        tell_one(
            row,
            person,
            kind=f"disagreement_{made.pk.hex[:8]}",
            subject="Front Door: a referrer disagrees",
            said=f"The referrer of {row.reference} disagrees. Read what they say, and talk with them.",
            at=at,
        )
    return made


def answerable(row: Referral) -> list[User]:
    """Who answers for the front door: who decided it or has it, else the team; and the managers."""
    first = row.decided_by or row.owner
    people = {each.pk: each for each in ([first] if first else team_members(row))}
    return list((people | {each.pk: each for each in managers(row.partnership)}).values())


def begin(made: Disagreement, row: Referral, number: int, *, by: User, at: dt.datetime) -> DisagreementStage:
    """Begin a stage of the scheme version under which the referral was screened, with its clock where it has one."""
    scheme = load(row.scheme_version)
    told = stages_of(scheme)[number - 1]
    limit, due_at = limit_of(scheme, told), None
    if limit is not None:
        name = f"Disagreement, stage {number}: {told.name}"
        due_at = start_clock(
            referral=row, slug=SLUG, subject=subject(made, number), name=name, limit=limit, by=by, at=at
        ).due_at
    return DisagreementStage.objects.create(
        partnership=row.partnership,
        disagreement=made,
        number=number,
        name=told.name,
        people=told.people,
        started_at=at,
        due_at=due_at,
    )


def subject(made: Disagreement, number: int) -> str:
    return f"{made.pk}:{number}"


@transaction.atomic
def answer_stage(
    *, disagreement: Disagreement, spoke: str, answer: str, by: User, at: dt.datetime
) -> DisagreementStage:
    """What the front door answers at this stage, after talking. Its clock is met; the referrer is told."""
    made, row, stage = standing(disagreement)
    if not answer.strip() or not spoke.strip():
        raise Refused("Say who talked with whom, and what the front door answers.")
    if stage.answered_at and (stage.answer, stage.spoke) == (answer.strip(), spoke.strip()):
        return stage
    if stage.answered_at:
        raise Refused("This stage has its answer. Record the resolution, or go on to the next stage.")
    stage.spoke, stage.answer = spoke.strip(), answer.strip()
    stage.answered_at, stage.answered_by = at, by
    stage.save(update_fields=["spoke", "answer", "answered_at", "answered_by"])
    meet_clock(referral=row, slug=SLUG, subject=subject(made, stage.number), by=by, at=at)
    tell_story(
        row, "disagreement_answered", f"{by.name} answered at stage {stage.number}.", for_referrer=True, by=by, at=at
    )
    tell_referrer(made, row, f"answer:{stage.number}", "There is an answer to your challenge", at=at)
    audited(made, "answered", {"stage": stage.number}, by=by, at=at)
    return stage


@transaction.atomic
def move_on(*, disagreement: Disagreement, seen: int, because: str, by: User, at: dt.datetime) -> Disagreement:
    """Go on to the next stage, by either side, with a reason. seen: the stage that the page showed; pressed once."""
    made, row, stage = standing(disagreement)
    if made.stage != seen:
        return made
    if not because.strip():
        raise Refused("Say why it goes on to the next stage.")
    if made.stage >= len(stages_of(load(row.scheme_version))):
        raise Refused("This is the last stage. Record how it was resolved.")
    stage.moved_on_at, stage.moved_on_by, stage.moved_on_because = at, by, because.strip()
    stage.save(update_fields=["moved_on_at", "moved_on_by", "moved_on_because"])
    meet_clock(referral=row, slug=SLUG, subject=subject(made, stage.number), by=by, at=at)
    made.stage += 1
    made.save(update_fields=["stage"])
    fresh = begin(made, row, made.stage, by=by, at=at)
    tell_story(
        row,
        "disagreement_moved",
        f"The disagreement went on to stage {fresh.number}: {fresh.name}.",
        for_referrer=True,
        by=by,
        at=at,
    )
    audited(made, "moved_on", {"stage": fresh.number}, by=by, at=at)
    for person in answerable(row):
        if person.pk != by.pk:
            tell_one(
                row,
                person,
                kind=f"disagreement_{made.pk.hex[:8]}_{fresh.number}",
                subject="Front Door: a disagreement has gone on to its next stage",
                said=f"The disagreement on {row.reference} is at stage {fresh.number} now: {fresh.name}.",
                at=at,
            )
    if by.pk != made.raised_by_id:
        tell_referrer(made, row, f"stage:{fresh.number}", "Your challenge has gone on to its next stage", at=at)
    return made


@transaction.atomic
def resolve(*, disagreement: Disagreement, result: str, resolution: str, by: User, at: dt.datetime) -> Disagreement:
    """Record how it was resolved, and end it: by the referrer or by the front door. Once."""
    made, row, stage = standing(disagreement, open_only=False)
    if made.resolved_at is not None:
        return made
    if result not in Disagreement.Result.values or not resolution.strip():
        raise Refused("Choose how it was resolved, and write what was agreed.")
    last = len(stages_of(load(row.scheme_version)))
    if result == Disagreement.Result.UNRESOLVED and made.stage < last:
        raise Refused("There is a stage left: go on to it before you record that it was not agreed.")
    made.result, made.resolution, made.resolved_at, made.resolved_by = result, resolution.strip(), at, by
    made.save(update_fields=["result", "resolution", "resolved_at", "resolved_by"])
    meet_clock(referral=row, slug=SLUG, subject=subject(made, stage.number), by=by, at=at)
    said = f"The disagreement is resolved: {Disagreement.Result(result).label}."
    tell_story(row, "disagreement_resolved", said, for_referrer=True, by=by, at=at)
    audited(made, "resolved", {"result": result, "stage": stage.number}, by=by, at=at)
    for person in answerable(row):
        if person.pk != by.pk:
            tell_one(
                row,
                person,
                kind=f"disagreement_{made.pk.hex[:8]}_end",
                subject="Front Door: a disagreement is resolved",
                said=f"The disagreement on {row.reference} is resolved. Read what was agreed.",
                at=at,
            )
    if by.pk != made.raised_by_id:
        tell_referrer(made, row, "end", "Your challenge is resolved", at=at)
    return made


def standing(asked: Disagreement, *, open_only: bool = True) -> tuple[Disagreement, Referral, DisagreementStage]:
    """The disagreement as it is now, under the lock of its referral, and the stage that it is at."""
    row = held(asked.referral)
    made = Disagreement.objects.select_related("raised_by").get(pk=asked.pk, referral=row)
    if open_only and not made.is_open:
        raise Refused("This disagreement is resolved. If something new has come up, challenge again.")
    return made, row, made.stages.get(number=made.stage)


def tell_referrer(made: Disagreement, row: Referral, key: str, subject: str, *, at: dt.datetime) -> None:
    where = {"partnership": row.partnership.slug, "referral_id": row.pk}
    outbox.tell(
        partnership=row.partnership,
        referral=row,
        kind="disagreement",
        to=made.raised_by,
        key=f"disagreement:{made.pk}:{key}",
        subject=f"Front Door: {subject[0].lower()}{subject[1:]}",
        body=f"{subject} on your referral {row.reference}.\n\n"
        f"Sign in to read it: {settings.SITE_URL}{reverse('disagreement', kwargs=where)}\n",
        at=at,
    )


def audited(made: Disagreement, what: str, detail: dict[str, object], *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=made.partnership,
        verb=f"disagreement.{what}",
        noun="disagreement",
        object_id=made.pk,
        detail={"referral": made.referral_id, **detail},
        by=by,
        at=at,
    )
