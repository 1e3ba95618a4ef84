"""The page of one special concern: its few questions, and what was done about it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from partnerships.forms import LongTextField, RadioField, TextField
from referrals.intake.concerns import CONCERNS, Ask, Concern
from referrals.intake.forms.base import YES_NO_UNKNOWN, IntakeForm


class ConcernForm(IntakeForm):
    """Asks what `concern` asks; below it, what was done."""

    concern: ClassVar[Concern]

    done = LongTextField(
        "What have you done about this?",
        hint="Whom you have told or will tell, and when",
        called="what you have done",
        rows=3,
    )

    def fit(self) -> None:
        asked = {ask.name: field_of(ask, self.initial.get(ask.name)) for ask in self.concern.asks}
        self.fields = {**asked, **self.fields}


def field_of(ask: Ask, initial: Any) -> forms.Field:
    if ask.kind == "yes_no":
        return RadioField(ask.label, YES_NO_UNKNOWN, hint=ask.hint, initial=initial)
    if ask.kind == "choice":
        return RadioField(ask.label, ask.choices, hint=ask.hint, initial=initial)
    if ask.kind == "line":
        return TextField(ask.label, hint=ask.hint, max_length=500, initial=initial)
    return LongTextField(ask.label, hint=ask.hint, rows=3, max_length=5000, initial=initial)


CONCERN_FORMS: dict[str, type[ConcernForm]] = {
    concern.page: type(f"Concern{number}", (ConcernForm,), {"concern": concern})
    for number, concern in enumerate(CONCERNS, start=1)
}
"""A form for each concern, by the slug of its page."""
