"""From when past referrals are gone through, and which changed cases are listed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from partnerships.forms import Choice, DateField, PageForm, RadioField
from partnerships.hours import LONDON
from referrals.replay.reading import since_when
from thresholds.domain.terms import Route

WEEKS = {"quarter": 13, "year": 52}
MONTHS = {"quarter": 3, "year": 12}


class SinceForm(PageForm):
    """For who reads every figure: from any day until now."""

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
        weeks = WEEKS.get(told["reach"])
        return at.astimezone(LONDON).date() - dt.timedelta(weeks=weeks) if weeks else None

    def until(self) -> dt.datetime | None:
        """The last instant that counts; None for now."""
        return None


class MonthsForm(PageForm):
    """For who never sees a child: whole months that are over. What two days differ by would tell of one child."""

    reach = RadioField(
        "Which referrals?",
        [
            ("quarter", "The last 3 whole months"),
            ("year", "The last 12 whole months"),
            ("all", "All that were sent before this month"),
        ],
        initial="year",
        hint="Those of this month are left out, so that nothing here tells of one child.",
        missing="Choose which referrals to go through",
    )

    def day(self) -> dt.date | None:
        months, now = MONTHS.get(self.cleaned_data["reach"]), self.month
        if months is None:
            return None
        year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
        return dt.date(year, month + 1, 1)

    def until(self) -> dt.datetime | None:
        return since_when(self.month)

    @property
    def month(self) -> dt.date:
        """The first day of this month."""
        return (self.at or dt.datetime.now(dt.UTC)).astimezone(LONDON).date().replace(day=1)


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
