"""The public form's four pages, in plainer words, and where each answer stands among the guided form's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from partnerships.forms import Choice, EmailField, LongTextField, PageForm, RadioField, TelephoneField, TextField
from referrals.intake.answers import mapping
from referrals.intake.source import SLUG


class PublicForm(PageForm):
    """One page. `places`: a field's name → the page and the name under which the answer is kept."""

    places: Mapping[str, tuple[str, str]] = {}
    of_child = frozenset({"who", "home", "impact"})

    @classmethod
    def shown(cls, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The stored answers as the fields take them."""
        children = answers.get("children") or [{}]
        child = mapping(children[0])
        return {
            name: mapping((child if page in cls.of_child else answers).get(page)).get(key, "")
            for name, (page, key) in cls.places.items()
        }

    def written(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The answers with this page's."""
        told = dict(answers)
        children = list(told.get("children") or [{}])
        child = dict(mapping(children[0]))
        for name, (page, key) in self.places.items():
            holder = child if page in self.of_child else told
            holder[page] = {**mapping(holder.get(page)), key: self.cleaned_data.get(name) or ""}
        return {**told, "children": [self.finished(child), *children[1:]]}

    def finished(self, child: dict[str, Any]) -> dict[str, Any]:
        return child


class ChildForm(PublicForm):
    first_name = TextField("First name", max_length=100, width=20)
    last_name = TextField("Last name", max_length=100, width=20)
    age = TextField("About how old are they?", hint="For example, 4, or about 4", max_length=40, width=10)
    address = LongTextField(
        "Where do they live?", hint="As much as you know. A street or a block of flats helps.", rows=3, max_length=1000
    )
    postcode = TextField("Postcode, if you know it", called="the postcode", max_length=10, width=10, spellcheck=False)
    school = TextField("School or nursery, if you know it", called="the school or nursery", max_length=200)
    places = {
        "first_name": ("who", "first_name"),
        "last_name": ("who", "last_name"),
        "age": ("who", "estimated_age"),
        "address": ("home", "address"),
        "postcode": ("home", "postcode"),
        "school": ("home", "school"),
    }

    def finished(self, child: dict[str, Any]) -> dict[str, Any]:
        return {**child, "who": {**child["who"], "born": "born"}}


class WorryForm(PublicForm):
    happened = LongTextField(
        "What are you worried about?",
        hint="What you saw, heard or were told. When, where, how often, and who was there.",
        called="what you are worried about",
        missing="Tell us what you are worried about, in a sentence at least",
        rows=10,
    )
    family = LongTextField(
        "Who is in the family?", hint="Parents, other children, anybody else in the home", rows=4, max_length=5000
    )
    places = {"happened": ("worry", "happened"), "family": ("family", "household")}


class SafetyForm(PublicForm):
    safe = RadioField(
        "Is the child safe now?",
        [
            Choice("yes", "Yes, as far as I know"),
            Choice("no", "No, they may be hurt now or very soon", hint="Call 999 now. Come back here after."),
            Choice("unsure", "I’m not sure"),
        ],
        missing="Choose whether the child is safe now",
    )
    places = {"safe": ("impact", "safe")}


class YouForm(PublicForm):
    wish = RadioField(
        "May we know who you are?",
        [
            Choice("named", "Yes, and you may tell the family if you must", reveals=()),
            Choice(
                "confidence",
                "Yes, but don’t tell the family",
                hint="We keep your name apart, and nobody opens it without a reason. A court can ask for it.",
            ),
            Choice("anonymous", "No", hint="We can’t ask you anything then, or tell you what happens."),
        ],
        missing="Choose whether we may know who you are",
    )
    name = TextField("Your name", width=20, autocomplete="name")
    telephone = TelephoneField("Your telephone number", hint="One on which it is safe to call you")
    email = EmailField("Your email address")
    relation = TextField("How do you know the child?", hint="For example, I live next door", width=20)
    places = {name: (SLUG, name) for name in ("wish", "name", "telephone", "email", "relation")}

    def written(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Who wishes to stay unknown is not written down, whatever was typed."""
        if self.cleaned_data.get("wish") == "anonymous":
            self.cleaned_data.update(dict.fromkeys(("name", "telephone", "email"), ""))
        return super().written(answers)


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the public form."""

    slug: str
    title: str
    form: type[PublicForm]


STEPS = (
    Step("child", "Who is the child?", ChildForm),
    Step("worry", "What worries you?", WorryForm),
    Step("safety", "Is the child safe now?", SafetyForm),
    Step("you", "About you", YouForm),
)
