"""What triage asks: which part of the queue, whom to hand to, and why. The decision is asked in `decide_form`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from partnerships.forms import UNREAD, Choice, ChoiceField, LongTextField, PageForm, RadioField, RevisionField
from partnerships.models import Team, User
from referrals.models import Referral

LONGEST_REASON = 5000


class LadoForm(PageForm):
    note = LongTextField(
        "Who was told, how and when?",
        called="who was told",
        missing="Say who was told, how and when",
        max_length=1000,
        rows=3,
    )


class MoveForm(PageForm):
    """A form that moves a referral: it carries the revision that was shown, so that a stale one is told apart."""

    revision = RevisionField()

    def __init__(self, *args: Any, referral: Referral, **kwargs: Any) -> None:
        super().__init__(*args, initial={"revision": referral.revision}, **kwargs)

    @property
    def seen(self) -> int:
        """The revision that the page showed; `UNREAD` where the form carries none."""
        seen: int = self.cleaned_data.get("revision", UNREAD)
        return seen


class AcknowledgeForm(MoveForm):
    words = LongTextField(
        "Your own words (optional)",
        hint="For example, a question, or what you do first. They go into the letter.",
        called="your own words",
        max_length=LONGEST_REASON,
        rows=4,
    )


class ReasonForm(MoveForm):
    """Why a referral is stepped up."""

    reason = LongTextField(
        "Why?",
        hint="What you learnt, and what the next team should do first. The referrer does not see it.",
        called="the reason",
        missing="Say why, so that the next team can start from it",
        max_length=LONGEST_REASON,
        rows=6,
    )


class ReopenForm(ReasonForm):
    reason = LongTextField(
        "Why is it opened again?",
        hint="What is new, or what was missed. The referrer does not see it.",
        called="the reason",
        missing="Say why it is opened again",
        max_length=LONGEST_REASON,
        rows=6,
    )


class StepDownForm(ReasonForm):
    team = RadioField("Which early help team?", missing="Choose the early help team that takes it")
    field_order = ("team", "reason", "revision")

    def __init__(self, *args: Any, teams: Iterable[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_slug = {team.slug: team for team in teams}
        team: Any = self.fields["team"]
        team.offer([Choice(slug, team.name) for slug, team in self.by_slug.items()])

    @property
    def chosen_team(self) -> Team:
        return self.by_slug[self.cleaned_data["team"]]


class ReassignForm(MoveForm):
    to = ChoiceField("Who takes it?", missing="Choose who takes the referral")

    def __init__(self, *args: Any, people: Iterable[User], me: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(user.pk): user for user in people}
        to: Any = self.fields["to"]
        to.offer([Choice(pk, f"{user.name} (you)" if user == me else user.name) for pk, user in self.people.items()])

    @property
    def person(self) -> User:
        return self.people[self.cleaned_data["to"]]


class PassOnForm(StepDownForm):
    team = RadioField("Which early help team?", missing="Choose the early help team that takes it")


class ReadField(forms.CharField):
    """The key of what was read before the answer, hidden in the form. Never an error."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> str:
        return str(value or "")


class SignOffForm(PageForm):
    """The second person's word: signed, with a remark if they wish, or sent back, with a reason. `revision` is the
    referral's when the form was shown."""

    answer = RadioField(
        "What do you say?",
        [
            Choice("sign", "I sign it off", hint="It holds from now on, and what is to be sent goes out at once."),
            Choice("back", "I send it back", hint="Its author changes it, and it needs a signature again."),
        ],
        missing="Say whether you sign it off or send it back",
    )
    said = LongTextField(
        "Your reason or remark",
        hint="Needed where you send it back. The referrer does not see it.",
        called="your reason",
        max_length=LONGEST_REASON,
        rows=4,
    )
    read = ReadField()
    revision = RevisionField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == "back" and not cleaned.get("said") and "said" not in self.errors:
            self.add_error("said", "Say why it goes back: its author starts from that")
        return cleaned
