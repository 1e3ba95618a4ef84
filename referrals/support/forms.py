"""What early help asks: who leads and the plan, a review, how it ended."""

from __future__ import annotations

from typing import Any

from partnerships.forms import Choice, LongTextField, PageForm, RadioField, RevisionField, TelephoneField, TextField
from referrals.models import PlanReview, Support

LONGEST = 10_000


class AcceptForm(PageForm):
    lead = TextField("Who is the lead practitioner?", called="the lead practitioner", missing="Say who leads")
    lead_agency = TextField("Their agency", called="the agency")
    lead_telephone = TelephoneField("Their telephone number")
    plan = LongTextField(
        "The plan",
        hint="What is to get better, for whom, who does what, and what the child and the family say of it.",
        called="the plan",
        missing="Write the plan, or its first steps",
        max_length=LONGEST,
        rows=8,
    )


class ReviewForm(PageForm):
    progress = RadioField(
        "How does it go since the last time?",
        [Choice(*each) for each in PlanReview.Progress.choices],
        missing="Say how it goes",
    )
    words = LongTextField(
        "What changed, what the child says, and what was agreed",
        called="what changed",
        missing="Write what changed and what was agreed",
        max_length=LONGEST,
        rows=6,
    )
    number = RevisionField()


class CloseForm(PageForm):
    ending = RadioField(
        "How does it end?",
        [Choice(*each) for each in Support.Ending.choices if each[0] != Support.Ending.STEPPED_UP],
        missing="Choose how it ends",
    )
    words = LongTextField(
        "What came of it?", called="what came of it", missing="Write what came of it", max_length=LONGEST, rows=5
    )


class StepUpForm(PageForm):
    reason = LongTextField(
        "Why does it go to the MASH?",
        hint="What you saw, when, and what should happen first. In danger, call 999 before you write.",
        called="the reason",
        missing="Say why: the MASH reads it first",
        max_length=LONGEST,
        rows=6,
    )


FORMS: dict[str, Any] = {"accept": AcceptForm, "review": ReviewForm, "close": CloseForm, "step-up": StepUpForm}
