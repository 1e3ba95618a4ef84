"""What may be done to where referrals come from and go to: agencies, teams with their postcodes, contact points.

What no record names is deleted; what a record names is retired: kept, and chosen for nothing new. A retired team
finishes what is in its queue and the early help that it gives, and the managers hear how much that is; where nobody
works in it, what is open is given to another team first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils.text import slugify

from partnerships import audit, invitations, retiring, telling
from partnerships.actions import Refused
from partnerships.models import Agency, ContactPoint, Invitation, Locality, Partnership, Team, User
from partnerships.staffing import managers, workers

PARTNERSHIP = ("name", "short_name", "local_authority", "la_code", "form_name", "document_marking", "public_form")
AGENCY = ("name", "kind", "source_of_referral")
TEAM = ("name", "address", "email", "telephone", "is_default")
CONTACT_POINT = ("kind", "name", "telephone", "email", "url", "when", "source")


@transaction.atomic
def change_partnership(*, partnership: Partnership, changes: dict[str, Any], by: User, at: dt.datetime) -> bool:
    """Change how the partnership is called. True where something changed."""
    row = lock(partnership)
    return change(row, row, PARTNERSHIP, changes, by=by, at=at)


@transaction.atomic
def add_agency(*, partnership: Partnership, told: dict[str, Any], by: User, at: dt.datetime) -> Agency:
    """Add an agency. One of the same name is `Refused`, whatever its capitals."""
    lock(partnership)
    refuse_twin(partnership.agencies.all(), told["name"])
    agency = Agency(partnership=partnership, slug=free_slug(partnership.agencies.all(), told["name"]))
    return added(agency, AGENCY, told, by=by, at=at)


@transaction.atomic
def change_agency(*, agency: Agency, changes: dict[str, Any], by: User, at: dt.datetime) -> bool:
    lock(agency.partnership)
    refuse_gone(agency)
    refuse_twin(agency.partnership.agencies.exclude(pk=agency.pk), changes["name"])
    return change(agency.partnership, agency, AGENCY, changes, by=by, at=at)


@transaction.atomic
def add_team(
    *, partnership: Partnership, told: dict[str, Any], postcodes: Sequence[str], by: User, at: dt.datetime
) -> Team:
    """Add a team; the first of its kind takes whatever no other does. A partnership has one MASH.

    Once the front door is open, a new team is given no postcode and not the rest: nobody works there yet.
    """
    door = lock(partnership)
    teams = partnership.teams.all()
    refuse_twin(teams, told["name"])
    if told["kind"] == Team.Kind.MASH and teams.filter(kind=Team.Kind.MASH).exists():
        raise Refused("There is a MASH already. A partnership has one.")
    team = Team(partnership=partnership, kind=told["kind"], slug=free_slug(teams, told["name"]))
    first = not teams.current().filter(kind=team.kind, is_default=True).exists()
    made = added(team, TEAM, {**told, "is_default": False}, by=by, at=at)
    if first or told["is_default"]:
        make_default(made)
    serve(made, postcodes)
    if not first and (told["is_default"] or postcodes):
        refuse_unstaffed(door, made)
    return made


@transaction.atomic
def change_team(*, team: Team, changes: dict[str, Any], postcodes: Sequence[str], by: User, at: dt.datetime) -> bool:
    """Change a team and the postcodes that it serves. Its kind stays: the MASH's referrals are walled off by it."""
    door = lock(team.partnership)
    refuse_gone(team)
    refuse_twin(team.partnership.teams.exclude(pk=team.pk), changes["name"])
    if team.is_default and not changes["is_default"]:
        raise Refused("Some team has to take what no other serves. Choose another team for that, and this one no more.")
    before = sorted(team.localities.values_list("postcode_prefix", flat=True))
    default, moved = changes["is_default"] and not team.is_default, sorted(set(postcodes)) != before
    told = {**changes, "is_default": team.is_default}
    changed = change(team.partnership, team, TEAM, told, by=by, at=at)
    if default:
        make_default(team)
    if moved:
        serve(team, postcodes)
    if default or set(postcodes) - set(before):
        refuse_unstaffed(door, team)
    if moved or default:
        after = sorted(set(postcodes))
        detail = {"before": before, "after": after, "takes_the_rest": team.is_default}
        record(team.partnership, "team.postcodes_changed", team, detail, by=by, at=at)
        tell_managers(team, after, by=by, at=at)
    return changed or moved or default


def refuse_unstaffed(partnership: Partnership, team: Team) -> None:
    """Raise `Refused` where referrals would begin to go where nobody works."""
    if partnership.takes_referrals and not workers(team):
        raise Refused(
            f"Nobody works in {team.name}, so nobody would read what goes there. Save it without new postcodes and "
            "without every other postcode. Give somebody a role in it, then come back."
        )


