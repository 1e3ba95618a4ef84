"""A professional disagreement: raised with one press, through the partnership's own stages, to its resolution."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from partnerships import audit
from partnerships.models import User
from partnerships.staffing import managers
from partnerships.templatetags.page_parts import moment
from referrals import outbox
from referrals.clocks.actions import meet_clock, start_clock
from referrals.clocks.sweep import signers, team_members, unless_kept_out
from referrals.models import Clock, Disagreement, DisagreementStage, Letter, Referral
from referrals.referrers import for_referrer, leads_of, of_whom
from referrals.triage.moves import Refused, held, tell_one, tell_story
from referrals.triage.told_later import can_read
from thresholds.domain.scheme import EscalationStage, Limit, Scheme
from thresholds.domain.terms import Starts, Unit
from thresholds.loading import load

SLUG = "escalation_stage"
NOBODY = User()
"""An author who is nobody: for asking who may sign at all."""
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
def challenge_letter(*, letter: Letter, words: str, by: User, at: dt.datetime) -> Disagreement:
    """The reader of a letter challenges it. Where a disagreement is open their words are added to it, under their name:
    its stage and its clock go on, and whoever answers for it hears.
    """
    row = held(letter.referral)
    made = Disagreement.objects.filter(referral=row, resolved_at__isnull=True).select_related("raised_by").first()
    if made is None or (made.raised_by_id, made.words) == (by.pk, words.strip()):
        return raise_disagreement(referral=row, words=words, by=by, at=at)
    if not words.strip():
        raise Refused("Say in a sentence how you see it.")
    if made.words.endswith(f":\n{words.strip()}"):  # pressed twice
        return made
    made.words = f"{made.words}\n\n{by.name}, {moment(at)}, of the letter of {moment(letter.sent_at)}:\n{words.strip()}"
    made.save(update_fields=["words"])
    said = f"{by.name} challenged a letter too: it is part of the disagreement that is open."
    told = tell_story(row, "disagreement", said, for_referrer=True, by=by, at=at)
    audited(made, "added_to", {"letter": letter.pk}, by=by, at=at)
    people = {each.pk: each for each in answerable(row)}
    stage = made.stages.select_related("for_us").get(number=made.stage)
    if stage.for_us:
        people[stage.for_us.pk] = stage.for_us
    for person in people.values():
        tell_one(
            row,
            person,
            kind=f"disagreement_{made.pk.hex[:8]}",
            of=f"-{told.pk}",
            subject="Front Door: a referrer disagrees with a letter too",
            said=f"More was written to the disagreement on {row.reference} that is open: a letter is challenged. Read "
            "it before you answer.",
            at=at,
        )
    if by.pk != made.raised_by_id:
        tell_referrer(made, row, f"added:{told.pk}", "A colleague has added to your challenge", at=at)
    return made


@transaction.atomic
def raise_disagreement(*, referral: Referral, words: str, by: User, at: dt.datetime) -> Disagreement:
    """The referrer challenges. The first stage begins with its clock; owner and managers are told. Once while open:
    pressed twice it is raised once, and whatever else comes meanwhile is `Refused`.
    """
    row = held(referral)
    there = Disagreement.objects.filter(referral=row, resolved_at__isnull=True).select_related("raised_by").first()
    if there is not None:
        if (there.raised_by_id, there.words) == (by.pk, words.strip()):
            return there
        who = "You" if there.raised_by_id == by.pk else there.raised_by.name
        raise Refused(
            f"{who} challenged already, at {moment(there.raised_at)}: that is at stage {there.stage} now. What you "
            "wrote is not part of it yet. Use it in the next step there, or add it to the referral."
        )
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
    """Who answers for the front door: who decided it or has it, else the team; and the managers.

    Of a restricted one, who of them is named on it: the others could not open what they hear of. Where nobody is named
    who is there, every manager.
    """
    first = row.decided_by or row.owner
    working = unless_kept_out(row, [first] if first else []) or team_members(row)
    everyone = managers(row.partnership)
    people = {each.pk: each for each in (*working, *unless_kept_out(row, everyone))}
    return list(people.values()) or everyone


def begin(made: Disagreement, row: Referral, number: int, *, by: User, at: dt.datetime) -> DisagreementStage:
    """Begin a stage of the scheme version under which the referral was screened, with its clock where it has one."""
    scheme = load(row.scheme_version)
    told = stages_of(scheme)[number - 1]
    limit, due_at = limit_of(scheme, told), None
    us, them = chosen_for_us(row, number), chosen_for_them(row, made, number)
    if limit is not None:
        due_at = start_clock(
            referral=row,
            slug=SLUG,
            subject=subject(made, number),
            name=clock_name(number, told.name, us),
            limit=limit,
            by=by,
            at=at,
        ).due_at
    stage = DisagreementStage.objects.create(
        partnership=row.partnership,
        disagreement=made,
        number=number,
        name=told.name,
        people=told.people,
        for_us=us,
        for_them=person_words(them),
        for_them_user=them,
        started_at=at,
        due_at=due_at,
    )
    for person in (us, them):
        tell_named(made, row, stage, person, but=by, at=at)
    return stage


def clock_name(number: int, name: str, us: User | None) -> str:
    """What the clock of a stage is called: whoever is late is named in it."""
    return f"Disagreement, stage {number}: {name}{f' ({us.name} answers)' if us else ''}"[:200]


def acts_for_them(made: Disagreement, row: Referral, stage: DisagreementStage, person: User) -> bool:
    """Whether this person speaks for the agency at a stage: who challenged, who is named there, and once who challenged
    left the agency, who answers for them. Any other lead may take it on to the next stage, and not settle it."""
    mine = {made.raised_by_id, stage.for_them_user_id, *(each.pk for each in for_referrer(row, made.raised_by))}
    return person.pk in mine


def not_theirs(made: Disagreement, stage: DisagreementStage) -> str:
    who = " and ".join(dict.fromkeys(filter(None, (made.raised_by.name, stage.for_them.partition(",")[0]))))
    settle = "settle" if " and " in who else "settles"
    return f"{who} {settle} this for your agency at this stage. What you wrote is not on record."


def person_words(person: User | None) -> str:
    return ", ".join(filter(None, (person.name, person.job_title))) if person else ""


def people_for_us(row: Referral) -> list[User]:
    """Who can be named for the front door: who answers for the referral's queue; of a restricted one, who sees it."""
    people = {each.pk: each for each in [*team_members(row), *signers(row, by=NOBODY)]}
    return sorted(people.values(), key=lambda each: each.name)


