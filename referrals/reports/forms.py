"""What of the partnership's referrals a report or its list speaks of, read from the address."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from partnerships.typed import clean_line
from referrals.domain.lifecycle import Outcome, State

WEEKS = (4, 12, 52)
"""How many weeks a report may look back."""

NO_LEVEL = 0
"""In an address, the level of what has none."""

DEEPEST = 4000


class Timeliness(StrEnum):
    """How a clock stands or ended."""

    IN_TIME = "in_time"
    LATE = "late"
    RUNNING = "running"
    OVERDUE = "overdue"

    @property
    def label(self) -> str:
        return {
            Timeliness.IN_TIME: "Met in time",
            Timeliness.LATE: "Met late",
            Timeliness.RUNNING: "Running",
            Timeliness.OVERDUE: "Overdue",
        }[self]


class ReportFilter(forms.Form):
    """Each part may be left out; a part that can't be read is left out too, and the page says so."""

    weeks = forms.TypedChoiceField(choices=[(n, n) for n in WEEKS], coerce=int, required=False, empty_value=None)
    week = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    state = forms.ChoiceField(choices=[(each.value, each.label) for each in State], required=False)
    indicated = forms.IntegerField(min_value=NO_LEVEL, max_value=20, required=False)
    decided = forms.IntegerField(min_value=NO_LEVEL, max_value=20, required=False)
    outcome = forms.ChoiceField(choices=[(each.value, each.label) for each in Outcome], required=False)
    differs = forms.ChoiceField(choices=[("yes", "Yes")], required=False)
    clock = forms.SlugField(max_length=60, required=False)
    timeliness = forms.ChoiceField(choices=[(each.value, each.label) for each in Timeliness], required=False)
    q = forms.CharField(max_length=60, required=False)
    page = forms.IntegerField(min_value=1, max_value=DEEPEST, required=False)

    def clean_week(self) -> dt.date | None:
        """The Monday of whatever day was named."""
        day = self.cleaned_data["week"]
        if day is None:
            return None
        if not 1900 <= day.year < 2200:
            raise forms.ValidationError("No such week")
        return day - dt.timedelta(days=day.weekday())

    def clean_q(self) -> str:
        return clean_line(self.cleaned_data["q"])

    @classmethod
    def read(cls, query: MultiValueDict[str, str]) -> tuple[dict[str, Any], bool]:
        """What can be read, without what was left out; and whether all of it could be."""
        form = cls(query)
        good = form.is_valid()
        return {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}, good
