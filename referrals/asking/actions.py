"""Asking the referrer and partner agencies, their answers, and how great the risk looks before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from partnerships import audit, calling
from partnerships.access import actor_for
from partnerships.models import Agency, User
from partnerships.staffing import managers
from partnerships.templatetags.page_parts import moment
from referrals import outbox
from referrals.asking.addresses import address_of_check, address_of_question
from referrals.asking.people import checkers
from referrals.clocks.actions import meet_clock, start_clock
from referrals.clocks.sweep import team_members
from referrals.domain.asking import DEFAULTS, Basis, Urgency
from referrals.domain.danger import Later
from referrals.domain.lifecycle import State
from referrals.models import Absence, Ask, Child, Referral, RiskRating
from referrals.models.event import of_checks
from referrals.referrers import for_referrer, left, of_whom
from referrals.transfer.receiving import held_with_all, sent_back_to
from referrals.transfer.told_since import pass_back_check, pass_on_answer
from referrals.triage.moves import (
    Elsewhere,
    Refused,
    held,
    in_nobody_elses_hands,
    locked,
    tell_one,
    tell_story,
    waits_for,
    waits_no_more,
)
from referrals.triage.next_steps import takes_back
from referrals.triage.told_later import take_in, tell_those_at_work, who_decided
from thresholds.domain.scheme import Limit
from thresholds.loading import load

WAITS = {Ask.Kind.QUESTION.value: "referrer", Ask.Kind.CHECK.value: "agencies"}
"""Whose word the referral waits for, by what was asked."""

MOST = 50
"""Answers to one question: more than anybody writes."""


def limit_for(referral: Referral, kind: str, urgency: Urgency) -> Limit:
    """How long the answer may take: the scheme version's own limit, else the local default."""
    default = DEFAULTS[urgency]
    scheme = load(referral.scheme_version)
    own = scheme.limit(default.slug) if kind == Ask.Kind.CHECK else scheme.limit(f"question_{urgency.value}")
    return own or default


@transaction.atomic
def ask_referrer(*, referral: Referral, question: str, urgency: Urgency, by: User, at: dt.datetime) -> Ask:
    """Put a question to the referrer, to be answered in the portal. The referral waits for others meanwhile.

    Pressed twice it is asked once. Raises `Refused` where the same question is open, asked by a colleague or with
    another urgency: nobody is asked the same thing twice.
    """
    row = for_asking(referral, by)
    if row.referrer is None:
        raise Refused("The referrer has no account: telephone them, and note what they said.")
    if not for_referrer(row):
        raise Refused(left(row))
    if not question.strip():
        raise Refused("Write the question.")
    for there in Ask.objects.open().questions().filter(referral=row):
        if there.question == question.strip():
            if (there.asked_by_id, there.urgency) == (by.pk, urgency.value):
                return there
            raise Refused(
                f"{the_asker(there, by)} asked this at {moment(there.asked_at)}, and the answer is due by "
                f"{moment(there.due_at)}. If you need it sooner, telephone the referrer, or withdraw that question and "
                "ask again."
            )
    ask = _ask(row, Ask.Kind.QUESTION, question, urgency, by=by, at=at)
    tell_story(row, "asked", f"{by.name} asked the referrer a question.", note=ask.question, by=by, at=at)
    tell_story(row, "question", "You were asked a question.", for_referrer=True, by=None, at=at)
    tell_of_question(ask, row, at=at)
    return ask


def tell_of_question(ask: Ask, row: Referral, *, at: dt.datetime) -> list[User]:
    """Tell of a question whoever is to answer it and was not told yet; gives all who are."""
    people = for_referrer(row)
    for person in people:
        whose = of_whom(row, person)
        outbox.tell(
            partnership=row.partnership,
            referral=row,
            kind="question",
            to=person,
            key=f"question:{ask.pk}:{person.pk}",
            subject=f"Front Door: a question about {whose}",
            body=f"There is a question for you about {whose}. Please answer it in the portal.\n\n"
            f"Sign in to answer: {address_of_question(ask)}\n",
            at=at,
        )
    return people


