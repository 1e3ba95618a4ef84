"""What was in a form that could not be taken, given back in the words of its page: each answer under the label of its
box, a choice by what it says, and nothing that nobody typed, such as a form's own marks.

    rescued(request)   [("What do you want to add?", "Robin was seen today."), ("Which day?", "24 11 2026")]

The view that draws the form never ran, so the form is found among all there are: the one that knows most of what came.
A page whose labels depend on more than its form tells them itself (`tells_boxes`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from django import forms
from django.http import HttpRequest
from django.urls import ResolverMatch

from partnerships.fields import CheckboxField, Chosen, DateField
from partnerships.forms import PageForm
from partnerships.typed import DATE_PARTS

Boxes = Mapping[str, forms.Field]
Teller = Callable[[HttpRequest, ResolverMatch, frozenset[str]], Boxes | None]
_tellers: dict[str, Teller] = {}

SECRET = frozenset({
    "csrfmiddlewaretoken", "password", "login", "new_password", "oldpassword", "password1", "password2", "code",
    "credential",
})  # fmt: skip
"""What opens an account or a form: never shown and never sent again."""

MARKS = SECRET | frozenset({
    "token", "seen", "out", "window", "doubts", "from", "revision", "asked", "number", "next", "step",
    "of", "area", "narrowed", "show", "make", "required", "later", "called_999", "upload", "search", "update", "stop",
    "change", "preview", "lift", "up", "down", "taken", "what", "shown",
})  # fmt: skip
"""What a form carries beside its answers: its own marks, the button that was pressed, and what opens an account."""


def tells_boxes(page: str) -> Callable[[Teller], Teller]:
    """Register what knows the boxes of the page of this name, with their labels and choices as they were shown."""

    def register(teller: Teller) -> Teller:
        _tellers[page] = teller
        return teller

    return register


def rescued(request: HttpRequest, *, ask: bool = True) -> list[tuple[str, str]]:
    """Each answer with the label of its box; without one where no form of ours has such a box.

    ask: whether a page may look its labels up; not where the database is away.
    """
    try:
        came = dict(request.POST.lists())
    except Exception:  # a body that cannot be read at all has nothing to show
        return []
    return told_of(request, came, request.resolver_match, ask=ask)


def posted(request: HttpRequest) -> list[tuple[str, str]]:
    """What came with a form, its marks too, to be sent once more as it was; nothing where its body can't be read."""
    try:
        fields = request.POST.lists()
    except Exception:  # a body that cannot be read at all has nothing to send again
        return []
    return [(name, value) for name, values in fields if name not in SECRET for value in values]


def told_of(
    request: HttpRequest, came: Mapping[str, list[str]], match: ResolverMatch | None, *, ask: bool = True
) -> list[tuple[str, str]]:
    """The same of what was posted to a page, now or before. match: of that page's address."""
    boxes = known(request, match, frozenset(came), ask)
    told: dict[str, tuple[str, list[str]]] = {}
    for name, values in came.items():
        given = [value for value in values if value.strip()]
        box, field = box_of(name, boxes)
        if given and (typed_in(field) if field else name not in MARKS):
            label = str(field.label or "") if field else ""
            told.setdefault(box, (label, []))[1].extend(given)
    answers = [(label, in_words(boxes.get(box), values)) for box, (label, values) in told.items()]
    return [(label, text) for label, text in answers if text]


def known(request: HttpRequest, match: ResolverMatch | None, names: frozenset[str], ask: bool) -> Boxes:
    """The boxes of the page that was posted."""
    teller = _tellers.get(match.view_name) if match and ask else None
    boxes = teller(request, match, names) if teller and match else None
    return boxes if boxes is not None else likeliest(names, match.func.__module__ if match else "")


@lru_cache(maxsize=128)
def likeliest(names: frozenset[str], module: str) -> Boxes:
    """The boxes of the form that knows most of these names; of several, of one that the view's own module uses."""
    here = {id(each) for each in vars(sys.modules.get(module, object)).values()} if module in sys.modules else set()

    def fits(form: type[forms.BaseForm]) -> tuple[int, bool, int]:
        boxes: Boxes = form.base_fields  # type: ignore[attr-defined]
        hits = sum(box_of(name, boxes)[1] is not None for name in names)
        return hits, id(form) in here, -len(boxes)

    best = max(every(PageForm), key=fits)
    return best.base_fields if fits(best)[0] else {}


def every(form: type[PageForm]) -> Iterator[type[PageForm]]:
    yield form
    for below in form.__subclasses__():
        yield from every(below)


def box_of(name: str, boxes: Boxes) -> tuple[str, forms.Field | None]:
    """The box that a posted name belongs to: a date has three."""
    if name in boxes:
        return name, boxes[name]
    whole, _, part = name.rpartition("_")
    if part in DATE_PARTS and isinstance(boxes.get(whole), DateField):
        return whole, boxes[whole]
    return name, None


def typed_in(field: forms.Field) -> bool:
    return not field.widget.is_hidden and getattr(field.widget, "input_type", "") != "password"


def in_words(field: forms.Field | None, values: list[str]) -> str:
    """What was answered, as its page says it. A choice that its page alone can put in words is not shown as its key."""
    if isinstance(field, DateField):
        return " ".join(values)
    if isinstance(field, CheckboxField):
        return "Yes"
    if isinstance(field, Chosen):
        labels = {str(choice.value): str(choice.label) for choice in choices_of(field)}
        return "\n".join(labels[value] for value in values if value in labels)
    return "\n".join(values)


def choices_of(field: Chosen) -> list[Any]:
    return [choice for choice in cast(Iterable[Any], field.choices) if hasattr(choice, "label")]
