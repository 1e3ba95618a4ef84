"""The fields that pages ask with. Each has its own words for what is missing or wrong, and keeps what was typed.

Every field takes:

    label     the question, or the name of the box
    hint      help below the label
    missing   what to say where nothing was given; without it the answer may be left out
    called    what the answer is called inside a message ("what happened"); made of the label where it is left out
    size      the label's size: "s", "m", "l", or "" for plain text
    heading   the label is the page's heading (one question on the page)
    width     how wide the box is: a number of characters (2, 3, 4, 5, 10, 20, 30) or a share ("one-half")
    autocomplete, and any further argument of Django's own field (initial, disabled …)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Literal, cast

from crispy_forms_gds.choices import Choice as LabelledChoice
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from partnerships.templatetags.page_parts import clock_time
from partnerships.typed import DATE_PARTS, Unreadable, clean_line, clean_text, read_date, read_time, says_in_words

When = Literal["past", "future", "any"]


def named(label: str) -> str:
    """A label as a name inside a sentence: `Date of birth` → `date of birth`; none for a question."""
    name = label.strip()
    if not name or name.endswith("?"):
        return ""
    return name if name[:2].isupper() else name[0].lower() + name[1:]


DETERMINED = ("the", "your", "their", "his", "her", "a", "an", "what", "who", "when", "where", "why", "how", "which")


CLAUSES = ("what", "who", "when", "where", "why", "how", "which")
"""What begins a name that reads wrong before "to 200 characters": "what you want to add"."""


def definite(called: str) -> str:
    """With an article, where it has no word that stands in its place: `telephone number` → `the telephone number`."""
    return called if called.partition(" ")[0].lower() in DETERMINED else f"the {called}"


def begun(text: str) -> str:
    """The text with a capital to begin with."""
    return text[:1].upper() + text[1:]


class Asked(forms.Field):
    """What every field of ours has; see the head of this module."""

    nameless = ""
    """What an answer without a name is called; where this is empty, by its question."""

    default_error_messages: ClassVar[dict[str, Any]] = {"required": "Answer this question"}

    def __init__(
        self,
        label: str,
        *,
        hint: str = "",
        missing: str = "",
        called: str = "",
        size: str = "s",
        heading: bool = False,
        width: int | str = "",
        autocomplete: str = "",
        **kwargs: Any,
    ) -> None:
        asked = f"your answer to “{label.strip()}”" if label.strip() else ""
        self.called = called or named(label) or self.nameless or asked or "your answer"
        self.size = size
        self.heading = heading
        self.width = width
        messages = {**kwargs.pop("error_messages", {})}
        if missing:
            messages["required"] = missing
        super().__init__(
            label=label, help_text=hint, required=bool(missing), error_messages=messages, label_suffix="", **kwargs
        )
        if autocomplete:
            self.widget.attrs["autocomplete"] = autocomplete

    def as_typed(self, value: Any) -> Any:
        """What was typed, as JSON, of an answer that can't be taken as it is; None where nothing was typed."""
        return None