@transaction.atomic
def ask_agencies(
    *,
    referral: Referral,
    agencies: Sequence[Agency],
    question: str,
    extract: Sequence[dict[str, str]],
    basis: Basis,
    urgency: Urgency,
    by: User,
    at: dt.datetime,
) -> list[Ask]:
    """Ask partner agencies what they know. Each sees the question and the extract, nothing else of the referral.

    extract: what was chosen to be shown, field by field (`extract.chosen`). The risk before checks must be rated.
    Pressed twice it is asked once; something else is asked of an agency whatever it is asked already. Raises `Refused`
    where this team waits for the same question's answer by a colleague's check, or with another extract, basis or
    urgency: then nobody is asked. What another team asked is neither told nor in the way.
    """
    row = for_asking(referral, by)
    if not agencies or not question.strip() or not extract:
        raise Refused("Choose the agencies and what they are shown, and write what you need to know.")
    if not RiskRating.objects.filter(referral=row, stage=RiskRating.Stage.BEFORE).exists():
        raise Refused("Rate the risk first, so that it can be told what the checks changed.")
    for agency in agencies:
        if agency.partnership_id != row.partnership_id:
            raise Refused(f"{agency.name} is no agency of {row.partnership.name}.")
    there = {
        each.agency_id: each
        for each in open_checks(row).filter(agency__in=[agency.pk for agency in agencies])
        if each.question == question.strip()
    }
    same = (by.pk, list(extract), basis.value, urgency.value)
    others = [each for each in there.values() if (each.asked_by_id, each.extract, each.basis, each.urgency) != same]
    if others:
        waits = ". ".join(
            f"{each.agency.name if each.agency else 'An agency'} was asked this by {the_asker(each, by, within=True)} "
            f"at {moment(each.asked_at)}, and answers by {moment(each.due_at)}"
            for each in others
        )
        raise Refused(
            f"{waits}. Nobody was asked now. Leave them out, or ask them something else. If you need it sooner, "
            "telephone them, or withdraw that check and ask again."
        )
    return [
        there.get(agency.pk) or _check(row, agency, question, extract, basis, urgency, by=by, at=at)
        for agency in agencies
    ]


def open_checks(row: Referral) -> QuerySet[Ask]:
    """The checks that the team which has a referral waits for."""
    return Ask.objects.open().checks().filter(referral=row, team=row.team).select_related("agency", "asked_by")


def the_asker(ask: Ask, by: User, *, within: bool = False) -> str:
    """Who asked, as a sentence to this person says it; within: not at its beginning."""
    return ask.asked_by.name if ask.asked_by_id != by.pk else "you" if within else "You"


def _check(
    row: Referral,
    agency: Agency,
    question: str,
    extract: Sequence[dict[str, str]],
    basis: Basis,
    urgency: Urgency,
    *,
    by: User,
    at: dt.datetime,
) -> Ask:
    ask = _ask(row, Ask.Kind.CHECK, question, urgency, agency, list(extract), basis, by=by, at=at)
    tell_story(row, of_checks("check_asked", row.team), f"{by.name} asked {agency.name} for a check.", by=by, at=at)
    for person in checkers(agency):
        outbox.tell(
            partnership=row.partnership,
            referral=row,
            kind="check",
            to=person,
            key=f"check:{ask.pk}:{person.pk}",
            subject="Front Door: a check waits for your agency",
            body=f"{row.partnership.the_front_door[:1].upper()}{row.partnership.the_front_door[1:]} asks your agency "
            f"for a check.\n\nSign in to read and answer it: {address_of_check(ask)}\n",
            at=at,
        )
    return ask


def _ask(
    row: Referral,
    kind: Ask.Kind,
    question: str,
    urgency: Urgency,
    agency: Agency | None = None,
    extract: list[dict[str, str]] | None = None,
    basis: Basis | None = None,
    *,
    by: User,
    at: dt.datetime,
) -> Ask:
    ask = Ask(
        partnership=row.partnership,
        referral=row,
        kind=kind,
        team=row.team,
        agency=agency,
        question=question.strip(),
        extract=extract or [],
        basis=basis.value if basis else "",
        urgency=urgency.value,
        asked_at=at,
        asked_by=by,
    )
    name = f"Check by {agency.name}" if agency else "The referrer’s answer"
    clock = start_clock(
        referral=row, slug=kind.value, subject=ask.pk, name=name, limit=limit_for(row, kind, urgency), by=by, at=at
    )
    ask.due_at = clock.due_at
    ask.save(force_insert=True)
    waits_for(row, WAITS[kind.value])
    audited(ask, "asked", {"urgency": urgency.value, "basis": ask.basis, "fields": len(ask.extract)}, by=by, at=at)
    return ask


