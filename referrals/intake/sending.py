"""What sending writes, each part in the sending's transaction: a referral's rows, its story, and who is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from partnerships.models import Partnership, User
from partnerships.staffing import managers
from partnerships.templatetags.page_parts import moment
from referrals import outbox
from referrals.clocks.sweep import team_members
from referrals.domain.identifiers import nhs_number_is_valid, tidy
from referrals.intake.answers import LONDON, Answers, ChildTold
from referrals.intake.as_told import queue_told
from referrals.intake.screened import Screened, all_together, screen_children
from referrals.intake.source import came, source_of
from referrals.models import Child, ChosenIndicator, Draft, Event, FamilyMember, Referral
from referrals.seen.finding import contacts_by_child
from thresholds.domain.screening import write_facts, write_screening
from thresholds.domain.terms import Route
from thresholds.domain.together import Together
from thresholds.loading import load
from thresholds.models import SchemeVersion


def referrer_details(draft: Draft, answers: Answers) -> dict[str, str]:
    """Who refers and how to reach them, as it was when it was sent."""
    user = draft.started_by
    if user is None or draft.channel != Referral.Channel.PORTAL:
        return source_of(answers).details
    return {
        "name": user.name,
        "job": user.job_title,
        "email": user.email,
        "telephone": answers.said("you", "telephone") or user.telephone,
        "agency": draft.agency.name if draft.agency else "",
        "available": answers.said("you", "available"),
        "stand_in": answers.said("you", "stand_in"),
    }


@dataclass(frozen=True, slots=True)
class Told:
    """A referral's children as one version screens them: each by itself, and what they come to together."""

    screened: list[Screened]
    together: Together
    judged: int | None
    """The highest level that the referrer judged any child to be at."""


def screened_under(version: SchemeVersion, answers: Answers, partnership: Partnership, *, at: dt.datetime) -> Told:
    """Screen what is told as it was received at an instant, with the earlier contacts of each child there."""
    previous = contacts_by_child(partnership, answers.children)
    screened = screen_children(answers, load(version), on=at.astimezone(LONDON).date(), previous=previous)
    judged = [each.facts.judged_level for each in screened if each.facts.judged_level is not None]
    return Told(screened, all_together(screened), max(judged, default=None))


def leading_screening(told: Told) -> dict[str, Any]:
    """The screening that the referral shows first: the most urgent child's, with its facts and its number.

    `previous_contacts` are the days on which any of the children was told of before.
    """
    leading = told.screened[told.together.leading]
    contacts = [each.facts.previous_contacts for each in told.screened]
    days = {day for known in contacts if isinstance(known, tuple) for day in known}
    return {
        **write_screening(leading.screening),
        "facts": write_facts(leading.facts),
        "child": leading.number,
        "previous_contacts": [day.isoformat() for day in sorted(days)],
    }


def write_rows(referral: Referral, answers: Answers, screened: list[Screened]) -> None:
    """The children, each with its screening, the family, and the indicators that this version knows of each child."""
    by_number = {each.number: each for each in screened}
    told = [(child, worry) for child, worry in answers.told_of if child.number in by_number]
    rows = [child_row(referral, child, by_number[child.number]) for child, _ in told]
    Child.objects.bulk_create(rows)
    FamilyMember.objects.bulk_create(
        FamilyMember(
            partnership=referral.partnership,
            referral=referral,
            order=person.number,
            name=person.name[:200],
            relationship=person.relationship[:100],
            date_of_birth=person.date_of_birth,
            parental_responsibility=person.parental_responsibility,
            lives_with_child=person.lives_with_child,
            telephone=person.telephone[:60],
            safe_to_call=person.safe_to_call,
            unsafe_because=person.unsafe_because,
            alleged=person.alleged,
            notes=person.notes,
        )
        for person in answers.people
    )
    wanted = {key for _, worry in told for key in worry.indicators}
    known = list(referral.scheme_version.indicators.current().filter(key__in=wanted))
    ChosenIndicator.objects.bulk_create(
        ChosenIndicator(
            partnership=referral.partnership,
            referral=referral,
            child=row,
            indicator=indicator,
            evidence=worry.evidence.get(indicator.key, ""),
        )
        for row, (_, worry) in zip(rows, told, strict=True)
        for indicator in known
        if indicator.key in worry.indicators
    )


def child_row(referral: Referral, child: ChildTold, screened: Screened) -> Child:
    facts, screening = screened.facts, screened.screening
    number = tidy(child.nhs_number) if nhs_number_is_valid(child.nhs_number) else child.nhs_number
    return Child(
        partnership=referral.partnership,
        referral=referral,
        order=child.number,
        first_name=child.first_name[:100],
        last_name=child.last_name[:100],
        other_names=child.other_names[:200],
        former_names=child.former_names[:200],
        date_of_birth=child.date_of_birth,
        unborn=child.unborn,
        estimated_age=child.estimated_age[:40],
        expected_on=child.expected_on,
        sex=child.sex[:1],
        ethnicity=child.ethnicity[:4],
        language=child.language[:80],
        interpreter_needed=child.interpreter_needed,
        disability=list(child.disability),
        nhs_number=number[:20],
        upn=child.upn[:20],
        address=child.address,
        postcode=child.postcode[:10],
        whereabouts=child.whereabouts,
        school=child.school[:200],
        gp=child.gp[:200],
        facts=write_facts(facts),
        screening=write_screening(screening),
        indicated_level=screening.indicated_level,
        judged_level=facts.judged_level,
        route=screening.route.value,
        flags=[flag.value for flag in screening.flags],
    )


