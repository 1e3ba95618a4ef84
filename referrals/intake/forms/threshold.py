"""The scheme's own questions: its indicators, the level, special concerns, consent, what to attach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partnerships.forms import CheckboxesField, Choice, LongTextField, RadioField, TextField
from referrals.intake.answers import SAME, START, mapping, words
from referrals.intake.forms.base import YES_NO_UNKNOWN, IntakeForm
from referrals.intake.plot import sheet
from referrals.intake.situation import Situation
from thresholds.domain.terms import Flag

NOTE = "note-"
"""What the name of an evidence field begins with; the indicator's key follows."""

GRADE = "grade-"
"""What the name of a field of the plot sheet begins with; a number follows."""

OTHER_REASON = "other"


class AsFirst(IntakeForm):
    """Whether the threshold fits a further child as it fits the first. Nothing is taken over unless it is said."""

    fits = RadioField("Which indicators, and which level, fit this child?")

    def fit(self) -> None:
        first, word = self.situation.answers.children[0].short, self.situation.step_word
        chosen = "" if self.situation.answers.worry_of(1).is_chosen else ": nothing so far"
        self.fields["fits"].label = f"Which indicators, and which {word}, fit {self.child.short}?"
        self.offer(
            "fits",
            [
                Choice(SAME, f"The same as for {first}{chosen}", hint="What you change for one then changes for both"),
                Choice(START, f"Nearly the same: begin with those of {first}, and change them"),
                Choice("own", "Others: choose them anew"),
            ],
        )

    def doubts(self) -> list[str]:
        if self.initial.get("fits"):
            return []
        short = self.child.short
        return [
            f"You have not said which fit {short}. If you leave it, you choose for {short} on the next pages. Where "
            f"nothing is chosen there, no {self.situation.step_word} is indicated, and the MASH reads what you say of "
            f"{short}."
        ]


class ChosenForm(IntakeForm):
    """A page of the threshold for one child. A further child may begin with what was chosen for the first."""

    slug = ""

    def __init__(
        self,
        data: Any = None,
        *,
        situation: Situation,
        number: int = 0,
        stored: Mapping[str, Any] | None = None,
        later: bool = False,
    ) -> None:
        self.begun_with_first = stored is None and number > 1 and bool(situation.answers.chosen(self.slug, number))
        if self.begun_with_first:
            stored = situation.answers.chosen(self.slug, number)
        super().__init__(data, situation=situation, number=number, stored=stored, later=later)


class Indicators(ChosenForm):
    """The matrix. Its page draws the boxes itself, by domain, low to high."""

    slug = "indicators"
    chosen = CheckboxesField("Which of these fit?")

    def fit(self) -> None:
        known = [Choice(each.key, each.label) for each in self.situation.scheme.indicators]
        self.offer("chosen", [*known, *(Choice(key, key) for key in self.outdated)])

    @property
    def outdated(self) -> list[str]:
        """Keys chosen earlier that the threshold now in force does not have; they are kept, and said to be old."""
        return [key for key in words(self.initial.get("chosen")) if self.situation.scheme.indicator(key) is None]

    def remarks(self) -> list[str]:
        """Of one of several children for whom nothing was chosen: a level chosen for another is not this one's."""
        worry = self.situation.answers.worry_of(self.number)
        if not self.situation.of_several or worry.indicators or worry.judged_level is not None:
            return []
        short = self.child.short
        return [
            f"No indicator was chosen for {short}, so no {self.situation.step_word} is indicated. The MASH reads what "
            f"you say of {short}, and a person decides."
        ]

    def doubts(self) -> list[str]:
        return []

    def told(self) -> dict[str, Any]:
        """The chosen keys in the document's order, whatever order they were sent in."""
        chosen = set(self.cleaned_data["chosen"])
        known = [each.key for each in self.situation.scheme.indicators if each.key in chosen]
        return {"chosen": [*known, *(key for key in self.outdated if key in chosen)]}


