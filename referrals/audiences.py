"""What an audience is given: rows, and whatever holds rows, of which only the permitted classes can be read.

    context = seen_by(Audience.REFERRER, {"letters": letters, "referral": referral})

A template, a letter or an export that is handed its rows by `seen_by` can reach no field outside the table
(`referrals.domain.audiences`, `referrals.domain.classes`): not by a relation, a property, or a list. A field that is
refused raises `NotForThem` in code, is empty in a template, and leaves a line in the log that holds no value.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from types import FunctionType, GeneratorType, MethodType
from typing import Any, TypeVar, cast

from django.core.paginator import Page
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from referrals.domain.audiences import Audience
from referrals.domain.classes import OF_WORKED_OUT, SORT, SORTED, answers_for, class_of

log = logging.getLogger(__name__)
T = TypeVar("T")
ROWS = "referrals"
READ_ONLY = frozenset({"all", "filter", "exclude", "order_by", "select_related", "prefetch_related", "first", "last"})
COUNTS = frozenset({"exists", "count"})


class NotForThem(Exception):
    """An audience was to be shown what it may not read. The message names the field, never its value."""

    silent_variable_failure = True


def seen_by(audience: Audience, thing: T) -> T:
    """The same as this audience may read it. What holds no row of this app is given back as it is."""
    return cast(T, _seen(audience, thing))


def render_for(
    audience: Audience, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page for this audience."""
    return render(request, template, seen_by(audience, context), status=status)


def _seen(audience: Audience, thing: Any) -> Any:
    if type(thing) in (Seen, SeenRows, SeenRecord, SeenPage):
        return type(thing)(audience, bare(thing)) if object.__getattribute__(thing, "_audience") != audience else thing
    if isinstance(thing, models.Model):
        return Seen(audience, thing) if thing._meta.app_label == ROWS else thing
    if isinstance(thing, models.QuerySet | models.Manager):
        return SeenRows(audience, thing) if thing.model._meta.app_label == ROWS else thing
    if isinstance(thing, Page):
        return SeenPage(audience, thing)
    if isinstance(thing, GeneratorType | map | filter):
        return (_seen(audience, each) for each in thing)
    if type(thing) in (list, tuple, set, frozenset):
        return type(thing)(_seen(audience, each) for each in thing)
    if type(thing) is dict:
        return {_seen(audience, key): _seen(audience, value) for key, value in thing.items()}
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type) and type(thing).__module__.startswith(ROWS):
        return SeenRecord(audience, thing)
    return thing


def bare(thing: Any) -> Any:
    """The row itself behind what an audience sees, for queries."""
    is_seen = type(thing) in (Seen, SeenRows, SeenRecord, SeenPage)
    return object.__getattribute__(thing, "_thing") if is_seen else thing


class _Behind:
    """Something as an audience may read it. It passes for what it is, so that code and queries take it."""

    __slots__ = ("_audience", "_thing")
    _audience: Audience
    _thing: Any

    def __init__(self, audience: Audience, thing: Any) -> None:
        object.__setattr__(self, "_audience", audience)
        object.__setattr__(self, "_thing", thing)

    @property  # type: ignore[misc]  # what it passes for is read and never set
    def __class__(self) -> Any:
        return type(object.__getattribute__(self, "_thing"))

    def __eq__(self, other: object) -> bool:
        return bool(bare(self) == bare(other))

    def __hash__(self) -> int:
        return hash(bare(self))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"what an audience sees is not changed: {name}")