def people_for_them(row: Referral) -> list[User]:
    """Who can be named for the agency with an account here: the referrer, and its safeguarding leads."""
    people = {each.pk: each for each in [*for_referrer(row), *leads_of(row)]}
    return sorted(people.values(), key=lambda each: each.name)


def chosen_for_us(row: Referral, number: int) -> User | None:
    """Who acts for the front door until somebody else is named: at the first stage whoever decided it or has it, where
    they work there still; at later ones the manager, where there is only one. Never one who may not see it."""
    first = row.decided_by or row.owner
    if number == 1:
        return first if first and first.pk in {each.pk for each in people_for_us(row)} else None
    above = unless_kept_out(row, managers(row.partnership))
    return above[0] if len(above) == 1 else None


def chosen_for_them(row: Referral, made: Disagreement, number: int) -> User | None:
    """Who acts for the agency: at the first stage who challenged; later its safeguarding lead, where there is one."""
    if number == 1:
        return made.raised_by
    leads = [each for each in people_for_them(row) if each.pk != row.referrer_id]
    return leads[0] if len(leads) == 1 else None


@transaction.atomic
def name_for_us(
    *, disagreement: Disagreement, person: User, seen: int | None = None, by: User, at: dt.datetime
) -> DisagreementStage:
    """Name who acts for the front door at this stage. They are told; where it is late, it is theirs.

    seen: the stage that the page showed.
    """
    made, row, stage = standing(disagreement, seen=seen)
    if stage.for_us_id == person.pk:
        return stage
    if person.pk not in {each.pk for each in people_for_us(row)}:
        raise Refused(f"{person.name} does not answer for this referral. Choose somebody else.")
    stage.for_us = person
    stage.save(update_fields=["for_us"])
    Clock.objects.filter(referral=row, slug=SLUG, subject=subject(made, stage.number)).update(
        name=clock_name(stage.number, stage.name, person)
    )
    said = f"{by.name} named {person.name} for the front door at stage {stage.number}."
    tell_story(row, "disagreement_named", said, for_referrer=True, by=by, at=at)
    audited(made, "named", {"stage": stage.number, "person": person.pk, "side": "front_door"}, by=by, at=at)
    tell_named(made, row, stage, person, but=by, at=at)
    return stage


