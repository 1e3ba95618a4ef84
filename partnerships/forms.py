"""The form that a page is: our fields, our messages, shown through the Design System's components.

    class WhatHappened(PageForm):
        happened = LongTextField("What happened?", called="what happened", missing="Say what happened", heading=True)
        seen_on = DateField("When was the child last seen?", called="the date the child was last seen", when="past")

    form = WhatHappened(request.POST or None, at=timezone.now(), initial=answers)

In the template: `{% include "components/error_summary.html" %}` above the heading, and `{% crispy form %}` inside our
own `<form method="post" novalidate>`; the CSRF token comes with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from crispy_forms_gds.helper import FormHelper
from django import forms
from django.utils import timezone

from partnerships.fields import (
    UNREAD,
    CheckboxesField,
    CheckboxField,
    Choice,
    ChoiceField,
    DateField,
    EmailField,
    LongTextField,
    NumberField,
    RadioField,
    RevisionField,
    TelephoneField,
    TextField,
    TimeField,
)

__all__ = [
    "UNREAD",
    "CheckboxField",
    "CheckboxesField",
    "Choice",
    "ChoiceField",
    "DateField",
    "EmailField",
    "LongTextField",
    "NumberField",
    "PageForm",
    "RadioField",
    "RevisionField",
    "TelephoneField",
    "TextField",
    "TimeField",
]


class PageForm(forms.Form):
    """One page's questions. Nothing has to be answered unless its field says what to do where it is missing.

    at      the moment; needed where a date must not lie ahead or behind
    labels  a field's name → its label in this partnership's words, in place of the one in the class
    hints   the same for hints
    """

    use_required_attribute = False

    def __init__(
        self,
        *args: Any,
        at: dt.datetime | None = None,
        labels: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        for name, label in (labels or {}).items():
            self.fields[name].label = label
        for name, hint in (hints or {}).items():
            self.fields[name].help_text = hint
        for name, field in self.fields.items():
            if isinstance(field, DateField) and field.when != "any":
                if at is None:
                    raise TypeError(f"{type(self).__name__} needs `at`: {name} is compared with today")
                field.today = timezone.localdate(at)
        self.helper = FormHelper()
        self.helper.form_tag = False

    @property
    def revealed(self) -> frozenset[str]:
        """Names of fields that stand inside a choice that reveals them, and so not by themselves."""
        return frozenset(
            name
            for field in self.fields.values()
            for choice in getattr(field, "choices", ())
            for name in getattr(choice, "reveals", ())
        )