def tell_managers(team: Team, postcodes: Sequence[str], *, by: User, at: dt.datetime) -> None:
    """Once the front door is open, the managers hear which team takes what from now on."""
    if not team.partnership.takes_referrals:
        return
    takes = [*postcodes, *(["every postcode that no other team of its kind serves"] if team.is_default else [])]
    for manager in managers(team.partnership):
        if manager.pk != by.pk:
            telling.tell(
                partnership=team.partnership,
                to=manager,
                kind="routing",
                key=f"routing:{team.pk}:{at.isoformat()}:{manager.pk}",
                subject="Front Door: referrals go another way from now on",
                body=f"{by.name} changed what {team.name} takes. From now on: {', '.join(takes) or 'no postcode'}.\n\n"
                f"If that is wrong, ask {by.name} today.",
                at=at,
            )


@transaction.atomic
def take_out(*, row: Agency | Team, by: User, at: dt.datetime) -> str:
    """Take an agency or a team out of use: "deleted" where no record names it, else "retired".

    Pressed twice, once. Raises `Refused` where the team is the last of its kind, or nobody works in it who could finish
    what is with it.
    """
    lock(row.partnership)
    try:
        row.refresh_from_db()
    except type(row).DoesNotExist:
        return "deleted"
    if row.retired_at is not None:
        return "retired"
    noun = type(row).__name__.lower()
    if isinstance(row, Team):
        refuse_last(row)
    pk, slug = row.pk, row.slug
    try:
        with transaction.atomic():
            row.delete()
        row.pk, how = pk, "deleted"
    except ProtectedError:
        row.pk, how = pk, "retired"
        if isinstance(row, Team):
            refuse_left_alone(row)
        row.retired_at, row.retired_by = at, by
        row.save(update_fields=["retired_at", "retired_by"])
        withdraw_invitations(row, by=by, at=at)
        if isinstance(row, Team):
            row.localities.all().delete()
            tell_managers(row, [], by=by, at=at)
            retiring.tell(row, by=by, at=at)
    record(row.partnership, f"{noun}.{how}", row, {"name": row.name, "slug": slug}, by=by, at=at)
    return how


def refuse_last(team: Team) -> None:
    """The MASH stays, and so does the team that takes the rest while there is another."""
    others = team.partnership.teams.current().filter(kind=team.kind).exclude(pk=team.pk)
    if not others.exists():
        raise Refused("This is the only team of its kind, so referrals would have nowhere to go. Add another first.")
    if team.is_default:
        raise Refused("This team takes what no other serves. Choose another team for that first.")


def withdraw_invitations(row: Agency | Team, *, by: User, at: dt.datetime) -> None:
    """Take back the invitations into what takes on nobody new any more; whoever sent one is told."""
    every = Invitation.objects.waiting()
    waiting = every.filter(team=row) if isinstance(row, Team) else every.filter(agency=row)
    for each in waiting.select_related("invited_by", "partnership", "agency", "team").order_by("pk"):
        if not invitations.withdraw(invitation=each, by=by, at=at) or each.invited_by_id == by.pk:
            continue
        telling.tell(
            partnership=row.partnership,
            to=each.invited_by,
            kind="invitation-ended",
            key=f"invitation-ended:{each.pk}:{each.invited_by_id}",
            subject="Front Door: an invitation was taken back",
            body=f"{by.name} took {row.name} out of use: it takes on nobody new. Your invitation of {each.name} was "
            f"taken back with it. If they are to come all the same, ask {by.name}, or invite them elsewhere.\n",
            at=at,
        )


def refuse_left_alone(team: Team) -> None:
    """Raise `Refused` where something is open with a team in which nobody works: nobody would finish it."""
    left = retiring.open_with(team)
    if left and not workers(team):
        raise Refused(
            f"Nobody works in {team.name}, and nobody could finish what is with it still ({left}). "
            "Ask a manager to give it to another team, from the pages “Queues” and “Early help”. "
            "Then retire this team."
        )


@transaction.atomic
def restore(*, row: Agency | Team, by: User, at: dt.datetime) -> None:
    """Take a retired agency or team into use again. Pressed twice, once."""
    lock(row.partnership)
    if not type(row).objects.filter(pk=row.pk, retired_at__isnull=False).exists():
        return
    row.retired_at, row.retired_by = None, None
    row.save(update_fields=["retired_at", "retired_by"])
    record(row.partnership, f"{type(row).__name__.lower()}.restored", row, {"name": row.name}, by=by, at=at)


@transaction.atomic
def add_contact_point(*, partnership: Partnership, told: dict[str, Any], by: User, at: dt.datetime) -> ContactPoint:
    lock(partnership)
    last = partnership.contact_points.aggregate(last=Max("order"))["last"]
    point = ContactPoint(partnership=partnership, order=0 if last is None else last + 1)
    return added(point, CONTACT_POINT, told, by=by, at=at)


@transaction.atomic
def change_contact_point(*, point: ContactPoint, changes: dict[str, Any], by: User, at: dt.datetime) -> bool:
    lock(point.partnership)
    refuse_gone(point)
    return change(point.partnership, point, CONTACT_POINT, changes, by=by, at=at)


@transaction.atomic
def remove_contact_point(*, point: ContactPoint, by: User, at: dt.datetime) -> None:
    """Delete it: no record names a contact point. Pressed twice, once."""
    lock(point.partnership)
    if not ContactPoint.objects.filter(pk=point.pk).exists():
        return
    detail = {name: getattr(point, name) for name in CONTACT_POINT}
    record(point.partnership, "contactpoint.deleted", point, detail, by=by, at=at)
    point.delete()


