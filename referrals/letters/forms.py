"""What is asked about a letter: its text, to whom else it goes, and the reader's answer."""

from __future__ import annotations

import itertools
import re
from typing import Any

from django import forms

from partnerships.fields import Choice
from partnerships.forms import LongTextField, PageForm, RadioField, RevisionField, TextField
from referrals.additions.forms import OnceForm
from referrals.domain.letter import LONGEST, KindOfLetter, mistakes
from referrals.models import FamilyMember, Referral


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


class OthersForm(OnceForm):
    """A letter to somebody who has no account here. `revision` is the referral's when the form was shown: what is
    decided of it stands in the letter."""

    revision = RevisionField()

    def __init__(self, *args: Any, referral: Referral, **kwargs: Any) -> None:
        self.referral = referral
        super().__init__(*args, initial={"revision": referral.revision}, **kwargs)

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
            for name in sources_of_harm(self.referral):
                if written_to(name, told.get("recipient", "")) and not written_to(name, told.get("safe_because", "")):
                    why = "Say by name how you know that it is safe to write to them"
                    self.add_error("safe_because", f"{name} is said to be a source of harm. {why}")
        return told


def sources_of_harm(referral: Referral) -> list[str]:
    """The names of those of whom it was said that harm comes from them."""
    alleged = FamilyMember.objects.filter(referral=referral, alleged=True)
    return [person.name for person in alleged if person.name.strip()]


def written_to(name: str, text: str) -> bool:
    """Whether a text names this person: by every word of the name, or by the last with a title before it."""
    words, last = re.findall(r"[\w'’-]+", text.casefold()), name.casefold().split()[-1]
    titled = {(before, after) for before, after in itertools.pairwise(words)} & {(title, last) for title in TITLES}
    return bool(titled) or set(re.findall(r"[\w'’-]+", name.casefold())) <= set(words)


TITLES = ("mr", "mrs", "ms", "miss", "dr")


class ChallengeForm(PageForm):
    words = LongTextField(
        "What do you see differently, and why?",
        hint="Whoever decided reads it and answers you.",
        called="what you see differently",
        missing="Say what you see differently",
        max_length=4000,
        rows=6,
    )