@transaction.atomic
def answer(
    *,
    ask: Ask,
    answer: str,
    knows: str = "",
    later: Later,
    children: Sequence[Child] = (),
    by: User,
    at: dt.datetime,
) -> Ask:
    """Take an answer: the clock is met, and who has the referral is told. knows: an agency's `Ask.Knows`.

    later: whether a child may come to harm now; children: which of them, none for all. What follows from it, whatever
    the referral's state: `referrals.triage.told_later`; where it was sent on or back to:
    `referrals.transfer.told_since`.

    Pressed twice it is taken once. Where anything in it differs from what was answered before, or somebody else
    answers, it is an answer of its own, which stands beside the first and counts like it. What comes after the decision
    is taken all the same, and whoever decided is told; so is what tells of danger, doubt or a new worry after the
    question was withdrawn.
    """
    row, back, reached = held_with_all(ask.referral) if later.opens_again else (held(ask.referral), None, ())
    ask = Ask.objects.select_related("agency", "asked_by", "team", "partnership").get(pk=ask.pk, referral=row)
    concerns, again = sorted(child.order for child in children), ask.state == Ask.State.ANSWERED
    if again:
        same = (answer.strip(), knows, later.value, concerns)
        for there in answers_to(ask).filter(answered_by=by):
            if there.question == ask.question and (there.answer, there.knows, there.later, there.concerns) == same:
                return there
        if answers_to(ask).count() >= MOST:
            raise Refused("So much was answered to this that it can’t take more, and this was not sent. Telephone.")
        ask = beside(ask)
    if ask.state == Ask.State.WITHDRAWN and not later.opens_again:
        raise Refused(
            "This was withdrawn while you wrote: no answer is waited for any more, and yours was not sent. If it "
            "matters for the child, telephone the front door."
        )
    if ask.kind == Ask.Kind.CHECK and knows not in Ask.Knows.values:
        raise Refused("Say whether your agency holds information.")
    if not answer.strip() and (ask.kind == Ask.Kind.QUESTION or knows == Ask.Knows.YES):
        raise Refused("Write the answer.")
    ask.state, ask.answer, ask.knows = Ask.State.ANSWERED, answer.strip(), knows
    ask.later, ask.concerns = later.value, concerns
    ask.answered_at, ask.answered_by = at, by
    ask.save()
    settled(ask, row, by=by, at=at)
    walled_off = ask.kind == Ask.Kind.CHECK and ask.team.is_mash and not row.team.is_mash
    if later.opens_again or not walled_off:  # whoever is deciding at this moment has not read it
        row.revision += 1
        row.save(update_fields=["revision"])
    who, did = ask.agency.name if ask.agency else "The referrer", "answered again" if again else "answered"
    kind = of_checks("check_answered", ask.team) if ask.agency else "answered"
    tell_story(row, kind, f"{who} {did} ({by.name}).", by=by, at=at)
    if ask.kind == Ask.Kind.QUESTION:
        told = f"{by.name} {did.replace('answered', 'answered the question')}."
        tell_story(row, "you_answered", told, for_referrer=True, by=None, at=at)
    answered = f"{'An agency' if ask.agency else who} answered what was asked"  # a school's name tells of the child
    late, decided_by = came_late(row), who_decided(row)
    own = ask.kind == Ask.Kind.QUESTION
    where = "an answer" if own else "a check"
    take_in(row, later, children=children, where=where, for_referrer=own, by=by, at=at)
    if later.opens_again:
        said = f"{answered}."
        if not own and ask.team.is_mash and not row.team.is_mash:  # who has it now may not read what the MASH asked
            said = f"What {ask.team.name} asked of an agency was answered. Telephone them for what it says."
        where = late if row.state == State.RETURNED.value else ""
        tell_those_at_work(row, later, said=f"{said}{where}", key=str(ask.pk), also=decided_by, by=by, at=at)
        pass_on_answer(reached, ask, later, concerns, by=by, at=at)
        if back:
            pass_back_check(back, ask, later, concerns, by=by, at=at)
    for person in told_of_answer(ask, row, at=at):
        tell_one(
            row,
            person,
            kind=f"answer_{ask.pk.hex[:8]}",
            subject="Front Door: an answer has come",
            said=f"{answered} on referral {row.reference}.{late}",
            at=at,
        )
    audited(ask, "answered", {"knows": knows, "later": later.value, "revision": row.revision}, by=by, at=at)
    return ask