@transaction.atomic
def move_contact_point_up(*, point: ContactPoint, by: User, at: dt.datetime) -> None:
    """Before the one that stands above it."""
    lock(point.partnership)
    ordered = list(point.partnership.contact_points.all())
    place = next((n for n, each in enumerate(ordered) if each.pk == point.pk), 0)
    if place:
        ordered[place - 1], ordered[place] = ordered[place], ordered[place - 1]
        for n, each in enumerate(ordered):
            each.order = n
        ContactPoint.objects.bulk_update(ordered, ["order"])
        record(point.partnership, "contactpoint.moved", point, {"name": point.name, "place": place}, by=by, at=at)


@transaction.atomic
def open_front_door(*, partnership: Partnership, by: User, at: dt.datetime) -> None:
    """The partnership stands on the first page from now on. Whether all is there is asked before (the checklist)."""
    row = lock(partnership)
    if not row.takes_referrals:
        row.takes_referrals = True
        row.save(update_fields=["takes_referrals"])
        record(row, "partnership.opened", row, {}, by=by, at=at)


@transaction.atomic
def set_second_screening(*, partnership: Partnership, percent: int, by: User, at: dt.datetime) -> bool:
    """How many of 100 decided children are screened a second time, blind."""
    if not 0 <= percent <= 100:
        raise Refused("Enter a number from 0 to 100.")
    row = lock(partnership)
    return change(row, row, ("second_screening_percent",), {"second_screening_percent": percent}, by=by, at=at)


def lock(partnership: Partnership) -> Partnership:
    """One change at a time to a partnership's own facts. Whoever else writes goes on: every row names a partnership."""
    return Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)


def refuse_gone(row: Any) -> None:
    """Raise `Refused` where a colleague deleted it since its page was opened."""
    if not type(row).objects.filter(pk=row.pk).exists():
        raise Refused(f"{row.name} was deleted meanwhile. Copy what you typed, and add it anew if it is still needed.")


def make_default(team: Team) -> None:
    others = Team.objects.filter(partnership=team.partnership, kind=team.kind, is_default=True).exclude(pk=team.pk)
    others.update(is_default=False)
    team.is_default = True
    team.save(update_fields=["is_default"])


def serve(team: Team, postcodes: Sequence[str]) -> None:
    """Set the postcodes that a team serves. One that another team serves is `Refused`, by name."""
    wanted = sorted(set(postcodes))
    if wanted and team.is_mash:
        raise Refused("The MASH serves every postcode. Leave the postcodes out.")
    taken = Locality.objects.filter(team__partnership=team.partnership, postcode_prefix__in=wanted)
    other = taken.exclude(team=team).select_related("team").first()
    if other:
        raise Refused(f"{other.postcode_prefix} is served by {other.team.name}. Take it out there first.")
    team.localities.exclude(postcode_prefix__in=wanted).delete()
    there = set(team.localities.values_list("postcode_prefix", flat=True))
    Locality.objects.bulk_create(Locality(team=team, postcode_prefix=each) for each in wanted if each not in there)


def refuse_twin(rows: Any, name: str) -> None:
    twin = rows.filter(name__iexact=name).first()
    if twin:
        raise Refused(f"There is one of that name already{' (retired)' if twin.retired_at else ''}: {twin.name}.")


def free_slug(rows: Any, name: str) -> str:
    stem = slugify(name)[:58].strip("-") or "one"  # with its number it fits the trail, which names the row by it
    taken = set(rows.filter(slug__startswith=stem).values_list("slug", flat=True))
    taken.add("add")  # an address of ours
    return next(slug for n in range(1, len(taken) + 2) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken)


def added(row: Any, names: Sequence[str], told: dict[str, Any], *, by: User, at: dt.datetime) -> Any:
    for name in names:
        setattr(row, name, told[name])
    row.full_clean()
    row.save()
    detail = {name: told[name] for name in names}
    record(row.partnership, f"{type(row).__name__.lower()}.added", row, detail, by=by, at=at)
    return row


def change(
    partnership: Partnership, row: Any, names: Sequence[str], changes: dict[str, Any], *, by: User, at: dt.datetime
) -> bool:
    before = {name: getattr(row, name) for name in names if name in changes and getattr(row, name) != changes[name]}
    if not before:
        return False
    for name in before:
        setattr(row, name, changes[name])
    row.full_clean(exclude={each.name for each in row._meta.fields} - set(before))
    row.save(update_fields=list(before))
    detail = {"before": before, "after": {name: changes[name] for name in before}}
    record(partnership, f"{type(row).__name__.lower()}.changed", row, detail, by=by, at=at)
    return True


def record(partnership: Partnership, verb: str, row: Any, detail: dict[str, Any], *, by: User, at: dt.datetime) -> None:
    audit.record(
        partnership=partnership,
        verb=verb,
        noun=verb.partition(".")[0],
        object_id=getattr(row, "slug", row.pk),
        detail=detail,
        by=by,
        at=at,
    )
