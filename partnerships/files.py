"""Partnership files (`fixtures/partnerships/*.yaml`): telephone numbers, teams, localities, agencies. YAML in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from partnerships import audit
from partnerships.models import Agency, ClosureDay, ContactPoint, Locality, Partnership, Team


class Unreadable(ValueError):
    """The file is no partnership; the message says what is missing."""


def read_file(path: Path) -> dict[str, Any]:
    """The file as a mapping, checked for what a partnership can't be without."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Unreadable(f"{path.name} can't be read: {error}") from error
    if not isinstance(told, dict):
        raise Unreadable(f"{path.name} holds no partnership.")
    for name in ("slug", "name", "short_name", "front_door", "form_name", "scheme", "teams"):
        if not told.get(name):
            raise Unreadable(f"{path.name}: {name} is missing.")
    kinds = [team.get("kind") for team in told["teams"]]
    if kinds.count("mash") != 1 or "early_help" not in kinds:
        raise Unreadable(f"{path.name}: teams needs one of kind mash and at least one of kind early_help.")
    return told


@transaction.atomic
def import_partnership(*, told: dict[str, Any], at: dt.datetime) -> Partnership:
    """Create or bring up to date a partnership from its file. Rows that the file does not name stay."""
    door = told["front_door"]
    opens, closes = (as_time(door.get(name) or default) for name, default in (("opens", "09:00"), ("closes", "17:00")))
    partnership, _ = Partnership.objects.update_or_create(
        slug=told["slug"],
        defaults={
            "name": told["name"],
            "short_name": told["short_name"],
            "reference_prefix": told.get("reference_prefix") or told["slug"][:3].upper(),
            "local_authority": told.get("local_authority") or "",
            "la_code": str(told.get("la_code") or ""),
            "front_door_name": door["name"],
            "front_door_telephone": door.get("telephone") or "",
            "out_of_hours_telephone": door.get("out_of_hours_telephone") or "",
            "opens": opens,
            "closes": closes,
            "always_open": bool(door.get("always_open")),
            "hours_note": door.get("hours_note") or "",
            "form_name": told["form_name"],
            "public_form": bool(told.get("public_form")),
        },
    )
    for row in told["teams"]:
        team, _ = Team.objects.update_or_create(
            partnership=partnership,
            slug=row["slug"],
            defaults={
                "name": row["name"],
                "kind": row["kind"],
                "is_default": bool(row.get("default")),
                **{name: row.get(name) or "" for name in ("address", "email", "telephone")},
            },
        )
        for prefix in row.get("localities") or []:
            Locality.objects.get_or_create(team=team, postcode_prefix=str(prefix).upper().replace(" ", ""))
    partnership.contact_points.all().delete()
    for order, row in enumerate(told.get("contact_points") or []):
        names = ("kind", "name", "telephone", "email", "url", "when", "source")
        ContactPoint.objects.create(
            partnership=partnership, order=order, **{name: row.get(name) or "" for name in names}
        )
    for row in told.get("closure_days") or []:
        ClosureDay.objects.update_or_create(
            partnership=partnership, on=row["on"], defaults={"reason": row.get("reason") or ""}
        )
    for row in told.get("agencies") or []:
        Agency.objects.update_or_create(
            partnership=partnership,
            slug=row["slug"],
            defaults={
                "name": row["name"],
                "kind": row.get("kind") or "other",
                "source_of_referral": row["source_of_referral"],
            },
        )
    audit.record(
        partnership=partnership,
        verb="partnership.imported",
        noun="partnership",
        object_id=partnership.slug,
        by=None,
        at=at,
    )
    return partnership


def as_time(text: str) -> dt.time:
    return dt.time.fromisoformat(str(text))
