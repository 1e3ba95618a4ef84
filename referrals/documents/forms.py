"""At which instant."""

from __future__ import annotations

from partnerships.forms import DateField, PageForm, TimeField


class InstantForm(PageForm):
    on = DateField(
        "As it stood at the end of which day? (optional)",
        hint="Leave it empty for now",
        called="the day",
        when="past",
    )
    time = TimeField("At what time? (optional)", hint="For example, 4:30pm", called="the time")
