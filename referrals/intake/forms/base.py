"""What every page of the form shares: it knows its situation, and turns answers into what a draft stores and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from partnerships.fields import Asked, Choices, Chosen
from referrals.intake.answers import AS_TYPED, ChildTold, mapping
from referrals.intake.inside import InsideForm, inside, is_untold
from referrals.intake.situation import Situation

YES_NO_UNKNOWN = (("yes", "Yes"), ("no", "No"), ("unknown", "I don't know"))


class IntakeForm(InsideForm):
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
        self.before = self.shown(stored or {})
        self.typed_before = mapping((stored or {}).get(AS_TYPED))
        super().__init__(data, at=situation.at, initial={**self.before, **self.typed_before})
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

    def told(self) -> dict[str, Any]:
        """The cleaned answers as plain JSON values."""
        return {name: plain(value) for name, value in self.cleaned_data.items()}

    def to_store(self) -> dict[str, Any]:
        """What a draft keeps of the page: what is told, and beside it whatever can't be read, as it was typed."""
        typed = self.as_typed
        return {**self.told(), AS_TYPED: typed} if typed else self.told()

    @property
    def as_typed(self) -> dict[str, Any]:
        """What was typed and can't be read, by the field's name: inside an answer beside the chosen one, or wrong."""
        found = {}
        for name, field in self.fields.items():
            if isinstance(field, Asked) and (name in self.untold or name in self.errors):
                typed = field.as_typed(self[name].data)
                if typed is not None:
                    found[name] = typed
        return found

    @property
    def beside_the_point(self) -> frozenset[str]:
        """Fields that need no answer as things stand: those that an answer not chosen would reveal."""
        return self.revealed

    def unread(self) -> list[str]:
        """Of what was kept as it was typed and counts, that it can't be read. Asked when the page is opened again."""
        untold = {
            box for box, (question, by) in inside(self.fields).items() if is_untold(self.before.get(question), by)
        }
        return [
            f"What you typed for “{self.fields[name].label}” can’t be read yet. Can you put it right? "
            "If not, it goes as you typed it."
            for name in self.typed_before
            if name in self.fields and name not in untold
        ]

    def doubts(self) -> list[str]:
        """Questions about what is stored that may be a slip, such as a check digit. They stop nobody."""
        return self.remarks()

    def remarks(self) -> list[str]:
        """What is missing of what is stored and others will need: asked on saving, and said again before sending."""
        return []


def plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    return "" if value is None else value
