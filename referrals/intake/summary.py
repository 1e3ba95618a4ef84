"""The answers as people read them: a card a page, for checking before sending, for the copy, for whoever reads it.

cards(situation_of(referral))          # the same cards, of a referral as it was sent
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from partnerships.forms import DateField, TelephoneField, TimeField
from partnerships.templatetags.page_parts import clock_time, day
from referrals.domain.quality import Check, check
from referrals.intake.answers import AS_TYPED, Answers, mapping, words
from referrals.intake.pages import Section, Step, steps
from referrals.intake.plot import Sheet, sheet
from referrals.intake.situation import Situation
from referrals.intake.told import time_of_day
from referrals.models import Referral
from thresholds.loading import load


@dataclass(frozen=True, slots=True)
class Row:
    """One question and its answer. typed: somebody's own words, whose line ends count. name: of the form's field.

    number: what of the value may be pressed on a telephone; nothing of one that is not safe to call.
    """

    key: str
    value: str
    typed: bool = False
    name: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One page's answers; `unanswered` names what was left out. `sheet` is the plot sheet, where the card is one."""

    section: Section
    step: Step
    title: str
    rows: tuple[Row, ...]
    unanswered: tuple[str, ...]
    sheet: Sheet | None = None


def situation_of(referral: Referral) -> Situation:
    """A referral as it was sent, under the threshold by which it was screened."""
    return Situation(
        partnership=referral.partnership,
        scheme=load(referral.scheme_version),
        answers=Answers(referral.answers),
        at=referral.received_at,
    )


def cards(situation: Situation) -> list[Card]:
    """A card for each page of this draft or referral, in the form's order."""
    ordered = steps(situation)
    found = (plot_card(situation, step) if step.page.slug == "evidence" else card(situation, step) for step in ordered)
    return [each for each in found if each]


def plot_card(situation: Situation, step: Step) -> Card | None:
    """The plot sheet of one child, where the document has one: its notes stand with the indicators."""
    plotted = sheet(situation.scheme, situation.answers.worry_of(step.number))
    if plotted is None or not plotted.is_plotted:
        return None
    rows = tuple(Row(name, where) for name, where in plotted.plotted)
    title = f"Threshold matrix, plotted for {situation.answers.children[step.number - 1].short}"
    return Card(step.page.section, step, title, rows, (), plotted)


def card(situation: Situation, step: Step) -> Card:
    stored = step.place.read(situation.answers.raw) or {}
    if step.page.slug == "indicators":
        return Card(step.page.section, step, step.title(situation), tuple(indicator_rows(situation, step.number)), ())
    rows, unanswered = field_rows(situation, step, stored)
    if step.page.slug == "other-children":
        rows = [Row("Children", "\n".join(child.called for child in situation.answers.children))]
    return Card(step.page.section, step, step.title(situation), tuple(rows), tuple(unanswered))


def field_rows(situation: Situation, step: Step, stored: Mapping[str, Any]) -> tuple[list[Row], list[str]]:
    """Each field of the page's form: its label and what was answered; the labels of those that were not."""
    form = step.page.form(situation=situation, number=step.number, stored=stored)
    rows: list[Row] = []
    unanswered: list[str] = []
    for name, field in form.fields.items():
        if name == "another":
            continue
        told = "\n".join(filter(None, [said(field, stored.get(name)), as_typed(stored, name)]))
        label = str(field.label)
        if told:
            number = told if isinstance(field, TelephoneField) and stored.get("safe_to_call") != "no" else ""
            rows.append(Row(label, told, isinstance(field.widget, forms.Textarea), name, number))
        elif name not in form.beside_the_point:
            unanswered.append(label)
    return rows, unanswered


def said(field: forms.Field, value: Any) -> str:
    """A stored answer in words; empty where nothing was answered."""
    choices = getattr(field, "choices", None)
    if choices is not None:
        labels = {str(choice.value): str(choice.label) for choice in choices if str(choice.value)}
        chosen = words(value) if isinstance(value, list) else [value] if isinstance(value, str) and value else []
        return "\n".join(labels.get(each, each) for each in chosen)
    if not isinstance(value, str) or not value:
        return ""
    if isinstance(field, DateField):
        return day(value)
    if isinstance(field, TimeField):
        return clock_time(time_of_day(value)) or quoted(value)
    return value


def as_typed(stored: Mapping[str, Any], name: str) -> str:
    """What was typed in a box and can't be read, in quotation marks; empty where there is nothing such."""
    typed = mapping(stored.get(AS_TYPED)).get(name)
    text = " ".join(filter(None, words(typed))) if isinstance(typed, list) else typed
    return quoted(text) if isinstance(text, str) and text else ""


def quoted(text: str) -> str:
    return f"“{text}”, as it was typed"


def indicator_rows(situation: Situation, number: int) -> list[Row]:
    """The indicators chosen for one child, each under its step and domain, with what was seen."""
    worry = situation.answers.worry_of(number)
    scheme, evidence = situation.scheme, worry.evidence
    rows = []
    for key in worry.indicators:
        indicator = scheme.indicator(key)
        if indicator is None:
            rows.append(Row("No longer in the threshold", "\n".join(filter(None, (key, evidence.get(key)))), True))
            continue
        note = f"\n\nWhat was seen: {evidence[key]}" if key in evidence else ""
        rows.append(
            Row(f"{scheme.step(indicator.level).capitalize()}, {indicator.domain}", indicator.label + note, True)
        )
    return rows


def quality(situation: Situation, *, referrer_name: str, telephone: str) -> tuple[Check, ...]:
    """The six questions of a good referral, asked of what was told."""
    return check(situation.answers.told(referrer_name=referrer_name, telephone=telephone))


def by_section(found: Iterable[Card]) -> list[tuple[Section, list[Card]]]:
    """The cards under their sections, in order."""
    sections: dict[Section, list[Card]] = {}
    for each in found:
        sections.setdefault(each.section, []).append(each)
    return list(sections.items())
