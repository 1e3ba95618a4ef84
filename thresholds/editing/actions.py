"""What may be done to a draft: add, change, move, retire, restore, take out, discard. Each leaves its change behind."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.db import transaction
from django.db.models import ProtectedError

from partnerships import audit
from partnerships.models import User
from thresholds import trail
from thresholds.domain.consistency import LIMITS
from thresholds.editing.nouns import (
    NOUNS,
    Noun,
    Row,
    Values,
    in_list,
    relabel_ranks,
    renumber,
    to_end_of_list,
)
from thresholds.models import Change, Domain, Indicator, Level, Rule, SchemeVersion
from thresholds.refused import ChangedMeanwhile, Refused

To = Literal["up", "down"] | int
"""Where something moves: one up, one down, or before the row of that number (0: to the end)."""


@transaction.atomic
def change(
    *, draft: SchemeVersion, noun: str, pk: int, values: Values, seen: str, by: User, at: dt.datetime
) -> SchemeVersion:
    """Change one row of a draft.

    values: the new ones by the file's names. seen: `Row.seen` of the values that the form was filled with; where a
    colleague changed them since, `ChangedMeanwhile`, so that nobody overwrites another in silence.
    """
    draft = trail.locked(draft)
    kind, row = the_row(draft, noun, pk)
    if row.seen != seen:
        raise ChangedMeanwhile("A colleague changed this while you were writing.")
    values = {name: in_old_order(row.values[name], values[name]) for name in kind.columns if name in values}
    changed = {name: value for name, value in values.items() if value != row.values[name]}
    if not changed:
        return draft
    if noun == "domain" and "name" in changed:
        refuse_name(draft, changed["name"], pk)
    kind.write(draft, row, changed)
    if noun == "domain" and "name" in changed:
        rename_on_plot_sheet(draft, row.name, changed["name"])
    if noun == "indicator":
        if {"level", "domain"} & set(changed):
            to_end_of_list(draft, pk)
        renumber(draft)
    write(draft, Change.Verb.CHANGED, kind, row, {name: row.values[name] for name in changed}, changed, by, at)
    return draft


def rename_on_plot_sheet(draft: SchemeVersion, old: str, new: str) -> None:
    """Rows of the plot sheet that plot a domain go on plotting it under its new name; what they are called stays."""
    kind = NOUNS["plot_row"]
    for row in kind.rows(draft):
        if row.values["domain"] == old:
            kind.write(draft, row, {"domain": new})


def in_old_order(old: Any, new: Any) -> Any:
    """A choice of several is no change where only the order in which it was sent differs."""
    if isinstance(old, list) and isinstance(new, list) and sorted(map(str, old)) == sorted(map(str, new)):
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: in_old_order(old.get(name), value) for name, value in new.items()}
    return new


@transaction.atomic
def add(*, draft: SchemeVersion, noun: str, values: Values, by: User, at: dt.datetime) -> int:
    """Add a row at the end of its list; its number."""
    draft = trail.locked(draft)
    kind = NOUNS[noun]
    if not kind.added:
        raise Refused(f"There is only one of {kind.one}.")
    if noun == "domain":
        refuse_name(draft, values["name"], 0)
    pk = kind.add(draft, values)
    if noun == "indicator":
        to_end_of_list(draft, pk)
        renumber(draft)
    row = kind.find(draft, pk)
    if row is None:
        raise Refused("It could not be added.")
    write(draft, Change.Verb.ADDED, kind, row, None, row.values, by, at)
    return pk


@transaction.atomic
def move(*, draft: SchemeVersion, noun: str, pk: int, to: To, by: User, at: dt.datetime) -> bool:
    """Move a row among its like; false where it is at that end already."""
    draft = trail.locked(draft)
    kind, row = the_row(draft, noun, pk)
    if row.retired or not kind.ordered:
        raise Refused("It has no place to move to.")
    before = [each.pk for each in kind.neighbours(draft, row)]
    after = moved(before, pk, to)
    if after == before:
        return False
    places = before.index(pk) + 1, after.index(pk) + 1
    kind.place(draft, after)
    if noun == "indicator":
        renumber(draft)
    if noun == "level":
        relabel_ranks(draft, {before.index(each) + 1: after.index(each) + 1 for each in before})
    write(draft, Change.Verb.MOVED, kind, row, {"place": places[0]}, {"place": places[1]}, by, at)
    return True


def moved(pks: list[int], pk: int, to: To) -> list[int]:
    """The order after one of them moved."""
    place, others = pks.index(pk), [each for each in pks if each != pk]
    if to == "up":
        target = max(place - 1, 0)
    elif to == "down":
        target = min(place + 1, len(others))
    else:
        target = others.index(to) if to in others else len(others)
    return [*others[:target], pk, *others[target:]]


@transaction.atomic
def retire(
    *,
    draft: SchemeVersion,
    noun: str,
    pk: int,
    seen: str | None = None,
    out_of_rules: bool = False,
    by: User,
    at: dt.datetime,
) -> None:
    """Retire a row, or take out what is not retired but goes: a level, a stage, an entry of the guidance.

    seen: `Row.seen` of what was shown when it was asked for; `ChangedMeanwhile` where that is no more what it says.
    out_of_rules: take a retired indicator out of the rules that name it, too. Refused where others stand on it.
    """
    draft = trail.locked(draft)
    kind, row = the_row(draft, noun, pk)
    if seen is not None and row.seen != seen:
        raise ChangedMeanwhile("A colleague changed this since it was shown. Look at it again.")
    if row.retired:
        raise Refused("It is retired already.")
    if not kind.added:
        raise Refused("It can't be taken out.")
    if why := hindrance(draft, noun, row):
        raise Refused(why)
    if not kind.retires:
        if noun == "level":
            take_out_level(draft, row)
        kind.remove(draft, row)
        write(draft, Change.Verb.REMOVED, kind, row, row.values, None, by, at)
        return
    row.thing.retired_at, row.thing.retired_by = at, by
    row.thing.save(update_fields=["retired_at", "retired_by"])
    if noun == "indicator":
        renumber(draft)
    write(draft, Change.Verb.RETIRED, kind, row, row.values, None, by, at)
    if noun == "indicator" and out_of_rules:
        for rule in naming(draft, row.thing.key):
            told = NOUNS["rule"].find(draft, rule.pk)
            if told is None:
                continue
            left = [key for key in rule.parameters["indicators"] if key != row.thing.key]
            values = {"parameters": {**rule.parameters, "indicators": left}}
            NOUNS["rule"].write(draft, told, values)
            write(
                draft,
                Change.Verb.CHANGED,
                NOUNS["rule"],
                told,
                {"parameters": told.values["parameters"]},
                values,
                by,
                at,
            )


@transaction.atomic
def restore(*, draft: SchemeVersion, noun: str, pk: int, by: User, at: dt.datetime) -> None:
    """Bring a retired row back, at the end of its list."""
    draft = trail.locked(draft)
    kind, row = the_row(draft, noun, pk)
    if not row.retired:
        raise Refused("It is not retired.")
    if noun == "indicator" and row.thing.domain.retired_at:
        raise Refused(f"Its domain, {row.thing.domain.name}, is retired. Restore that first.")
    if noun == "domain" and row.thing.parent and row.thing.parent.retired_at:
        raise Refused(f"The domain above it, {row.thing.parent.name}, is retired. Restore that first.")
    row.thing.retired_at = row.thing.retired_by = None
    row.thing.save(update_fields=["retired_at", "retired_by"])
    if noun == "indicator":
        to_end_of_list(draft, pk)
        renumber(draft)
    write(draft, Change.Verb.RESTORED, kind, row, None, row.values, by, at)


@transaction.atomic
def discard(*, draft: SchemeVersion, revision: int, by: User, at: dt.datetime) -> None:
    """Delete a draft with all its content. The audit trail keeps what was changed in it."""
    draft = trail.locked(draft, revision)
    partnership, slug = draft.scheme.partnership, draft.slug
    try:
        draft.delete()
    except ProtectedError as error:
        raise Refused(f"{slug} is what something else was made from, and can't be discarded.") from error
    audit.record(
        partnership=partnership,
        verb="threshold.discarded",
        noun="scheme_version",
        object_id=slug[-64:],
        detail={"draft": slug, "revision": draft.revision},
        by=by,
        at=at,
    )


def the_row(draft: SchemeVersion, noun: str, pk: int) -> tuple[Noun, Row]:
    kind = NOUNS[noun]
    row = kind.find(draft, pk)
    if row is None:
        raise Refused("That is no longer part of this draft.")
    return kind, row


def refuse_name(draft: SchemeVersion, name: str, pk: int) -> None:
    if Domain.objects.filter(version=draft, name=name).exclude(pk=pk).exists():
        raise Refused(f"There is a domain {name} already, perhaps a retired one. Give this one another name.")


def naming(draft: SchemeVersion, key: str) -> list[Rule]:
    """The rules of a draft that name an indicator."""
    rules = Rule.objects.current().filter(version=draft)
    return [rule for rule in rules if key in (rule.parameters.get("indicators") or ())]


def hindrance(draft: SchemeVersion, noun: str, row: Row) -> str:
    """Why a row can't be retired or taken out now, and what to do first; empty where it can."""
    if noun == "level":
        rank = row.thing.rank
        stands = Indicator.objects.current().filter(version=draft, level=row.thing).count()
        rules = [
            rule.key
            for rule in Rule.objects.current().filter(version=draft)
            if rank
            in (rule.parameters.get("level"), rule.parameters.get("indicates"), rule.parameters.get("raises_to"))
        ]
        if stands:
            return f"{stands} indicator{' stands' if stands == 1 else 's stand'} at it. Move or retire them first."
        if rules:
            return f"{', '.join(rules)} {'speaks' if len(rules) == 1 else 'speak'} of it. Change or retire that first."
        if Level.objects.filter(version=draft).count() == 1:
            return "It is the only one."
    if noun == "domain":
        stands = Indicator.objects.current().filter(version=draft, domain=row.thing).count()
        below = Domain.objects.current().filter(version=draft, parent=row.thing).count()
        below += Domain.objects.current().filter(version=draft, same_as=row.thing).count()
        if stands:
            return f"{stands} indicator{' stands' if stands == 1 else 's stand'} in it. Move or retire them first."
        if below:
            return f"{below} domain{' stands' if below == 1 else 's stand'} below it or continue it. Move them first."
    if noun == "evidence":
        flags = Rule.objects.current().filter(version=draft)
        rules = [rule.key for rule in flags if row.thing.slug in (rule.parameters.get("documents") or ())]
        if rules:
            return f"{', '.join(rules)} {'asks' if len(rules) == 1 else 'ask'} for it. Change that first."
    if noun == "limit" and row.thing.slug in LIMITS:
        return "Every threshold has this clock. Change its time instead."
    return ""


def take_out_level(draft: SchemeVersion, row: Row) -> None:
    """Retired indicators of the level move to the one below (or above); higher ranks come down by one."""
    rank = row.thing.rank
    others = Level.objects.filter(version=draft).exclude(pk=row.pk)
    nearest = min(others, key=lambda each: (abs(each.rank - rank), each.rank))
    Indicator.objects.filter(version=draft, level=row.thing).update(level=nearest)
    top = max(each.rank for each in others)
    new: dict[int, int | None] = {each: each - 1 for each in range(rank + 1, max(top, rank) + 1)}
    new[rank] = None
    relabel_ranks(draft, new)


def write(
    draft: SchemeVersion, verb: Change.Verb, noun: Noun, row: Row, before: Any, after: Any, by: User, at: dt.datetime
) -> None:
    trail.write(draft=draft, verb=verb, noun=noun.slug, name=row.name, before=before, after=after, by=by, at=at)


__all__ = ["To", "add", "change", "discard", "hindrance", "in_list", "move", "naming", "restore", "retire"]
