"""What stands inside an answer, in a box that the answer reveals: told where it is chosen, kept untold beside another.

A draft keeps all that was typed. What is read of it, screened and sent is `told_alone`: where one answer of a question
is chosen, the boxes inside its others are nobody's business. Where no answer is, every box was seen, and counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partnerships.forms import Choice, PageForm
from referrals.intake.answers import AS_TYPED, GROUPS, mapping, words

Inside = dict[str, tuple[str, frozenset[str]]]
"""A box inside an answer: the question, and which of its answers reveal the box."""


def inside(fields: Mapping[str, Any]) -> Inside:
    """The boxes of a form that stand inside an answer."""
    found: Inside = {}
    for question, field in fields.items():
        for choice in getattr(field, "choices", ()):
            for box in choice.reveals if isinstance(choice, Choice) else ():
                found[box] = (question, found.get(box, ("", frozenset()))[1] | {str(choice.value)})
    return found


def is_untold(given: Any, revealed_by: frozenset[str]) -> bool:
    """Whether the question was answered, and by none of the answers that reveal the box."""
    chosen = set(words(given) if isinstance(given, list) else filter(None, [given]))
    return bool(chosen) and not chosen & revealed_by


class InsideForm(PageForm):
    """A form in which nothing that stands inside an answer beside the chosen one is wrong, or told."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.untold: set[str] = set()

    def clean(self) -> dict[str, Any]:
        """What stands inside an answer beside the one that was chosen is never an error: it is no answer at all."""
        cleaned = super().clean() or self.cleaned_data
        for name, (question, revealed_by) in inside(self.fields).items():
            if name in self.errors and is_untold(cleaned.get(question), revealed_by):
                del self.errors[name]
                cleaned[name] = None
                self.untold.add(name)
        return cleaned


def page_told_alone(stored: Mapping[str, Any], boxes: Inside) -> dict[str, Any]:
    """One page's stored answers without what stands inside answers that were not chosen."""
    untold = {box for box, (question, by) in boxes.items() if is_untold(stored.get(question), by)}
    told = {name: value for name, value in stored.items() if name not in untold and name != AS_TYPED}
    typed = {name: text for name, text in mapping(stored.get(AS_TYPED)).items() if name not in untold}
    return {**told, AS_TYPED: typed} if typed else told


def told_alone(raw: Mapping[str, Any], pages: Mapping[str, Inside]) -> dict[str, Any]:
    """A draft's answers without it. pages: the boxes of each page by its slug."""

    def of(holder: Mapping[str, Any]) -> dict[str, Any]:
        return {
            slug: page_told_alone(page, pages[slug]) if slug in pages and isinstance(page, Mapping) else page
            for slug, page in holder.items()
        }

    told = of(raw)
    for name in GROUPS.values():
        if isinstance(raw.get(name), list):
            told[name] = [of(each) if isinstance(each, Mapping) else each for each in raw[name]]
    return told
