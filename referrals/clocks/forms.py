"""What is asked about a front door and its calendar."""

from __future__ import annotations

from typing import Any

from partnerships.fields import CheckboxField, DateField, LongTextField, TelephoneField, TextField, TimeField
from partnerships.forms import PageForm


class ClosureDayForm(PageForm):
    on = DateField("Which day?", hint="For example, 24 12 2026", missing="Enter the day", called="the day", when="any")
    reason = TextField(
        "Why is the partnership closed?", called="the reason", missing="Say why the partnership is closed"
    )


class FrontDoorForm(PageForm):
    """The numbers and hours that every page shows."""

    front_door_name = TextField("Name of the front door", max_length=120, missing="Enter the front door's name")
    front_door_telephone = TelephoneField(
        "Telephone",
        hint="Shown on every page, first in an emergency",
        autocomplete="off",
        called="the telephone number",
    )
    out_of_hours_telephone = TelephoneField(
        "Telephone out of hours", autocomplete="off", called="the out-of-hours number"
    )
    always_open = CheckboxField("The telephone is answered day and night")
    opens = TimeField(
        "Opens",
        hint="Monday to Friday. For example, 9am",
        called="the time at which it opens",
        missing="Enter the time at which it opens",
    )
    closes = TimeField(
        "Closes",
        hint="For example, 5:30pm",
        called="the time at which it closes",
        missing="Enter the time at which it closes",
    )
    hours_note = LongTextField("What else people should know about the hours", max_length=400, rows=3)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("opens") and told.get("closes") and told["opens"] >= told["closes"]:
            self.add_error("closes", "The closing time must be after the opening time")
        return told
