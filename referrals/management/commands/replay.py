"""Past referrals under another version: the shift matrix, the cases that change, each queue's load."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django_scopes import scope

from referrals.replay.reading import Places, Read, cases, end_of_chunk, since_when
from referrals.replay.running import CHUNK
from thresholds import files
from thresholds.domain.causes import cause_words
from thresholds.domain.reading import SchemeErrors
from thresholds.domain.replay import Replayer, Shift
from thresholds.domain.scheme import Scheme
from thresholds.loading import load
from thresholds.models import SchemeVersion

MOST_LISTED = 1000
WAYS = ("all", "up", "down", "route")


class Command(BaseCommand):
    help = "Compare past referrals under a version and under a draft: what would move, and why. Nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the version to compare with, such as medway-2024")
        parser.add_argument("--draft", required=True, help="a threshold file, or the slug of a version")
        parser.add_argument("--since", help="a day such as 2026-01-31; without it, all past referrals")
        parser.add_argument("--format", choices=["json", "table"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        version = SchemeVersion.objects.select_related("scheme__partnership").filter(slug=options["slug"]).first()
        if version is None:
            known = ", ".join(SchemeVersion.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no threshold version {options['slug']}. There are: {known}.")
        before, after, at = whole(version), the_draft(options["draft"]), timezone.now()
        if after.partnership != version.scheme.partnership.slug:
            raise CommandError(f"{after.slug} is a threshold of {after.partnership}, not of this partnership.")
        since = as_day(options["since"])
        with scope(partnership=version.scheme.partnership):
            shift, listed, left_out = run(version, Replayer(before, after), since, at)
        told = {
            "version": before.slug,
            "draft": after.slug,
            "since": since.isoformat() if since else None,
            "until": at.isoformat(),
            "left_out": left_out,
            **as_data(shift, before, after),
            "cases": listed,
            "cases_left_off": shift.changed - len(listed),
        }
        if options["format"] == "json":
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_table(told, after)))


def run(
    version: SchemeVersion, replayer: Replayer, since: dt.date | None, at: dt.datetime
) -> tuple[Shift, list[dict[str, Any]], int]:
    """The shift over all chunks, the first changed cases, and how many children had no facts."""
    partnership, places, read = version.scheme.partnership, Places(version.scheme.partnership), Read()
    shift, cursor = Shift(), since_when(since)
    listed: list[dict[str, Any]] = []
    while cursor is None or cursor < at:
        end = end_of_chunk(partnership, cursor, at, CHUNK)
        kept = list(cases(partnership, cursor, end, places, read))
        part, changed = replayer.replay(each.case for each in kept)
        shift, cursor = shift.plus(part), end
        for each in changed[: MOST_LISTED - len(listed)]:
            listed.append(
                {
                    "child": str(kept[each.place].child_id),
                    "before": {"level": each.before.level or None, "route": each.before.route},
                    "after": {"level": each.after.level or None, "route": each.after.route},
                    "causes": list(each.causes),
                }
            )
    return shift, listed, read.left_out


def as_data(shift: Shift, before: Scheme, after: Scheme) -> dict[str, Any]:
    """The shift as JSON that says what each number is. Level null is none."""
    weeks = sorted({(week, queue) for week, queue, _ in shift.load})
    causes = sorted({cause for cause, _ in shift.causes})
    told: dict[str, Any] = {
        "children": shift.children,
        "referrals": shift.referrals,
        "changed": shift.changed,
        "flags_only": shift.flags_only,
        "not_known_to_the_draft": shift.strangers,
        "levels": [
            {"before": was or None, "after": now or None, "children": n}
            for (was, now), n in sorted(shift.levels.items())
        ],
        "routes": [{"before": was, "after": now, "children": n} for (was, now), n in sorted(shift.routes.items())],
        "flags": [{"flag": flag, "change": way, "children": n} for (flag, way), n in sorted(shift.flags.items())],
        "load": [
            {"week": w, "queue": q, "before": shift.load[w, q, "before"], "after": shift.load[w, q, "after"]}
            for w, q in weeks
        ],
        "causes": [
            {"cause": cause, "because": cause_words(cause, before, after)}
            | {way: shift.causes[cause, way] for way in WAYS[1:]}
            for cause in causes
        ],
    }
    for kind in ("agency", "age", "sex"):
        names = sorted({name for each, name, _ in shift.groups if each == kind})
        told[f"by_{kind}"] = [
            {kind: name, "children": shift.groups[kind, name, "all"]}
            | {way: shift.groups[kind, name, way] for way in WAYS[1:]}
            for name in names
        ]
    return told


def as_table(told: dict[str, Any], after: Scheme) -> list[str]:
    """The same for a person at a terminal."""
    lines = [
        f"{told['version']} and {told['draft']} over {told['referrals']:,} referrals of {told['children']:,} children"
        + (f" since {told['since']}" if told["since"] else ""),
        f"{told['changed']:,} would move; {told['flags_only']:,} more would only have other flags.",
    ]
    if told["left_out"]:
        lines.append(f"{told['left_out']:,} children without kept facts are left out.")
    word = after.step_word.value
    for title, rows in (
        (word, [(row["before"] or "none", row["after"] or "none", row["children"]) for row in told["levels"]]),
        ("route", [(row["before"], row["after"], row["children"]) for row in told["routes"]]),
    ):
        lines += ["", f"{f'{title} before':<16}{f'{title} after':<16}{'children':>10}"]
        lines += [f"{was!s:<16}{now!s:<16}{n:>10,}" for was, now, n in rows]
    totals: dict[str, list[int]] = {}
    for row in told["load"]:
        total = totals.setdefault(row["queue"], [0, 0])
        total[0] += row["before"]
        total[1] += row["after"]
    weeks = len({row["week"] for row in told["load"]}) or 1
    lines += ["", f"{'queue, referrals a week':<60}{'before':>10}{'after':>10}"]
    lines += [f"{queue:<60}{one / weeks:>10.1f}{two / weeks:>10.1f}" for queue, (one, two) in sorted(totals.items())]
    if told["causes"]:
        lines += ["", f"{'up':>8}{'down':>8}{'another way':>13}  because"]
        lines += [f"{c['up']:>8,}{c['down']:>8,}{c['route']:>13,}  {c['because']}" for c in told["causes"]]
    return lines


def the_draft(place: str) -> Scheme:
    """A version by its slug, or a threshold file."""
    version = SchemeVersion.objects.select_related("scheme__partnership").filter(slug=place).first()
    if version:
        return whole(version)
    path = Path(place)
    if not path.is_file():
        raise CommandError(f"There is no threshold version {place}, and no such file.")
    try:
        return files.read_file(path)
    except (SchemeErrors, ValueError, OSError) as error:
        raise CommandError(f"{place} can't be read: {str(error).splitlines()[0]}") from error


def whole(version: SchemeVersion) -> Scheme:
    try:
        return load(version)
    except SchemeErrors as errors:
        raise CommandError(f"The draft {version.slug} is not whole: {errors.mistakes[0]}") from errors


def as_day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise CommandError(f"--since {str(text)[:20]!r} is no day: write it as 2026-01-31.") from error
