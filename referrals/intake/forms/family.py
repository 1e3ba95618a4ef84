"""Who is the child, and who is in the family."""

from __future__ import annotations

import re
from typing import Any

from partnerships.forms import (
    CheckboxesField,
    Choice,
    ChoiceField,
    DateField,
    LongTextField,
    RadioField,
    TelephoneField,
    TextField,
)
from referrals.domain.identifiers import nhs_number_is_valid, tidy, upn_is_valid
from referrals.intake.forms.base import YES_NO_UNKNOWN, IntakeForm

ETHNICITIES = (
    ("WBRI", "White British"),
    ("WIRI", "White Irish"),
    ("WIRT", "Traveller of Irish heritage"),
    ("WROM", "Gypsy or Roma"),
    ("WOTH", "Any other White background"),
    ("MWBC", "White and Black Caribbean"),
    ("MWBA", "White and Black African"),
    ("MWAS", "White and Asian"),
    ("MOTH", "Any other mixed background"),
    ("AIND", "Indian"),
    ("APKN", "Pakistani"),
    ("ABAN", "Bangladeshi"),
    ("AOTH", "Any other Asian background"),
    ("CHNE", "Chinese"),
    ("BCRB", "Black Caribbean"),
    ("BAFR", "Black African"),
    ("BOTH", "Any other Black background"),
    ("OOTH", "Any other ethnic group"),
    ("REFU", "The family does not want to say"),
    ("NOBT", "I don't know"),
)
"""The ethnicity codes of the Children in Need census."""

DISABILITIES = (
    ("MOB", "Mobility"),
    ("HAND", "Hand function"),
    ("PC", "Personal care"),
    ("INC", "Incontinence"),
    ("COMM", "Communication"),
    ("LD", "Learning"),
    ("HEAR", "Hearing"),
    ("VIS", "Vision"),
    ("BEH", "Behaviour"),
    ("CON", "Consciousness, such as epilepsy"),
    ("AUT", "Autism"),
    ("DDA", "Another disability"),
)
"""The disability codes of the Children in Need census; NONE stands beside them."""

SEXES = (("F", "Girl"), ("M", "Boy"), ("U", "I don't know"))
AN_AGE = re.compile(r"\d|" + "|".join((
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "teen", "eleven", "twelve",
    "born", "bab", "infant", "toddler", "month", "week", "year", "day", "nursery", "primary", "secondary", "school",
)))  # fmt: skip
POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}")


class ChildWho(IntakeForm):
    first_name = TextField("First name", max_length=100, width=20)
    last_name = TextField("Last name", max_length=100, width=20)
    other_names = TextField(
        "Known as",
        hint="A name used at home or at school",
        called="what the child is known as",
        max_length=200,
        width=20,
    )
    former_names = TextField("Former names", hint="Names that older records may stand under", max_length=200, width=20)
    born = RadioField(
        "Has the child been born?",
        [
            Choice("born", "Yes", reveals=("date_of_birth", "estimated_age")),
            Choice("unborn", "No, not yet", reveals="expected_on"),
        ],
    )
    date_of_birth = DateField(
        "Date of birth", hint="For example, 27 3 2019. Leave it empty if you don't know.", when="past"
    )
    estimated_age = TextField(
        "Or about how old", hint="For example, about 4 years", called="how old the child is", max_length=40, width=10
    )
    expected_on = DateField("When is the baby expected?", hint="For example, 27 3 2027", called="the date expected")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for wrong in self.errors.as_data().get("date_of_birth", []):
            wrong.message = f"{wrong.message}. If you don’t know it, leave it empty and say about how old below"
        return cleaned

    def doubts(self) -> list[str]:
        child = self.child
        at = self.situation.at.date()
        if child.estimated_age and not AN_AGE.search(child.estimated_age.casefold()):
            return [f"“{child.estimated_age}” does not say how old {child.short} is. About how many years or months?"]
        if child.date_of_birth and (at - child.date_of_birth).days > 365.25 * 25:
            return ["The date of birth makes this person older than 25. Is the year right?"]
        if child.expected_on and abs((child.expected_on - at).days) > 300:
            return ["The date expected is more than ten months away. Is it right?"]
        return []


