"""Early help that goes from one team to another: the family moved house, or nobody works in the team any more."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from partnerships.access import Actor, actor_for
from partnerships.models import Team, User
from partnerships.permissions import Permission
from partnerships.staffing import unstaffed, workers
from referrals.models import Clock, Referral, Support, SupportGivenOn
from referrals.support.ending import ACCEPTED, audited, subject
from referrals.support.notices import tell_given_on
from referrals.support.standing import how_it_stands
from referrals.triage.helping import refuse_unseen_help
from referrals.triage.moves import Elsewhere, Refused, held, tell_story


def takers(row: Support) -> list[Team]:
    """The early help teams that it could be given to: those in use in which somebody works."""
    teams = Team.objects.current().filter(partnership=row.partnership, kind=Team.Kind.EARLY_HELP)
    others = list(teams.exclude(pk=row.team_id))
    nobody = {team.pk for team in unstaffed(others)}
    return [team for team in others if team.pk not in nobody]


def may_give_on(row: Support, actor: Actor) -> bool:
    """Whether this person may ever give it to another team: who works in the one that has it, and the managers."""
    works = row.team_id in actor.teams_for(Permission.SUPPORT_KEEP) or actor.can(Permission.REFERRAL_READ_ALL)
    return works and actor.can(Permission.HELP_GIVE_ON)


@transaction.atomic
def give_on(*, support: Support, team: Team, reason: str, seen: int | None, by: User, at: dt.datetime) -> Support:
    """Give early help that is offered or active to another team, which is told and reads this reason first.

    It stays as it was: what is offered waits to be accepted there; of what is active the plan and its reviews go along.
    Its clock goes on, be it of the acceptance or of the next review: the family has waited since the decision,
    whichever team has the child, and no child goes to the end of the line because a team changed. What the first team
    did is the second's to read, and no more: neither the referral nor what the MASH knows. The first reads none of it
    any more.

    seen: `Support.revision` as the form showed it. Pressed twice it is given once. Raises `Refused` where it was given
    on, accepted or closed meanwhile, nobody works in that team, or nobody there could see a restricted one; `Elsewhere`
    where this person may not do it any more.
    """
    referral = held(support.referral)
    row = Support.objects.select_related("team", "child", "referral", "accepted_by", "closed_by").get(
        pk=support.pk, referral=referral
    )
    last = row.given_on.select_related("by", "to_team").last()
    if last and (last.by_id, last.to_team_id, last.reason) == (by.pk, team.pk, reason.strip()):
        return row
    actor = actor_for(by, row.partnership)
    if not (by.is_active and may_give_on(row, actor) and Support.objects.visible_to(actor).filter(pk=row.pk).exists()):
        raise Elsewhere(referral)
    if row.state == Support.State.CLOSED:
        raise Refused(f"{how_it_stands(row)} What you wrote is not kept: there is no early help to give on.")
    if seen != row.revision:
        now = how_it_stands(row) if row.state == Support.State.ACTIVE else "It waits to be accepted."
        given = f"{last.by.name} gave it to {last.to_team.name}. " if last else ""
        raise Refused(f"It has moved on since you opened this page. {given}{now} Read it again, then give it on.")
    if team.is_mash or team.partnership_id != row.partnership_id or team.retired_at is not None:
        raise Refused(f"{team.name} takes on no early help. Choose another team.")
    if team.pk == row.team_id:
        raise Refused(f"{team.name} has it already.")
    if not workers(team):
        raise Refused(f"Nobody works in {team.name}, so nobody there could take the child on. Choose another team.")
    if not reason.strip():
        raise Refused("Say why, and what the team needs to know: it reads that first.")
    refuse_unseen_help(referral, team)
    before = row.team
    given_on = SupportGivenOn.objects.create(
        partnership=row.partnership,
        support=row,
        number=row.given_on.count() + 1,
        from_team=before,
        to_team=team,
        reason=reason.strip(),
        at=at,
        by=by,
    )
    row.team = team
    row.save(update_fields=["team"])
    told = f"{by.name} gave early help from {before.name} to {team.name}."
    tell_story(referral, "support_given_on", told, note=reason.strip(), by=by, at=at)
    if row.state == Support.State.ACTIVE:  # the referrer knows of no team by name, and that somebody leads
        said = "Another early help team goes on with the early help."
        tell_story(referral, "support_elsewhere", said, for_referrer=True, by=None, at=at)
    audited(row, "given_on", {"from": before.slug, "to": team.slug, "number": given_on.number}, by=by, at=at)
    tell_given_on(given_on, due_at=acceptance_due(row, referral), at=at)
    return row


def acceptance_due(row: Support, referral: Referral) -> dt.datetime | None:
    """By when it is to be accepted, where nobody has accepted it."""
    running = Clock.objects.filter(referral=referral, slug=ACCEPTED, subject=subject(row, 0), met_at__isnull=True)
    return running.values_list("due_at", flat=True).first()