def came_late(row: Referral) -> str:
    """What whoever hears of an answer is told where it came when nobody here decided any more."""
    if row.is_open:
        return ""
    if elsewhere := sent_back_to(row):
        return calling.at_any_time(elsewhere).sentence(f" It was sent back to {elsewhere.name}: telephone {{}}.")
    return " It came after the decision: read whether it changes anything."


def answers_to(ask: Ask) -> QuerySet[Ask]:
    """What was answered to one question or check, the first and what stands beside it."""
    return Ask.objects.filter(
        referral=ask.referral_id,
        kind=ask.kind,
        agency=ask.agency_id,
        asked_at=ask.asked_at,
        asked_by=ask.asked_by_id,
    )


def beside(ask: Ask) -> Ask:
    """The same question once more, unsaved, for another answer. No clock runs for it, and nobody waits for it."""
    asked = ("partnership", "referral", "kind", "team", "agency", "question", "extract", "basis", "urgency")
    when = ("due_at", "asked_at", "asked_by")
    return Ask(**{name: getattr(ask, name) for name in (*asked, *when)})


def told_of_answer(ask: Ask, row: Referral, *, at: dt.datetime) -> list[User]:
    """Who is told of an answer: who has the referral and who asked, as far as they may read it. Where neither may any
    more or all of them are away, the team that asked; where nobody of it may, the team that has it now, and else the
    managers: somebody who is there always reads what an agency said."""
    away = set(Absence.objects.holding(at).filter(partnership=row.partnership).values_list("user", flat=True))
    told: dict[object, User] = {}
    first = [each for each in (row.owner, ask.asked_by) if each]
    asked = Referral(partnership=row.partnership, team=ask.team)
    for people in (first, team_members(asked), team_members(row), managers(row.partnership)):
        told |= {each.pk: each for each in people if reads_answer(ask, row, each)}
        if set(told) - away:
            break
    return list(told.values())


def reads_answer(ask: Ask, row: Referral, person: User) -> bool:
    actor = actor_for(person, row.partnership)
    seen = person.is_active and Referral.objects.visible_to(actor).filter(pk=row.pk).exists()
    return seen and Ask.objects.readable_by(actor).filter(pk=ask.pk).exists()


@transaction.atomic
def withdraw_ask(*, ask: Ask, by: User, at: dt.datetime) -> Ask:
    """Take back a question or a check that needs no answer any more: who works in the queue that has the referral, or
    in the team that asked, also after a step. Whoever asked it and whoever has the referral are told, and the agency
    that was asked."""
    row = held(ask.referral)
    ask = Ask.objects.select_related("agency", "team").get(pk=ask.pk, referral=row)
    if not (takes_back(actor_for(by, row.partnership), row, ask) and reads_answer(ask, row, by)):
        raise Elsewhere(row)
    if ask.state == Ask.State.WITHDRAWN:
        return ask
    if ask.state == Ask.State.ANSWERED:
        raise Refused("It has been answered already.")
    ask.state, ask.withdrawn_at, ask.withdrawn_by = Ask.State.WITHDRAWN, at, by
    ask.save(update_fields=["state", "withdrawn_at", "withdrawn_by"])
    settled(ask, row, by=by, at=at)
    whom = f"the check by {ask.agency.name}" if ask.agency else "the question to the referrer"
    kind = of_checks("check_withdrawn", ask.team) if ask.agency else "ask_withdrawn"
    tell_story(row, kind, f"{by.name} withdrew {whom}.", by=by, at=at)
    audited(ask, "withdrawn", {}, by=by, at=at)
    for person in {each.pk: each for each in (row.owner, ask.asked_by) if each}.values():
        if person.pk != by.pk and reads_answer(ask, row, person):
            tell_one(
                row,
                person,
                kind="ask_withdrawn",
                of=f"-{ask.pk}",
                subject="Front Door: something that was asked was taken back",
                said=f"{by.name} withdrew {'a check' if ask.agency else 'a question'} on referral {row.reference}: no "
                "answer is waited for any more.",
                at=at,
            )
    if ask.agency:
        tell_agency_of_withdrawal(ask, row, ask.agency, at=at)
    return ask


