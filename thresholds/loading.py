"""Rows to `Scheme`: the only bridge between the tables and the pure domain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from partnerships.models import Partnership
from thresholds.domain.reading import read_scheme
from thresholds.domain.scheme import Scheme
from thresholds.models import SchemeVersion


class NoThreshold(LookupError):
    """The partnership has no version in force at that instant."""


def version_in_force(partnership: Partnership, at: dt.datetime) -> SchemeVersion:
    """The version under which a referral sent at this instant is screened."""
    version = SchemeVersion.objects.of(partnership).in_force(at).first()
    if version is None:
        raise NoThreshold(f"{partnership.name} has no threshold in force on {at:%-d %B %Y}.")
    return version


def load(version: SchemeVersion) -> Scheme:
    """The version as the engine reads it. A published version never changes, so it is read once a process.

    A draft that is not whole raises `thresholds.domain.reading.SchemeErrors` with every mistake.
    """
    return read_scheme(as_mapping(version)) if version.is_draft else _load_published(version.pk)


@lru_cache(maxsize=64)
def _load_published(pk: int) -> Scheme:
    return read_scheme(as_mapping(SchemeVersion.objects.select_related("scheme__partnership").get(pk=pk)))


def as_mapping(version: SchemeVersion) -> dict[str, Any]:
    """The version in the shape of a threshold file (docs/threshold-files.md): what is retired is no part of it."""
    domains = list(version.domains.current().select_related("parent", "same_as"))
    told: dict[str, Any] = {
        "slug": version.slug,
        "partnership": version.scheme.partnership.slug,
        "title": version.title,
        "document": version.document,
        "in_force_from": version.in_force_from,
        "in_force_to": version.in_force_to,
        "review_on": version.review_on,
        "step_word": version.step_word,
        "levels": [fields(level, LEVEL) for level in version.levels.all()],
        "domains": [domain_fields(domain) for domain in domains],
        "indicators": [
            {
                "key": each.key,
                "level": each.level.rank,
                "shared_with": each.shared_with,
                "domain": each.domain.name,
                "item": each.item,
                "label": each.label,
                "flags": each.flags,
                "source": each.source,
            }
            for each in version.indicators.current().select_related("level", "domain")
        ],
        "rules": [fields(rule, RULE) for rule in version.rules.current()],
        "limits": [fields(limit, LIMIT) for limit in version.limits.current()],
        "consent_reasons": [fields(reason, CONSENT_REASON) for reason in version.consent_reasons.current()],
        "evidence": [fields(evidence, EVIDENCE) for evidence in version.evidence.current()],
        "escalation_stages": [fields(stage, ESCALATION_STAGE) for stage in version.escalation_stages.all()],
        "guidance": version.guidance,
    }
    if version.plot_sheet:
        told["plot_sheet"] = version.plot_sheet
    if version.flag_notes:
        told["flag_notes"] = version.flag_notes
    return told


LEVEL = (
    "rank",
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
RULE = ("key", "kind", "parameters", "explanation", "source", "local_default")
LIMIT = ("slug", "name", "amount", "unit", "starts", "source", "local_default")
CONSENT_REASON = ("slug", "label", "accepted_at", "source")
EVIDENCE = ("slug", "name", "when", "source")
ESCALATION_STAGE = ("stage", "name", "people", "limit_working_days", "source")


def fields(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def domain_fields(domain: Any) -> Mapping[str, Any]:
    told = {"name": domain.name, "parent": domain.parent.name if domain.parent else None}
    if domain.same_as:
        told["same_as"] = domain.same_as.name
    return told
