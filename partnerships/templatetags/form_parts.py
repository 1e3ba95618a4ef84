"""How a field is drawn: its kind, its ids, what describes it, which boxes are wrong. The templates in `gds/` use it.

The ids follow the Design System: the control is `id_x`, its hint `id_x-hint`, its error `id_x-error`; of several
choices the first is `id_x`, the next `id_x-2`; a date's boxes are `id_x_day` and so on. So an error summary can link.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template.context import Context
from django.utils.safestring import SafeString

from partnerships.fields import DATE_PARTS, DateInput, LongTextField

register = template.Library()

KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "checkboxes"),  # Django makes it a kind of radios, so it is asked for first
    (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkbox"),
    (DateInput, "date"),
    (forms.Select, "select"),
    (forms.PasswordInput, "password"),
    (forms.Textarea, "long"),
    (forms.FileInput, "file"),
)
CLASSES = {
    "select": ("govuk-select", "govuk-select--error"),
    "long": ("govuk-textarea", "govuk-textarea--error"),
    "file": ("govuk-file-upload", "govuk-file-upload--error"),
    "text": ("govuk-input", "govuk-input--error"),
    "password": ("govuk-input govuk-password-input__input govuk-js-password-input-input", "govuk-input--error"),
}
GROUPED = ("radios", "checkboxes", "date")


@dataclass(frozen=True, slots=True)
class Option:
    """One radio or checkbox."""

    id: str
    value: str
    label: str
    checked: bool
    hint: str = ""
    divider: str = ""
    exclusive: bool = False
    revealed: tuple[BoundField, ...] = ()


@dataclass(frozen=True, slots=True)
class DateBox:
    """One box of a date."""

    id: str
    name: str
    label: str
    value: str
    width: int
    wrong: bool
    autocomplete: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A field as the templates draw it."""

    bound: BoundField
    kind: str
    size: str
    heading: bool
    errors: tuple[str, ...]
    described_by: str
    options: tuple[Option, ...] = ()
    boxes: tuple[DateBox, ...] = ()
    max_length: int | None = None
    max_words: int | None = None
    look: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.bound.auto_id

    @property
    def asked_as_group(self) -> bool:
        return self.kind in GROUPED

    @property
    def module(self) -> str:
        """The script that adds to the group, and the group's class: the same word."""
        if self.kind == "password":
            return "govuk-password-input"
        return "govuk-character-count" if self.max_length or self.max_words else ""


def kind_of(bound: BoundField) -> str:
    return next((kind for widget, kind in KINDS if isinstance(bound.field.widget, widget)), "text")


@register.simple_tag(takes_context=True)
def drawn(context: Context, bound: BoundField) -> Drawn:
    """What the template needs to know of a field. A layout's own sizes go before the field's."""
    asked, kind = bound.field, kind_of(bound)
    errors = tuple(str(error) for error in bound.errors)
    longest = asked.max_length if isinstance(asked, LongTextField) else None
    most_words = asked.max_words if isinstance(asked, LongTextField) else None
    described = [f"{bound.auto_id}-info"] if longest else []
    if bound.help_text:
        described.append(f"{bound.auto_id}-hint")
    described += [f"{bound.auto_id}-error{ending(number)}" for number, _ in enumerate(errors, 1)]
    laid_out = context.get("legend_size" if kind in GROUPED else "label_size") or ""
    heading = context.get("legend_tag" if kind in GROUPED else "label_tag") == "h1" or getattr(asked, "heading", False)
    return Drawn(
        bound=bound,
        kind=kind,
        size=laid_out.rpartition("--")[2] or ("l" if heading else getattr(asked, "size", "s")),
        heading=heading,
        errors=errors,
        described_by=" ".join(described),
        options=options(bound) if kind in ("radios", "checkboxes") else (),
        boxes=boxes(bound) if kind == "date" else (),
        max_length=None if most_words else longest,
        max_words=most_words,
        look={name: getattr(asked, name, False) for name in ("inline", "small")},
    )


@register.filter
def ending(number: int) -> str:
    """What follows an id: nothing for the first, -2 for the second."""
    return f"-{number}" if number > 1 else ""


