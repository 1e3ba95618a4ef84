"""A `Scheme` as the mapping that a threshold file holds: JSON values only, in the order of docs/threshold-files.md."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from enum import Enum
from typing import Any

from thresholds.domain.scheme import Domain, Frozen, Indicator, Rule, Scheme

INDICATOR_ORDER = ("key", "level", "shared_with", "domain", "item", "label", "flags", "source")
OPTIONAL = ("plot_sheet", "flag_notes")
SAYS_NOTHING = ("route", "done_by", "documents", "asks_more")
"""Of a flag's rule: left out where they are empty."""


def write_scheme(scheme: Scheme) -> dict[str, Any]:
    """The whole scheme: every key is there, dates are ISO strings. `plot_sheet`, `flag_notes`, `same_as` and of a
    flag's rule `route` and what shows that it is done stand there only where they say something."""
    told = {name: _plain(getattr(scheme, name)) for name in _names(Scheme) if name not in OPTIONAL}
    for name in OPTIONAL:
        part: Frozen | None = getattr(scheme, name)
        if part is not None:
            told[name] = part.plain()
    return told


def _names(kind: type[Any]) -> list[str]:
    return [each.name for each in fields(kind) if each.init]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Indicator):
        return {name: _plain(getattr(value, name)) for name in INDICATOR_ORDER}
    if isinstance(value, Rule):
        told = _part(value)
        for name in SAYS_NOTHING:
            if told["parameters"].get(name) in (None, [], False):
                told["parameters"].pop(name, None)
        return told
    if isinstance(value, Domain):
        told = _part(value)
        if value.same_as is None:
            del told["same_as"]
        return told
    return value if value is None or isinstance(value, str | int) else _part(value)


def _part(value: Any) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in _names(type(value))}
