"""How somebody wants to hear."""

from __future__ import annotations

from django import forms
from django.utils.datastructures import MultiValueDict

from partnerships.forms import LongTextField, PageForm, RadioField
from referrals.models import NoticeChoice


class ChoiceForm(PageForm):
    how = RadioField(
        "How do you want to hear of what can wait?",
        called="how you want to hear",
        choices=NoticeChoice.How.choices,
        missing="Choose how you want to hear",
        hint="What is overdue, and what says that a child is in danger, always comes at once.",
    )


class DealtWithForm(PageForm):
    how = LongTextField(
        "What was done about it?",
        hint="For example: telephoned them, or they have left and their agency is told. Name no child: "
        "this list is read by people who see none.",
        called="what was done about it",
        missing="Say what was done about it",
        max_length=500,
        rows=3,
    )


class PageNumber(forms.Form):
    """Which page of a list. What can't be read is the first."""

    page = forms.IntegerField(min_value=1, max_value=400, required=False)

    @classmethod
    def read(cls, query: MultiValueDict[str, str]) -> int:
        form = cls(query)
        form.is_valid()
        return form.cleaned_data.get("page") or 1
