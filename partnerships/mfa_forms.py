"""The second factor's forms in our words; what they check is the sign-in library's."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from allauth.mfa.webauthn.internal import auth as webauthn
from crispy_forms_gds.helper import FormHelper
from django import forms

from partnerships import account_events
from partnerships.account_forms import InOurWords
from partnerships.mfa import MFAAdapter, first_use, may_guess

NOT_READ = "Your device's answer could not be read. Try again, or use another way to sign in."


class CredentialField(forms.JSONField):
    """What the browser's passkey answers with. Whatever it is, it is checked or refused, never an error page."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > 20_000:
            raise forms.ValidationError(NOT_READ)
        try:
            told = super().to_python(value)
        except (RecursionError, ValueError) as error:
            raise forms.ValidationError(NOT_READ) from error
        if told is not None and not isinstance(told, dict):
            raise forms.ValidationError(NOT_READ)
        return told

    def bound_data(self, data: Any, initial: Any) -> Any:
        return None

    def prepare_value(self, value: Any) -> str:
        """An answer is good once: the page that comes back asks for another."""
        return ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class TakesPasskey(forms.Form):
    """A form whose only answer is the passkey's. Guards the library, which checks what honest browsers send."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = CredentialField(
            widget=forms.HiddenInput, error_messages={"required": NOT_READ, "invalid": NOT_READ}
        )
        self.helper = FormHelper()
        self.helper.form_tag = False

    def _clean_fields(self) -> None:
        try:
            super()._clean_fields()  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError, UnicodeError, ValueError, AssertionError):
            self.add_error(None, NOT_READ)

    def _clean_form(self) -> None:
        try:
            super()._clean_form()  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError, UnicodeError, ValueError, AssertionError):
            self.add_error(None, NOT_READ)


class CodeForm(InOurWords):
    """A code from the app, or one of the recovery codes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = "Code"
        code.help_text = "The 6 digits that your authenticator app shows now, or one of your recovery codes"
        code.error_messages |= {"required": "Enter the code", "null_characters_not_allowed": "Enter the code"}
        code.widget.attrs |= {"autocomplete": "one-time-code", "inputmode": "numeric", "class": "govuk-input--width-10"}


class OnceForm(CodeForm):
    """A code of the app opens nothing a second time, however soon, and whatever the cache has forgotten."""

    def clean_code(self: Any) -> str:
        """As the library does; guesses are counted our way."""
        was_right = may_guess(context.request, self.user)
        code: str = self.cleaned_data["code"]
        held = Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)
        for each in held:
            if each.wrap().validate_code(code) and (each.type != Authenticator.Type.TOTP or first_use(each, code)):
                each.user, self.authenticator = self.user, each
                was_right()
                return code
        if main := max(held, key=lambda each: each.type == Authenticator.Type.TOTP, default=None):
            self._emit_authentication_failed(main)
        raise forms.ValidationError(MFAAdapter.error_messages["incorrect_code"], code="incorrect_code")


class AuthenticateForm(OnceForm, codes.AuthenticateForm):
    """Signs in with a code."""


class ReauthenticateForm(OnceForm, codes.ReauthenticateForm):
    """Proves once more, before something that matters."""


class ActivateTOTPForm(CodeForm, totp.ActivateTOTPForm):
    """Takes an authenticator app on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "The 6 digits that the app shows now"


class OfSomebody(TakesPasskey):
    """The passkey of a person who is known already; tries are counted our way."""

    def clean_credential(self: Any) -> Authenticator:
        was_right = may_guess(context.request, self.user)
        try:
            webauthn.parse_authentication_response(self.cleaned_data["credential"])
            found: Authenticator = webauthn.complete_authentication(self.user, self.cleaned_data["credential"])
        except Exception:  # whatever is sent, it was not the passkey
            account_events.second_factor_failed(context.request, self.user)  # as of a code: somebody has the password
            raise
        was_right()
        return found


class AuthenticateWebAuthnForm(OfSomebody, passkeys.AuthenticateWebAuthnForm):
    """Signs in with a passkey, after the password."""


class ReauthenticateWebAuthnForm(OfSomebody, passkeys.ReauthenticateWebAuthnForm):
    """Proves once more with a passkey."""


class LoginWebAuthnForm(TakesPasskey, passkeys.LoginWebAuthnForm):
    """Signs in with a passkey alone."""


class AddWebAuthnForm(TakesPasskey, passkeys.AddWebAuthnForm):
    """Takes a passkey on. Every one can sign in by itself: it unlocks with a finger, a face or a PIN."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        name: Any = self.fields["name"]
        name.label, name.help_text, name.max_length = "A name for this passkey", "Such as: my work laptop", 100
        name.widget.attrs |= {"autocomplete": "off", "maxlength": 100}

    def clean(self: Any) -> dict[str, Any]:
        """A passkey that is there is not taken a second time, such as by a second press."""
        told: dict[str, Any] = super().clean() or {}
        if new := told.get("credential"):
            held = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN)
            if any(each.data.get("credential", {}).get("rawId") == new.get("rawId") for each in held):
                raise forms.ValidationError("This passkey is there already.")
        return told


class EditWebAuthnForm(InOurWords, passkeys.EditWebAuthnForm):
    """Gives a passkey another name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        name.label = "A name for this passkey"
        name.error_messages |= {"required": "Enter a name"}