@transaction.atomic
def name_for_them(
    *,
    disagreement: Disagreement,
    person: User | None,
    other: str = "",
    seen: int | None = None,
    by: User,
    at: dt.datetime,
) -> DisagreementStage:
    """Name who acts for the agency at this stage: somebody with an account here, who is told, or anybody by name.

    seen: the stage that the page showed.
    """
    made, row, stage = standing(disagreement, seen=seen)
    words = person_words(person) or other.strip()
    if not words:
        raise Refused("Say who acts for your agency at this stage.")
    if person is not None and person.pk not in {each.pk for each in people_for_them(row)}:
        raise Refused(f"{person.name} can’t follow this referral. Choose somebody else, or write a name.")
    if (stage.for_them, stage.for_them_user) == (words[:420], person):
        return stage
    if stage.for_them and not acts_for_them(made, row, stage, by):
        raise Refused(not_theirs(made, stage))
    stage.for_them, stage.for_them_user = words[:420], person
    stage.save(update_fields=["for_them", "for_them_user"])
    said = f"{by.name} named who acts for the agency at stage {stage.number}: {stage.for_them}."
    tell_story(row, "disagreement_named", said, for_referrer=True, by=by, at=at)
    audited(made, "named", {"stage": stage.number, "side": "agency"}, by=by, at=at)
    tell_named(made, row, stage, person, but=by, at=at)
    if stage.for_us and stage.for_us_id != by.pk:
        tell_named(made, row, stage, stage.for_us, but=by, what="them", at=at)
    return stage


def tell_named(
    made: Disagreement,
    row: Referral,
    stage: DisagreementStage,
    person: User | None,
    *,
    but: User,
    what: str = "you",
    at: dt.datetime,
) -> None:
    """Tell whoever acts at a stage that they do, or whom they talk with now."""
    if person is None or person.pk == but.pk:
        return
    ours = person.pk == stage.for_us_id
    by_when = f" An answer is due by {moment(stage.due_at)}." if stage.due_at else ""
    said = f"You act at stage {stage.number} of a disagreement on referral {row.reference}: {stage.name}.{by_when}"
    if what == "them":
        said = f"The agency has named who talks with you on referral {row.reference}, at stage {stage.number}."
    where = {"partnership": row.partnership.slug, "referral_id": row.pk}
    page = reverse("referral_disagreement" if ours else "disagreement", kwargs=where)
    outbox.tell(
        partnership=row.partnership,
        referral=row,
        kind="disagreement_named",
        to=person,
        key=f"named:{made.pk}:{stage.number}:{what}:{person.pk}:{at:%y%m%d%H%M%S}",
        subject="Front Door: a disagreement that you settle",
        body=f"{said}\n\nSign in to read it: {settings.SITE_URL}{page}\n",
        at=at,
    )


def subject(made: Disagreement, number: int) -> str:
    return f"{made.pk}:{number}"


