"""The notices that a child is offered to an early help team, given to it by another, and closed before it began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from partnerships import calling
from partnerships.access import actor_for
from partnerships.models import User
from partnerships.staffing import managers, workers
from partnerships.templatetags.page_parts import day, moment, within
from referrals import outbox
from referrals.clocks.sweep import team_hears, unless_kept_out
from referrals.intake.sending import address
from referrals.models import Referral, Support, SupportGivenOn
from referrals.referrers import for_referrer, of_whom
from referrals.triage.helping import those_told


def tell_offered(support: Support, *, by: User, at: dt.datetime) -> None:
    """Tell everybody of the team who may see it, but for who decided; where nobody works in it, the managers."""
    people, also = those_told(support.referral, support.team), ""
    if not people:
        people = unless_kept_out(support.referral, managers(support.partnership))
        also = " Nobody works in that team: ask the partnership’s admin today to give somebody a role there."
    where = {"partnership": support.partnership.slug, "support_id": support.pk}
    tell_each(
        support,
        people,
        key=f"support:{support.pk}",
        subject="Front Door: early help to accept",
        body=f"Referral {support.referral.reference} was decided for early help by {support.team.name}.{also}\n\n"
        f"Sign in to accept it: {settings.SITE_URL}{reverse('support', kwargs=where)}\n",
        by=by,
        at=at,
    )


def tell_not_begun(support: Support, *, by: User, at: dt.datetime) -> None:
    """Early help that was decided on and never began: the child has nothing of it, and nobody has the child.

    Whoever decided it hears, or the team that did where they can read it no more; the managers; and the referrer, who
    had it from us in writing that early help would be offered.
    """
    row = support.referral
    decided_by, told = support.decision.by, for_referrer(row)
    people = [decided_by] if can_read(row, decided_by) else team_hears(row)
    hear = {each.pk: each for each in (*people, *unless_kept_out(row, managers(row.partnership)))}
    how = within(support.get_ending_display())
    danger = " It was said of it that a child is in danger now." if row.immediate_danger else ""
    also = "" if told else " Nobody could be written to for the referrer: telephone whoever told of it."
    tell_each(
        support,
        hear.values(),
        kind="support_not_begun",
        key=f"support_not_begun:{support.pk}",
        subject="Front Door: early help was closed before it began",
        body=f"Referral {row.reference} was decided for early help by {support.team.name}, who closed it before it "
        f"began: {how}.{danger} Read what they wrote. Where the child needs something else, open the referral again."
        f"{also}\n\nSign in to read it: {address(row.partnership, 'referral', row)}\n",
        by=by,
        at=at,
    )
    worse = calling.at_any_time(row.partnership).sentence("If it gets worse, telephone {}.")
    for reader in told:
        tell_each(
            support,
            [reader],
            kind="support_not_begun",
            key=f"support_not_begun:{support.pk}:told",
            subject=f"Front Door: early help did not begin for {of_whom(row, reader)}",
            body=f"The early help of which we wrote to you about {of_whom(row, reader)} did not begin. If you are "
            f"still worried, or know what has changed, add it there: a person reads it and looks at it again. "
            f"{worse}\n\nSign in to follow it: {address(row.partnership, 'referral_track', row)}\n",
            by=by,
            at=at,
        )


def can_read(row: Referral, person: User) -> bool:
    actor = actor_for(person, row.partnership)
    return person.is_active and Referral.objects.visible_to(actor).filter(pk=row.pk).exists()


def tell_given_on(given: SupportGivenOn, *, due_at: dt.datetime | None, at: dt.datetime) -> None:
    """Tell the team that has it now, by when its next step is due, and the one that had it, but for who gave it on.

    due_at: by when it is to be accepted, where that is still to be done.
    """
    support, by = given.support, given.by
    reference = support.referral.reference
    if due_at is not None:
        until = f"It {'was' if due_at < at else 'is'} to be accepted by {moment(due_at)}: that goes on as it was."
    elif support.next_review_at is not None:
        until = f"The plan is to be reviewed by {day(support.next_review_at)}: that goes on as it was."
    else:
        until = "It waits to be accepted."
    where = {"partnership": support.partnership.slug, "support_id": support.pk}
    page = settings.SITE_URL + reverse("support", kwargs=where)
    now = (
        f"{by.name} gave early help of referral {reference} to {given.to_team.name}, from {given.from_team.name}. "
        f"{until}\n\nSign in to read it, and why: {page}\n"
    )
    gone = (
        f"{by.name} gave early help of referral {reference} to {given.to_team.name}: {given.from_team.name} has it no "
        "more. If you are in touch with the family, tell them who comes instead.\n"
    )
    key, subject = f"support:{support.pk}:{given.number}", "Front Door: early help went to another team"
    have_it = those_told(support.referral, given.to_team)
    had_it = [each for each in unless_kept_out(support.referral, workers(given.from_team)) if each not in have_it]
    tell_each(support, have_it, key=key, subject=subject, body=now, by=by, at=at)
    tell_each(support, had_it, key=key, subject=subject, body=gone, by=by, at=at)


def tell_each(
    support: Support,
    people: Iterable[User],
    *,
    kind: str = "support",
    key: str,
    subject: str,
    body: str,
    by: User,
    at: dt.datetime,
) -> None:
    """One notice to each of these people, but for whoever did it. key: what it tells of; the person is added to it."""
    for person in people:
        if person.pk != by.pk:
            outbox.tell(
                partnership=support.partnership,
                referral=support.referral,
                kind=kind,
                to=person,
                key=f"{key}:{person.pk}",
                subject=subject,
                body=body,
                at=at,
            )
