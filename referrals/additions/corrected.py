"""A referral's answers as they are after its corrections, as far as these can be read without guessing.

What was sent stays as it was. A correction is somebody's own words: a date, a number, a postcode, a name of a few words
or one of the answers offered is read out of them; a whole sentence is left to a person.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from partnerships.forms import CheckboxesField, DateField, TimeField
from partnerships.typed import WHOLE_DATE
from referrals.domain.identifiers import nhs_number_is_valid, upn_is_valid
from referrals.domain.matching import Person
from referrals.intake.answers import Answers, Place
from referrals.intake.forms.base import plain
from referrals.intake.pages import find
from referrals.intake.situation import Situation
from referrals.models import Addendum, Child, Referral
from referrals.seen.finding import person_told
from thresholds.loading import load

PAGES = ("who", "details", "home", "person", "impact", "consent")
"""The pages whose answers say who somebody is, where they live, when the child is next seen, whether the family agrees.

What worries the referrer, and what was chosen of the threshold, is weighed by a person and never changed.
"""

NAMES = ("first_name", "last_name", "other_names", "former_names", "name")
_NAME = re.compile(r"[^\W\d_]+(?:[ '’.,-]+[^\W\d_]+){0,3}\.?")
_NUMBERS = {"nhs_number": (r"\d(?:[ -]?\d){9}", nhs_number_is_valid), "upn": (r"[A-Z]\d{11}[0-9A-Z]", upn_is_valid)}
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)


def as_corrected(referral: Referral, *, until: dt.datetime | None = None) -> Answers:
    """The answers with every correction that can be read written into its place, the latest last.

    until: without what was corrected after this instant.
    """
    answers = Answers(referral.answers)
    said = Addendum.objects.filter(referral=referral, kind=Addendum.Kind.CORRECTION).exclude(answer="")
    if until is not None:
        said = said.filter(at__lte=until)
    for each in said.order_by("at", "pk"):
        answers = written(answers, each.answer, each.text, referral)
    return answers


def written(answers: Answers, where: str, text: str, referral: Referral) -> Answers:
    """The answers with one correction in its place; as they were where it can't be read or the place is not there."""
    name = where.rpartition("/")[2]
    place, field = asked_at(answers, where, referral)
    value = read(name, field, text) if field is not None and place.slug in PAGES else None
    if value is None:
        return answers
    return Answers(place.write(answers.raw, {**(place.read(answers.raw) or {}), name: value}))


def asked_at(answers: Answers, where: str, referral: Referral) -> tuple[Place, forms.Field | None]:
    """The place that an address of an answer (`child/2/who/first_name`) means, and the form's own field for it."""
    *before, slug, name = where.split("/") if "/" in where else ("", where)
    group, number = (before[0], int(before[1])) if len(before) == 2 and before[1].isdecimal() else ("", 0)
    scheme = load(referral.scheme_version)
    situation = Situation(referral.partnership, scheme, answers, referral.received_at)
    place, step = Place(slug, group, number), find(situation, slug, group, number)
    if step is None:
        return place, None
    asked = step.page.form(situation=situation, number=number, stored=place.read(answers.raw) or {})
    return place, asked.fields.get(name)


def mistake_in(referral: Referral, where: str, text: str) -> str:
    """What is wrong with a correction of a date or a time, in the words of the form's own box; empty where nothing is.

    What holds no figure (“not known”, “in the spring”) is words for a person, and never wrong.
    """
    field = asked_at(as_corrected(referral), where, referral)[1] if where else None
    said = " ".join(text.split())
    if not isinstance(field, DateField | TimeField) or not re.search(r"\d", said):
        return ""
    if isinstance(field, TimeField):
        return refused(field.in_figures, said)
    dates = [each.group() for each in WHOLE_DATE.finditer(said)]
    if not dates:
        return "Write the whole date as day, month and year, such as 27 3 2019. If you don’t know it, say so in words."
    return next(filter(None, (refused(field.clean, [each, "", ""]) for each in dates)), "")


def refused(taken: Callable[[Any], Any], typed: Any) -> str:
    """The field's message where it can't take what was typed; empty where it can."""
    try:
        taken(typed)
    except ValidationError as error:
        return str(error.messages[0])
    return ""


def read(name: str, field: forms.Field, text: str) -> str | None:
    """What a correction says, as the form would have stored it; None where that would be a guess."""
    said = " ".join(text.split())
    try:
        if isinstance(field, DateField):
            found = [each.group() for each in WHOLE_DATE.finditer(said)]
            return plain(field.clean([found[0], "", ""])) if len(found) == 1 else None
        if isinstance(field, TimeField):
            return plain(field.in_figures(said)) or None
    except ValidationError:
        return None
    if isinstance(field, CheckboxesField):
        return None
    if getattr(field, "choices", None) is not None:
        return chosen(field, said)
    if name in NAMES:
        return said if _NAME.fullmatch(said) else None
    if name in _NUMBERS:
        pattern, is_valid = _NUMBERS[name]
        valid = [each for each in re.findall(pattern, said.upper()) if is_valid(each)]
        return valid[0] if len(valid) == 1 else None
    if name == "postcode":
        places = _POSTCODE.findall(said)
        return places[0] if len(places) == 1 else None
    return text.strip() or None


def chosen(field: Any, said: str) -> str | None:
    """One of the answers offered, by its words; by its first word where that is a plain yes or no."""
    folded = said.casefold().rstrip(".")
    first = re.split(r"[\s,.;:]", folded, maxsplit=1)[0]
    for choice in field.choices:
        value = str(choice.value)
        if value and (folded in (value, str(choice.label).casefold()) or (first == value and value in ("yes", "no"))):
            return value
    return None


def keep_corrected(referral: Referral, answers: Answers) -> None:
    """Keep with each child what is now known otherwise of who it is, so that it is compared by that too."""
    for child in Child.objects.filter(referral=referral):
        found = corrected_of(child, referral, answers)
        if found != child.corrected:
            child.corrected = found
            child.save(update_fields=["corrected"])


def corrected_of(child: Child, referral: Referral, answers: Answers) -> Mapping[str, str]:
    """What these answers say otherwise of who a child is than what was sent."""
    now, sent = (
        next((person_told(each) for each in said.children if each.number == child.order), None)
        for said in (answers, Answers(referral.answers))
    )
    return differing(now, sent)


def differing(now: Person | None, sent: Person | None) -> Mapping[str, str]:
    if now is None or sent is None:
        return {}
    before = asdict(sent)
    return {name: plain(value) for name, value in asdict(now).items() if value != before[name]}
