"""What the queue asks: how to narrow it, under what name to keep that, to whom to hand the chosen ones, who is away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from partnerships.forms import Choice, ChoiceField, DateField, PageForm, RadioField, TextField
from partnerships.models import User
from referrals.models import Absence
from referrals.triage.filters import Filter


class NarrowForm(PageForm):
    """The choices of a filter. It is sent by GET: the address is the filter."""

    level = ChoiceField("Level or tier indicated", empty="Any")
    flag = ChoiceField("Flag", empty="Any")
    consent = ChoiceField("Consent", empty="Any")
    owner = ChoiceField("Who has it", empty="Anybody or nobody")
    agency = TextField("Agency", hint="Part of its name is enough", called="the agency", max_length=80)
    seen = ChoiceField("Told of before", [Choice("yes", "Only where somebody told of a child before")], empty="Any")

    def __init__(self, *args: Any, options: Mapping[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("level", "flag", "consent", "owner"):
            field: Any = self.fields[name]
            field.offer([Choice(value, label) for value, label in options[name]])

    @staticmethod
    def asking(chosen: Filter) -> dict[str, Any]:
        """The form's values for a filter."""
        return {
            "level": "" if chosen.level is None else str(chosen.level),
            "flag": chosen.flag,
            "consent": chosen.consent,
            "owner": str(chosen.owner or ""),
            "agency": chosen.agency,
            "seen": "yes" if chosen.seen else "",
        }


class SaveViewForm(PageForm):
    name = TextField("Name of the view", called="the name", missing="Give the view a name", max_length=60)
    shared = RadioField("Who sees it?", missing="Choose who sees the view")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shared: Any = self.fields["shared"]
        shared.offer([Choice("no", "Only me"), Choice("yes", "Everybody who works in this queue")])


class AssignForm(PageForm):
    to = ChoiceField("Who takes them?", missing="Choose who takes the referrals")

    def __init__(self, *args: Any, people: list[User], away: Mapping[Any, Absence], me: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(user.pk): user for user in people if user.pk not in away}
        to: Any = self.fields["to"]
        to.offer([Choice(pk, f"{user.name} (you)" if user == me else user.name) for pk, user in self.people.items()])

    @property
    def person(self) -> User:
        return self.people[self.cleaned_data["to"]]


class AbsenceForm(PageForm):
    who = ChoiceField("Who is away?", missing="Choose who is away")
    back_on = DateField(
        "On which day are they back?",
        hint="For example, 7 12 2026. Until then nothing is assigned to them.",
        called="the day they are back",
        missing="Enter the day on which they are back",
        when="future",
    )
    cover = ChoiceField(
        "Who covers? (optional)",
        empty="Nobody: back to the queue",
        hint="They get what the absent colleague has, where they work in its queue. The rest goes back to its queue.",
    )

    def __init__(self, *args: Any, people: list[User], away: Mapping[Any, Absence], me: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(user.pk): user for user in people}
        who: Any = self.fields["who"]
        who.offer([Choice(pk, f"{user.name} (you)" if user == me else user.name) for pk, user in self.people.items()])
        cover: Any = self.fields["cover"]
        free = {pk: user for pk, user in self.people.items() if user.pk not in away}
        cover.offer([Choice(pk, user.name) for pk, user in free.items()])

    @property
    def person(self) -> User:
        return self.people[self.cleaned_data["who"]]

    @property
    def covering(self) -> User | None:
        return self.people.get(self.cleaned_data.get("cover") or "")

    @property
    def until(self) -> dt.date:
        day: dt.date = self.cleaned_data["back_on"]
        return day
