"""What asking asks: the question, whom, how soon, what they are shown and on what basis; and the answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from partnerships.forms import CheckboxesField, Choice, LongTextField, PageForm, RadioField
from partnerships.models import Agency
from referrals.additions.forms import LATER, offer_children
from referrals.asking.extract import Field
from referrals.domain.asking import Basis, Urgency
from referrals.domain.danger import Later
from referrals.models import Ask, Child, RiskRating

LONGEST = 5000
SHOWN = 160
NOBODY_ANSWERS = "Nobody there answers in the portal yet: telephone"
URGENCIES = [
    Choice(Urgency.URGENT.value, "Urgent", hint="Within 4 hours, day or night, unless the partnership says otherwise"),
    Choice(Urgency.SOON.value, "Soon", hint="By the end of the next working day"),
    Choice(Urgency.ROUTINE.value, "Routine", hint="Within 3 working days"),
]


class QuestionForm(PageForm):
    question = LongTextField(
        "What do you ask?",
        hint="The referrer reads it in the portal, and their agency’s safeguarding lead can. "
        "Ask for what you need to decide, one thing at a time.",
        called="the question",
        missing="Write the question",
        max_length=LONGEST,
        rows=5,
    )
    urgency = RadioField("How soon do you need the answer?", URGENCIES, missing="Say how soon you need the answer")


class CheckForm(PageForm):
    """A check with one or several agencies. `rating` is asked only where the risk was not rated before.

    answering: the keys of the agencies with people who answer checks here; they stand first. asked: by an agency's
    key, what this team has asked it already and waits for.
    """

    agencies = CheckboxesField("Which agencies?", missing="Choose at least one agency")
    question = LongTextField(
        "What do you need to know?",
        hint="The agency reads it. Ask for what bears on this worry, not for all they hold.",
        called="what you need to know",
        missing="Write what you need to know",
        max_length=LONGEST,
        rows=4,
    )
    extract = CheckboxesField(
        "What may they see?",
        hint="Only what they need to answer. They see nothing else of the referral.",
        missing="Choose what they may see: without a name they can’t look",
        small=True,
    )
    basis = RadioField(
        "On what lawful basis is it shared?",
        [Choice(each.value, each.label, hint=each.hint) for each in Basis],
        missing="Choose the lawful basis",
    )
    urgency = RadioField("How soon do you need the answer?", URGENCIES, missing="Say how soon you need the answer")
    rating = RadioField(
        "How great does the risk look before the checks?",
        [Choice(*each) for each in RiskRating.Rating.choices],
        missing="Rate the risk before the checks, so that it can be told what they changed",
    )
    reason = LongTextField(
        "Why?",
        called="the reason for the rating",
        missing="Say why you rate it so",
        max_length=LONGEST,
        rows=3,
    )

    def __init__(
        self,
        *args: Any,
        agencies: Iterable[Agency],
        answering: Collection[int],
        asked: Mapping[int | None, str],
        fields: Iterable[Field],
        rated: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        first = sorted(agencies, key=lambda agency: agency.pk not in answering)
        self.by_slug = {agency.slug: agency for agency in first}
        named: Any = self.fields
        named["agencies"].offer(
            [Choice(slug, agency.name, hint=hint_of(agency, answering, asked)) for slug, agency in self.by_slug.items()]
        )
        named["extract"].offer([Choice(each.key, each.label, hint=shortened(each.value)) for each in fields])
        if rated:
            del self.fields["rating"], self.fields["reason"]

    @property
    def chosen_agencies(self) -> list[Agency]:
        return [self.by_slug[slug] for slug in self.cleaned_data["agencies"]]


def hint_of(agency: Agency, answering: Collection[int], asked: Mapping[int | None, str]) -> str:
    """What somebody knows before they choose an agency."""
    if agency.pk not in answering:
        return NOBODY_ANSWERS
    return f"Was asked already, and has not answered yet: {shortened(asked[agency.pk])}" if agency.pk in asked else ""


def shortened(value: str) -> str:
    return value if len(value) <= SHOWN else f"{value[:SHOWN].rsplit(' ', 1)[0]}…"


class RiskForm(PageForm):
    rating = RadioField(
        "How great does the risk look now?",
        [Choice(*each) for each in RiskRating.Rating.choices],
        missing="Choose how great the risk looks",
    )
    reason = LongTextField("Why?", called="the reason", missing="Say why you rate it so", max_length=LONGEST, rows=4)

    def __init__(self, *args: Any, stage: RiskRating.Stage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rating"].label = f"How great does the risk look {stage.label.lower()}?"


class HowItIs(PageForm):
    """An answer, and whether a child may come to harm now: asked plainly, since a blank would be read as a no.

    children: of the referral, where one may be asked which of them.
    """

    def __init__(self, *args: Any, children: Iterable[Child] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["danger"] = RadioField(
            "Does your answer mean that a child may come to harm now or very soon?",
            LATER,
            hint="If so call 999 first. Then we put this above all others.",
            missing="Say whether a child may come to harm now or very soon. Choose “I’m not sure” if you can’t tell",
        )
        self.fields["children"] = CheckboxesField(
            "Which child does that concern?",
            hint="If you leave this empty, we take it to be all of them.",
        )
        self.children = list(children)
        offer_children(self, self.children)

    @property
    def told(self) -> dict[str, Any]:
        """Both as the action takes them."""
        chosen = self.cleaned_data.get("children", ())
        return {
            "later": Later(self.cleaned_data["danger"]),
            "children": [child for child in self.children if str(child.pk) in chosen],
        }


class AnswerForm(HowItIs):
    """The referrer's answer."""

    answer = LongTextField("Your answer", called="your answer", missing="Write your answer", max_length=LONGEST, rows=8)


class CheckAnswerForm(HowItIs):
    """An agency's answer."""

    knows = RadioField(
        "Does your agency hold information on the child or the family?",
        [Choice(*each) for each in Ask.Knows.choices],
        missing="Say whether your agency holds information",
    )
    answer = LongTextField(
        "What do you know that bears on this?",
        hint="Facts with their dates, what you think they mean, and how to reach whoever knows most.",
        called="what you know",
        max_length=LONGEST,
        rows=8,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("knows") == Ask.Knows.YES and not cleaned.get("answer") and "answer" not in self.errors:
            self.add_error("answer", "Write what you know")
        return cleaned
