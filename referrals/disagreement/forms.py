"""What a disagreement asks, on either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partnerships.forms import Choice, ChoiceField, LongTextField, PageForm, RadioField, RevisionField, TextField
from partnerships.models import User
from referrals.models import Disagreement

LONGEST = 5000


class ChallengeForm(PageForm):
    words = LongTextField(
        "How do you see it?",
        hint="What the decision leaves out, and what you think should happen. It is right to challenge a decision "
        "about a child; nobody holds it against you.",
        called="how you see it",
        missing="Say in a sentence how you see it",
        max_length=LONGEST,
        rows=6,
    )


class StageAnswerForm(PageForm):
    spoke = TextField(
        "Who talked with whom, and when?",
        called="who talked",
        missing="Say who talked with whom, and when",
        max_length=400,
    )
    answer = LongTextField(
        "What does the front door answer?",
        hint="The referrer reads it.",
        called="the answer",
        missing="Write what the front door answers",
        max_length=LONGEST,
        rows=6,
    )
    seen = RevisionField()


class NameForUsForm(PageForm):
    person = ChoiceField("Who acts for the front door at this stage?", missing="Choose who acts for the front door")
    seen = RevisionField()

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in people}
        person: Any = self.fields["person"]
        person.offer([Choice(pk, f"{each.name}, {each.job_title}".strip(", ")) for pk, each in self.people.items()])

    @property
    def chosen(self) -> User:
        return self.people[self.cleaned_data["person"]]


class NameForThemForm(PageForm):
    person = ChoiceField("Who acts for your agency at this stage?")
    other = TextField(
        "Or somebody without an account here: name and job",
        hint="For example, your line manager. Tell them yourself: nobody else does.",
        called="the name and job",
        max_length=200,
    )
    seen = RevisionField()

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in people}
        person: Any = self.fields["person"]
        person.offer([Choice(pk, f"{each.name}, {each.job_title}".strip(", ")) for pk, each in self.people.items()])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("person") and not cleaned.get("other") and not self.errors:
            self.add_error("person", "Choose who acts for your agency, or write a name below")
        return cleaned

    @property
    def chosen(self) -> User | None:
        """Whoever is written by name counts before whoever is chosen."""
        return None if self.cleaned_data.get("other") else self.people.get(self.cleaned_data.get("person") or "")


class MoveOnForm(PageForm):
    because = LongTextField(
        "Why does it go on to the next stage?",
        called="why it goes on",
        missing="Say why it goes on to the next stage",
        max_length=LONGEST,
        rows=4,
    )
    seen = RevisionField()


class ResolveForm(PageForm):
    result = RadioField(
        "How was it resolved?",
        [Choice(*each) for each in Disagreement.Result.choices],
        missing="Choose how it was resolved",
    )
    resolution = LongTextField(
        "What was agreed?",
        hint="Both sides read it, and it stays on the record.",
        called="what was agreed",
        missing="Write what was agreed",
        max_length=LONGEST,
        rows=5,
    )

    def __init__(self, *args: Any, last: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not last:
            result: Any = self.fields["result"]
            result.offer(
                [Choice(*each) for each in Disagreement.Result.choices if each[0] != Disagreement.Result.UNRESOLVED]
            )
