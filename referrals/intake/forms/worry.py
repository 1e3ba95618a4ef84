"""What worries you, what works well, what needs to happen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from partnerships.forms import CheckboxesField, Choice, DateField, LongTextField, RadioField, TextField, TimeField
from referrals.intake.answers import LONDON, SAME, moment, words
from referrals.intake.concerns import CONCERNS, DOMESTIC_ABUSE, said_by
from referrals.intake.forms.base import IntakeForm
from thresholds.domain.terms import Flag

SOURCES = (
    ("saw", "I saw or heard it myself"),
    ("child", "The child told me"),
    ("other", "Somebody else told me"),
    ("record", "It stands in a record"),
)
WHAT = {"called": "call", "concern": "worry"}

SCALE_WORDS = {0: "0: very worried, the child is not safe", 10: "10: not worried, the child is safe"}
SCALE_ENDS = "0 is very worried: the child is not safe. 10 is not worried: the child is safe and its needs are met."


class Worry(IntakeForm):
    happened = LongTextField(
        "What happened?",
        hint="Facts first: what you saw, heard or were told, when, where, how often, who was there. "
        "What you make of it comes below.",
        called="what happened",
        missing="Tell us what happened, in a sentence at least",
        rows=12,
    )
    known_from = CheckboxesField("How do you know?", SOURCES, hint="Choose all that apply")
    who_told = TextField("Who told you, and when?", hint="If it was not you who saw it", called="who told you")
    opinion = LongTextField(
        "What do you make of it?", hint="Your own view, told apart from the facts", called="your view", rows=5
    )

    def fit(self) -> None:
        self.may_differ("happened")


class Telephone(IntakeForm):
    telephoned = RadioField(
        "Has somebody telephoned about this?",
        [
            Choice("yes", "Yes", reveals=("called_on", "called_time", "called_whom")),
            Choice("no", "No"),
        ],
    )
    called_on = DateField("On which day was the call?", when="past", called="the day of the call")
    called_time = TimeField(
        "At what time was the call?",
        hint="For example, 4:30pm, or about half past four",
        called="the time of the call",
        in_words=True,
    )
    called_whom = TextField("Who spoke with whom on the telephone?", called="who spoke with whom")
    concern_on = DateField("On which day did the worry arise?", when="past", called="the day on which the worry arose")
    concern_time = TimeField(
        "At what time did the worry arise?",
        hint="For example, 9:15am, or about lunchtime. About right is good enough.",
        called="the time of the worry",
        in_words=True,
    )

    def fit(self) -> None:
        front_door = self.situation.partnership.the_front_door
        self.fields["telephoned"].label = f"Has somebody telephoned {front_door} about this?"
        if not self.situation.asks_when_it_arose:
            del self.fields["concern_on"], self.fields["concern_time"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in WHAT:
            on, time = cleaned.get(f"{name}_on"), cleaned.get(f"{name}_time")
            if not on or not isinstance(time, dt.time) or (name == "called" and cleaned.get("telephoned") != "yes"):
                continue
            then = moment(on.isoformat(), time.strftime("%H:%M"))
            if then and then > self.situation.at:
                self.add_error(f"{name}_time", f"The time of the {WHAT[name]} must have passed")
        return cleaned

    def doubts(self) -> list[str]:
        page, found = self.situation.answers.page("telephone"), []
        if page.get("telephoned") == "yes" and not (page.get("called_on") and page.get("called_time")):
            found.append("You have said that somebody telephoned. Can you add the day and the time?")
        if self.situation.asks_when_it_arose and not (page.get("concern_on") and page.get("concern_time")):
            found.append("Can you say on which day and at what time the worry arose? About right is good enough.")
        return found + self.situation.not_counted


class Impact(IntakeForm):
    """What it is like for one child: each child is asked after by itself."""

    safe = RadioField(
        "Is the child safe now?",
        [
            Choice("yes", "Yes, as far as I know"),
            Choice("no", "No, the child may come to harm now or very soon", hint="Call 999 now. Come back here after."),
            Choice("unsure", "I'm not sure"),
        ],
    )
    next_seen_on = DateField(
        "On which day is the child next seen, collected or home again?",
        hint="It tells us how long we have. Leave it empty if you don’t know.",
        called="the day on which the child is next seen",
    )
    next_seen_time = TimeField(
        "At what time?",
        hint="For example, 3:15pm, or after school. About right is good enough.",
        called="the time at which the child is next seen",
        in_words=True,
    )
    next_seen = TextField("Who sees or collects the child then, and where?", called="who sees the child next")
    impact = LongTextField(
        "What does it do to the child?",
        hint="What you notice in the child: health, mood, behaviour, learning, how often and since when",
        called="what it does to the child",
    )
    child_words = LongTextField(
        "What does the child say?",
        hint="In the child's own words, or what the child shows if too young to say. Say if the child was not asked.",
        called="what the child says",
        rows=5,
    )
    concerns = CheckboxesField("Is any of this part of it?", hint="Choose all that apply", small=True)

    @classmethod
    def shown(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What was once ticked as high-risk domestic abuse is domestic abuse, whose page asks after the risk."""
        ticked = [DOMESTIC_ABUSE if each == Flag.MARAC.value else each for each in words(stored.get("concerns"))]
        return {**stored, "concerns": ticked}

    def fit(self) -> None:
        short = self.child.short
        for name, label in (
            ("safe", f"Is {short} safe now?"),
            ("next_seen_on", f"On which day is {short} next seen, collected or home again?"),
            ("next_seen_time", f"At what time is {short} next seen?"),
            ("next_seen", f"Who sees or collects {short} then, and where?"),
            ("impact", f"What does it do to {short}?"),
            ("child_words", f"What does {short} say?"),
        ):
            self.fields[name].label = label
        if self.child.unborn:
            self.fit_the_unborn()
        here = self.situation.partnership.slug
        choices = [Choice(concern.tick, said_by(here, concern).ticked_as) for concern in CONCERNS]
        if self.number > 1:
            choices.insert(0, Choice(SAME, self.as_for_first, exclusive=True))
        self.offer("concerns", [*choices, Choice("none", "None of these", exclusive=True)])

    def fit_the_unborn(self) -> None:
        """A baby not yet born says nothing and is collected by nobody: its mother is seen."""
        del self.fields["child_words"]
        self.fields["next_seen_on"].label = "On which day is the mother next seen by a midwife or somebody else?"
        self.fields["next_seen_time"].label = "At what time is the mother next seen?"
        self.fields["next_seen"].label = "Who sees the mother then, and where?"
        self.fields["impact"].label = "What does it do, or may it do, to the baby?"
        self.fields["impact"].help_text = "Before the birth and after it: health, care, what is prepared"

    def doubts(self) -> list[str]:
        worry = self.situation.answers.worry_of(self.number)
        if worry.next_seen_on and worry.next_seen_on < self.situation.at.astimezone(LONDON).date():
            return [f"The day on which {self.child.short} is next seen has passed. Is it right?"]
        return self.remarks()

    def remarks(self) -> list[str]:
        """A time says nothing without its day."""
        worry = self.situation.answers.worry_of(self.number)
        if worry.next_seen_on or not (worry.next_seen_time or worry.next_seen_words):
            return []
        seen = "the mother" if self.child.unborn else self.child.short
        return [f"You have said at what time {seen} is next seen, but not on which day. Can you add the day?"]

    @property
    def as_for_first(self) -> str:
        """The answer that takes the first child's concerns for this child, naming them."""
        answers = self.situation.answers
        ticked = set(answers.worry_of(1).concerns)
        named = [concern.title.lower() for concern in CONCERNS if concern.tick in ticked]
        return f"The same as for {answers.children[0].short}: {', '.join(named) or 'none of these so far'}"


class Strengths(IntakeForm):
    working_well = LongTextField(
        "What works well?",
        hint="What keeps the child safe, who helps, what the parents do well, what the child is good at",
        called="what works well",
    )
    parents_view = LongTextField(
        "What do the parents or carers say?", hint="Their view of the worry, and what they want", rows=5
    )

    def fit(self) -> None:
        self.may_differ("working_well")


class NextSteps(IntakeForm):
    needs_to_happen = LongTextField(
        "What needs to happen?",
        hint="What would have to change for you not to worry, and what help you think the family needs",
        called="what needs to happen",
    )
    scale = RadioField(
        "How worried are you, from 0 (very worried) to 10 (not worried)?",
        [(str(number), SCALE_WORDS.get(number, str(number))) for number in range(11)],
    )

    def fit(self) -> None:
        self.may_differ("needs_to_happen")
        self.fields["scale"].help_text = self.situation.scheme.guidance.scale or SCALE_ENDS