@transaction.atomic
def answer_stage(
    *, disagreement: Disagreement, spoke: str, answer: str, seen: int | None = None, by: User, at: dt.datetime
) -> DisagreementStage:
    """What the front door answers at this stage, after talking. Its clock is met; the referrer is told.

    seen: the stage that the page showed. Pressed twice it is answered once.
    """
    made, row, stage = standing(disagreement, seen=seen)
    if not answer.strip() or not spoke.strip():
        raise Refused("Say who talked with whom, and what the front door answers.")
    if stage.answered_by and stage.answered_at:
        if (stage.answered_by_id, stage.answer, stage.spoke) == (by.pk, answer.strip(), spoke.strip()):
            return stage
        raise Refused(
            f"{stage.answered_by.name} answered at this stage at {moment(stage.answered_at)}, and the referrer has "
            "that answer. Yours was not sent. Record the resolution, or go on to the next stage."
        )
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
    """Go on to the next stage, by either side, with a reason. seen: the stage that the page showed.

    Pressed twice it goes on once; where somebody else moved it on, `Refused`.
    """
    made, row, stage = standing(disagreement)
    if made.stage != seen:
        gone = made.stages.filter(number=seen).first()
        if gone and (gone.moved_on_by_id, gone.moved_on_because) == (by.pk, because.strip()):
            return made
        raise Refused(moved_since(stage))
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
    """Record how it was resolved, and end it: by who challenged or acts for the agency at this stage, or by the front
    door. Pressed twice, once."""
    made, row, stage = standing(disagreement, open_only=False)
    if made.resolved_at is not None:
        if (made.resolved_by_id, made.result, made.resolution) == (by.pk, result, resolution.strip()):
            return made
        raise Refused(resolved_since(made))
    if result not in Disagreement.Result.values or not resolution.strip():
        raise Refused("Choose how it was resolved, and write what was agreed.")
    if not (acts_for_them(made, row, stage, by) or can_read(row, by)):
        raise Refused(not_theirs(made, stage))
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


def standing(
    asked: Disagreement, *, open_only: bool = True, seen: int | None = None
) -> tuple[Disagreement, Referral, DisagreementStage]:
    """The disagreement as it is now, under the lock of its referral, and the stage that it is at.

    seen: the stage for which something was written; at another it is `Refused`.
    """
    row = held(asked.referral)
    made = Disagreement.objects.select_related("raised_by", "resolved_by").get(pk=asked.pk, referral=row)
    if open_only and not made.is_open:
        raise Refused(resolved_since(made))
    stage = made.stages.select_related("answered_by").get(number=made.stage)
    if seen not in (None, stage.number):
        raise Refused(moved_since(stage))
    return made, row, stage


def resolved_since(made: Disagreement) -> str:
    who = f"{made.resolved_by.name} recorded at {moment(made.resolved_at)} how it" if made.resolved_by else "It"
    return f"{who} was resolved. What you wrote is not on record. If something new has come up, challenge again."


def moved_since(stage: DisagreementStage) -> str:
    return (
        f"It has gone on to stage {stage.number}, {stage.name}, since you opened the page. What you wrote is not on "
        "record. Read how it stands, then use it at this stage."
    )


def tell_referrer(made: Disagreement, row: Referral, key: str, subject: str, *, at: dt.datetime) -> None:
    where = {"partnership": row.partnership.slug, "referral_id": row.pk}
    for person in for_referrer(row, made.raised_by):
        outbox.tell(
            partnership=row.partnership,
            referral=row,
            kind="disagreement",
            to=person,
            key=f"disagreement:{made.pk}:{key}:{person.pk}",
            subject=f"Front Door: {subject[0].lower()}{subject[1:]}",
            body=f"{subject} on {of_whom(row, person)}.\n\n"
            f"Sign in to read it: {settings.SITE_URL}{reverse('disagreement', kwargs=where)}\n",
            at=at,
        )


def audited(made: Disagreement, what: str, detail: dict[str, object], *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=made.partnership,
        verb=f"disagreement.{what}",
        noun="disagreement",
        object_id=made.pk,
        of=made.referral_id,
        detail={"referral": made.referral_id, **detail},
        by=by,
        at=at,
    )
