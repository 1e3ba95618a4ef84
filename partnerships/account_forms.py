"""Sign-in and password forms in our words; what they check is the sign-in library's."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as theirs
from allauth.core import context
from crispy_forms_gds.helper import FormHelper
from django import forms
from django.utils import timezone

from partnerships import account_events

GOOD_ONE = "At least 12 characters. Three random words make a good password."
EMAIL = "Enter your email address in full, such as name@school.example.uk"

WORDS: dict[str, tuple[str, str, str]] = {
    "login": ("Email address", "", "Enter your email address"),
    "email": ("Email address", "", "Enter your email address"),
    "password": ("Password", "", "Enter your password"),
    "oldpassword": ("Your password now", "", "Enter the password that you have now"),
    "password1": ("New password", GOOD_ONE, "Enter a new password"),
    "password2": ("New password again", "", "Enter the new password again"),
}
"""A field's name → its label, its hint, and what to say where it is missing."""


class InOurWords(forms.Form):
    """Labels, hints and messages from `WORDS`; drawn by our templates, without placeholders."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name not in WORDS:
                continue
            field.label, field.help_text, missing = WORDS[name]
            field.error_messages |= {
                "required": missing,
                "invalid": EMAIL if name in ("login", "email") else missing,
                "max_length": missing,
                "null_characters_not_allowed": missing,
            }


class LoginForm(InOurWords, theirs.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ResetPasswordForm(InOurWords, theirs.ResetPasswordForm):
    """Asks for the address that a new password's link goes to."""


class ResetPasswordKeyForm(InOurWords, theirs.ResetPasswordKeyForm):
    """Sets a new password by the link that was sent."""


class ChangePasswordForm(InOurWords, theirs.ChangePasswordForm):
    """Sets a new password by the one that holds. A wrong one is noted: whoever found a session open may be guessing."""

    def clean_oldpassword(self) -> str:
        try:
            told: str = super().clean_oldpassword()
        except forms.ValidationError:
            assert self.user
            account_events.sign_in_failed(context.request, self.user.email, at=timezone.now())
            raise
        return told


class ReauthenticateForm(InOurWords, theirs.ReauthenticateForm):
    """Asks for the password once more, before something that matters."""
