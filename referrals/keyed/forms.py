"""How it came, when, and from whom. What was told is asked by the guided form itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from partnerships.forms import (
    Choice,
    ChoiceField,
    DateField,
    EmailField,
    RadioField,
    TelephoneField,
    TextField,
    TimeField,
)
from partnerships.models import Agency, Partnership
from referrals.intake.answers import moment
from referrals.intake.inside import InsideForm, inside, page_told_alone
from referrals.intake.source import DETAILS, HOW


class KeyedForm(InsideForm):
    how = RadioField(
        "How did it come?",
        [(value, words[:1].upper() + words[1:]) for value, words in HOW.items()],
        missing="Choose how it came",
    )
    on = DateField(
        "On which day did it come?",
        hint="When it reached you, not when you write it down: the clocks run from then",
        when="past",
        called="the day on which it came",
        missing="Enter the day on which it came",
    )
    time = TimeField(
        "At what time did it come?",
        hint="For example, 4:30pm. About right is good enough.",
        called="the time at which it came",
        missing="Enter the time at which it came",
    )
    who = RadioField(
        "Who told of it?",
        [
            Choice("practitioner", "Somebody who works with children", reveals=("agency", "job")),
            Choice("public", "A member of the public or of the family", reveals="relation"),
        ],
        missing="Choose who told of it",
    )
    agency = ChoiceField("Agency", empty="Not listed, or not known")
    job = TextField("Job", width=20)
    relation = TextField("How they know the child", hint="For example, neighbour, grandmother", width=20)
    wish = RadioField(
        "May the family know who told?",
        (
            ("named", "Yes, or they did not say"),
            ("confidence", "No: they told in confidence"),
            ("anonymous", "They would not say who they are"),
        ),
        missing="Choose whether the family may know who told",
    )
    name = TextField("Their name", width=20)
    telephone = TelephoneField("Their telephone number", autocomplete="off")
    email = EmailField("Their email address", autocomplete="off")

    def __init__(self, *args: Any, partnership: Partnership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agencies = {str(each.pk): each for each in Agency.objects.current().filter(partnership=partnership)}
        self.fields["agency"].offer([(key, each.name) for key, each in self.agencies.items()])  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        on, time = cleaned.get("on"), cleaned.get("time")
        if on and time and self.at and self.received_at > self.at:
            self.add_error("time", "The time at which it came must have passed")
        return cleaned

    @property
    def received_at(self) -> dt.datetime:
        """The instant at which it came."""
        told = moment(self.cleaned_data["on"].isoformat(), self.cleaned_data["time"].strftime("%H:%M"))
        assert told is not None  # noqa: S101  both are required
        return told

    @property
    def chosen_agency(self) -> Agency | None:
        of_agency = self.cleaned_data["who"] == "practitioner" and self.cleaned_data["wish"] != "anonymous"
        return self.agencies.get(self.cleaned_data["agency"]) if of_agency else None

    def source(self) -> dict[str, str]:
        """Who told, as the answers keep it: nothing of what stands inside an answer that was not chosen.

        Nor who they are, where they would not say: what was typed of it before that was chosen is written down nowhere.
        """
        told = page_told_alone(self.cleaned_data, inside(self.fields))
        hidden = DETAILS if told["wish"] == "anonymous" else ()
        kept = {name: "" if name in hidden else told.get(name) or "" for name in ("how", "who", "wish", *DETAILS)}
        agency = self.chosen_agency
        return {**kept, "agency": agency.name if agency else ""}
