"""The form's pages, one class each. What a page stores is what `told()` gives; `doubts()` asks and never stops."""

from referrals.intake.forms.base import IntakeForm
from referrals.intake.forms.concern import CONCERN_FORMS
from referrals.intake.forms.family import (
    AnotherChild,
    ChildDetails,
    ChildHome,
    ChildWho,
    Family,
    Person,
)
from referrals.intake.forms.help import GoToThemFirst, Involved, Tried, You
from referrals.intake.forms.threshold import AsFirst, Attach, Consent, Evidence, Indicators, Judged, Special
from referrals.intake.forms.worry import Impact, NextSteps, Strengths, Telephone, Worry

__all__ = [
    "CONCERN_FORMS",
    "AnotherChild",
    "AsFirst",
    "Attach",
    "ChildDetails",
    "ChildHome",
    "ChildWho",
    "Consent",
    "Evidence",
    "Family",
    "GoToThemFirst",
    "Impact",
    "Indicators",
    "IntakeForm",
    "Involved",
    "Judged",
    "NextSteps",
    "Person",
    "Special",
    "Strengths",
    "Telephone",
    "Tried",
    "Worry",
    "You",
]
