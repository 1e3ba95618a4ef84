"""From when past referrals are gone through, and which changed cases are listed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from partnerships.forms import Choice, DateField, PageForm, RadioField
from partnerships.hours import LONDON
from thresholds.domain.terms import Route

MONTHS = {"quarter": 13, "year": 52}


class SinceForm(PageForm):
    reach = RadioField(
        "Which referrals?",
        [
            ("quarter", "The last 3 months"),
            ("year", "The last 12 months"),
            ("all", "All that were ever sent"),
            Choice("since", "Since a date", reveals=("since",)),
        ],
        initial="year",
        missing="Choose which referrals to go through",
    )
    since = DateField("Date", when="past", called="the date")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("reach") == "since" and "since" in told and not told["since"]:
            self.add_error("since", "Enter the date from which to go through referrals")
        return told

    def day(self) -> dt.date | None:
        """The first day that counts; None for all."""
        told, at = self.cleaned_data, self.at or dt.datetime.now(dt.UTC)
        if told["reach"] == "since":
            day: dt.date = told["since"]
            return day
        weeks = MONTHS.get(told["reach"])
        return at.astimezone(LONDON).date() - dt.timedelta(weeks=weeks) if weeks else None


class CaseFilter(forms.Form):
    """Each part may be left out; a part that can't be read is left out too."""

    before_level = forms.IntegerField(min_value=0, max_value=20, required=False)
    after_level = forms.IntegerField(min_value=0, max_value=20, required=False)
    before_route = forms.ChoiceField(choices=[(each.value, each.value) for each in Route], required=False)
    after_route = forms.ChoiceField(choices=[(each.value, each.value) for each in Route], required=False)
    page = forms.IntegerField(min_value=1, max_value=4000, required=False)

    @classmethod
    def read(cls, query: Any) -> dict[str, Any]:
        form = cls(query)
        form.is_valid()
        return {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
