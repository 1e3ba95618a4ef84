"""At which instant."""

from __future__ import annotations

from typing import Any

from partnerships.forms import DateField, PageForm, TimeField


class InstantForm(PageForm):
    on = DateField(
        "As it stood at the end of which day? (optional)",
        hint="Leave it empty for now",
        called="the day",
        when="past",
    )
    time = TimeField("At what time? (optional)", hint="For example, 4:30pm", called="the time")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("time") and not told.get("on") and "on" not in self.errors:
            self.add_error("on", "Enter the day of that time too")
        return told
