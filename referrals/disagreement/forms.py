"""What a disagreement asks, on either side."""

from __future__ import annotations

from typing import Any

from partnerships.forms import Choice, LongTextField, PageForm, RadioField, RevisionField, TextField
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