class ChildDetails(IntakeForm):
    sex = RadioField("Is the child a girl or a boy?", SEXES)
    ethnicity = ChoiceField("Ethnicity", ETHNICITIES, hint="As the family would describe it", empty="Choose if known")
    language = TextField("First language", max_length=80, width=20)
    interpreter = RadioField(
        "Does the child or the family need an interpreter?",
        [Choice("yes", "Yes", reveals="interpreter_for"), Choice("no", "No"), Choice("unknown", "I don't know")],
    )
    interpreter_for = TextField(
        "Who needs one, and in which language?", hint="British Sign Language is one too", called="who needs one"
    )
    disability = CheckboxesField(
        "Does the child have a disability?",
        [*DISABILITIES, Choice("NONE", "None that I know of", exclusive=True)],
        hint="Choose all that apply",
        small=True,
    )
    nhs_number = TextField(
        "NHS number", hint="10 digits, if you have it", max_length=20, width=20, inputmode="numeric", spellcheck=False
    )
    upn = TextField("Unique pupil number (UPN)", hint="If you have it", max_length=20, width=20, spellcheck=False)

    def fit(self) -> None:
        if self.child.unborn:
            for name in ("sex", "nhs_number", "upn", "disability"):
                del self.fields[name]

    def doubts(self) -> list[str]:
        child, found = self.child, []
        if child.nhs_number and not nhs_number_is_valid(child.nhs_number):
            found.append(f"The NHS number {child.nhs_number} does not add up. Is every digit right?")
        if child.upn and not upn_is_valid(child.upn):
            found.append(f"The UPN {child.upn} does not add up. Is every character right?")
        return found


class ChildHome(IntakeForm):
    same_home = RadioField(
        "Same home as the first child?", [Choice("yes", "Yes"), Choice("no", "No", reveals=("address", "postcode"))]
    )
    address = LongTextField("Address", hint="As much as you know", rows=3, max_length=1000)
    postcode = TextField(
        "Postcode",
        hint="It tells us which team serves the family. Part of it helps too.",
        max_length=10,
        width=10,
        spellcheck=False,
    )
    whereabouts = LongTextField(
        "Where is the child now?", hint="If not at home, or if you don't know", rows=2, max_length=2000
    )
    school = TextField("School, nursery or college", max_length=200)
    gp = TextField("GP surgery", max_length=200)

    def fit(self) -> None:
        if self.number == 1:
            del self.fields["same_home"]
        else:
            self.offer_the_first_home()
        if self.child.unborn:
            del self.fields["school"]
            self.fields["address"].label = "The mother’s address"
            self.fields["whereabouts"].label = "Where is the mother now?"
            self.fields["gp"].label = "GP surgery, and midwife or hospital if booked"

    def offer_the_first_home(self) -> None:
        """What was told of the first child's home is shown with the answer that takes it, and asked no more there."""
        first = self.situation.answers.children[0]
        home = ", ".join(" ".join(each.split()) for each in (first.address, first.postcode) if each)
        own = "the mother" if self.child.unborn else self.child.short
        self.fields["same_home"].label = f"Does {own} live in the same home as {first.short}?"
        reveals = ("address", "postcode")
        self.offer("same_home", [Choice("yes", "Yes", hint=home), Choice("no", "No", reveals=reveals)])

    def doubts(self) -> list[str]:
        if self.initial.get("same_home") == "yes":
            return []
        typed = self.initial.get("postcode") or ""
        if typed and not POSTCODE.fullmatch(tidy(typed)):
            return [f"“{typed}” is not a whole postcode. We can work with part of one; is it right as it is?"]
        return []


UNSAID = "unsaid"
"""What is kept where a page asks for one more and neither answer was chosen."""


class AsksForAnother(IntakeForm):
    """A page that ends a list: a wish for one more is carried out, not kept. Nothing said: it is asked once."""

    another = RadioField("", (("yes", "Yes"), ("no", "No")))
    not_said = ""

    @property
    def wants_another(self) -> bool:
        return self.cleaned_data.get("another") == "yes"

    def told(self) -> dict[str, Any]:
        """The list is done where somebody has said so; not where one more was asked for, or nothing was said."""
        said = self.cleaned_data.get("another")
        return {**super().told(), "another": "" if self.wants_another else said or UNSAID}

    def doubts(self) -> list[str]:
        return [*super().doubts(), *([self.not_said] if self.initial.get("another") == UNSAID else [])]