class Seen(_Behind):
    """One row: each field is asked for by its class; properties and methods work on what is left."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        thing, audience = bare(self), self._audience
        model: type[models.Model] = type(thing)
        if name in ("_meta", "_state", "pk", "__dict__"):
            return getattr(thing, name)
        field = fields_of(model).get(name)
        if field is not None:
            permit(audience, thing, field)
            return _given(audience, thing, name, field)
        if name in related_of(model):
            return _seen(audience, getattr(thing, name))
        return self._worked_out(audience, thing, name)

    def _worked_out(self, audience: Audience, thing: models.Model, name: str) -> Any:
        if name in OF_WORKED_OUT.get(type(thing).__name__, {}):
            permit(audience, thing, name)
            return getattr(thing, name)
        how = getattr(type(thing), name, None)
        if isinstance(how, property) and how.fget:
            return _seen(audience, how.fget(self))
        if isinstance(how, cached_property):
            return _seen(audience, how.func(self))
        if isinstance(how, FunctionType):
            return MethodType(how, self)
        if how is not None:
            return how
        raise AttributeError(f"{type(thing).__name__} as {audience.value} sees it has no {name}")

    def __str__(self) -> str:
        return str(bare(self))


class SeenRows(_Behind):
    """Rows of a query. Values and sums would pass by the classes, and are refused."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return (_seen(self._audience, row) for row in self._rows())

    def __len__(self) -> int:
        return len(self._rows())

    def __bool__(self) -> bool:
        return bool(self._rows())

    def __getitem__(self, place: Any) -> Any:
        return _seen(self._audience, self._rows()[place])

    def _rows(self) -> Any:
        thing = bare(self)
        return thing.all() if isinstance(thing, models.Manager) else thing

    def __getattr__(self, name: str) -> Any:
        thing = bare(self)
        if name in ("model", "query", "_prefetch_related_lookups", "_result_cache"):
            return getattr(thing, name)
        if name not in READ_ONLY | COUNTS and not is_named(thing, name):
            raise NotForThem(f"{name} of {thing.model.__name__} would pass by the classes")
        asked = getattr(thing, name)

        def answer(*args: Any, **kwargs: Any) -> Any:
            return _seen(self._audience, asked(*map(bare, args), **{key: bare(value) for key, value in kwargs.items()}))

        return answer


class SeenRecord(_Behind):
    """A record of our own that may hold rows."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return _seen(self._audience, getattr(bare(self), name))

    def __str__(self) -> str:
        return str(bare(self))


class SeenPage(SeenRecord):
    """A page of a list: its rows, its number, and whether there are others."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return (_seen(self._audience, row) for row in bare(self))

    def __len__(self) -> int:
        return len(bare(self))

    def __getitem__(self, place: Any) -> Any:
        return _seen(self._audience, bare(self)[place])

    def __getattr__(self, name: str) -> Any:
        if name == "paginator":
            raise NotForThem("a paginator holds the rows of every page as they are")
        return super().__getattr__(name)


def permit(audience: Audience, thing: models.Model, field: str) -> None:
    """Raise `NotForThem` where the field's class in this row is not this audience's."""
    model = type(thing)._meta.concrete_model or type(thing)
    name = model.__name__
    sort = str(getattr(thing, SORT[name])) if name in SORT and field in SORTED[name] else ""
    told = class_of(name, field, sort)
    if told is None or told not in audience.reads:
        log.error("%s may not read %s.%s (%s)", audience.value, name, field, told.value if told else "no class")
        raise NotForThem(f"{audience.value} may not read {name}.{field}")


def _given(audience: Audience, thing: models.Model, name: str, field: str) -> Any:
    value = getattr(thing, name)
    if field == "answers" and isinstance(value, Mapping):
        return answers_for(audience.reads, value)
    return _seen(audience, value)


def is_named(rows: Any, name: str) -> bool:
    """Whether this app gave the query that name: it leads to rows."""
    of = getattr(rows, "_queryset_class", type(rows))
    return str(getattr(getattr(of, name, None), "__module__", "")).startswith(ROWS)


@cache
def fields_of(model: type[models.Model]) -> dict[str, str]:
    """Each name by which a field is read, with the field's own: `referral_id`, `get_state_display`."""
    found: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        found |= {field.name: field.name, field.attname: field.name}
        if field.choices:
            found[f"get_{field.name}_display"] = field.name
    return found


@cache
def related_of(model: type[models.Model]) -> frozenset[str]:
    """The names of what points at a row."""
    return frozenset(name for each in model._meta.related_objects if (name := each.get_accessor_name()))
