"""What every page of the form shares: it knows its situation, and turns answers into what a draft stores and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from partnerships.fields import Asked, Choices, Chosen
from partnerships.forms import Choice, PageForm
from referrals.intake.answers import ChildTold
from referrals.intake.situation import Situation

YES_NO_UNKNOWN = (("yes", "Yes"), ("no", "No"), ("unknown", "I don't know"))


class IntakeForm(PageForm):
    """One page. Subclasses declare fields, and fit them to the situation in `fit`."""

    def __init__(
        self,
        data: Any = None,
        *,
        situation: Situation,
        number: int = 0,
        stored: Mapping[str, Any] | None = None,
        later: bool = False,
    ) -> None:
        """number: the child or person of a repeated page. later: put aside, so that nothing counts as missing yet."""
        super().__init__(data, at=situation.at, initial=self.shown(stored or {}))
        self.situation = situation
        self.number = number
        self.fit()
        if later:
            for field in self.fields.values():
                field.required = False

    def fit(self) -> None:
        """Fit labels, choices and fields to the situation."""

    def offer(self, name: str, choices: Choices) -> None:
        """Set what may be chosen, where the partnership's content decides it."""
        field = self.fields[name]
        if isinstance(field, Chosen):
            field.offer(choices)

    def may_differ(self, *names: str) -> None:
        """Where there are several children, the hint says that what differs between them has its place here."""
        if self.situation.of_several:
            for name in names:
                hint = str(self.fields[name].help_text).rstrip(".")
                self.fields[name].help_text = f"{hint}. Say where it differs between the children."

    @property
    def child(self) -> ChildTold:
        """The child of a repeated page."""
        return self.situation.answers.children[self.number - 1]

    @classmethod
    def shown(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The stored answers as the fields take them."""
        return dict(stored)

    def clean(self) -> dict[str, Any]:
        """What stands inside an answer that was not chosen is kept where it can be read, and never an error.

        Words can always be read, however many there are: they are kept whole, and counted once the answer is chosen.
        """
        cleaned = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            chosen = cleaned.get(name)
            for choice in getattr(field, "choices", ()):
                for revealed in getattr(choice, "reveals", ()) if isinstance(choice, Choice) else ():
                    if str(choice.value) != chosen and revealed in self.errors:
                        del self.errors[revealed]
                        hidden = self.fields[revealed]
                        typed = self.data.get(self.add_prefix(revealed))
                        cleaned[revealed] = hidden.as_typed(typed) if isinstance(hidden, Asked) else None
        return cleaned

    def told(self) -> dict[str, Any]:
        """The cleaned answers as plain JSON values."""
        return {name: plain(value) for name, value in self.cleaned_data.items()}

    @property
    def beside_the_point(self) -> frozenset[str]:
        """Fields that need no answer as things stand: those that an answer not chosen would reveal."""
        return self.revealed

    def doubts(self) -> list[str]:
        """Questions about what is stored that may be a slip, such as a check digit. They stop nobody."""
        return []


def plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    return "" if value is None else value
