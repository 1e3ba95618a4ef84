"""What a partnership still lacks before a first referral can be sent and screened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from partnerships.models import Membership, Partnership, Team
from partnerships.navigation import address
from partnerships.permissions import Role
from partnerships.staffing import unstaffed
from thresholds.loading import NoThreshold, version_in_force
from thresholds.models import SchemeVersion


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set up, as a line of a task list. `missing` says what is not there yet; empty where it is."""

    title: str
    href: str
    missing: str
    needed: bool = True
    begun: bool = False
    hint_done: str = ""

    @property
    def done(self) -> bool:
        return not self.missing

    @property
    def hint(self) -> str:
        return self.missing or self.hint_done

    @property
    def status(self) -> str:
        if self.done:
            return "done"
        return "optional" if not self.needed else "in_progress" if self.begun else "not_started"


def steps(partnership: Partnership, *, at: dt.datetime) -> list[Step]:
    """Everything, in the order in which it is best done."""
    return [
        _name(partnership),
        _front_door(partnership),
        *_teams(partnership),
        _agencies(partnership),
        *_people(partnership, at),
        _threshold(partnership, at),
        _contact_points(partnership),
        _closure_days(partnership, at),
    ]


def still_missing(listed: Iterable[Step]) -> list[Step]:
    """What has to be there and is not."""
    return [step for step in listed if step.needed and not step.done]


def _name(partnership: Partnership) -> Step:
    missing = "" if partnership.local_authority else "Say which council it is, and what the referral form is called."
    return Step("Name and form", address("partnership_edit", partnership), missing)


def _front_door(partnership: Partnership) -> Step:
    told = partnership.front_door_telephone or partnership.hours_note
    missing = "" if told else "Give the number that every page shows, or say where it is found."
    return Step("Front door’s numbers and hours", address("front_door_edit", partnership), missing)


def _teams(partnership: Partnership) -> list[Step]:
    there = {kind: n for kind in Team.Kind.values if (n := partnership.teams.current().filter(kind=kind).count())}
    href = address("team_add", partnership)
    return [
        Step(
            "The MASH",
            href if Team.Kind.MASH not in there else address("partnership_settings", partnership),
            "" if Team.Kind.MASH in there else "Add the team that takes what goes to the MASH.",
        ),
        Step(
            "Early help teams",
            href,
            "" if Team.Kind.EARLY_HELP in there else "Add a team that takes what goes to early help.",
            hint_done="Another can be added at any time.",
        ),
    ]


def _agencies(partnership: Partnership) -> Step:
    count = partnership.agencies.current().count()
    missing = "" if count else "Add an agency whose people refer: a school, a practice, the police."
    return Step("Agencies", address("agency_add", partnership), missing, hint_done=f"{count} so far.")


def _people(partnership: Partnership, at: dt.datetime) -> list[Step]:
    held = Membership.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), partnership=partnership)
    roles = set(held.filter(user__is_active=True).values_list("role", flat=True))
    href = address("members", partnership) or address("partnership_settings", partnership)
    wanted = (
        ("Somebody who refers", (Role.PRACTITIONER, Role.SAFEGUARDING_LEAD), "Invite a practitioner of an agency."),
        ("Somebody who screens", (Role.SCREENER,), "Invite a screener into the MASH."),
        ("Somebody in each early help team", (Role.EARLY_HELP,), "Invite an early help worker into their team."),
        ("A manager", (Role.MANAGER,), "Invite a manager: a second person approves the threshold."),
    )
    takes = partnership.teams.current().filter(Q(is_default=True) | Q(localities__isnull=False)).distinct()
    empty = [team.name for team in unstaffed(takes) if not team.is_mash]
    found = []
    for title, any_of, missing in wanted:
        if roles & {role.value for role in any_of}:
            missing = f"Nobody works in {', '.join(empty)} yet." if empty and Role.EARLY_HELP in any_of else ""
        found.append(Step(title, href, missing))
    return found


def _threshold(partnership: Partnership, at: dt.datetime) -> Step:
    href = address("threshold_versions", partnership)
    try:
        version_in_force(partnership, at)
    except NoThreshold:
        versions = SchemeVersion.objects.of(partnership)
        if versions.exclude(state=SchemeVersion.State.DRAFT).exists():
            missing = "It is published, and in force from a day to come."
        elif versions.exists():
            missing = "A draft is there. Have it approved and publish it."
        else:
            missing = "Bring in the published threshold, from a file."
        return Step("Threshold", href, missing, begun=versions.exists())
    return Step("Threshold", href, "")


def _contact_points(partnership: Partnership) -> Step:
    there = partnership.contact_points.exists()
    missing = "" if there else "Whom else to telephone: the LADO, Prevent, the police."
    return Step("Contact points", address("contact_point_add", partnership), missing, needed=False)


def _closure_days(partnership: Partnership, at: dt.datetime) -> Step:
    there = partnership.closure_days.filter(on__gte=at.date()).exists()
    missing = "" if there else "Days on which the partnership does not work although England does."
    return Step("Closure days", address("closure_day_add", partnership), missing, needed=False)
