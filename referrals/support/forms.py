"""What early help asks: who leads and the plan, a review, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from partnerships.forms import Choice, LongTextField, PageForm, RadioField, RevisionField, TelephoneField, TextField
from partnerships.models import Team
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


class LeadForm(PageForm):
    lead = TextField("Who leads now?", called="the lead practitioner", missing="Say who leads")
    lead_agency = TextField("Their agency", called="the agency")
    lead_telephone = TelephoneField("Their telephone number")


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


class GiveOnForm(PageForm):
    """revision: `Support.revision` when the form was shown."""

    team = RadioField("Which team goes on with it?", missing="Choose the team that goes on with it")
    reason = LongTextField(
        "Why, and what does that team need to know?",
        hint="What was done and agreed with the family, who is in touch with them, and what comes next. They read this "
        "page, the plan and its reviews; they do not read the referral itself. The referrer does not see it.",
        called="the reason",
        missing="Say why, and what the team needs to know: it reads that first",
        max_length=LONGEST,
        rows=6,
    )
    revision = RevisionField()

    def __init__(self, *args: Any, support: Support, teams: Iterable[Team], **kwargs: Any) -> None:
        super().__init__(*args, initial={"revision": support.revision}, **kwargs)
        self.by_slug = {team.slug: team for team in teams}
        team: Any = self.fields["team"]
        team.offer([Choice(slug, each.name) for slug, each in self.by_slug.items()])

    @property
    def chosen_team(self) -> Team:
        return self.by_slug[self.cleaned_data["team"]]


FORMS: dict[str, Any] = {
    "accept": AcceptForm,
    "review": ReviewForm,
    "lead": LeadForm,
    "close": CloseForm,
    "step-up": StepUpForm,
}