def options(bound: BoundField) -> tuple[Option, ...]:
    value = bound.value()
    chosen = {str(each) for each in (value if isinstance(value, (list, tuple, set)) else [value]) if each is not None}
    made = []
    for number, choice in enumerate(bound.field.choices, 1):  # type: ignore[attr-defined]
        own, label = choice
        reveals = tuple(bound.form[name] for name in getattr(choice, "reveals", ()) if name in bound.form.fields)
        made.append(
            Option(
                id=f"{bound.auto_id}{ending(number)}",
                value=str(own),
                label=label,
                checked=str(own) in chosen,
                hint=getattr(choice, "hint", ""),
                divider=getattr(choice, "divider", ""),
                exclusive=getattr(choice, "exclusive", False),
                revealed=reveals,
            )
        )
    return tuple(made)


def boxes(bound: BoundField) -> tuple[DateBox, ...]:
    value = bound.value()
    typed = value if isinstance(value, list) else bound.field.widget.decompress(value)  # type: ignore[attr-defined]
    wrong = wrong_parts(bound)
    birth = getattr(bound.field, "birth", False)
    return tuple(
        DateBox(
            id=f"{bound.auto_id}_{part}",
            name=f"{bound.html_name}_{part}",
            label=part.title(),
            value=text or "",
            width=4 if part == "year" else 2,
            wrong=part in wrong,
            autocomplete=f"bday-{part}" if birth else "off",
        )
        for part, text in zip(DATE_PARTS, typed, strict=True)
    )


def wrong_parts(bound: BoundField) -> tuple[str, ...]:
    """The boxes of a date that its errors speak of; all of them where they name none."""
    data = bound.errors.as_data()
    named = [part for error in data for part in (getattr(error, "params", None) or {}).get("parts", ())]
    return tuple(named) or (DATE_PARTS if data else ())


@register.simple_tag
def control(part: Drawn) -> SafeString:
    """The input, select or textarea itself, with its classes and what describes it."""
    plain, wrong = CLASSES[part.kind]
    widget = part.bound.field.widget
    own = widget.attrs.get("class", "")
    classes = [plain, *([wrong] if part.errors else []), *([own] if own else [])]
    if part.kind == "long" and (part.max_length or part.max_words):
        classes.append("govuk-js-character-count")
    if width := getattr(part.bound.field, "width", ""):
        classes.append(f"govuk-input--width-{width}" if str(width).isdecimal() else f"govuk-!-width-{width}")
    attrs: dict[str, Any] = {"class": " ".join(classes), "id": part.id}
    if part.described_by:
        attrs["aria-describedby"] = part.described_by
    if part.kind == "password":
        attrs |= {"spellcheck": "false", "autocapitalize": "none"}
        attrs.setdefault("autocomplete", widget.attrs.get("autocomplete", "current-password"))
    if part.bound.field.disabled:
        attrs["disabled"] = True
    widget.is_required = False
    return widget.render(
        name=part.bound.html_name,
        value=part.bound.value(),
        attrs=attrs,
        renderer=part.bound.form.renderer,
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary."""

    text: str
    href: str


@register.simple_tag
def problems(form: forms.BaseForm | None) -> list[Problem]:
    """Everything that is wrong with a form, each with the address of what to mend; in the order of the page."""
    if not isinstance(form, forms.BaseForm) or not form.is_bound or not form.errors:
        return []
    shown = in_page_order(form)
    first = f"#{target(shown[0])}" if shown else "#main-content"
    found = [Problem(str(text), first) for text in form.non_field_errors()]
    for bound in shown:
        found += [Problem(str(text), f"#{target(bound)}") for text in bound.errors]
    found += [Problem(str(text), first) for bound in form.hidden_fields() for text in bound.errors]
    return found


def in_page_order(form: forms.BaseForm) -> list[BoundField]:
    """The fields to be seen, each that a choice reveals right after the choice's own."""
    revealed: frozenset[str] = getattr(form, "revealed", frozenset())
    ordered = []
    for bound in form.visible_fields():
        if bound.name not in revealed:
            ordered.append(bound)
            if kind_of(bound) in ("radios", "checkboxes"):
                ordered += [each for option in options(bound) for each in option.revealed if not each.is_hidden]
    return ordered


def target(bound: BoundField) -> str:
    """The id of the first control that an error is about."""
    if kind_of(bound) == "date":
        return f"{bound.auto_id}_{(wrong_parts(bound) or DATE_PARTS)[0]}"
    return bound.auto_id