class AnotherChild(AsksForAnother):
    """Brothers and sisters whom the worry is about as well."""

    another = RadioField("Are you worried about another child of the family too?", (("yes", "Yes"), ("no", "No")))
    not_said = "You have not said whether you are worried about another child of the family too. Is there one?"


class Person(IntakeForm):
    name = TextField("Name", max_length=200)
    relationship = TextField(
        "Relationship to the child", hint="For example, mother, stepfather, brother", max_length=100, width=20
    )
    date_of_birth = DateField("Date of birth", hint="If you know it", when="past")
    parental_responsibility = RadioField("Does this person have parental responsibility?", YES_NO_UNKNOWN)
    lives_with_child = RadioField("Does this person live with the child?", YES_NO_UNKNOWN)
    telephone = TelephoneField("Telephone number", autocomplete="off")
    safe_to_call = RadioField(
        "Is it safe to telephone this person?",
        [Choice("yes", "Yes"), Choice("no", "No", reveals="unsafe_because"), Choice("unknown", "I don't know")],
    )
    unsafe_because = TextField("Why not, and how else can they be reached?", called="why it is not safe")
    alleged = RadioField("Is this person said to be a source of harm to the child?", YES_NO_UNKNOWN)
    notes = LongTextField(
        "Anything we should know about this person",
        hint="Other names, needs, an interpreter, another address",
        called="what we should know",
        rows=4,
        max_length=5000,
    )

    def remarks(self) -> list[str]:
        told, found = self.initial, []
        name = self.initial.get("name") or self.initial.get("relationship") or "this person"
        if told.get("safe_to_call") == "no" and not told.get("unsafe_because"):
            found.append(
                f"You have said that it is not safe to telephone {name}, but not why. Whoever has to reach them needs "
                "to know what to avoid, and how else they can be reached."
            )
        if told.get("alleged") == "yes" and not told.get("notes"):
            found.append(
                f"You have said that {name} is said to be a source of harm, but nothing of how. Whoever visits needs "
                "to know: it can stand under “Anything we should know about this person”."
            )
        return found


class Family(AsksForAnother):
    household = LongTextField(
        "Anything else about the family and the home",
        hint="Who else lives there or often comes, other children, contact arrangements",
        called="what you say of the family",
        rows=5,
    )
    not_told = RadioField(
        "Is there anybody who must not be told of this referral, or of where the family is?",
        [Choice("yes", "Yes", reveals="not_told_who"), Choice("no", "No"), Choice("unknown", "I don't know")],
    )
    not_told_who = LongTextField(
        "Who, and why?", hint="For example, a parent who has left, a relative", called="who must not be told", rows=3
    )
    unsafe = RadioField(
        "Is there an address or a telephone number that is not safe to use, or that must be kept secret?",
        [Choice("yes", "Yes", reveals="unsafe_what"), Choice("no", "No"), Choice("unknown", "I don't know")],
    )
    unsafe_what = LongTextField(
        "Which, from whom must it be kept, and what is safe instead?",
        hint="It is shown to those who work on the referral, and stands in no letter and no email",
        called="what is not safe",
        rows=3,
    )
    visit = RadioField(
        "Is there a risk to somebody who visits the home?",
        [Choice("yes", "Yes", reveals="visit_what"), Choice("no", "No"), Choice("unknown", "I don't know")],
    )
    visit_what = LongTextField(
        "What is the risk?", hint="Violence, threats, weapons, dogs, drugs", called="what the risk is", rows=3
    )
    another = RadioField("Is there anybody else to add?", (("yes", "Yes"), ("no", "No")))
    not_said = "You have not said whether there is anybody else of the family to add. Is there?"
    says_yes_alone = (
        (
            "not_told",
            "not_told_who",
            "somebody must not be told, but not who. Without it we may tell that very person.",
        ),
        (
            "unsafe",
            "unsafe_what",
            "something is not safe to use, but not what. Without it we may write or telephone there.",
        ),
        (
            "visit",
            "visit_what",
            "there is a risk to a visitor, but not which. Whoever visits must know what to expect.",
        ),
    )

    def remarks(self) -> list[str]:
        told = self.initial
        return [
            f"You have said that {what}"
            for name, inside, what in self.says_yes_alone
            if told.get(name) == "yes" and not told.get(inside)
        ]

    field_order = (
        "household",
        "not_told",
        "not_told_who",
        "unsafe",
        "unsafe_what",
        "visit",
        "visit_what",
        "another",
    )
