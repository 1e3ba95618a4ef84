"""A form for each part of a draft. `form_for` gives the one that fits a noun (and, for a rule, its kind).

`told()` is what was answered as the file has it: numbers as numbers, lists as lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from partnerships.fields import (
    CheckboxesField,
    CheckboxField,
    Choice,
    ChoiceField,
    DateField,
    LongTextField,
    NumberField,
    RadioField,
    TextField,
)
from partnerships.forms import PageForm
from thresholds.domain.redline import BASIS_WORDS, STARTS_WORDS, UNIT_WORDS
from thresholds.domain.scheme import (
    ENGINE_FLAGS,
    INDICATOR_FLAGS,
    Colour,
    Doing,
    Flag,
    RuleKind,
    Starts,
    StatutoryBasis,
    StepWord,
    Unit,
)
from thresholds.domain.terms import ROUTE_WORDS
from thresholds.domain.writing import SAYS_NOTHING
from thresholds.models import Domain, Evidence, Indicator, Level, Rule, SchemeVersion

SOURCE = "Where it stands in the document"
ROUTES = [Choice(route.value, f"{words[0].upper()}{words[1:]}") for route, words in ROUTE_WORDS.items()]


def source_field() -> TextField:
    return TextField(
        SOURCE,
        hint="A page or section, such as p. 10. For what is decided here: who decided it, and when",
        max_length=400,
        missing="Say where it stands in the document, or who decided it",
        called="where it stands",
    )


def local_default_field() -> CheckboxField:
    return CheckboxField(
        "This is a local default",
        hint="The document leaves it to judgement or is silent, and the partnership chose. It is marked as such.",
    )


class EditForm(PageForm):
    """A form that knows the values it was filled with, so that a colleague's change is noticed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    whole_numbers: tuple[str, ...] = ()
    """Fields of choices whose values are ranks."""

    def __init__(self, *args: Any, draft: SchemeVersion, pk: int = 0, **kwargs: Any) -> None:
        self.draft, self.pk = draft, pk
        self.step = draft.step_word
        super().__init__(*args, **kwargs)
        self.steps = list(Level.objects.filter(version=draft))
        for name, field in self.fields.items():
            if name != "step_word":
                field.label, field.help_text = self.in_its_word(field.label), self.in_its_word(field.help_text)
                field.error_messages["required"] = self.in_its_word(field.error_messages.get("required"))
        self.fit()

    def in_its_word(self, text: Any) -> str:
        """What says level, in the document's own word for it."""
        return str(text or "").replace("level", self.step)

    def fit(self) -> None:
        """Offer the choices that this draft has."""

    def offer(self, name: str, choices: Iterable[Any]) -> None:
        field: Any = self.fields[name]
        field.offer(choices)

    def offer_levels(self, *names: str, above: int = 0) -> None:
        for name in names:
            self.offer(
                name,
                [
                    Choice(str(each.rank), f"{self.step.capitalize()} {each.rank}: {each.name}")
                    for each in self.steps
                    if each.rank > above
                ],
            )

    def told(self) -> dict[str, Any]:
        """The answers as the file has them."""
        told = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        for name in self.whole_numbers:
            value = told.get(name)
            if isinstance(value, list):
                told[name] = sorted(int(each) for each in value)
            else:
                told[name] = int(value) if value else None
        return told

    @classmethod
    def initial_of(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What the boxes show of stored values."""
        return {
            name: [str(each) for each in value]
            if isinstance(value, list)
            else str(value)
            if isinstance(value, int) and not isinstance(value, bool)
            else value
            for name, value in values.items()
        }


class DocumentForm(EditForm):
    title = TextField("Title", max_length=300, missing="Enter the document's title", called="the title")
    document = TextField(
        "The document in full",
        hint="Its name, whose it is, and its date, as one would cite it",
        max_length=500,
        missing="Enter the document's name in full",
        called="the document's name",
    )
    review_on = DateField("When is its review due?", hint="For example, 30 11 2027", called="the day of its review")
    step_word = RadioField("What does the document call a step of need?", missing="Choose level or tier")

    def fit(self) -> None:
        self.offer("step_word", [Choice(each.value, each.value.capitalize()) for each in StepWord])

    def told(self) -> dict[str, Any]:
        told = super().told()
        return told | {"review_on": told["review_on"].isoformat() if told["review_on"] else None}


class LevelForm(EditForm):
    name = TextField("Name", max_length=120, missing="Enter the level's name", called="the name")
    description = LongTextField("Who this is for", missing="Say who this level is for", called="the description")
    route = RadioField("Where does a worry at this level go?", ROUTES, missing="Choose where it goes")
    consent_needed = CheckboxField("Help at this level needs the family's agreement")
    statutory_basis = RadioField(
        "On which section of the Children Act 1989 does it stand?", missing="Choose the section"
    )
    expected_response = LongTextField(
        "What the referrer may expect",
        missing="Say what the referrer may expect",
        rows=4,
        called="what may be expected",
    )
    referrer_should = LongTextField(
        "What the referrer is to do",
        missing="Say what the referrer is to do",
        rows=4,
        called="what the referrer is to do",
    )
    colour = ChoiceField("Colour in the document", missing="Choose a colour", hint="Blue where it gives none")
    source = source_field()

    def fit(self) -> None:
        self.offer("statutory_basis", [Choice(b.value, BASIS_WORDS[b].capitalize()) for b in StatutoryBasis])
        self.offer("colour", [Choice(each.value, each.value.capitalize()) for each in Colour])


class DomainForm(EditForm):
    name = TextField(
        "Name, as the document prints it", max_length=200, missing="Enter the domain's name", called="the name"
    )
    parent = ChoiceField("Which domain does it stand under?", empty="None: it is a domain of its own")
    same_as = ChoiceField(
        "Does it continue another's list under a second heading?",
        empty="No",
        hint="Only where the document prints one list under different headings at different levels",
    )

    def fit(self) -> None:
        others = Domain.objects.current().filter(version=self.draft).exclude(pk=self.pk)
        offered = [(each.name, each.name) for each in others]
        self.offer("parent", offered)
        self.offer("same_as", offered)

    def told(self) -> dict[str, Any]:
        told = super().told()
        return told | {name: told[name] or None for name in ("parent", "same_as")}


class IndicatorForm(EditForm):
    whole_numbers = ("level", "shared_with")
    label = LongTextField(
        "The indicator in plain words",
        hint="Keep every qualifier of the document: who, what, how severe, how often, at what age.",
        max_length=600,
        rows=3,
        missing="Enter the indicator's wording",
        called="the indicator",
    )
    domain = ChoiceField("In which domain?", missing="Choose the domain")
    level = RadioField("At which level?", missing="Choose the level")
    shared_with = CheckboxesField("Does its list stand for a higher level too?", small=True)
    flags = CheckboxesField("What does it raise?", hint="A flag never sets a level by itself.", small=True)
    source = source_field()

    def fit(self) -> None:
        domains = Domain.objects.current().filter(version=self.draft).select_related("parent")
        self.offer(
            "domain",
            [(each.name, f"{each.parent.name}: {each.name}" if each.parent else each.name) for each in domains],
        )
        self.offer_levels("level")
        self.offer_levels("shared_with", above=1)
        self.offer("flags", [Choice(f.value, f.words[0].upper() + f.words[1:]) for f in sorted(INDICATOR_FLAGS)])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        level, shared = said.get("level"), said.get("shared_with") or []
        if level and any(int(rank) <= int(level) for rank in shared):
            self.add_error("shared_with", f"Choose only {self.step}s above {self.step} {level}")
        return said


class RuleForm(EditForm):
    """What every rule has. The fields of its kind stand before these."""

    explanation = LongTextField(
        "The explanation that people read", rows=4, missing="Enter the rule's explanation", called="the explanation"
    )
    source = source_field()
    local_default = local_default_field()
    kind: RuleKind = RuleKind.HIGHEST
    parameters: tuple[str, ...] = ()
    field_order: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        told = super().told()
        parameters = {name: told.pop(name) for name in self.parameters}
        return told | {"parameters": parameters}

    @classmethod
    def initial_of(cls, values: dict[str, Any]) -> dict[str, Any]:
        return super().initial_of({**values, **(values.get("parameters") or {})})


class ClusterForm(RuleForm):
    kind = RuleKind.CLUSTER
    parameters = ("level", "count", "domains", "indicates")
    field_order = parameters
    whole_numbers = ("level", "indicates")
    level = ChoiceField("Indicators of which level?", missing="Choose the level that is counted")
    count = NumberField("How many at least?", least=2, most=100, missing="Enter how many", called="the number")
    domains = NumberField(
        "Over how many domains at least?",
        least=1,
        most=100,
        missing="Enter over how many domains",
        called="the number of domains",
    )
    indicates = ChoiceField("Which level do they indicate?", missing="Choose the level that they indicate")

    def fit(self) -> None:
        self.offer_levels("level", "indicates")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("level") and said.get("indicates") and int(said["indicates"]) <= int(said["level"]):
            self.add_error("indicates", f"Choose one above the {self.step} that is counted")
        if said.get("count") and said.get("domains") and said["domains"] > said["count"]:
            self.add_error("domains", f"Enter {said['count']} or fewer: each indicator stands in one domain")
        return said


class FlagRuleForm(RuleForm):
    kind = RuleKind.FLAG
    parameters = ("flag", "referrer", "screener", "route", "done_by", "documents", "asks_more")
    field_order = ("flag", "referrer", "done_by", "documents", "asks_more", "screener", "route")
    flag = ChoiceField("Which flag?", missing="Choose the flag")
    referrer = LongTextField(
        "To the referrer: what you must also do",
        rows=3,
        missing="Say what the referrer must also do",
        called="the sentence",
    )
    done_by = CheckboxesField(
        "What of it is done as soon as a referral shows it?",
        [Choice(each.value, f"{each.words[0].upper()}{each.words[1:]}") for each in Doing],
        hint="Choose only what the sentence asks for. The referrer then reads that it is done, and is not asked again.",
        small=True,
    )
    documents = CheckboxesField("Which documents does it ask for? One of them is enough", small=True)
    asks_more = CheckboxField(
        "It asks for something else as well", hint="Only the referrer knows whether that is done: it stays to do."
    )
    screener = LongTextField(
        "To the screener", rows=3, missing="Say what the screener is to look at", called="the sentence"
    )
    route = ChoiceField("Where does a referral with this flag go at least?", ROUTES, empty="Wherever its level leads")

    def fit(self) -> None:
        rules = Rule.objects.current().filter(version=self.draft, kind=RuleKind.FLAG).exclude(pk=self.pk)
        taken = {rule.parameters.get("flag") for rule in rules}
        self.offer("flag", [(f.value, f.words[0].upper() + f.words[1:]) for f in sorted(Flag) if f.value not in taken])
        evidence = [Choice(each.slug, each.name) for each in Evidence.objects.current().filter(version=self.draft)]
        self.offer("documents", evidence)
        if not evidence:
            del self.fields["documents"]

    def told(self) -> dict[str, Any]:
        """What says nothing is left out, as in a file."""
        self.cleaned_data.setdefault("documents", [])
        told = super().told()
        for name in SAYS_NOTHING:
            if not told["parameters"][name]:
                del told["parameters"][name]
        return told


def indicators_by_domain(draft: SchemeVersion) -> dict[str, list[Choice]]:
    """Every indicator of a draft to choose from, under its domain."""
    rows = Indicator.objects.current().filter(version=draft).select_related("domain", "level")
    found: dict[str, list[Choice]] = {}
    for each in rows.order_by("domain__order", "level__rank", "item"):
        choice = Choice(each.key, f"{each.label} ({draft.step_word} {each.level.rank})")
        found.setdefault(each.domain.name, []).append(choice)
    return found


class AgeForm(RuleForm):
    kind = RuleKind.AGE
    parameters = ("indicators", "under_months", "unborn", "indicates")
    field_order = ("under_months", "unborn", "indicates", "indicators")
    whole_numbers = ("indicates",)
    under_months = NumberField(
        "A child under how many months?",
        hint="12 for a first birthday, 156 for a thirteenth; 0 for unborn children alone",
        least=0,
        most=240,
        missing="Enter the age in months",
        called="the age",
    )
    unborn = CheckboxField("A child not yet born as well")
    indicates = ChoiceField("What do the indicators then mean at least?", missing="Choose the level")
    indicators = CheckboxesField("Which indicators?", missing="Choose at least one indicator", small=True)

    def fit(self) -> None:
        self.offer_levels("indicates")
        self.grouped = indicators_by_domain(self.draft)
        self.offer("indicators", [choice for choices in self.grouped.values() for choice in choices])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("under_months") == 0 and not said.get("unborn"):
            self.add_error("under_months", "Enter an age, or choose children not yet born")
        return said


class ConsentRuleForm(RuleForm):
    kind = RuleKind.CONSENT
    parameters = ("settled_by_flags",)
    field_order = parameters
    settled_by_flags = CheckboxesField(
        "In the MASH, which flags make consent no question?",
        hint="Where one of them is raised and the referral goes to the MASH, consent is not asked after.",
        small=True,
    )

    def fit(self) -> None:
        offered = sorted(set(Flag) - ENGINE_FLAGS)
        self.offer("settled_by_flags", [Choice(f.value, f.words[0].upper() + f.words[1:]) for f in offered])


class SeenBeforeForm(RuleForm):
    kind = RuleKind.SEEN_BEFORE
    parameters = ("window_months", "at_least", "raises_to")
    field_order = parameters
    whole_numbers = ("raises_to",)
    window_months = NumberField(
        "In the last how many months?",
        least=1,
        most=240,
        missing="Enter how many months",
        called="the number of months",
    )
    at_least = NumberField(
        "How many earlier contacts at least?", least=1, most=100, missing="Enter how many contacts", called="the number"
    )
    raises_to = ChoiceField("What do they indicate at least?", empty="Nothing: they are shown")

    def fit(self) -> None:
        self.offer_levels("raises_to")


class LimitForm(EditForm):
    name = TextField("Name", max_length=200, missing="Enter the clock's name", called="the name")
    amount = NumberField("How long?", least=1, most=10_000, missing="Enter how long", called="how long")
    unit = RadioField("In what?", missing="Choose hours or days")
    starts = RadioField("From when?", missing="Choose what starts it")
    source = source_field()
    local_default = local_default_field()

    def fit(self) -> None:
        self.offer("unit", [Choice(unit.value, f"{UNIT_WORDS[unit].capitalize()}s") for unit in Unit])
        self.offer("starts", [Choice(each.value, f"From {STARTS_WORDS[each]}") for each in Starts])


class ReasonForm(EditForm):
    whole_numbers = ("accepted_at",)
    label = TextField("The reason", max_length=300, missing="Enter the reason", called="the reason")
    accepted_at = CheckboxesField(
        "At which levels is it accepted?",
        hint="Elsewhere it is shown, and the MASH settles the question of consent.",
        small=True,
    )
    source = source_field()

    def fit(self) -> None:
        self.offer_levels("accepted_at")


class EvidenceForm(EditForm):
    name = TextField(
        "What is to be attached?", max_length=300, missing="Enter what is to be attached", called="the name"
    )
    when = LongTextField("When?", rows=3, missing="Say when it is to be attached", called="when")
    source = source_field()


class StageForm(EditForm):
    name = TextField("Name", max_length=300, missing="Enter the stage's name", called="the name")
    people = LongTextField("Who talks with whom?", rows=3, missing="Say who talks with whom", called="who")
    limit_working_days = NumberField(
        "Within how many working days?",
        hint="Leave it empty where the document sets no limit",
        least=1,
        most=365,
        called="the number of days",
    )
    source = source_field()


class GuidanceForm(EditForm):
    before_referring = LongTextField("Before you refer", rows=4)
    telephone_first = LongTextField("When to telephone first", rows=4)
    consent = LongTextField("Agreement of the family", rows=4)
    practice_model = LongTextField("How we work", rows=4)
    scale = LongTextField("The scale, and which end is which", rows=3)
    after = LongTextField("What happens after you send", rows=4)

    def fit(self) -> None:
        for field in self.fields.values():
            if isinstance(field, LongTextField):
                field.called = f"the text “{field.label}”"

    def told(self) -> dict[str, Any]:
        return {name: value or None for name, value in super().told().items()}


class QuestionForm(EditForm):
    question = TextField("The question", max_length=500, missing="Enter the question", called="the question")
    why = LongTextField("Why it matters", rows=3, missing="Say why it matters", called="why it matters")
    source = source_field()


class AlsoForm(EditForm):
    name = TextField(
        "Name", hint="Such as MARAC, Prevent, LADO", max_length=300, missing="Enter its name", called="the name"
    )
    text = LongTextField("What one must know or do", rows=5, missing="Say what one must know or do", called="the text")
    source = source_field()


class PlotColumnForm(EditForm):
    whole_numbers = ("levels",)
    name = TextField(
        "The step, as the sheet calls it",
        hint="Columns with the same levels, one after the other, stand under one heading",
        max_length=100,
        missing="Enter the step",
        called="the step",
    )
    levels = CheckboxesField("Which levels does it stand for?", missing="Choose at least one level", small=True)
    grade = TextField(
        "The grade within it",
        hint="Such as low, medium or high. A step with one column has a word of its own, such as universal",
        max_length=60,
        missing="Enter the grade",
        called="the grade",
    )

    def fit(self) -> None:
        self.offer_levels("levels")


class PlotRowForm(EditForm):
    name = TextField("The row's name on the sheet", max_length=200, missing="Enter the row's name", called="the name")
    domain = ChoiceField("Which domain does it plot?", missing="Choose the domain")

    def fit(self) -> None:
        names = Domain.objects.current().filter(version=self.draft).values_list("name", flat=True)
        self.offer("domain", [(name, name) for name in names])


class FlagNoteForm(EditForm):
    field_order = ("note", "flag", "indicators")
    note = LongTextField(
        "The note",
        hint="Why a flag is there though the words do not say it, or is not though they might. It is for who keeps the "
        "threshold, and in its file.",
        rows=3,
        max_length=1000,
        missing="Write the note",
        called="the note",
    )
    flag = ChoiceField("About which flag?", empty="No flag in particular")
    indicators = CheckboxesField("About which indicators?", missing="Choose at least one indicator", small=True)

    def fit(self) -> None:
        self.order_fields(["seen", *self.field_order])
        self.offer("flag", [(flag.value, flag.words[0].upper() + flag.words[1:]) for flag in sorted(INDICATOR_FLAGS)])
        self.grouped = indicators_by_domain(self.draft)
        self.offer("indicators", [choice for choices in self.grouped.values() for choice in choices])

    def told(self) -> dict[str, Any]:
        told = super().told()
        return {**told, "flag": told["flag"] or None}


FORMS: dict[str, type[EditForm]] = {
    "document": DocumentForm,
    "level": LevelForm,
    "domain": DomainForm,
    "indicator": IndicatorForm,
    "limit": LimitForm,
    "reason": ReasonForm,
    "evidence": EvidenceForm,
    "stage": StageForm,
    "guidance": GuidanceForm,
    "question": QuestionForm,
    "also": AlsoForm,
    "plot_column": PlotColumnForm,
    "plot_row": PlotRowForm,
    "flag_note": FlagNoteForm,
}
RULE_FORMS: dict[str, type[RuleForm]] = {
    form.kind.value: form for form in (ClusterForm, FlagRuleForm, AgeForm, ConsentRuleForm, SeenBeforeForm)
}


def form_for(noun: str, kind: str = "") -> type[EditForm]:
    """The form of a noun; for a rule the one of its kind, of which some have no numbers of their own."""
    return RULE_FORMS.get(kind, RuleForm) if noun == "rule" else FORMS[noun]


class FilterForm(PageForm):
    """Narrow a long list; asked with GET."""

    q = TextField("Find words", called="search", max_length=100)
    level = ChoiceField("Only those of one level", empty="Every level")
    domain = ChoiceField("Only those of one domain", empty="Every domain")

    def __init__(self, *args: Any, draft: SchemeVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word = draft.step_word
        fields: Any = self.fields
        fields["level"].label, fields["level"].empty = f"Only those of one {word}", f"Every {word}"
        fields["level"].offer(
            [(str(each.rank), f"{word.capitalize()} {each.rank}: {each.name}") for each in draft.levels.all()]
        )
        fields["domain"].offer([(each.name, each.name) for each in draft.domains.all()])
        self.helper.disable_csrf = True
