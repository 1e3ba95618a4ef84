"""What threshold pages say of rules and clocks in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from thresholds.models import Limit, Rule

register = template.Library()

UNITS = {"clock_hours": "hour", "working_hours": "working hour", "working_days": "working day"}


@register.filter
def at(table: Mapping[str, Any], key: str) -> Any:
    """The entry of a table under a key."""
    return table.get(key)


@register.filter
def unit_words(limit: Limit) -> str:
    """The unit of a limit, in the number that it needs: `working days`."""
    return UNITS.get(limit.unit, limit.unit) + ("" if limit.amount == 1 else "s")


@register.filter
def numbers(rule: Rule, step: str) -> str:
    """A rule's numbers in a sentence, with the document's word for a step; empty where it has none."""
    told = rule.parameters
    if rule.kind == "cluster":
        return (
            f"At least {told['count']} indicators of {step} {told['level']}, over at least {told['domains']} "
            f"top-level domain{'' if told['domains'] == 1 else 's'}, indicate {step} {told['indicates']}."
        )
    if rule.kind == "age":
        unborn = ", or a child not yet born" if told.get("unborn") else ""
        return f"With any child under {told['under_months']} months{unborn}: at least {step} {told['indicates']}."
    if rule.kind == "seen_before":
        raises = f"raise to {step} {told['raises_to']}" if told.get("raises_to") else "are shown, and raise nothing"
        return f"{told['at_least']} or more earlier contacts in {told['window_months']} months {raises}."
    if rule.kind == "flag":
        return f"To the referrer: {told['referrer']} To the screener: {told['screener']}"
    return ""