class Evidence(ChosenForm):
    """One note for each indicator chosen; where the document has a plot sheet, how strong each domain's worry is."""

    slug = "evidence"

    def fit(self) -> None:
        for key in self.situation.answers.worry_of(self.number).indicators:
            indicator = self.situation.scheme.indicator(key)
            if indicator is not None:
                self.fields[NOTE + key] = LongTextField(
                    indicator.label,
                    called=f"the note on “{indicator.label}”",
                    rows=3,
                    max_length=5000,
                    initial=self.initial.get(NOTE + key),
                )
        self.graded = {}
        plotted = sheet(self.situation.scheme, self.situation.answers.worry_of(self.number))
        for place, row in enumerate(plotted.to_grade if plotted else [], start=1):
            assert plotted is not None and row.group is not None
            group = plotted.groups[row.group]
            self.graded[f"{GRADE}{place}"] = row.name
            self.fields[f"{GRADE}{place}"] = RadioField(
                f"{row.name}: how strong, within {group.name.lower()}?",
                [(grade, grade.capitalize()) for grade in group.grades],
                hint="For the plot sheet of the threshold document" if place == 1 else "",
                inline=True,
                initial=mapping(self.initial.get("grades")).get(row.name),
            )

    @classmethod
    def shown(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        notes = {NOTE + str(key): note for key, note in mapping(stored.get("evidence")).items()}
        return {**notes, "grades": dict(mapping(stored.get("grades")))}

    def told(self) -> dict[str, Any]:
        """The notes by key; a note on an indicator that is chosen no more is kept, should it be chosen again."""
        before, now = (
            {name.removeprefix(NOTE): note for name, note in told.items() if name.startswith(NOTE)}
            for told in (self.before, self.cleaned_data)
        )
        grades = {self.graded[name]: grade for name, grade in self.cleaned_data.items() if name in self.graded}
        kept = {name: grade for name, grade in (self.before.get("grades", {}) | grades).items() if grade}
        told = {"evidence": {key: note for key, note in (before | now).items() if note}}
        return {**told, "grades": kept} if kept else told


class Judged(ChosenForm):
    slug = "judged"
    level = RadioField("Which {step} do you think fits?")
    why = LongTextField("How does the child meet it?", hint="In a sentence or two", called="how the child meets it")
    in_need = RadioField(
        "Is the child in need under section 17 of the Children Act 1989?",
        YES_NO_UNKNOWN,
        hint="Unlikely to be healthy and develop well without services, or disabled",
    )

    def fit(self) -> None:
        scheme, word = self.situation.scheme, self.situation.step_word
        self.fields["level"].label = f"Which {word} do you think fits?"
        self.offer(
            "level",
            [
                *(
                    Choice(str(each.rank), f"{word.capitalize()} {each.rank}: {each.name}", hint=each.description)
                    for each in scheme.levels
                ),
                Choice("unsure", "I'm not sure"),
            ],
        )
        if not self.situation.asks_child_in_need:
            del self.fields["in_need"]


class Special(IntakeForm):
    """Stands below what the scheme asks for each special concern."""

    done = LongTextField(
        "What have you done about this?",
        hint="Whom you have told or will tell, and when",
        called="what you have done",
        rows=5,
    )


class Consent(IntakeForm):
    informed = RadioField("Do the parents or carers know of this referral?", YES_NO_UNKNOWN)
    given = RadioField(
        "Do they agree to it?",
        (("yes", "Yes"), ("no", "No"), ("not_asked", "They were not asked"), ("unknown", "I don't know")),
    )
    reason = RadioField("If they don't agree or were not asked, why?")
    explain = LongTextField(
        "Say why, in your own words", hint="What they said, or why it was not safe to ask", called="the reason", rows=4
    )
    asked_how = LongTextField(
        "What did you do to tell them, and to ask?", hint="When, how and who", called="what you did to ask", rows=3
    )
    decided_by = TextField(
        "If it goes on without their agreement, who decided that?", hint="Name and role", called="who decided"
    )

    @property
    def beside_the_point(self) -> frozenset[str]:
        """Where they agree, nobody has to say why not."""
        agreed = self.situation.answers.page("consent").get("given") == "yes"
        return frozenset({"reason", "explain", "decided_by"}) if agreed else frozenset()

    def doubts(self) -> list[str]:
        """Says gently where the threshold does not take the reason at a level that needs consent."""
        situation = self.situation
        held = Flag.CONSENT_TO_SETTLE in situation.together.flags
        said = situation.answers.page("consent")
        if not held or said.get("given") not in ("no", "not_asked"):
            return []
        why = "This reason is not one that the threshold takes at every level"
        if not said.get("reason"):
            why = "You have not said why they don't agree or were not asked"
        return [f"{why}. Your referral goes all the same, to the MASH, which settles consent."]

    def fit(self) -> None:
        self.may_differ("explain")
        self.offer(
            "reason",
            [
                *((each.slug, each.label) for each in self.situation.scheme.consent_reasons),
                Choice(OTHER_REASON, "Another reason"),
            ],
        )


class Attach(IntakeForm):
    exist = CheckboxesField("Which of these are there, but you can’t add them?", hint="Choose all that apply")
    where = LongTextField(
        "Where can they be had?",
        hint="Who holds them, and how we ask for them. Name other documents here too.",
        called="where they can be had",
        rows=4,
        max_length=5000,
    )

    def fit(self) -> None:
        self.offer(
            "exist",
            [
                *(Choice(each.slug, each.name, hint=each.when) for each in self.situation.scheme.evidence),
                Choice("none", "None of these", exclusive=True),
            ],
        )
