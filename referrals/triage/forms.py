"""What triage asks: which part of the queue, whom to hand to, why, and the decision. Nothing is chosen beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from partnerships.forms import Choice, ChoiceField, LongTextField, PageForm, RadioField, RevisionField
from partnerships.models import Team, User
from referrals.domain.lifecycle import Outcome
from referrals.models import Referral
from referrals.triage.queries import DEEPEST, Show
from thresholds.domain.scheme import Scheme

NO_LEVEL = "none"
LONGEST_REASON = 5000
OWES_AN_EXPLANATION = (Outcome.ADVICE, Outcome.NO_FURTHER_ACTION)
"""Outcomes under which the referrer stays alone with the worry, and so is owed the reasons."""


class QueueFilter(forms.Form):
    """What of a queue to show, and which page. What can't be read is everything, from the start."""

    show = forms.ChoiceField(choices=[(show.value, show.label) for show in Show], required=False)
    page = forms.IntegerField(min_value=1, max_value=DEEPEST, required=False)

    @classmethod
    def read(cls, query: MultiValueDict[str, str]) -> tuple[Show, int]:
        form = cls(query)
        form.is_valid()
        return Show(form.cleaned_data.get("show") or Show.ALL), form.cleaned_data.get("page") or 1


class AcknowledgeForm(PageForm):
    words = LongTextField(
        "Your own words (optional)",
        hint="For example, a question, or what you do first. They go into the letter.",
        called="your own words",
        max_length=LONGEST_REASON,
        rows=4,
    )


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
    def seen(self) -> int | None:
        return self.cleaned_data.get("revision")


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


class DecideForm(PageForm):
    """The decision. `revision` is the referral's when the form was shown."""

    decided_level = RadioField("Which {step} is it?", missing="Choose the {step} that you decide on")
    outcome = RadioField(
        "What happens now?",
        [Choice(outcome.value, outcome.label, hint=outcome.meaning) for outcome in Outcome],
        hint="The sentence below each goes into the letter to the referrer.",
        missing="Choose what happens now",
    )
    reason = LongTextField(
        "Why? For the record",
        hint="What you weighed, what you checked and with whom. The referrer does not see it.",
        called="the reason",
        missing="Give the reason for the decision",
        max_length=LONGEST_REASON,
        rows=6,
    )
    told_referrer = LongTextField(
        "What do you tell the referrer?",
        hint="It goes into the letter, between the outcome and what to do for who disagrees. "
        "Write what happens next and what the referrer goes on doing. Name no child and nothing that is not theirs to "
        "know.",
        called="what you tell the referrer",
        max_length=LONGEST_REASON,
        rows=6,
    )
    revision = RevisionField()

    def __init__(self, *args: Any, scheme: Scheme, referral: Referral, **kwargs: Any) -> None:
        super().__init__(*args, initial={"revision": referral.revision}, **kwargs)
        self.judged = referral.judged_level
        word = scheme.step_word.value
        level: Any = self.fields["decided_level"]
        level.label = f"Which {word} is it?"
        level.error_messages["required"] = f"Choose the {word} that you decide on"
        level.offer(
            [
                *(
                    Choice(str(each.rank), f"{word.capitalize()} {each.rank}: {each.name}", hint=each.description)
                    for each in scheme.levels
                ),
                Choice(NO_LEVEL, f"No {word}", hint="For example, where another area takes it over"),
            ]
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("told_referrer") and "told_referrer" not in self.errors and self.owes_an_explanation:
            self.add_error(
                "told_referrer",
                "Tell the referrer why: they see it otherwise than you, or stay with the worry",
            )
        return cleaned

    @property
    def owes_an_explanation(self) -> bool:
        """The referrer judged the need higher, or is left with it."""
        lower = self.judged is not None and self.level is not None and self.level < self.judged
        return lower or self.cleaned_data.get("outcome") in {each.value for each in OWES_AN_EXPLANATION}

    @property
    def level(self) -> int | None:
        said = self.cleaned_data.get("decided_level") or NO_LEVEL
        return None if said == NO_LEVEL else int(said)

    @property
    def decision(self) -> dict[str, Any]:
        """The decision as `actions.decide` takes it."""
        return {
            "decided_level": self.level,
            "outcome": Outcome(self.cleaned_data["outcome"]),
            "reason": self.cleaned_data["reason"],
            "told_referrer": self.cleaned_data["told_referrer"],
            "revision": self.cleaned_data["revision"],
        }
