"""What changed between two schemes, text by text, so that a person can read it before publishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thresholds.domain.scheme import Scheme
from thresholds.domain.writing import write_scheme

LISTS = {
    "levels": "rank",
    "domains": "name",
    "indicators": "key",
    "rules": "key",
    "limits": "slug",
    "consent_reasons": "slug",
    "evidence": "slug",
    "escalation_stages": "stage",
}
NAMES = {
    "levels": "Level",
    "domains": "Domain",
    "indicators": "Indicator",
    "rules": "Rule",
    "limits": "Clock",
    "consent_reasons": "Reason for no consent",
    "evidence": "Evidence",
    "escalation_stages": "Stage of a disagreement",
}
OF_EVERY_VERSION_ITS_OWN = ("slug", "in_force_from", "in_force_to")


@dataclass(frozen=True, slots=True)
class Difference:
    """One text or number that differs. `before` is None for what is new, `after` for what is gone."""

    part: str
    name: str
    field: str
    before: str | None
    after: str | None


def differences(before: Scheme, after: Scheme) -> tuple[Difference, ...]:
    """Everything in which two schemes differ but their slugs and dates, in the order of the file."""
    old, new = write_scheme(before), write_scheme(after)
    found: list[Difference] = []
    for section in dict.fromkeys((*new, *old)):
        if section in LISTS:
            found += _of_list(section, old.get(section) or [], new.get(section) or [])
        elif section not in OF_EVERY_VERSION_ITS_OWN:
            found += _of_value("Document", "", section, old.get(section), new.get(section))
    return tuple(found)


def _of_list(section: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[Difference]:
    key = LISTS[section]
    olds, news = ({str(row[key]): row for row in rows} for rows in (old, new))
    found: list[Difference] = []
    for name in dict.fromkeys((*news, *olds)):
        if name not in olds:
            found.append(Difference(NAMES[section], name, "", None, _said(news[name])))
        elif name not in news:
            found.append(Difference(NAMES[section], name, "", _said(olds[name]), None))
        else:
            found += _of_value(NAMES[section], name, "", olds[name], news[name])
    if [name for name in olds if name in news] != [name for name in news if name in olds]:
        found.append(Difference(NAMES[section], "", "order", ", ".join(olds), ", ".join(news)))
    return found


def _of_value(part: str, name: str, field: str, old: Any, new: Any) -> list[Difference]:
    if old == new:
        return []
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found = []
        for key in dict.fromkeys((*new, *old)):
            inner = f"{field}: {key}" if field else str(key)
            found += _of_value(part, name, inner.replace("_", " "), old.get(key), new.get(key))
        return found
    return [Difference(part, name, field.replace("_", " "), _said(old), _said(new))]


def _said(value: Any) -> str | None:
    """A value in words: the label of a row where it has one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        for key in ("label", "explanation", "name"):
            if key in value:
                return str(value[key])
        return "; ".join(f"{key}: {_said(each)}" for key, each in value.items())
    if isinstance(value, list):
        return "; ".join(_said(each) or "none" for each in value) or "none"
    return str(value)