class Written(Asked):
    """What fields of typed text share: clean text, and a length with a plain message."""

    clean_typed: Callable[[str], str] = staticmethod(clean_line)
    max_length: int = 200
    max_words: int | None = None

    def __init__(self, label: str, *, max_length: int | None = None, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        if max_length is not None:
            self.max_length = max_length

    @property
    def to_shorten(self) -> str:
        """What is to be shortened: the answer by its name, or by its question where the name is a clause."""
        is_clause = self.called.partition(" ")[0] in CLAUSES
        return f"your answer to “{self.label}”" if is_clause else definite(self.called)

    def to_python(self, value: Any) -> str:
        return "" if value is None else self.clean_typed(str(value))

    def as_typed(self, value: Any) -> Any:
        """The words, however many."""
        return self.to_python(value) or None

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.max_length:
            raise ValidationError(
                f"Shorten {self.to_shorten} to {self.max_length:,} characters or fewer. You have typed {len(value):,}.",
                code="max_length",
            )
        if self.max_words and (words := len(value.split())) > self.max_words:
            raise ValidationError(
                f"Shorten {self.to_shorten} to {self.max_words:,} words or fewer. You have typed {words:,}.",
                code="max_words",
            )


class TextField(Written):
    """One line of text. What it is filled with is as a rule another person's: no browser keeps it to offer it again."""

    widget = forms.TextInput

    def __init__(
        self,
        label: str,
        *,
        inputmode: str = "",
        spellcheck: bool | None = None,
        autocomplete: str = "off",
        **kwargs: Any,
    ) -> None:
        super().__init__(label, autocomplete=autocomplete, **kwargs)
        if inputmode:
            self.widget.attrs["inputmode"] = inputmode
        if spellcheck is not None:
            self.widget.attrs["spellcheck"] = "true" if spellcheck else "false"


class LongTextField(Written):
    """Several lines of text, with a count of what is left, spoken only from three quarters on."""

    widget = forms.Textarea
    clean_typed = staticmethod(clean_text)
    max_length = 20_000

    def __init__(self, label: str, *, max_words: int | None = None, rows: int = 8, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.max_words = max_words
        self.widget.attrs.update(rows=rows)
        self.widget.attrs.pop("cols", None)


class EmailField(TextField):
    widget = forms.EmailInput  # type: ignore[assignment]
    max_length = 254
    nameless = "the email address"

    def __init__(self, label: str = "Email address", *, autocomplete: str = "email", **kwargs: Any) -> None:
        kwargs.setdefault("spellcheck", False)
        super().__init__(label, autocomplete=autocomplete, **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value:
            EmailValidator(f"Enter {definite(self.called)} in full, such as name@school.example.uk")(value)


class TelephoneField(TextField):
    """A telephone number, with an extension or a word beside it if need be; at least three figures."""

    max_length = 60

    def __init__(self, label: str = "Telephone number", *, autocomplete: str = "tel", **kwargs: Any) -> None:
        kwargs.setdefault("width", 20)
        super().__init__(label, autocomplete=autocomplete, **kwargs)
        self.widget.input_type = "tel"

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and sum(each.isdecimal() for each in value) < 3:
            raise ValidationError(f"Enter {definite(self.called)} in figures, such as 01632 960 001", code="invalid")


class NumberField(TextField):
    """A whole number; `least` and `most` bound it."""

    max_length = 12

    def __init__(self, label: str, *, least: int | None = None, most: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("width", 3)
        super().__init__(label, inputmode="numeric", **kwargs)
        self.least, self.most = least, most

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        if not text.lstrip("-").isdecimal() or text.count("-") > text.startswith("-"):
            raise ValidationError(f"{begun(self.called)} must be a whole number, such as 7", code="invalid")
        number = int(text)
        if self.least is not None and number < self.least:
            raise ValidationError(f"{begun(self.called)} must be {self.least:,} or more", code="least")
        if self.most is not None and number > self.most:
            raise ValidationError(f"{begun(self.called)} must be {self.most:,} or less", code="most")
        return number


class TimeField(TextField):
    """A time of day in one box, as people write it: 4:30pm, 16.30, midday.

    in_words: what says a time in words (“about half past three”) is taken as it was typed, and never made a time.
    """

    nameless = "the time"
    max_length = 60

    def __init__(self, label: str, *, in_words: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("width", 20 if in_words else 10)
        super().__init__(label, **kwargs)
        self.in_words = in_words

    def prepare_value(self, value: Any) -> Any:
        return clock_time(value) if isinstance(value, dt.time) else value

    def clean(self, value: Any) -> Any:
        try:
            return self.in_figures(value)
        except ValidationError as error:
            if self.in_words and error.code == "invalid" and says_in_words(text := self.to_python(value)):
                return text
            raise

    def in_figures(self, value: Any) -> dt.time | None:
        """The time; a message where it can't be read as one, whatever words are taken."""
        text = super().clean(value)
        try:
            return read_time(text)
        except Unreadable as error:
            raise ValidationError(f"{begun(self.called)} {error.says}", code="invalid") from error


class DateInput(forms.MultiWidget):
    """Day, month and year in three boxes: `<name>_day`, `<name>_month`, `<name>_year`."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({part: forms.TextInput() for part in DATE_PARTS}, attrs)

    def decompress(self, value: Any) -> list[str]:
        """From a date, a date in ISO form, or the three parts."""
        if isinstance(value, dt.date):
            return [str(value.day), str(value.month), str(value.year)]
        if isinstance(value, str):
            try:
                return self.decompress(dt.date.fromisoformat(value))
            except ValueError:
                return [value, "", ""]
        if isinstance(value, (list, tuple)) and len(value) == 3:
            return [str(part or "") for part in value]
        return ["", "", ""]


class DateField(Asked):
    """A date in three boxes, or written whole in one. `when` says that it must not lie ahead, or not lie behind.

    A form that asks for a date in the past or to come is given `at`, the moment that "today" is taken from.
    """

    widget = DateInput
    nameless = "the date"
    today: dt.date | None = None

    def __init__(self, label: str, *, when: When = "any", **kwargs: Any) -> None:
        self.birth = kwargs.get("autocomplete") == "bday"
        super().__init__(label, **{**kwargs, "autocomplete": ""})
        self.when = when

    def as_typed(self, value: Any) -> Any:
        """The three boxes."""
        parts = [clean_line(str(part or "")) for part in value] if isinstance(value, (list, tuple)) else []
        return parts if any(parts) else None

    def clean(self, value: Any) -> dt.date | None:
        parts = value if isinstance(value, (list, tuple)) and len(value) == 3 else ["", "", ""]
        try:
            date = read_date(*(str(part or "") for part in parts))
        except Unreadable as error:
            raise self.wrong(error.says, error.parts) from error
        if date is None:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required", params={"parts": DATE_PARTS})
            return None
        if self.today and self.when == "past" and date > self.today:
            raise self.wrong("must be today or in the past", DATE_PARTS)
        if self.today and self.when == "future" and date < self.today:
            raise self.wrong("must be today or in the future", DATE_PARTS)
        return date

    def wrong(self, says: str, parts: Sequence[str]) -> ValidationError:
        """The message, and the boxes that it speaks of."""
        return ValidationError(f"{begun(self.called)} {says}", code="invalid", params={"parts": tuple(parts)})


class Choice(LabelledChoice):
    """One answer to choose.

    hint        help below it
    reveals     the names of fields of the same form that are asked only where it is chosen
    exclusive   "None of these": choosing it clears the others
    divider     a word that stands after it, such as "or"
    """

    def __init__(
        self,
        value: str,
        label: str,
        *,
        hint: str = "",
        reveals: str | Iterable[str] = (),
        exclusive: bool = False,
        divider: str = "",
    ) -> None:
        super().__init__(str(value), label, hint=hint, divider=divider, exclusive=exclusive)
        self.reveals = (reveals,) if isinstance(reveals, str) else tuple(reveals)


Choices = Iterable[Choice | tuple[str, str]]


class Chosen(Asked, forms.ChoiceField):
    """What fields of choices share: the choices, and a message for an answer that is none of them."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid_choice": "Choose from the answers on this page"}

    def __init__(self, label: str, choices: Choices = (), **kwargs: Any) -> None:
        super().__init__(label, choices=[], **kwargs)
        self.offer(choices)

    def offer(self, choices: Choices) -> None:
        """Set what may be chosen; for choices that a partnership's content decides."""
        self.choices = [each if isinstance(each, Choice) else Choice(*each) for each in choices]


class ChoiceField(Chosen):
    """One of a long list, in a drop-down. Begins with an empty answer."""

    def __init__(self, label: str, choices: Choices = (), *, empty: str = "Choose", **kwargs: Any) -> None:
        self.empty = empty
        super().__init__(label, choices, **kwargs)

    def offer(self, choices: Choices) -> None:
        super().offer([Choice("", self.empty), *choices])


class RadioField(Chosen):
    """One of a few. `inline` puts two short answers side by side."""

    widget = forms.RadioSelect

    def __init__(self, label: str, choices: Choices = (), *, inline: bool = False, **kwargs: Any) -> None:
        self.inline = inline
        super().__init__(label, choices, **kwargs)


class CheckboxesField(Chosen, forms.MultipleChoiceField):
    """Any of several."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid_list": "Choose from the answers on this page"}

    def __init__(self, label: str, choices: Choices = (), *, small: bool = False, **kwargs: Any) -> None:
        self.small = small
        super().__init__(label, choices, **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        alone = {
            each.value: each.label for each in cast(Iterable[Any], self.choices) if getattr(each, "exclusive", False)
        }
        if len(value) > 1 and (by_itself := [alone[each] for each in value if each in alone]):
            raise ValidationError(
                f"Choose “{by_itself[0]}” by itself, or the other answers without it", code="exclusive"
            )


class CheckboxField(Asked, forms.BooleanField):
    """One box to tick, such as a declaration. `missing` says what to do where it must be ticked."""


UNREAD = -1
"""The revision of a form that carries none that can be read: no record ever stands at it, so the form is stale."""


class RevisionField(forms.IntegerField):
    """The revision that a form was shown at, hidden in it. What can't be read is `UNREAD`: stale, and no error."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> int:
        text = str(value or "") if not isinstance(value, int) else str(value)
        return int(text) if text.isdecimal() and len(text) <= 9 else UNREAD
