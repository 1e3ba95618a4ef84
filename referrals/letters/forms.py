"""What is asked about a letter: its text, to whom else it goes, and the reader's answer."""

from __future__ import annotations

from typing import Any

from django import forms

from partnerships.fields import Choice
from partnerships.forms import LongTextField, PageForm, RadioField, TextField
from referrals.domain.letter import LONGEST, KindOfLetter, mistakes


class TextForm(PageForm):
    """A letter's own text. Its mistakes are said and it is kept as it is: only approval asks that there are none."""

    subject = TextField("Subject", called="the subject", missing="Give the letter a subject", max_length=150)
    body = LongTextField(
        "The letter",
        called="the letter",
        missing="Write the letter",
        hint="Paragraphs are parted by an empty line. A paragraph whose place has nothing to say is left out.",
        max_length=LONGEST,
        rows=22,
    )

    def __init__(self, *args: Any, kind: KindOfLetter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    @property
    def mistakes(self) -> list[str]:
        if not self.is_bound:
            return mistakes(self.kind, str(self.initial.get("subject", "")), str(self.initial.get("body", "")))
        return mistakes(self.kind, self.cleaned_data.get("subject", ""), self.cleaned_data.get("body", ""))


class ApproveForm(forms.Form):
    """Which writing of the draft was read, or begun from."""

    seen = forms.DateTimeField(required=False)


SAFE = (
    Choice("yes", "Yes, it is safe to write to them"),
    Choice("no", "No, or I am not sure"),
)


class OthersForm(PageForm):
    """A letter to somebody who has no account here."""

    recipient = LongTextField(
        "Who is it to?",
        hint="Name and postal address, as they go on the letter",
        called="who it is to",
        missing="Say who the letter is to",
        max_length=400,
        rows=4,
    )
    words = LongTextField(
        "Your own words",
        hint="Never who referred, and never what another agency said.",
        called="your own words",
        missing="Write what they need to know or do",
        max_length=4000,
        rows=6,
    )


class ParentsForm(OthersForm):
    """Only where it is safe: asked each time, and recorded."""

    safe = RadioField(
        "Is it safe for the child, and for everybody else, that the parents get this letter?",
        hint="Think of domestic abuse, of who opens the post, of so-called honour, of whoever might be blamed.",
        called="whether it is safe",
        choices=SAFE,
        missing="Say whether it is safe that the parents get this letter",
    )
    safe_because = LongTextField(
        "How do you know?",
        called="how you know",
        missing="Say how you know: it is recorded",
        max_length=1000,
        rows=3,
    )
    recipient = LongTextField(
        "Who is it to?",
        hint="Names and postal address, as they go on the letter",
        called="who it is to",
        missing="",
        max_length=400,
        rows=4,
    )
    words = LongTextField(
        "Your own words",
        hint="What happens now, and who comes. Never who referred, and never what another agency said.",
        called="your own words",
        missing="",
        max_length=4000,
        rows=6,
    )
    field_order = ("safe", "safe_because", "recipient", "words")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("safe") == "yes":
            if not told.get("recipient"):
                self.add_error("recipient", "Say who the letter is to")
            if not told.get("words"):
                self.add_error("words", "Write what they need to know")
        return told


class ChallengeForm(PageForm):
    words = LongTextField(
        "What do you see differently, and why?",
        hint="Whoever decided reads it and answers you.",
        called="what you see differently",
        missing="Say what you see differently",
        max_length=4000,
        rows=6,
    )
