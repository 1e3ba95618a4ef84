"""What is asked about somebody who is to hold a role."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib.auth import password_validation

from partnerships.access import Actor
from partnerships.fields import Choice, ChoiceField, EmailField, RadioField, TextField
from partnerships.forms import PageForm
from partnerships.members import Post, agencies, roles
from partnerships.models import Agency, Team, User
from partnerships.permissions import Role

NO_NAME = re.compile(r"://|\bwww\.|@|\.[a-z]{2,}/|[\u200e\u200f\u202a-\u202e\u2066-\u2069]", re.I)
"""What leads somewhere, or turns what follows round, in emails that begin with somebody's name."""


class NameField(TextField):
    """What somebody is called."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and NO_NAME.search(value):
            raise forms.ValidationError(f"{self.label} must be without the address of a page or a mailbox")


class PostForm(PageForm):
    """A role, and the agency or team in which it is held. Offers what this person may give."""

    role = RadioField("Role", missing="Choose the role")
    agency = ChoiceField("Agency", hint="Where the role is held in one")
    team = ChoiceField("Team", hint="For whoever works in a queue")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = roles(actor)
        self.agencies = {each.slug: each for each in agencies(actor)}
        self.teams = {each.slug: each for each in Team.objects.current().filter(partnership=actor.partnership)}
        self.offer("role", [Choice(role.value, role.label, hint=role.description) for role in offered])
        self.offer("agency", [("", "None"), *((slug, each.name) for slug, each in self.agencies.items())])
        self.offer("team", [("", "None"), *((slug, each.name) for slug, each in self.teams.items())])
        if not any(role.needs_second_factor for role in offered):
            del self.fields["team"]
        if len(self.agencies) == 1 and "team" not in self.fields:
            del self.fields["agency"]

    def offer(self, name: str, choices: list[Any]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        role = Role.of(told["role"]) if told.get("role") else None
        if role and role.of_an_agency and "agency" in self.fields and not told.get("agency"):
            self.add_error("agency", "Choose the agency in which the role is held")
        if role in (Role.SCREENER, Role.EARLY_HELP) and not told.get("team"):
            self.add_error("team", "Choose the team in which the role is held")
        return told

    def post(self) -> Post:
        """The post that was chosen; only what belongs to the role counts."""
        role = Role.of(self.cleaned_data["role"])
        agency: Agency | None = None
        if role.of_an_agency:
            only = next(iter(self.agencies.values()), None) if "agency" not in self.fields else None
            agency = only or self.agencies.get(self.cleaned_data.get("agency") or "")
        team = self.teams.get(self.cleaned_data.get("team") or "")
        return Post(role, agency, team if role.of_a_team else None)


class InviteForm(PostForm):
    name = NameField("Name", max_length=200, missing="Enter the person’s name", autocomplete="off")
    email = EmailField(
        "Email address",
        hint="The one that they work with. The invitation goes there.",
        missing="Enter the email address",
        autocomplete="off",
    )

    field_order = ["name", "email", "role", "agency", "team"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)


class AcceptForm(PageForm):
    """What somebody new says of themselves, and their password."""

    name = NameField("Your name", max_length=200, missing="Enter your name", autocomplete="name")
    job_title = NameField("Your job", max_length=200, missing="Enter your job", autocomplete="organization-title")
    password = forms.CharField(
        label="Choose a password",
        help_text="At least 12 characters. Three random words make a good password.",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password", "null_characters_not_allowed": "Choose another password"},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        for told in ("name", "job_title"):  # what they call themselves is on every letter, too
            setattr(self.user, told, self.cleaned_data.get(told) or getattr(self.user, told))
        password_validation.validate_password(password, self.user)
        return password
