"""What is asked of a referrer after sending, and of the screener who answers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from django import forms

from partnerships.forms import CheckboxesField, ChoiceField, LongTextField, PageForm, RadioField
from referrals.models import Child
from referrals.triage.forms import MoveForm


class TokenField(forms.CharField):
    """The form's own mark, hidden in it: pressed twice, what it sends is kept once. Never an error."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> str:
        text = str(value or "")
        return text if re.fullmatch(r"[0-9a-f]{32}", text) else secrets.token_hex(16)


class OnceForm(PageForm):
    """A form whose sending counts once."""

    token = TokenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": {"token": secrets.token_hex(16), **kwargs.get("initial", {})}})


LATER = (
    ("yes", "Yes"),
    ("unsure", "I’m not sure"),
    ("grown", "No, but it is a new worry, or one that has grown"),
    ("no", "No"),
)


def offer_children(form: PageForm, children: Iterable[Child]) -> None:
    """Ask which of several children something concerns; nothing is asked where there is one."""
    named = [(str(child.pk), child.name) for child in children]
    if len(named) > 1:
        form.fields["children"].offer(named)  # type: ignore[attr-defined]
    else:
        del form.fields["children"]


class InformationForm(OnceForm):
    text = LongTextField(
        "What do you want to add?",
        hint="What happened, when, and how you know. What you sent stays as it is; this stands beside it. Your "
        "agency’s safeguarding lead can read it: if it is about them, telephone us.",
        called="what you want to add",
        missing="Tell us what you want to add, in a sentence at least",
        rows=8,
    )
    danger = RadioField(
        "Does this mean that a child may come to harm now or very soon?",
        LATER,
        hint="If so call 999 first. Then we put this referral above all others.",
        missing="Say whether a child may come to harm now or very soon",
    )
    children = CheckboxesField(
        "Which child does it concern?",
        hint="All whom it concerns. If you leave this empty, we take it to be all of them.",
    )

    def __init__(self, *args: Any, children: Iterable[Child] = (), **kwargs: Any) -> None:
        """children: of the referral; where there is one, nobody is asked which."""
        super().__init__(*args, **kwargs)
        offer_children(self, children)


class CorrectionForm(OnceForm):
    about = ChoiceField("Which answer was wrong?", empty="Choose an answer", missing="Choose which answer was wrong")
    text = LongTextField(
        "What is right?", called="what is right", missing="Tell us what is right", rows=4, max_length=5000
    )
    reason = LongTextField(
        "Why does it change?",
        hint="For example, a slip, or something that you know better now",
        called="the reason",
        missing="Say why it changes, in a few words",
        rows=2,
        max_length=2000,
    )

    def __init__(
        self, *args: Any, answers: list[tuple[str, str]], mistake: Callable[[str, str], str], **kwargs: Any
    ) -> None:
        """answers: each question that was answered, as it stands and as it is shown. mistake: what is wrong with what
        was typed for one of them; empty where nothing is."""
        super().__init__(*args, **kwargs)
        self.mistake = mistake
        self.fields["about"].offer([*answers, ("Something else", "Something else")])  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wrong = self.mistake(cleaned.get("about") or "", cleaned.get("text") or "")
        if wrong:
            self.add_error("text", wrong)
        return cleaned


class WithdrawForm(OnceForm):
    reason = LongTextField(
        "Why do you want to withdraw it?",
        hint="A person at the front door reads this and decides with you. Nobody else at your agency can read it here. "
        "Say if somebody presses you to withdraw it.",
        called="the reason",
        missing="Say why you want to withdraw it",
        rows=5,
        max_length=5000,
    )


class AnswerWithdrawalForm(MoveForm):
    agreed = RadioField(
        "What do you decide?",
        (("yes", "It is withdrawn"), ("no", "We go on with it all the same")),
        missing="Choose whether it is withdrawn",
    )
    reason = LongTextField(
        "Why?",
        hint="Staff see this, the referrer does not",
        called="the reason",
        missing="Give the reason",
        rows=4,
        max_length=5000,
    )
