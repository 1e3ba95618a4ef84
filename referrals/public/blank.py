"""The form on paper: every question that this partnership's form asks, with room to write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from partnerships.models import Partnership
from referrals.intake.answers import Answers, blank
from referrals.intake.pages import PAGES, Step
from referrals.intake.situation import Situation
from thresholds.loading import NoThreshold, load, version_in_force

LEFT_OUT = ("other-children", "as-first", "evidence", "worker-first", "special", "indicators", "attach")
"""Pages that ask nothing on paper: lists that end, and what follows from other answers."""


def sections(partnership: Partnership) -> list[dict[str, Any]]:
    """Each section with its pages and their questions: the words, the answers to choose from, the lines to leave."""
    now = timezone.now()
    try:
        scheme = load(version_in_force(partnership, now))
    except NoThreshold:
        return []
    situation = Situation(partnership, scheme, Answers(blank()), now)
    found: dict[str, dict[str, Any]] = {}
    for page in PAGES:
        if page.slug in LEFT_OUT:
            continue
        step = Step(page, 1 if page.group else 0)
        form = page.form(situation=situation, number=step.number)
        asked = [question(field) for name, field in form.fields.items() if name != "another" and str(field.label)]
        section = found.setdefault(page.section.slug, {"title": page.section.title, "pages": []})
        section["pages"].append({"title": step.title(situation), "questions": asked})
    return list(found.values())


def question(field: forms.Field) -> dict[str, Any]:
    choices = [str(choice.label) for choice in getattr(field, "choices", ()) if str(choice.value)]
    rows = int(field.widget.attrs.get("rows", 1)) if isinstance(field.widget, forms.Textarea) else 1
    many = len(choices) > 12
    return {
        "label": str(field.label),
        "hint": str(field.help_text or ""),
        "choices": [] if many else choices,
        "lines": range(0 if choices and not many else max(1, rows)),
    }