def tell_the_story(referral: Referral, all_of_them: Together, *, by: User | None, at: dt.datetime) -> None:
    """The first lines of the referral's story: sent, screened, and where it went."""
    version, team = referral.scheme_version, referral.team
    scheme = load(version)
    step, goes = scheme.step(all_of_them.indicated_level), f"It is in the queue of {team.the_team}."
    if all_of_them.route is Route.ADVICE:
        goes = f"It asks for advice; {team.the_team} will read it, so that a person looks at it all the same."
    told: list[tuple[str, str, bool]] = [
        ("sent", how_it_came(referral, by), True),
        (
            "screened",
            f"Screened by {version.title}: {step} indicated, route {all_of_them.route.words}.",
            False,
        ),
        ("routed", goes, not scheme.raised_by_contacts),
    ]
    if scheme.raised_by_contacts:
        told.append(("routed_told", queue_told(scheme, team), True))
    if called_at := Answers(referral.answers).called_999_at:
        told.insert(
            1, ("called_999", f"Whoever referred told us at {moment(called_at)} that they had called 999.", True)
        )
    Event.objects.bulk_create(
        Event(
            partnership=referral.partnership,
            referral=referral,
            kind=kind,
            sentence=sentence,
            for_referrer=for_referrer,
            at=at,
            by=by if kind == "sent" else None,
        )
        for kind, sentence, for_referrer in told
    )


def how_it_came(referral: Referral, by: User | None) -> str:
    """The first sentence of the story."""
    if by is None:
        return "Somebody told of this on the public form."
    if referral.keyed_by_id:
        way = came(Answers(referral.answers)) or "to us"
        return f"{by.name} wrote down this contact, which came {way} at {moment(referral.received_at)}."
    return f"{by.name} sent this referral."


FLOOD = (
    "Many have come from one place or one account. Others may follow it without a notice: read the queue, also "
    "without these."
)
FLOOD_SECONDS = 300
"""Of what comes in a flood, from one place or one account, a team is told so often."""


def tell_people(referral: Referral, *, by: User | None, at: dt.datetime) -> None:
    """A notice to each of the team that a referral waits, and a receipt to the referrer. Neither names a child.

    Where nobody works in the team, the managers hear of it at once.
    """
    partnership = referral.partnership
    danger = " It goes before all others." if referral.immediate_danger else ""
    said = f"Referral {referral.reference} waits in the queue of {referral.team.the_team}.{danger}"
    key = str(referral.pk)
    if referral.arrival_note:  # one notice for each would hold up those of all other referrals
        said, key = f"{said} {FLOOD}", f"flood:{bool(danger)}:{int(at.timestamp()) // FLOOD_SECONDS}"
    people, kind, also = told_that_it_waits(referral)
    for member in people:
        outbox.tell(
            partnership=partnership,
            referral=referral,
            kind=kind,
            to=member,
            key=f"waiting:{key}:{member.pk}",
            subject="Front Door: a referral waits for you",
            body=f"{said}{also}\n\nSign in to read it: {address(partnership, 'referral', referral)}\n",
            at=at,
        )
    if referral.referrer is None or by is None:
        return
    outbox.tell(
        partnership=partnership,
        referral=referral,
        kind="receipt",
        to=by,
        key=f"receipt:{referral.pk}",
        subject=f"Front Door: your referral {referral.reference} has arrived",
        body=f"Your referral {referral.reference} has arrived at {partnership.the_front_door}.\n\n"
        "This is an automatic receipt. A person will read the referral and answer you.\n\n"
        f"Sign in to follow it: {address(partnership, 'referral_track', referral)}\n",
        at=at,
    )


def told_that_it_waits(referral: Referral) -> tuple[list[User], str, str]:
    """Whom a notice that it waits in its queue goes to, the notice's kind, and what is said to them besides."""
    people, kind = team_members(referral), "danger" if referral.immediate_danger else "waiting"
    if people or referral.restricted:  # whoever is named on a restricted one has heard of it already
        return people, kind, ""
    also = " Nobody works in that queue. Read it, and ask the partnership’s admin today to give somebody a role there."
    return managers(referral.partnership), "nobody_there", also


def address(partnership: Partnership, name: str, referral: Referral) -> str:
    """The whole address of a page of this referral, for a message that leaves the portal."""
    where: dict[str, Any] = {"partnership": partnership.slug, "referral_id": referral.pk}
    try:
        return settings.SITE_URL + reverse(name, kwargs=where)
    except NoReverseMatch:
        return f"{settings.SITE_URL}/{partnership.slug}/"
