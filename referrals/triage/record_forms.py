"""What is asked beside a referral: a note, when the child is next seen, who may see it, whose contacts they are."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms

from partnerships.fields import CheckboxesField
from partnerships.forms import Choice, ChoiceField, DateField, LongTextField, PageForm, RadioField, TextField, TimeField
from partnerships.hours import LONDON
from partnerships.models import Team, User

LONGEST = 5000
Helpers = Sequence[tuple[User, Team]]
"""Who could see of a referral its early help alone, each with the team that gives it."""


def for_early_help(person: User, team: Team) -> Choice:
    return Choice(str(person.pk), f"{person.name} ({team.name}, its early help alone)")


class NoteForm(PageForm):
    note = LongTextField(
        "Note",
        hint="Those who work on this referral read it, also after it moves to another team. The referrer does not.",
        called="the note",
        missing="Write the note",
        max_length=LONGEST,
        rows=6,
    )


class NextSeenForm(PageForm):
    on = DateField(
        "On which day is the child next seen, collected or home again?",
        hint="Leave day and time empty where it is not known any more.",
        called="the day",
        when="future",
    )
    time = TimeField("At what time?", hint="For example, 3:15pm", called="the time")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("on") and not cleaned.get("time") and "time" not in self.errors:
            self.add_error("time", "Enter the time; about right is good enough")
        if cleaned.get("time") and not cleaned.get("on") and "on" not in self.errors:
            self.add_error("on", "Enter the day")
        return cleaned

    @property
    def when(self) -> dt.datetime | None:
        on, time = self.cleaned_data.get("on"), self.cleaned_data.get("time")
        return dt.datetime.combine(on, time, LONDON) if on and time else None


class SureForm(PageForm):
    """Nothing but that somebody means it."""

    sure = forms.CharField(widget=forms.HiddenInput, initial="yes")


class RestrictForm(PageForm):
    """Whom to name. Nobody is ticked beforehand."""

    named = CheckboxesField(
        "Who may see it?",
        hint="Everybody else finds it nowhere: in no list, count, search or report. Name at least one who can decide.",
        called="who may see it",
        missing="Choose who may see it",
    )
    reason = LongTextField(
        "Why is it restricted?",
        hint="For example, it is about a colleague’s own family. Those who are named read it.",
        called="the reason",
        missing="Say why it is restricted",
        max_length=1000,
        rows=3,
    )

    def __init__(
        self, *args: Any, people: list[User], deciders: set[uuid.UUID], helpers: Helpers, me: User, **kwargs: Any
    ) -> None:
        """deciders: who of these people can decide it."""
        super().__init__(*args, **kwargs)
        self.people = {str(user.pk): user for user in (*people, *(user for user, _ in helpers))}
        named: Any = self.fields["named"]
        named.offer(
            [
                Choice(
                    str(user.pk),
                    f"{user.name} (you)" if user == me else user.name,
                    hint="Can decide it" if user.pk in deciders else "Can read it, and not decide it",
                )
                for user in people
            ]
            + [for_early_help(*each) for each in helpers]
        )

    @property
    def chosen(self) -> list[User]:
        return [self.people[pk] for pk in self.cleaned_data["named"]]


class NameForm(PageForm):
    person = ChoiceField("Who else may see it?", missing="Choose who else may see it")
    reason = LongTextField("Why?", called="the reason", missing="Say why", max_length=1000, rows=3)

    def __init__(self, *args: Any, people: list[User], helpers: Helpers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(user.pk): user for user in (*people, *(user for user, _ in helpers))}
        person: Any = self.fields["person"]
        person.offer([Choice(str(user.pk), user.name) for user in people] + [for_early_help(*each) for each in helpers])

    @property
    def chosen(self) -> User:
        return self.people[self.cleaned_data["person"]]


class LiftForm(PageForm):
    reason = LongTextField(
        "Why is it restricted no more?", called="the reason", missing="Say why", max_length=1000, rows=3
    )


class GlassForm(PageForm):
    reference = TextField(
        "Reference of the referral", called="the reference", missing="Enter the reference", max_length=40
    )
    reason = LongTextField(
        "Why do you need to open it now?",
        hint="The managers and everybody who is named on it are told at once, with your name. It opens for an hour.",
        called="the reason",
        missing="Say why you need to open it now",
        max_length=1000,
        rows=4,
    )


class SameChildForm(PageForm):
    same = RadioField("Is it the same child?", missing="Choose whether it is the same child")
    reason = LongTextField(
        "How do you know?",
        hint="For example, you asked the school, or the NHS number is on both.",
        called="how you know",
        missing="Say how you know",
        max_length=2000,
        rows=3,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        same: Any = self.fields["same"]
        same.offer([Choice("yes", "Yes, link the two"), Choice("no", "No, it is another child")])


class TakeBackForm(PageForm):
    reason = LongTextField("Why do you take it back?", called="the reason", missing="Say why", max_length=2000, rows=3)


class SearchForm(PageForm):
    """Sent by POST: what somebody looks for stands in no address, no history, no log."""

    name = TextField("Name", hint="Of a child or an adult. Misspelt is found too.", called="the name", max_length=100)
    number = TextField("NHS number or UPN", called="the number", max_length=30)
    reference = TextField("Reference", called="the reference", max_length=40)
    place = TextField("Address or postcode", hint="A whole postcode, or a street", called="the address", max_length=200)
    telephone = TextField("Telephone number", called="the telephone number", max_length=60)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(name) for name in self.fields):
            self.add_error("name", "Enter at least one thing to search for")
        return cleaned

    @property
    def terms(self) -> dict[str, str]:
        return {name: value for name in self.fields if (value := self.cleaned_data.get(name))}
