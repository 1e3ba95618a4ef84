"""What is asked about one clock: why it was late, why it stands still, that it is done."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from partnerships.forms import DateField, LongTextField, PageForm, RadioField
from referrals.models import LateReason


class WhyLateForm(PageForm):
    why = RadioField(
        "Why was it late?",
        called="why it was late",
        choices=LateReason.choices,
        missing="Choose why it was late",
        hint="It is counted, so that what comes often can be mended. The referrer does not see it.",
    )
    said = LongTextField("What happened? (optional)", called="what happened", max_length=1000, rows=3)


class PauseForm(PageForm):
    reason = LongTextField(
        "Why does this clock stand still?",
        hint="It is shown on the referral and in the day’s report. What the clock has left, it keeps.",
        called="the reason",
        missing="Say why the clock stands still",
        max_length=1000,
        rows=3,
    )
    until = DateField(
        "On which day does it run on?",
        called="the day on which it runs on",
        missing="Enter the day on which it runs on: until then nobody is warned of it",
        when="future",
    )


class DayForm(forms.Form):
    """Which day's report. What can't be read, or lies ahead, is today."""

    day = forms.DateField(required=False)

    @classmethod
    def read(cls, query: MultiValueDict[str, str], *, at: dt.datetime) -> dt.date:
        form, today = cls(query), timezone.localdate(at)
        form.is_valid()
        day: dt.date | None = form.cleaned_data.get("day")
        return day if day and dt.date(2000, 1, 1) <= day <= today else today
