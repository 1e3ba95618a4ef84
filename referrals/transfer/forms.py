"""What a transfer asks: of who received it, and of who sends it by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from partnerships.forms import Choice, DateField, LongTextField, PageForm, RadioField, TextField, TimeField
from referrals.intake.answers import LONDON

LONGEST = 5000


class ReceiptForm(PageForm):
    """The receiving side: a named person has it, or it goes back with a reason."""

    answer = RadioField(
        "Do you have it?",
        [
            Choice("have", "Yes, I confirm that we have it", hint="Your name and job go to whoever sent it."),
            Choice("back", "No, it goes back", reveals="reason", hint="It is not for this partnership."),
        ],
        missing="Say whether you have it or it goes back",
    )
    reason = LongTextField(
        "Why does it go back?",
        hint="Whoever sent it reads it. If a child is in danger, telephone them as well.",
        called="the reason",
        max_length=LONGEST,
        rows=4,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == "back" and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say why it goes back: whoever sent it starts from that")
        return cleaned


class WhenForm(PageForm):
    """Something that happened by hand, and when."""

    on = DateField("On which day?", when="past", called="the day", missing="Enter the day")
    time = TimeField("At what time?", hint="For example, 4:30pm", called="the time", missing="Enter the time")

    @property
    def when(self) -> dt.datetime:
        """The instant, told in London."""
        return dt.datetime.combine(self.cleaned_data["on"], self.cleaned_data["time"], LONDON)


class HandedForm(WhenForm):
    how = TextField(
        "How was it sent?",
        hint="For example, by secure email, or read out on the telephone",
        called="how it was sent",
        missing="Say how it was sent",
        max_length=200,
    )
    to = TextField(
        "To whom?",
        hint="The name of the person or of the team there",
        called="to whom it was sent",
        missing="Say to whom it was sent",
        max_length=200,
    )
    field_order = ("how", "to", "on", "time")


class AnsweredForm(WhenForm):
    """An area that is not on Front Door: what they said."""

    answer = RadioField(
        "What did they say?",
        [
            Choice("have", "They have it"),
            Choice("back", "They do not take it", reveals="reason", hint="It comes back to you, to be decided anew."),
        ],
        missing="Say what they said",
    )
    reason = LongTextField("Why do they not take it?", called="the reason", max_length=LONGEST, rows=4)
    who = TextField(
        "Who said so?",
        hint="The name and job of the person there",
        called="who said so",
        missing="Say who it was, by name",
        max_length=200,
    )
    field_order = ("answer", "reason", "who", "on", "time")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == "back" and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say why they do not take it")
        return cleaned
