"""What is asked on the threshold pages: a search, a trial, an approval, two versions to compare."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError

from partnerships.fields import (
    CheckboxesField,
    CheckboxField,
    Choice,
    ChoiceField,
    DateField,
    LongTextField,
    NumberField,
    RadioField,
    RevisionField,
    TextField,
    TimeField,
)
from partnerships.forms import PageForm
from partnerships.hours import LONDON
from thresholds.domain.scheme import Scheme
from thresholds.domain.screening import Child, Consent, Facts


class SearchForm(PageForm):
    """Narrow the indicators; asked with GET, so that a search has an address."""

    q = TextField(
        "Search the indicators", hint="For example: bruise, school, pregnant", called="search", max_length=100
    )
    level = ChoiceField("Only those of one level", empty="Every level")

    def __init__(self, *args: Any, scheme: Scheme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word = scheme.step_word.value
        self.fields["level"].label = f"Only those of one {word}"
        field: Any = self.fields["level"]
        field.empty = f"Every {word}"
        field.offer([Choice(str(each.rank), f"{word.title()} {each.rank}: {each.name}") for each in scheme.levels])
        self.helper.disable_csrf = True


class TryForm(PageForm):
    """A contact made up to try a threshold with."""

    indicators = CheckboxesField("Indicators", small=True)
    born = DateField("Date of birth of the youngest child", when="past", hint="For example, 27 3 2020")
    unborn = CheckboxField("A child of the family is not yet born")
    judged = ChoiceField("The level that the referrer judges", empty="Not judged")
    given = RadioField(
        "Do the parents agree?", [("yes", "Yes"), ("no", "No"), ("unknown", "Not known")], initial="unknown"
    )
    reason = ChoiceField("Reason for going on without agreement", empty="None given")
    contacts = NumberField("Earlier contacts for this child", least=0, most=1000, called="the number of contacts")
    danger = CheckboxField("A child is in immediate danger")
    in_need = CheckboxField("The referrer says that the child is in need (section 17)")

    def __init__(self, *args: Any, scheme: Scheme, at: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, at=at, **kwargs)
        word = scheme.step_word.value
        fields: Any = self.fields
        fields["indicators"].offer([(each.key, each.label) for each in scheme.indicators])
        fields["judged"].label = f"The {word} that the referrer judges"
        fields["judged"].offer([(str(each.rank), f"{word.title()} {each.rank}: {each.name}") for each in scheme.levels])
        fields["reason"].offer([(each.slug, each.label) for each in scheme.consent_reasons])

    def facts(self) -> Facts:
        """The contact, as the engine is told of it."""
        said, at = self.cleaned_data, self.at or dt.datetime.now(dt.UTC)
        today = at.astimezone(LONDON).date()
        children = [Child(date_of_birth=said["born"])] if said["born"] else []
        if said["unborn"]:
            children.append(Child(expected_on=today + dt.timedelta(days=90)))
        return Facts(
            indicators=tuple(said["indicators"]),
            children=tuple(children),
            judged_level=int(said["judged"]) if said["judged"] else None,
            immediate_danger=said["danger"],
            consent=Consent(given={"yes": True, "no": False}.get(said["given"]), reason=said["reason"] or None),
            previous_contacts=said["contacts"] or 0,
            child_in_need=said["in_need"],
            on=today,
        )


class AskForm(PageForm):
    """From when a draft is to hold, and what changed, in words that referrers read."""

    when = RadioField(
        "From when is it to hold?",
        [Choice("now", "From when it is published"), Choice("later", "From a date and time", reveals=("on", "time"))],
        missing="Choose when it holds from",
    )
    on = DateField("Date", when="future", called="the date")
    time = TimeField("Time", hint="For example, 9am or 16:30", called="the time")
    change_note = LongTextField(
        "What changed, and why",
        hint="Who refers reads this on the form when they refer again. Put the proposal into your own words.",
        max_length=4000,
        rows=8,
        missing="Say what changed, and why",
        called="what changed",
    )
    revision = RevisionField()

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("when") == "later":
            if "on" in told and not told["on"]:
                self.add_error("on", "Enter the date from which it holds")
            if "time" in told and not told["time"]:
                self.add_error("time", "Enter the time from which it holds")
            if told.get("on") and told.get("time") and self.at and (self.holds_from(told) or self.at) <= self.at:
                self.add_error("time", ValidationError("The date and time must be in the future"))
        return told

    def holds_from(self, told: dict[str, Any] | None = None) -> dt.datetime | None:
        """The instant from which it is to hold, chosen in London's time; None for the moment of publishing."""
        said = self.cleaned_data if told is None else told
        if said["when"] == "later":
            return dt.datetime.combine(said["on"], said["time"], LONDON).astimezone(dt.UTC)
        return None


class MakeDraftForm(PageForm):
    """The button that makes a draft from a version. `shown` is the key of the latest version on its page."""

    shown = RevisionField()


class AnswerForm(PageForm):
    """A second person's answer to a draft."""

    answer = RadioField(
        "Do you approve this draft?",
        [Choice("approve", "Yes: it may be published"), Choice("send_back", "No: send it back", reveals=("reason",))],
        missing="Choose whether you approve it",
    )
    reason = LongTextField("What has to change?", max_length=4000, rows=4, called="what has to change")
    revision = RevisionField()
    asked = RevisionField()

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("answer") == "send_back" and "reason" in told and not told["reason"]:
            self.add_error("reason", "Say what has to change before you would approve it")
        return told


class DifferenceForm(PageForm):
    """Which two versions to compare; asked with GET."""

    before = ChoiceField("From", missing="Choose the version to begin with")
    after = ChoiceField("To", missing="Choose the version to compare it with")

    def __init__(self, *args: Any, versions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        for name in ("before", "after"):
            fields[name].offer(versions)
        self.helper.disable_csrf = True


class CompareForm(PageForm):
    """What every area's threshold asks beside its own indicators, without anything of a child's own."""

    age = NumberField(
        "Age of the youngest child, in whole years",
        hint="0 for a baby. Leave it out if you don't know",
        least=0,
        most=25,
    )
    unborn = CheckboxField("A child of the family is not yet born")
    given = RadioField(
        "Do the parents agree?", [("yes", "Yes"), ("no", "No"), ("unknown", "Not known")], initial="unknown"
    )
    danger = CheckboxField("A child is in immediate danger")

    def facts(self, today: dt.date) -> Facts:
        """The same for every area; a birthday is made up from the age."""
        said = self.cleaned_data
        children = []
        if said["age"] is not None:
            children.append(Child(date_of_birth=today - dt.timedelta(days=said["age"] * 365.25 + 60)))
        if said["unborn"]:
            children.append(Child(expected_on=today + dt.timedelta(days=90)))
        return Facts(
            children=tuple(children),
            immediate_danger=said["danger"],
            consent=Consent(given={"yes": True, "no": False}.get(said["given"])),
            on=today,
        )
