"""What people type on the pages of their login."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password

from accounts.exceptions import Invalid
from accounts.models import User


class JoinForm(forms.Form):
    """How a person who has a login already is called in the organization they join."""

    first_name = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "given-name"}))
    last_name = forms.CharField(max_length=100, required=False, widget=forms.TextInput({"autocomplete": "family-name"}))

    def refuse(self, error: Invalid) -> None:
        """Show what a service found; fields the form does not have are spoken of above it."""
        for fault in error.errors:
            field = fault.field if fault.field in self.fields else None
            self.add_error(field, fault.message or "Enter a valid value.")


class NewLoginForm(JoinForm):
    """The same for a person who gets their login now."""

    password = forms.CharField(
        strip=False,
        # Nobody's password is longer, and hashing takes as long as its input.
        max_length=1_000,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self._email))
        return password


class ActivateTOTPForm(totp.ActivateTOTPForm):
    """The code that proves the enrolment counts as used: allauth remembers only those that logged somebody in."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not TOTP(Authenticator(user=self.user))._mark_code_used(code):
            raise get_adapter().validation_error("incorrect_code")
        return code
