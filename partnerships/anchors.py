"""A copy of each trail's head outside the database: who can write to the database can cut the trail and its head
together, but not what was noted elsewhere.

One line a partnership and day, in a file a year (`var/anchors/2026.jsonl`), added to and never rewritten. The folder
belongs on another disk or machine, or under the care of another person.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from partnerships.audit import Fault
from partnerships.hours import LONDON
from partnerships.models import AuditEntry, AuditHead, Partnership


def folder() -> Path:
    return Path(settings.ANCHORS_DIR)


def anchor(*, at: dt.datetime, only: int | None = None) -> int:
    """Note each trail's head for today, or that of one partnership, once a day. Gives how many were noted."""
    heads = AuditHead.objects.filter(sequence__gt=0).select_related("partnership").order_by("partnership__slug")
    if only is not None:
        heads = heads.filter(partnership=only)
    day = at.astimezone(LONDON).date()
    noted = {(each["partnership"], each["day"]) for each in anchors() if each["day"] == day.isoformat()}
    lines = [
        {
            "day": day.isoformat(),
            "at": at.astimezone(dt.UTC).isoformat(),
            "partnership": head.partnership.slug,
            "sequence": head.sequence,
            "hash": head.hash,
        }
        for head in heads
        if (head.partnership.slug, day.isoformat()) not in noted
    ]
    if lines:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder() / f"{day.year}.jsonl").open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines))
    return len(lines)


def anchors() -> Iterator[dict[str, Any]]:
    """Every anchor, oldest first. A line that can't be read stands as it is, under `unreadable`."""
    for file in sorted(folder().glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                told = json.loads(line)
                yield {name: told[name] for name in ("day", "at", "partnership", "sequence", "hash")}
            except (ValueError, KeyError, TypeError):
                yield {"day": "", "partnership": "", "unreadable": f"{file.name} line {number}"}


def faults() -> Iterator[Fault]:
    """Each anchor that the trail does not bear out: its entry is gone, or is another."""
    slugs = {each.slug: each.pk for each in Partnership.objects.all()}
    told = list(anchors())
    for each in told:
        if "unreadable" in each:
            yield Fault("anchors", 0, f"{each['unreadable']} can't be read")
        elif each["partnership"] not in slugs:
            yield Fault(
                each["partnership"], each["sequence"], f"was anchored on {each['day']}; the partnership is gone"
            )
    known = [each for each in told if each["partnership"] in slugs]
    wanted = {(slugs[each["partnership"]], each["sequence"]) for each in known}
    found = {
        (entry.partnership_id, entry.sequence): entry.hash
        for entry in AuditEntry.objects.filter(sequence__in={sequence for _, sequence in wanted}).only(
            "partnership_id", "sequence", "hash"
        )
    }
    for each in known:
        stands = found.get((slugs[each["partnership"]], each["sequence"]))
        if stands is None:
            yield Fault(each["partnership"], each["sequence"], f"was anchored on {each['day']} and is gone: cut")
        elif stands != each["hash"]:
            yield Fault(each["partnership"], each["sequence"], f"is not what was anchored on {each['day']}: rewritten")
