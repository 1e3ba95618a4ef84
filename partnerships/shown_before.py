"""A settings page says what stood when it was shown: one that was opened before another's change does not undo it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.http import HttpRequest

NAME = "seen"


def seal_of(form: forms.BaseForm) -> str:
    """A short mark of what the form was filled with."""
    told = json.dumps(form.initial, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def refuse_stale(request: HttpRequest, form: Any) -> bool:
    """Whether the page was shown before what stands now. The form then says what stands, and keeps what was typed.

    A page that does not say what it showed asks no question.
    """
    seen = request.POST.get(NAME, "")
    if not seen or seen == seal_of(form) or not form.is_valid():
        return False
    now = [
        f"{field.label} is now “{form.initial.get(name)}”"
        for name, field in form.fields.items()
        if name in form.initial and str(form.initial[name]) != str(form.cleaned_data.get(name))
    ]
    if not now:
        return False
    told = "; ".join(now)
    form.add_error(
        None,
        f"Somebody saved this page after you had opened it, and nothing of yours was saved. {told}. What you typed is "
        "below: change what is not right any more, and save it again.",
    )
    return True
