"""How to reach the referrer, who helps already, and what has been tried."""

from __future__ import annotations

from partnerships.forms import Choice, LongTextField, RadioField, TelephoneField, TextField
from referrals.intake.forms.base import YES_NO_UNKNOWN, IntakeForm


class You(IntakeForm):
    telephone = TelephoneField("Best telephone number for you", hint="If it is not the one of your account")
    available = LongTextField(
        "When can we reach you?",
        hint="For example, today until 4pm, then tomorrow from 8am. Say if nobody else should pick up.",
        called="when we can reach you",
        rows=3,
        max_length=1000,
    )
    stand_in = TextField(
        "Who knows about this when you are away?", hint="A name and a telephone number", called="who stands in"
    )


class Involved(IntakeForm):
    worker = RadioField(
        "Does the child have an allocated social worker?",
        [
            Choice("yes", "Yes", reveals="worker_name"),
            Choice("no", "No"),
            Choice("unknown", "I don't know"),
        ],
    )
    worker_name = TextField("Who is it, and how can they be reached?", called="who the social worker is")
    practitioners = LongTextField(
        "Who else works with the child or the family?",
        hint="School, health visitor, midwife, mental health, probation, housing. Say none if you know of none.",
        called="who else works with them",
        rows=4,
        max_length=5000,
    )
    early_help = RadioField(
        "Is there an early help assessment or plan?",
        [Choice("yes", "Yes", reveals="early_help_says"), Choice("no", "No"), Choice("unknown", "I don't know")],
    )
    early_help_says = LongTextField(
        "What does it say, since when, and who holds it?", called="what the plan says", rows=4, max_length=5000
    )
    lead = RadioField(
        "Is there a lead practitioner?",
        [Choice("yes", "Yes", reveals="lead_name"), Choice("no", "No"), Choice("unknown", "I don't know")],
        hint="Who co-ordinates the early help for the family",
    )
    lead_name = TextField("Who leads, and how can they be reached?", called="who the lead practitioner is")


class GoToThemFirst(IntakeForm):
    """Only where the child has a worker already. There is always a way on."""

    spoken = RadioField(
        "Have you talked with them?",
        [
            Choice("yes", "Yes", reveals="they_said"),
            Choice("no", "Not yet"),
            Choice("cannot", "I can't reach them, or it can't wait"),
        ],
    )
    they_said = LongTextField("What did they say?", rows=4, max_length=5000)


class Tried(IntakeForm):
    tried = LongTextField(
        "What have you or others done already?",
        hint="What was tried, by whom, since when. Say if nothing could be done yet.",
        called="what was tried",
    )
    came_of_it = LongTextField(
        "What came of it?", hint="What helped, and what did not", called="what came of it", rows=5
    )
    talked_with = RadioField("Have you talked with your safeguarding lead or manager?", YES_NO_UNKNOWN[:2], inline=True)

    def fit(self) -> None:
        self.may_differ("tried")
