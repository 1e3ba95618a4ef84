"""What a draft consists of, noun by noun: where its rows stand, what of each may be edited, what it is called.

Every row is told as the file tells it (docs/threshold-files.md): a level by its rank, a domain by its name. So a form,
a change in the trail, and a comparison of two texts all speak of the same values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model
from django.utils.text import slugify

from thresholds.domain import free_parts
from thresholds.models import (
    ConsentReason,
    Domain,
    EscalationStage,
    Evidence,
    Indicator,
    Level,
    Limit,
    Rule,
    SchemeVersion,
)

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of a draft. `thing` is its database row, or None where it stands in the version's own JSON."""

    pk: int
    name: str
    values: Values
    thing: Any = None
    retired: bool = False

    @property
    def seen(self) -> str:
        """Stands for the values as they were when a form was shown."""
        return hashlib.sha256(json.dumps(self.values, sort_keys=True, default=str).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of thing in a draft. Sub-classes know where the rows stand.

    slug: its name in addresses and in the trail. one, many: what pages call it. columns: what may be edited, by the
    file's names. retires: it is retired and restored; else it is taken out. ordered: it has a place among its like.
    """

    slug: str
    one: str
    many: str
    columns: tuple[str, ...]
    retires: bool = False
    ordered: bool = True
    added: bool = True

    @property
    def a(self) -> str:
        """One of them, with its article: "an indicator"."""
        return f"{'an' if self.one[0] in 'aeiou' else 'a'} {self.one}"

    def rows(self, draft: SchemeVersion) -> list[Row]:
        """The rows of the draft in their order; the retired after them."""
        raise NotImplementedError

    def find(self, draft: SchemeVersion, pk: int) -> Row | None:
        """The row of that number in this draft, retired or not."""
        return next((row for row in self.rows(draft) if row.pk == pk), None)

    def write(self, draft: SchemeVersion, row: Row, values: Values) -> None:
        """Store new values of a row."""
        raise NotImplementedError

    def add(self, draft: SchemeVersion, values: Values) -> int:
        """Store a new row behind the others; its number."""
        raise NotImplementedError

    def place(self, draft: SchemeVersion, pks: list[int]) -> None:
        """Store a new order of the rows given by their numbers; others keep their places."""
        raise NotImplementedError

    def remove(self, draft: SchemeVersion, row: Row) -> None:
        """Take a row out for good."""
        raise NotImplementedError

    def neighbours(self, draft: SchemeVersion, row: Row) -> list[Row]:
        """The rows among which this one has its place, itself one of them."""
        return [each for each in self.rows(draft) if not each.retired]


@dataclass(frozen=True, slots=True)
class Table(Noun):
    """Rows of a table. `order` is the column of their place; `titled` says what one is called."""

    model: type[Model] = Model
    order: str = "order"
    titled: Callable[[Any], str] = str
    identity: str = ""

    def rows(self, draft: SchemeVersion) -> list[Row]:
        found = self.queryset(draft)
        return [self.row(each) for each in sorted(found, key=lambda each: self.is_retired(each))]

    def queryset(self, draft: SchemeVersion) -> Any:
        related = {"indicator": ("level", "domain"), "domain": ("parent", "same_as")}.get(self.slug, ())
        found = self.model._default_manager.filter(version=draft).order_by(self.order, "pk")
        return found.select_related(*related) if related else found

    def find(self, draft: SchemeVersion, pk: int) -> Row | None:
        try:
            thing = self.queryset(draft).filter(pk=pk).first()
        except OverflowError:  # a number that no column holds
            return None
        return self.row(thing) if thing is not None else None

    def row(self, thing: Any) -> Row:
        return Row(thing.pk, self.titled(thing), self.told(thing), thing, self.is_retired(thing))

    def is_retired(self, thing: Any) -> bool:
        return self.retires and thing.retired_at is not None

    def told(self, thing: Any) -> Values:
        """Its values as the file has them."""
        told = {}
        for name in self.columns:
            value = getattr(thing, name)
            if isinstance(value, Level):
                value = value.rank
            elif isinstance(value, Domain):
                value = value.name
            told[name] = value
        return told

    def write(self, draft: SchemeVersion, row: Row, values: Values) -> None:
        self.fill(draft, row.thing, values)
        row.thing.save()

    def fill(self, draft: SchemeVersion, thing: Any, values: Values) -> None:
        """Put values into a row that is then saved; what does not fit its column raises ValidationError."""
        for name, value in values.items():
            if name == "level":
                value = Level.objects.get(version=draft, rank=value)
            elif name in ("domain", "parent", "same_as"):
                value = Domain.objects.get(version=draft, name=value) if value else None
            setattr(thing, name, value)
        skipped = {field.name for field in thing._meta.fields} - set(values)
        thing.clean_fields(exclude=skipped | {"level", "domain", "parent", "same_as"} | empty_json(thing, values))

    def add(self, draft: SchemeVersion, values: Values) -> int:
        thing: Any = self.model(version=draft)
        fixed = {name: values[name] for name in ("kind",) if name in values}
        self.fill(draft, thing, {name: values[name] for name in self.columns if name in values} | fixed)
        last = self.model._default_manager.filter(version=draft).order_by(f"-{self.order}").first()
        setattr(thing, self.order, getattr(last, self.order) + 1 if last else int(self.order != "order"))
        if self.identity:
            setattr(thing, self.identity, self.free_name(draft, thing))
        if self.slug == "indicator":
            thing.item = 1
        thing.save()
        return int(thing.pk)

    def free_name(self, draft: SchemeVersion, thing: Any) -> str:
        """A key or slug of its own, never one that was used before in this draft, retired or not."""
        column: Any = self.model._meta.get_field(self.identity)
        longest = (column.max_length or 60) - 4
        stem = (slugify(self.stem(thing)) or self.slug)[:longest].strip("-")
        used = self.model._default_manager.filter(version=draft, **{f"{self.identity}__startswith": stem})
        taken = set(used.values_list(self.identity, flat=True))
        return next(name for n in range(1, len(taken) + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in taken)

    def stem(self, thing: Any) -> str:
        if self.slug == "indicator":
            return f"{thing.domain.name[:60]}-{thing.level.rank}-new"
        if self.slug == "rule":
            flag = str(thing.parameters.get("flag", "")).replace("_", "-")
            return f"{thing.kind.replace('_', '-')}-{flag}" if flag else thing.kind.replace("_", "-")
        return self.titled(thing)

    def place(self, draft: SchemeVersion, pks: list[int]) -> None:
        things = {each.pk: each for each in self.model._default_manager.filter(version=draft, pk__in=pks)}
        places = sorted(getattr(each, self.order) for each in things.values())
        moved = []
        for pk, place in zip(pks, places, strict=True):
            if getattr(things[pk], self.order) != place:
                setattr(things[pk], self.order, place)
                moved.append(things[pk])
        if self.order != "order":  # a number of which there is one each: out of the way first
            far = self.model._default_manager.filter(version=draft, pk__in=[each.pk for each in moved])
            far.update(**{self.order: F(self.order) + 1000})
        self.model._default_manager.bulk_update(moved, [self.order])

    def remove(self, draft: SchemeVersion, row: Row) -> None:
        row.thing.delete()
        if self.order != "order":
            after = self.model._default_manager.filter(
                version=draft, **{f"{self.order}__gt": getattr(row.thing, self.order)}
            )
            for thing in after.order_by(self.order):
                setattr(thing, self.order, getattr(thing, self.order) - 1)
                thing.save(update_fields=[self.order])

    def neighbours(self, draft: SchemeVersion, row: Row) -> list[Row]:
        rows = [each for each in self.rows(draft) if not each.retired]
        if self.slug == "indicator":
            rows = [each for each in rows if in_list(each) == in_list(row)]
        return rows


def by_name(thing: Any) -> str:
    """What a level or a stage is called without its number."""
    return str(thing.name)


def in_list(row: Row) -> tuple[Any, ...]:
    """Which list of the document an indicator stands in."""
    return row.values["level"], row.values["domain"]


def empty_json(thing: Any, values: Values) -> set[str]:
    """Lists and mappings, which may be empty: Django would ask for something in them."""
    return {name for name, value in values.items() if isinstance(value, list | dict)}


@dataclass(frozen=True, slots=True)
class Whole(Noun):
    """What there is one of: columns of the version itself, or the texts of its guidance."""

    inside: str = ""

    def rows(self, draft: SchemeVersion) -> list[Row]:
        held = getattr(draft, self.inside) if self.inside else {name: getattr(draft, name) for name in self.columns}
        values = {name: told(held.get(name)) for name in self.columns}
        return [Row(draft.pk, self.many, values)]

    def write(self, draft: SchemeVersion, row: Row, values: Values) -> None:
        if self.inside:
            setattr(draft, self.inside, {**getattr(draft, self.inside), **values})
            draft.save(update_fields=[self.inside])
            return
        for name, value in values.items():
            setattr(draft, name, value)
        draft.clean_fields(exclude={field.name for field in draft._meta.fields} - set(values))
        draft.save(update_fields=list(values))


@dataclass(frozen=True, slots=True)
class Listed(Noun):
    """Entries of a list inside the guidance; each is numbered by its place, from 1."""

    inside: str = ""

    def held(self, draft: SchemeVersion) -> list[Values]:
        return list(draft.guidance.get(self.inside) or [])

    def rows(self, draft: SchemeVersion) -> list[Row]:
        return [
            Row(place, str(entry.get(self.columns[0], "")), {name: entry.get(name) for name in self.columns})
            for place, entry in enumerate(self.held(draft), start=1)
        ]

    def store(self, draft: SchemeVersion, entries: list[Values]) -> None:
        draft.guidance = {**draft.guidance, self.inside: entries}
        draft.save(update_fields=["guidance"])

    def write(self, draft: SchemeVersion, row: Row, values: Values) -> None:
        entries = self.held(draft)
        entries[row.pk - 1] = {**entries[row.pk - 1], **values}
        self.store(draft, entries)

    def add(self, draft: SchemeVersion, values: Values) -> int:
        entries = [*self.held(draft), {name: values.get(name) for name in self.columns}]
        self.store(draft, entries)
        return len(entries)

    def place(self, draft: SchemeVersion, pks: list[int]) -> None:
        entries = self.held(draft)
        self.store(draft, [entries[pk - 1] for pk in pks])

    def remove(self, draft: SchemeVersion, row: Row) -> None:
        entries = self.held(draft)
        del entries[row.pk - 1]
        self.store(draft, entries)


@dataclass(frozen=True, slots=True)
class Plotted(Listed):
    """Entries of a list of the plot sheet. A threshold without any has no sheet."""

    def held(self, draft: SchemeVersion) -> list[Values]:
        return [dict(each) for each in free_parts.listed(draft.plot_sheet, self.inside)]

    def store(self, draft: SchemeVersion, entries: list[Values]) -> None:
        told = {**draft.plot_sheet} if isinstance(draft.plot_sheet, dict) else {}
        told[self.inside] = entries
        draft.plot_sheet = told if any(told.values()) else None
        draft.save(update_fields=["plot_sheet"])


@dataclass(frozen=True, slots=True)
class FlagNotes(Noun):
    """The notes on flags, each numbered by its place, from 1."""

    def rows(self, draft: SchemeVersion) -> list[Row]:
        found = []
        labels = dict(Indicator.objects.filter(version=draft).values_list("key", "label"))
        for place, note in enumerate(free_parts.flag_notes(draft.flag_notes), start=1):
            values = {"indicators": list(note.indicators), "flag": note.flag or None, "note": note.note}
            first, more = next(iter(note.indicators), ""), len(note.indicators) - 1
            about = labels.get(first, first)[:300] + (f", and {more} more" if more > 0 else "")
            found.append(Row(place, about or note.note[:60], values))
        return found

    def store(self, draft: SchemeVersion, entries: list[Values]) -> None:
        notes = [
            free_parts.FlagNote(each.get("flag") or "", tuple(each["indicators"]), each["note"]) for each in entries
        ]
        draft.flag_notes = free_parts.as_told(notes, draft.flag_notes)
        draft.save(update_fields=["flag_notes"])

    def write(self, draft: SchemeVersion, row: Row, values: Values) -> None:
        entries = [each.values for each in self.rows(draft)]
        entries[row.pk - 1] = {**entries[row.pk - 1], **values}
        self.store(draft, entries)

    def add(self, draft: SchemeVersion, values: Values) -> int:
        self.store(draft, [*(each.values for each in self.rows(draft)), values])
        like = {name: values.get(name) for name in self.columns}
        return next((each.pk for each in reversed(self.rows(draft)) if each.values == like), len(self.rows(draft)))

    def remove(self, draft: SchemeVersion, row: Row) -> None:
        self.store(draft, [each.values for each in self.rows(draft) if each.pk != row.pk])


def told(value: Any) -> Any:
    """A value as JSON has it: dates as ISO strings."""
    return value.isoformat() if hasattr(value, "isoformat") else value


GUIDANCE_TEXTS = ("before_referring", "telephone_first", "consent", "practice_model", "scale", "after")
LEVEL_COLUMNS = (
    "name",
    "description",
    "colour",
    "statutory_basis",
    "consent_needed",
    "route",
    "expected_response",
    "referrer_should",
    "source",
)

NOUNS: dict[str, Noun] = {
    each.slug: each
    for each in (
        Whole(
            "document",
            "the document",
            "The document",
            ("title", "document", "review_on", "step_word"),
            ordered=False,
            added=False,
        ),
        Table("level", "level", "Levels", LEVEL_COLUMNS, model=Level, order="rank", titled=by_name),
        Table("domain", "domain", "Domains", ("name", "parent", "same_as"), retires=True, model=Domain),
        Table(
            "indicator",
            "indicator",
            "Indicators",
            ("label", "domain", "level", "shared_with", "flags", "source"),
            retires=True,
            model=Indicator,
            identity="key",
        ),
        Table(
            "rule",
            "rule",
            "Rules",
            ("parameters", "explanation", "source", "local_default"),
            retires=True,
            model=Rule,
            identity="key",
        ),
        Table(
            "limit",
            "clock",
            "Clocks",
            ("name", "amount", "unit", "starts", "source", "local_default"),
            retires=True,
            model=Limit,
            identity="slug",
        ),
        Table(
            "reason",
            "reason",
            "Reasons for no consent",
            ("label", "accepted_at", "source"),
            retires=True,
            model=ConsentReason,
            identity="slug",
        ),
        Table(
            "evidence",
            "thing to attach",
            "What to attach",
            ("name", "when", "source"),
            retires=True,
            model=Evidence,
            identity="slug",
        ),
        Table(
            "stage",
            "stage",
            "Stages of a disagreement",
            ("name", "people", "limit_working_days", "source"),
            model=EscalationStage,
            order="stage",
            titled=by_name,
        ),
        Whole("guidance", "guidance", "Guidance texts", GUIDANCE_TEXTS, ordered=False, added=False, inside="guidance"),
        Listed(
            "question", "question", "What makes a good referral", ("question", "why", "source"), inside="good_referral"
        ),
        Listed("also", "duty", "Also to know", ("name", "text", "source"), inside="also"),
        Plotted("plot_column", "column", "Plot sheet: columns", ("name", "levels", "grade"), inside="columns"),
        Plotted("plot_row", "row", "Plot sheet: rows", ("name", "domain"), inside="rows"),
        FlagNotes("flag_note", "note", "Notes on flags", ("indicators", "flag", "note"), ordered=False),
    )
}
"""Every part of a draft by its name in addresses, in the order of the draft's page."""


def renumber(draft: SchemeVersion) -> None:
    """Count the items of each list anew, from 1, in the order in which they stand."""
    counted: dict[tuple[int, int], int] = {}
    moved = []
    for each in Indicator.objects.current().filter(version=draft).order_by("order", "pk"):
        place = counted[each.level_id, each.domain_id] = counted.get((each.level_id, each.domain_id), 0) + 1
        if each.item != place:
            each.item = place
            moved.append(each)
    Indicator.objects.bulk_update(moved, ["item"])


def to_end_of_list(draft: SchemeVersion, pk: int) -> None:
    """Let an indicator stand last in the list that it is in now."""
    rows = list(Indicator.objects.filter(version=draft).order_by("order", "pk"))
    moving = next(each for each in rows if each.pk == pk)
    rows.remove(moving)
    same = [n for n, each in enumerate(rows) if (each.level_id, each.domain_id) == (moving.level_id, moving.domain_id)]
    rows.insert(same[-1] + 1 if same else len(rows), moving)
    changed = []
    for order, each in enumerate(rows):
        if each.order != order:
            each.order = order
            changed.append(each)
    Indicator.objects.bulk_update(changed, ["order"])


def relabel_ranks(draft: SchemeVersion, new: dict[int, int | None]) -> None:
    """After levels moved: what speaks of a rank speaks of the same level under its new rank; None: it is gone."""

    def ranks(old: Iterable[int]) -> list[int]:
        return sorted(rank for each in old if (rank := new.get(each, each)) is not None)

    indicators = list(Indicator.objects.filter(version=draft).exclude(shared_with=[]))
    for indicator in indicators:
        indicator.shared_with = ranks(indicator.shared_with)
    Indicator.objects.bulk_update(indicators, ["shared_with"])
    reasons = list(ConsentReason.objects.filter(version=draft))
    for reason in reasons:
        reason.accepted_at = ranks(reason.accepted_at)
    ConsentReason.objects.bulk_update(reasons, ["accepted_at"])
    for column in NOUNS["plot_column"].rows(draft):
        NOUNS["plot_column"].write(draft, column, {"levels": ranks(column.values["levels"] or [])})
    rules = list(Rule.objects.filter(version=draft))
    for rule in rules:
        for name in ("level", "indicates", "raises_to"):
            if isinstance(rule.parameters.get(name), int):
                rule.parameters[name] = new.get(rule.parameters[name], rule.parameters[name])
    Rule.objects.bulk_update(rules, ["parameters"])