def tell_agency_of_withdrawal(ask: Ask, row: Referral, agency: Agency, *, at: dt.datetime) -> None:
    """Whoever answers there need look for nothing more; what they have found all the same is told by telephone."""
    call = calling.at_any_time(row.partnership).sentence("If a child may come to harm, telephone {}.")
    for person in checkers(agency):
        outbox.tell(
            partnership=row.partnership,
            referral=row,
            kind="check_withdrawn",
            to=person,
            key=f"check_withdrawn:{ask.pk}:{person.pk}",
            subject="Front Door: a check needs no answer any more",
            body=f"The check that your agency was asked for at {moment(ask.asked_at)} was taken back, and needs no "
            f"answer any more. {call}\n",
            at=at,
        )


def settled(ask: Ask, row: Referral, *, by: User, at: dt.datetime) -> None:
    """Its clock stops; where nothing of its kind is open any more, the referral waits no longer."""
    meet_clock(referral=row, slug=ask.kind, subject=ask.pk, by=by, at=at)
    if not Ask.objects.open().filter(referral=row, kind=ask.kind).exists():
        waits_no_more(row, WAITS[ask.kind])


@transaction.atomic
def rate_risk(*, referral: Referral, rating: str, reason: str, by: User, at: dt.datetime) -> RiskRating:
    """Rate the risk, with a reason: before the checks until one is answered, after them from then on."""
    row = for_asking(referral, by)
    if rating not in RiskRating.Rating.values or not reason.strip():
        raise Refused("Choose a rating, and say why.")
    stage = stage_now(row)
    last = RiskRating.objects.filter(referral=row, stage=stage).last()
    if last and (last.rating, last.reason, last.by_id) == (rating, reason.strip(), by.pk):
        return last
    made = RiskRating.objects.create(
        partnership=row.partnership,
        referral=row,
        team=row.team,
        stage=stage,
        rating=rating,
        reason=reason.strip(),
        at=at,
        by=by,
    )
    words = (
        f"{by.name} rated the risk {stage.label.lower()}: {RiskRating.Rating(rating).label.partition(':')[0].lower()}."
    )
    tell_story(row, of_checks("risk_rated", row.team), words, by=by, at=at)
    audit.record(
        partnership=row.partnership,
        verb="risk.rated",
        noun="referral",
        object_id=row.pk,
        of=row.pk,
        detail={"stage": stage.value, "rating": rating},
        by=by,
        at=at,
    )
    return made


def stage_now(row: Referral) -> RiskRating.Stage:
    answered = Ask.objects.checks().filter(referral=row, state=Ask.State.ANSWERED).exists()
    return RiskRating.Stage.AFTER if answered else RiskRating.Stage.BEFORE


def for_asking(referral: Referral, by: User) -> Referral:
    """An open referral held still, that nobody else has."""
    row = locked(referral, by=by)
    if not row.is_open:
        raise Refused(f"Referral {row.reference} is not open any more: open it again first.")
    in_nobody_elses_hands(row, by)
    return row


def audited(ask: Ask, what: str, detail: dict[str, object], *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=ask.partnership,
        verb=f"{ask.kind}.{what}",
        noun=ask.kind,
        object_id=ask.pk,
        of=ask.referral_id,
        detail={"referral": ask.referral_id, "agency": ask.agency_id, **detail},
        by=by,
        at=at,
    )


def record_check_reading(*, ask: Ask, by: User, at: dt.datetime) -> None:
    """Somebody of the agency opened the check."""
    audited(ask, "read", {}, by=by, at=at)
