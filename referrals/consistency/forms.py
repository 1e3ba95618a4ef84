"""What the consistency pages are asked, and what a second screener says."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from partnerships.forms import Choice, LongTextField, NumberField, PageForm, RadioField
from partnerships.typed import clean_line
from referrals.consistency.queries import WAYS, Pair
from thresholds.domain.scheme import Scheme

MONTHS = (3, 12, 36)


class ConsistencyFilter(forms.Form):
    """Each part may be left out; a part that can't be read is left out too."""

    pair = forms.ChoiceField(choices=[(each.value, each.label) for each in Pair], required=False)
    months = forms.TypedChoiceField(choices=[(n, n) for n in MONTHS], coerce=int, required=False, empty_value=None)
    one = forms.IntegerField(min_value=0, max_value=20, required=False)
    other = forms.IntegerField(min_value=0, max_value=20, required=False)
    agency = forms.CharField(max_length=200, required=False)
    month = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    way = forms.ChoiceField(choices=[(way, way) for way in WAYS], required=False)
    exact = forms.ChoiceField(choices=[("1", "1")], required=False)
    page = forms.IntegerField(min_value=1, max_value=4000, required=False)

    def clean_agency(self) -> str:
        return clean_line(self.cleaned_data["agency"])

    def clean_month(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["month"]
        if day and not 1900 <= day.year < 2200:
            raise forms.ValidationError("No such month")
        return day

    @classmethod
    def read(cls, query: Any) -> dict[str, Any]:
        form = cls(query)
        form.is_valid()
        return {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}


class SecondForm(PageForm):
    level = RadioField("Which level would you decide?", missing="Choose the level that you would decide")
    reason = LongTextField("Why?", rows=4, max_length=4000, missing="Say why", called="the reason")

    def __init__(self, *args: Any, scheme: Scheme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["level"]
        word = scheme.step_word.value
        field.label = f"Which {word} would you decide?"
        field.offer([Choice(str(each.rank), f"{word.title()} {each.rank}: {each.name}") for each in scheme.levels])


class RateForm(PageForm):
    percent = NumberField(
        "Of 100 decided children, how many are screened a second time?",
        hint="Drawn at random. 0 for none; 5 is a good beginning",
        least=0,
        most=100,
        called="the number",
        missing="Enter a number from 0 to 100",
    )
